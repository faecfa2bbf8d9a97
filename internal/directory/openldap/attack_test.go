package openldap_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"go.uber.org/goleak"

	"rekey/internal/directory"
	"rekey/internal/directory/openldap"
	"rekey/internal/secret"
)

// TestAttack31UnverifiedTLS: a server that cannot be verified is not signed in to, whichever way TLS begins.
func TestAttack31UnverifiedTLS(t *testing.T) {
	s := server(t)
	id := add(t, newPeer(s), "tls")
	other := newTap(t, s) // for the certificate of somebody else
	for _, url := range []string{s.URL(), s.PlainURL()} {
		d := open(t, s, func(c *openldap.Config) { c.Servers, c.CAFile = []string{url}, other.CAFile() })
		if _, err := d.Get(t.Context(), id); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: get: %v", url, err)
		}
		if err := d.Authenticate(t.Context(), id, secret.New(oldPassword)); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: sign in: %v", url, err)
		}
		if f := finding(t, d, "tls"); f.OK || !strings.Contains(f.Text, "signed by nobody in ca_file") {
			t.Errorf("%s: %+v", url, f)
		}
		named := open(t, s, func(c *openldap.Config) { c.Servers = []string{url} })
		if _, err := named.Get(t.Context(), id); err != nil {
			t.Errorf("%s with its own certificate: %v", url, err)
		}
	}
}

// TestAttack31StartTLSStripped: somebody in between says that there is no TLS, or puts an answer of their own in front of it. Nothing but
// the wish for TLS reaches them.
func TestAttack31StartTLSStripped(t *testing.T) {
	refusal := startTLSAnswer(ldap.LDAPResultProtocolError)
	success := startTLSAnswer(ldap.LDAPResultSuccess)
	for name, answer := range map[string]string{
		"refused": refusal, "no LDAP": "220 smtp.example.test ESMTP\r\n", "gone": "", "an answer in front of TLS": success + success,
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var heard []byte
		wg.Go(func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = ber.ReadPacket(c) // the wish
			_, _ = io.WriteString(c, answer)
			_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
			if answer != "" {
				heard, _ = io.ReadAll(c)
			}
		})
		d := open(t, server(t), func(c *openldap.Config) { c.Servers = []string{"ldap://" + l.Addr().String()} })
		if _, err := d.Lookup(t.Context(), directory.Identifier{Name: "x"}); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		_ = l.Close()
		wg.Wait()
		if _, password := server(t).Service(); strings.Contains(string(heard), password) {
			t.Errorf("%s: the password was sent", name)
		}
		if len(heard) > 0 && name != "an answer in front of TLS" {
			t.Errorf("%s: heard %d bytes", name, len(heard))
		}
	}
}

func startTLSAnswer(code int64) string {
	r := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedResponse, nil, "")
	r.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	r.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	r.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	m := ber.NewSequence("")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, ""))
	m.AppendChild(r)
	return string(m.Bytes())
}

// TestFewConnectionsServeMany: callers wait for their turn.
func TestFewConnectionsServeMany(t *testing.T) {
	s := server(t)
	id := add(t, newPeer(s), "many")
	d := open(t, s, func(c *openldap.Config) { c.Connections = 1 })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := d.Get(t.Context(), id); err != nil {
				t.Error(err)
			}
			if err := d.Authenticate(t.Context(), id, secret.New(oldPassword)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestNothingIsLeftAfterClose(t *testing.T) {
	s := server(t)
	id := add(t, newPeer(s), "leak")
	before := goleak.IgnoreCurrent()
	_, password := s.Service()
	d, err := openldap.Open(config(s), deps(t, password))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Lookup(t.Context(), directory.Identifier{Name: "leak"}); err != nil {
		t.Fatal(err)
	}
	closed(t, d)
	if _, err := d.Get(t.Context(), id); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("after Close: %v", err)
	}
	goleak.VerifyNone(t, before)
}
