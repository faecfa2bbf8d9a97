package openldap_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/directorytest"
	"rekey/internal/directory/openldap"
)

// TestAttack34EveryKindOfGroup: nested in a ring, too, and more of them than one question holds.
func TestAttack34EveryKindOfGroup(t *testing.T) {
	p := newPeer(server(t))
	d := open(t, p.s, nil)
	id := add(t, p, "kinds")
	me := p.dns[id.Object]
	want := []string{
		p.group(t, "kinds-names", "groupOfNames", "member", me),
		p.group(t, "kinds-unique", "groupOfUniqueNames", "uniqueMember", me),
		p.group(t, "kinds-posix", "posixGroup", "memberUid", "other", "kinds"),
	}
	want = append(want, p.group(t, "kinds-outer", "groupOfUniqueNames", "uniqueMember", want[0]))
	want = append(want, p.group(t, "kinds-ring", "groupOfNames", "member", want[3]))
	want = append(want, p.group(t, "kinds-end", "groupOfNames", "member", want[4]))
	p.set(t, want[0], "member", me, want[4]) // closes the ring
	for i := range 60 {
		want = append(want, p.group(t, fmt.Sprintf("kinds-many%d", i), "groupOfNames", "member", me))
	}
	want = append(want, p.group(t, "kinds-of-last", "groupOfNames", "member", want[len(want)-1]))
	p.group(t, "kinds-not", "posixGroup", "memberUid", "kinds2")
	a, err := d.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range a.Groups {
		got = append(got, g.ID)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestAttack34TooManyGroupsFail: policies would take the account for a member of fewer.
func TestAttack34TooManyGroupsFail(t *testing.T) {
	p := newPeer(server(t))
	d := open(t, p.s, nil)
	id := add(t, p, "deep")
	inner := p.dns[id.Object]
	for i := range 19 {
		inner = p.group(t, fmt.Sprintf("deep%d", i), "groupOfNames", "member", inner)
	}
	if a, err := d.Get(t.Context(), id); err != nil || len(a.Groups) != 19 {
		t.Errorf("%d groups, %v", len(a.Groups), err)
	}
	for i := range 5 {
		inner = p.group(t, fmt.Sprintf("deeper%d", i), "groupOfNames", "member", inner)
	}
	if a, err := d.Get(t.Context(), id); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("%d groups, %v", len(a.Groups), err)
	}
}

// TestOnlyPeopleBelowTheBase: neither other objects nor accounts elsewhere, by name or by ID.
func TestOnlyPeopleBelowTheBase(t *testing.T) {
	p := newPeer(server(t))
	d := open(t, p.s, nil)
	service, _ := p.s.Service()
	p.admin(t, func(c *ldap.Conn) error {
		r := ldap.NewAddRequest("uid=device,"+p.s.PeopleDN(), nil)
		r.Attribute("objectClass", []string{"device", "uidObject"})
		r.Attribute("cn", []string{"device"})
		r.Attribute("uid", []string{"device"})
		return c.Add(r)
	})
	inside := add(t, p, "inside")
	for _, dn := range []string{service, "uid=device," + p.s.PeopleDN()} {
		id := inside
		id.Object = p.read(t, dn, "entryUUID").GetAttributeValue("entryUUID")
		if _, err := d.Get(t.Context(), id); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%s: %v", dn, err)
		}
	}
	if a, err := d.Lookup(t.Context(), directory.Identifier{Name: "device"}); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("%s, %v", a.Path, err)
	}
	p.admin(t, func(c *ldap.Conn) error { // moved out of the base
		return c.ModifyDN(ldap.NewModifyDNRequest(p.dns[inside.Object], "uid=inside", true, "ou=policies,"+p.s.PolicyDN()[len("cn=default,ou=policies,"):]))
	})
	if _, err := d.Get(t.Context(), inside); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("moved out: %v", err)
	}
}

// TestRenamedAccountIsTheSame, wherever it went below the base.
func TestRenamedAccountIsTheSame(t *testing.T) {
	p := newPeer(server(t))
	d := open(t, p.s, func(c *openldap.Config) { c.Attributes = []string{"departmentNumber", "l"} })
	id := p.Add(t, directorytest.Person{SAM: "before", Password: oldPassword})
	p.set(t, p.dns[id.Object], "departmentNumber", "7", "8")
	p.admin(t, func(c *ldap.Conn) error {
		return c.ModifyDN(ldap.NewModifyDNRequest(p.dns[id.Object], "uid=afterwards", true, ""))
	})
	a, err := d.Lookup(t.Context(), directory.Identifier{Name: "afterwards"})
	if err != nil || a.ID != id || len(a.Attributes) != 1 || len(a.Attributes["departmentNumber"]) != 2 {
		t.Errorf("%+v, %v", a, err)
	}
}
