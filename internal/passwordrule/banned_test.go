package passwordrule

import (
	"strings"
	"testing"
	"time"

	"rekey/internal/secret"
)

// TestBannedAsMicrosoftDescribesIt has the examples of its page.
func TestBannedAsMicrosoftDescribesIt(t *testing.T) {
	for _, c := range []struct {
		why, password string
		rule          Banned
		refused       bool
	}{
		{"a word and nothing else, substituted", "Bl@nK", Banned{Words: []string{"blank"}}, true},
		{"one letter replaced", "abcdeg", Banned{Words: []string{"abcdef"}}, true},
		{"one letter more", "abcdefg", Banned{Words: []string{"abcdef"}}, true},
		{"one letter less", "abcde", Banned{Words: []string{"abcdef"}}, true},
		{"a first name, whatever else there is", "p0LL23fb", Banned{Names: []string{"Poll"}}, true},
		{"two words and two characters are four points", "C0ntos0Blank12", Banned{Words: []string{"contoso", "blank"}}, true},
		{"two words and three characters are five", "ContoS0Bl@nkf9!", Banned{Words: []string{"contoso", "blank"}}, false},

		{"two characters apart", "xbcdyf", Banned{Words: []string{"abcdef"}}, false},
		{"a name of three letters does not count", "Pol23fbkq", Banned{Names: []string{"Pol"}}, false},
		{"the tenant's name counts like a person's", "xK-contoso-9q", Banned{Names: []string{"Contoso"}}, true},
		{"nobody's name", "p0LL23fb", Banned{Names: []string{""}}, false},
		{"our own list", "Password1!", Banned{}, true},
		{"a word of it among enough else", "Password-9k2f", Banned{}, false},
		{"substituted", "P@$$w0rd1!", Banned{}, true},
		{"a season and a year", "Summer26", Banned{}, true},
		{"random", "vK9#rT2m", Banned{}, false},
		{"words of a list longer than sixteen characters are no words", strings.Repeat("q", 17), Banned{Words: []string{strings.Repeat("q", 17)}}, false},
		{"a very long one", strings.Repeat("password", 32), Banned{}, false},
		{"the longest that could be five words", strings.Repeat("abcdefghijklmnop", 4), Banned{Words: []string{"abcdefghijklmnop"}}, true},
		{"umlauts", "Grün-größe", Banned{Words: []string{"grüne"}}, false},
		{"nothing", "", Banned{}, true},
	} {
		results := Check(Rules{Banned: &c.rule}, secret.New(c.password))
		if len(results) != 1 || results[0].Rule.Code != Words || results[0].State != state(!c.refused) {
			t.Errorf("%s: %q: %+v", c.why, c.password, results)
		}
	}
}

func TestOneApart(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"abcd", "abcd", false},
		{"abcd", "abce", true},
		{"abcd", "xbcd", true},
		{"abcd", "abdc", false},
		{"abcd", "abc", true},
		{"abcd", "bcd", true},
		{"abcd", "abxcd", true},
		{"abcd", "abcdxy", false},
		{"", "a", true},
	} {
		if got := oneApart([]rune(c.a), []rune(c.b)); got != c.want || got != oneApart([]rune(c.b), []rune(c.a)) {
			t.Errorf("%q, %q: %v", c.a, c.b, got)
		}
	}
}

// TestBannedIsQuick: a tenant may list a thousand words, and a person may type anything.
func TestBannedIsQuick(t *testing.T) {
	rule := Banned{}
	for i := range 1000 {
		rule.Words = append(rule.Words, strings.Repeat(string(rune('a'+i%26)), 4+i%12)+"x")
	}
	began := time.Now()
	rule.refuses(strings.Repeat("aaaaaaaaaaaaaaax", 5))
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v", took)
	}
}
