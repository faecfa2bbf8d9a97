package adminui_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/lab/pgtest"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func desk(t *testing.T) *consoletest.Desk {
	t.Helper()
	return consoletest.New(t, func(*consoletest.Desk) []server.Area { return nil })
}

func TestEveryRoleIsKeptToItsPages(t *testing.T) {
	desk(t).Refused(map[string]string{"id": "x", "directory": consoletest.Domain, "object": "x"})
}

// TestTheWayIn is an invitation, a passkey, signing out, and signing in with both halves.
func TestTheWayIn(t *testing.T) {
	d := desk(t)
	c := d.Invited("owner")
	if got := c.Get(console.SelfURL); got.Status != http.StatusOK || !strings.Contains(got.Body, "Test key") || !strings.Contains(got.Body, "this one") {
		t.Fatalf("status %d, %s", got.Status, got.Body)
	}
	if got := c.Follow(console.OutURL, nil); !strings.Contains(got.Body, "You were signed out.") || c.Cookie("__Host-admin") != "" {
		t.Errorf("signed out: %s", got.Body)
	}
	form := url.Values{"name": {"owner"}, "password": {consoletest.Password}, "return": {console.SelfURL}}
	page := c.Follow(console.SignInURL, form)
	if got := c.Get(console.SelfURL); got.Location != console.ProveURL {
		t.Errorf("half signed in, a page leads to %q", got.Location)
	}
	if got := c.Post(console.ProveURL, c.Prove(page.Body, nil)); got.Location != console.SelfURL {
		t.Errorf("signed in, and led to %q", got.Location)
	}
	want := []string{
		string(audit.ConsoleInvited), string(audit.ProofRequested), string(audit.ConsolePasskeyAdded), string(audit.ConsoleStarted),
		string(audit.ConsoleEnded), string(audit.ProofRequested), string(audit.ConsoleStarted),
	}
	if got := d.Audit()[1:]; !slices.Equal(got, want) { // the settings came first
		t.Errorf("recorded %v", got)
	}
}

// TestAttack16SignInTellsNothing: a wrong password, an unknown name and a person who is no administrator get the same answer.
func TestAttack16SignInTellsNothing(t *testing.T) {
	d := desk(t)
	d.Invited("owner")
	var bodies []string
	for _, name := range []string{"owner", "anna", "nobody"} {
		got := d.Nobody().Post(console.SignInURL, url.Values{"name": {name}, "password": {"wrong"}})
		if got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", name, got.Status)
		}
		bodies = append(bodies, strings.ReplaceAll(got.Body, `value="`+name+`"`, ""))
	}
	if bodies[0] != bodies[1] || bodies[1] != bodies[2] {
		t.Error("the answers differ")
	}
	got := d.Nobody().Post(console.SignInURL, url.Values{"name": {"anna"}, "password": {consoletest.Password}})
	if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "no passkey for these pages") {
		t.Errorf("without a passkey: status %d", got.Status)
	}
}

// TestAttack23OpenRedirect: signing in leads to our own pages alone.
func TestAttack23OpenRedirect(t *testing.T) {
	d := desk(t)
	c := d.Invited("owner")
	c.Post(console.OutURL, nil)
	for _, to := range []string{"https://evil.example/", "//evil.example", "/account", "/admin/../account"} {
		page := c.Follow(console.SignInURL, url.Values{"name": {"owner"}, "password": {consoletest.Password}, "return": {to}})
		if got := c.Post(console.ProveURL, c.Prove(page.Body, nil)); got.Location != console.Root {
			t.Errorf("%s leads to %q", to, got.Location)
		}
	}
}

// TestAttack12AnInvitationWorksOnce.
func TestAttack12AnInvitationWorksOnce(t *testing.T) {
	d := desk(t)
	link, _, err := d.Admin.Invite(t.Context(), d.ID("owner"), "test", audit.Source{})
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(link, consoletest.Origin)
	if got := d.Nobody().Post(path, url.Values{"password": {"wrong"}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: status %d", got.Status)
	}
	if _, _, err := d.Admin.Invite(t.Context(), d.ID("owner"), "test", audit.Source{}); err != nil {
		t.Fatal(err)
	}
	if got := d.Nobody().Get(path); got.Status != http.StatusNotFound || !strings.Contains(got.Body, "used, replaced or is older") {
		t.Errorf("a replaced one: status %d", got.Status)
	}
}

func TestOneEndsOnesOtherBrowsers(t *testing.T) {
	d := desk(t)
	c, other, stranger := d.Client(role.Auditor), d.Client(role.Auditor), d.Client(role.Reporter)
	if got := c.Post(console.SelfURL+"/sessions/"+stranger.Session.ID+"/end", nil); got.Status != http.StatusNotFound {
		t.Errorf("another's: status %d", got.Status)
	}
	if got := c.Follow(console.SelfURL+"/sessions/"+other.Session.ID+"/end", nil); !strings.Contains(got.Body, "signed out") {
		t.Errorf("status %d", got.Status)
	}
	if got := other.Get(console.SelfURL); got.Location == "" {
		t.Error("the other browser is still in")
	}
	if got := stranger.Get(console.SelfURL); got.Status != http.StatusOK {
		t.Error("a stranger was signed out")
	}
}

func TestTheOnlyPasskeyStays(t *testing.T) {
	d := desk(t)
	c := d.Invited("owner")
	keys, err := d.Admin.Passkeys(t.Context(), d.ID("owner"))
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	if got := c.Post(console.SelfURL+"/passkeys/"+keys[0].ID+"/remove", nil); got.Status != http.StatusConflict {
		t.Errorf("status %d", got.Status)
	}
	second := d.Invited("owner") // another device
	if got := second.Get(console.SelfURL + "/passkeys/" + keys[0].ID + "/remove"); got.Status != http.StatusOK || !strings.Contains(got.Body, "cannot be undone") {
		t.Errorf("status %d", got.Status)
	}
	if got := second.Post(console.SelfURL+"/passkeys/"+keys[0].ID+"/remove", nil); got.Location != console.SignInURL {
		t.Errorf("status %d", got.Status)
	}
	if got := c.Get(console.SelfURL); got.Location == "" {
		t.Error("a session of the account goes on")
	}
}

func TestAnOwnerInvites(t *testing.T) {
	d := desk(t)
	c := d.Client(role.Owner)
	if got := c.Post(console.AdministratorsURL+"/invite", url.Values{"name": {"nobody<b>"}}); got.Status != http.StatusUnprocessableEntity || strings.Contains(got.Body, "nobody<b>") {
		t.Errorf("an unknown name: status %d", got.Status)
	}
	got := c.Post(console.AdministratorsURL+"/invite", url.Values{"name": {"xaver"}})
	if got.Status != http.StatusOK || !strings.Contains(got.Body, consoletest.Origin+admin.InvitationPath) || strings.Contains(got.Body, "<script>alert") {
		t.Errorf("status %d", got.Status)
	}
	if got := c.Get(console.AdministratorsURL); strings.Contains(got.Body, admin.InvitationPath) || !strings.Contains(got.Body, "xaver") {
		t.Error("the link is shown twice, or the invitation is not listed")
	}
	d.Advance(admin.InvitedFor + time.Second)
	if open, err := d.Admin.Invitations(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("after a day: %v, %v", open, err)
	}
}

// TestAnOwnerGivesAndTakesARole: what is saved is what was shown, by whom and why is kept, and it holds at once.
func TestAnOwnerGivesAndTakesARole(t *testing.T) {
	d := desk(t)
	owner, anna := d.Client(role.Owner), d.ClientOf("anna")
	page := owner.Post(console.AdministratorsURL+"/roles", url.Values{
		"role": {"help-desk"}, "kind": {"person"}, "name": {"anna"}, "domain": {consoletest.Domain}, "exclude": {"S-1-5-21-1-2-3-512\n"},
	})
	if page.Status != http.StatusOK || !strings.Contains(page.Body, d.ID("anna").String()) || anna.Get(console.SelfURL).Status != http.StatusForbidden {
		t.Fatalf("status %d, %s", page.Status, page.Body)
	}
	form := consoletest.Form(page.Body, nil)
	if got := owner.Post(console.AdministratorsURL+"/roles/save", form); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Say why") {
		t.Errorf("without a reason: status %d", got.Status)
	}
	form.Set("reason", "She joined the desk")
	if got := owner.Follow(console.AdministratorsURL+"/roles/save", form); !strings.Contains(got.Body, "Saved as version 2") {
		t.Fatalf("status %d, %s", got.Status, got.Body)
	}
	if got := anna.Get(console.SelfURL); got.Status != http.StatusOK || !strings.Contains(got.Body, "Help desk") {
		t.Errorf("she has no role: status %d", got.Status)
	}
	last, err := d.Store.LatestSettings(t.Context())
	if err != nil || last.Reason != "She joined the desk" || !strings.Contains(string(last.Document), "# in memory") || !strings.HasSuffix(last.Author, "owner") {
		t.Errorf("kept: %+v, %v", last, err)
	}
	if got := owner.Post(console.AdministratorsURL+"/roles/save", form); got.Status != http.StatusConflict || !strings.Contains(got.Body, "She joined the desk") {
		t.Errorf("saved a second time: status %d", got.Status)
	}
	if got := owner.Post(console.AdministratorsURL+"/roles/5/remove", url.Values{"version": {"1"}}); got.Status != http.StatusConflict {
		t.Errorf("a form of an old page: status %d", got.Status)
	}
	page = owner.Post(console.AdministratorsURL+"/roles/5/remove", url.Values{"version": {"2"}})
	form = consoletest.Form(page.Body, url.Values{"reason": {"She left it"}})
	if got := owner.Post(console.AdministratorsURL+"/roles/save", form); got.Status != http.StatusSeeOther || anna.Get(console.SelfURL).Status != http.StatusForbidden {
		t.Errorf("status %d, or she still has it", got.Status)
	}
}
