package graph_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/lab/graph"
)

// pass follows a delta to its end: what the pages hold, how many there were, and the link to go on with.
func (b *bench) pass(where string, headers ...string) (objects []map[string]any, pages int, link string) {
	b.Helper()
	for link == "" {
		status, body := b.ask(http.MethodGet, where, nil, headers...)
		if status != http.StatusOK {
			b.Fatalf("%s: %d %v", where, status, body)
		}
		pages++
		list, _ := body["value"].([]any)
		for _, one := range list {
			objects = append(objects, one.(map[string]any))
		}
		link, _ = body["@odata.deltaLink"].(string)
		where, _ = body["@odata.nextLink"].(string)
	}
	return objects, pages, link
}

func byID(objects []map[string]any) map[string]map[string]any {
	found := map[string]map[string]any{}
	for _, o := range objects {
		found[o["id"].(string)] = o
	}
	return found
}

func keys(o map[string]any) []string { return slices.Sorted(maps.Keys(o)) }

func TestUserDelta(t *testing.T) {
	b := setup(t)
	b.t.AddUsers(450, func(i int) graph.User {
		return graph.User{ID: fmt.Sprintf("id-%03d", i), UserPrincipalName: fmt.Sprintf("p%03d@contoso.test", i), DisplayName: "P"}
	})
	objects, pages, link := b.pass("/users/delta?$select=userPrincipalName,mail,accountEnabled")
	if len(objects) != 451 || pages != 3 {
		t.Fatalf("%d people on %d pages", len(objects), pages)
	}
	if got := keys(byID(objects)[b.bob.ID]); !slices.Equal(got, []string{"accountEnabled", "id", "userPrincipalName"}) {
		t.Errorf("what was never set is left out: %v", got)
	}
	if objects, pages, link = b.pass(link); len(objects) != 0 || pages != 1 {
		t.Errorf("nothing has changed: %v", objects)
	}
	b.t.UpdateUser("id-001", func(u *graph.User) { u.Mail = "one@contoso.test" })
	b.t.UpdateUser("id-001", func(u *graph.User) { u.Disabled = true })
	b.t.UpdateUser("id-002", func(u *graph.User) { u.JobTitle = "not asked for" })
	b.t.DeleteUser("id-003")
	b.t.PurgeUser("id-004")
	b.t.AddUser(graph.User{ID: "new", UserPrincipalName: "p003@contoso.test"})
	objects, _, link = b.pass(link)
	got := byID(objects)
	if len(objects) != 4 || got["id-001"]["mail"] != "one@contoso.test" || got["id-001"]["accountEnabled"] != false || got["new"]["userPrincipalName"] != "p003@contoso.test" {
		t.Errorf("%v", objects)
	}
	for id, reason := range map[string]string{"id-003": "changed", "id-004": "deleted"} {
		if removed, _ := got[id]["@removed"].(map[string]any); removed["reason"] != reason || len(got[id]) != 2 {
			t.Errorf("%s: %v", id, got[id])
		}
	}
	if b.t.RestoreUser("id-003") {
		t.Error("restored although somebody else has the name by now")
	}
	b.t.UpdateUser("new", func(u *graph.User) { u.UserPrincipalName = "other@contoso.test" })
	_, _, link = b.pass(link)
	b.t.RestoreUser("id-003")
	if objects, _, _ = b.pass(link); len(objects) != 1 || objects[0]["userPrincipalName"] != "p003@contoso.test" {
		t.Errorf("restored: %v", objects)
	}
}

func TestChangesDuringAPassAreToldAfterwards(t *testing.T) {
	b := setup(t)
	b.t.Configure(func(s *graph.TenantSpec) { s.Page = 1 })
	b.t.AddUser(graph.User{ID: "second", UserPrincipalName: "second@contoso.test"})
	_, body := b.ask(http.MethodGet, "/users/delta", nil)
	next, _ := body["@odata.nextLink"].(string)
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.Mail = "late@contoso.test" })
	_, _, link := b.pass(next)
	if objects, _, _ := b.pass(link); len(objects) != 1 || objects[0]["mail"] != "late@contoso.test" {
		t.Errorf("%v", objects)
	}
}

func TestDeltaOptions(t *testing.T) {
	b := setup(t)
	boss := b.t.AddUser(graph.User{UserPrincipalName: "boss@contoso.test"})
	objects, _, link := b.pass("/users/delta?$deltatoken=latest&$select=displayName,manager")
	if len(objects) != 0 {
		t.Errorf("latest starts now: %v", objects)
	}
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.Manager = boss.ID })
	objects, _, _ = b.pass(link, "Prefer", "return=minimal")
	if len(objects) != 1 || !slices.Equal(keys(objects[0]), []string{"id", "manager@delta"}) {
		t.Errorf("minimal: %v", objects)
	}
	objects, _, _ = b.pass(link)
	if len(objects) != 1 || !slices.Equal(keys(objects[0]), []string{"displayName", "id", "manager@delta"}) {
		t.Errorf("all that is selected: %v", objects)
	}
	if objects, _, _ = b.pass("/users/delta?$filter=id%20eq%20'" + boss.ID + "'"); len(objects) != 1 || objects[0]["id"] != boss.ID {
		t.Errorf("by id: %v", objects)
	}
	for _, option := range []string{"$top=5", "$orderby=displayName", "$expand=manager", "$filter=displayName%20eq%20'x'", "$deltatoken=rubbish"} {
		if status, body := b.ask(http.MethodGet, "/users/delta?"+option, nil); status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", option, status, body)
		}
	}
}

func TestForgottenDeltaTokens(t *testing.T) {
	for name, c := range map[string]struct {
		lose   func(b *bench)
		status int
		code   string
	}{
		"gone":      {func(b *bench) { b.t.ForgetDelta(graph.DeltaGone) }, http.StatusGone, "resyncRequired"},
		"not found": {func(b *bench) { b.t.ForgetDelta(graph.DeltaNotFound) }, http.StatusBadRequest, "SyncStateNotFound"},
		"too old":   {func(b *bench) { b.clock.pass(7*24*time.Hour + time.Minute); b.token = b.askToken() }, http.StatusBadRequest, "SyncStateNotFound"},
	} {
		b := setup(t)
		_, _, link := b.pass("/users/delta?$select=displayName")
		c.lose(b)
		resp, err := b.client.Do(b.request(http.MethodGet, link, nil))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if status, body := b.ask(http.MethodGet, link, nil); status != c.status || code(body) != c.code {
			t.Errorf("%s: %d %v", name, status, body)
		}
		again := "/users/delta?$select=displayName"
		if c.status == http.StatusGone {
			if again = resp.Header.Get("Location"); !strings.HasSuffix(again, "$deltatoken=") {
				t.Errorf("Location: %q", again)
			}
		}
		if objects, _, _ := b.pass(again); len(objects) != 1 || objects[0]["displayName"] != "Bob Berg" {
			t.Errorf("%s, from the start: %v", name, objects)
		}
	}
}

// membersOf puts the pages of a group delta together.
func membersOf(objects []map[string]any, group string) (in, out []string) {
	for _, o := range objects {
		list, _ := o["members@delta"].([]any)
		for _, m := range list {
			member, _ := m.(map[string]any)
			id, _ := member["id"].(string)
			if o["id"] == group && member["@removed"] == nil {
				in = append(in, id)
			} else if o["id"] == group {
				out = append(out, id)
			}
		}
	}
	return in, out
}

func TestGroupDelta(t *testing.T) {
	b := setup(t)
	b.t.Configure(func(s *graph.TenantSpec) { s.Page = 50 })
	var ids []string
	b.t.AddUsers(120, func(i int) graph.User {
		ids = append(ids, fmt.Sprintf("id-%03d", i))
		return graph.User{ID: ids[i], UserPrincipalName: ids[i] + "@contoso.test"}
	})
	large := b.t.AddGroup(graph.Group{DisplayName: "Large", Members: ids})
	small := b.t.AddGroup(graph.Group{DisplayName: "Small", Members: []string{large.ID}})
	_, body := b.ask(http.MethodGet, "/groups/delta?$select=displayName,members", nil)
	next, _ := body["@odata.nextLink"].(string)
	first, _ := body["value"].([]any)
	b.t.RemoveMember(large.ID, "id-000") // must not make the reader miss anybody
	objects, pages, link := b.pass(next)
	objects = append([]map[string]any{first[0].(map[string]any)}, objects...)
	if in, _ := membersOf(objects, large.ID); !slices.Equal(in, ids) || pages < 2 {
		t.Errorf("%d members on %d further pages", len(in), pages)
	}
	if in, _ := membersOf(objects, small.ID); !slices.Equal(in, []string{large.ID}) {
		t.Errorf("nested: %v", in)
	}
	b.t.AddMember(small.ID, b.bob.ID)
	b.t.RemoveMember(small.ID, large.ID)
	b.t.UpdateGroup(large.ID, func(g *graph.Group) { g.DisplayName = "Huge" })
	objects, _, link = b.pass(link)
	if _, out := membersOf(objects, large.ID); !slices.Equal(out, []string{"id-000"}) || byID(objects)[large.ID]["displayName"] != "Huge" {
		t.Errorf("%v", objects)
	}
	if in, out := membersOf(objects, small.ID); !slices.Equal(in, []string{b.bob.ID}) || !slices.Equal(out, []string{large.ID}) {
		t.Errorf("in %v, out %v", in, out)
	}
	b.t.DeleteGroup(small.ID)
	if objects, _, _ = b.pass(link); len(objects) != 1 || objects[0]["@removed"] == nil {
		t.Errorf("%v", objects)
	}
}

func TestDeltaLags(t *testing.T) {
	b := setup(t)
	b.t.Configure(func(s *graph.TenantSpec) { s.Lag = time.Minute })
	_, _, link := b.pass("/users/delta")
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.Mail = "new@contoso.test" })
	objects, _, link := b.pass(link)
	if len(objects) != 0 {
		t.Errorf("too early: %v", objects)
	}
	b.clock.pass(time.Minute)
	if objects, _, _ = b.pass(link); len(objects) != 1 || objects[0]["mail"] != "new@contoso.test" {
		t.Errorf("%v", objects)
	}
}

func TestShorterLagLosesNoChange(t *testing.T) {
	b := setup(t)
	b.t.Configure(func(s *graph.TenantSpec) { s.Lag = time.Hour })
	_, _, link := b.pass("/users/delta")
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.Mail = "new@contoso.test" })
	b.t.Configure(func(s *graph.TenantSpec) { s.Lag = time.Minute })
	b.t.AddUser(graph.User{UserPrincipalName: "eve@contoso.test"})
	b.clock.pass(time.Minute)
	if objects, _, _ := b.pass(link); len(objects) != 2 || byID(objects)[b.bob.ID]["mail"] != "new@contoso.test" {
		t.Errorf("%v", objects)
	}
}
