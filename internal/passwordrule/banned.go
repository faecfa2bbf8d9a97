package passwordrule

import (
	_ "embed"
	"strings"
	"unicode/utf8"
)

// Banned is the rule of Entra ID's password protection: a password is worth a point for each forbidden word in it and one for each
// character beside them, and five are demanded; a name in it is refused outright. Microsoft keeps its own list secret and changes
// the rule without notice: what passes here may still be refused there.
// Source: Microsoft Learn, "Eliminate bad passwords using Microsoft Entra Password Protection".
type Banned struct {
	Words []string // the tenant's own list; a short list of our own is always added
	Names []string // of the person and the tenant; those shorter than four characters do not count
}

const (
	pointsWanted = 5
	shortestName = 4
	longestWord  = 16 // characters of a word of a list
)

// bannedList stands for Microsoft's secret list: words that begin many passwords, one a line.
//
//go:embed banned.txt
var bannedList string

// refuses reports whether Entra ID would refuse a password. It is tried as typed and with the usual substitutions undone.
func (b Banned) refuses(text string) bool {
	plain := strings.ToLower(text)
	words := append(strings.Fields(bannedList), b.Words...)
	for _, form := range []string{plain, strings.NewReplacer("0", "o", "1", "l", "$", "s", "@", "a").Replace(plain)} {
		if holdsName(form, b.Names) || points(form, words) < pointsWanted {
			return true
		}
	}
	return false
}

func holdsName(text string, names []string) bool {
	for _, n := range names {
		if utf8.RuneCountInString(n) >= shortestName && strings.Contains(text, strings.ToLower(n)) {
			return true
		}
	}
	return false
}

// points are the fewest that a way to take the text apart gives.
func points(text string, words []string) int {
	runes := []rune(text)
	if len(runes) >= pointsWanted*(longestWord+1) { // more than enough, whatever it holds
		return pointsWanted
	}
	best := make([]int, len(runes)+1) // of the first i characters
	spans := spansOf(runes, words)
	for i := range runes {
		best[i+1] = best[i] + 1
		for _, from := range spans[i+1] {
			best[i+1] = min(best[i+1], best[from]+1)
		}
	}
	return best[len(runes)]
}

// spansOf finds the forbidden words in a text: where they begin, by where they end. Words that differ by one character count as well,
// but not where they overlap a word that is there as it is: "blankf" is not one mistyped word, but a word and a letter.
func spansOf(text []rune, words []string) [][]int {
	spans := make([][]int, len(text)+1)
	exact := make([]bool, len(text))
	each := func(f func(from, to int, word []rune)) {
		for _, w := range words {
			word := []rune(strings.ToLower(w))
			if len(word) < shortestName || len(word) > longestWord {
				continue
			}
			for from := range text {
				for to := from + len(word) - 1; to <= min(from+len(word)+1, len(text)); to++ {
					f(from, to, word)
				}
			}
		}
	}
	each(func(from, to int, word []rune) {
		if string(text[from:to]) == string(word) {
			spans[to] = append(spans[to], from)
			for i := from; i < to; i++ {
				exact[i] = true
			}
		}
	})
	each(func(from, to int, word []rune) {
		for _, taken := range exact[from:to] {
			if taken {
				return
			}
		}
		if oneApart(text[from:to], word) {
			spans[to] = append(spans[to], from)
		}
	})
	return spans
}

// oneApart reports whether one character put in, left out or replaced makes two words the same.
func oneApart(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	same := 0
	for same < len(a) && a[same] == b[same] {
		same++
	}
	switch len(b) - len(a) {
	case 0:
		return same < len(a) && string(a[same+1:]) == string(b[same+1:])
	case 1:
		return string(a[same:]) == string(b[same+1:])
	}
	return false
}
