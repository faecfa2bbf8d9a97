package openldap

import (
	"errors"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
)

// Errors of the password policy control (Behera §6.2; passwordTooLong is OpenLDAP's own).
const (
	nothingSaid = -1

	passwordExpired      = 0
	accountLocked        = 1
	changeAfterReset     = 2
	modNotAllowed        = 3
	mustSupplyOld        = 4
	insufficientQuality  = 5
	passwordTooShort     = 6
	passwordTooYoung     = 7
	passwordInHistory    = 8
	passwordTooLong      = 9
	lastOfThoseWeUse     = passwordTooLong
	warnBeforeExpiration = 0
	warnGraceRemaining   = 1
)

// verdict is what a server's password policy says of an operation.
type verdict struct {
	code    int // nothingSaid, or one of the errors
	expires int // seconds until the password expires; nothingSaid: not soon
	grace   int // sign-ins left with an expired password; nothingSaid: it has not expired
}

var silent = verdict{code: nothingSaid, expires: nothingSaid, grace: nothingSaid}

// verdictOf reads it from a refusal. It reads the control itself: the library does not know passwordTooLong.
func verdictOf(err error) verdict {
	var refusal *ldap.Error
	if !errors.As(err, &refusal) || refusal.Packet == nil || len(refusal.Packet.Children) < 3 {
		return silent
	}
	for _, control := range refusal.Packet.Children[2].Children {
		n := len(control.Children)
		if n < 2 || control.Children[0].Data.String() != ldap.ControlTypeBeheraPasswordPolicy {
			continue
		}
		return decoded(control.Children[n-1].Data.Bytes())
	}
	return silent
}

// verdictIn reads it from controls that the library has read.
func verdictIn(controls []ldap.Control) verdict {
	for _, control := range controls {
		if p, ok := control.(*ldap.ControlBeheraPasswordPolicy); ok {
			return verdict{code: int(p.Error), expires: int(p.Expire), grace: int(p.Grace)}
		}
	}
	return silent
}

// decoded reads PasswordPolicyResponseValue ::= SEQUENCE { warning [0] CHOICE { timeBeforeExpiration [0], graceAuthNsRemaining [1] }
// OPTIONAL, error [1] ENUMERATED OPTIONAL }.
func decoded(value []byte) verdict {
	v := silent
	p, err := ber.DecodePacketErr(value)
	if err != nil {
		return v
	}
	for _, part := range p.Children {
		switch {
		case part.Tag == 1:
			v.code = integer(part)
		case len(part.Children) == 1 && part.Children[0].Tag == warnBeforeExpiration:
			v.expires = integer(part.Children[0])
		case len(part.Children) == 1 && part.Children[0].Tag == warnGraceRemaining:
			v.grace = integer(part.Children[0])
		}
	}
	if v.code > lastOfThoseWeUse {
		v.code = nothingSaid
	}
	return v
}

func integer(p *ber.Packet) int {
	const most = 1 << 31 // of maxInt, RFC 4511 §4.1.1
	n, err := ber.ParseInt64(p.Data.Bytes())
	if err != nil || n < 0 || n >= most {
		return nothingSaid
	}
	return int(n)
}

// reason is which rule a password broke; false when the code is of another kind.
func (v verdict) reason() (directory.Reason, bool) {
	switch v.code {
	case insufficientQuality:
		return directory.Complexity, true
	case passwordTooShort:
		return directory.TooShort, true
	case passwordTooLong:
		return directory.TooLong, true
	case passwordTooYoung:
		return directory.TooYoung, true
	case passwordInHistory:
		return directory.InHistory, true
	}
	return "", false
}
