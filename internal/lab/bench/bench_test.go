package bench_test

import (
	"io"
	"testing"

	"rekey/internal/lab/bench"
)

// TestQuickRun goes through everything but Samba once, with the product as it is.
func TestQuickRun(t *testing.T) {
	r, err := bench.Run(t.Context(), bench.Options{Only: []string{bench.Fast, bench.Sync}, Quick: true, Progress: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Lines) < 10 {
		t.Errorf("%d figures", len(r.Lines))
	}
	for _, l := range r.Lines {
		if l.Value <= 0 || l.Runs == 0 {
			t.Errorf("%s, %s: %+v", l.Part, l.Name, l)
		}
	}
}

func TestUnknownPart(t *testing.T) {
	if _, err := bench.Run(t.Context(), bench.Options{Only: []string{"weather"}, Progress: io.Discard}); err == nil {
		t.Error("measured the weather")
	}
}
