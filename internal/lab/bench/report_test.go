package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLinesAreJudgedByTheirMedian(t *testing.T) {
	var r Report
	r.add(Line{Name: "odd", Aim: atLeast(3)}, 9, 1, 3)
	r.add(Line{Name: "even", Aim: below(3)}, 4, 2)
	r.add(Line{Name: "most", Aim: atMost(3)}, 3)
	r.add(Line{Name: "no aim"}, 7)
	for i, want := range []struct {
		value, least, most float64
		met                bool
	}{{3, 1, 9, true}, {3, 2, 4, false}, {3, 3, 3, true}, {7, 7, 7, false}} {
		l := r.Lines[i]
		if l.Value != want.value || l.Least != want.least || l.Most != want.most || l.Aim != nil && l.Aim.Met != want.met {
			t.Errorf("%s: %+v, aim %+v", l.Name, l, l.Aim)
		}
	}
	if r.Missed() != 1 {
		t.Errorf("%d missed", r.Missed())
	}
}

func TestReportNamesWhatIsMissed(t *testing.T) {
	r := Report{LoadBefore: 3}
	r.add(Line{Part: "Pages", Name: "start page", Unit: "/s", Aim: atLeast(20_000)}, 12_345, 23_456, 9_000)
	r.add(Line{Part: "Pages", Name: "weight", Unit: "kB", Aim: atMost(14), Remarks: "with headers"}, 6.571)
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"12,345 /s", "9,000–23,456", "aim ≥ 20,000: MISSED", "6.57 kB", "aim ≤ 14: met", "with headers", "1 of 2 aims", "Something else"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, &b)
		}
	}
	file := filepath.Join(t.TempDir(), "bench.json")
	if err := r.Save(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil || len(back.Lines) != 2 || back.Lines[0].Value != 12_345 || back.Lines[0].Aim.Met {
		t.Errorf("%v: %s", err, text)
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0704: "0.07", 0.9: "0.9", 4.2: "4.2", 6.571: "6.57", 14: "14", 23.46: "23.5", 123.6: "124", 9999: "9,999", 20431.4: "20,431"} {
		if got := figure(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}
