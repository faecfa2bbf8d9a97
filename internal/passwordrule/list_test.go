package passwordrule

import (
	"slices"
	"strings"
	"testing"
)

// TestCommonListIsSortedAndFolded: the search by halves rests on it.
func TestCommonListIsSortedAndFolded(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(commonList, "\n"), "\n")
	if !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
		t.Error("common.txt is not sorted, or names a password twice")
	}
	if len(lines) < 3000 {
		t.Errorf("%d passwords; OWASP ASVS 6.2.4 wants 3,000", len(lines))
	}
	for _, w := range lines {
		if w != strings.ToLower(strings.TrimSpace(w)) || w == "" {
			t.Errorf("%q is not folded", w)
		}
		if !listed(commonList, w) {
			t.Errorf("%q is not found", w)
		}
		if listed(commonList, w+"\x00") || listed(commonList, "\x00"+w) {
			t.Errorf("something beside %q is found", w)
		}
	}
}

func TestListed(t *testing.T) {
	for _, c := range []struct {
		list, word string
		want       bool
	}{
		{"", "a", false},
		{"", "", false},
		{"a\n", "a", true},
		{"a", "a", true},
		{"a\nc\n", "b", false},
		{"a\nc\n", "", false},
		{"a\nbb\nc", "c", true},
		{"a\nbb\nc", "bb", true},
		{"a\nbb\nc", "b", false},
		{"a\nbb\nc", "a\nbb", false},
	} {
		if got := listed(c.list, c.word); got != c.want {
			t.Errorf("%q in %q: %v", c.word, c.list, got)
		}
	}
}

// TestWordListIsWorthElevenBitsAWord holds it to what Suggest claims.
func TestWordListIsWorthElevenBitsAWord(t *testing.T) {
	words := strings.Fields(wordList)
	slices.Sort(words)
	if len(slices.Compact(words)) != 2048 {
		t.Errorf("%d different words", len(words))
	}
	for _, w := range words {
		if strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" || len(w) > 6 {
			t.Errorf("%q is not plain", w)
		}
	}
}
