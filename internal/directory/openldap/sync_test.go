package openldap_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/directorytest"
	"rekey/internal/directory/openldap"
	"rekey/internal/lab/slapd"
	"rekey/internal/secret"
)

// mirror takes over what passes tell.
type mirror struct {
	people  map[string]account.Account
	groups  map[string]directory.SyncedGroup
	members map[string][]string // by group
	units   map[string]directory.SyncedUnit
	next    directory.Cursor
	pages   int
	largest int
}

func newMirror() *mirror {
	return &mirror{
		people: map[string]account.Account{}, groups: map[string]directory.SyncedGroup{}, members: map[string][]string{},
		units: map[string]directory.SyncedUnit{},
	}
}

func (m *mirror) take() func(directory.Page) error {
	told := map[string][]string{}
	return func(p directory.Page) error {
		m.pages++
		m.largest = max(m.largest, len(p.People)+len(p.Units)+len(p.Groups))
		for _, a := range p.People {
			m.people[a.ID.Object] = a
		}
		for _, u := range p.Units {
			m.units[u.Object] = u
		}
		for _, g := range p.Groups {
			m.largest = max(m.largest, len(g.Members.Added))
			m.groups[g.Object] = g
			told[g.Object] = append(told[g.Object], g.Members.Added...)
			if g.Members.Whole {
				m.members[g.Object] = told[g.Object]
			}
		}
		m.next = p.Next
		return nil
	}
}

func (m *mirror) read(t testing.TB, d *openldap.Directory) {
	t.Helper()
	if err := d.Changes(t.Context(), m.next, m.take()); err != nil {
		t.Fatal(err)
	}
}

func (m *mirror) group(t testing.TB, name string) directory.SyncedGroup {
	t.Helper()
	for _, g := range m.groups {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("the group %s was not told", name)
	return directory.SyncedGroup{}
}

// crowd is more people than fit in two pages, all in one group, which takes two as well.
const crowd = 1100

// crowded is a server with a crowd, its changes a day old as the directory sees them.
func crowded(t testing.TB) (*openldap.Directory, *peer, *atomic.Int64) {
	t.Helper()
	s, err := slapd.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	p := newPeer(s)
	var everyone []string
	p.admin(t, func(c *ldap.Conn) error {
		for i := range crowd {
			r := p.added(fmt.Sprintf("uid=crowd%d,%s", i, s.PeopleDN()), directorytest.Person{SAM: fmt.Sprintf("crowd%d", i)})
			if err := c.Add(r); err != nil {
				return err
			}
			everyone = append(everyone, r.DN)
		}
		return nil
	})
	p.group(t, "everyone", "groupOfNames", "member", everyone...)
	_, password := s.Service()
	with, ahead := deps(t, password), &atomic.Int64{}
	with.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	return opened(t, config(s), with), p, ahead
}

func TestSync(t *testing.T) {
	d, p, ahead := crowded(t)
	boss := p.Add(t, directorytest.Person{SAM: "boss", Password: oldPassword})
	id := p.Add(t, directorytest.Person{SAM: "jdoe", Password: oldPassword, Display: "Jane Doe", Mail: "jane@mail.test"})
	p.set(t, p.dns[id.Object], "manager", p.dns[boss.Object])
	p.group(t, "uids", "posixGroup", "memberUid", "jdoe", "nobody-there")
	p.group(t, "nested", "groupOfUniqueNames", "uniqueMember", p.sams["everyone"], p.dns[id.Object])
	m := newMirror()

	t.Run("everything", func(t *testing.T) {
		m.read(t, d)
		live, err := d.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		told := m.people[id.Object]
		if told.Manager != boss.Object || told.Path != live.Path || told.Mail != live.Mail || told.DisplayName != live.DisplayName || told.State != live.State {
			t.Errorf("%+v, live: %+v", told, live)
		}
		everyone := m.group(t, "everyone")
		if len(m.people) != crowd+2 || len(m.members[everyone.Object]) != crowd || len(m.groups) != 3 || len(m.units) != 1 {
			t.Errorf("%d people, %d members, %d groups, %d units", len(m.people), len(m.members[everyone.Object]), len(m.groups), len(m.units))
		}
		if got := m.members[m.group(t, "uids").Object]; !slices.Equal(got, []string{id.Object}) {
			t.Errorf("by name: %q", got)
		}
		if got := m.members[m.group(t, "nested").Object]; len(got) != 2 || !slices.Contains(got, everyone.Object) || !slices.Contains(got, id.Object) {
			t.Errorf("nested: %q", got)
		}
		if !slices.ContainsFunc(live.Groups, func(g account.Group) bool { return g.ID == m.group(t, "nested").Policy }) {
			t.Errorf("the copy's groups are not those policies name: %v", live.Groups)
		}
		if m.largest > 1000 || m.pages < 6 {
			t.Errorf("%d pages, the largest holds %d", m.pages, m.largest)
		}
	})

	ahead.Store(int64(24 * time.Hour)) // nothing is recent any more
	m.read(t, d)                       // the pass after the first still looks back to its beginning
	began := m.pages
	m.read(t, d)
	t.Run("nothing new", func(t *testing.T) {
		if m.pages > began+6 || len(m.next) > 500 {
			t.Errorf("%d pages when nothing has changed; the cursor has %d bytes", m.pages-began, len(m.next))
		}
	})
	t.Run("other settings", func(t *testing.T) {
		other := open(t, p.s, func(c *openldap.Config) { c.Attributes = []string{"l"} })
		for _, from := range []directory.Cursor{m.next, directory.Cursor("{"), directory.Cursor(`{"scope":"x"}`)} {
			if err := other.Changes(t.Context(), from, m.take()); !errors.Is(err, directory.ErrCursorGone) {
				t.Errorf("%s: %v", from, err)
			}
		}
	})
}

// TestSyncFollows: what happens to an object is told with the next pass, by the object.
func TestSyncFollows(t *testing.T) {
	s := server(t)
	d, p, m := open(t, s, nil), newPeer(s), newMirror()
	id := p.Add(t, directorytest.Person{SAM: "followed", Password: oldPassword})
	group := p.Group(t, "following", "followed")
	m.read(t, d)
	object := m.group(t, "following").Object
	p.admin(t, func(c *ldap.Conn) error {
		return c.ModifyDN(ldap.NewModifyDNRequest(p.dns[id.Object], "uid=renamed", true, ""))
	})
	p.dns[id.Object] = "uid=renamed," + s.PeopleDN()
	p.Lock(t, id)
	p.set(t, group, "member", s.GroupsDN())
	m.read(t, d)
	if a := m.people[id.Object]; a.SAM != "renamed" || !a.State.Locked {
		t.Errorf("%+v", a)
	}
	if got := m.members[object]; len(got) != 0 {
		t.Errorf("members %q", got)
	}
	if err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); err != nil {
		t.Fatal(err)
	}
	m.read(t, d)
	if a := m.people[id.Object]; a.State.Locked {
		t.Errorf("after a reset: %+v", a.State)
	}
}

// TestSyncGoesOn breaks off within the first section, and after each of them.
func TestSyncGoesOn(t *testing.T) {
	s := server(t)
	d, p := open(t, s, nil), newPeer(s)
	p.Add(t, directorytest.Person{SAM: "going-on", Password: oldPassword})
	p.Group(t, "going-on-group", "going-on")
	whole, m := newMirror(), newMirror()
	whole.read(t, d)
	enough := errors.New("enough")
	for range 4 { // in the first section, and at the end of each of three
		take, began := m.take(), string(m.next)
		err := d.Changes(t.Context(), m.next, func(p directory.Page) error {
			if err := take(p); err != nil || string(p.Next) == began {
				return err // not behind us yet: breaking off here would never end
			}
			return enough
		})
		if !errors.Is(err, enough) || errors.Is(err, directory.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if len(m.people) != len(whole.people) || len(m.groups) != len(whole.groups) || len(m.units) != len(whole.units) {
		t.Errorf("%d people, %d groups, %d units; in one go %d, %d, %d",
			len(m.people), len(m.groups), len(m.units), len(whole.people), len(whole.groups), len(whole.units))
	}
}

func TestSyncWithoutTheServer(t *testing.T) {
	d := open(t, server(t), func(c *openldap.Config) { c.Servers = []string{"ldaps://" + listener(t, true)} })
	if err := d.Changes(t.Context(), nil, newMirror().take()); !errors.Is(err, directory.ErrUnavailable) {
		t.Error(err)
	}
}
