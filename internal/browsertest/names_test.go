package browsertest

import (
	"slices"
	"strings"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// TestANameInTwoDomains: the person is asked which, and only that account changes.
func TestANameInTwoDomains(t *testing.T) {
	t.Parallel()
	p, other := newPerson(t, "sam", people.Sales), newPerson(t, "sam", people.Corp)
	b := newTab(t, browser.Options{})
	p.beginAs(b, toReset, "sam")
	b.SeeHeading("Which account is yours?")
	b.Press("Continue")
	b.SeeHeading("Which account is yours?")
	b.Pick(p.Domain)
	b.Press("Continue")
	p.prove(b, app, mail)
	p.choosePassword(b, "Kettle-Autumn-91")
	seeDone(b)
	p.binds("Kettle-Autumn-91", "")
	other.binds(other.Password, "")

	b.Open(p.lab.Portal.URL() + "/account")
	b.Fill("User name", "sam")
	b.Fill("Password", "Kettle-Autumn-91")
	b.Press("Sign in")
	b.seeProblem("Pick the one you sign in to")
	b.Pick(p.Domain)
	b.Fill("Password", "Kettle-Autumn-91")
	b.Press("Sign in")
	b.SeeHeading("My account")
	b.See("Sam Other")
}

func TestANameThatIsNoAnswer(t *testing.T) {
	t.Parallel()
	b := newTab(t, browser.Options{Phone: true})
	b.Open(theLab(t).Portal.URL())
	for name, want := range map[string]string{
		"":                        "Enter your user name, as you type it to sign in",
		`a\b\c`:                   "Enter your user name, as you type it to sign in",
		"twins@corp.example.test": "More than one account has this name. Enter it with @ and the part behind it",
	} {
		b.Fill("User name", name)
		b.Press("Continue")
		b.seeProblem(want)
		if kept := b.Value("User name"); kept != name {
			t.Errorf("the name %q came back as %q", name, kept)
		}
	}
}

// TestAttack16NobodyTellsNamesApart: a name nobody has, and those of people who may not reset, walk the same pages, and no answer is
// right, not even one that would be.
func TestAttack16NobodyTellsNamesApart(t *testing.T) {
	t.Parallel()
	b := newTab(t, browser.Options{})
	nobody := &person{t: t, lab: theLab(t)}
	nobody.SAM, nobody.UPN = "nobody.here", "nobody.here@corp.example.test"
	seeDecoy(nobody, b)
	seeDecoy(newPerson(t, "gone", people.Corp), b)
	seeDecoy(newPerson(t, "temp", people.Corp), b)
}

// seeDecoy tries every way there seems to be.
func seeDecoy(p *person, b *tab) {
	p.t.Helper()
	p.begin(b, toReset)
	b.SeeHeading("How do you want to prove it is you?")
	b.See("You need 2 ways.")
	for _, way := range b.ways() {
		tryInVain(p, b, way)
	}
	if mails := p.lab.Inbox.Messages(p.private()); len(mails) > 0 {
		p.t.Errorf("%s got %q", p.SAM, mails[0].Subject)
	}
}

// tryInVain answers a way as well as the person could, and goes back to the others.
func tryInVain(p *person, b *tab, way string) {
	p.t.Helper()
	name := map[string]string{"passkey": passkey, "totp": app, "mail": mail, "backup-code": sheet}[way]
	b.Pick(name)
	b.Press("Continue")
	answer, want := "000000", "The code is not right. Use the newest one and type it again"
	switch way {
	case "passkey":
		b.SeeHeading("Use your passkey")
		b.Press("Use another way")
		return
	case "totp":
		if p.Methods.TOTP != nil {
			answer = code(p.t, p.Methods.TOTP.Secret)
		}
	case "backup-code":
		answer = "AAAAA-BBBBB"
		if len(p.sheet) > 0 {
			answer = p.sheet[0]
		}
		want = "The code is not right. Type it again, or take another one from your list"
	}
	b.Fill("code", answer)
	b.Press("Continue")
	if got := b.problem(); got != want {
		p.t.Errorf("%s: %s: the page says %q, want %q", p.SAM, way, got, want)
	}
	b.Press("Use another way")
	b.SeeHeading("How do you want to prove it is you?")
}

// TestAttack16WhoMayNotReset: to a stranger a contractor is like a name nobody has; the contractor may unlock and change.
func TestAttack16WhoMayNotReset(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "freelance", people.Corp)
	b := newTab(t, browser.Options{})
	seeDecoy(p, b)
	p.begin(b, toUnlock)
	p.prove(b, app, mail)
	b.Press("Unlock")
	b.See("It was not locked.")
	p.begin(b, toChange)
	b.Fill("Current password", p.Password)
	p.choosePassword(b, "Kettle-Autumn-92")
	b.SeeHeading("Use your new password from now on")
	p.binds("Kettle-Autumn-92", "")
}

// TestWhereThePortalMayNotWrite: it says so at the end, and nothing was written.
func TestWhereThePortalMayNotWrite(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "guarded", people.Corp) // privileged: two ways, one of them a passkey
	b := newTab(t, browser.Options{})
	b.AddPasskeys()
	setUpPasskey(p, b)
	p.begin(b, toReset)
	p.prove(b, passkey, app)
	p.choosePassword(b, "Kettle-Autumn-93")
	b.SeeHeading("This cannot be done here")
	b.See("Your password has not changed.")
	b.lacks("Sign in and set up")
	p.binds(p.Password, "")
	if slices.ContainsFunc(subjects(p), func(s string) bool { return strings.Contains(s, "was reset") }) {
		t.Error("a notice tells of a reset that did not happen")
	}

	b.Open(p.lab.Portal.URL() + "/account")
	b.Press("Sign out")
	p.signIn(b) // a code that any mailbox gets opens no change for who is privileged
	b.Press(sheet)
	b.SeeHeading("First prove it is you")
	b.lacks(app)
	b.lacks(mail)
	p.prove(b, passkey)
	b.SeeHeading("Keep these backup codes")
}

func subjects(p *person) []string {
	var all []string
	for _, m := range p.lab.Inbox.Messages(p.Mail) {
		all = append(all, m.Subject)
	}
	return all
}
