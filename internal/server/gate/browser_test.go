package gate_test

import (
	"strings"
	"testing"
	"time"

	"rekey/internal/challenge"
	chromium "rekey/internal/lab/browser"
	"rekey/internal/locale"
	"rekey/internal/server/servertest"
)

// tab is a real browser that looks at a portal.
func tab(t *testing.T, p *servertest.Portal, o chromium.Options) *chromium.Page {
	t.Helper()
	page := chromium.New(t, o)
	page.Open(chromium.Serve(t, p.Handler) + "/")
	return page
}

// TestInABrowserWithAScript: nobody waits and nobody is asked for anything, with every form that is guarded.
func TestInABrowserWithAScript(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always, Bits: 16})
	b := tab(t, p, chromium.Options{Phone: true})
	for _, path := range []string{"/", "/unlock"} {
		b.Open(path)
		b.Fill("User name", "anna")
		b.Press("Continue")
		b.SeeHeading(prove)
	}
	b.Open("/")
	b.Fill("User name", "twin")
	b.Press("Continue")
	b.SeeHeading("Which account is yours?")
	b.Pick("sales.example.test")
	b.Press("Continue")
	b.SeeHeading(prove)
	b.Open("/account")
	b.Fill("User name", "anna")
	b.Fill("Password", "not it")
	b.Press("Sign in")
	b.See(wrong)
	b.Fill("Password", servertest.Password)
	b.Press("Sign in")
	b.SeeHeading(account)
	for _, r := range b.Requests() {
		if strings.HasSuffix(r.URL, "/check") {
			t.Errorf("it had to wait: %s %s", r.Method, r.URL)
		}
	}
	if strings.Contains(p.Log.String(), "not accepted") {
		t.Errorf("logged: %s", p.Log)
	}
}

// TestInABrowserThatIsAskedLate: somebody else behind the same address has used up what was free while the form was filled in. The page
// that waits does the work by itself.
func TestInABrowserThatIsAskedLate(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{After: 1, Bits: 16})
	b := tab(t, p, chromium.Options{})
	b.Fill("User name", "anna")
	other := tab(t, p, chromium.Options{})
	b.Wait("the script's question", `performance.getEntriesByType("resource").some((e) => e.name.endsWith("/check/start") && e.responseEnd > 0)`)
	other.Fill("User name", "ben")
	other.Press("Continue")
	other.SeeHeading(prove)
	b.Press("Continue")
	b.SeeHeading(prove)
	if got := p.Audit(t); len(got) != 2 {
		t.Errorf("recorded %v", got)
	}
}

// TestInABrowserWithoutAScript: in every language, the page says what happens, fits on a phone, and goes on in its time.
func TestInABrowserWithoutAScript(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range catalogue.Languages() {
		say := catalogue.Printer(l.Tag)
		b := tab(t, p, chromium.Options{NoScript: true, Phone: i%2 == 0, Language: l.Tag, Dark: i%2 == 1})
		b.Fill("name", "anna")
		b.Press(say.T("action.continue"))
		b.SeeHeading(say.T("check.title"))
		if over := b.Overflow(); over > 0 {
			t.Errorf("%s: the page is %d px too wide", l.Tag, over)
		}
		p.Advance(challenge.Patience)
		b.Reload()
		b.SeeHeading(say.T("check.ready.title"))
		b.Press(say.T("action.continue"))
		b.SeeHeading(say.T("choose.title"))
	}
}

// TestTheWaitingPageLooksAgainByItself: without a script too, and without a press.
func TestTheWaitingPageLooksAgainByItself(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	b := tab(t, p, chromium.Options{NoScript: true})
	b.Fill("User name", "anna")
	b.Press("Continue")
	b.SeeHeading(robot)
	p.Advance(challenge.Patience - time.Second)
	b.Reload()
	b.See("In 1 second at most you can go on.")
	p.Advance(time.Second)
	b.SeeHeading(goOn)
}
