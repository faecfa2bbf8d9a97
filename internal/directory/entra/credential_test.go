package entra_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
	"rekey/internal/secret"
)

// pair makes a self-signed certificate and writes it with its key to a file.
func pair(t testing.TB, ends time.Time, pkcs1 bool) (*x509.Certificate, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "rekey"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	if !pkcs1 {
		block.Type = "PRIVATE KEY"
		if block.Bytes, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			t.Fatal(err)
		}
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(block)...)
	return cert, written(t, string(text))
}

func written(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCertificate(t *testing.T) {
	for _, pkcs1 := range []bool{false, true} {
		b := newBench(t, nil)
		cert, path := pair(t, time.Now().Add(365*24*time.Hour), pkcs1)
		b.app.SetSecrets()
		b.app.SetCertificates(cert)
		d := b.open(func(c *entra.Config) { c.Secret, c.Certificate = secret.Ref{}, secret.Ref{File: path} })
		if err := b.set(d, after); err != nil {
			t.Error(err)
		}
		where, state, err := d.StartSignIn(t.Context(), directory.SignIn{Callback: callback, State: "x"})
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := b.browser().visit(where, b.anna.UserPrincipalName, after)
		if _, err := d.FinishSignIn(t.Context(), state, answer); err != nil {
			t.Errorf("sign-in with the certificate: %v", err)
		}
		_, other := pair(t, time.Now().Add(time.Hour), false)
		stranger := b.open(func(c *entra.Config) { c.Secret, c.Certificate = secret.Ref{}, secret.Ref{File: other} })
		if err := b.set(stranger, after); !errors.Is(err, directory.ErrUnavailable) || !strings.Contains(err.Error(), "not registered") {
			t.Errorf("a certificate that is not registered: %v", err)
		}
	}
}

func TestBadCertificates(t *testing.T) {
	b := newBench(t, nil)
	_, good := pair(t, time.Now().Add(time.Hour), false)
	_, another := pair(t, time.Now().Add(time.Hour), false)
	text := func(path string) string { b, _ := os.ReadFile(path); return string(b) }
	cert := func(path string) string { return strings.SplitAfter(text(path), "-----END CERTIFICATE-----\n")[0] }
	key := func(path string) string { return strings.SplitAfter(text(path), "-----END CERTIFICATE-----\n")[1] }
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	for why, pem := range map[string]string{
		"no key": cert(good), "no certificate": key(good), "another's key": cert(good) + key(another), "no PEM": "hello",
		"no RSA key": cert(good) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"broken key": cert(good) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("hello")})),
	} {
		c := b.config()
		c.Secret, c.Certificate = secret.Ref{}, secret.Ref{File: written(t, pem)}
		resolve := func(r secret.Ref) (secret.Text, error) { return secret.New(text(r.File)), nil }
		if _, err := entra.Open(c, entra.Deps{Resolve: resolve, Now: time.Now}); err == nil || !strings.HasPrefix(err.Error(), "certificate: ") {
			t.Errorf("%s: %v", why, err)
		}
	}
	for _, resolve := range []secret.Resolver{
		func(secret.Ref) (secret.Text, error) { return secret.Text{}, nil },
		func(secret.Ref) (secret.Text, error) { return secret.Text{}, errors.New("no such file") },
	} {
		if _, err := entra.Open(b.config(), entra.Deps{Resolve: resolve, Now: time.Now}); err == nil || !strings.HasPrefix(err.Error(), "secret: ") {
			t.Errorf("%v", err)
		}
	}
}

func TestWorkloadIdentity(t *testing.T) {
	const subject = "system:serviceaccount:rekey:rekey"
	b := newBench(t, nil)
	app := b.tenant.AddApp(graph.App{FederatedSubjects: []string{subject}, Permissions: permissions(), Roles: []string{graph.UserAdministrator}})
	token, err := app.WorkloadToken(subject)
	if err != nil {
		t.Fatal(err)
	}
	path := written(t, token+"\n")
	d := b.open(func(c *entra.Config) { c.Secret, c.TokenFile, c.ClientID = secret.Ref{}, path, app.ID() })
	if err := b.set(d, after); err != nil {
		t.Error(err)
	}
	missing := b.open(func(c *entra.Config) { c.Secret, c.TokenFile, c.ClientID = secret.Ref{}, path+".gone", app.ID() })
	if err := b.set(missing, after); !errors.Is(err, directory.ErrUnavailable) || !strings.Contains(err.Error(), "token_file") {
		t.Error(err)
	}
}

func TestManagedIdentity(t *testing.T) {
	b := newBench(t, nil)
	app := b.tenant.AddApp(graph.App{ManagedIdentity: true, Permissions: permissions(), Roles: []string{graph.UserAdministrator}})
	d := b.open(func(c *entra.Config) {
		c.Secret, c.ClientID = secret.Ref{}, app.ID()
		c.ManagedIdentity = &entra.ManagedIdentity{Endpoint: b.server.ManagedIdentity().IMDS + "/metadata/identity/oauth2/token"}
	})
	b.fail(graph.Fault{Path: "/metadata/identity", Times: 1, Status: http.StatusGone})
	if err := b.set(d, after); err != nil {
		t.Error(err)
	}
	b.accepts(after)
}

// TestTokens: one is used until it nears its end, and an old one while the authority is down.
func TestTokens(t *testing.T) {
	b := benchOn(t, own(t), nil)
	now := time.Now()
	d := b.openAt(func() time.Time { return now }, nil)
	read := func() error { _, err := d.PasswordSet(t.Context(), b.id(b.anna)); return err }
	grants := func() (n int) {
		for _, r := range b.server.Requests() {
			if strings.HasSuffix(r.Path, "/token") {
				n++
			}
		}
		return n
	}
	for range 3 {
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	if n := grants(); n != 1 {
		t.Errorf("%d tokens for three reads", n)
	}
	now = now.Add(56 * time.Minute)
	if err := read(); err != nil || grants() != 2 {
		t.Errorf("%d tokens when the first nears its end, %v", grants(), err)
	}
	now = now.Add(56 * time.Minute)
	b.fail(graph.Fault{Path: "/oauth2/v2.0/token", Status: http.StatusInternalServerError})
	if err := read(); err != nil {
		t.Errorf("while the authority is down: %v", err)
	}
	now = now.Add(10 * time.Minute)
	if err := read(); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("with a token that has ended: %v", err)
	}
}

func TestWrongSecretIsExplained(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	b.app.SetSecrets(graph.Secret{Value: "another"})
	if err := b.set(d, after); !errors.Is(err, directory.ErrUnavailable) || !strings.Contains(err.Error(), "AADSTS7000215") || strings.Contains(err.Error(), clientSecret) {
		t.Error(err)
	}
	b.app.SetSecrets(graph.Secret{Value: clientSecret, Expires: time.Now().Add(-time.Hour)})
	if h := d.Health(t.Context()); h.Readable || !strings.Contains(h.Detail, "expired") {
		t.Errorf("%+v", h)
	}
}
