package browsertest

import (
	"strings"
	"testing"
	"time"

	"rekey/internal/lab"
	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// TestAPortalThatAlwaysChecks: on a real directory a person with a script resets a password and signs in without noticing, and one
// without waits for twenty seconds once, and types the name once.
func TestAPortalThatAlwaysChecks(t *testing.T) {
	t.Parallel()
	l := theLab(t)
	g, err := l.Beside(t.Context(), lab.Beside{
		Name: "checked", Domains: l.Domains,
		People: []people.Person{{
			SAM: "walter", Given: "Walter", Surname: "Check", Domain: people.Corp, State: people.Active,
			Private: "walter@home.example.test", App: true,
		}},
		Settings: func(document string) string {
			return strings.Replace(adapt(document), "show: never", "show: always", 1)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	who, ok := g.Person("walter", people.Corp)
	if !ok {
		t.Fatal("walter is not there")
	}
	p := &person{Person: who, t: t, lab: g}

	slow := browser.New(t, browser.Options{NoScript: true, Phone: true}) // nobody looks long at a page that goes on by itself
	slow.Open(g.Portal.URL())
	slow.Fill("User name", p.UPN)
	slow.Press("Continue")
	began := time.Now()
	slow.SeeHeading("We check that you are not a robot")
	slow.Press("Continue")
	slow.SeeHeading("We check that you are not a robot") // in its time, and not before

	b := newTab(t, browser.Options{})
	p.begin(b, toReset)
	p.prove(b, mail, app)
	p.choosePassword(b, "Kettle-Autumn-98")
	seeDone(b)
	p.Password = "Kettle-Autumn-98"
	p.signIn(b)
	b.SeeHeading("My account")

	await(t, "the page to go on by itself", func() bool { return slow.Heading() == "Thank you, you can go on" })
	if waited := time.Since(began); waited < 19*time.Second {
		t.Errorf("it goes on after %s", waited)
	}
	slow.Press("Continue")
	slow.SeeHeading("How do you want to prove it is you?")
}
