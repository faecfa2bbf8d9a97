package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rekey/internal/delivery"
	"rekey/internal/lab/inbox"
	"rekey/internal/mail"
	"rekey/internal/secret"
)

// TestAttack31CertificateIsAlwaysChecked: a mail server whose certificate is not signed by the right authority, or names somebody else,
// or that offers no TLS, gets neither password nor mail.
func TestAttack31CertificateIsAlwaysChecked(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	for name, tc := range map[string]struct {
		tls      *tls.Config
		implicit bool
		security string
		fails    bool
	}{
		"right, starttls":                {ca.server(t, "127.0.0.1"), false, mail.StartTLS, false},
		"right, tls":                     {ca.server(t, "127.0.0.1"), true, mail.TLS, false},
		"wrong name, starttls":           {ca.server(t, "192.0.2.1"), false, mail.StartTLS, true},
		"wrong name, tls":                {ca.server(t, "192.0.2.1"), true, mail.TLS, true},
		"unknown authority, starttls":    {stranger.server(t, "127.0.0.1"), false, mail.StartTLS, true},
		"unknown authority, tls":         {stranger.server(t, "127.0.0.1"), true, mail.TLS, true},
		"starttls stripped":              {nil, false, mail.StartTLS, true},
		"tls wanted, plain server there": {nil, false, mail.TLS, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("MAIL_PASSWORD_OF_TEST", "right")
			config := mail.Config{Security: tc.security, CAFile: ca.file, User: "rekey", Password: secret.Ref{Env: "MAIL_PASSWORD_OF_TEST"}}
			in, s := start(t, inbox.Options{TLS: tc.tls, Implicit: tc.implicit, User: "rekey", Password: "right"}, config)
			err := s.Send(t.Context(), letter())
			if (err != nil) != tc.fails {
				t.Fatalf("got %v, want a failure: %v", err, tc.fails)
			}
			if errors.Is(err, delivery.ErrPermanent) {
				t.Errorf("an administrator can mend this, so it is not permanent: %v", err)
			}
			if (s.Probe(t.Context()) != nil) != tc.fails {
				t.Error("the probe says something else")
			}
			if arrived := len(in.Messages("")) == 1; arrived == tc.fails {
				t.Errorf("arrived: %v", arrived)
			}
		})
	}
}

func TestWrongPasswordIsNotTheMailsFault(t *testing.T) {
	ca := newAuthority(t)
	t.Setenv("MAIL_PASSWORD_OF_TEST", "a-wrong-one")
	_, s := start(t, inbox.Options{TLS: ca.server(t, "127.0.0.1"), User: "rekey", Password: "right"},
		mail.Config{Security: mail.StartTLS, CAFile: ca.file, User: "rekey", Password: secret.Ref{Env: "MAIL_PASSWORD_OF_TEST"}})
	err := s.Send(t.Context(), letter())
	if err == nil || errors.Is(err, delivery.ErrPermanent) {
		t.Errorf("want a failure that may be tried again, got %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "a-wrong-one") {
		t.Errorf("the error tells the password: %v", err)
	}
	if s.Probe(t.Context()) == nil {
		t.Error("the probe finds nothing wrong")
	}
}

// authority signs certificates of mail servers.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{key: newKey(t), file: filepath.Join(t.TempDir(), "ca.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a authority) server(t *testing.T, ip string) *tls.Config {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.ParseIP(ip)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
