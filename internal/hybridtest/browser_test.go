package hybridtest

import (
	"flag"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/graph"
	"rekey/internal/lab/people"
)

var screenshots = flag.String("screenshots", "", "write pictures of the pages into this folder")

// picture is taken of the page, when a folder was given.
func picture(b *browser.Page, name string) {
	if *screenshots != "" {
		b.Screenshot(filepath.Join(*screenshots, name+".png"))
	}
}

// proveIn identifies a person in a browser and proves them, up to the password page.
func (a *actor) proveIn(t *testing.T, b *browser.Page) {
	t.Helper()
	b.Open(shared.Portal.URL() + "/")
	b.Fill("User name", a.UPN)
	b.Press("Continue")
	b.Pick("Authenticator app")
	b.Press("Continue")
	code, err := totp.GenerateCode(a.proofs.Secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.Fill("6-digit code", code)
	b.Press("Continue")
	b.Pick("Private e-mail")
	b.Press("Continue")
	if code, err = a.mailCode(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Fill("code", code)
	b.Press("Continue")
	b.SeeHeading("Choose a new password")
	b.Axe()
}

// TestBrowserCloudOnly resets somebody who lives in the tenant only.
func TestBrowserCloudOnly(t *testing.T) {
	t.Parallel()
	a, password := play(t, "clara", people.Cloud), fresh()
	before, err := shared.Tenant.SignIn(a.UPN, a.Password)
	if err != nil {
		t.Fatal(err)
	}
	b := browser.New(t, browser.Options{Phone: true})
	a.proveIn(t, b)
	b.Fill("New password", password)
	b.Press("Save new password")
	b.SeeHeading("You can sign in now")
	b.Axe()
	a.opens(t, "", password, a.Password)
	eventually(t, "signed out", func() bool { return !shared.Tenant.Server.Alive(before.Refresh) })
}

// TestBrowserHybrid resets somebody who is in both. The tenant is busy at first: the page says which sign-in has the new password, and
// the other half is repeated there and then.
func TestBrowserHybrid(t *testing.T) {
	t.Parallel()
	a, password := play(t, "window", people.Corp), fresh()
	b := browser.New(t, browser.Options{Phone: true, Dark: true})
	a.proveIn(t, b)
	stop := a.fail(t, graph.Fault{Status: http.StatusTooManyRequests, RetryAfter: "60"})
	b.Fill("New password", password)
	b.Press("Save new password")
	b.SeeHeading("One more step")
	b.See("Still the old password")
	b.Axe()
	if wide := b.Overflow(); wide > 0 {
		t.Errorf("the page is %d pixels too wide", wide)
	}
	picture(b, "hybrid-1-half.dark")
	stop()
	b.Fill("New password", password)
	b.Press("Save new password")
	b.SeeHeading("You can sign in now")
	b.See("Microsoft 365")
	b.Axe()
	picture(b, "hybrid-2-done.dark")
	a.opens(t, password, password, a.Password)
}

// TestBrowserSignInAtTheTenant enrolls somebody whose password is typed at the tenant's page.
func TestBrowserSignInAtTheTenant(t *testing.T) {
	t.Parallel()
	a := play(t, "carl", people.Cloud)
	b := browser.New(t, browser.Options{Phone: true, Stranger: true})
	b.Open(shared.Portal.URL() + "/account")
	b.Axe()
	picture(b, "hybrid-3-sign-in.phone")
	b.Press("Sign in with")
	b.SeeHeading("Sign in")
	b.Fill("Email", a.UPN)
	b.Fill("Password", a.Password)
	b.Press("Sign in")
	b.SeeHeading("Set up how you prove it is you")
	b.Axe()
}
