package browsertest

import (
	"strings"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// TestWrongCodesCloseTheAccountForAWhile: the page says until when, whatever way, name or page is tried next, until the help desk
// opens it again.
func TestWrongCodesCloseTheAccountForAWhile(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "hugo", people.Corp)
	b := newTab(t, browser.Options{Phone: true})
	p.begin(b, toReset)
	for range 2 { // a code is dead after five tries, and then a way is picked anew
		b.Pick(app)
		b.Press("Continue")
		for try := 1; try <= 5; try++ {
			b.Fill("6-digit code", "000000")
			b.Press("Continue")
			if try < 5 {
				b.seeProblem("The code is not right. Use the newest one and type it again")
			}
		}
		if b.Heading() == "How do you want to prove it is you?" {
			b.seeProblem("Too many wrong tries with this code. Pick a way and start it again")
		}
	}
	seeBlocked(b)
	p.told("too many wrong answers", p.Mail, p.private())

	for path, name := range map[string]string{toReset: `CORP\hugo`, toUnlock: strings.ToUpper(p.UPN)} {
		p.beginAs(b, path, name)
		seeBlocked(b)
	}
	p.signIn(b)
	b.seeProblem("User name or password is not right, or the account is locked")
	p.binds(p.Password, "") // the directory's own lock is another matter

	out, err := p.lab.Portal.Command(t.Context(), "release", "--user", p.UPN, "--reason", "called in, badge seen")
	if err != nil || !strings.Contains(out, "nothing holds this account any more") {
		t.Fatalf("release: %v: %s", err, out)
	}
	p.begin(b, toReset)
	p.prove(b, app, mail)
	p.choosePassword(b, "Kettle-Autumn-88")
	seeDone(b)
}

func seeBlocked(b *tab) {
	b.t.Helper()
	b.SeeHeading("Too many wrong answers")
	b.See("Come back later")
	b.See("Try again in 30 minutes.")
	b.lacks("Sign in and set up")
	if until := browser.Eval[string](b.Page, `document.querySelector("time[data-moment]").textContent`); !strings.Contains(until, ":") {
		b.t.Errorf("the page does not say until when: %q", until)
	}
}
