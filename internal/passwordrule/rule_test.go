package passwordrule_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"rekey/internal/passwordrule"
	"rekey/internal/secret"
)

// judge gives how a password fares by the only rule there is.
func judge(t *testing.T, r passwordrule.Rules, password string) passwordrule.State {
	t.Helper()
	results := passwordrule.Check(r, secret.New(password))
	if len(results) != 1 {
		t.Fatalf("%d rules, want one", len(results))
	}
	return results[0].State
}

func TestOneRuleAtATime(t *testing.T) {
	complexity := passwordrule.Rules{Classes: 3, OfClasses: 5}
	five := passwordrule.Rules{Classes: 5, OfClasses: 5}
	name := passwordrule.Rules{NoNameParts: []string{"müller", "IŞIK", "Ng"}}
	list := passwordrule.Rules{Common: true, Words: []string{"Example Corp", ""}}
	for _, c := range []struct {
		why      string
		r        passwordrule.Rules
		password string
		met      bool
	}{
		{"as long as asked", passwordrule.Rules{MinUnits: 8}, "abcdefgh", true},
		{"one too short", passwordrule.Rules{MinUnits: 8}, "abcdefg", false},
		{"spaces count", passwordrule.Rules{MinLength: 8}, "ab cd ef", true},
		{"the directory counts a pair of surrogates as two", passwordrule.Rules{MinUnits: 8}, "🔑🔑🔑🔑", true},
		{"the policy counts it as one character", passwordrule.Rules{MinLength: 8}, "🔑🔑🔑🔑", false},
		{"both have to be met", passwordrule.Rules{MinUnits: 8, MinLength: 5}, "🔑🔑🔑🔑", false},
		{"umlauts are one each, whatever UTF-8 takes", passwordrule.Rules{MinUnits: 8}, "äöüäöü", false},
		{"nothing", passwordrule.Rules{MinLength: 1}, "", false},
		{"as long as allowed", passwordrule.Rules{MaxLength: 4}, "🔑🔑", true},
		{"too long by a half", passwordrule.Rules{MaxLength: 3}, "🔑🔑", false},

		{"capital, small, digit", complexity, "Abc1", true},
		{"small and digit", complexity, "abc123", false},
		{"small, digit, sign", complexity, "abc1!", true},
		{"the same class twice is one", complexity, "aBBB", false},
		{"a capital with an accent", complexity, "Öab1", true},
		{"Cyrillic has both cases", complexity, "Жж1", true},
		{"a letter without case is a class of its own", complexity, "密a1", true},
		{"not in a directory that knows four classes", passwordrule.Rules{Classes: 3, OfClasses: 4}, "密a1", false},
		{"a currency sign is no sign", complexity, "abc1€", false},
		{"neither is a space", complexity, "abc 1", false},
		{"nor a digit of another script", complexity, "abA٣", false},
		{"all five", five, "aA1!密", true},
		{"four of five", five, "aA1!", false},

		{"part of the name", name, "xxMÜLLERxx1", false},
		{"a name without it", name, "mueller2026", true},
		{"Turkish small dotless i is not i", name, "isik2026", true},
		{"Turkish, as written", name, "xIŞIKx", false},
		{"two letters are too few to forbid", name, "Ng-ng-ng", true},

		{"printable ASCII", passwordrule.Rules{ASCIIOnly: true}, "a Z~!", true},
		{"an umlaut", passwordrule.Rules{ASCIIOnly: true}, "straße", false},
		{"a tab", passwordrule.Rules{ASCIIOnly: true}, "a\tb", false},

		{"common", list, "password1", false},
		{"common, in capitals, with spaces around", list, " PassWord1 ", false},
		{"the first of the list", list, "!qaz2wsx", false},
		{"the last of the list", list, "zxcvbnm", false},
		{"only the whole password counts", list, "password1 password1", true},
		{"the firm's name", list, "EXAMPLE corp", false},
		{"the firm's name within", list, "example corp mail", true},
		{"two entries of the list are none", list, "000000\n00000000", true},
		{"an empty one is for the other rules", list, "", true},
	} {
		want := passwordrule.Unmet
		if c.met {
			want = passwordrule.Met
		}
		if got := judge(t, c.r, c.password); got != want {
			t.Errorf("%s: %q gives %d", c.why, c.password, got)
		}
	}
}

func TestEverySignOfTheDocumentationCounts(t *testing.T) {
	for _, c := range "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/" {
		if judge(t, passwordrule.Rules{Classes: 3, OfClasses: 5}, "a1"+string(c)) != passwordrule.Met {
			t.Errorf("%q is no sign", c)
		}
	}
}

func TestListShowsWhatHoldsAndWhoJudges(t *testing.T) {
	r := passwordrule.Rules{
		MinUnits: 7, MinLength: 12, MaxLength: 256, Classes: 3, OfClasses: 5, NoNameParts: []string{"alice"}, ASCIIOnly: true, Common: true,
		History: 24, MinAge: 25 * time.Hour, Unreadable: true,
	}
	want := []passwordrule.Rule{
		{Code: passwordrule.MinLength, N: 12, Live: true},
		{Code: passwordrule.Classes, N: 3, Of: 5, Live: true},
		{Code: passwordrule.Name, Words: []string{"alice"}, Live: true},
		{Code: passwordrule.Characters, Live: true},
		{Code: passwordrule.MaxLength, N: 256, Live: true},
		{Code: passwordrule.Common},
		{Code: passwordrule.History, N: 24},
		{Code: passwordrule.MinAge, N: 2},
		{Code: passwordrule.Policy},
	}
	results := passwordrule.Check(r, secret.New("correct-Horse-battery-9"))
	if len(results) != len(want) {
		t.Fatalf("%d rules, want %d", len(results), len(want))
	}
	for i, res := range results {
		if got, w := res.Rule, want[i]; got.Code != w.Code || got.N != w.N || got.Of != w.Of || got.Live != w.Live || len(got.Words) != len(w.Words) {
			t.Errorf("rule %d: %+v, want %+v", i, got, w)
		}
		state := passwordrule.Met
		if i > 5 {
			state = passwordrule.Unknown // only the directory can judge these
		}
		if res.State != state {
			t.Errorf("%s: %d", res.Rule.Code, res.State)
		}
	}
	if got := passwordrule.List(passwordrule.Rules{}); len(got) != 0 {
		t.Errorf("no rules give %v", got)
	}
}

// TestNameParts follows "Passwords must meet complexity requirements": the whole account name, and the parts of the display name.
func TestNameParts(t *testing.T) {
	for _, c := range []struct{ account, display, want string }{
		{"jdoe", "Jane Doe", "jdoe Jane Doe"},
		{"jd", "Jo Q. Doe", "Doe"},
		{"j.doe", "Doe, Jane-Marie", "j.doe Doe Jane Marie"},
		{"ext_jdoe", "Jane_Doe#Contractor\tBerlin", "ext_jdoe Jane Doe Contractor Berlin"},
		{"jdoe", "Müller–Lüdenscheid—Ng", "jdoe Müller Lüdenscheid"},
		{"王小", "王小明 李", "王小明"},
		{"", "", ""},
	} {
		if got := strings.Join(passwordrule.NameParts(c.account, c.display), " "); got != c.want {
			t.Errorf("%q, %q: got %q, want %q", c.account, c.display, got, c.want)
		}
	}
}

// anyRules draws rules as a directory and a policy could bring them together, the longest a policy can ask for included.
func anyRules(t *rapid.T) passwordrule.Rules {
	r := passwordrule.Rules{
		MinUnits:    rapid.IntRange(0, 127).Draw(t, "units"),
		MinLength:   rapid.IntRange(0, 127).Draw(t, "length"),
		Classes:     rapid.IntRange(0, 4).Draw(t, "classes"),
		OfClasses:   rapid.SampledFrom([]int{4, 5}).Draw(t, "of"),
		ASCIIOnly:   rapid.Bool().Draw(t, "ascii"),
		Common:      rapid.Bool().Draw(t, "common"),
		Words:       rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "words"),
		History:     rapid.IntRange(0, 24).Draw(t, "history"),
		NoNameParts: rapid.SliceOfN(rapid.SampledFrom([]string{"ing", "jane", "ter", "Doe", "able", "con", "x-y"}), 0, 4).Draw(t, "name"),
	}
	if rapid.Bool().Draw(t, "has a maximum") {
		r.MaxLength = rapid.IntRange(max(r.MinUnits, r.MinLength, 30)+8, 256).Draw(t, "maximum")
	}
	return r
}

func TestSuggestMeetsEveryRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRules(t)
		s := passwordrule.Suggest(rand.Reader, r)
		if s.Empty() {
			t.Fatalf("no suggestion for %+v", r)
		}
		for _, res := range passwordrule.Check(r, s) {
			if res.State == passwordrule.Unmet {
				t.Fatalf("%q breaks %+v", s.Reveal(), res.Rule)
			}
		}
		if n := strings.Count(s.Reveal(), "-"); n < 3 {
			t.Fatalf("%q has %d words", s.Reveal(), n+1)
		}
	})
}

func TestSuggestGivesUpOnRulesWithoutRoom(t *testing.T) {
	for _, r := range []passwordrule.Rules{{MaxLength: 8}, {Classes: 5, OfClasses: 5}} {
		if s := passwordrule.Suggest(rand.Reader, r); !s.Empty() {
			t.Errorf("%+v: %q", r, s.Reveal())
		}
	}
}

// TestSuggestionsDiffer draws enough of them to notice a generator that is stuck or biased to a few words.
func TestSuggestionsDiffer(t *testing.T) {
	seen, first := map[string]bool{}, map[string]int{}
	for range 500 {
		s := passwordrule.Suggest(rand.Reader, passwordrule.Rules{}).Reveal()
		if seen[s] {
			t.Fatalf("%q twice", s)
		}
		seen[s] = true
		word, _, _ := strings.Cut(strings.ToLower(s), "-")
		first[word]++
		if !utf8.ValidString(s) || len(s) < 20 || len(s) > 28 {
			t.Errorf("%q", s)
		}
	}
	for word, n := range first {
		if n > 10 { // 500 draws of 2,048 words
			t.Errorf("%q came %d times", word, n)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"", "password1", "🔑\xff", "Ünïcödé 123!", strings.Repeat("a", 300)} {
		f.Add(s)
	}
	r := passwordrule.Rules{MinUnits: 8, MinLength: 8, MaxLength: 256, Classes: 3, OfClasses: 5, NoNameParts: []string{"alice"}, ASCIIOnly: true, Common: true}
	f.Fuzz(func(t *testing.T, password string) {
		for _, res := range passwordrule.Check(r, secret.New(password)) {
			if res.State == passwordrule.Unknown {
				t.Errorf("%s is not judged", res.Rule.Code)
			}
		}
	})
}
