package directory_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"rekey/internal/directory"
)

func TestParse(t *testing.T) {
	for typed, want := range map[string]directory.Identifier{
		"jdoe":                        {Raw: "jdoe", Name: "jdoe"},
		" \tjdoe\n":                   {Raw: "jdoe", Name: "jdoe"},
		"Jane Doe":                    {Raw: "Jane Doe", Name: "Jane Doe"},
		"jürgen":                      {Raw: "jürgen", Name: "jürgen"},
		`CORP\jdoe`:                   {Raw: `CORP\jdoe`, Domain: "CORP", Name: "jdoe"},
		`corp.example.test\jdoe`:      {Raw: `corp.example.test\jdoe`, Domain: "corp.example.test", Name: "jdoe"},
		`CORP\jdoe@corp.example.test`: {Raw: `CORP\jdoe@corp.example.test`, Domain: "CORP", Name: "jdoe@corp.example.test"},
		"jdoe@corp.example.test":      {Raw: "jdoe@corp.example.test", Mail: "jdoe@corp.example.test"},
		"@":                           {Raw: "@", Mail: "@"},
		strings.Repeat("ü", 256):      {Raw: strings.Repeat("ü", 256), Name: strings.Repeat("ü", 256)},
		"*)(objectClass=*":            {Raw: "*)(objectClass=*", Name: "*)(objectClass=*"}, // escaping is the directory's matter
	} {
		if got, err := directory.Parse(typed); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", typed, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, typed := range []string{
		"", "  ", "\n", strings.Repeat("x", 257), "jd\x00oe", "jd\noe", "jd\x7foe", "jd\u0085oe", "\xff", `\jdoe`, `CORP\`, `CORP\a\b`, `\`,
	} {
		if got, err := directory.Parse(typed); !errors.Is(err, directory.ErrBadIdentifier) || got != (directory.Identifier{}) {
			t.Errorf("%q: %+v, %v", typed, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"jdoe", `CORP\jdoe`, "jdoe@corp.example.test", " \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		who, err := directory.Parse(typed)
		if err != nil {
			return
		}
		if (who.Name == "") == (who.Mail == "") || who.Domain != "" && who.Mail != "" {
			t.Errorf("%q names nobody, or two: %+v", typed, who)
		}
		if !utf8.ValidString(who.Raw) || strings.TrimSpace(who.Raw) != who.Raw {
			t.Errorf("%q: raw %q", typed, who.Raw)
		}
		if again, err := directory.Parse(who.Raw); err != nil || again != who {
			t.Errorf("%q: %+v, then %+v, %v", typed, who, again, err)
		}
	})
}
