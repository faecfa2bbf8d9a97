package graph_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"rekey/internal/lab/graph"
)

// nested puts Bob into inner, which is in outer.
func (b *bench) nested() (inner, outer graph.Group) {
	inner = b.t.AddGroup(graph.Group{DisplayName: "Inner", Members: []string{b.bob.ID}, SID: "S-1-5-21-1-2-3-2001"})
	outer = b.t.AddGroup(graph.Group{DisplayName: "Outer", Members: []string{inner.ID}})
	b.t.AddGroup(graph.Group{DisplayName: "Other"})
	return inner, outer
}

func TestTransitiveMemberships(t *testing.T) {
	b := setup(t)
	inner, outer := b.nested()
	b.t.AddMember(inner.ID, outer.ID) // a circle must not hang anybody
	b.t.AssignRole(b.bob.ID, graph.HelpdeskAdministrator, "/")
	b.t.AssignRole(b.bob.ID, graph.GroupsAdministrator, "/administrativeUnits/1")
	path := "/users/" + b.bob.ID + "/transitiveMemberOf"
	_, body := b.ask(http.MethodGet, path, nil)
	if got := values(body, "displayName"); !slices.Equal(got, []string{"Inner", "Outer", "Helpdesk Administrator"}) {
		t.Errorf("%v", got)
	}
	if got := values(body, "@odata.type"); !slices.Equal(got, []string{"#microsoft.graph.group", "#microsoft.graph.group", "#microsoft.graph.directoryRole"}) {
		t.Errorf("%v", got)
	}
	if status, body := b.ask(http.MethodGet, path+"/microsoft.graph.group", nil); status != http.StatusBadRequest || code(body) != "Request_UnsupportedQuery" {
		t.Errorf("a cast without the header: %d %v", status, body)
	}
	_, body = b.ask(http.MethodGet, path+"/microsoft.graph.group?$select=id,onPremisesSecurityIdentifier&$count=true", nil, "ConsistencyLevel", "eventual")
	if got := values(body, "onPremisesSecurityIdentifier"); !slices.Equal(got, []string{"S-1-5-21-1-2-3-2001", ""}) || body["@odata.count"] != 2.0 {
		t.Errorf("%v", body)
	}
	_, body = b.ask(http.MethodGet, path+"/microsoft.graph.directoryRole?$select=id,displayName,roleTemplateId&$count=true", nil, "ConsistencyLevel", "eventual")
	if got := values(body, "roleTemplateId"); !slices.Equal(got, []string{graph.HelpdeskAdministrator}) {
		t.Errorf("%v", body)
	}
	_, body = b.ask(http.MethodGet, "/users/"+b.bob.ID+"/memberOf", nil)
	if got := values(body, "displayName"); !slices.Equal(got, []string{"Inner", "Helpdesk Administrator"}) {
		t.Errorf("direct: %v", got)
	}
}

func TestWhatMayNotBeReadIsShownByTypeAndIDAlone(t *testing.T) {
	b := setup(t)
	b.nested()
	b.t.AssignRole(b.bob.ID, graph.GlobalAdministrator, "/")
	b.app.SetPermissions("User.Read.All")
	b.token = b.askToken()
	status, body := b.ask(http.MethodGet, "/users/"+b.bob.ID+"/transitiveMemberOf", nil)
	if status != http.StatusOK || len(values(body, "id")) != 3 || slices.Contains(values(body, "id"), "") {
		t.Fatalf("%d %v", status, body)
	}
	for _, name := range []string{"displayName", "roleTemplateId"} {
		if got := values(body, name); !slices.Equal(got, []string{"", "", ""}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestMembershipsArePaged(t *testing.T) {
	b := setup(t)
	for i := range 130 {
		b.t.AddGroup(graph.Group{DisplayName: fmt.Sprintf("G%d", i), Members: []string{b.bob.ID}})
	}
	total := 0
	for where := "/users/" + b.bob.ID + "/transitiveMemberOf?$select=id"; where != ""; {
		_, body := b.ask(http.MethodGet, where, nil)
		total += len(values(body, "id"))
		where, _ = body["@odata.nextLink"].(string)
	}
	if total != 130 {
		t.Errorf("%d groups", total)
	}
}

func TestCheckAndGetMemberGroups(t *testing.T) {
	b := setup(t)
	inner, outer := b.nested()
	mail := b.t.AddGroup(graph.Group{DisplayName: "Mail", NotSecurity: true, Members: []string{b.bob.ID}})
	b.t.AssignRole(b.bob.ID, graph.ReportsReader, "/")
	at := "/users/" + b.bob.ID
	_, body := b.ask(http.MethodPost, at+"/checkMemberGroups", map[string]any{"groupIds": []string{outer.ID, "00000000-0000-0000-0000-000000000000"}})
	if got := values(body, ""); !slices.Equal(got, []string{outer.ID}) {
		t.Errorf("%v", body)
	}
	if status, _ := b.ask(http.MethodPost, at+"/checkMemberGroups", map[string]any{"groupIds": make([]string, 21)}); status != http.StatusBadRequest {
		t.Errorf("21 ids: %d", status)
	}
	for security, want := range map[bool][]string{true: {inner.ID, outer.ID}, false: {inner.ID, mail.ID, outer.ID}} {
		_, body = b.ask(http.MethodPost, at+"/getMemberGroups", map[string]any{"securityEnabledOnly": security})
		if got := values(body, ""); !slices.Equal(got, want) {
			t.Errorf("security only %t: %v, want %v", security, got, want)
		}
	}
	_, body = b.ask(http.MethodPost, at+"/getMemberObjects", map[string]any{"securityEnabledOnly": false})
	if got := values(body, ""); len(got) != 4 {
		t.Errorf("with the role: %v", got)
	}
}

func TestGetMemberGroupsHasALimit(t *testing.T) {
	b := setup(t)
	for range 11_001 {
		b.t.AddGroup(graph.Group{Members: []string{b.bob.ID}})
	}
	status, body := b.ask(http.MethodPost, "/users/"+b.bob.ID+"/getMemberGroups", map[string]any{"securityEnabledOnly": true})
	if status != http.StatusBadRequest || code(body) != "Directory_ResultSizeLimitExceeded" {
		t.Errorf("%d %v", status, body)
	}
}

func TestRoleAssignments(t *testing.T) {
	b := setup(t)
	group := b.t.AddGroup(graph.Group{DisplayName: "Admins", RoleAssignable: true, Members: []string{b.bob.ID}})
	b.t.AssignRole(group.ID, graph.GlobalAdministrator, "/")
	b.t.AssignRole(b.bob.ID, graph.HelpdeskAdministrator, "/administrativeUnits/7")
	of := func(id string) map[string]any {
		_, body := b.ask(http.MethodGet, "/roleManagement/directory/roleAssignments?$filter="+url.QueryEscape("principalId eq '"+id+"'"), nil)
		return body
	}
	if body := of(b.bob.ID); !slices.Equal(values(body, "directoryScopeId"), []string{"/administrativeUnits/7"}) || !slices.Equal(values(body, "roleDefinitionId"), []string{graph.HelpdeskAdministrator}) {
		t.Errorf("those through a group are the group's: %v", body)
	}
	if body := of(group.ID); !slices.Equal(values(body, "roleDefinitionId"), []string{graph.GlobalAdministrator}) {
		t.Errorf("%v", body)
	}
	if body := of(b.app.Object()); !slices.Equal(values(body, "roleDefinitionId"), []string{graph.UserAdministrator}) {
		t.Errorf("%v", body)
	}
	_, body := b.ask(http.MethodGet, "/users/"+b.bob.ID+"/transitiveMemberOf/microsoft.graph.directoryRole?$count=true", nil, "ConsistencyLevel", "eventual")
	if !slices.Equal(values(body, "roleTemplateId"), []string{graph.GlobalAdministrator}) {
		t.Errorf("through the group he holds it: %v", body)
	}
	if status, body := b.write(b.bob.ID, newPassword); status != http.StatusForbidden {
		t.Errorf("a role through a group protects: %d %v", status, body)
	}
}

func TestDomainsAndOrganization(t *testing.T) {
	b := setup(t)
	for name, want := range map[string]string{"contoso.test": "Managed", "ADFS.test": "Federated"} {
		if status, body := b.ask(http.MethodGet, "/domains/"+name, nil); status != http.StatusOK || body["authenticationType"] != want {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	if status, body := b.ask(http.MethodGet, "/domains/elsewhere.test", nil); status != http.StatusNotFound {
		t.Errorf("%d %v", status, body)
	}
	_, body := b.ask(http.MethodGet, "/organization", nil)
	if !slices.Equal(values(body, "id"), []string{b.t.ID()}) || !slices.Equal(values(body, "displayName"), []string{"Contoso"}) {
		t.Errorf("%v", body)
	}
}

func TestAuthenticationMethods(t *testing.T) {
	b := setup(t)
	for _, m := range []graph.Method{
		{Kind: graph.PhoneMethod, Value: "+1 2065555555"},
		{Kind: graph.PhoneMethod, Value: "+1 4255551234x99", Phone: "office"},
		{Kind: graph.EmailMethod, Value: "bob@home.test"},
		{Kind: graph.FIDO2Method, Value: "Red key"},
		{Kind: graph.OATHMethod},
		{Kind: graph.AuthenticatorMethod, Value: "Pixel"},
	} {
		b.t.AddMethod(b.bob.ID, m)
	}
	at := "/users/" + b.bob.ID + "/authentication/"
	_, body := b.ask(http.MethodGet, at+"methods", nil)
	if got := values(body, "@odata.type"); len(got) != 7 || got[0] != "#microsoft.graph.passwordAuthenticationMethod" || values(body, "id")[0] != "28c10230-6103-485e-b985-444c60001490" {
		t.Errorf("%v", body)
	}
	_, body = b.ask(http.MethodGet, at+"phoneMethods", nil)
	if !slices.Equal(values(body, "phoneNumber"), []string{"+1 2065555555", "+1 4255551234x99"}) || !slices.Equal(values(body, "phoneType"), []string{"mobile", "office"}) || values(body, "id")[0] != "3179e48a-750b-4051-897c-87b9720928f7" {
		t.Errorf("%v", body)
	}
	_, body = b.ask(http.MethodGet, at+"emailMethods", nil)
	if !slices.Equal(values(body, "emailAddress"), []string{"bob@home.test"}) {
		t.Errorf("%v", body)
	}
	for _, kind := range []string{"fido2Methods", "softwareOathMethods", "microsoftAuthenticatorMethods"} {
		if _, body = b.ask(http.MethodGet, at+kind, nil); len(values(body, "id")) != 1 {
			t.Errorf("%s: %v", kind, body)
		}
	}
	if status, _ := b.ask(http.MethodGet, at+"methods?$select=id", nil); status != http.StatusBadRequest {
		t.Errorf("$select: %d", status)
	}
	b.app.SetPermissions("UserAuthMethod-Email.Read.All")
	b.token = b.askToken()
	for kind, want := range map[string]int{"emailMethods": http.StatusOK, "phoneMethods": http.StatusForbidden, "methods": http.StatusForbidden} {
		if status, _ := b.ask(http.MethodGet, at+kind, nil); status != want {
			t.Errorf("%s with the permission for mail alone: %d", kind, status)
		}
	}
}

func TestRegistrationReport(t *testing.T) {
	b := setup(t)
	b.t.AddMethod(b.bob.ID, graph.Method{Kind: graph.EmailMethod, Value: "bob@home.test"})
	eve := b.t.AddUser(graph.User{UserPrincipalName: "eve@contoso.test"})
	const report = "/reports/authenticationMethods/userRegistrationDetails"
	for filter, want := range map[string][]string{
		"":                                      {b.bob.ID, eve.ID},
		"?$filter=isSsprRegistered%20eq%20true": {b.bob.ID},
		"?$filter=methodsRegistered/any(x:x%20eq%20'email')":   {b.bob.ID},
		"?$filter=userPrincipalName%20eq%20'eve@contoso.test'": {eve.ID},
	} {
		if _, body := b.ask(http.MethodGet, report+filter, nil); !slices.Equal(values(body, "id"), want) {
			t.Errorf("%s: %v", filter, body)
		}
	}
	if status, body := b.ask(http.MethodGet, report+"/"+b.bob.ID, nil); status != http.StatusOK || body["isSsprRegistered"] != true || body["isMfaRegistered"] != false {
		t.Errorf("%d %v", status, body)
	}
	b.t.Configure(func(s *graph.TenantSpec) { s.Free = true })
	if status, body := b.ask(http.MethodGet, report, nil); status != http.StatusForbidden || code(body) != "Authentication_RequestFromNonPremiumTenantOrB2CTenant" {
		t.Errorf("without P1: %d %v", status, body)
	}
}
