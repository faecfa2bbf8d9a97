package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"rekey/internal/delivery"
)

var errAddress = errors.New("not an address mail can be sent to")

// The longest address that can be sent to (RFC 5321 §4.5.3.1, erratum 1690).
const maxAddress = 254

// checkAddress takes one bare address and nothing else RFC 5322 knows: no name, comment, list, or second line.
func checkAddress(s string) error {
	if len(s) > maxAddress || strings.IndexFunc(s, unicode.IsControl) >= 0 {
		return errAddress
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s {
		return errAddress
	}
	return nil
}

// recipient checks an address and gives the spelling that is sent: an international domain in ASCII (RFC 5891).
func recipient(to string) (string, error) {
	if err := checkAddress(to); err != nil {
		return "", err
	}
	at := strings.LastIndexByte(to, '@')
	if isASCII(to[at:]) {
		return to, nil
	}
	domain, err := idna.Lookup.ToASCII(to[at+1:])
	if err != nil {
		return "", errAddress
	}
	return to[:at+1] + domain, nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// oneLine keeps a header to one line. What encodes headers does so too; this does not depend on it.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}

// messageID is the same for every try of one message, so that a mailbox can drop a second copy. It tells nothing of the message.
func messageID(id, from string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16]) + "@" + from[strings.LastIndexByte(from, '@')+1:]
}

// build makes the mail that is sent. An address that cannot be sent to is delivery.ErrPermanent.
func build(m delivery.Mail, from *mail.Address, now time.Time) (*gomail.Msg, error) {
	to, err := recipient(m.To)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", delivery.ErrPermanent, err)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(&mail.Address{Address: to})
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue(messageID(m.ID, from.Address))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")    // RFC 3834: no vacation notices, please
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")     // the same for Exchange (MS-OXCMAIL 2.1.3.2.20)
	msg.SetGenHeader("Content-Language", oneLine(m.Locale)) // RFC 3282
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}
