package browsertest

import (
	"net/url"
	"regexp"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

var notMe = regexp.MustCompile(`https?://\S+/not-me/\S+`)

// freezeLink finds the link of a notice, as a path of the portal.
func freezeLink(t *testing.T, text string) string {
	t.Helper()
	link, err := url.Parse(notMe.FindString(text))
	if err != nil || link.Path == "" {
		t.Fatalf("there is no link in the notice: %s", text)
	}
	return link.EscapedPath()
}

// TestThisWasNotMe: the link of a notice asks first, then stops everything, also what is under way, until the help desk opens it.
func TestThisWasNotMe(t *testing.T) {
	t.Parallel()
	thisWasNotMe(t, newPerson(t, "kira", people.Corp), browser.Options{})
}

func thisWasNotMe(t *testing.T, p *person, o browser.Options) {
	thief, owner := newTab(t, o), newTab(t, o)
	p.begin(thief, toReset)
	p.prove(thief, sheet, mail)
	p.choosePassword(thief, "Thief-Kettle-89")
	link := freezeLink(t, p.told("your password was reset", p.Mail, p.private()).Text)

	owner.Open(p.lab.Portal.URL() + link)
	owner.SeeHeading("Was it not you?")
	p.begin(thief, toReset) // the link was opened, nothing more: mail scanners open links too
	p.prove(thief, sheet)
	thief.SeeHeading("Now prove it in another way")

	owner.Press("Stop resets for my account")
	owner.SeeHeading("What happens now")
	owner.See("Nobody can reset the password of your account now.")
	p.told("resets are stopped for your account", p.Mail, p.private())

	thief.Reload()
	thief.SeeHeading("This took too long")
	p.begin(thief, toReset)
	p.prove(thief, sheet, mail)
	thief.SeeHeading("This account is closed for resets")
	thief.lacks("Sign in and set up")
	p.begin(thief, toUnlock)
	p.prove(thief, sheet, mail)
	thief.SeeHeading("This account is closed for resets")
	p.binds("Thief-Kettle-89", "") // only resets are stopped

	if _, err := p.lab.Portal.Command(t.Context(), "release", "--user", p.UPN, "--reason", "badge seen"); err != nil {
		t.Fatal(err)
	}
	p.begin(owner, toReset)
	p.prove(owner, sheet, mail)
	p.choosePassword(owner, "Owner-Kettle-90")
	owner.SeeHeading("You can sign in now")
	p.binds("Owner-Kettle-90", "")
	p.binds("Thief-Kettle-89", wrongPassword)
}

// TestALinkThatIsNotGoodSaysSo: a link that lost a part on its way.
func TestALinkThatIsNotGoodSaysSo(t *testing.T) {
	t.Parallel()
	b := newTab(t, browser.Options{})
	b.Open(theLab(t).Portal.URL() + "/not-me/c2hvcnQ.bm90aGluZw")
	b.SeeHeading("This link is not good any more")
	b.See("call the help desk now")
}
