package ad

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

const (
	resetRight    = "00299570-246d-11d0-a768-00aa006e0529" // User-Force-Change-Password (MS-ADTS 5.1.3.2.1)
	controlAccess = 0x100                                  // RIGHT_DS_CONTROL_ACCESS (MS-ADTS 5.1.3.2)
	sdFlags       = "1.2.840.113556.1.4.801"               // LDAP_SERVER_SD_FLAGS_OID (MS-ADTS 3.1.1.3.4.1.11)
	daclOnly      = "\x30\x03\x02\x01\x04"                 // SEQUENCE { INTEGER DACL_SECURITY_INFORMATION }
)

// checkReset works out from the access lists of some accounts whether the service account may reset their passwords: no attribute
// tells it, and nothing has to be written.
func (d *Directory) checkReset(ctx context.Context, c *conn) directory.Finding {
	const name = "reset right"
	ours, err := d.ourSIDs(ctx, c)
	if err != nil {
		return ldapconn.Good(name, "cannot be worked out beforehand (%v): it shows when a test account is reset", err)
	}
	found, err := d.search(ctx, c, ldap.NewControlString(sdFlags, false, daclOnly), "nTSecurityDescriptor")
	if err != nil {
		return ldapconn.Bad(name, "%v", err)
	}
	var without []string
	read := 0
	for _, e := range found {
		may, known := grants(e.GetEqualFoldRawAttributeValue("nTSecurityDescriptor"), ours, resetRight)
		if known {
			read++
		}
		if known && !may {
			without = append(without, e.DN)
		}
	}
	if read == 0 {
		return ldapconn.Good(name, "cannot be worked out beforehand (no access list can be read): it shows when a test account is reset")
	}
	text := fmt.Sprintf("passwords may be reset on %d of %d accounts looked at", read-len(without), read)
	if len(without) > 0 {
		text += "; not on " + strings.Join(without[:min(3, len(without))], "; ")
	}
	return directory.Finding{Name: name, OK: read > len(without), Text: text}
}

// ourSIDs are the service account and all groups that it is in, as the server sees them (rootDSE tokenGroups, MS-ADTS 3.1.1.3.2.25).
func (d *Directory) ourSIDs(ctx context.Context, c *conn) ([]string, error) {
	e, err := c.Read(ctx, d.config.ReadTimeout, "", ldapconn.Anything, "tokenGroups")
	if err != nil {
		return nil, err
	}
	var sids []string
	if e != nil {
		for _, raw := range e.GetEqualFoldRawAttributeValues("tokenGroups") {
			sids = append(sids, sidText(raw))
		}
	}
	if len(sids) == 0 {
		return nil, fmt.Errorf("the server does not say who the service account is")
	}
	return sids, nil
}

// grants reports whether the access list of a self-relative security descriptor (MS-DTYP 2.4.6) lets somebody use a control access
// right on the object itself. The first entry that speaks of it decides (MS-DTYP 2.5.3.2). known is false when it cannot be read.
func grants(descriptor []byte, sids []string, right string) (may, known bool) {
	const header, list = 20, 8
	if len(descriptor) < header {
		return false, false
	}
	at := uint64(binary.LittleEndian.Uint32(descriptor[16:]))
	if at < header || at+list > uint64(len(descriptor)) {
		return false, false
	}
	rest := descriptor[at:]
	count := int(binary.LittleEndian.Uint16(rest[4:]))
	rest = rest[list:]
	for range count {
		if len(rest) < 4 {
			return false, false
		}
		size := int(binary.LittleEndian.Uint16(rest[2:]))
		if size < 8 || size > len(rest) {
			return false, false
		}
		if allow, speaks := entryOn(rest[:size], sids, right); speaks {
			return allow, true
		}
		rest = rest[size:]
	}
	return false, true
}

// entryOn says what one entry (MS-DTYP 2.4.4) has to say of the right; speaks is false when it is about something or somebody else.
func entryOn(ace []byte, sids []string, right string) (allow, speaks bool) {
	const allowed, denied, allowedObject, deniedObject, inheritOnly = 0, 1, 5, 6, 0x08
	kind := ace[0]
	if ace[1]&inheritOnly != 0 || binary.LittleEndian.Uint32(ace[4:])&controlAccess == 0 {
		return false, false
	}
	rest := ace[8:]
	switch kind {
	case allowed, denied:
	case allowedObject, deniedObject:
		if len(rest) < 4 {
			return false, false
		}
		flags := rest[0]
		rest = rest[4:]
		for bit := byte(1); bit <= 2; bit <<= 1 { // the object type, then the inherited one
			if flags&bit == 0 {
				continue
			}
			if len(rest) < 16 || bit == 1 && guidText(rest[:16]) != right {
				return false, false
			}
			rest = rest[16:]
		}
	default:
		return false, false
	}
	if len(rest) < 8 || len(rest) < 8+4*int(rest[1]) {
		return false, false
	}
	sid := sidText(rest[:8+4*int(rest[1])])
	return kind == allowed || kind == allowedObject, slices.Contains(sids, sid)
}
