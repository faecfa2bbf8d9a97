package authenticator

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLabel is the longest name a credential may be given, in characters.
const maxLabel = 60

// CleanLabel makes the name that somebody gives a credential one line of text. Control characters and those that turn the direction of
// writing are left out: the name stands in mails and lists beside other words. ok is false for one that is too long, or no text.
func CleanLabel(label string) (clean string, ok bool) {
	if !utf8.ValidString(label) {
		return "", false
	}
	label = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, label)
	label = strings.Join(strings.Fields(label), " ")
	return label, utf8.RuneCountInString(label) <= maxLabel
}
