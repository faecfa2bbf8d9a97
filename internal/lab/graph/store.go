package graph

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// store holds a tenant's objects and their history. Its caller holds the tenant's lock. Users are values that are replaced, never
// changed, so that lists can go on showing what was before.
type store struct {
	users   map[string]*userRow // by id
	byName  map[string]*userRow // by lower-case user principal name, those present
	order   []*userRow          // oldest first, the removed ones too
	userLog []change

	groups     map[string]*groupRow
	groupOrder []*groupRow
	groupLog   []change
	memberOf   map[string][]*groupRow // direct, by member

	roles []assignment
}

// userRow is a person, now and as lists still show them.
type userRow struct {
	cur, old *User
	oldUntil time.Time // lists show old until then; old is nil for somebody not yet there
}

// seen is what lists, filters and delta show at a time; nil: nobody.
func (r *userRow) seen(now time.Time) *User {
	if now.Before(r.oldUntil) {
		return r.old
	}
	return r.cur
}

// groupRow is a group. Places in members are never given again, so that a reader between two pages misses nobody.
type groupRow struct {
	group   Group // without Members
	members []string
	index   map[string]int // place in members; empty there: left
	gone    removal
}

// change is one entry of the history that delta queries read.
type change struct {
	user   *userRow
	group  *groupRow
	member string // of the group; empty: the object itself
	out    bool   // the member left
	what   uint64 // properties of a user that changed, by bit of their place
	seen   time.Time
}

// assignment is a directory role of a principal.
type assignment struct{ id, principal, template, scope string }

func newStore() store {
	return store{
		users: map[string]*userRow{}, byName: map[string]*userRow{}, groups: map[string]*groupRow{}, memberOf: map[string][]*groupRow{},
	}
}

func (s *store) grow(n int) {
	s.order = slices.Grow(s.order, n)
	s.userLog = slices.Grow(s.userLog, n)
}

// user finds somebody present by id or user principal name.
func (s *store) user(name string) *userRow {
	row := s.users[name]
	if row == nil {
		row = s.byName[strings.ToLower(name)]
	}
	if row == nil || row.cur.gone != present {
		return nil
	}
	return row
}

func (s *store) addUser(u User, m moment) *User {
	if u.ID == "" {
		u.ID = uuid.NewString()
	}
	for _, at := range []*time.Time{&u.Created, &u.PasswordChanged, &u.SessionsFrom} {
		if at.IsZero() {
			*at = m.at
		}
	}
	row := &userRow{cur: &u}
	if m.seen.After(m.at) {
		row.oldUntil = m.seen
	}
	s.users[u.ID] = row
	s.byName[strings.ToLower(u.UserPrincipalName)] = row
	s.order = append(s.order, row)
	s.userLog = append(s.userLog, change{user: row, what: everything, seen: m.seen})
	return &u
}

func (s *store) update(row *userRow, m moment, f func(*User)) {
	next := *row.cur
	f(&next)
	next.ID = row.cur.ID
	if !m.at.Before(row.oldUntil) { // else lists show something older still
		row.old = row.cur
	}
	if row.oldUntil = m.seen; !m.seen.After(m.at) {
		row.old, row.oldUntil = nil, time.Time{}
	}
	s.rename(row, &next)
	what := differences(row.cur, &next)
	row.cur = &next
	s.userLog = append(s.userLog, change{user: row, what: what, seen: m.seen})
}

// rename keeps byName in step. A name may have gone to somebody else meanwhile.
func (s *store) rename(row *userRow, next *User) {
	if old := strings.ToLower(row.cur.UserPrincipalName); s.byName[old] == row {
		delete(s.byName, old)
	}
	if next.gone == present {
		s.byName[strings.ToLower(next.UserPrincipalName)] = row
	}
}

// hasten makes everything written be seen at a time at the latest. Both histories stay in the order in which they are seen.
func (s *store) hasten(until time.Time) {
	for _, log := range [][]change{s.userLog, s.groupLog} {
		for i := range log {
			if log[i].seen.After(until) {
				log[i].seen = until
			}
		}
	}
	for _, row := range s.order {
		if row.oldUntil.After(until) {
			row.oldUntil = until
		}
	}
}

func (s *store) addGroup(g Group, m moment) Group {
	if g.ID == "" {
		g.ID = uuid.NewString()
	}
	members := g.Members
	g.Members = nil
	row := &groupRow{group: g, index: make(map[string]int, len(members))}
	s.groups[g.ID] = row
	s.groupOrder = append(s.groupOrder, row)
	s.groupLog = append(s.groupLog, change{group: row, seen: m.seen})
	for _, member := range members {
		s.setMember(g.ID, member, true, m)
	}
	g.Members = members
	return g
}

func (s *store) updateGroup(id string, m moment, f func(*Group)) bool {
	row := s.groups[id]
	if row == nil || row.gone != present {
		return false
	}
	next := row.group
	f(&next)
	next.ID, next.Members = row.group.ID, nil
	row.group = next
	s.groupLog = append(s.groupLog, change{group: row, seen: m.seen})
	return true
}

func (s *store) deleteGroup(id string, m moment) bool {
	row := s.groups[id]
	if row == nil || row.gone != present {
		return false
	}
	row.gone = soft
	for member := range row.index {
		s.leave(row, member)
	}
	s.groupLog = append(s.groupLog, change{group: row, seen: m.seen})
	return true
}

func (s *store) setMember(group, member string, in bool, m moment) bool {
	row := s.groups[group]
	if row == nil || row.gone != present {
		return false
	}
	place, is := row.index[member]
	switch {
	case is == in:
		return false
	case in:
		row.index[member] = len(row.members)
		row.members = append(row.members, member)
		s.memberOf[member] = append(s.memberOf[member], row)
	default:
		delete(row.index, member)
		row.members[place] = ""
		s.leave(row, member)
	}
	s.groupLog = append(s.groupLog, change{group: row, member: member, out: !in, seen: m.seen})
	return true
}

func (s *store) leave(row *groupRow, member string) {
	s.memberOf[member] = slices.DeleteFunc(s.memberOf[member], func(g *groupRow) bool { return g == row })
}

// groupsOf lists the groups somebody is in, directly or through others, nearest first.
func (s *store) groupsOf(member string) []*groupRow {
	var found []*groupRow
	seen := map[*groupRow]bool{}
	for queue := []string{member}; len(queue) > 0; queue = queue[1:] {
		for _, g := range s.memberOf[queue[0]] {
			if !seen[g] {
				seen[g] = true
				found = append(found, g)
				queue = append(queue, g.group.ID)
			}
		}
	}
	return found
}

func (s *store) assign(principal, template, scope string) {
	s.roles = append(s.roles, assignment{id: uuid.NewString(), principal: principal, template: template, scope: scope})
}

func (s *store) dropAssignments(principal string) {
	s.roles = slices.DeleteFunc(s.roles, func(a assignment) bool { return a.principal == principal })
}

// rolesOf lists the directory roles of a principal, those through groups too.
func (s *store) rolesOf(principal string) []assignment {
	holders := []string{principal}
	for _, g := range s.groupsOf(principal) {
		if g.group.RoleAssignable {
			holders = append(holders, g.group.ID)
		}
	}
	var found []assignment
	for _, a := range s.roles {
		if slices.Contains(holders, a.principal) {
			found = append(found, a)
		}
	}
	return found
}
