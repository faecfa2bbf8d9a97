package policy

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold makes texts comparable that directories treat as equal: case is dropped, white space at the ends too.
func Fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// NormalizeDN gives the folded form of a distinguished name that scopes are matched on: white space around separators is
// dropped, hex pairs are resolved and other escapes kept (RFC 4514). Facts.Path carries this form.
func NormalizeDN(dn string) string {
	dn = resolved(dn)
	var b strings.Builder
	b.Grow(len(dn))
	escaped, gap, blank := false, true, 0
	for i, c := range dn {
		switch {
		case escaped:
		case c == ',' || c == '=' || c == '+':
			b.WriteRune(c)
			gap, blank = true, 0
			continue
		case unicode.IsSpace(c):
			blank += utf8.RuneLen(c) // held back until it is known what follows
			continue
		}
		if !gap {
			b.WriteString(dn[i-blank : i])
		}
		escaped, gap, blank = !escaped && c == '\\', false, 0
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// resolved writes \2C as \, and \C3\BC as ü, so that both spellings of a name compare alike.
func resolved(dn string) string {
	if !strings.Contains(dn, `\`) {
		return dn
	}
	var b strings.Builder
	for i := 0; i < len(dn); i++ {
		if dn[i] != '\\' || i+1 == len(dn) {
			b.WriteByte(dn[i])
			continue
		}
		c, n := dn[i+1], 1
		if v, err := strconv.ParseUint(dn[i+1:min(i+3, len(dn))], 16, 8); err == nil && i+2 < len(dn) {
			c, n = byte(v), 2
		}
		if c < utf8.RuneSelf && !unicode.IsLetter(rune(c)) && !unicode.IsDigit(rune(c)) {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
		i += n
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
