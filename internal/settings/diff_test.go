package settings_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rekey/internal/settings"
)

func TestDiff(t *testing.T) {
	for _, c := range []struct{ name, before, after, want string }{
		{"alike", "a\nb\n", "a\nb\n", ""},
		{"a line more", "a\nb\n", "a\nx\nb\n", "  a\n+ x\n  b\n"},
		{"a line less", "a\nx\nb\n", "a\nb\n", "  a\n- x\n  b\n"},
		{"a line changed", "a\nx\nb\n", "a\ny\nb\n", "  a\n- x\n+ y\n  b\n"},
		{"from nothing", "", "a\n", "+ a\n"},
		{"to nothing", "a\n", "", "- a\n"},
		{"far apart", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nX\n", "  6\n  7\n  8\n- 9\n+ X\n"},
		{"twice", "x\n1\n2\n3\n4\n5\n6\n7\n8\ny\n", "X\n1\n2\n3\n4\n5\n6\n7\n8\nY\n", "- x\n+ X\n  1\n  2\n  3\n…\n  6\n  7\n  8\n- y\n+ Y\n"},
		{"near each other", "x\n1\n2\n3\n4\n5\n6\ny\n", "X\n1\n2\n3\n4\n5\n6\nY\n", "- x\n+ X\n  1\n  2\n  3\n  4\n  5\n  6\n- y\n+ Y\n"},
		{"the last line end", "a", "a\n", "- a\n+ a\n"},
	} {
		if got := settings.Diff(c.before, c.after); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// TestDiffOfLargeDocuments: ten thousand policies are no reason to run out of memory.
func TestDiffOfLargeDocuments(t *testing.T) {
	var one, other strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&one, "a%d\n", i)
		fmt.Fprintf(&other, "b%d\n", i)
	}
	if got := settings.Diff("x\n"+one.String(), "y\n"+one.String()); got != "- x\n+ y\n  a0\n  a1\n  a2\n" {
		t.Errorf("one line of many: %q", got)
	}
	if n := strings.Count(settings.Diff(one.String(), other.String()), "\n"); n != 100_000 {
		t.Errorf("all lines: %d", n)
	}
}

// TestDiffTellsBothSides: the lines taken away and added, with what surrounds them, are lines of the documents in their order.
func TestDiffTellsBothSides(t *testing.T) {
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a\n", "b\n", "c\n", "\n"}), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		before, after := strings.Join(lines.Draw(t, "before"), ""), strings.Join(lines.Draw(t, "after"), "")
		diff := settings.Diff(before, after)
		if (diff == "") != (before == after) {
			t.Fatalf("%q", diff)
		}
		removed, added := 0, 0
		for _, l := range strings.SplitAfter(diff, "\n") {
			switch {
			case strings.HasPrefix(l, "- "):
				removed++
			case strings.HasPrefix(l, "+ "):
				added++
			}
		}
		if strings.Count(after, "\n")-strings.Count(before, "\n") != added-removed {
			t.Fatalf("%d removed, %d added:\n%s", removed, added, diff)
		}
	})
}
