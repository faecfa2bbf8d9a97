package browsertest

import (
	"strings"
	"testing"

	"rekey/internal/lab/browser"
)

// tab is a browser's tab that looks at every page it comes to.
type tab struct {
	*browser.Page
	t      *testing.T
	script bool
}

func newTab(t *testing.T, o browser.Options) *tab {
	t.Helper()
	return &tab{browser.New(t, o), t, !o.NoScript}
}

// beside opens another tab of the same browser.
func (b *tab) beside(o browser.Options) *tab {
	b.t.Helper()
	return &tab{b.Tab(o), b.t, !o.NoScript}
}

func (b *tab) Open(to string) {
	b.t.Helper()
	b.Page.Open(to)
	b.look()
}

func (b *tab) Reload() {
	b.t.Helper()
	b.Page.Reload()
	b.look()
}

func (b *tab) Back() {
	b.t.Helper()
	b.Page.Back()
	b.look()
}

func (b *tab) Press(text string) {
	b.t.Helper()
	b.Page.Press(text)
	b.look()
}

func (b *tab) Submit() {
	b.t.Helper()
	b.Page.Submit()
	b.look()
}

// sight is what look sees of a page.
type sight struct {
	Title, Lang, Dir string
	Headings         int
	Shape            string // what the page is made of, seen with which eyes
}

const seeing = `({
	title: document.title,
	lang: document.documentElement.lang,
	dir: document.documentElement.dir,
	headings: document.querySelectorAll("h1").length,
	shape: [
		document.documentElement.lang, innerWidth, matchMedia("(prefers-color-scheme: dark)").matches, document.querySelector("h1")?.innerText,
		...[...document.querySelectorAll("body *:not(path, option)")].map((e) => e.tagName + "." + e.className),
	].join(" "),
})`

// look checks what must hold for every page. Axe is asked once about pages that are made of the same parts.
func (b *tab) look() {
	b.t.Helper()
	s := browser.Eval[sight](b.Page, seeing)
	if s.Headings != 1 || s.Title == "" || s.Lang == "" || s.Dir == "" {
		b.t.Errorf("%s has %d headings of the first order, title %q, language %q, direction %q", b.URL(), s.Headings, s.Title, s.Lang, s.Dir)
	}
	if over := b.Overflow(); over > 0 {
		b.t.Errorf("%s (%s) is %d px wider than the window", b.URL(), b.Heading(), over)
	}
	if _, known := shared.seen.LoadOrStore(s.Shape, true); b.script && !known {
		b.axe()
	}
}

// axe says on which page something was found.
func (b *tab) axe() {
	b.t.Helper()
	failed := b.t.Failed()
	b.Axe()
	if b.t.Failed() && !failed {
		b.t.Errorf("the page was %s: %s", b.URL(), b.Heading())
	}
}

// lacks checks that the page does not say something.
func (b *tab) lacks(text string) {
	b.t.Helper()
	if strings.Contains(b.Text(), text) {
		b.t.Errorf("the page %q says %q", b.Heading(), text)
	}
}

// ways lists the kinds that the page offers.
func (b *tab) ways() []string {
	b.t.Helper()
	return browser.Eval[[]string](b.Page, `[...document.querySelectorAll("input[type=radio][name=method]")].map((e) => e.value)`)
}

// problem is what the summary at the top says is wrong; empty when nothing is.
func (b *tab) problem() string {
	b.t.Helper()
	return browser.Eval[string](b.Page, `document.querySelector("[data-summary] ul")?.innerText ?? ""`)
}

// seeProblem checks that the page says what is wrong, and with JavaScript that the focus is there.
func (b *tab) seeProblem(want string) {
	b.t.Helper()
	if got := b.problem(); got != want {
		b.t.Fatalf("the page %q says %q is wrong, want %q", b.Heading(), got, want)
	}
	if b.script {
		b.Wait("the focus on what is wrong", `document.activeElement.matches("[data-summary]")`)
	}
}
