package slapd_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/lab/slapd"
)

func TestServer(t *testing.T) {
	s, err := slapd.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(s.CAFile())
	c, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Bind(s.Service()); err != nil {
		t.Fatal(err)
	}
	for dn, seen := range map[string]bool{s.PeopleDN(): true, s.PolicyDN(): true, "ou=hidden," + slapd.Suffix: false} {
		_, err := c.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", nil, nil))
		if (err == nil) != seen {
			t.Errorf("%s: %v", dn, err)
		}
	}
	plain, err := ldap.DialURL(s.PlainURL())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if err := plain.Bind(s.Service()); !ldap.IsErrorWithCode(err, ldap.LDAPResultConfidentialityRequired) {
		t.Errorf("a password in the clear: %v", err)
	}
	s.Stop()
	if _, err := s.Dial(); err == nil {
		t.Error("stopped, and answers")
	}
	if err := s.StartAgain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left behind: %v", folder, err)
	}
}

func TestPairReplicates(t *testing.T) {
	first, second, err := slapd.StartPair(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(first.Close(), second.Close()); err != nil {
			t.Error(err)
		}
	}()
	c, err := second.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Bind(second.Admin()); err != nil {
		t.Fatal(err)
	}
	dn := "ou=new," + slapd.Suffix
	r := ldap.NewAddRequest(dn, nil)
	r.Attribute("objectClass", []string{"organizationalUnit"})
	if err := c.Add(r); err != nil {
		t.Fatal(err)
	}
	if err := first.Await(t.Context(), dn); err != nil {
		t.Error(err)
	}
}
