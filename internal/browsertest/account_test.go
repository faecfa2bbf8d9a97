package browsertest

import (
	"strings"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// TestMyAccount: methods are renamed and removed, what happened is listed, other places are signed out.
func TestMyAccount(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "nils", people.Corp)
	phone, b := newTab(t, browser.Options{Phone: true}), newTab(t, browser.Options{})
	p.signIn(phone)
	p.signIn(b)
	b.SeeHeading("My account")
	b.See("You are ready")

	b.Press("Rename Authenticator app")
	b.SeeHeading("Give it another name")
	b.Fill("Name", "   ")
	b.Press("Save")
	b.seeProblem("Enter a name")
	b.Fill("Name", `<b>Work</b> phone`)
	b.Press("Save")
	b.See("The new name is saved.")
	b.See(`<b>Work</b> phone`)

	b.Press("Remove <b>Work</b> phone")
	b.SeeHeading("Remove this way?")
	b.See("Then you cannot reset your password yourself")
	b.Press("Keep it")
	b.See(`<b>Work</b> phone`)
	b.Press("Remove <b>Work</b> phone")
	b.Press("Remove")
	b.SeeHeading("First prove it is you")
	b.Press("Cancel")
	b.See(`<b>Work</b> phone`)
	b.Press("Remove <b>Work</b> phone")
	b.Press("Remove")
	p.prove(b, mail)
	b.SeeHeading("My account")
	b.See("Removed: Authenticator app")
	b.See("Not ready yet")
	p.told("a way to prove it is you was removed", p.Mail, p.private())
	seeHistory(b, "Signed in to My account", "Way renamed: Authenticator app", "Proved it in My account: Private e-mail", "Way removed: Authenticator app")

	b.See("This one")
	if n := strings.Count(b.Text(), "on Linux"); n != 2 {
		t.Errorf("%d sessions are listed, want 2", n)
	}
	b.Press("Sign out everywhere else")
	b.SeeHeading("My account")
	if n := strings.Count(b.Text(), "on Linux"); n != 1 {
		t.Errorf("%d sessions are listed, want 1", n)
	}
	phone.Press("Rename nils@home.example.test")
	phone.See("Sign in with the password you use at work.")
	phone.See("To keep your account safe, we sign you out after a while.")
	b.Press("Sign out")
	b.SeeHeading("You are signed out")
	b.Back()
	b.See("Sign in with the password you use at work.")
}

// seeHistory checks what is listed, oldest first.
func seeHistory(b *tab, want ...string) {
	b.t.Helper()
	list := browser.Eval[string](b.Page, `document.getElementById("history").parentElement.innerText`)
	for _, line := range want {
		if !strings.Contains(list, line) {
			b.t.Errorf("the history does not tell %q:\n%s", line, list)
		}
	}
}

// TestHalfwayThere: with one way of two, the next sign-in goes on where the person stopped.
func TestHalfwayThere(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "halfway", people.Corp)
	b := newTab(t, browser.Options{Phone: true})
	p.begin(b, toReset)
	b.SeeHeading("You can’t do this online yet")
	p.signIn(b)
	b.SeeHeading("Set up how you prove it is you")
	b.See("One more and you are ready.")
	b.Press("Not now")
	b.SeeHeading("My account")
	b.See("One more way is needed before you can reset your password yourself.")
	b.Press(mail)
	p.prove(b, app)
	b.Fill("E-mail address", p.private())
	b.Press("Send code")
	b.Press("Cancel")
	b.SeeHeading("Set up how you prove it is you")
	b.Pick(mail)
	b.Press("Continue")
	b.Fill("E-mail address", p.private())
	b.Press("Send code")
	p.mailCode()
	b.Press("Send a new code")
	b.See("We sent a new code. Older ones do not work any more.")
	b.Fill("code", p.mailCode())
	b.Press("Continue")
	b.See("You are ready")
}

// TestAWrongSignInTellsNothing: not which of the two is wrong, nor that a name does not exist.
func TestAWrongSignInTellsNothing(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "dora", people.Corp)
	b := newTab(t, browser.Options{})
	for _, name := range []string{p.UPN, "nobody.here", "gone"} {
		b.Open(p.lab.Portal.URL() + "/account")
		b.Fill("User name", name)
		b.Fill("Password", "not the password")
		b.Press("Sign in")
		b.seeProblem("User name or password is not right, or the account is locked")
	}
	b.Fill("User name", p.UPN)
	b.Fill("Password", p.Password)
	b.Press("Sign in")
	b.SeeHeading("Set up how you prove it is you")
}
