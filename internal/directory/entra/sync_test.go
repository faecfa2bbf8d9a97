package entra_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
)

// copyOf is what a reader of changes makes of them.
type copyOf struct {
	people  map[string]account.Account
	members map[string]map[string]bool
	names   map[string]string
	removed []string
	cursor  directory.Cursor
	pages   int
}

func newCopy() *copyOf {
	return &copyOf{people: map[string]account.Account{}, members: map[string]map[string]bool{}, names: map[string]string{}}
}

func (c *copyOf) take(p directory.Page) error {
	c.pages++
	for _, a := range p.People {
		c.people[a.ID.Object] = a
	}
	for _, g := range p.Groups {
		if c.members[g.Object] == nil {
			c.members[g.Object] = map[string]bool{}
		}
		c.names[g.Object] = g.Name
		for _, m := range g.Members.Added {
			c.members[g.Object][m] = true
		}
		for _, m := range g.Members.Dropped {
			delete(c.members[g.Object], m)
		}
	}
	for _, id := range p.Removed {
		c.removed = append(c.removed, id)
		delete(c.people, id)
		delete(c.members, id)
	}
	c.cursor = p.Next
	return nil
}

func (c *copyOf) upn(name string) (account.Account, bool) {
	for _, a := range c.people {
		if strings.HasPrefix(a.UPN, name+"@") {
			return a, true
		}
	}
	return account.Account{}, false
}

func TestChanges(t *testing.T) {
	b := newBench(t, func(s *graph.TenantSpec) { s.Page = 10 })
	d := b.open(func(c *entra.Config) { c.Attributes = []string{"department"} })
	boss := b.add(graph.User{UserPrincipalName: "boss@contoso.example"})
	b.tenant.AddUsers(35, func(i int) graph.User {
		return graph.User{UserPrincipalName: fmt.Sprintf("user%d@contoso.example", i), Department: "Sales", Manager: boss.ID}
	})
	guest := b.add(graph.User{UserPrincipalName: "g_x.example#EXT#@" + d.Key(), Guest: true})
	first, _ := b.tenant.User("user1@contoso.example")
	second, _ := b.tenant.User("user2@contoso.example")
	g := b.tenant.AddGroup(graph.Group{DisplayName: "Staff", Members: []string{first.ID, second.ID}})

	c := newCopy()
	if err := d.Changes(t.Context(), nil, c.take); err != nil {
		t.Fatal(err)
	}
	a, ok := c.upn("user3")
	if len(c.people) != 37 || !ok || a.ID.Directory != d.Key() || a.Attributes["department"][0] != "Sales" || a.Manager != strings.ToLower(boss.ID) {
		t.Errorf("%d people on %d pages; %+v", len(c.people), c.pages, a)
	}
	if len(c.members[g.ID]) != 2 || c.names[g.ID] != "Staff" || !slices.Equal(c.removed, []string{guest.ID}) {
		t.Errorf("%v, removed %v", c.members, c.removed)
	}

	b.tenant.UpdateUser(first.ID, func(u *graph.User) { u.DisplayName = "Renamed"; u.UserPrincipalName = "renamed@contoso.example" })
	b.tenant.DeleteUser(second.ID)
	b.tenant.RemoveMember(g.ID, first.ID)
	b.tenant.AddMember(g.ID, boss.ID)
	pages := c.pages
	if err := d.Changes(t.Context(), c.cursor, c.take); err != nil {
		t.Fatal(err)
	}
	a, ok = c.upn("renamed")
	if !ok || a.ID.Object != strings.ToLower(first.ID) || a.DisplayName != "Renamed" || len(c.people) != 36 || c.pages-pages > 2 {
		t.Errorf("%d people, %d more pages; %+v", len(c.people), c.pages-pages, a)
	}
	if m := c.members[g.ID]; m[first.ID] || !m[boss.ID] || !slices.Contains(c.removed, second.ID) {
		t.Errorf("members %v, removed %v", m, c.removed)
	}
}

// TestChangesGoOn: whoever stops between two pages goes on where they were. Small pages of Graph's are told together.
func TestChangesGoOn(t *testing.T) {
	b := newBench(t, func(s *graph.TenantSpec) { s.Page = 300 })
	d := b.open(nil)
	b.tenant.AddUsers(2000, func(i int) graph.User { return graph.User{UserPrincipalName: fmt.Sprintf("user%d@contoso.example", i)} })
	b.tenant.AddGroup(graph.Group{DisplayName: "Staff", Members: []string{b.anna.ID}})
	c, stop := newCopy(), errors.New("stop")
	for range 20 {
		err := d.Changes(t.Context(), c.cursor, func(p directory.Page) error {
			if err := c.take(p); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if len(c.members) == 1 {
			break
		}
	}
	if len(c.people) != 2001 || len(c.members) != 1 || len(c.cursor) == 0 || c.pages != 3 {
		t.Errorf("%d people, %d groups on %d pages", len(c.people), len(c.members), c.pages)
	}
	if err := d.Changes(t.Context(), c.cursor, c.take); err != nil {
		t.Error(err)
	}
}

// TestWhatWasReadBeforeAnErrorCounts: it is told, and not asked for again.
func TestWhatWasReadBeforeAnErrorCounts(t *testing.T) {
	b := newBench(t, func(s *graph.TenantSpec) { s.Page = 5 })
	d := b.open(nil)
	b.tenant.AddUsers(19, func(i int) graph.User { return graph.User{UserPrincipalName: fmt.Sprintf("user%d@contoso.example", i)} })
	b.tenant.AddGroup(graph.Group{DisplayName: "Staff", Members: []string{b.anna.ID}})
	c := newCopy()
	stop := b.server.Fail(graph.Fault{Path: "/groups/delta", Status: http.StatusForbidden})
	if err := d.Changes(t.Context(), nil, c.take); !errors.Is(err, directory.ErrDenied) {
		t.Fatal(err)
	}
	if len(c.people) != 20 || c.pages != 1 {
		t.Fatalf("%d people on %d pages", len(c.people), c.pages)
	}
	stop()
	c.people = map[string]account.Account{}
	if err := d.Changes(t.Context(), c.cursor, c.take); err != nil || len(c.people) != 0 || len(c.members) != 1 {
		t.Errorf("%d people again, %d groups, %v", len(c.people), len(c.members), err)
	}
}

func TestCursorGone(t *testing.T) {
	for _, how := range []graph.DeltaLoss{graph.DeltaGone, graph.DeltaNotFound} {
		b := newBench(t, nil)
		d := b.open(nil)
		c := newCopy()
		if err := d.Changes(t.Context(), nil, c.take); err != nil {
			t.Fatal(err)
		}
		b.tenant.ForgetDelta(how)
		if err := d.Changes(t.Context(), c.cursor, c.take); !errors.Is(err, directory.ErrCursorGone) {
			t.Errorf("loss %d: %v", how, err)
		}
		if err := d.Changes(t.Context(), nil, c.take); err != nil {
			t.Errorf("from the start: %v", err)
		}
	}
	b := newBench(t, nil)
	d := b.open(nil)
	for _, cursor := range []string{"{", `{"people":"x"}`} {
		if err := d.Changes(t.Context(), directory.Cursor(cursor), newCopy().take); !errors.Is(err, directory.ErrCursorGone) {
			t.Errorf("%s: %v", cursor, err)
		}
	}
	elsewhere := directory.Cursor(`{"people":"https://127.0.0.1:1/v1.0/users/delta","groups":"https://127.0.0.1:1/v1.0/groups/delta"}`)
	if err := d.Changes(t.Context(), elsewhere, newCopy().take); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("a cursor of another host: %v", err)
	}
}

func TestChangesFail(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	b.fail(graph.Fault{Path: "/users/delta", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "0.01"})
	if err := d.Changes(t.Context(), nil, newCopy().take); err != nil {
		t.Errorf("throttled once: %v", err)
	}
	b.app.SetPermissions("GroupMember.Read.All")
	if err := b.open(nil).Changes(t.Context(), nil, newCopy().take); !errors.Is(err, directory.ErrDenied) {
		t.Errorf("without the permission: %v", err)
	}
}
