package graph_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"rekey/internal/lab/graph"
)

const newPassword = "Qv7#tunnel-Maple"

func number(err error) int {
	e := &graph.AADSTS{}
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

func TestPasswordIsWrittenAndTheOldOneIsDead(t *testing.T) {
	b := setup(t)
	before, err := b.t.SignIn("bob@contoso.test", bobPassword)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.pass(time.Minute)
	if status, body := b.write(b.bob.ID, newPassword); status != http.StatusNoContent || body != nil {
		t.Fatalf("%d %v", status, body)
	}
	if _, err := b.t.SignIn("bob@contoso.test", bobPassword); number(err) != 50126 {
		t.Errorf("old password: %v", err)
	}
	after, err := b.t.SignIn("bob@contoso.test", newPassword)
	if err != nil {
		t.Errorf("new password: %v", err)
	}
	if b.s.Alive(before.Refresh) || !b.s.Alive(before.Access) || !b.s.Alive(after.Refresh) {
		t.Error("writing a password ends the refresh tokens from before, and nothing else")
	}
	_, body := b.ask(http.MethodGet, "/users/bob@contoso.test?$select=lastPasswordChangeDateTime,signInSessionsValidFromDateTime", nil)
	if body["lastPasswordChangeDateTime"] != "2026-11-24T10:01:00Z" || body["signInSessionsValidFromDateTime"] != "2026-11-24T10:00:00Z" {
		t.Errorf("%v", body)
	}
}

func TestRevokedSessions(t *testing.T) {
	b := setup(t)
	before, err := b.t.SignIn("bob@contoso.test", bobPassword)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.pass(time.Minute)
	if status, body := b.ask(http.MethodPost, "/users/"+b.bob.ID+"/revokeSignInSessions", nil); status != http.StatusOK || body["value"] != true {
		t.Fatalf("%d %v", status, body)
	}
	after, err := b.t.SignIn("bob@contoso.test", bobPassword)
	if err != nil || b.s.Alive(before.Access) || b.s.Alive(before.Refresh) || !b.s.Alive(after.Access) {
		t.Errorf("tokens from before must be dead, those from after alive (%v)", err)
	}
	u, _ := b.t.User(b.bob.ID)
	if !u.SessionsFrom.Equal(b.clock.Now()) {
		t.Errorf("sessions are valid from %s", u.SessionsFrom)
	}
}

func TestPasswordPolicy(t *testing.T) {
	b := setup(t)
	b.t.Configure(func(s *graph.TenantSpec) { s.Banned = []string{"rekey"} })
	for password, want := range map[string]int{
		"Qv7#tunnel-Maple":           http.StatusNoContent,
		"Ab1!xyz":                    http.StatusBadRequest, // seven characters
		"abcdefgh1":                  http.StatusBadRequest, // two classes
		"Schön-7tunnel":              http.StatusBadRequest, // Unicode
		"P@ssw0rd1":                  http.StatusBadRequest, // banned worldwide
		"R3key!R3key":                http.StatusBadRequest, // within one edit of the tenant's word
		"Rekey-tunnel7":              http.StatusNoContent,  // the word is one point of nine
		"Rekey!Rekey":                http.StatusBadRequest, // the tenant's word twice and one character
		"xBergmann-77":               http.StatusBadRequest, // the surname
		"Contoso-77-xyzzy":           http.StatusBadRequest, // the tenant
		"Bob-77-xyzzy!":              http.StatusNoContent,  // names of three characters do not count
		strings.Repeat("Aq1!zk", 43): http.StatusBadRequest, // 258 characters
	} {
		if status, body := b.write(b.bob.ID, password); status != want || want == http.StatusBadRequest && (code(body) != "Request_BadRequest" || !strings.Contains(message(body), "complexity")) {
			t.Errorf("%q: %d %v", password, status, body)
		}
	}
}

func TestMustChangeIsTheDefault(t *testing.T) {
	b := setup(t)
	if status, body := b.ask(http.MethodPatch, "/users/"+b.bob.ID, map[string]any{"passwordProfile": map[string]any{"password": newPassword}}); status != http.StatusNoContent {
		t.Fatalf("%d %v", status, body)
	}
	if _, err := b.t.SignIn("bob@contoso.test", newPassword); number(err) != 50055 {
		t.Errorf("%v", err)
	}
	if status, _ := b.ask(http.MethodPatch, "/users/"+b.bob.ID, map[string]any{"passwordProfile": map[string]any{"forceChangePasswordNextSignIn": false}}); status != http.StatusNoContent {
		t.Errorf("the flag alone: %d", status)
	}
	if _, err := b.t.SignIn("bob@contoso.test", newPassword); number(err) != 50055 {
		t.Errorf("the flag alone has no effect: %v", err)
	}
}

// The table is that of Microsoft's privileged-roles-permissions.
func TestWhoMayWriteWhosePassword(t *testing.T) {
	callers := []string{
		graph.PasswordAdministrator, graph.HelpdeskAdministrator, graph.AuthenticationAdministrator, graph.UserAdministrator, graph.PrivilegedAuthAdministrator, graph.GlobalAdministrator,
	}
	const securityAdministrator = "194ae4cb-b126-40b2-bd5b-6091b380977d"
	b := setup(t)
	for target, may := range map[string]string{
		"":                                  "yyyyyy",
		graph.DirectoryReaders:              "yyyyyy",
		graph.GuestInviter:                  "yyyyyy",
		graph.PasswordAdministrator:         "yyyyyy",
		graph.MessageCenterReader:           "-yyyyy",
		graph.ReportsReader:                 "-yyyyy",
		graph.HelpdeskAdministrator:         "-y-yyy",
		graph.AuthenticationAdministrator:   "--y-yy",
		graph.UserAdministrator:             "---yyy",
		graph.GroupsAdministrator:           "---yyy",
		graph.GlobalAdministrator:           "----yy",
		graph.PrivilegedAuthAdministrator:   "----yy",
		graph.PrivilegedRoleAdministrator:   "----yy",
		securityAdministrator:               "----yy",
		"member of a role-assignable group": "----yy",
		"owner of a role-assignable group":  "----yy",
	} {
		who := b.t.AddUser(graph.User{UserPrincipalName: target + "@contoso.test"}).ID
		switch target {
		case "":
		case "member of a role-assignable group":
			b.t.AddGroup(graph.Group{DisplayName: "Tier 0", RoleAssignable: true, Members: []string{who}})
		case "owner of a role-assignable group":
			b.t.AddGroup(graph.Group{DisplayName: "Tier 0", RoleAssignable: true, Owners: []string{who}})
		default:
			b.t.AssignRole(who, target, "/")
		}
		for i, caller := range callers {
			b.app.SetRoles(caller)
			want := http.StatusForbidden
			if may[i] == 'y' {
				want = http.StatusNoContent
			}
			if status, body := b.write(who, newPassword); status != want {
				t.Errorf("target %q, caller %q: %d %v, want %d", target, caller, status, body, want)
			}
		}
	}
}

func TestPasswordNeedsPermissionAndRole(t *testing.T) {
	b := setup(t)
	for name, c := range map[string]struct {
		permissions []string
		roles       []string
		optional    bool
		admin       bool
		want        int
	}{
		"both":                             {permissions, []string{graph.UserAdministrator}, false, false, http.StatusNoContent},
		"no role":                          {permissions, nil, false, false, http.StatusForbidden},
		"no role, optional":                {permissions, nil, true, false, http.StatusNoContent},
		"no role, optional, administrator": {permissions, nil, true, true, http.StatusForbidden},
		"no permission":                    {[]string{"User.Read.All"}, []string{graph.GlobalAdministrator}, false, false, http.StatusForbidden},
		"broad permission alone":           {[]string{"User.ReadWrite.All"}, nil, true, false, http.StatusForbidden},
		"broad permission and role":        {[]string{"User.ReadWrite.All"}, []string{graph.UserAdministrator}, false, false, http.StatusNoContent},
	} {
		b.t.UnassignRoles(b.bob.ID)
		if c.admin {
			b.t.AssignRole(b.bob.ID, graph.ReportsReader, "/")
		}
		b.t.Configure(func(s *graph.TenantSpec) { s.RoleOptional = c.optional })
		b.app.SetPermissions(c.permissions...)
		b.app.SetRoles(c.roles...)
		b.token = b.askToken()
		status, body := b.write(b.bob.ID, newPassword)
		if status != c.want || status == http.StatusForbidden && code(body) != "Authorization_RequestDenied" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
}

func TestWritesOfSynchronizedAccounts(t *testing.T) {
	b := setup(t)
	synced := b.t.AddUser(graph.User{UserPrincipalName: "anna@contoso.test", Password: bobPassword, OnPremises: &graph.OnPremises{ImmutableID: "x"}})
	federated := b.t.AddUser(graph.User{UserPrincipalName: "fred@adfs.test", OnPremises: &graph.OnPremises{ImmutableID: "y"}})
	if status, body := b.write(synced.ID, newPassword); status != http.StatusNoContent {
		t.Errorf("by default it is taken: %d %v", status, body)
	}
	if _, err := b.t.SignIn("anna@contoso.test", newPassword); err != nil {
		t.Errorf("the cloud's password differs from then on: %v", err)
	}
	b.t.Configure(func(s *graph.TenantSpec) { s.Synced = graph.SyncedRefused })
	for _, id := range []string{synced.ID, federated.ID} {
		if status, body := b.write(id, newPassword+"2"); status != http.StatusBadRequest || !strings.HasPrefix(message(body), "Unable to update the specified properties for on-premises mastered") {
			t.Errorf("%d %v", status, body)
		}
	}
}

func TestPatchIsAllOrNothing(t *testing.T) {
	b := setup(t)
	mixed := map[string]any{"displayName": "Robert", "passwordProfile": map[string]any{"password": newPassword, "forceChangePasswordNextSignIn": false}}
	if status, body := b.ask(http.MethodPatch, "/users/"+b.bob.ID, mixed); status != http.StatusForbidden {
		t.Errorf("without User.ReadWrite.All: %d %v", status, body)
	}
	if _, err := b.t.SignIn("bob@contoso.test", bobPassword); err != nil {
		t.Errorf("half of it was done: %v", err)
	}
	b.app.SetPermissions(append([]string{"User.ReadWrite.All"}, permissions...)...)
	b.token = b.askToken()
	if status, body := b.ask(http.MethodPatch, "/users/"+b.bob.ID, mixed); status != http.StatusNoContent {
		t.Errorf("%d %v", status, body)
	}
	if u, _ := b.t.User(b.bob.ID); u.DisplayName != "Robert" || u.Password != newPassword {
		t.Errorf("%+v", u)
	}
}

func TestDelegatedOnlyCallsRefuseApplications(t *testing.T) {
	b := setup(t)
	for path, want := range map[string]int{
		"/users/" + b.bob.ID + "/changePassword":                                                            http.StatusForbidden,
		"/users/" + b.bob.ID + "/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword": http.StatusForbidden,
	} {
		if status, body := b.ask(http.MethodPost, path, map[string]any{"newPassword": newPassword}); status != want || code(body) != "Authorization_RequestDenied" {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	if status, body := b.ask(http.MethodGet, "/me", nil); status != http.StatusBadRequest {
		t.Errorf("/me: %d %v", status, body)
	}
}

func TestRevokingAnAdministratorNeedsARole(t *testing.T) {
	b := setup(t)
	b.app.SetRoles()
	path := "/users/" + b.bob.ID + "/revokeSignInSessions"
	if status, _ := b.ask(http.MethodPost, path, nil); status != http.StatusOK {
		t.Errorf("somebody without a role: %d", status)
	}
	b.t.AssignRole(b.bob.ID, graph.GlobalAdministrator, "/")
	if status, _ := b.ask(http.MethodPost, path, nil); status != http.StatusForbidden {
		t.Errorf("an administrator: %d", status)
	}
}
