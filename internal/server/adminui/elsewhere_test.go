package adminui_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rekey/internal/admin"
	"rekey/internal/lab/oidc"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
)

// firm is a console whose administrators may sign in at a real OpenID provider.
type firm struct {
	*consoletest.Desk
	t        *testing.T
	provider *oidc.Provider
	browser  *http.Client // at the provider
}

func newFirm(t *testing.T) *firm {
	t.Helper()
	p, err := oidc.Start(t.Context(), consoletest.Origin+admin.BackPath)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	authority, password := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "secret")
	for file, text := range map[string][]byte{authority: p.CA, password: []byte(oidc.ClientSecret)} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	document := consoletest.Document + fmt.Sprintf("console:\n  oidc: {issuer: %q, client_id: %s, client_secret: {file: %s}, acr: [phr, phrh], ca_file: %s, label: Example sign-in}\n",
		p.Issuer, oidc.ClientID, password, authority)
	jar, _ := cookiejar.New(nil)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.CA)
	f := &firm{t: t, provider: p, browser: &http.Client{
		Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.Cleanup(f.browser.CloseIdleConnections)
	f.Desk = consoletest.WithSettings(t, document, func(*consoletest.Desk) []server.Area { return nil })
	return f
}

// away signs somebody in at the provider and gives the address the browser is sent back to.
func (f *firm) away(where, name, acr string, at time.Time) string {
	f.t.Helper()
	login := f.location(http.MethodGet, where, nil)
	u, err := url.Parse(login)
	if err != nil || !f.provider.SignIn(u.Query().Get("id"), name, acr, at) {
		f.t.Fatalf("no login waits at %q", login)
	}
	back := f.location(http.MethodGet, f.provider.Issuer+"/authorize/callback?id="+url.QueryEscape(u.Query().Get("id")), nil)
	return strings.TrimPrefix(back, consoletest.Origin)
}

func (f *firm) location(method, to string, body io.Reader) string {
	f.t.Helper()
	if strings.HasPrefix(to, "/") {
		to = f.provider.Issuer + to
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(f.t.Context()), method, to, body)
	if err != nil {
		f.t.Fatal(err)
	}
	resp, err := f.browser.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.Header.Get("Location") == "" {
		f.t.Fatalf("%s: status %d, %s", to, resp.StatusCode, text)
	}
	return resp.Header.Get("Location")
}

func (f *firm) start(c *consoletest.Client, back string) string {
	f.t.Helper()
	got := c.Get(console.ElsewhereURL + "?" + url.Values{"return": {back}}.Encode())
	if !strings.HasPrefix(got.Location, f.provider.Issuer) {
		f.t.Fatalf("status %d, leads to %q", got.Status, got.Location)
	}
	return got.Location
}

func TestTheFirmsOwnSignIn(t *testing.T) {
	f := newFirm(t)
	c := f.Nobody()
	if got := c.Get(console.SignInURL); !strings.Contains(got.Body, "Use Example sign-in") {
		t.Error("the way there is not shown")
	}
	got := c.Get(f.away(f.start(c, console.SelfURL), "owner@corp.example.test", "phr", f.Now()))
	if got.Location != console.SelfURL || c.Get(console.SelfURL).Status != http.StatusOK {
		t.Fatalf("leads to %q: %s", got.Location, got.Body)
	}
	f.Advance(f.Settings.Snapshot().Console.StepUp + time.Second)
	form := url.Values{"name": {"anna"}}
	held := c.Post(console.AdministratorsURL+"/invite", form)
	if held.Status != http.StatusOK || !strings.Contains(held.Body, "Prove that it is still you") {
		t.Fatalf("status %d, %s", held.Status, held.Body)
	}
	if got := c.Post(console.AdministratorsURL+"/invite", consoletest.Form(held.Body, nil)); strings.Contains(got.Body, admin.InvitationPath) {
		t.Fatal("the form went through without a fresh sign-in")
	}
	got = c.Get(f.away(f.start(c, console.ProvenURL), "owner@corp.example.test", "phrh", f.Now()))
	if got.Location != console.ProvenURL {
		t.Fatalf("leads to %q: %s", got.Location, got.Body)
	}
	if got := c.Post(console.AdministratorsURL+"/invite", consoletest.Form(held.Body, nil)); !strings.Contains(got.Body, consoletest.Origin+admin.InvitationPath) {
		t.Errorf("the form that waited: status %d, %s", got.Status, got.Body)
	}
}

// TestAttack04TheFirmsSignInIsNotEnough: a weaker class, somebody without a role, an answer of another browser, one that comes twice, and
// somebody else who comes back to prove a session.
func TestAttack04TheFirmsSignInIsNotEnough(t *testing.T) {
	f := newFirm(t)
	refused := func(what string, c *consoletest.Client, path string) {
		t.Helper()
		if got := c.Get(path); got.Status != http.StatusUnprocessableEntity || c.Cookie("__Host-admin") != "" {
			t.Errorf("%s: status %d, leads to %q", what, got.Status, got.Location)
		}
	}
	for _, acr := range []string{"", "pwd", "phr phrh"} {
		c := f.Nobody()
		refused("class "+acr, c, f.away(f.start(c, ""), "owner@corp.example.test", acr, f.Now()))
	}
	c := f.Nobody()
	refused("no role", c, f.away(f.start(c, ""), "anna@corp.example.test", "phr", f.Now()))
	c = f.Nobody()
	refused("unknown here", c, f.away(f.start(c, ""), "stranger@corp.example.test", "phr", f.Now()))
	c = f.Nobody()
	refused("disabled", c, f.away(f.start(c, ""), "dora@corp.example.test", "phr", f.Now()))
	c = f.Nobody()
	back := f.away(f.start(c, ""), "owner@corp.example.test", "phr", f.Now())
	refused("another browser", f.Nobody(), back)
	if got := c.Get(back); got.Status != http.StatusSeeOther {
		t.Fatalf("the right one: status %d", got.Status)
	}
	c.Post(console.OutURL, nil)
	c.Get(console.SignInURL)
	refused("the answer a second time", c, back)

	owner := f.Nobody()
	owner.Get(f.away(f.start(owner, ""), "owner@corp.example.test", "phr", f.Now()))
	before := owner.Cookie("__Host-admin")
	got := owner.Get(f.away(f.start(owner, console.ProvenURL), "auditor@corp.example.test", "phr", f.Now()))
	if got.Status != http.StatusUnprocessableEntity || owner.Cookie("__Host-admin") != before {
		t.Errorf("another administrator proves the session: status %d", got.Status)
	}
	if got := f.Client(role.Owner).Get(console.ElsewhereURL); got.Status != http.StatusSeeOther {
		t.Errorf("status %d", got.Status)
	}
}
