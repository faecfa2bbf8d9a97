package mailcode

import (
	"errors"
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The longest address and local part that can be sent to (RFC 5321 §4.5.3.1, erratum 1690).
const (
	maxAddress = 254
	maxLocal   = 64
)

var errAddress = errors.New("not an address that can be sent to")

// address is a mail address in the one spelling it is stored, compared and sent in: the domain as ASCII in lower case.
type address struct{ local, domain string }

func (a address) String() string { return a.local + "@" + a.domain }

// parse reads a typed address. It accepts a plain ASCII mailbox in an ASCII or internationalised domain and nothing else
// that RFC 5322 knows: no display name, comment, quoted local part, domain literal or route.
//
// Look-alikes are never folded together. A local part with anything but ASCII is refused, and a domain keeps its exact
// characters as punycode, so what was compared is what is sent to (attack class 5: an address that equals a stored one only
// after Unicode case or width mapping).
func parse(typed string) (address, error) {
	if strings.ContainsAny(typed, "\r\n") || !utf8.ValidString(typed) {
		return address{}, errAddress
	}
	typed = strings.Trim(typed, " \t")
	at := strings.LastIndexByte(typed, '@')
	if at < 1 || at > maxLocal {
		return address{}, errAddress
	}
	host, err := domain(typed[at+1:])
	if err != nil {
		return address{}, err
	}
	a := address{typed[:at], host}
	for _, r := range a.local {
		// A percent or an exclamation mark asks old relays to send on, possibly into the mailbox that is refused.
		if r <= ' ' || r > '~' || strings.ContainsRune(`"%!`, r) {
			return address{}, errAddress
		}
	}
	parsed, err := mail.ParseAddress(a.String())
	if err != nil || parsed.Name != "" || parsed.Address != a.String() || len(a.String()) > maxAddress {
		return address{}, errAddress
	}
	return a, nil
}

// domain gives a domain's ASCII form. Unicode is checked, not mapped: ASCII letters are made lower case, and a domain that
// would need another mapping (full-width letters, the Kelvin sign) is refused. The profile has to be the one for registration
// (RFC 5891 §4): the others map, if only to a normal form, in which the Kelvin sign is a plain K.
func domain(typed string) (string, error) {
	lower := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, typed)
	ascii, err := idna.Registration.ToASCII(lower)
	if err != nil {
		return "", err
	}
	top := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if top == ascii || strings.Trim(top, "0123456789") == "" { // no dot, a dot at the end, or an IP address
		return "", errAddress
	}
	return ascii, nil
}

// mailbox names what an address is delivered to, so that two spellings of one mailbox share a channel: case is folded, a tag
// behind a plus sign is dropped (RFC 5233 calls it a subaddress), and so are the dots that Gmail does not look at. Where a server
// takes a plus sign literally this errs on the safe side: two mailboxes count as one.
func (a address) mailbox() string {
	local, host := strings.ToLower(a.local), a.domain
	if tag := strings.IndexByte(local, '+'); tag > 0 {
		local = local[:tag]
	}
	if host == "gmail.com" || host == "googlemail.com" {
		local, host = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + host
}

// mask hides an address from somebody who does not know it: the first letter, the domain's first letter and its end.
func (a address) mask() string {
	host := a.domain
	if shown, err := idna.ToUnicode(host); err == nil {
		host = shown
	}
	return first(a.local) + "•••@" + first(host) + "•••" + host[strings.LastIndexByte(host, '.'):]
}

func first(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}
