package fastldap_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/lab/fastldap"
	"rekey/internal/secret"
)

const service, right = "CN=svc,DC=fast,DC=example,DC=test", "Svc-Passw0rd!1"

func start(t *testing.T) *fastldap.Server {
	t.Helper()
	s, err := fastldap.Start(t.Context(), fastldap.Options{
		Domain: "fast.example.test", User: service, Password: right,
		People: []fastldap.Person{{SAM: "u1", Given: "Una", Surname: "One", Mail: "una@example.test"}, {SAM: "u2", Given: "Ulf", Surname: "Two"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// open gives the product's own adapter on the directory.
func open(t *testing.T, s *fastldap.Server, password string) *ad.Directory {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, s.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := ad.Open(ad.Config{
		Domain: "fast.example.test", NetBIOS: "FAST", Servers: []string{s.URL()}, CAFile: ca, User: service, Password: secret.Ref{Env: "X"},
	}, ad.Deps{
		Resolve: func(secret.Ref) (secret.Text, error) { return secret.New(password), nil },
		Now:     time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d.(*ad.Directory)
}

func TestTheAdapterFindsPeople(t *testing.T) {
	d := open(t, start(t), right)
	for typed, want := range map[string]string{
		"u1": "u1", "U1": "u1", `FAST\u1`: "u1", "u1@fast.example.test": "u1", "una@example.test": "u1", "u2": "u2",
		"nobody": "", "nobody@fast.example.test": "", "Domain Users": "", `OTHER\u1`: "",
	} {
		who, err := directory.Parse(typed)
		if err != nil {
			t.Fatal(err)
		}
		a, err := d.Lookup(t.Context(), who)
		if want == "" && !errors.Is(err, directory.ErrNotFound) || want != "" && (err != nil || a.SAM != want) {
			t.Errorf("%s: found %q, %v; want %q", typed, a.SAM, err, want)
		}
	}
}

func TestTheAdapterWritesPasswords(t *testing.T) {
	s := start(t)
	d := open(t, s, right)
	before, err := d.Lookup(t.Context(), directory.Identifier{Raw: "u1", Name: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	if h := d.Health(t.Context()); !h.Writable {
		t.Fatalf("health %+v", h)
	}
	if r, err := d.Rules(t.Context(), before.ID); err != nil || r.MinLength != 7 || r.History != 0 || r.MinAge != 0 {
		t.Errorf("rules %+v, %v", r, err)
	}
	var wg sync.WaitGroup
	for range 4 { // on connections of their own
		wg.Go(func() {
			if err := d.SetPassword(t.Context(), before.ID, secret.New(`New "Passw0rd" ü`), directory.Write{Unlock: true}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	after, err := d.Get(t.Context(), before.ID)
	if err != nil || !after.State.PasswordSet.After(before.State.PasswordSet) || !after.State.Usable() || after.State.Locked || after.State.MustChange {
		t.Errorf("after the write %+v, %v", after.State, err)
	}
	if s.Writes() != 4 || s.Password("u1") != `New "Passw0rd" ü` || s.Password("u2") != "" {
		t.Errorf("%d writes; the passwords are %q and %q", s.Writes(), s.Password("u1"), s.Password("u2"))
	}
}

func TestOnlyTheServiceAccountGetsIn(t *testing.T) {
	s := start(t)
	d := open(t, s, "wrong")
	if _, err := d.Lookup(t.Context(), directory.Identifier{Raw: "u1", Name: "u1"}); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// TestNonsenseEndsTheConnectionOnly: the directory goes on for others.
func TestNonsenseEndsTheConnectionOnly(t *testing.T) {
	s := start(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CertificatePEM())
	for _, nonsense := range []string{
		"GET / HTTP/1.1\r\n\r\n", "\x30\x84\xff\xff\xff\xff", "\x30\x02\x02\x05", "\x30\x03\x02\x01\x01",
		"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x7f",
	} {
		c, err := (&tls.Dialer{Config: &tls.Config{RootCAs: roots}}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "ldaps://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.WriteString(c, nonsense); err != nil {
			t.Fatal(err)
		}
		var timeout net.Error
		if _, err := io.Copy(io.Discard, c); errors.As(err, &timeout) && timeout.Timeout() {
			t.Errorf("%q does not end the connection", nonsense)
		}
		_ = c.Close()
	}
	d := open(t, s, right)
	if _, err := d.Lookup(context.WithoutCancel(t.Context()), directory.Identifier{Raw: "u1", Name: "u1"}); err != nil {
		t.Error(err)
	}
}
