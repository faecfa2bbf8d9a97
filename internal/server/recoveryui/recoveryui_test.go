package recoveryui_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"rekey/internal/directory"
	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/visitor"
	"rekey/internal/notice"
	"rekey/internal/server/servertest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	private = "anna@home.example.test"
	fresh   = "Quiet-Harbour-42-Lamps"
)

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

func (b *browser) start(action, name string) *visitor.Page {
	b.t.Helper()
	page, err := b.Start(b.t.Context(), action, name)
	if err != nil {
		b.t.Fatal(err)
	}
	return page
}

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

// appCode is what the app shows now. Each is good once, so time goes on by a step first.
func appCode(t testing.TB, p *servertest.Portal, secret string) string {
	t.Helper()
	p.Advance(30 * time.Second)
	code, err := totp.GenerateCode(secret, p.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enroll gives anna an app and a private mailbox, as she would herself, and the app's key to the test.
func enroll(t testing.TB, p *servertest.Portal) (secret string) {
	t.Helper()
	b := open(t, p)
	b.get("/account")
	b.submit("/account/sign-in", visitor.Fields{"name": "anna", "password": servertest.Password})
	page := b.submit("/account/setup", visitor.Fields{"kind": "totp"})
	_, rest, _ := strings.Cut(page.HTML, `id="seed-key" dir="ltr">`)
	secret, _, _ = strings.Cut(rest, "<")
	secret = strings.ReplaceAll(secret, " ", "")
	b.submit("/account/answer", visitor.Fields{"code": appCode(t, p, secret)})
	b.submit("/account/setup", visitor.Fields{"kind": "mail"})
	b.submit("/account/answer", visitor.Fields{"address": private})
	see(t, b.submit("/account/answer", visitor.Fields{"code": p.Code(t, private)}), "/account", "My account", "You are ready")
	return secret
}

// prove walks from the first page to the password.
func (b *browser) prove(action, secret string) *visitor.Page {
	b.t.Helper()
	b.start(action, "anna")
	b.submit("/flow/choose", visitor.Fields{"method": "totp"})
	b.submit("/flow/answer", visitor.Fields{"code": appCode(b.t, b.portal, secret)})
	b.submit("/flow/choose", visitor.Fields{"method": "mail"})
	return b.submit("/flow/answer", visitor.Fields{"code": b.portal.Code(b.t, private)})
}

func TestReset(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	secret := enroll(t, p)
	b := open(t, p)
	see(t, b.start("reset", "anna"), "/flow", "How do you want to prove it is you?", "You need 2 ways")
	see(t, b.submit("/flow/choose", nil), "/flow/choose", "How do you want to prove it is you?", "Pick one of the ways")
	b.submit("/flow/choose", visitor.Fields{"method": "totp"})
	see(t, b.submit("/flow/back", nil), "/flow", "How do you want to prove it is you?")
	b.submit("/flow/choose", visitor.Fields{"method": "totp"})
	see(t, b.submit("/flow/answer", visitor.Fields{"code": "000000"}), "/flow", "Enter the code from your authenticator app", "The code is not right")
	see(t, b.submit("/flow/answer", visitor.Fields{"code": appCode(t, p, secret)}), "/flow", "Now prove it in another way")
	b.submit("/flow/choose", visitor.Fields{"method": "mail"})
	before := b.Cookies()[0].Value
	see(t, b.submit("/flow/answer", visitor.Fields{"code": p.Code(t, private)}), "/flow", "Choose a new password")
	if b.Cookies()[0].Value == before {
		t.Error("everything is proven and the token is the same")
	}
	page := b.submit("/flow/finish", visitor.Fields{"password": "short", "password2": "short"})
	see(t, page, "/flow/finish", "Choose a new password", "At least 8 characters")
	if page.Status != 422 || strings.Contains(page.HTML, `value="short"`) {
		t.Errorf("a short password: status %d, or it is sent back", page.Status)
	}
	see(t, b.submit("/flow/finish", visitor.Fields{"password": fresh, "password2": fresh + "x"}), "/flow/finish", "Choose a new password", "not the same")
	see(t, b.submit("/flow/finish", visitor.Fields{"password": fresh, "password2": fresh}), "/flow", "You can sign in now")
	if p.Corp.Writes() != 1 {
		t.Errorf("%d writes", p.Corp.Writes())
	}
	see(t, b.get("/flow"), "/flow", "You can sign in now")
}

func TestSuggestion(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.prove("reset", enroll(t, p))
	page := b.submit("/flow/finish", visitor.Fields{"suggest": "1"})
	i := slices.IndexFunc(page.Forms[0].Inputs, func(in visitor.Input) bool { return in.Name == "password" })
	if i < 0 || page.Forms[0].Inputs[i].Value == "" {
		t.Fatalf("nothing is suggested: %s", page.Text)
	}
	suggested := page.Forms[0].Inputs[i].Value
	see(t, b.submit("/flow/finish", visitor.Fields{"password": suggested, "password2": suggested}), "/flow", "You can sign in now")
}

func TestChangeAnExpiredPassword(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	see(t, b.start("change", "emil"), "/flow", "Change your password")
	see(t, b.submit("/flow/finish", visitor.Fields{"password": fresh, "password2": fresh}), "/flow/finish", "Change your password", "Enter your current password")
	see(t, b.submit("/flow/finish", visitor.Fields{"current": "wrong", "password": fresh, "password2": fresh}), "/flow", "Change your password", "The current password is not right")
	page := b.submit("/flow/finish", visitor.Fields{"current": servertest.Password, "password": fresh, "password2": fresh})
	see(t, page, "/flow", "Use your new password from now on")
}

func TestUnlock(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	see(t, b.prove("unlock", enroll(t, p)), "/flow", "Unlock this account?", "anna")
	see(t, b.submit("/flow/finish", nil), "/flow", "You can sign in now", "It was not locked")
}

func TestEnds(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	enroll(t, p)
	b := open(t, p)
	b.start("reset", "anna")
	see(t, b.get("/flow/none"), "/flow/none", "If you can’t use any of the ways")
	see(t, b.get("/flow"), "/flow", "How do you want to prove it is you?")
	p.Advance(9 * time.Minute)
	if page := b.post("/flow/extend", nil); page.Status != 200 || page.HTML != "600" {
		t.Errorf("extend: status %d, %q, want 600 seconds", page.Status, page.HTML)
	}
	p.Advance(9 * time.Minute)
	see(t, b.get("/flow"), "/flow", "How do you want to prove it is you?")
	see(t, b.submit("/flow/cancel", nil), "/flow", "You stopped. Nothing has changed")
	b.start("reset", "anna")
	p.Advance(11 * time.Minute)
	see(t, b.submit("/flow/choose", visitor.Fields{"method": "totp"}), "/flow", "This took too long")
	if page := b.get("/stopped/elsewhere"); page.Status != 404 {
		t.Errorf("an action nobody knows: status %d", page.Status)
	}
	see(t, open(t, p).get("/.well-known/change-password"), "/change", "Change your password")
}

// TestMoreTimeKeepsTheForm: what stands on the page while a person asks for more time can still be sent.
func TestMoreTimeKeepsTheForm(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	enroll(t, p)
	b := open(t, p)
	form, ok := b.start("reset", "anna").Form("/flow/choose")
	if !ok {
		t.Fatal("no form to choose a way")
	}
	p.Advance(9 * time.Minute)
	b.post("/flow/extend", nil)
	form.Hidden.Set("method", "totp")
	see(t, b.post("/flow/choose", form.Hidden), "/flow", "Enter the code from your authenticator app")
}

func TestWhichDomain(t *testing.T) {
	t.Parallel()
	b := open(t, servertest.New(t))
	page := b.start("reset", "twin")
	see(t, page, "/start/reset", "Which account is yours?")
	if got := page.Options("domain"); !slices.Equal(got, []string{"corp.example.test", "sales.example.test"}) {
		t.Errorf("domains %v", got)
	}
	see(t, b.submit("/start/reset", visitor.Fields{"domain": "sales.example.test"}), "/flow", "How do you want to prove it is you?")
}

// TestFirstPage: it is drawn once per language, packed for who can unpack it, and never mixed up.
func TestFirstPage(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	for range 2 {
		for query, want := range map[string]string{"/?lang=de": "Zurück in Ihr Konto", "/?lang=en": "Get back into your account", "/?lang=en&x=<b>": "Get back into your account"} {
			page := open(t, p).get(query)
			if page.H1 != want || strings.Contains(page.HTML, "<b>") {
				t.Errorf("%s: %q", query, page.H1)
			}
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, servertest.Origin+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	resp := p.Do(r)
	unpacked, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil || !strings.Contains(string(text), "Get back into your account") {
		t.Errorf("packed page: %v, %.80s", err, text)
	}
	for _, want := range []string{"Accept-Encoding", "Accept-Language", "Cookie"} {
		if !strings.Contains(resp.Header.Get("Vary"), want) {
			t.Errorf("Vary is %q", resp.Header.Get("Vary"))
		}
	}
}

// TestAttack01StepSkipping: the last form first, an old form and a form of another flow change nothing.
func TestAttack01StepSkipping(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	secret := enroll(t, p)
	b := open(t, p)
	b.start("reset", "anna")
	f, _ := b.Page().Form("/flow/choose")
	finish := url.Values{"at": f.Hidden["at"], "password": {fresh}, "password2": {fresh}}
	see(t, b.post("/flow/finish", finish), "/flow", "How do you want to prove it is you?")
	see(t, b.post("/flow/answer", url.Values{"at": f.Hidden["at"], "code": {appCode(t, p, secret)}}), "/flow", "How do you want to prove it is you?")
	b.submit("/flow/choose", visitor.Fields{"method": "totp"})
	see(t, b.post("/flow/choose", url.Values{"at": f.Hidden["at"], "method": {"mail"}}), "/flow", "Enter the code from your authenticator app")
	see(t, b.submit("/flow/answer", visitor.Fields{"code": appCode(t, p, secret)}), "/flow", "Now prove it in another way")
	f, _ = b.Page().Form("/flow/choose")
	finish.Set("at", f.Hidden.Get("at"))
	see(t, b.post("/flow/finish", finish), "/flow", "Now prove it in another way") // one of two
	if got := b.Page().Options("method"); !slices.Equal(got, []string{"mail"}) {
		t.Errorf("offered %v after the app", got)
	}

	other := open(t, p)
	other.prove("reset", secret)
	f, _ = other.Page().Form("/flow/finish")
	finish.Set("at", f.Hidden.Get("at"))
	b.post("/flow/finish", finish)
	if p.Corp.Writes() != 0 {
		t.Error("the password was written")
	}
}

// TestAttack16StartTellsNothing: an unknown name, a disabled account and one without methods walk the pages of a plain member.
func TestAttack16StartTellsNothing(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	enroll(t, p)
	for _, name := range []string{"anna", "nobody-there", "dora", "ben"} {
		b := open(t, p)
		page := b.start("reset", name)
		see(t, page, "/flow", "How do you want to prove it is you?", "You need 2 ways")
		cookie := b.Cookies()
		if len(cookie) != 1 || cookie[0].Name != "__Host-flow" || len(cookie[0].Value) != 43 {
			t.Errorf("%s: cookies %v", name, cookie)
		}
		first := page.Options("method")
		if again := open(t, p).start("reset", name).Options("method"); !slices.Equal(again, first) {
			t.Errorf("%s: offered %v, then %v", name, first, again)
		}
		b.submit("/flow/choose", visitor.Fields{"method": first[0]})
		see(t, b.submit("/flow/answer", visitor.Fields{"code": "000000"}), "/flow", b.Page().H1, "The code is not right")
	}
	for _, name := range []string{"anna", "nobody-there", "dora"} {
		see(t, open(t, p).start("change", name), "/flow", "Change your password")
	}
}

// TestAttack24OpeningALinkDoesNothing: mail scanners open "this wasn't me" links; only the button acts, and acts on one account.
func TestAttack24OpeningALinkDoesNothing(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	enroll(t, p)
	anna, err := p.Corp.Lookup(t.Context(), directory.Identifier{Raw: "anna", Name: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	link := notice.FreezePath + notice.FreezeToken(p.Keys, anna.ID, p.Now().Add(time.Hour))
	b := open(t, p)
	b.get(link)
	see(t, b.get(link), link, "Was it not you?")
	if frozen, err := p.Store.Frozen(t.Context(), anna.ID); err != nil || frozen {
		t.Fatalf("frozen by opening the link: %v, %v", frozen, err)
	}
	see(t, b.submit(link, nil), link, "What happens now")
	if frozen, err := p.Store.Frozen(t.Context(), anna.ID); err != nil || !frozen {
		t.Errorf("not frozen by the button: %v, %v", frozen, err)
	}
	see(t, b.submitAgain(link), link, "What happens now")
	for _, bad := range []string{link + "x", notice.FreezePath + "x", notice.FreezePath + "x.y"} {
		if page := b.get(bad); page.Status != 404 || page.H1 != "This link is not good any more" {
			t.Errorf("%s: status %d, %q", bad, page.Status, page.H1)
		}
		if page := b.post(bad, nil); page.Status != 404 {
			t.Errorf("POST %s: status %d", bad, page.Status)
		}
	}
}

func (b *browser) submitAgain(path string) *visitor.Page {
	b.t.Helper()
	return b.post(path, nil)
}

// TestAttack23NoParameterLeadsElsewhere: where a form ends is decided here.
func TestAttack23NoParameterLeadsElsewhere(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	for _, name := range []string{"next", "return_to", "redirect", "url", "continue"} {
		b := open(t, p)
		page := b.post("/start/reset?"+name+"=//evil.example.test", url.Values{"name": {"anna"}, name: {"https://evil.example.test"}})
		if page.Path != "/flow" || strings.Contains(page.HTML, "evil.example.test") {
			t.Errorf("%s leads to %s", name, page.Path)
		}
	}
}

// TestAttack17NoSecretsInTheLog: a failed write logs neither the password nor the token.
func TestAttack17NoSecretsInTheLog(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.prove("reset", enroll(t, p))
	token := b.Cookies()[0].Value
	p.Corp.Fail(1)
	b.submit("/flow/finish", visitor.Fields{"password": fresh, "password2": fresh})
	if log := p.Log.String(); !strings.Contains(log, "directory") || strings.Contains(log, fresh) || strings.Contains(log, token) {
		t.Errorf("logged: %s", log)
	}
}
