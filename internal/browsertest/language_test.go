package browsertest

import (
	"strings"
	"testing"
	"unicode"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
	"rekey/internal/locale"
)

// words are the texts of one language.
func words(t *testing.T, tag string) func(key string) string {
	t.Helper()
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	printer := catalogue.Printer(tag)
	return func(key string) string { return printer.T(key) }
}

// TestRightToLeft: a whole reset in Arabic, one page of it in English because the person says so, and it stays so.
func TestRightToLeft(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "layla", people.Corp)
	say := words(t, "ar")
	b := newTab(t, browser.Options{Phone: true, Language: "ar-EG"})
	b.Open(p.lab.Portal.URL())
	if dir := browser.Eval[string](b.Page, `document.documentElement.dir + " " + getComputedStyle(document.querySelector("h1")).direction`); dir != "rtl rtl" {
		t.Errorf("the page runs %s", dir)
	}
	b.Fill("name", p.SAM)
	b.Press(say("action.continue"))
	b.SeeHeading(say("choose.title"))
	b.Pick(say("kind.mail.name"))
	b.Press(say("action.continue"))
	b.Fill("code", p.mailCode())
	if subject := p.lab.Inbox.Messages(p.private())[0].Subject; !strings.ContainsFunc(subject, arabic) {
		t.Errorf("the code came with the subject %q", subject)
	}
	b.Press(say("action.continue"))
	b.SeeHeading(say("choose.title-next"))

	b.Press("English")
	b.SeeHeading("Now prove it in another way")
	p.prove(b, app)
	b.SeeHeading("Choose a new password")
	b.Press("العربية")
	b.SeeHeading(say("password.title"))
	b.Fill("password", "Kettle-Autumn-98")
	b.Press(say("password.save"))
	b.SeeHeading(say("done.reset.title"))
	p.binds("Kettle-Autumn-98", "")
	b.Open(p.lab.Portal.URL() + "/account")
	b.SeeHeading(say("signin.title"))
}

func arabic(r rune) bool { return unicode.Is(unicode.Arabic, r) }

// TestLettersBeyondASCII: a German changes to a password with umlauts and signs in with it.
func TestLettersBeyondASCII(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "juergen", people.Corp)
	say := words(t, "de")
	b := newTab(t, browser.Options{Language: "de-AT,de,en", Zone: "Europe/Vienna"})
	const password = "Grüße-aus-Köln-7"
	b.Open(p.lab.Portal.URL() + "/change")
	b.Fill("name", "j.gross@corp.example.test")
	b.Press(say("action.continue"))
	b.Fill("current", p.Password)
	b.Fill("password", password)
	b.Press(say("password.save"))
	b.SeeHeading(say("done.change.title"))
	p.binds(password, "")
	p.told("Ihr Passwort", p.Mail, "j.gross@corp.example.test", p.private())

	b.Open(p.lab.Portal.URL() + "/account")
	b.Fill("name", "CORP\\juergen")
	b.Fill("password", password)
	b.Press(say("signin.go"))
	b.SeeHeading(say("account.title"))
	b.See("Jürgen Groß")
	b.See(say("account.ready"))
	b.See(say("history.write.done.change"))
}
