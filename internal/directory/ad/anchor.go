package ad

import (
	"context"
	"encoding/base64"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// consistencyGUID is what Entra Connect anchors an account by; where it is empty, objectGUID takes its place (Microsoft: "Microsoft
// Entra Connect: design concepts", sourceAnchor).
const consistencyGUID = "mS-DS-ConsistencyGuid"

// ByAnchor implements directory.Anchored. The anchor is base64 of the octets as LDAP gives them, which is not the order in which a
// GUID is written. An account that has another consistency GUID is not found by its objectGUID.
func (d *Directory) ByAnchor(ctx context.Context, anchor string) (account.Account, error) {
	octets, err := base64.StdEncoding.Strict().DecodeString(anchor)
	if err != nil || len(octets) == 0 {
		return account.Account{}, directory.ErrNotFound
	}
	value := escapeOctets(octets)
	filter := "(&" + people + "(|(" + consistencyGUID + "=" + value + ")(&(!(" + consistencyGUID + "=*))(objectGUID=" + value + "))))"
	var a account.Account
	err = d.pool.Read(ctx, func(c *conn) error {
		f, err := d.facts(ctx, c)
		if err != nil {
			return err
		}
		guid, err := d.find(ctx, c, filter)
		if err != nil {
			return err
		}
		e, err := c.Read(ctx, d.config.ReadTimeout, guidDN(guid), "(&"+people+")", d.accountAttributes()...)
		if err == nil && e == nil {
			err = directory.ErrNotFound // deleted this moment
		}
		if err == nil {
			a, err = d.account(f, e)
		}
		return err
	})
	if err != nil {
		return account.Account{}, err
	}
	return a, nil
}

// anchorOf gives what the same person's account in Entra ID names as its anchor.
func anchorOf(e *ldap.Entry) string {
	octets := e.GetEqualFoldRawAttributeValue(consistencyGUID)
	if len(octets) == 0 {
		octets = e.GetEqualFoldRawAttributeValue("objectGUID")
	}
	return base64.StdEncoding.EncodeToString(octets)
}

// escapeOctets writes every octet as RFC 4515 does those that are no text.
func escapeOctets(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 3*len(b))
	for _, c := range b {
		out = append(out, '\\', digits[c>>4], digits[c&15])
	}
	return string(out)
}
