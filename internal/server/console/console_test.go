package console_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rekey/internal/admin"
	"rekey/internal/fault"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
	view "rekey/web/console"
)

// pages are some pages of a family, and what was sent to them.
type pages struct{ got []string }

func (p *pages) areas(d *consoletest.Desk) []server.Area {
	c := d.Console
	show := func(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
		return c.Page(w, r, a, console.Page{Title: "Title " + consoletest.XSS, Body: view.Text(r.URL.RawQuery)})
	}
	take := func(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
		p.got = append(p.got, r.PostForm.Encode())
		return c.Done(w, r, console.PoliciesURL, "Saved "+r.PostFormValue("text"))
	}
	return []server.Area{c.Area(
		console.Route{Method: http.MethodGet, Pattern: console.PoliciesURL, Needs: role.SeeSettings, Limiter: "none", Handler: show},
		console.Route{Method: http.MethodGet, Pattern: console.PeopleURL, Needs: role.SeePeople, Limiter: "none", Handler: show},
		console.Route{Method: http.MethodGet, Pattern: console.PoliciesURL + "/edit", Needs: role.EditPolicies, StepUp: true, Limiter: "none", Handler: show},
		console.Route{Method: http.MethodPost, Pattern: console.PoliciesURL, Needs: role.EditPolicies, StepUp: true, Limiter: "none", Handler: take},
		console.Route{Method: http.MethodGet, Pattern: "/admin/broken", Needs: role.SeeSelf, Limiter: "none", Handler: func(http.ResponseWriter, *http.Request, admin.Admin) error {
			return fault.New(fault.Conflict, "Somebody was faster & better.")
		}},
	)}
}

func TestRoutesAreOpenToTheRolesThatNeedThemAlone(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	d.Refused(nil)
	for _, r := range []role.Role{role.Owner, role.PolicyAdmin} {
		if got := d.Client(r).Post(console.PoliciesURL, url.Values{"text": {"x"}}); got.Status != http.StatusSeeOther {
			t.Errorf("%s may not: status %d", r, got.Status)
		}
	}
	if len(p.got) != 2 {
		t.Errorf("the form came %d times", len(p.got))
	}
}

// TestAttack39AdministratorsWithoutAccess: disabled, gone, out of every role: the session opens nothing any more.
func TestAttack39AdministratorsWithoutAccess(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	owner := d.Client(role.Owner)
	if got := owner.Get(console.PoliciesURL); got.Status != http.StatusOK {
		t.Fatalf("status %d", got.Status)
	}
	if got := d.ClientOf("anna").Get(console.PoliciesURL); got.Status != http.StatusForbidden || !strings.Contains(got.Body, "no role here") {
		t.Errorf("without a role: status %d", got.Status)
	}
	if got := d.ClientOf("dora").Get(console.PoliciesURL); got.Status != http.StatusForbidden {
		t.Errorf("disabled: status %d", got.Status)
	}
	d.Corp.Remove(d.ID("owner"))
	d.Advance(31 * time.Second)
	if got := owner.Get(console.PoliciesURL); got.Status != http.StatusForbidden {
		t.Errorf("deleted half a minute ago: status %d", got.Status)
	}
}

func TestASessionEndsWhenIdleAndLeadsBack(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	c := d.Client(role.Owner)
	d.Advance(d.Settings.Snapshot().Console.Idle + time.Second)
	got := c.Get(console.PoliciesURL + "?sort=name")
	if want := console.SignInURL + "?return=" + url.QueryEscape(console.PoliciesURL+"?sort=name"); got.Location != want {
		t.Errorf("leads to %q, want %q", got.Location, want)
	}
	if got := c.Post(console.PoliciesURL, nil); got.Location != console.SignInURL {
		t.Errorf("a form leads to %q", got.Location)
	}
	if got := c.Part(http.MethodGet, console.PoliciesURL, nil); got.Header.Get("Hx-Redirect") != console.SignInURL {
		t.Errorf("a part of a page leads to %q", got.Header.Get("Hx-Redirect"))
	}
}

func TestTheSideLeadsWhereSomebodyMayGo(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	d.Console.Counted(console.PeopleURL, func(_ context.Context, _ admin.Admin) (int, error) { return 7, nil })
	body := d.Client(role.HelpDesk).Get(console.PeopleURL).Body
	if strings.Contains(body, `href="`+console.PoliciesURL+`"`) || strings.Contains(body, `href="`+console.AuditURL+`"`) {
		t.Error("the side leads to pages that are not there or not allowed")
	}
	for _, want := range []string{`href="` + console.PeopleURL + `" aria-current="page"`, ">7<", "Help desk", "sign-out"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "<script>alert") {
		t.Error("a title is not escaped")
	}
}

func TestFlashIsSaidOnce(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	c := d.Client(role.Owner)
	first := c.Follow(console.PoliciesURL, url.Values{"text": {consoletest.XSS}})
	if !strings.Contains(first.Body, "Saved &#34;&gt;&lt;script&gt;") && !strings.Contains(first.Body, "Saved &quot;&gt;&lt;script&gt;") {
		t.Error("what came of the form is not said, or not escaped")
	}
	if strings.Contains(c.Get(console.PoliciesURL).Body, "Saved") {
		t.Error("it is said twice")
	}
}

func TestProblemsAreSaidInTheFrame(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	got := d.Client(role.Owner).Get("/admin/broken")
	if got.Status != http.StatusConflict || !strings.Contains(got.Body, "Somebody was faster &amp; better.") || !strings.Contains(got.Body, "Policies") {
		t.Errorf("status %d, %s", got.Status, got.Body)
	}
	if got := d.Nobody().Get("/admin/nowhere"); got.Status != http.StatusNotFound || strings.Contains(got.Body, "Sign out") {
		t.Errorf("without a session: status %d", got.Status)
	}
}

// TestAFormThatComesTooLateForItsPasskeyIsKept: nothing is done, nothing is lost, nothing of it is readable in the page, and no other
// session and no other route can use it.
func TestAFormThatComesTooLateForItsPasskeyIsKept(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	c, other := d.Invited("owner"), d.Invited("policy-admin")
	d.Advance(d.Settings.Snapshot().Console.StepUp + time.Second)
	got := c.Post(console.PoliciesURL, url.Values{"text": {"hunter2 of the service account"}})
	if got.Status != http.StatusOK || len(p.got) != 0 || strings.Contains(got.Body, "hunter2") {
		t.Fatalf("status %d, taken %v", got.Status, p.got)
	}
	form := c.Prove(got.Body, nil)
	if got := other.Post(console.PoliciesURL, form); got.Status != http.StatusConflict {
		t.Errorf("another session: status %d", got.Status)
	}
	if got := c.Post(console.PoliciesURL, url.Values{"kept": {"AAAA"}, "at": form["at"], "credential": form["credential"]}); got.Status != http.StatusConflict {
		t.Errorf("a forged form: status %d", got.Status)
	}
	again := c.Post(console.PoliciesURL, url.Values{"kept": form["kept"], "at": form["at"], "credential": {"{}"}})
	if again.Status != http.StatusUnprocessableEntity || len(p.got) != 0 {
		t.Errorf("a wrong passkey: status %d, taken %v", again.Status, p.got)
	}
	token := c.Cookie("__Host-admin")
	if got := c.Post(console.PoliciesURL, c.Prove(again.Body, nil)); got.Status != http.StatusSeeOther || len(p.got) != 1 {
		t.Fatalf("the right passkey: status %d, taken %v, %s", got.Status, p.got, got.Body)
	}
	if sent := "text=hunter2+of+the+service+account"; p.got[0] != sent {
		t.Errorf("the form came as %s", p.got[0])
	}
	if c.Cookie("__Host-admin") == token {
		t.Error("the token stayed the same")
	}
	if got := c.Post(console.PoliciesURL, url.Values{"text": {"next"}}); got.Status != http.StatusSeeOther || len(p.got) != 2 {
		t.Errorf("the passkey is asked for twice: status %d", got.Status)
	}
}

func TestAPageThatNeedsTheFreshPasskeyLeadsThereAndBack(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	c := d.Invited("owner")
	d.Advance(d.Settings.Snapshot().Console.StepUp + time.Second)
	if got := c.Get(console.PoliciesURL + "/edit?name=Staff"); got.Location != console.ProveURL {
		t.Fatalf("leads to %q", got.Location)
	}
	got := c.Post(console.ProveURL, c.Prove(c.Get(console.ProveURL).Body, nil))
	if got.Location != console.PoliciesURL+"/edit?name=Staff" {
		t.Errorf("leads back to %q", got.Location)
	}
	if got := c.Get(got.Location); got.Status != http.StatusOK {
		t.Errorf("status %d", got.Status)
	}
}

func TestAFormWithFilesIsRefusedWhenItsPasskeyIsTooOld(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	c := d.Client(role.Owner)
	d.Advance(d.Settings.Snapshot().Console.StepUp + time.Second)
	r := httptest.NewRequest(http.MethodPost, consoletest.Origin+console.PoliciesURL, strings.NewReader("--x--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if got := c.Do(r); got.Status != http.StatusConflict || len(p.got) != 0 {
		t.Errorf("status %d", got.Status)
	}
}

func TestLocalLeadsNowhereElse(t *testing.T) {
	for address, want := range map[string]string{
		"/admin/policies?x=1": "/admin/policies?x=1", "/admin": "/admin", "": "/admin", "//evil.example/admin/x": "/admin",
		"https://evil.example/admin/x": "/admin", "/administrator": "/admin", "/account": "/admin", "/admin/../account": "/admin",
		"/admin/\\evil": "/admin", "/admin/x\r\nSet-Cookie: a=b": "/admin", "javascript:alert(1)": "/admin", "/admin/%2e%2e/account": "/admin",
	} {
		if got := console.Local(address); got != want {
			t.Errorf("%q leads to %q, want %q", address, got, want)
		}
	}
}

func TestZoneTakesNoPaths(t *testing.T) {
	for name, want := range map[string]string{
		"Europe/Berlin": "Europe/Berlin", "": "UTC", "Local": "UTC", "../../etc/passwd": "UTC", "Nowhere/At_all": "UTC", strings.Repeat("x", 99): "UTC",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "zone", Value: name})
		if got := console.Zone(r).String(); got != want {
			t.Errorf("%q is %s", name, got)
		}
	}
}

func TestHomeIsTheFirstPageOfARole(t *testing.T) {
	var p pages
	d := consoletest.New(t, p.areas)
	body := d.Client(role.HelpDesk).Get(console.PeopleURL).Body
	if !strings.Contains(body, `class="brand" href="`+console.PeopleURL+`"`) {
		t.Error("the brand leads elsewhere")
	}
}
