package enrollui_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
	"rekey/internal/lab/visitor"
	"rekey/internal/server/servertest"
)

// TestAttack01StepSkipping: a form of another step, an old form and a direct POST change nothing and lead to where the session is.
func TestAttack01StepSkipping(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	see(t, b.submit("/account/setup", visitor.Fields{"kind": "totp"}), "/account", "Add an authenticator app")
	secret := key(t, b.Page())
	f, _ := b.Page().Form("/account/answer")
	stale := f.Hidden
	b.submit("/account/cancel", nil)
	b.submit("/account/setup", visitor.Fields{"kind": "mail"})

	answer := func(at, code string) *visitor.Page {
		return b.post("/account/answer", url.Values{"at": {at}, "code": {code}, "kind": {"totp"}})
	}
	see(t, answer(stale.Get("at"), b.appCode(secret)), "/account", "Add your private e-mail")
	see(t, answer("", b.appCode(secret)), "/account", "Add your private e-mail")
	f, _ = b.Page().Form("/account/answer")
	if page := answer(f.Hidden.Get("at"), b.appCode(secret)); page.Status != 422 { // the kind of the form is not looked at: an address is asked for
		t.Errorf("a code instead of the address: status %d, %s", page.Status, page.Text)
	}
	for _, path := range []string{"/account/choose", "/account/back"} {
		page := b.post(path, url.Values{"at": f.Hidden["at"], "method": {"totp"}})
		see(t, page, "/account", "Add your private e-mail")
	}
	for _, path := range []string{"/account/resend", "/account/cancel"} {
		see(t, b.post(path, stale), "/account", "Add your private e-mail")
	}
	see(t, b.get("/account/setup"), "/account", "Add your private e-mail")
	b.submit("/account/cancel", nil)
	if page := b.get("/account"); !strings.Contains(page.Text, "None yet") {
		t.Errorf("something was added: %s", page.Text)
	}
}

// TestAttack04PasswordAlone: once something is enrolled, no route adds or removes with the password alone.
func TestAttack04PasswordAlone(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	owner, thief := open(t, p), open(t, p)
	thief.signIn("anna") // before anything is enrolled
	see(t, thief.submit("/account/setup", visitor.Fields{"kind": "totp"}), "/account", "Add an authenticator app")
	stolen := key(t, thief.Page())
	f, _ := thief.Page().Form("/account/answer")
	owner.signIn("anna")
	owner.enrollApp("Mine")

	page := thief.post("/account/answer", url.Values{"at": f.Hidden["at"], "code": {thief.appCode(stolen)}})
	see(t, page, "/account", "First prove it is you")
	fresh := open(t, p)
	fresh.signIn("anna")
	remove := methodPath(t, fresh.get("/account"), "remove")
	for path, values := range map[string]url.Values{
		"/account/add": {"kind": {"totp"}}, "/account/setup": {"kind": {"mail"}}, remove: nil,
	} {
		see(t, fresh.post(path, values), "/account", "First prove it is you")
	}
	thief.post("/account/add", url.Values{"kind": {"mail"}})
	f, _ = thief.get("/account").Form("/account/choose")
	for _, answer := range []url.Values{
		{"at": f.Hidden["at"], "code": {thief.appCode(stolen)}}, {"at": f.Hidden["at"], "address": {private}}, {"at": f.Hidden["at"]},
	} {
		see(t, thief.post("/account/answer", answer), "/account", "First prove it is you")
	}
	if got := owner.get("/account").Text; strings.Count(got, "Added on") != 1 {
		t.Errorf("not exactly the owner's method is there: %s", got)
	}
}

// TestAttack07SessionMixing: nobody sees or touches what is another's, a token rises with its level, and a planted one opens nothing.
func TestAttack07SessionMixing(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	anna, ben := open(t, p), open(t, p)
	anna.signIn("anna")
	before := anna.Cookies()[0].Value
	anna.enrollApp("Anna’s phone")
	if anna.Cookies()[0].Value == before {
		t.Error("a method was added and the token is the same")
	}
	rename, remove := methodPath(t, anna.get("/account"), "rename"), methodPath(t, anna.Page(), "remove")
	ben.signIn("ben")
	for _, path := range []string{rename, remove} {
		see(t, ben.get(path), "/account", "My account", "ben")
		see(t, ben.post(path, url.Values{"label": {"Ben’s"}}), "/account", "My account", "ben")
	}
	if strings.Contains(ben.Page().Text, "anna") {
		t.Errorf("ben sees anna’s: %s", ben.Page().Text)
	}
	see(t, anna.get("/account"), "/account", "My account", "Anna’s phone")

	ben.submit("/account/add", visitor.Fields{"kind": "totp"})
	f, _ := ben.Page().Form("/account/answer")
	secret := key(t, ben.Page())
	see(t, anna.post("/account/answer", url.Values{"at": f.Hidden["at"], "code": {ben.appCode(secret)}}), "/account", "My account")
}

// TestAttack08EveryRouteThatChecksACodeCounts: sign-in, step-up and addition use up one and the same number of tries.
func TestAttack08EveryRouteThatChecksACodeCounts(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	b.submit("/account/setup", visitor.Fields{"kind": "totp"})
	for range 2 {
		b.submit("/account/answer", visitor.Fields{"code": "000000"})
	}
	b.submit("/account/cancel", nil)
	for range 2 {
		open(t, p).post("/account/sign-in", url.Values{"name": {"anna"}, "password": {"wrong"}})
	}
	b.get("/account/setup")
	for range 2 {
		b.submit("/account/setup", visitor.Fields{"kind": "totp"})
		for range 3 {
			b.submit("/account/answer", visitor.Fields{"code": "000000"})
		}
	}
	if got := p.Audit(t); !slices.Contains(got, "account.blocked held") {
		t.Errorf("ten wrong tries in all and nothing is held: %v", got)
	}
}

// TestAttack10OneAnswerManyTimes: of sixteen equal answers at once one is judged.
func TestAttack10OneAnswerManyTimes(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	secret := key(t, b.submit("/account/setup", visitor.Fields{"kind": "totp"}))
	f, _ := b.Page().Form("/account/answer")
	values := url.Values{"at": f.Hidden["at"], "code": {b.appCode(secret)}}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() { p.Send("POST", "/account/answer", values, b.Cookies()...) })
	}
	all.Wait()
	if n := count(p.Audit(t), "method.added"); n != 1 {
		t.Errorf("added %d times", n)
	}
}

// TestAttack10FirstMethodRace: of many sessions that hold the password alone, one adds the first method; the others must prove it.
func TestAttack10FirstMethodRace(t *testing.T) {
	t.Parallel()
	const sessions = 4
	p := servertest.New(t)
	meeting := &meeting{Directory: p.Corp}
	p.Snapshot.Directories[0] = meeting
	var sent []url.Values
	var cookies [][]*http.Cookie
	for range sessions {
		b := open(t, p)
		b.signIn("anna")
		secret := key(t, b.submit("/account/setup", visitor.Fields{"kind": "totp"}))
		f, _ := b.Page().Form("/account/answer")
		sent, cookies = append(sent, url.Values{"at": f.Hidden["at"], "code": {codeNow(t, p, secret)}}), append(cookies, b.Cookies())
	}
	meeting.expect(sessions) // nothing was enrolled when they asked, and each is about to add
	var all sync.WaitGroup
	for i := range sent {
		all.Go(func() { p.Send("POST", "/account/answer", sent[i], cookies[i]...) })
	}
	all.Wait()
	if n := count(p.Audit(t), "method.added"); n != 1 {
		t.Errorf("added %d times", n)
	}
}

// meeting is a directory at which readers wait for each other.
type meeting struct {
	*memory.Directory
	missing atomic.Int32
	all     sync.WaitGroup
}

func (m *meeting) expect(n int) {
	m.all.Add(n)
	m.missing.Store(int32(n))
}

func (m *meeting) Get(ctx context.Context, id account.ID) (account.Account, error) {
	if m.missing.Add(-1) >= 0 {
		m.all.Done()
		m.all.Wait()
	}
	return m.Directory.Get(ctx, id)
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// TestAttack16SignInTellsNothing: an unknown name, a wrong password, a held and a disabled account answer the same, leave the same
// trace and set no cookie.
func TestAttack16SignInTellsNothing(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	p.Corp.SetRules(directory.Rules{}) // no lock of its own
	try := func(name, password string) string {
		b := open(t, p)
		page := b.post("/account/sign-in", url.Values{"name": {name}, "password": {password}})
		text := strings.ReplaceAll(page.HTML, name, "NAME")
		return strings.Join([]string{page.Path, page.Header.Get("Set-Cookie"), text}, "\n")
	}
	want := try("anna", "wrong")
	for i := range 12 { // the account, and the unknown name, are held from the tenth on
		for _, name := range []string{"anna", "nobody-there"} {
			if got := try(name, "wrong"); got != want {
				t.Fatalf("try %d of %s differs:\n%s\nwant\n%s", i, name, got, want)
			}
		}
	}
	for name, password := range map[string]string{"anna": servertest.Password, "dora": servertest.Password} {
		if got := try(name, password); got != want {
			t.Errorf("%s differs:\n%s", name, got)
		}
	}
	counts := map[string]int{}
	for _, name := range p.Audit(t) {
		counts[name]++
	}
	if counts["session.refused unknown"] != 12 || counts["session.refused wrong"] != 10 || counts["session.refused held"] != 4 {
		t.Errorf("recorded %v", counts)
	}
}

// TestAttack17NoSecretsInTheLog: neither password nor codes nor tokens reach the log.
func TestAttack17NoSecretsInTheLog(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	secret := b.enrollApp("")
	p.Corp.Fail(1)
	b.get("/account")
	b.post("/account/sign-in", url.Values{"name": {"anna"}, "password": {servertest.Password}})
	log := p.Log.String()
	if !strings.Contains(log, "problem") {
		t.Fatalf("nothing was logged: %q", log)
	}
	for _, canary := range []string{servertest.Password, secret, b.Cookies()[0].Value} {
		if strings.Contains(log, canary) {
			t.Errorf("the log holds %s", canary)
		}
	}
}

// TestAttack23NoParameterLeadsElsewhere: where a form ends is decided here.
func TestAttack23NoParameterLeadsElsewhere(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	elsewhere := "//evil.example.test/"
	for _, name := range []string{"next", "return_to", "redirect", "then", "url", "continue"} {
		b := open(t, p)
		b.post("/account/sign-in?"+name+"="+elsewhere, url.Values{"name": {"anna"}, "password": {servertest.Password}, name: {elsewhere}})
		if b.Page().Path != "/account/setup" || strings.Contains(b.Page().HTML, "evil.example.test") {
			t.Errorf("%s leads to %s", name, b.Page().Path)
		}
		b.post("/account/add", url.Values{"kind": {"totp"}, name: {elsewhere}, "then": {"remove:x"}})
		if b.Page().Path != "/account" || strings.Contains(b.Page().HTML, "evil.example.test") {
			t.Errorf("%s leads to %s", name, b.Page().Path)
		}
	}
}

// TestAttack29LabelIsOneLineOfText: what a person calls a method cannot become markup, a line of its own, or turn the words beside it.
func TestAttack29LabelIsOneLineOfText(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	b.enrollApp("<script>x</script>\r\nBcc: a@b\x00\u202egnp\u2066")
	page := b.get("/account")
	if !strings.Contains(page.HTML, "&lt;script&gt;x&lt;/script&gt; Bcc: a@bgnp<") {
		t.Errorf("shown as %s", page.Text)
	}
}

// TestAttack38RecreatedAccountInheritsNothing: another account of the same name has no methods and no history.
func TestAttack38RecreatedAccountInheritsNothing(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	b := open(t, p)
	b.signIn("anna")
	b.enrollApp("Old phone")
	p.Recreate(t, "anna")
	again := open(t, p)
	see(t, again.signIn("anna"), "/account/setup", "Set up how you prove it is you", "Add 2 ways now")
	if text := again.get("/account").Text; strings.Contains(text, "Old phone") || strings.Contains(text, "Way added") {
		t.Errorf("inherited: %s", text)
	}
}
