package browsertest

import (
	"maps"
	"strings"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// TestResetWithPasskeyAndApp is what the product is for: once with a password of one's own, once with the one it suggests.
func TestResetWithPasskeyAndApp(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "ben", people.Corp)
	b := newTab(t, browser.Options{Phone: true})
	b.AddPasskeys()
	addPasskey(p, b)

	p.begin(b, toReset)
	b.SeeHeading("How do you want to prove it is you?")
	b.See("You need 2 ways.")
	p.prove(b, passkey)
	b.SeeHeading("Now prove it in another way")
	p.prove(b, app)
	b.SeeHeading("Choose a new password")
	b.See("Windows, mail and the office network")

	own := "Kettle-Autumn-77"
	watchRules(t, b, own)
	b.Press("Save new password")
	seeDone(b)
	p.binds(own, "")
	p.binds(p.Password, wrongPassword)
	notice := p.told("your password was reset", p.Mail, p.private())
	if want := "If it was you, there is nothing to do."; !strings.Contains(notice.Text, want) {
		t.Errorf("the notice does not say %q: %s", want, notice.Text)
	}

	p.begin(b, toReset)
	p.prove(b, passkey, mail)
	b.Press("Suggest one for me")
	suggested := b.Value("New password")
	b.See("How about this one?")
	b.See(suggested)
	if shown := browser.Eval[string](b.Page, `document.getElementById("password").type`); shown != "text" {
		t.Errorf("the suggestion stands in a field of type %q, so nobody can read it there", shown)
	}
	b.Press("Save new password")
	seeDone(b)
	p.binds(suggested, "")
	p.binds(own, wrongPassword)
}

// addPasskey adds a passkey on "My account", which asks for another way first.
func addPasskey(p *person, b *tab) {
	p.t.Helper()
	p.signIn(b)
	b.Press(passkey)
	b.SeeHeading("First prove it is you")
	p.prove(b, mail)
	b.SeeHeading("Create a passkey")
	b.Press("Create passkey")
	b.SeeHeading("My account")
	b.See("Added: Passkey")
}

// watchRules types a password and sees the rules, listed before the first letter, ticked one by one.
func watchRules(t *testing.T, b *tab, password string) {
	t.Helper()
	if got, want := rules(b), map[string]string{"min-length": "", "classes": "", "name": "", "common": "", "max-length": ""}; !maps.Equal(got, want) {
		t.Errorf("before typing the rules are %v, want %v", got, want)
	}
	b.Fill("New password", "ben")
	b.Wait("the rule about the name", `document.querySelector('[data-rule="name"]').dataset.state === "unmet"`)
	b.Fill("New password", password)
	b.Wait("every rule that can be told here", `[...document.querySelectorAll('[data-rule]:not([data-rule="common"])')].every((e) => e.dataset.state === "met")`)
	b.Wait("the words for those who cannot see the ticks", `document.querySelector("[data-rules-status]").textContent === "Everything we can check here is fine."`)
	b.axe()
	b.Click("Show")
	if b.Value("New password") != password || browser.Eval[string](b.Page, `document.getElementById("password").type`) != "text" {
		t.Error("the password is not shown")
	}
}

// TestARuleThatIsBrokenIsExplained: the page says which rule, keeps the others ticked, and does not send the password back.
func TestARuleThatIsBrokenIsExplained(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "cleo", people.Corp)
	b := newTab(t, browser.Options{})
	p.begin(b, toReset)
	p.prove(b, sheet, mail)
	for _, try := range []struct{ password, problem string }{
		{"", "Enter a new password"},
		{"Short-1", "At least 10 characters. A few words in a row are fine."},
		{"Cleo-Rides-Home-1", "Not your name or user name"},
		{"Password123!", "Not a password that many people use"},
	} {
		b.Fill("New password", try.password)
		b.Press("Save new password")
		b.seeProblem(try.problem)
		if left := b.Value("New password"); left != "" {
			t.Errorf("the page gives %q back", left)
		}
	}
	p.binds(p.Password, "")
	p.choosePassword(b, "Kettle-Autumn-78")
	seeDone(b)
	p.binds("Kettle-Autumn-78", "")
}
