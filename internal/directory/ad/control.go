package ad

import (
	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// historyControl makes the directory check history and minimum age on a reset too, which it else does on a change only
// (LDAP_SERVER_POLICY_HINTS_OID, MS-ADTS 3.1.1.3.4.1.27). It is critical: a server that does not know it must refuse.
type historyControl struct{ oid string }

var _ ldap.Control = historyControl{}

// GetControlType implements ldap.Control.
func (c historyControl) GetControlType() string { return c.oid }

// String implements ldap.Control.
func (c historyControl) String() string { return "policy hints " + c.oid }

// Encode implements ldap.Control. TRUE is written byte by byte: the library's is 0x01, which LDAP forbids (RFC 4511 §5.1) and Samba
// reads as FALSE.
func (c historyControl) Encode() *ber.Packet {
	const (
		berTrue = "\xff"
		flags   = "\x30\x03\x02\x01\x01" // SEQUENCE { INTEGER 1 }
	)
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "Control")
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, c.oid, "Type"))
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, berTrue, "Criticality"))
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, flags, "Value"))
	return p
}
