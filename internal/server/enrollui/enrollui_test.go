package enrollui_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/directory/memory"
	"rekey/internal/lab/visitor"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/policy"
	"rekey/internal/server/servertest"
)

const private = "anna@home.example.test"

func TestFirstSetUp(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	page := b.signIn("anna")
	see(t, page, "/account/setup", "Set up how you prove it is you", "Add 2 ways now", "Authenticator app", "Private e-mail")
	if got := page.Options("kind"); !slices.Equal(got, []string{"totp", "backup-code", "mail"}) {
		t.Errorf("offers %v, want the strongest first", got)
	}
	b.enrollApp("Work phone")
	see(t, b.Page(), "/account/setup", "Set up how you prove it is you", "One more and you are ready", "Added: Authenticator app", "Work phone")
	if got := b.Page().Options("kind"); !slices.Equal(got, []string{"mail"}) {
		t.Errorf("offers %v, want only what makes ready: another thing to have would not", got)
	}
	see(t, b.submit("/account/setup", visitor.Fields{"kind": "mail"}), "/account", "Add your private e-mail")
	see(t, b.submit("/account/answer", visitor.Fields{"address": private}), "/account", "Enter the code we sent you", "a•••@h•••.test")
	see(t, b.submit("/account/answer", visitor.Fields{"code": p.Code(t, private)}), "/account", "My account", "You are ready", "Added: Private e-mail", "Work phone")
	if strings.Contains(b.get("/account").Text, "Added: ") {
		t.Error("the notice is shown a second time")
	}
	see(t, b.get("/account/setup"), "/account/setup", "You are ready", "Go to my account")
	see(t, open(t, p).signIn("anna"), "/account", "My account", "You are ready")
	for _, want := range []string{"session.started", "method.added"} {
		if !slices.Contains(p.Audit(t), want) {
			t.Errorf("%s is not in the audit log: %v", want, p.Audit(t))
		}
	}
}

func TestSheet(t *testing.T) {
	t.Parallel()
	b := open(t, servertest.New(t))
	b.signIn("anna")
	page := b.submit("/account/setup", visitor.Fields{"kind": "backup-code"})
	see(t, page, "/account", "Keep these backup codes")
	_, rest, _ := strings.Cut(page.HTML, `<li><code dir="ltr">`)
	code, _, _ := strings.Cut(rest, "<")
	see(t, b.submit("/account/answer", visitor.Fields{"code": "AAAA-BBBB-CCCC-DDDD"}), "/account", "Keep these backup codes", "The code is not right", code)
	see(t, b.submit("/account/answer", visitor.Fields{"code": code}), "/account/setup", "Set up how you prove it is you", "Added: Backup code")
}

// TestSendANewCode is the resend while an address is being added: the first code dies, the second works, and both count.
func TestSendANewCode(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	b.submit("/account/setup", visitor.Fields{"kind": "mail"})
	b.submit("/account/answer", visitor.Fields{"address": private})
	first := p.Code(t, private)
	see(t, b.submit("/account/resend", nil), "/account", "Enter the code we sent you", "Older ones do not work")
	if second := p.Code(t, private); second == first {
		t.Fatal("no new code was sent")
	}
	if page := b.submit("/account/answer", visitor.Fields{"code": first}); len(page.Problems) != 1 {
		t.Errorf("the old code: %v", page.Problems)
	}
	b.submit("/account/resend", nil)
	if _, more := b.Page().Form("/account/resend"); more {
		t.Error("a fourth code is offered, three is the limit")
	}
	page := b.post("/account/resend", b.Page().Forms[0].Hidden)
	if page.Status != http.StatusTooManyRequests || len(p.Outbox(t)) != 3 {
		t.Errorf("a fourth code: status %d, %d messages", page.Status, len(p.Outbox(t)))
	}
	b.get("/account")
	see(t, b.submit("/account/answer", visitor.Fields{"code": p.Code(t, private)}), "/account/setup", "Set up how you prove it is you", "Added: Private e-mail")
}

func TestProblemsOfAnAddition(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	if page := b.submit("/account/setup", nil); page.Status != 422 || !slices.Equal(page.Problems, []string{"Pick what you want to add"}) {
		t.Errorf("nothing picked: status %d, %v", page.Status, page.Problems)
	}
	b.submit("/account/setup", visitor.Fields{"kind": "mail"})
	for typed, want := range map[string]string{
		"anna@":                   "Enter an e-mail address, for example anna@example.org",
		"anna@corp.example.test":  "You could not read this mailbox without the password you forgot. Use a private one",
		"other@corp.example.test": "You could not read this mailbox without the password you forgot. Use a private one",
	} {
		page := b.submit("/account/answer", visitor.Fields{"address": typed})
		if page.Status != 422 || !slices.Equal(page.Problems, []string{want}) || !strings.Contains(page.HTML, `value="`+typed+`"`) {
			t.Errorf("%s: status %d, %v", typed, page.Status, page.Problems)
		}
	}
	b.submit("/account/answer", visitor.Fields{"address": private})
	b.portal.Advance(9 * time.Minute)
	b.get("/account")
	b.portal.Advance(2 * time.Minute)
	see(t, b.submit("/account/answer", visitor.Fields{"code": p.Code(t, private)}), "/account", "Enter the code we sent you", "This code is too old")
	if strings.Contains(b.get("/account").Text, "too old") {
		t.Error("the notice is shown a second time")
	}
	b.submit("/account/resend", nil)
	for range 2 {
		b.submit("/account/answer", visitor.Fields{"code": "000000"})
	}
	see(t, b.Page(), "/account/setup", "Set up how you prove it is you", "Too many wrong tries with this code")
	b.submit("/account/setup", visitor.Fields{"kind": "totp"})
	see(t, b.submit("/account/cancel", nil), "/account/setup", "Set up how you prove it is you")
}

func TestStepUp(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	secret := b.enrollApp("")
	b.get("/account")
	see(t, b.submit("/account/add", visitor.Fields{"kind": "mail"}), "/account", "Add your private e-mail") // proven a moment ago
	b.submit("/account/cancel", nil)
	b.later()

	b.get("/account")
	see(t, b.submit("/account/add", visitor.Fields{"kind": "mail"}), "/account", "First prove it is you", "Then you can add another way")
	see(t, b.submit("/account/choose", nil), "/account/choose", "First prove it is you", "Pick one of the ways")
	see(t, b.get("/account"), "/account", "First prove it is you") // wherever one comes from
	see(t, b.submit("/account/choose", visitor.Fields{"method": "totp"}), "/account", "Enter the code from your authenticator app")
	see(t, b.submit("/account/back", nil), "/account", "First prove it is you")
	b.submit("/account/choose", visitor.Fields{"method": "totp"})
	see(t, b.submit("/account/answer", visitor.Fields{"code": "000000"}), "/account", "Enter the code from your authenticator app", "The code is not right")
	before := b.Cookies()[0].Value
	see(t, b.submit("/account/answer", visitor.Fields{"code": b.appCode(secret)}), "/account", "Add your private e-mail")
	if b.Cookies()[0].Value == before {
		t.Error("the level rose and the token is the same")
	}
	see(t, b.submit("/account/cancel", nil), "/account/setup", "Set up how you prove it is you")

	b.later()
	b.post("/account/add", url.Values{"kind": {"mail"}})
	b.submit("/account/choose", visitor.Fields{"method": "totp"})
	for range 3 {
		b.submit("/account/answer", visitor.Fields{"code": "000000"})
	}
	see(t, b.Page(), "/account", "First prove it is you", "Too many wrong tries with this code")
	see(t, b.stepUp(secret), "/account", "Add your private e-mail")
}

func TestRemoveAndRename(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	secret := b.enrollApp("Phone")
	path := methodPath(t, b.get("/account"), "rename")
	b.get(path)
	if page := b.submit(path, visitor.Fields{"label": " \t"}); page.Status != 422 || !slices.Equal(page.Problems, []string{"Enter a name"}) {
		t.Errorf("an empty name: status %d, %v", page.Status, page.Problems)
	}
	b.get(path)
	page := b.submit(path, visitor.Fields{"label": strings.Repeat("x", 61)})
	if page.Status != 422 || !slices.Equal(page.Problems, []string{"Use at most 60 characters"}) {
		t.Errorf("a long name: status %d, %v", page.Status, page.Problems)
	}
	see(t, b.submit(path, visitor.Fields{"label": "My phone"}), "/account", "My account", "The new name is saved", "My phone")

	b.later()
	remove := methodPath(t, b.get("/account"), "remove")
	see(t, b.get(remove), remove, "Remove this way?", "My phone", "2 more ways are needed")
	see(t, b.submit(remove, nil), "/account", "First prove it is you", "Then you can remove it")
	see(t, b.stepUp(secret), "/account", "My account", "Removed: Authenticator app", "None yet")
	see(t, b.get(remove), "/account", "My account") // gone
	see(t, b.post(remove, nil), "/account", "My account")
	var told []string
	for _, m := range p.Outbox(t) {
		if m.To == "anna@corp.example.test" {
			told = append(told, string(m.Template)+" "+m.Data["label"])
		}
	}
	if want := []string{"method-added Phone", "method-removed My phone"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestSessionsAndHistory(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	one, two := open(t, p), open(t, p)
	one.signIn("anna")
	two.signIn("anna")
	ben := open(t, p)
	ben.signIn("ben")
	page := two.get("/account")
	if n := strings.Count(page.Text, "Firefox on Windows"); n != 2 {
		t.Errorf("%d sessions are listed, want 2: %s", n, page.Text)
	}
	if n := strings.Count(page.Text, "Signed in to My account"); n != 2 {
		t.Errorf("%d sign-ins in the history, want anna's 2", n)
	}
	two.submit("/account/end-others", nil)
	see(t, one.get("/account"), "/account", "My account", "we sign you out after a while", "User name")
	see(t, two.get("/account"), "/account", "My account", "anna")
	see(t, ben.get("/account"), "/account", "My account", "ben")
	see(t, two.submit("/account/sign-out", nil), "/account/signed-out", "You are signed out")
	if len(two.Cookies()) != 0 {
		t.Errorf("cookies after signing out: %v", two.Cookies())
	}
	page = two.get("/account")
	if _, signIn := page.Form("/account/sign-in"); !signIn || strings.Contains(page.Text, "anna") {
		t.Errorf("after signing out: %s", page.Text)
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	p.Advance(9 * time.Minute)
	if page := b.post("/account/extend", nil); page.Status != 200 || page.HTML != "600" {
		t.Errorf("extend: status %d, %q, want 600 seconds", page.Status, page.HTML)
	}
	p.Advance(9 * time.Minute)
	if page := b.get("/account/setup"); page.Path != "/account/setup" {
		t.Fatalf("the extended session has ended: %s", page.Text)
	} else if !strings.Contains(page.HTML, `data-timeout="600"`) || !strings.Contains(page.HTML, `data-over="/account"`) {
		t.Error("the page does not tell when it ends")
	}
	p.Advance(11 * time.Minute)
	see(t, b.post("/account/add", url.Values{"kind": {"totp"}}), "/account", "My account", "Sign in again to go on")
	if page := b.post("/account/extend", nil); page.Status != 404 {
		t.Errorf("extend after the end: status %d", page.Status)
	}

	b.signIn("anna")
	for range 8 {
		p.Advance(8 * time.Minute)
		b.get("/account/setup")
	}
	see(t, b.Page(), "/account", "My account", "User name") // an hour is the most
}

func TestSignInProblems(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	for _, c := range []struct{ name, password, want string }{
		{"", "x", "Enter your user name, as you type it to sign in"},
		{"anna", "", "Enter your password"},
		{"anna", "wrong", wrongSignIn},
		{"nobody-there", "wrong", wrongSignIn},
		{"dora", servertest.Password, wrongSignIn},
		{"twin", servertest.Password, "Pick the one you sign in to"},
	} {
		b := open(t, p)
		b.get("/account")
		page := b.submit("/account/sign-in", visitor.Fields{"name": c.name, "password": c.password})
		if page.Status != 422 || !slices.Equal(page.Problems, []string{c.want}) {
			t.Errorf("%s: status %d, %v, want %q", c.name, page.Status, page.Problems, c.want)
		}
		if c.password != "" && c.password != "x" && strings.Contains(page.HTML, c.password) {
			t.Errorf("%s: the password is sent back", c.name)
		}
		if len(b.Cookies()) != 0 {
			t.Errorf("%s: cookies %v", c.name, b.Cookies())
		}
	}
}

const wrongSignIn = "User name or password is not right, or the account is locked"

func TestExpiredPasswordLeadsToTheChangePage(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	for _, name := range []string{"emil", "mona"} {
		b := open(t, p)
		page := b.signIn(name)
		see(t, page, "/account/sign-in", "My account", "This password has expired. Change it first, then come back")
		if !strings.Contains(page.HTML, `href="/change"`) {
			t.Errorf("%s: no way to the change page", name)
		}
	}
}

func TestSeveralDomains(t *testing.T) {
	t.Parallel()
	b := open(t, servertest.New(t))
	page := b.signIn("twin")
	if got := page.Options("domain"); !slices.Equal(got, []string{"corp.example.test", "sales.example.test"}) {
		t.Fatalf("domains %v", got)
	}
	f, _ := page.Form("/account/sign-in")
	if len(f.Hidden) != 0 || strings.Contains(page.HTML, servertest.Password) {
		t.Errorf("carried along: %v", f.Hidden)
	}
	page = b.submit("/account/sign-in", visitor.Fields{"name": "twin", "domain": "sales.example.test", "password": servertest.Password})
	see(t, page, "/account/setup", "Set up how you prove it is you")
	see(t, b.get("/account"), "/account", "My account", "Toni Twin")
}

func TestFrozenAccountChangesNothing(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	b.enrollApp("Phone")
	remove := methodPath(t, b.get("/account"), "remove")
	link := notice.FreezeToken(p.Keys, accountOf(t, p, "anna"), p.Now().Add(time.Hour))
	b.get(notice.FreezePath + link)
	b.submit(notice.FreezePath+link, nil)
	see(t, b.get("/account"), "/account", "My account", "User name") // every session has ended

	see(t, b.signIn("anna"), "/account", "My account", "Closed for resets")
	if _, offered := b.Page().Form("/account/add"); offered {
		t.Error("an addition is offered")
	}
	see(t, b.get("/account/setup"), "/account", "My account", "Closed for resets")
	see(t, b.post("/account/add", url.Values{"kind": {"mail"}}), "/account", "My account", "Closed for resets")
	see(t, b.post("/account/setup", url.Values{"kind": {"mail"}}), "/account", "My account", "Closed for resets")
	see(t, b.post(remove, nil), "/account", "My account", "Closed for resets", "Phone")
}

func TestWhomThePolicyAllowsNothing(t *testing.T) {
	t.Parallel()
	b := open(t, servertest.New(t))
	see(t, b.signIn("carl"), "/account", "My account", "Not for this account")
	if strings.Contains(b.Page().Text, "You are ready") {
		t.Error("says ready")
	}
	see(t, b.get("/account/setup"), "/account", "My account")
	if page := b.post("/account/add", url.Values{"kind": {"totp"}}); page.Status != http.StatusForbidden {
		t.Errorf("an addition that leads nowhere: status %d", page.Status)
	}
}

func TestDirectoryDown(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.get("/account")
	p.Corp.Fail(1)
	for range 12 { // more often than wrong passwords are taken
		page := b.post("/account/sign-in", url.Values{"name": {"anna"}, "password": {servertest.Password}})
		if page.Status != http.StatusServiceUnavailable {
			t.Fatalf("status %d", page.Status)
		}
	}
	p.Corp.Fail(0)
	see(t, b.signIn("anna"), "/account/setup", "Set up how you prove it is you") // an outage counts as nobody's mistake
}

func TestHeldByWrongAnswers(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	secret := b.enrollApp("")
	b.later()
	b.post("/account/add", url.Values{"kind": {"mail"}})
	page := b.get("/account")
	for range 10 {
		if page.H1 == "First prove it is you" {
			b.submit("/account/choose", visitor.Fields{"method": "totp"})
		}
		page = b.submit("/account/answer", visitor.Fields{"code": "000000"})
	}
	if page.Status != http.StatusForbidden || page.H1 != "Too many wrong tries. Wait a while, or call the help desk" {
		t.Errorf("the tenth wrong answer: status %d, %q", page.Status, page.H1)
	}
	held := func(m message.Message) bool {
		return m.Template == message.RecoveryBlocked && m.To == "anna@corp.example.test"
	}
	if !slices.ContainsFunc(p.Outbox(t), held) {
		t.Error("the owner was not told")
	}
	b.post("/account/add", url.Values{"kind": {"mail"}})
	b.get("/account")
	b.submit("/account/choose", visitor.Fields{"method": "totp"})
	if page := b.submit("/account/answer", visitor.Fields{"code": b.appCode(secret)}); page.Status != http.StatusForbidden {
		t.Errorf("a right answer while held: status %d, %s", page.Status, page.Text)
	}
}

// TestWhatTheThreatLevelStops: nobody signs in, and who is signed in changes nothing.
func TestWhatTheThreatLevelStops(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	level := policy.Calm
	p.Enrollment.Threat = func() policy.Threat { return level }
	b := open(t, p)
	b.signIn("anna")
	b.submit("/account/setup", visitor.Fields{"kind": "mail"})
	level = policy.Stopped
	see(t, b.submit("/account/answer", visitor.Fields{"address": private}), "/account/answer", "This is closed for now, for safety")
	if n := len(p.Outbox(t)); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
	other := open(t, p)
	other.get("/account")
	see(t, other.submit("/account/sign-in", visitor.Fields{"name": "anna", "password": servertest.Password}), "/account/sign-in", "This is closed for now, for safety")
	level = policy.PrivilegedStopped
	p.Corp.Update(p.ID(t, "ben"), func(a *memory.Account) { a.State.Privileged = true })
	for name, closed := range map[string]bool{"anna": false, "ben": true} {
		b := open(t, p)
		b.signIn(name)
		if page := b.submit("/account/setup", visitor.Fields{"kind": "mail"}); (page.H1 == "This is closed for now, for safety") != closed {
			t.Errorf("%s: %q", name, page.H1)
		}
	}
	level = policy.RaisedByOne
	see(t, open(t, p).signIn("anna"), "/account/setup", "Set up how you prove it is you")
}
