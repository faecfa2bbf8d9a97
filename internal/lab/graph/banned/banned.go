// Package banned scores passwords the way Microsoft describes for Entra Password Protection (concept-password-ban-bad): normalise,
// look for banned terms within one edit, one point for each term and for each remaining character, five points are enough. A part of
// a name is an outright refusal. The service's own lists are not public.
package banned

import (
	"slices"
	"strings"
)

// enough is the number of points a password needs.
const enough = 5

// shortestName is from how many characters on a name may not be part of a password.
const shortestName = 4

// Worldwide stands in for the service's list, which is not public.
var Worldwide = []string{"password", "passwort", "welcome", "admin", "qwerty", "letmein", "iloveyou", "abcdef", "sommer", "winter", "summer", "spring"}

// Refused reports whether a password holds one of the names or scores too low against the terms.
func Refused(password string, names, terms []string) bool {
	for _, form := range forms(password) {
		if holdsName(form, names) || score(form, terms) < enough {
			return true
		}
	}
	return false
}

// forms of a password: in lower case, and with the common substitutions undone.
func forms(password string) []string {
	plain := strings.ToLower(password)
	return []string{plain, strings.NewReplacer("0", "o", "1", "l", "$", "s", "@", "a").Replace(plain)}
}

func holdsName(form string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return len(name) >= shortestName && strings.Contains(form, strings.ToLower(name))
	})
}

// score is the least number of points that a way of cutting the form into banned terms and characters gives.
func score(form string, terms []string) int {
	exact := exactly(form, terms)
	best := make([]int, len(form)+1) // by length of prefix
	for end := 1; end <= len(form); end++ {
		best[end] = best[end-1] + 1
		for _, term := range terms {
			for _, size := range []int{len(term) - 1, len(term), len(term) + 1} {
				from := end - size
				if size < 1 || from < 0 || best[from]+1 >= best[end] {
					continue
				}
				if matches(form[from:end], strings.ToLower(term), exact[from:end]) {
					best[end] = best[from] + 1
				}
			}
		}
	}
	return best[len(form)]
}

// exactly marks the characters that are part of a term as it stands.
func exactly(form string, terms []string) []bool {
	marks := make([]bool, len(form))
	for _, term := range terms {
		term = strings.ToLower(term)
		for at := 0; term != "" && at+len(term) <= len(form); at++ {
			if form[at:at+len(term)] == term {
				for i := range term {
					marks[at+i] = true
				}
			}
		}
	}
	return marks
}

// matches takes a term as it stands, or with one edit where no term stands as it is: else a character next to a term would vanish.
func matches(part, term string, exact []bool) bool {
	return part == term || !slices.Contains(exact, true) && oneEdit(part, term)
}

// oneEdit reports whether one insertion, deletion or replacement makes a into b.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i < len(a) && a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}
