package enrollui_test

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/visitor"
	"rekey/internal/server/servertest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// browser is a visitor whose missteps end the test.
type browser struct {
	*visitor.Visitor
	t      testing.TB
	portal *servertest.Portal
}

func open(t testing.TB, p *servertest.Portal) *browser {
	t.Helper()
	return &browser{p.Visitor(), t, p}
}

func (b *browser) get(path string) *visitor.Page {
	b.t.Helper()
	page, err := b.Open(b.t.Context(), path)
	if err != nil {
		b.t.Fatal(err)
	}
	return page
}

func (b *browser) submit(action string, f visitor.Fields) *visitor.Page {
	b.t.Helper()
	page, err := b.Submit(b.t.Context(), action, f)
	if err != nil {
		b.t.Fatal(err)
	}
	return page
}

func (b *browser) post(path string, v url.Values) *visitor.Page {
	b.t.Helper()
	page, err := b.Post(b.t.Context(), path, v)
	if err != nil {
		b.t.Fatal(err)
	}
	return page
}

func (b *browser) signIn(name string) *visitor.Page {
	b.t.Helper()
	b.get("/account")
	return b.submit("/account/sign-in", visitor.Fields{"name": name, "password": servertest.Password})
}

// see ends the test unless the page is the one at a path with a heading and, somewhere, the texts.
func see(t testing.TB, p *visitor.Page, path, h1 string, texts ...string) {
	t.Helper()
	if p.Path != path || p.H1 != h1 {
		t.Fatalf("at %s, status %d: %q, want %s: %q\n%s", p.Path, p.Status, p.H1, path, h1, p.Text)
	}
	for _, text := range texts {
		if !strings.Contains(p.Text, text) {
			t.Fatalf("%s does not say %q: %s", path, text, p.Text)
		}
	}
}

// key reads the key of an authenticator app from the page that shows it.
func key(t testing.TB, p *visitor.Page) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.HTML, `id="seed-key" dir="ltr">`)
	if !ok {
		t.Fatalf("no key on %q", p.H1)
	}
	shown, _, _ := strings.Cut(rest, "<")
	return strings.ReplaceAll(shown, " ", "")
}

// appCode is what the app shows now. Each is good once, so time goes on by a step first.
func (b *browser) appCode(secret string) string {
	b.t.Helper()
	b.portal.Advance(30 * time.Second)
	return codeNow(b.t, b.portal, secret)
}

func codeNow(t testing.TB, p *servertest.Portal, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, p.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrollApp adds an authenticator app in the wizard and gives its key.
func (b *browser) enrollApp(label string) (secret string) {
	b.t.Helper()
	secret = key(b.t, b.submit("/account/setup", visitor.Fields{"kind": "totp"}))
	b.submit("/account/answer", visitor.Fields{"code": b.appCode(secret), "label": label})
	return secret
}

// stepUp proves the app, from the page that asks which way.
func (b *browser) stepUp(secret string) *visitor.Page {
	b.t.Helper()
	b.submit("/account/choose", visitor.Fields{"method": "totp"})
	return b.submit("/account/answer", visitor.Fields{"code": b.appCode(secret)})
}

// later is when a proof no longer opens changes, with the session kept open.
func (b *browser) later() {
	b.t.Helper()
	for range 2 {
		b.portal.Advance(6 * time.Minute)
		b.get("/account")
	}
}

// methodPath finds the page that renames or removes the one method there is.
func methodPath(t testing.TB, p *visitor.Page, what string) string {
	t.Helper()
	for _, piece := range strings.Split(p.HTML, `"`) {
		if strings.HasPrefix(piece, "/account/methods/") && strings.HasSuffix(piece, "/"+what) {
			return piece
		}
	}
	t.Fatalf("nothing to %s on %q", what, p.H1)
	return ""
}

func accountOf(t testing.TB, p *servertest.Portal, name string) (id account.ID) {
	t.Helper()
	signed, err := p.Corp.Lookup(t.Context(), directory.Identifier{Raw: name, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return signed.ID
}
