package ad_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
)

// TestAnchors: accounts are found by the octets that Entra Connect anchors them by, which are not those of the GUID as it is written.
func TestAnchors(t *testing.T) {
	dc := domain(t)
	d, peer := open(t, dc, nil), newPeer(dc)
	plain, given := add(t, peer, "anchored"), add(t, peer, "moved")
	octets := func(dn, attribute string) []byte { return peer.read(t, dn, attribute).GetRawAttributeValue(attribute) }
	guid := octets(peer.dns[plain.Object], "objectGUID")
	own := base64.StdEncoding.EncodeToString(guid)

	a, err := d.Get(t.Context(), plain)
	if err != nil || a.Anchor != own || a.SID == "" {
		t.Fatalf("anchor %q, %v, want %q", a.Anchor, err, own)
	}
	if b, err := d.ByAnchor(t.Context(), own); err != nil || b.ID != plain || b.Anchor != own || b.SID != a.SID {
		t.Errorf("by objectGUID: %+v, %v", b.ID, err)
	}

	// The account came from another forest and brought its anchor along.
	moved := peer.dns[given.Object]
	foreign := []byte{0x44, 0x33, 0x22, 0x11, 0x66, 0x55, 0x88, 0x77, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00}
	peer.admin(t, func(c *ldap.Conn) error {
		r := ldap.NewModifyRequest(moved, nil)
		r.Replace("mS-DS-ConsistencyGuid", []string{string(foreign)})
		return c.Modify(r)
	})
	const anchor = "RDMiEWZViHeZqrvM3e7/AA=="
	if b, err := d.ByAnchor(t.Context(), anchor); err != nil || b.ID != given || b.Anchor != anchor {
		t.Errorf("by consistency GUID: %+v, %v", b.ID, err)
	}
	for name, wrong := range map[string]string{
		"objectGUID where there is another anchor": base64.StdEncoding.EncodeToString(octets(moved, "objectGUID")),
		"the order a GUID is written in":           "ESIzRFVmd4iZqrvM3e7/AA==",
		"other letters":                            "rDMiEWZViHeZqrvM3e7/AA==",
		"no padding":                               "RDMiEWZViHeZqrvM3e7/AA",
		"nothing":                                  "",
		"all zero":                                 "AAAAAAAAAAAAAAAAAAAAAA==",
		"a filter":                                 "*)(objectClass=*",
	} {
		if b, err := d.ByAnchor(t.Context(), wrong); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%s: %+v, %v", name, b.ID, err)
		}
	}
}
