package banned_test

import (
	"testing"

	"rekey/internal/lab/graph/banned"
)

// The examples are those of Microsoft's concept-password-ban-bad.
func TestDocumentedExamples(t *testing.T) {
	for _, c := range []struct {
		password     string
		names, terms []string
		refused      bool
	}{
		{"Bl@nK", nil, []string{"blank"}, true},
		{"abcdeg", nil, []string{"abcdef"}, true},
		{"abcdefg", nil, []string{"abcdef"}, true},
		{"abcde", nil, []string{"abcdef"}, true},
		{"p0LL23fb", []string{"Poll"}, nil, true},
		{"p0LL23fb", []string{"Pol"}, nil, false},
		{"C0ntos0Blank12", nil, []string{"contoso", "blank"}, true},
		{"ContoS0Bl@nkf9!", nil, []string{"contoso", "blank"}, false},
		{"xWwvJ]6NMw+bWH-d", []string{"Bob"}, banned.Worldwide, false},
		{"P@ssw0rd", nil, banned.Worldwide, true},
		{"P@ssw0rd12!x", nil, banned.Worldwide, false},
	} {
		if got := banned.Refused(c.password, c.names, c.terms); got != c.refused {
			t.Errorf("Refused(%q, %q, %q) = %t, want %t", c.password, c.names, c.terms, got, c.refused)
		}
	}
}
