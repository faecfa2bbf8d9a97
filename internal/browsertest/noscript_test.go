package browsertest

import (
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// plain is a browser without JavaScript: everything works in it but passkeys.
var plain = browser.Options{NoScript: true}

func TestWithoutJavaScriptSetUp(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "gina", people.Corp)
	b := newTab(t, plain)
	p.signIn(b)
	b.SeeHeading("Set up how you prove it is you")
	b.See("This one needs JavaScript, which is switched off in your browser.")
	addApp(b)
	b.See("One more and you are ready.")
	b.Pick(mail)
	b.Press("Continue")
	b.Fill("E-mail address", p.private())
	b.Press("Send code")
	b.Fill("code", p.mailCode())
	b.Press("Continue")
	b.SeeHeading("My account")
	b.See("You are ready")
	p.told("a way to prove it is you was added", p.Mail, p.private())
}

func TestWithoutJavaScriptReset(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "rosa", people.Corp)
	b := newTab(t, browser.Options{NoScript: true, Phone: true})
	p.begin(b, toReset)
	p.prove(b, app, mail)
	b.Fill("New password", "Kettle-Autumn-99")
	b.Fill("New password once more", "Kettle-Autumn-98")
	b.Press("Save new password")
	b.seeProblem("The two passwords are not the same. Type them once more")
	b.Press("Suggest one for me")
	suggested := b.Value("password")
	if again := b.Value("password2"); suggested == "" || again != suggested {
		t.Errorf("suggested are %q and %q", suggested, again)
	}
	b.Press("Save new password")
	seeDone(b)
	p.binds(suggested, "")
}

func TestWithoutJavaScriptUnlock(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "quinn", people.Corp)
	p.lock()
	b := newTab(t, plain)
	p.begin(b, toUnlock)
	p.prove(b, app, mail)
	b.Press("Unlock")
	b.See("It was locked and is not any more.")
	p.binds(p.Password, "")
}

func TestWithoutJavaScriptChange(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "sally", people.Sales)
	b := newTab(t, plain)
	p.begin(b, toChange)
	p.prove(b, mail)
	b.Fill("Current password", p.Password)
	p.choosePassword(b, "Kettle-Winter-11")
	b.SeeHeading("Use your new password from now on")
	p.binds("Kettle-Winter-11", "")
}

func TestWithoutJavaScriptThisWasNotMe(t *testing.T) {
	t.Parallel()
	thisWasNotMe(t, newPerson(t, "uwe", people.Sales), plain)
}
