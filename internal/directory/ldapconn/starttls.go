package ldapconn

import (
	"context"
	"errors"
	"fmt"
	"net"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

const oidStartTLS = "1.3.6.1.4.1.1466.20037" // RFC 4511 §4.14

// StartTLS asks a server to protect the connection. It reads the one answer octet for octet and nothing behind it, so that nothing
// sent in the clear is taken for protected.
func StartTLS(ctx context.Context, raw net.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	name := ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, oidStartTLS, "requestName")
	request := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "ExtendedRequest")
	request.AppendChild(name)
	message := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "LDAPMessage")
	message.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, "messageID"))
	message.AppendChild(request)
	if _, err := raw.Write(message.Bytes()); err != nil {
		return fmt.Errorf("StartTLS: %w", err)
	}
	answer, err := ber.ReadPacket(raw)
	if err != nil {
		return fmt.Errorf("StartTLS: %w", err)
	}
	if len(answer.Children) < 2 || answer.Children[1].Tag != ldap.ApplicationExtendedResponse {
		return errors.New("StartTLS: not an answer to it")
	}
	if err := ldap.GetLDAPError(answer); err != nil {
		return fmt.Errorf("StartTLS: refused: %w", err)
	}
	return nil
}
