package passwordrule

import (
	_ "embed"
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

// listed searches the sorted list by halves, without splitting it.
func listed(list, word string) bool {
	for list != "" {
		middle := strings.LastIndexByte(list[:len(list)/2], '\n') + 1
		line, after, _ := strings.Cut(list[middle:], "\n")
		switch {
		case line == word:
			return word != ""
		case word < line:
			list = list[:middle]
		default:
			list = after
		}
	}
	return false
}
