package policy

import (
	"strings"
	"unicode"
)

// Fold makes texts comparable that directories treat as equal: case is dropped, white space at the ends too.
func Fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// NormalizeDN gives the folded form of a distinguished name that scopes are matched on: escapes kept (RFC 4514), white space
// around separators dropped. Facts.Path carries this form.
func NormalizeDN(dn string) string {
	var b strings.Builder
	b.Grow(len(dn))
	escaped, gap := false, false
	for _, c := range strings.TrimSpace(dn) {
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == ',' || c == '=' || c == '+':
			gap = true
			b.WriteRune(c)
			continue
		case c == ' ' && gap:
			continue
		}
		gap = false
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// parents calls yield with every name above a normalized DN, nearest first, and stops when it returns false. It does not
// allocate.
func parents(dn string, yield func(parent string, direct bool) bool) {
	escaped, direct := false, true
	for i := 0; i < len(dn); i++ {
		switch {
		case escaped:
			escaped = false
		case dn[i] == '\\':
			escaped = true
		case dn[i] == ',':
			if !yield(dn[i+1:], direct) {
				return
			}
			direct = false
		}
	}
}
