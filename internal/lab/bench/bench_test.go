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
	figures := map[string]int{}
	for _, l := range r.Lines {
		figures[l.Part]++
		if l.Value <= 0 || l.Runs == 0 {
			t.Errorf("%s, %s: %+v", l.Part, l.Name, l)
		}
	}
	if directory, tenant := figures["the copy of a directory"], figures["the copy of an Entra tenant"]; directory != 19 || tenant != 19 || len(r.Lines) < 50 {
		t.Errorf("%d figures, of copies of a directory %d, of a tenant %d", len(r.Lines), directory, tenant)
	}
}

func TestUnknownPart(t *testing.T) {
	if _, err := bench.Run(t.Context(), bench.Options{Only: []string{"weather"}, Progress: io.Discard}); err == nil {
		t.Error("measured the weather")
	}
}
