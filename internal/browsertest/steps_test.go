package browsertest

import (
	"slices"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// TestBackReloadAndOtherTabs: whatever the browser's buttons do, the page shows where the reset is, and nothing happens twice.
func TestBackReloadAndOtherTabs(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "ida", people.Corp)
	b := newTab(t, browser.Options{})
	p.begin(b, toReset)
	b.Reload()
	b.SeeHeading("How do you want to prove it is you?")

	b.Pick(mail)
	b.Press("Continue")
	b.SeeHeading("Enter the code we sent you")
	first := p.mailCode()
	b.Reload()
	b.SeeHeading("Enter the code we sent you")
	b.Back()
	b.SeeHeading("Enter the code we sent you")
	b.Press("Send a new code")
	b.See("We sent a new code. Older ones do not work any more.")
	second := p.mailCode()
	b.Fill("code", first)
	b.Press("Continue")
	b.seeProblem("The code is not right. Use the newest one and type it again")

	other := b.beside(browser.Options{})
	other.Open(p.lab.Portal.URL() + "/flow")
	other.SeeHeading("Enter the code we sent you")
	other.Fill("code", second)
	other.Press("Continue")
	other.SeeHeading("Now prove it in another way")
	b.Fill("code", second)
	b.Press("Continue") // made for a question that is answered
	b.SeeHeading("Now prove it in another way")

	p.prove(b, sheet)
	other.Pick(sheet)
	other.Press("Continue")
	other.SeeHeading("Choose a new password")
	p.choosePassword(other, "Kettle-Autumn-94")
	seeDone(other)
	p.choosePassword(b, "Kettle-Autumn-95")
	seeDone(b)
	b.Reload()
	seeDone(b)
	p.binds("Kettle-Autumn-94", "")
	p.binds("Kettle-Autumn-95", wrongPassword)
	b.Back()
	b.SeeHeading("You can sign in now")
}

// TestAttack01StepsCannotBeSkipped: a form that leads further than the page it stands on changes nothing.
func TestAttack01StepsCannotBeSkipped(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "leo", people.Corp)
	b := newTab(t, browser.Options{NoScript: true})
	b.Open(p.lab.Portal.URL() + "/flow")
	b.SeeHeading("This took too long")
	p.begin(b, toReset)
	for _, path := range []string{"/flow/finish", "/flow/answer"} {
		b.Open(p.lab.Portal.URL() + path)
		b.SeeHeading("There is no page here")
	}
	for _, action := range []string{"/flow/finish", "/flow/answer", "/flow/resend"} {
		b.Open(p.lab.Portal.URL() + "/flow")
		redirectForm(b, action)
		b.Press("Continue")
		b.SeeHeading("How do you want to prove it is you?")
	}
	p.prove(b, mail)
	redirectForm(b, "/flow/finish")
	b.Press("Continue")
	b.SeeHeading("Now prove it in another way")
	p.binds(p.Password, "")
	p.binds("Skipped-Kettle-96", wrongPassword)
}

// redirectForm makes the form of the page lead elsewhere, with everything a later page would send.
func redirectForm(b *tab, action string) {
	b.t.Helper()
	browser.Eval[bool](b.Page, `(() => {
		const form = document.querySelector("form");
		form.action = "`+action+`";
		for (const name of ["password", "password2"]) {
			const field = document.createElement("input");
			Object.assign(field, { type: "hidden", name, value: "Skipped-Kettle-96" });
			form.append(field);
		}
		return true;
	})()`)
}

// TestADoubleClickIsOneClick: one code, one new password, one notice.
func TestADoubleClickIsOneClick(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "will", people.Sales)
	b := newTab(t, browser.Options{})
	p.begin(b, toReset)
	b.Pick(mail)
	doubleClick(b, "Enter the code we sent you")
	b.Fill("code", p.mailCode())
	doubleClick(b, "Now prove it in another way")
	p.prove(b, sheet)
	b.Fill("New password", "Kettle-Autumn-97")
	doubleClick(b, "You can sign in now")
	p.told("your password was reset", p.Mail, p.private())
	for _, to := range []string{p.Mail, p.private()} {
		once(t, p, to)
	}
	p.binds("Kettle-Autumn-97", "")
}

// doubleClick presses the main button twice, faster than the page can change.
func doubleClick(b *tab, then string) {
	b.t.Helper()
	browser.Eval[bool](b.Page, `(() => { const button = document.querySelector("main .button.wide"); button.click(); button.click(); return true })()`)
	b.SeeHeading(then)
	b.look()
}

// once checks that nothing came twice.
func once(t *testing.T, p *person, to string) {
	t.Helper()
	var got []string
	for _, m := range p.lab.Inbox.Messages(to) {
		got = append(got, m.Subject)
	}
	slices.Sort(got)
	if len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("%s got %q", to, got)
	}
}

// TestCancelEndsIt: nothing has changed, and the page of the reset is gone for good.
func TestCancelEndsIt(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "xena", people.Sales)
	b := newTab(t, browser.Options{Phone: true})
	p.begin(b, toReset)
	b.Press("I can’t use any of these")
	b.SeeHeading("If you can’t use any of the ways")
	b.Press("Back to the ways you can use")
	p.prove(b, app, mail)
	b.Press("Cancel")
	b.SeeHeading("You stopped. Nothing has changed")
	b.Back()
	b.SeeHeading("You stopped. Nothing has changed")
	p.binds(p.Password, "")
	b.Press("Start again")
	b.SeeHeading("Get back into your account")
}
