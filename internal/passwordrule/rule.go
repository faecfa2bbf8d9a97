package passwordrule

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"rekey/internal/secret"
)

// Rules is everything that holds for one account.
type Rules struct {
	MinUnits    int // UTF-16 code units, as Active Directory counts; 0: none
	MinLength   int // characters, as the policy counts; 0: none
	MaxLength   int // UTF-16 code units; 0: none
	Classes     int // character classes demanded; 0: none
	OfClasses   int // 5 in Active Directory (other letters are one), 4 in Entra ID
	NoNameParts []string
	ASCIIOnly   bool
	Common      bool     // refuse common passwords
	Words       []string // words of the firm: refused as a whole password
	Banned      *Banned  // words that are worth one point only; nil: no such rule
	History     int      // passwords the directory remembers and checks
	MinAge      time.Duration
	Unreadable  bool // the directory has rules that cannot be read
}

// Code names a rule; the page's text is the catalogue's "rule.<code>".
type Code string

// The rules.
const (
	MinLength  Code = "min-length"
	MaxLength  Code = "max-length"
	Classes    Code = "classes"
	Characters Code = "characters"
	Name       Code = "name"
	Common     Code = "common"
	Words      Code = "words"
	History    Code = "history"
	MinAge     Code = "min-age"
	Policy     Code = "policy"
)

// Rule is one rule to show. Live ones can be ticked while typing; the others only the directory, or a list kept here, can judge.
type Rule struct {
	Code  Code
	N, Of int
	Words []string
	Live  bool
}

// State is how a password fares.
type State uint8

// The states.
const (
	Unknown State = iota
	Met
	Unmet
)

// Result is the judgement of one rule.
type Result struct {
	Rule  Rule
	State State
}

const day = 24 * time.Hour

// List gives the rules in the order to show them.
func List(r Rules) []Rule {
	var out []Rule
	if n := max(r.MinUnits, r.MinLength); n > 0 {
		out = append(out, Rule{Code: MinLength, N: n, Live: true})
	}
	if r.Classes > 0 {
		out = append(out, Rule{Code: Classes, N: r.Classes, Of: r.OfClasses, Live: true})
	}
	if len(r.NoNameParts) > 0 {
		out = append(out, Rule{Code: Name, Words: r.NoNameParts, Live: true})
	}
	if r.ASCIIOnly {
		out = append(out, Rule{Code: Characters, Live: true})
	}
	if r.MaxLength > 0 {
		out = append(out, Rule{Code: MaxLength, N: r.MaxLength, Live: true})
	}
	if r.Common {
		out = append(out, Rule{Code: Common})
	}
	if r.Banned != nil {
		out = append(out, Rule{Code: Words})
	}
	if r.History > 0 {
		out = append(out, Rule{Code: History, N: r.History})
	}
	if r.MinAge > 0 {
		out = append(out, Rule{Code: MinAge, N: int((r.MinAge + day - 1) / day)})
	}
	if r.Unreadable {
		out = append(out, Rule{Code: Policy})
	}
	return out
}

// Check judges a password by every rule of List. Rules that only the directory can judge stay Unknown.
func Check(r Rules, password secret.Text) []Result {
	text := password.Reveal()
	var out []Result
	for _, rule := range List(r) {
		out = append(out, Result{rule, judge(r, rule, text)})
	}
	return out
}

func judge(r Rules, rule Rule, text string) State {
	switch rule.Code {
	case MinLength:
		return state(units(text) >= r.MinUnits && utf8.RuneCountInString(text) >= r.MinLength)
	case MaxLength:
		return state(units(text) <= r.MaxLength)
	case Classes:
		return state(classes(text, r.OfClasses) >= r.Classes)
	case Name:
		return state(!holds(text, r.NoNameParts))
	case Characters:
		return state(ascii(text))
	case Common:
		return state(!common(text, r))
	case Words:
		return state(!r.Banned.refuses(text))
	case History, MinAge, Policy:
	}
	return Unknown
}

func state(met bool) State {
	if met {
		return Met
	}
	return Unmet
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// signs are the non-alphanumeric characters Active Directory counts ("Passwords must meet complexity requirements").
const signs = "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/"

// classes counts the character classes in a text: capitals, small letters, digits, signs, and where five are known other letters.
func classes(text string, of int) int {
	var upper, lower, digit, sign, other int
	for _, c := range text {
		switch {
		case unicode.IsUpper(c):
			upper = 1
		case unicode.IsLower(c):
			lower = 1
		case c >= '0' && c <= '9':
			digit = 1
		case strings.ContainsRune(signs, c):
			sign = 1
		case unicode.IsLetter(c) && of > 4:
			other = 1
		}
	}
	return upper + lower + digit + sign + other
}

// holds reports whether a part of the person's name is in the text, without regard to case.
func holds(text string, parts []string) bool {
	folded := strings.ToLower(text)
	for _, p := range parts {
		if utf8.RuneCountInString(p) >= 3 && strings.Contains(folded, strings.ToLower(p)) {
			return true
		}
	}
	return false
}

// ascii reports whether every character is one that Entra ID takes: printable ASCII, space included.
func ascii(text string) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// NameParts gives what Active Directory does not accept in a password: the whole account name, and each part of the display
// name between , . - _ space # and tab, of three characters or more.
func NameParts(account, display string) []string {
	var out []string
	if utf8.RuneCountInString(account) >= 3 {
		out = append(out, account)
	}
	for _, part := range strings.FieldsFunc(display, func(c rune) bool { return strings.ContainsRune(",.-–—_ #\t", c) }) {
		if utf8.RuneCountInString(part) >= 3 {
			out = append(out, part)
		}
	}
	return out
}
