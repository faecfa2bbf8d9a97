package browsertest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// adminTab is an administrator's browser.
type adminTab struct {
	*tab
	who  people.Administrator
	keys *browser.Passkeys
}

var link = regexp.MustCompile(`http\S+/admin/invitation/\S+`)

// newAdmin invites an administrator of a role, who makes a passkey and is in.
func newAdmin(t *testing.T, as string, o browser.Options) *adminTab {
	t.Helper()
	l := theLab(t)
	for _, a := range people.Administrators() {
		if a.Role != as {
			continue
		}
		out, err := exec.CommandContext(t.Context(), l.Binary, "--config", l.Portal.ConfigFile(), "admin", "invite", "--user", `CORP\`+a.SAM).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		d := &adminTab{tab: newTab(t, o), who: a}
		d.keys = d.AddPasskeys()
		d.Open(link.FindString(string(out)))
		d.SeeHeading("You are invited")
		d.Fill("Password", d.password())
		d.Press("Continue")
		d.SeeHeading("Make your passkey")
		d.Fill("What do you call it?", "Test laptop")
		d.Press("Create passkey")
		d.Wait("the administrators' pages", `!!document.querySelector(".side")`)
		d.look()
		return d
	}
	t.Fatalf("nobody is %s", as)
	return nil
}

func (d *adminTab) password() string {
	d.t.Helper()
	p, ok := theLab(d.t).Person(d.who.SAM, people.Corp)
	if !ok {
		d.t.Fatalf("nobody is named %s", d.who.SAM)
	}
	return p.Password
}

// side lists where the side leads to, by what the entries are called.
func (d *adminTab) side() []entry {
	d.t.Helper()
	return browser.Eval[[]entry](d.Page, `[...document.querySelectorAll(".side nav a")].map((a) => ({label: a.querySelector("span").innerText, url: a.getAttribute("href")}))`)
}

type entry struct{ Label, URL string }

// TestAnAdministratorGetsInWithBothHalves: by invitation, and later by password and passkey; a stranger's passkey opens nothing.
func TestAnAdministratorGetsInWithBothHalves(t *testing.T) {
	t.Parallel()
	d := newAdmin(t, "reporter", browser.Options{})
	d.Open(theLab(t).Portal.URL() + "/admin/self")
	d.See("Test laptop")
	d.Press("Sign out")
	d.SeeHeading("Sign in")
	d.See("You were signed out.")
	d.Fill("User name", `CORP\`+d.who.SAM)
	d.Fill("Password", d.password())
	d.Press("Continue")
	d.SeeHeading("Now your passkey")
	d.Press("Use passkey")
	d.Wait("the administrators' pages", `!!document.querySelector(".side")`)
	d.Open(theLab(t).Portal.URL() + "/admin/administrators")
	d.SeeHeading("Not allowed")
}

// TestScreenshotsOfTheConsole opens every page the side leads to, looks at it with every eye, and takes pictures.
func TestScreenshotsOfTheConsole(t *testing.T) {
	t.Parallel()
	a := album{t, filepath.Join(*screenshots, "admin")}
	if *screenshots == "" {
		a.dir = t.TempDir()
	}
	owner := newAdmin(t, "owner", browser.Options{})
	eyes := map[string]*tab{"dark": owner.beside(browser.Options{Dark: true}), "phone": owner.beside(browser.Options{Phone: true})}
	for _, e := range append(owner.side(), entry{"You", "/admin/self"}) {
		name := strings.ToLower(strings.ReplaceAll(e.Label, " ", "-"))
		owner.Open(theLab(t).Portal.URL() + e.URL)
		if owner.Heading() == "" || strings.Contains(owner.Text(), "If you ask for help") {
			t.Errorf("%s: %s", e.URL, owner.Text())
		}
		a.take(owner.tab, name)
		for eye, b := range eyes {
			b.Open(theLab(t).Portal.URL() + e.URL)
			a.take(b, fmt.Sprintf("%s.%s", name, eye))
		}
	}
}
