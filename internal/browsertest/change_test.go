package browsertest

import (
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// TestWhoMustChangeCanChange: an expired password, and one that must be changed, open nothing but this page.
func TestWhoMustChangeCanChange(t *testing.T) {
	t.Parallel()
	for _, who := range []struct{ sam, before, password string }{
		{"john", expired, "Kettle-Autumn-82"},
		{"jane", mustChange, "Kettle-Autumn-83"},
	} {
		t.Run(who.before, func(t *testing.T) {
			p := newPerson(t, who.sam, people.Corp)
			p.binds(p.Password, who.before)
			b := newTab(t, browser.Options{})
			p.signIn(b)
			b.seeProblem("This password has expired. Change it first, then come back")
			b.Press("My password has expired")
			b.Fill("User name", p.SAM)
			b.Press("Continue")
			b.Fill("Current password", p.Password)
			p.choosePassword(b, who.password)
			b.SeeHeading("Use your new password from now on")
			p.binds(who.password, "")
			p.binds(p.Password, wrongPassword)
			p.told("your password was changed", p.Mail, p.private())
		})
	}
}

// TestAWrongCurrentPasswordIsExplained: at its field, and the next try goes through.
func TestAWrongCurrentPasswordIsExplained(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "jack", people.Corp)
	b := newTab(t, browser.Options{Phone: true})
	p.begin(b, toChange)
	b.Fill("Current password", "not the password")
	p.choosePassword(b, "Kettle-Autumn-84")
	b.seeProblem("The current password is not right, or it was typed wrong too often lately. Try again in half an hour, or say that you don’t know it")
	if at := browser.Eval[string](b.Page, `document.querySelector("[aria-invalid]").id`); at != "current" {
		t.Errorf("the problem is marked at %q, want the current password", at)
	}
	p.choosePassword(b, "Kettle-Autumn-84")
	b.seeProblem("Enter your current password")
	b.Fill("Current password", p.Password)
	p.choosePassword(b, "Kettle-Autumn-84")
	b.SeeHeading("Use your new password from now on")
	p.binds("Kettle-Autumn-84", "")
}

// TestWhatTheDirectoryRefusesIsMendedWithoutProvingAgain: only the directory knows the passwords somebody had before.
func TestWhatTheDirectoryRefusesIsMendedWithoutProvingAgain(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "tara", people.Sales)
	b := newTab(t, browser.Options{})
	p.begin(b, toChange)
	p.prove(b, mail)
	b.See("Not one of your last 3 passwords. We can check this only when you save.")
	b.Fill("Current password", p.Password)
	p.choosePassword(b, p.Password)
	b.seeProblem("You have used this password before. Choose another one")
	b.Reload()
	b.seeProblem("You have used this password before. Choose another one")
	b.Fill("Current password", p.Password)
	p.choosePassword(b, "Kettle-Autumn-85")
	b.SeeHeading("Use your new password from now on")
	p.binds("Kettle-Autumn-85", "")
	p.binds(p.Password, wrongPassword)
}

// TestTheBoardsOwnRules: a fine-grained policy asks for a day between two changes. To somebody who has proven nothing the page does not
// list it; the refusal is explained.
func TestTheBoardsOwnRules(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "boss", people.Corp)
	b := newTab(t, browser.Options{})
	change := func(from, to string) {
		p.begin(b, toChange)
		b.See("At least 14 characters.")
		b.Fill("Current password", from)
		p.choosePassword(b, to)
	}
	change(p.Password, "Kettle-Autumn-86")
	b.SeeHeading("Use your new password from now on")
	change("Kettle-Autumn-86", "Kettle-Winter-87")
	b.seeProblem("Your password was changed a short while ago. It cannot be changed again yet. Call the help desk if it is urgent")
	p.binds("Kettle-Autumn-86", "")
}
