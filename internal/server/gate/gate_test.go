package gate_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"rekey/internal/challenge"
	"rekey/internal/challenge/challengetest"
	chromium "rekey/internal/lab/browser"
	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/visitor"
	"rekey/internal/secret"
	"rekey/internal/server/servertest"
)

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	chromium.Stop()
	os.Exit(code)
}

const (
	robot   = "We check that you are not a robot"
	goOn    = "Thank you, you can go on"
	prove   = "How do you want to prove it is you?"
	wrong   = "User name or password is not right"
	account = "Set up how you prove it is you"
)

// portal is one that asks as the settings say.
func portal(t *testing.T, c challenge.Config) *servertest.Portal {
	t.Helper()
	if c.Bits == 0 {
		c.Bits = 12
	}
	rules, err := c.Compile(func(secret.Ref) (secret.Text, error) { return secret.New("s3cret"), nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := servertest.New(t)
	p.Snapshot.Challenge = rules
	return p
}

// browser is a visitor without a script, whose missteps end the test.
type browser struct {
	*visitor.Visitor
	t *testing.T
}

func open(t *testing.T, p *servertest.Portal) browser { return browser{p.Visitor(), t} }

func (b browser) must(page *visitor.Page, err error) *visitor.Page {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return page
}

func (b browser) start(name string) *visitor.Page {
	b.t.Helper()
	return b.must(b.Start(b.t.Context(), "reset", name))
}

func (b browser) get(path string) *visitor.Page {
	b.t.Helper()
	return b.must(b.Open(b.t.Context(), path))
}

func (b browser) submit(action string, f visitor.Fields) *visitor.Page {
	b.t.Helper()
	return b.must(b.Submit(b.t.Context(), action, f))
}

func see(t *testing.T, p *visitor.Page, path, h1 string) {
	t.Helper()
	if p.Path != path || p.H1 != h1 {
		t.Fatalf("at %s, status %d: %q, want %s: %q\n%s", p.Path, p.Status, p.H1, path, h1, p.Text)
	}
}

// ask gets a puzzle as the script does; empty: nothing is asked.
func ask(t *testing.T, p *servertest.Portal, purpose challenge.Purpose) string {
	t.Helper()
	resp := p.Send(http.MethodGet, "/check/"+string(purpose), nil)
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNoContent {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return string(text)
}

// send sends the first page's form, as a script of anybody may, and gives where it leads, or the status.
func send(p *servertest.Portal, fields url.Values) string {
	resp := p.Send(http.MethodPost, "/start/reset", fields)
	_ = resp.Body.Close()
	if to := resp.Header.Get("Location"); to != "" {
		return to
	}
	return http.StatusText(resp.StatusCode)
}

func name(name, work string) url.Values { return url.Values{"name": {name}, "work": {work}} }

// TestWithoutAScriptThereIsASlowerWay: a page that waits, goes on in its time and not before, and keeps what was typed where only the
// portal can read it.
func TestWithoutAScriptThereIsASlowerWay(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	b := open(t, p)
	page := b.start("anna")
	see(t, page, "/check", robot)
	if !strings.Contains(page.HTML, `http-equiv="refresh" content="20"`) || !strings.Contains(page.Text, "In 20 seconds at most") {
		t.Errorf("the page does not say when it goes on: %s", page.HTML)
	}
	if strings.Contains(page.HTML, "anna") {
		t.Errorf("what was typed is on the page: %s", page.HTML)
	}
	p.Advance(19 * time.Second)
	page = b.submit("/start/reset", nil)
	see(t, page, "/check", robot)
	if !strings.Contains(page.HTML, `content="1"`) {
		t.Errorf("pressing too early begins the wait anew: %s", page.HTML)
	}
	p.Advance(time.Second)
	page = b.get("/check")
	see(t, page, "/check", goOn)
	if strings.Contains(page.HTML, "refresh") || strings.Contains(page.HTML, "check.js") {
		t.Error("the page that is ready waits on")
	}
	form, _ := page.Form("/start/reset")
	see(t, b.submit("/start/reset", nil), "/flow", prove)
	if got := p.Audit(t); len(got) != 1 || got[0] != "flow.started" {
		t.Errorf("recorded %v", got)
	}
	see(t, b.must(b.Post(t.Context(), "/start/reset", form.Hidden)), "/check", robot) // once is once
	p.Advance(challenge.WaitLife + time.Second)
	see(t, b.get("/check"), "/", "Get back into your account") // nobody waits for ever
}

// TestWithAScriptNobodyWaits: the answer to a puzzle is enough, once, for its purpose, in its time.
func TestWithAScriptNobodyWaits(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	first := open(t, p).get("/")
	if !strings.Contains(first.HTML, `data-check="/check/start"`) || !strings.Contains(first.HTML, "/static/check.") {
		t.Errorf("the first page does not load the script: %s", first.HTML)
	}
	answer := challengetest.Solve(ask(t, p, challenge.Start))
	late := challengetest.Solve(ask(t, p, challenge.Start))
	for _, c := range []struct{ what, work, to string }{
		{"an answer", answer, "/flow"},
		{"the same again", answer, "/check"},
		{"one that is not enough work", challengetest.Miss(ask(t, p, challenge.Start)), "/check"},
		{"one for the sign-in", challengetest.Solve(ask(t, p, challenge.SignIn)), "/check"},
		{"one for a choice of domain", challengetest.Solve(ask(t, p, challenge.Domain)), "/check"},
	} {
		if to := send(p, name("anna", c.work)); to != c.to {
			t.Errorf("%s leads to %s, want %s", c.what, to, c.to)
		}
	}
	p.Advance(challenge.PuzzleLife + 2*time.Second)
	if to := send(p, name("anna", late)); to == "/flow" {
		t.Error("an answer that comes too late is taken")
	}
	if to := send(p, name(" ", "")); to != http.StatusText(http.StatusUnprocessableEntity) {
		t.Errorf("a name nobody can have leads to %s: there is nothing to ask for", to)
	}
	if resp := p.Send(http.MethodGet, "/check/anything", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a puzzle for anything: status %d", resp.StatusCode)
	}
}

// TestAttack10OneAnswerSentSixteenTimes: whatever comes first, one of them passes.
func TestAttack10OneAnswerSentSixteenTimes(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	answer := challengetest.Solve(ask(t, p, challenge.Start))
	const racers = 16
	to := make(chan string, racers)
	for range racers {
		go func() { to <- send(p, name("anna", answer)) }()
	}
	passed := 0
	for range racers {
		if <-to == "/flow" {
			passed++
		}
	}
	if got := p.Audit(t); passed != 1 || len(got) != 1 {
		t.Errorf("%d passed, %v is recorded", passed, got)
	}
}

// TestAttack14AFloodOfStartsHasToWork: what one source may do without being asked is soon used up; then nothing is looked up, written
// or sent for it without work, and waiting cannot be had in bulk. Everybody else goes on as before.
func TestAttack14AFloodOfStartsHasToWork(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{})
	if puzzle := ask(t, p, challenge.Start); puzzle != "" {
		t.Errorf("a visitor who did nothing yet is asked: %s", puzzle)
	}
	led := map[string]int{}
	for range 60 {
		led[send(p, name("anna", ""))]++
	}
	if led["/flow"] != 3 || led["/check"] > 5 || led["/flow"]+led["/check"]+led["Too Many Requests"] != 60 {
		t.Errorf("a flood leads to %v", led)
	}
	for range 3 {
		if to := send(p, name("anna", challengetest.Solve(ask(t, p, challenge.Start)))); to != "/flow" {
			t.Errorf("with work it leads to %s", to)
		}
	}
	if got := p.Audit(t); len(got) != 6 {
		t.Errorf("recorded %v", got)
	}
	see(t, open(t, p).start("anna"), "/flow", prove) // from another address
}

// TestAttack14WrongAnswersUseUpWhatIsFree: guessing at one flow makes the next start dearer, whoever it is about.
func TestAttack14WrongAnswersUseUpWhatIsFree(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{})
	b := open(t, p)
	page := b.start("nobody-there")
	b.submit("/flow/choose", visitor.Fields{"method": page.Options("method")[0]})
	for range 2 {
		see(t, b.submit("/flow/answer", visitor.Fields{"code": "000000"}), "/flow", b.Page().H1)
	}
	see(t, b.start("anna"), "/check", robot)
}

// TestAttack16TheGateTellsNothing: whoever is named, a visitor without an answer sees one page, and nobody was looked up.
func TestAttack16TheGateTellsNothing(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	var first string
	for _, who := range []string{"anna", "nobody-there", "dora", "twin"} {
		b := open(t, p)
		page := b.start(who)
		see(t, page, "/check", robot)
		cookies := b.Cookies()
		if len(cookies) != 1 || cookies[0].Name != "__Host-check" {
			t.Errorf("%s: cookies %v", who, cookies)
		}
		if first == "" {
			first = page.Text
		}
		if page.Text != first {
			t.Errorf("%s sees %s, want %s", who, page.Text, first)
		}
	}
	if got := p.Audit(t); len(got) != 0 {
		t.Errorf("recorded %v", got)
	}
}

func TestNeverWhereNobodyIsAsked(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]challenge.Config{
		"never": {Show: challenge.Never}, "a network of ours": {Show: challenge.Always, ExceptNetworks: []string{"192.0.2.0/24"}},
	} {
		p := portal(t, c)
		if puzzle := ask(t, p, challenge.Start); puzzle != "" {
			t.Errorf("%s: asked %s", what, puzzle)
		}
		for range 5 {
			if to := send(p, name("anna", "")); to != "/flow" {
				t.Errorf("%s: leads to %s", what, to)
			}
		}
		if page := open(t, p).get("/"); strings.Contains(page.HTML, "check.") != (c.Show == challenge.Always) {
			t.Errorf("%s: the page loads a script it has no use for, or lacks one", what)
		}
	}
}

// TestSignInKeepsEverythingButThePassword: it is typed once more after waiting, and is in nothing that a browser keeps.
func TestSignInKeepsEverythingButThePassword(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	b := open(t, p)
	b.get("/account")
	page := b.submit("/account/sign-in", visitor.Fields{"name": "anna", "password": servertest.Password})
	see(t, page, "/check", robot)
	wait, err := challenge.OpenWait(p.Keys, b.Cookies()[0].Value, p.Now())
	if err != nil || len(wait.Fields) != 1 || wait.Fields["name"] != "anna" {
		t.Errorf("kept %v, %v", wait.Fields, err)
	}
	p.Advance(challenge.Patience)
	page = b.get("/check")
	see(t, page, "/check", goOn)
	page = b.submit("/account/sign-in", nil)
	see(t, page, "/account/sign-in", "My account")
	if page.Status != http.StatusOK || !strings.Contains(page.Text, "Now type your password once more") || !strings.Contains(page.HTML, `value="anna"`) {
		t.Errorf("status %d: %s", page.Status, page.HTML)
	}
	see(t, b.submit("/account/sign-in", visitor.Fields{"name": "anna", "password": servertest.Password}), "/account/setup", account)

	work := challengetest.Solve(ask(t, p, challenge.SignIn))
	other := open(t, p)
	other.get("/account")
	page = other.submit("/account/sign-in", visitor.Fields{"name": "anna", "password": "not it", "work": work})
	if page.Path != "/account/sign-in" || !strings.Contains(page.Text, wrong) {
		t.Errorf("with work a wrong password leads to %s: %s", page.Path, page.Text)
	}
	see(t, other.submit("/account/sign-in", visitor.Fields{"name": "anna", "password": "not it", "work": work}), "/check", robot)
}

// TestOneAnswerForOneName: the choice of a domain asks for no second answer, and what it carries along is good for nothing else.
func TestOneAnswerForOneName(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	b := open(t, p)
	b.get("/")
	page := b.submit("/start/reset", visitor.Fields{"name": "twin", "work": challengetest.Solve(ask(t, p, challenge.Start))})
	see(t, page, "/start/reset", "Which account is yours?")
	form, _ := page.Form("/start/reset")
	if to := send(p, url.Values{"name": {"anna"}, "wait": form.Hidden["wait"]}); to != "/check" {
		t.Errorf("what the choice of a domain carries along starts for another name: %s", to)
	}
	see(t, b.submit("/start/reset", visitor.Fields{"domain": "sales.example.test"}), "/flow", prove)
	form.Hidden.Set("domain", "corp.example.test")
	if to := send(p, form.Hidden); to != "/check" {
		t.Errorf("used twice it leads to %s", to)
	}

	// a choice that has to wait is kept as well
	form.Hidden.Del("wait")
	see(t, b.must(b.Post(t.Context(), "/start/reset", form.Hidden)), "/check", robot)
	p.Advance(challenge.Patience)
	b.get("/check")
	see(t, b.submit("/start/reset", nil), "/flow", prove)
}

// TestAttack14WaitingIsNotHadInBulk: a source that waits with many forms goes on with few.
func TestAttack14WaitingIsNotHadInBulk(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	var waiting []string
	for range 40 {
		resp := p.Send(http.MethodPost, "/start/reset", name("anna", ""))
		_ = resp.Body.Close()
		for _, c := range resp.Cookies() {
			waiting = append(waiting, c.Value)
		}
	}
	if len(waiting) == 0 || len(waiting) > 5 { // 4 at once, and one more if this took its time
		t.Errorf("one source waits %d times", len(waiting))
	}
	p.Advance(challenge.Patience)
	for range 2 {
		for _, token := range waiting {
			send(p, url.Values{"wait": {token}})
		}
	}
	if got := p.Audit(t); len(got) != len(waiting) {
		t.Errorf("%d waited, %d were let through", len(waiting), len(got))
	}
}

// TestAttack03ForgedWaits: what was not sealed here, was changed, or is for another purpose is no wait.
func TestAttack03ForgedWaits(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	over, err := challenge.NewWait(challenge.SignIn, "/start/reset", map[string]string{"name": "anna"}, 0, p.Now()).Seal(p.Keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{over, over[:len(over)-2], "x", strings.Repeat("A", 4000), "{}"} {
		fields := name("anna", "")
		fields.Set("wait", token)
		if to := send(p, fields); to == "/flow" {
			t.Errorf("%.20q lets a form through", token)
		}
		r := httptest.NewRequest(http.MethodGet, servertest.Origin+"/check", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-check", Value: token})
		resp := p.Do(r)
		_ = resp.Body.Close()
		if token != over && (resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/") {
			t.Errorf("%.20q: the page is shown, status %d", token, resp.StatusCode)
		}
	}
	if got := p.Audit(t); len(got) != 0 {
		t.Errorf("recorded %v", got)
	}
}
