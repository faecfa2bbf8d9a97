package browsertest

import (
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// TestUnlockKeepsThePassword: the account opens, the password is the same as before.
func TestUnlockKeepsThePassword(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "max", people.Corp)
	p.binds(p.Password, locked)
	b := newTab(t, browser.Options{Phone: true})
	p.begin(b, toUnlock)
	p.prove(b, app, mail)
	b.SeeHeading("Unlock this account?")
	b.See(p.UPN)
	b.Press("Unlock")
	b.SeeHeading("You can sign in now")
	b.See("It was locked and is not any more. Your password is the same as before.")
	p.binds(p.Password, "")
	p.told("your account was unlocked", p.Mail, p.private())
}

func TestUnlockOfWhatIsNotLockedSaysSo(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "emil", people.Corp)
	b := newTab(t, browser.Options{})
	p.begin(b, toUnlock)
	p.prove(b, sheet, mail)
	b.Press("Unlock")
	b.SeeHeading("You can sign in now")
	b.See("It was not locked. Your password is the same as before.")
	p.binds(p.Password, "")
}

// TestAResetUnlocksToo: a locked person who forgot the password needs one way through, not two.
func TestAResetUnlocksToo(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "olga", people.Corp)
	p.lock()
	b := newTab(t, browser.Options{})
	p.begin(b, toReset)
	p.prove(b, sheet, mail)
	p.choosePassword(b, "Kettle-Autumn-81")
	b.SeeHeading("You can sign in now")
	b.See("Your account was locked and is open again.")
	p.binds("Kettle-Autumn-81", "")
}
