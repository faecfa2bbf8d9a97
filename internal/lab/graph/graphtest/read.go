package graphtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// wanted are the properties that the product selects.
const wanted = "id,userPrincipalName,displayName,givenName,surname,accountEnabled,userType,mail,otherMails,proxyAddresses,mobilePhone,businessPhones," +
	"usageLocation,preferredLanguage,lastPasswordChangeDateTime,passwordPolicies,onPremisesSyncEnabled,onPremisesImmutableId,onPremisesSecurityIdentifier," +
	"onPremisesSamAccountName,onPremisesDomainName,onPremisesUserPrincipalName,onPremisesDistinguishedName,onPremisesLastSyncDateTime,signInSessionsValidFromDateTime"

var eventual = []string{"ConsistencyLevel", "eventual"}

var readFacts = []fact{
	{"without $select a user has the default properties", nobody, func(a *asker) {
		want := []string{"@odata.context", "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname", "userPrincipalName"}
		if got := slices.Sorted(maps.Keys(a.get(user(a.Person, "")).body)); !slices.Equal(got, want) {
			a.Errorf("%v", got)
		}
	}},
	{"$select gives what is asked for, and lists are never null", nobody, func(a *asker) {
		g := a.get(user(a.Person, "?$select="+wanted))
		for _, name := range strings.Split(wanted, ",") {
			if _, there := g.body[name]; !there {
				a.Errorf("no %s", name)
			}
		}
		for _, name := range []string{"otherMails", "proxyAddresses", "businessPhones"} {
			if _, isList := g.body[name].([]any); !isList {
				a.Errorf("%s is %v", name, g.body[name])
			}
		}
		if g.body["onPremisesSyncEnabled"] != nil {
			a.Errorf("a cloud-only person has onPremisesSyncEnabled %v", g.body["onPremisesSyncEnabled"])
		}
	}},
	{"a user is found by user principal name", nobody, func(a *asker) {
		upn := a.get(user(a.Person, "")).text("userPrincipalName")
		if g := a.get(user(upn, "")); g.text("id") != a.Person {
			a.Errorf("%d %v", g.status, g.body)
		}
	}},
	{"nobody is 404", nobody, func(a *asker) {
		a.is(a.get(user("11111111-2222-4333-8444-555555555555", "")), http.StatusNotFound, "Request_ResourceNotFound")
	}},
	{"no manager is 404", nobody, func(a *asker) {
		a.is(a.get(user(a.Person, "/manager")), http.StatusNotFound, "Request_ResourceNotFound")
	}},
	{"the request's id comes back in header and error", nobody, func(a *asker) {
		const id = "8f4e1c3a-3c1e-4b7e-9d57-5f1f5b0a1c2d"
		g := a.get(user("11111111-2222-4333-8444-555555555555", ""), "client-request-id", id)
		inner := "innerError"
		if g.text("error", inner, "date") == "" {
			inner = "innererror"
		}
		if g.header.Get("client-request-id") != id || g.text("error", inner, "client-request-id") != id || g.header.Get("request-id") != g.text("error", inner, "request-id") {
			a.Errorf("%v %v", g.header, g.body)
		}
		if date := g.text("error", inner, "date"); len(date) != len("2023-02-17T01:22:59") {
			a.Errorf("date %q", date)
		}
	}},
	allowed("userPrincipalName", "userPrincipalName eq 'nobody@%s'"),
	allowed("mail", "startsWith(mail,'nobody@%s')"),
	allowed("proxyAddresses", "proxyAddresses/any(p:p eq 'smtp:nobody@%s')"),
	allowed("onPremisesImmutableId", "onPremisesImmutableId eq 'RDMiEWZViHeZqrvM3e7/AA=='"),
	needsHeader("endsWith", "endsWith(mail,'@%s')"),
	needsHeader("onPremisesSamAccountName", "onPremisesSamAccountName eq 'nobody'"),
	needsHeader("not", "not(mail eq 'nobody@%s')"),
	{"lists are paged by links", nobody, func(a *asker) {
		g := a.get("/users?$select=id&$top=1")
		if len(g.list()) != 1 || g.text("@odata.nextLink") == "" {
			a.Fatalf("%d %v", g.status, g.body)
		}
		if next := a.get(g.text("@odata.nextLink")); len(next.list()) != 1 || fmt.Sprint(next.list()) == fmt.Sprint(g.list()) {
			a.Errorf("%d %v", next.status, next.body)
		}
	}},
	{"a domain says whether it is federated", nobody, func(a *asker) {
		if g := a.get("/domains/" + a.Domain); g.text("authenticationType") != "Managed" {
			a.Errorf("%d %v", g.status, g.body)
		}
	}},
	{"methods begin with the password", nobody, func(a *asker) {
		g := a.get(user(a.Person, "/authentication/methods"))
		found := slices.ContainsFunc(g.list(), func(one any) bool {
			m, _ := one.(map[string]any)
			return m["id"] == "28c10230-6103-485e-b985-444c60001490" && m["@odata.type"] == "#microsoft.graph.passwordAuthenticationMethod"
		})
		if g.status != http.StatusOK || !found {
			a.Errorf("%d %v", g.status, g.body)
		}
		a.is(a.get(user(a.Person, "/authentication/phoneMethods")), http.StatusOK, "")
		a.is(a.get(user(a.Person, "/authentication/emailMethods")), http.StatusOK, "")
	}},
	{"the registration report needs a licence", nobody, func(a *asker) {
		g := a.get("/reports/authenticationMethods/userRegistrationDetails?$top=1")
		if g.status != http.StatusOK {
			a.is(g, http.StatusForbidden, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
		}
	}},
}

// allowed is the fact that a filter needs nothing special.
func allowed(name, format string) fact {
	return fact{"filter without header: " + name, nobody, func(a *asker) {
		if g := a.get("/users?$select=id&" + filter(place(format, a.Domain))); g.status != http.StatusOK || len(g.list()) != 0 {
			a.Errorf("%d %v", g.status, g.body)
		}
	}}
}

// needsHeader is the fact that a filter needs ConsistencyLevel and $count.
func needsHeader(name, format string) fact {
	return fact{"filter with header only: " + name, nobody, func(a *asker) {
		path := "/users?$select=id&$top=1&" + filter(place(format, a.Domain))
		if g := a.get(path); g.status != http.StatusBadRequest {
			a.Errorf("without: %d %v", g.status, g.body)
		}
		a.is(a.get(path+"&$count=true", eventual...), http.StatusOK, "")
	}}
}

// place puts the domain where the format wants one.
func place(format, domain string) string { return strings.ReplaceAll(format, "%s", domain) }

var memberFacts = []fact{
	{"memberships have their types", nobody, func(a *asker) {
		g := a.get(user(a.Person, "/transitiveMemberOf"))
		for _, one := range g.list() {
			if kind, _ := one.(map[string]any)["@odata.type"].(string); !strings.HasPrefix(kind, "#microsoft.graph.") {
				a.Errorf("%v", one)
			}
		}
		a.is(g, http.StatusOK, "")
	}},
	{"a cast of memberships needs the header", nobody, func(a *asker) {
		path := user(a.Person, "/transitiveMemberOf/microsoft.graph.group?$select=id,displayName,securityEnabled,onPremisesSecurityIdentifier")
		if g := a.get(path); g.status != http.StatusBadRequest {
			a.Errorf("without: %d %v", g.status, g.body)
		}
		a.is(a.get(path+"&$count=true", eventual...), http.StatusOK, "")
		a.is(a.get(user(a.Person, "/transitiveMemberOf/microsoft.graph.directoryRole?$select=id,displayName,roleTemplateId&$count=true"), eventual...), http.StatusOK, "")
	}},
	{"checkMemberGroups takes 20 ids", nobody, func(a *asker) {
		ids := make([]string, 0, 21)
		for i := range 21 {
			ids = append(ids, fmt.Sprintf("11111111-2222-4333-8444-5555555555%02d", i))
		}
		ask := func(n int) got {
			return a.graph(http.MethodPost, user(a.Person, "/checkMemberGroups"), map[string]any{"groupIds": ids[:n]})
		}
		if g := ask(20); g.status != http.StatusOK || len(g.list()) != 0 {
			a.Errorf("20: %d %v", g.status, g.body)
		}
		if g := ask(21); g.status != http.StatusBadRequest {
			a.Errorf("21: %d %v", g.status, g.body)
		}
	}},
	{"getMemberGroups answers with ids", nobody, func(a *asker) {
		a.is(a.graph(http.MethodPost, user(a.Person, "/getMemberGroups"), map[string]any{"securityEnabledOnly": true}), http.StatusOK, "")
	}},
	{"role assignments are found by principal", nobody, func(a *asker) {
		oid, _ := a.claims()["oid"].(string)
		g := a.get("/roleManagement/directory/roleAssignments?" + filter("principalId eq '"+oid+"'"))
		found := slices.ContainsFunc(g.list(), func(one any) bool {
			m, _ := one.(map[string]any)
			return m["roleDefinitionId"] == "fe930be7-5e62-47db-91af-98c3a49a38b1" && m["directoryScopeId"] == "/"
		})
		if !found {
			a.Errorf("the application's own role, User Administrator, is not found: %d %v", g.status, g.body)
		}
	}},
	{"an administrator's role is seen", administrator, func(a *asker) {
		g := a.get(user(a.Administrator, "/transitiveMemberOf/microsoft.graph.directoryRole?$select=id,displayName,roleTemplateId&$count=true"), eventual...)
		if len(g.list()) == 0 {
			a.Errorf("%d %v", g.status, g.body)
		}
	}},
}

var deltaFacts = []fact{
	{"delta can start from now", nobody, func(a *asker) {
		g := a.get("/users/delta?$deltatoken=latest&$select=displayName")
		if g.status != http.StatusOK || len(g.list()) != 0 || !strings.Contains(g.text("@odata.deltaLink"), "$deltatoken=") {
			a.Fatalf("%d %v", g.status, g.body)
		}
		if next := a.get(g.text("@odata.deltaLink")); next.status != http.StatusOK || next.text("@odata.deltaLink")+next.text("@odata.nextLink") == "" {
			a.Errorf("%d %v", next.status, next.body)
		}
	}},
	{"the first page of a delta leads on", nobody, func(a *asker) {
		for _, path := range []string{"/users/delta?$select=displayName,accountEnabled", "/groups/delta?$select=displayName,members"} {
			if g := a.get(path); g.status != http.StatusOK || g.text("@odata.deltaLink")+g.text("@odata.nextLink") == "" {
				a.Errorf("%s: %d %v", path, g.status, g.body)
			}
		}
	}},
	{"delta takes no $top and no $orderby", nobody, func(a *asker) {
		for _, option := range []string{"$top=5", "$orderby=displayName"} {
			if g := a.get("/users/delta?" + option); g.status != http.StatusBadRequest {
				a.Errorf("%s: %d", option, g.status)
			}
		}
	}},
	{"a batch holds 20 requests", nobody, func(a *asker) {
		batch := func(n int) got {
			list := make([]map[string]any, 0, n)
			for i := range n {
				list = append(list, map[string]any{"id": fmt.Sprint(i), "method": "GET", "url": user(a.Person, "?$select=id")})
			}
			return a.graph(http.MethodPost, "/$batch", map[string]any{"requests": list})
		}
		g := batch(2)
		if list, _ := g.body["responses"].([]any); g.status != http.StatusOK || len(list) != 2 {
			a.Errorf("2: %d %v", g.status, g.body)
		}
		if g := batch(21); g.status != http.StatusBadRequest {
			a.Errorf("21: %d %v", g.status, g.body)
		}
	}},
}
