package authenticator

import (
	"strings"
	"unicode"

	"rekey/internal/secret"
)

// maxTyped bounds what is looked at, in bytes: no code is longer, separators included.
const maxTyped = 256

// Digits cleans a typed numeric code. White space, hyphens and invisible marks are dropped; full-width, Arabic-Indic and
// Persian digits become ASCII. It gives "" when anything else occurs: nothing is guessed.
func Digits(code secret.Text) string {
	return clean(code, func(r rune) bool { return r >= '0' && r <= '9' })
}

// Letters cleans a typed code of letters and digits as Digits does, and makes the letters upper case.
func Letters(code secret.Text) string {
	return strings.ToUpper(clean(code, func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}))
}

func clean(code secret.Text, keep func(rune) bool) string {
	typed := code.Reveal()
	if len(typed) > maxTyped {
		return ""
	}
	var b strings.Builder
	for _, r := range typed {
		switch r = narrow(r); {
		case keep(r):
			b.WriteRune(r)
		case !separates(r):
			return ""
		}
	}
	return b.String()
}

// narrow maps what keyboards of other scripts write for ASCII letters and digits.
func narrow(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E: // full-width forms
		return r - 0xFEE0
	case r >= 0x0660 && r <= 0x0669: // Arabic-Indic digits
		return r - 0x0660 + '0'
	case r >= 0x06F0 && r <= 0x06F9: // Persian and Urdu digits
		return r - 0x06F0 + '0'
	}
	return r
}

// separates reports what people and programs put between groups: spaces of any width, dashes, and the direction marks and
// zero-width characters that come along when a code is copied from a mail.
func separates(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf) || r == '\u2212' // minus sign
}
