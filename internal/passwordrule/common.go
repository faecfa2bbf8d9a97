package passwordrule

import (
	_ "embed"
	"sort"
	"strings"
)

// commonList is sorted and folded, one password a line.
//
//go:embed common.txt
var commonList string

// common reports whether the whole password, without regard to case, is a common one or a word of the firm
// (NIST SP 800-63B-4 §3.1.1.2 compares the whole password, not parts of it).
func common(text string, r Rules) bool {
	folded := strings.ToLower(strings.TrimSpace(text))
	for _, w := range r.Words {
		if w != "" && strings.ToLower(w) == folded {
			return true
		}
	}
	return listed(commonList, folded)
}

// listed searches the sorted list without splitting it.
func listed(list, word string) bool {
	if word == "" || strings.Contains(word, "\n") {
		return false
	}
	low, high := 0, len(list)
	for low < high {
		mid := (low + high) / 2
		start := strings.LastIndexByte(list[:mid], '\n') + 1
		end := start + strings.IndexByte(list[start:]+"\n", '\n')
		switch line := list[start:min(end, len(list))]; {
		case line == word:
			return true
		case line < word:
			low = end + 1
		default:
			high = start
		}
	}
	return false
}

// sorted reports whether a list may be searched; the test holds common.txt to it.
func sorted(list string) bool {
	return sort.StringsAreSorted(strings.Split(strings.TrimSuffix(list, "\n"), "\n"))
}
