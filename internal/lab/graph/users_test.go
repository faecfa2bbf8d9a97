package graph_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/lab/graph"
)

func TestUserIsReadByIDAndName(t *testing.T) {
	b := setup(t)
	standard := []string{"@odata.context", "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname", "userPrincipalName"}
	for _, path := range []string{"/users/" + b.bob.ID, "/users/bob@contoso.test", "/users/BOB%40contoso.test", "/users('bob@contoso.test')"} {
		status, body := b.ask(http.MethodGet, path, nil)
		var names []string
		for name := range body {
			names = append(names, name)
		}
		slices.Sort(names)
		if status != http.StatusOK || body["id"] != b.bob.ID || !slices.Equal(names, standard) {
			t.Errorf("%s: %d %v", path, status, body)
		}
		if phones, isList := body["businessPhones"].([]any); !isList || len(phones) != 0 || body["mail"] != nil {
			t.Errorf("a list is never null, a text may be: %v", body)
		}
	}
	if status, body := b.ask(http.MethodGet, "/users/nobody@contoso.test", nil); status != http.StatusNotFound || code(body) != "Request_ResourceNotFound" {
		t.Errorf("%d %v", status, body)
	}
	if status, body := b.ask(http.MethodGet, "/users/bob@contoso.test?$select=id,nonsense", nil); status != http.StatusBadRequest {
		t.Errorf("%d %v", status, body)
	}
}

func TestSynchronizedUserSaysWhereItComesFrom(t *testing.T) {
	b := setup(t)
	const names = "?$select=onPremisesSyncEnabled,onPremisesImmutableId,onPremisesSecurityIdentifier,onPremisesSamAccountName,onPremisesDomainName"
	b.t.AddUser(graph.User{UserPrincipalName: "o'neil@contoso.test", OnPremises: &graph.OnPremises{
		ImmutableID: "wKGy8zQSZ0WJqwEjRWeJqw==", SID: "S-1-5-21-1-2-3-1104", SAM: "oneil", Domain: "contoso.local",
	}})
	former := b.t.AddUser(graph.User{UserPrincipalName: "former@contoso.test", OnPremises: &graph.OnPremises{Former: true}})
	_, body := b.ask(http.MethodGet, "/users('o''neil@contoso.test')"+names, nil)
	if body["onPremisesSyncEnabled"] != true || body["onPremisesImmutableId"] != "wKGy8zQSZ0WJqwEjRWeJqw==" || body["onPremisesDomainName"] != "contoso.local" {
		t.Errorf("%v", body)
	}
	for id, want := range map[string]any{b.bob.ID: nil, former.ID: false} {
		if _, body := b.ask(http.MethodGet, "/users/"+id+names, nil); body["onPremisesSyncEnabled"] != want {
			t.Errorf("%v, want %v", body, want)
		}
	}
}

func TestFilter(t *testing.T) {
	b := setup(t)
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) {
		u.Mail, u.ProxyAddresses, u.MobilePhone = "bob.berg@contoso.test", []string{"SMTP:bob.berg@contoso.test", "smtp:b@contoso.test"}, "+49 1701234567"
		u.OnPremises = &graph.OnPremises{ImmutableID: "ab+/==", SID: "S-1-5-21-7", SAM: "bob"}
	})
	b.t.AddUser(graph.User{UserPrincipalName: "eve@contoso.test"})
	const (
		ok       = "bob"
		adv      = "bob with ConsistencyLevel and $count only"
		unusable = "never"
	)
	for filter, want := range map[string]string{
		"userPrincipalName eq 'BOB@contoso.test'":                           ok,
		"mail eq 'bob.berg@contoso.test'":                                   ok,
		"startsWith(mail,'bob.')":                                           ok,
		"endsWith(mail,'berg@contoso.test')":                                adv,
		"proxyAddresses/any(p:p eq 'smtp:b@contoso.test')":                  ok,
		"proxyAddresses/any(p:startsWith(p,'smtp:b@'))":                     ok,
		"proxyAddresses/any(p:endsWith(p,'b@contoso.test'))":                adv,
		"proxyAddresses/$count ne 0":                                        adv,
		"onPremisesImmutableId eq 'ab+/=='":                                 ok,
		"onPremisesSamAccountName eq 'bob'":                                 adv,
		"onPremisesSecurityIdentifier eq 'S-1-5-21-7'":                      adv,
		"onPremisesSyncEnabled eq true":                                     ok,
		"onPremisesSyncEnabled ne true":                                     "eve only, advanced",
		"mobilePhone eq '+49 1701234567'":                                   adv,
		"not(userPrincipalName eq 'eve@contoso.test')":                      adv,
		"userPrincipalName in ('bob@contoso.test','x@y')":                   ok,
		"accountEnabled eq true and startsWith(displayName,'Bob')":          ok,
		"onPremisesDomainName eq 'x'":                                       unusable,
		"onPremisesDistinguishedName eq 'x'":                                unusable,
		"contains(displayName,'o')":                                         unusable,
		"nonsense eq 'x'":                                                   unusable,
		"displayName eq":                                                    unusable,
		"lastPasswordChangeDateTime ge 2020-01-01T00:00:00Z":                unusable,
		"startsWith(onPremisesSecurityIdentifier,'S-1')":                    unusable,
		"mail eq 'bob.berg@contoso.test' or onPremisesSamAccountName eq ''": adv,
	} {
		path := "/users?$select=id,userPrincipalName&$filter=" + url.QueryEscape(filter)
		status, body := b.ask(http.MethodGet, path, nil)
		advStatus, advBody := b.ask(http.MethodGet, path+"&$count=true", nil, "ConsistencyLevel", "eventual")
		plainOK := status == http.StatusOK && slices.Equal(values(body, "userPrincipalName"), []string{"bob@contoso.test"})
		advOK := advStatus == http.StatusOK && slices.Equal(values(advBody, "userPrincipalName"), []string{"bob@contoso.test"}) && advBody["@odata.count"] == 1.0
		if want == "eve only, advanced" {
			if status != http.StatusBadRequest || !slices.Equal(values(advBody, "userPrincipalName"), []string{"eve@contoso.test"}) {
				t.Errorf("%s: %d %v %v", filter, status, body, advBody)
			}
			continue
		}
		if plainOK != (want == ok) || advOK != (want != unusable) {
			t.Errorf("%s: plain %d %v, advanced %d %v; want %s", filter, status, body, advStatus, advBody, want)
		}
		if want == adv {
			if status, body := b.ask(http.MethodGet, path, nil, "ConsistencyLevel", "eventual"); status != http.StatusBadRequest || code(body) != "Request_UnsupportedQuery" {
				t.Errorf("%s without $count: %d %v", filter, status, body)
			}
		}
	}
}

func TestListIsPaged(t *testing.T) {
	b := setup(t)
	b.t.AddUsers(25, func(i int) graph.User { return graph.User{UserPrincipalName: fmt.Sprintf("p%02d@contoso.test", i)} })
	b.t.DeleteUser("p03@contoso.test")
	seen, pages := map[string]bool{}, 0
	for where := "/users?$select=id&$top=10"; where != ""; pages++ {
		status, body := b.ask(http.MethodGet, where, nil)
		if status != http.StatusOK || len(values(body, "id")) > 10 {
			t.Fatalf("%d %v", status, body)
		}
		for _, id := range values(body, "id") {
			if seen[id] {
				t.Errorf("%s twice", id)
			}
			seen[id] = true
		}
		where, _ = body["@odata.nextLink"].(string)
	}
	if len(seen) != 25 || pages != 3 {
		t.Errorf("%d people on %d pages", len(seen), pages)
	}
	for _, where := range []string{"/users?$top=1000", "/users?$top=0", "/users?$skiptoken=rubbish!"} {
		if status, body := b.ask(http.MethodGet, where, nil); status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", where, status, body)
		}
	}
}

func TestManager(t *testing.T) {
	b := setup(t)
	boss := b.t.AddUser(graph.User{UserPrincipalName: "boss@contoso.test", Mail: "boss@contoso.test"})
	if status, body := b.ask(http.MethodGet, "/users/"+b.bob.ID+"/manager", nil); status != http.StatusNotFound || code(body) != "Request_ResourceNotFound" {
		t.Errorf("none: %d %v", status, body)
	}
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.Manager = boss.ID })
	if status, body := b.ask(http.MethodGet, "/users/"+b.bob.ID+"/manager?$select=id,mail", nil); status != http.StatusOK || body["id"] != boss.ID || body["@odata.type"] != "#microsoft.graph.user" {
		t.Errorf("%d %v", status, body)
	}
}

func TestTokensThatGraphRefuses(t *testing.T) {
	b := setup(t)
	good := b.token
	for name, token := range map[string]string{"none": "", "garbage": "x.y.z", "changed": good + "x"} {
		b.token = token
		if status, body := b.ask(http.MethodGet, "/users/"+b.bob.ID, nil); status != http.StatusUnauthorized || code(body) != "InvalidAuthenticationToken" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	b.token = good
	b.clock.pass(61 * time.Minute)
	if status, body := b.ask(http.MethodGet, "/users/"+b.bob.ID, nil); status != http.StatusUnauthorized || code(body) != "InvalidAuthenticationToken" {
		t.Errorf("expired: %d %v", status, body)
	}
}

func TestErrorEnvelope(t *testing.T) {
	b := setup(t)
	resp, err := b.client.Do(b.request(http.MethodGet, "/users/nobody", nil, "client-request-id", "7d3f"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get("client-request-id") != "7d3f" || resp.Header.Get("request-id") == "" {
		t.Errorf("%v", resp.Header)
	}
	_, body := b.ask(http.MethodGet, "/users/nobody", nil, "client-request-id", "7d3f")
	inner, _ := body["error"].(map[string]any)["innerError"].(map[string]any)
	if inner["client-request-id"] != "7d3f" || inner["date"] != "2026-11-24T10:00:00" || inner["request-id"] == "" {
		t.Errorf("%v", body)
	}
	list := b.s.Requests()
	last := list[len(list)-1]
	if last.ClientRequestID != "7d3f" || last.Status != http.StatusNotFound || last.Path != "/v1.0/users/nobody" || last.RequestID != inner["request-id"] {
		t.Errorf("recorded as %+v", last)
	}
}

func TestLag(t *testing.T) {
	b := setup(t)
	b.t.Configure(func(s *graph.TenantSpec) { s.Lag = 10 * time.Second })
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.Mail = "new@contoso.test" })
	eve := b.t.AddUser(graph.User{UserPrincipalName: "eve@contoso.test"})
	found := func(filter string) int {
		_, body := b.ask(http.MethodGet, "/users?$select=id&$filter="+url.QueryEscape(filter), nil)
		return len(values(body, "id"))
	}
	if _, body := b.ask(http.MethodGet, "/users/"+b.bob.ID, nil); body["mail"] != "new@contoso.test" {
		t.Errorf("by id it is there at once: %v", body)
	}
	if status, _ := b.ask(http.MethodGet, "/users/"+eve.ID, nil); status != http.StatusOK {
		t.Errorf("by id she is there at once: %d", status)
	}
	if found("mail eq 'new@contoso.test'") != 0 || found("userPrincipalName eq 'eve@contoso.test'") != 0 {
		t.Error("the index knows it too early")
	}
	b.clock.pass(5 * time.Second)
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.Mail = "newer@contoso.test" })
	b.clock.pass(5 * time.Second)
	if found("userPrincipalName eq 'eve@contoso.test'") != 1 || found("mail eq 'newer@contoso.test'") != 0 {
		t.Error("after ten seconds the first changes are seen, the second is not")
	}
	b.clock.pass(5 * time.Second)
	if found("mail eq 'newer@contoso.test'") != 1 {
		t.Error("the index never learns it")
	}
	b.t.DeleteUser(b.bob.ID)
	if found("mail eq 'newer@contoso.test'") != 1 {
		t.Error("a deleted account vanishes from the index at once")
	}
	if status, _ := b.ask(http.MethodGet, "/users/"+b.bob.ID, nil); status != http.StatusNotFound {
		t.Errorf("by id it is gone at once: %d", status)
	}
}

func TestClientVerifiesTheServer(t *testing.T) {
	b := setup(t)
	if !strings.HasPrefix(b.s.Graph(), "https://127.0.0.1:") || !strings.HasPrefix(b.s.Authority(), "https://127.0.0.1:") || b.s.Graph() == b.s.Authority() {
		t.Errorf("%s %s", b.s.Graph(), b.s.Authority())
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.s.Graph()+"/v1.0/users", nil)
	if err != nil {
		t.Fatal(err)
	}
	stranger := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if resp, err := stranger.Do(r); err == nil {
		resp.Body.Close()
		t.Error("a client without the lab's authority got an answer")
	}
}
