// Package phone reads telephone numbers: people and directories write them in many ways, and what is sent costs money, so a number is
// either understood whole or refused.
package phone

import (
	"errors"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
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
	if len(text) > maxText || strings.ContainsFunc(text, strange) {
		return Number{}, ErrNotANumber
	}
	n, err := phonenumbers.Parse(text, home)
	if err != nil || !phonenumbers.IsValidNumber(n) || n.GetExtension() != "" {
		return Number{}, ErrNotANumber
	}
	return Number{
		E164: phonenumbers.Format(n, phonenumbers.E164), Country: phonenumbers.GetRegionCodeForNumber(n), Kind: kind(phonenumbers.GetNumberType(n)),
	}, nil
}

// strange reports what stands in no number.
func strange(r rune) bool { return !unicode.IsDigit(r) && !strings.ContainsRune("+-()./ \u00a0", r) }

func kind(t phonenumbers.PhoneNumberType) Kind {
	switch t {
	case phonenumbers.MOBILE:
		return Mobile
	case phonenumbers.FIXED_LINE:
		return Fixed
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		return FixedOrMobile
	case phonenumbers.PREMIUM_RATE:
		return Premium
	}
	return Other
}

// Textable reports whether text messages reach the number, as far as its country's plan tells.
func (n Number) Textable() bool { return n.Kind == Mobile || n.Kind == FixedOrMobile }

// Digits gives the number without its plus sign, as many gateways want it.
func (n Number) Digits() string { return strings.TrimPrefix(n.E164, "+") }

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
func Known(country string) bool { return phonenumbers.GetSupportedRegions()[country] }
