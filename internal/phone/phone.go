// Package phone reads telephone numbers: people and directories write them in many ways, and what is sent costs money, so a number is
// either understood whole or refused.
//
// What a number stands for is told by its country's numbering plan. The plans are those of Google's libphonenumber (Apache License 2.0),
// written into plans.tsv by a test that also holds this package to what the library says.
package phone

import (
	"errors"
	"strings"
)

// ErrNotANumber is a text that is no number anybody could be reached at.
var ErrNotANumber = errors.New("not a telephone number")

// Kind is what a number stands for in its country's plan.
type Kind string

// The kinds. In some countries, those of North America among them, a number does not tell whether it is a mobile's.
const (
	Mobile        Kind = "mobile"
	Fixed         Kind = "fixed"
	FixedOrMobile Kind = "fixed-or-mobile"
	Premium       Kind = "premium-rate"
	Other         Kind = "other" // free, shared cost, personal, over the Internet, pagers and what else there is
)

// nowhere is the country of networks that are of none.
const nowhere = "001"

// Number is a telephone number.
type Number struct {
	E164    string // "+491711234567" (ITU-T E.164)
	Country string // ISO 3166-1 alpha-2; "001" for networks of no country
	Kind    Kind
}

// maxText is longer than any number with its signs.
const maxText = 40

// Parse reads a number as people write it. One without a country is of home, an ISO 3166-1 code; without home it is refused, and so are
// extensions and letters. The only error is ErrNotANumber.
func Parse(text, home string) (Number, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "tel:")
	digits, ok := digitsOf(strings.TrimPrefix(text, "+"))
	if !ok || len(text) > maxText {
		return Number{}, ErrNotANumber
	}
	if strings.HasPrefix(text, "+") {
		return abroad(digits)
	}
	p := plans().byCountry[home]
	if p == nil {
		return Number{}, ErrNotANumber
	}
	if p.abroad != nil {
		if at := p.abroad().FindStringIndex(digits); at != nil && !strings.HasPrefix(digits[at[1]:], "0") {
			return abroad(digits[at[1]:])
		}
	}
	return number(p, digits)
}

// digitsOf takes away what stands between digits; false: something else is there too.
func digitsOf(text string) (string, bool) {
	var b strings.Builder
	for _, r := range text {
		switch digit, ok := digitOf(r); {
		case ok:
			b.WriteByte(digit)
		case !strings.ContainsRune("-()./ \u00a0", r):
			return "", false
		}
	}
	return b.String(), true
}

// digitOf reads a digit: Latin, Arabic, Persian, Devanagari or of full width.
func digitOf(r rune) (byte, bool) {
	for _, zero := range "0٠۰०０" {
		if zero <= r && r <= zero+9 {
			return "0123456789"[r-zero], true
		}
	}
	return 0, false
}

// maxCode is the most digits that a calling code has.
const maxCode = 3

// abroad reads what follows a plus sign.
func abroad(digits string) (Number, error) {
	for n := 1; n <= min(maxCode, len(digits)); n++ {
		if all := plans().byCode[digits[:n]]; all != nil {
			return number(all[0], digits[n:])
		}
	}
	return Number{}, ErrNotANumber
}

// number reads a national number by the plan of its country, or of the main country of its calling code.
func number(p *plan, digits string) (Number, error) {
	national, all := p.national(digits), plans().byCode[p.code]
	for _, q := range all {
		if len(all) > 1 && q.leading != nil && !q.leading().MatchString(national) {
			continue
		}
		if kind := q.kind(national); kind != "" {
			return Number{E164: "+" + q.code + national, Country: q.country, Kind: kind}, nil
		}
		if len(all) > 1 && q.leading != nil {
			break // it begins as one of this country, and is none
		}
	}
	return Number{}, ErrNotANumber
}

// Textable reports whether text messages reach the number, as far as its country's plan tells.
func (n Number) Textable() bool { return n.Kind == Mobile || n.Kind == FixedOrMobile }

// inRange is how many digits tell the numbers of one range apart: operators hand out and lend blocks of ten thousand.
const inRange = 4

// Range is the block of numbers this one is of: whoever pumps traffic has many of one.
func (n Number) Range() string { return n.E164[:max(len(n.E164)-inRange, 0)] }

// Masked is for logs: the country and the last two digits.
func (n Number) Masked() string {
	const shown = 2
	return "+" + strings.Repeat("*", max(len(n.E164)-1-shown, 0)) + n.E164[max(len(n.E164)-shown, 1):] + " (" + n.Country + ")"
}

// Known reports whether a country has telephone numbers; a code is two capital letters.
func Known(country string) bool { return plans().byCountry[country] != nil }
