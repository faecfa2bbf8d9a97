package ad_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/directory/directorytest"
	"rekey/internal/lab/samba"
)

// crowd is more than a server gives of a group's members at a time, and more than a page holds.
const crowd = 1600

// crowded is a domain with many objects, if a test asked for it.
var crowded struct {
	sync.Once
	domain *samba.Domain
	err    error
}

func startCrowded() (*samba.Domain, error) {
	seed := []samba.Change{samba.OU{Name: "Moving"}, samba.OU{Name: "Below"}}
	all := samba.Group{Name: "everyone"}
	for i := range crowd {
		name := fmt.Sprintf("team%04d", i)
		seed, all.Members = append(seed, samba.Group{Name: name}), append(all.Members, name)
	}
	return samba.Start(context.Background(), samba.Spec{Realm: "crowd.example.test", Seed: append(seed, all)})
}

func closeCrowded() error {
	if crowded.domain == nil {
		return nil
	}
	return crowded.domain.Close()
}

func crowdedDomain(t testing.TB) *samba.Domain {
	t.Helper()
	crowded.Do(func() { crowded.domain, crowded.err = startCrowded() })
	if crowded.err != nil {
		t.Fatal(crowded.err)
	}
	return crowded.domain
}

// mirror is what one was told of a directory.
type mirror struct {
	people  map[string]account.Account
	groups  map[string]directory.SyncedGroup
	members map[string]map[string]bool
	units   map[string]string
	next    directory.Cursor
	pages   int
	largest int // page, in objects and members
}

func newMirror() *mirror {
	return &mirror{people: map[string]account.Account{}, groups: map[string]directory.SyncedGroup{}, members: map[string]map[string]bool{}, units: map[string]string{}}
}

func (m *mirror) read(t testing.TB, d *ad.Directory) {
	t.Helper()
	if err := d.Changes(t.Context(), m.next, m.take()); err != nil {
		t.Fatal(err)
	}
}

// take gives what takes the pages of one call.
func (m *mirror) take() func(directory.Page) error {
	told := map[string]map[string]bool{}
	return func(p directory.Page) error {
		size := len(p.People) + len(p.Groups) + len(p.Units) + len(p.Removed)
		for _, a := range p.People {
			m.people[a.ID.Object] = a
		}
		for _, g := range p.Groups {
			m.groups[g.Object] = g
			if told[g.Object] == nil {
				told[g.Object] = map[string]bool{}
			}
			for _, o := range g.Members.Added {
				told[g.Object][o] = true
			}
			if g.Members.Whole {
				m.members[g.Object] = told[g.Object]
			}
			size += len(g.Members.Added)
		}
		for _, u := range p.Units {
			m.units[u.Object] = u.Path
		}
		for _, o := range p.Removed {
			delete(m.people, o)
			delete(m.groups, o)
			delete(m.units, o)
		}
		m.next, m.pages, m.largest = p.Next, m.pages+1, max(m.largest, size)
		return nil
	}
}

func (m *mirror) named(t testing.TB, sam string) account.Account {
	t.Helper()
	for _, a := range m.people {
		if a.SAM == sam {
			return a
		}
	}
	t.Fatalf("%s was not told", sam)
	return account.Account{}
}

func (m *mirror) group(t testing.TB, name string) string {
	t.Helper()
	for o, g := range m.groups {
		if g.Name == name {
			return o
		}
	}
	t.Fatalf("the group %s was not told", name)
	return ""
}

func TestSyncTellsEverythingInPages(t *testing.T) {
	dom := crowdedDomain(t)
	d, m := open(t, dom, nil), newMirror()
	m.read(t, d)
	everyone := m.group(t, "everyone")
	if len(m.groups) < crowd || len(m.members[everyone]) != crowd {
		t.Errorf("%d groups, %d members", len(m.groups), len(m.members[everyone]))
	}
	if m.largest > 6500 || m.pages < 2 {
		t.Errorf("%d pages, the largest holds %d", m.pages, m.largest)
	}
	if len(m.units) < 4 {
		t.Errorf("%v", m.units)
	}
	before := m.pages
	m.read(t, d)
	if m.pages > before+1 || len(m.next) > 500 {
		t.Errorf("%d pages more when little has changed; the cursor has %d bytes", m.pages-before, len(m.next))
	}
}

// TestSyncGoesOnAfterAnyPage breaks off after every page in turn.
func TestSyncGoesOnAfterAnyPage(t *testing.T) {
	d, m := open(t, crowdedDomain(t), nil), newMirror()
	errEnough := errors.New("enough")
	calls := 0
	for err := errEnough; err != nil; calls++ {
		take, began := m.take(), string(m.next)
		err = d.Changes(t.Context(), m.next, func(p directory.Page) error {
			if err := take(p); err != nil {
				return err
			}
			if string(p.Next) == began || began == "" && strings.Contains(string(p.Next), `"at":0`) {
				return nil // not behind us yet: breaking off here would never end
			}
			return errEnough
		})
		if calls == 100 || err != nil && (!errors.Is(err, errEnough) || errors.Is(err, directory.ErrUnavailable)) {
			t.Fatal(calls, err)
		}
	}
	if calls < 3 {
		t.Errorf("it was all in %d windows", calls)
	}
	whole := newMirror()
	whole.read(t, d)
	if len(m.groups) != len(whole.groups) || len(m.people) != len(whole.people) || len(m.units) != len(whole.units) {
		t.Errorf("%d groups, %d people, %d units; in one go %d, %d, %d",
			len(m.groups), len(m.people), len(m.units), len(whole.groups), len(whole.people), len(whole.units))
	}
}

// TestSyncFollows: everything that can happen to an object is told with the next pass, by the object.
func TestSyncFollows(t *testing.T) {
	dom := crowdedDomain(t)
	t.Run("by change numbers", func(t *testing.T) {
		follows(t, dom, open(t, dom, func(c *ad.Config) { c.Attributes = []string{"department"} }), false)
	})
	t.Run("by the feed of changes", func(t *testing.T) {
		user, password := dom.Admin()
		c := config(dom)
		c.User, c.Attributes = user, []string{"department"}
		follows(t, dom, opened(t, c, deps(t, password)), true)
	})
}

// follows changes everything and compares. Administrators see what was deleted; an ordinary service account does not.
func follows(t *testing.T, dom *samba.Domain, d *ad.Directory, sees bool) {
	m, p := newMirror(), newPeer(dom)
	defer p.clear(t, "boss", "jdoe")
	p.Add(t, directorytest.Person{SAM: "boss", Password: seeded})
	p.Add(t, directorytest.Person{SAM: "jdoe", Password: seeded, Display: "Jane Doe", Mail: "jane@mail.test"})
	m.read(t, d)
	findings := d.Check(t.Context())
	if !slices.ContainsFunc(findings, func(f directory.Finding) bool {
		return f.Name == "deletions" && f.OK && sees == strings.HasPrefix(f.Text, "are seen with the feed")
	}) {
		t.Errorf("%+v", findings)
	}
	if sees != strings.Contains(string(m.next), "dirsync") {
		t.Errorf("the feed is used: %v", !sees)
	}
	jdoe := m.named(t, "jdoe")
	live, err := d.Get(t.Context(), jdoe.ID)
	if err != nil {
		t.Fatal(err)
	}
	if told := jdoe; told.State != live.State || told.Path != live.Path || told.SID != live.SID || told.Anchor != live.Anchor || told.DisplayName != live.DisplayName ||
		!slices.Equal(told.Mails, live.Mails) || told.UPN != live.UPN || told.NetBIOS != live.NetBIOS {
		t.Errorf("told %+v, read live %+v", told, live)
	}
	if primary := m.groups[m.group(t, "Domain Users")].Policy; len(jdoe.Groups) != 1 || jdoe.Groups[0].ID != primary {
		t.Errorf("primary group %v, want %s", jdoe.Groups, primary)
	}

	dn, teamA, teamB := dom.UserDN(samba.User{SAM: "jdoe"}), dom.GroupDN("team0000"), dom.GroupDN("team0001")
	boss := dom.UserDN(samba.User{SAM: "boss"})
	t.Run("change", func(t *testing.T) {
		p.admin(t, func(c *ldap.Conn) error {
			r := ldap.NewModifyRequest(dn, nil)
			r.Replace("department", []string{"Sales"})
			r.Replace("manager", []string{boss})
			r.Replace("userAccountControl", []string{"514"})
			return c.Modify(r)
		})
		m.read(t, d)
		a := m.named(t, "jdoe")
		if a.ID != jdoe.ID || !slices.Equal(a.Attributes["department"], []string{"Sales"}) || a.Manager != m.named(t, "boss").ID.Object || !a.State.Disabled {
			t.Errorf("%+v", a)
		}
	})
	t.Run("nested groups", func(t *testing.T) {
		p.admin(t, func(c *ldap.Conn) error {
			for group, member := range map[string]string{teamA: dn, teamB: teamA} {
				r := ldap.NewModifyRequest(group, nil)
				r.Add("member", []string{member})
				if err := c.Modify(r); err != nil {
					return err
				}
			}
			return nil
		})
		m.read(t, d)
		a, b := m.group(t, "team0000"), m.group(t, "team0001")
		if !m.members[a][jdoe.ID.Object] || !m.members[b][a] {
			t.Errorf("%v, %v", m.members[a], m.members[b])
		}
		p.admin(t, func(c *ldap.Conn) error {
			r := ldap.NewModifyRequest(teamB, nil)
			r.Delete("member", []string{teamA})
			return c.Modify(r)
		})
		m.read(t, d)
		if len(m.members[b]) != 0 {
			t.Errorf("%v", m.members[b])
		}
	})
	t.Run("rename and move", func(t *testing.T) {
		p.admin(t, func(c *ldap.Conn) error {
			if err := c.ModifyDN(ldap.NewModifyDNRequest(dn, "CN=Jane Roe", true, dom.UnitDN("Moving"))); err != nil {
				return err
			}
			dn = "CN=Jane Roe," + dom.UnitDN("Moving")
			r := ldap.NewModifyRequest(dn, nil)
			r.Replace("sAMAccountName", []string{"jroe"})
			return c.Modify(r)
		})
		m.read(t, d)
		if a := m.named(t, "jroe"); a.ID != jdoe.ID || a.Path != dn {
			t.Errorf("%+v", a)
		}
	})
	t.Run("a unit moves", func(t *testing.T) {
		p.admin(t, func(c *ldap.Conn) error {
			return c.ModifyDN(ldap.NewModifyDNRequest(dom.UnitDN("Moving"), "OU=Moved", true, dom.UnitDN("Below")))
		})
		dn = "CN=Jane Roe,OU=Moved," + dom.UnitDN("Below")
		m.read(t, d)
		if !slices.ContainsFunc(values(m.units), func(path string) bool { return path == "OU=Moved,"+dom.UnitDN("Below") }) {
			t.Errorf("%v", m.units)
		}
	})
	t.Run("delete and create again", func(t *testing.T) {
		p.admin(t, func(c *ldap.Conn) error { return c.Del(ldap.NewDelRequest(dn, nil)) })
		p.Add(t, directorytest.Person{SAM: "jdoe", Password: seeded})
		if m.read(t, d); !sees {
			m = newMirror()
			m.read(t, d)
		}
		if _, there := m.people[jdoe.ID.Object]; there {
			t.Error("the deleted account is still there")
		}
		if a := m.named(t, "jdoe"); a.ID == jdoe.ID {
			t.Errorf("%+v", a)
		}
	})
	t.Run("no security group any more", func(t *testing.T) {
		name := map[bool]string{false: "team0002", true: "team0003"}[sees]
		a := m.group(t, name)
		p.admin(t, func(c *ldap.Conn) error {
			r := ldap.NewModifyRequest(dom.GroupDN(name), nil)
			r.Replace("groupType", []string{"2"}) // global, for distribution
			return c.Modify(r)
		})
		m.read(t, d)
		if _, there := m.groups[a]; there {
			t.Error("a distribution group counts")
		}
	})
}

// clear takes people away, and the unit back to where it was.
func (p *peer) clear(t testing.TB, sams ...string) {
	t.Helper()
	p.admin(t, func(c *ldap.Conn) error {
		for _, sam := range sams {
			if err := c.Del(ldap.NewDelRequest(p.d.UserDN(samba.User{SAM: sam}), nil)); err != nil {
				return err
			}
		}
		people := p.d.UnitDN("")
		return c.ModifyDN(ldap.NewModifyDNRequest("OU=Moved,"+p.d.UnitDN("Below"), "OU=Moving", true, people))
	})
}

func values(m map[string]string) []string {
	all := make([]string, 0, len(m))
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

// TestSyncLeavesOutWhatSettingsDo: people outside of the base are not told, and groups are, wherever they are.
func TestSyncLeavesOutWhatSettingsDo(t *testing.T) {
	dom := crowdedDomain(t)
	narrow := open(t, dom, func(c *ad.Config) { c.BaseDN = dom.UnitDN("") })
	m := newMirror()
	m.read(t, narrow)
	for _, a := range m.people {
		if !strings.HasSuffix(a.Path, dom.UnitDN("")) {
			t.Errorf("%s", a.Path)
		}
	}
	m.group(t, "Domain Users")
	wide := open(t, dom, nil)
	none := func(directory.Page) error { return errors.New("told something") }
	if err := wide.Changes(t.Context(), m.next, none); !errors.Is(err, directory.ErrCursorGone) {
		t.Errorf("a cursor of other settings: %v", err)
	}
	ahead := strings.Replace(string(m.next), `"at":`, `"at":99`, 1)
	if err := narrow.Changes(t.Context(), directory.Cursor(ahead), none); !errors.Is(err, directory.ErrCursorGone) {
		t.Errorf("a controller that was set back: %v", err)
	}
	if err := narrow.Changes(t.Context(), directory.Cursor("rubbish"), none); !errors.Is(err, directory.ErrCursorGone) {
		t.Errorf("no cursor: %v", err)
	}
}
