package directory

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrBadIdentifier is text that can name nobody.
var ErrBadIdentifier = errors.New("not a user name")

const maxIdentifier = 256 // runes; UPNs end at 1024 in the schema, but no sign-in form takes more than this

// Parse takes a typed name apart: "jdoe", "CORP\jdoe", "jdoe@corp.example.com". It trims white space and refuses empty,
// overlong and control-character input with ErrBadIdentifier.
func Parse(typed string) (Identifier, error) {
	raw := strings.TrimSpace(typed)
	if raw == "" || !utf8.ValidString(raw) || utf8.RuneCountInString(raw) > maxIdentifier || strings.ContainsFunc(raw, unicode.IsControl) {
		return Identifier{}, ErrBadIdentifier
	}
	if domain, name, ok := strings.Cut(raw, `\`); ok {
		if domain == "" || name == "" || strings.Contains(name, `\`) {
			return Identifier{}, ErrBadIdentifier
		}
		return Identifier{Raw: raw, Domain: domain, Name: name}, nil
	}
	if strings.Contains(raw, "@") {
		return Identifier{Raw: raw, Mail: raw}, nil
	}
	return Identifier{Raw: raw, Name: raw}, nil
}
