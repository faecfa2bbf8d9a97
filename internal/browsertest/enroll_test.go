package browsertest

import (
	"strings"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// TestSetUpFromNothing: somebody with nothing set up wants a reset, is shown how, and is ready two ways later.
func TestSetUpFromNothing(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "newbie", people.Corp)
	b := newTab(t, browser.Options{})
	keys := b.AddPasskeys()

	p.begin(b, toReset)
	b.SeeHeading("You can’t do this online yet")
	b.Press("Sign in and set up")
	b.Fill("User name", p.SAM)
	b.Fill("Password", p.Password)
	b.Press("Sign in")
	b.SeeHeading("Set up how you prove it is you")
	b.See("Add 2 ways now")

	b.Pick(passkey)
	b.Press("Continue")
	b.SeeHeading("Create a passkey")
	b.Fill("Name", "My laptop")
	keys.Refuse()
	b.Click("Create passkey")
	b.See("Your device stopped before it was done.")
	b.axe()
	keys.Accept()
	b.Press("Create passkey")
	b.See("Added: Passkey")
	b.See("One more and you are ready.")
	if n := keys.Count(); n != 1 {
		t.Errorf("the device keeps %d passkeys, want 1", n)
	}
	p.told("a way to prove it is you was added", p.Mail)

	key := addApp(b)
	b.SeeHeading("My account")
	b.See("You are ready")
	b.See("My laptop")

	b.Press("Sign out")
	b.SeeHeading("You are signed out")
	b.Press("Sign in again")
	p.signIn(b)
	addMail(p, b)
	b.See("Added: Private e-mail")
	notice := p.told("a way to prove it is you was added", p.Mail, p.private())
	if !strings.Contains(notice.Text, p.UPN) || strings.Contains(notice.Text, key) {
		t.Errorf("the notice names the account and no secret: %s", notice.Text)
	}

	p.Methods.TOTP = nil // its code was used a moment ago
	p.begin(b, toReset)
	p.prove(b, passkey, mail)
	p.choosePassword(b, "Kettle-Autumn-79")
	seeDone(b)
	p.binds("Kettle-Autumn-79", "")
}

// addApp sets up an authenticator app: reads the key, computes the code. A wrong code first is explained.
func addApp(b *tab) (key string) {
	b.t.Helper()
	b.Pick(app)
	b.Press("Continue")
	b.SeeHeading("Add an authenticator app")
	b.Click("I can’t scan it")
	key = browser.Eval[string](b.Page, `document.getElementById("seed-key").textContent`)
	b.Fill("6-digit code", "000000")
	b.Press("Continue")
	b.seeProblem("The code is not right. Use the newest one and type it again")
	if again := browser.Eval[string](b.Page, `document.getElementById("seed-key").textContent`); again != key {
		b.t.Fatalf("after a wrong code the key is %q, before it was %q", again, key)
	}
	b.Fill("6-digit code", code(b.t, key))
	b.Press("Continue")
	return key
}

// addMail sets up a private mailbox on "My account", which asks for an enrolled way first. The mailbox at work is refused.
func addMail(p *person, b *tab) {
	p.t.Helper()
	b.Press(mail)
	b.SeeHeading("First prove it is you")
	p.prove(b, passkey)
	b.SeeHeading("Add your private e-mail")
	b.Fill("E-mail address", p.Mail)
	b.Press("Send code")
	b.seeProblem("You could not read this mailbox without the password you forgot. Use a private one")
	b.Fill("E-mail address", p.private())
	b.Press("Send code")
	b.SeeHeading("Enter the code we sent you")
	b.Fill("code", p.mailCode())
	b.Press("Continue")
	b.SeeHeading("My account")
}

// TestBackupCodes: printed, proven and good for a reset.
func TestBackupCodes(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "finn", people.Corp)
	b := newTab(t, browser.Options{Phone: true})
	p.signIn(b)
	b.Press(sheet)
	p.prove(b, mail)
	b.SeeHeading("Keep these backup codes")
	p.sheet = browser.Eval[[]string](b.Page, `[...document.querySelectorAll("#sheet-codes code")].map((e) => e.textContent)`)
	if len(p.sheet) != 10 {
		t.Fatalf("the sheet has %d codes, want 10: %v", len(p.sheet), p.sheet)
	}
	b.Fill("code", strings.ToLower(p.sheet[3]))
	b.Press("I have them")
	b.See("Added: Backup code")

	used := p.sheet[0]
	p.begin(b, toReset)
	p.prove(b, sheet, mail)
	p.choosePassword(b, "Kettle-Autumn-80")
	seeDone(b)

	p.begin(b, toReset)
	b.Pick(sheet)
	b.Press("Continue")
	b.Fill("code", used)
	b.Press("Continue")
	b.seeProblem("The code is not right. Type it again, or take another one from your list")
}
