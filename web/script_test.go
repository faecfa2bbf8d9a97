package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/lab/browser"
	"rekey/internal/passwordrule"
	"rekey/internal/secret"
	"rekey/web/component"
	"rekey/web/layout"
	"rekey/web/recoverypage"
)

// sent keeps what forms send, and answers with a page that says so.
type sent struct {
	mu    sync.Mutex
	forms []map[string]string
}

func (s *sent) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		_ = r.ParseForm() // an unreadable form is an empty one, and the test sees that
		form := map[string]string{}
		for name := range r.PostForm {
			form[name] = r.PostForm.Get(name)
		}
		s.mu.Lock()
		s.forms = append(s.forms, form)
		s.mu.Unlock()
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><title>Next</title><link rel="icon" href="data:,"><h1>%s %s</h1>`, r.Method, r.URL.Path)
}

func (s *sent) last(t *testing.T) map[string]string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.forms) == 0 {
		t.Fatal("nothing was sent")
	}
	return s.forms[len(s.forms)-1]
}

// open shows a story of a new book, in English.
func open(t *testing.T, o browser.Options, name string) (*browser.Page, *sent) {
	t.Helper()
	b, s := newBook(t), &sent{}
	b.answer = s.answer
	p := browser.New(t, o)
	p.Open(browser.Serve(t, b) + "/en/" + name)
	return p, s
}

func visible(p *browser.Page, selector string) bool {
	return browser.Eval[bool](p, `[...document.querySelectorAll(`+quote(selector)+`)].some((e) => e.checkVisibility() && e.getClientRects().length > 0)`)
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings can always be written
	}
	return string(b)
}

func TestFocusIsWhereThePersonGoesOn(t *testing.T) {
	desk, _ := open(t, browser.Options{}, "start-reset")
	phone, _ := open(t, browser.Options{Phone: true}, "start-reset")
	for _, c := range []struct {
		page        *browser.Page
		story, want string
	}{
		{desk, "start-reset", "name"},
		{phone, "start-reset", ""}, // the keyboard would hide the page
		{phone, "prove-totp", "code"},
		{desk, "add-seed", ""}, // there is something to read first
		{desk, "choose-two", ""},
	} {
		c.page.Open("/en/" + c.story)
		if c.want != "" { // a browser sets the focus when it has drawn the page
			c.page.Wait("the focus on "+c.want, `document.activeElement.id === "`+c.want+`"`)
		}
		if got := c.page.Focused(); got != c.want {
			t.Errorf("%s: the focus is on %q, want %q", c.story, got, c.want)
		}
	}
}

func TestProblemsTakeTheFocusAndLeadToTheirFields(t *testing.T) {
	for _, noScript := range []bool{false, true} {
		p, _ := open(t, browser.Options{NoScript: noScript}, "change-problem")
		p.Wait("the focus on the summary", `document.activeElement.matches("[data-summary]")`)
		if got := browser.Eval[string](p, `document.title`); !strings.HasPrefix(got, "Error: ") {
			t.Errorf("the title is %q", got)
		}
		p.Click("You have used this password before")
		p.Wait("the focus on the field", `document.activeElement.id === "password"`)
	}
}

func TestPasswordsAreShownAndHiddenAgain(t *testing.T) {
	p, s := open(t, browser.Options{}, "password")
	p.Fill("New password", "correct horse")
	kind := func() string { return browser.Eval[string](p, `document.getElementById("password").type`) }
	p.Click("Show")
	if got := kind(); got != "text" {
		t.Errorf("after Show the field is of type %s", got)
	}
	p.Click("Hide")
	if got := kind(); got != "password" {
		t.Errorf("after Hide the field is of type %s", got)
	}
	p.Click("Show")
	browser.Eval[bool](p, `(addEventListener("submit", () => sessionStorage.setItem("kind", document.getElementById("password").type)), true)`)
	p.Press("Save new password")
	p.SeeHeading("POST /sent")
	if got := browser.Eval[string](p, `sessionStorage.getItem("kind")`); got != "password" {
		t.Errorf("when it is sent the field is of type %s", got)
	}
	if got := s.last(t)["password"]; got != "correct horse" {
		t.Errorf("sent %q", got)
	}
	p.Back()
	p.SeeHeading("Choose a new password")
	if got := kind(); got != "password" || !visible(p, "[data-show]") {
		t.Errorf("after coming back the field is of type %s", got)
	}
}

func TestASuggestedPasswordIsReadable(t *testing.T) {
	p, s := open(t, browser.Options{}, "password-suggested")
	if got := browser.Eval[string](p, `document.getElementById("password").type`); got != "text" {
		t.Errorf("the field is of type %s, want text", got)
	}
	p.Wait("the rules to be judged", `document.querySelector("[data-rule=min-length]").dataset.state === "met"`)
	p.Press("Suggest one for me")
	if got := s.last(t)["suggest"]; got != "1" {
		t.Errorf("suggest=%q, want 1", got)
	}
}

// rulesOf are the rules of the story, as the judge knows them.
func rulesOf() passwordrule.Rules {
	return passwordrule.Rules{MinUnits: 8, MinLength: 15, MaxLength: 40, Classes: 3, OfClasses: 5, NoNameParts: []string{"anna", "Schmidt"}, ASCIIOnly: true}
}

// TestLiveRulesNeverPromiseTooMuch compares the browser's judgement with the server's.
func TestLiveRulesNeverPromiseTooMuch(t *testing.T) {
	p, _ := open(t, browser.Options{}, "password")
	states := `Object.fromEntries([...document.querySelectorAll("[data-rule]")].map((e) => [e.dataset.rule, e.dataset.state]))`
	for _, text := range []string{
		"a", "short1!A", "correct horse battery", "Correct horse battery 7", "ANNA is at home 12", "xxxSCHMIDTxxx12345", "Gruß aus Köln 12345",
		"日本語日本語日本語日本語日本語", "😀😀😀😀😀😀😀😀", strings.Repeat("Abc1", 11), strings.Repeat("😀", 21), "ǅ12345678901234x", "ABCDEFGHIJKLMN\\1",
	} {
		p.Fill("New password", text)
		browser.Eval[bool](p, `document.getElementById("password").dispatchEvent(new Event("change"))`)
		got := browser.Eval[map[string]string](p, states)
		for _, res := range passwordrule.Check(rulesOf(), secret.New(text)) {
			want := map[passwordrule.State]string{passwordrule.Met: "met", passwordrule.Unmet: "unmet"}[res.State]
			if state := got[string(res.Rule.Code)]; state != want {
				t.Errorf("%q under %s is %q, want %q", text, res.Rule.Code, state, want)
			}
		}
		if got["history"] != "" || got["common"] != "" {
			t.Errorf("%q: the browser judges what it cannot know: %v", text, got)
		}
	}
}

func TestLiveRulesSpeakPolitely(t *testing.T) {
	p, _ := open(t, browser.Options{}, "password")
	state := func(rule string) string {
		return browser.Eval[string](p, `document.querySelector("[data-rule=`+rule+`]").dataset.state`)
	}
	p.Fill("New password", "annas")
	if state("min-length") != "" || state("name") != "unmet" {
		t.Errorf("while typing: length %q, name %q; want a length that can still come, and a broken name rule", state("min-length"), state("name"))
	}
	p.Wait("the news", `document.querySelector("[data-rules-status]").textContent.includes("Not your name or user name: not yet")`)
	p.Fill("New password", "Tandem-harbor-velvet7")
	p.Wait("the good news", `document.querySelector("[data-rules-status]").textContent === "Everything we can check here is fine."`)
	if got := browser.Eval[string](p, `document.querySelector("[data-rule=name]").textContent.trim()`); got != "Not your name or user name: done" {
		t.Errorf("a screen reader reads %q", got)
	}
	p.Fill("New password", "")
	if state("min-length") != "" || state("name") != "" {
		t.Errorf("an empty field is judged: %q %q", state("min-length"), state("name"))
	}
}

// TestAFormIsSentOnce presses three times before the answer comes, and again after coming back.
func TestAFormIsSentOnce(t *testing.T) {
	p, _ := open(t, browser.Options{}, "start-reset")
	browser.Eval[bool](p, `(addEventListener("submit", (e) => {
		const passed = Number(sessionStorage.passed ?? 0);
		sessionStorage.passed = e.defaultPrevented ? passed : passed + 1;
	}), true)`)
	p.Fill("User name", "anna")
	browser.Eval[bool](p, `(() => { const b = document.querySelector("button"); b.click(); b.click(); b.click(); return true; })()`)
	p.SeeHeading("POST /sent")
	if got := browser.Eval[string](p, `sessionStorage.passed`); got != "1" {
		t.Errorf("three presses send the form %s times, want once", got)
	}
	p.Back()
	p.Press("Continue")
	p.SeeHeading("POST /sent")
}

func TestTimesAreTheVisitorsOwn(t *testing.T) {
	for language, want := range map[string]string{"en-GB,en;q=0.5": "23 November 2026 at 23:35", "en-US": "November 23, 2026 at 11:35 PM", "fr": "November 23, 2026 at 11:35 PM"} {
		p, _ := open(t, browser.Options{Language: language, Zone: "Asia/Tokyo"}, "refused-blocked")
		got := strings.ReplaceAll(browser.Eval[string](p, `document.querySelector("[data-moment]").innerText`), "\u202f", " ")
		if got != want {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
	p, _ := open(t, browser.Options{NoScript: true, Zone: "Asia/Tokyo"}, "refused-blocked")
	p.See("23 November 2026 at 14:35 UTC")
}

func TestBackupCodesAreCopiedPrintedAndSaved(t *testing.T) {
	p, _ := open(t, browser.Options{}, "start-reset")
	p.Inject(`navigator.clipboard.writeText = async (text) => { window.copied = text; }; window.print = () => { window.printed = true; };`)
	dir := t.TempDir()
	p.Downloads(dir)
	p.Open("/en/add-sheet")
	p.Click("Copy")
	p.See("Copied")
	if got := browser.Eval[string](p, `window.copied`); got != strings.Join(sheet().Codes, "\n") {
		t.Errorf("copied %q", got)
	}
	p.Click("Print")
	p.Wait("the printing", `window.printed`)
	p.Click("Save as a file")
	file := filepath.Join(dir, "backup-codes.txt")
	await(t, "the file", func() bool { b, err := os.ReadFile(file); return err == nil && len(b) > 0 })
	got, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(got), "Backup codes. Keep them") || !strings.HasSuffix(string(got), strings.Join(sheet().Codes, "\n")+"\n") {
		t.Errorf("saved %q, %v", got, err)
	}
}

// await waits until something outside the browser holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := time.After(10 * time.Second)
	for tick := time.Tick(10 * time.Millisecond); !holds(); {
		select {
		case <-tick:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestOnPaperAreTheCodesAlone(t *testing.T) {
	p, _ := open(t, browser.Options{Print: true}, "add-sheet")
	for _, selector := range []string{".button", ".field", ".colophon", ".skip"} {
		if visible(p, selector) {
			t.Errorf("%s is printed", selector)
		}
	}
	for _, selector := range []string{"h1", ".codes", ".brand"} {
		if !visible(p, selector) {
			t.Errorf("%s is not printed", selector)
		}
	}
}

// TestAWaitingPageGoesOnByItself also loses the network on the way.
func TestAWaitingPageGoesOnByItself(t *testing.T) {
	b := newBook(t)
	var mu sync.Mutex
	asked := 0
	b.pages["waiting"] = func(sh layout.Shell) drawn {
		mu.Lock()
		defer mu.Unlock()
		asked++
		switch {
		case asked == 2:
			panic(http.ErrAbortHandler) // the connection breaks
		case asked < 4:
			sh.Refresh, sh.At = 1, "7"
			return recoverypage.Working{Shell: sh, Action: recoverypage.Reset, Step: component.Step{Now: 3, Of: 4}}
		}
		return done(sh, recoverypage.Reset)
	}
	p := browser.New(t, browser.Options{})
	p.Open(browser.Serve(t, b) + "/en/waiting#main")
	p.SeeHeading("Saving your new password")
	p.SeeHeading("You can sign in now")
	for _, said := range p.Problems() {
		if !strings.Contains(said, "ERR_EMPTY_RESPONSE") {
			t.Errorf("the browser complains: %s", said)
		}
	}
}

func TestWithoutScriptEverythingIsThereButPasskeys(t *testing.T) {
	p, s := open(t, browser.Options{NoScript: true}, "start-reset")
	for story, says := range map[string][]string{
		"password":      {"New password once more"},
		"prove-push":    {"I have answered", "47"},
		"prove-passkey": {"A passkey needs JavaScript", "Use another way"},
		"choose-two":    {"This one needs JavaScript, which is switched off in your browser."},
		"add-sheet":     {"7QHM-2KVX-9TRB", "I have them"},
		"add-seed":      {"I can’t scan it", "Continue"},
	} {
		p.Open("/en/" + story)
		for _, text := range says {
			p.See(text)
		}
		if visible(p, "[data-show], [data-copy], [data-sheet], [data-ceremony], dialog") {
			t.Errorf("%s shows what does nothing without the script", story)
		}
	}
	p.Open("/en/password")
	p.Fill("password", "correct horse")
	p.Fill("New password once more", "correct horse")
	p.Press("Save new password")
	if got := s.last(t); got["password"] != "correct horse" || got["password2"] != "correct horse" || got["at"] != "7" || got["username"] != "anna@example.com" {
		t.Errorf("sent %v", got)
	}
}
