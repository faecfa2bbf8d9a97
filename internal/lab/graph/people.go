package graph

import (
	"slices"
	"time"
)

// User is a person in a tenant. Empty texts are null on the wire.
type User struct {
	ID                                     string // empty: a new one
	UserPrincipalName                      string
	DisplayName, GivenName, Surname        string
	Mail, MailNickname                     string
	OtherMails, ProxyAddresses             []string
	MobilePhone                            string
	BusinessPhones                         []string
	JobTitle, Department, CompanyName      string
	OfficeLocation, EmployeeID             string
	UsageLocation, PreferredLanguage       string
	Guest                                  bool
	Disabled                               bool
	OnPremises                             *OnPremises // nil: never synchronized
	Password                               string      // empty: none that anybody knows
	MustChange, MustChangeWithMFA          bool
	PasswordPolicies                       string
	PasswordChanged, SessionsFrom, Created time.Time // zero: when added
	Manager                                string    // id
	MFACode                                string    // what the sign-in page takes as second factor; empty: nothing registered
	Methods                                []Method  // besides the password

	gone    removal
	revoked int // how often the sessions were revoked
	resets  int // how often the password was written in the cloud
}

// OnPremises is what synchronization tells of an account.
type OnPremises struct {
	Former      bool // was synchronized once: onPremisesSyncEnabled is false
	ImmutableID string
	SID         string
	SAM         string
	Domain      string
	UPN         string
	DN          string
	LastSync    time.Time
}

// synced reports whether Active Directory owns the account.
func (u *User) synced() bool { return u.OnPremises != nil && !u.OnPremises.Former }

// Group is a group with its members.
type Group struct {
	ID                             string // empty: a new one
	DisplayName, Description, Mail string
	NotSecurity                    bool // a mail-only group
	RoleAssignable                 bool
	SID                            string // onPremisesSecurityIdentifier; empty: a cloud group
	Members                        []string
	Owners                         []string
}

// Method is an authentication method that somebody has registered.
type Method struct {
	Kind    MethodKind
	Value   string // phone number "+1 2065555555", or mail address; the name of a key otherwise
	Phone   string // mobile, alternateMobile or office
	ID      string // empty: the fixed one of phones, else a new one
	Created time.Time
}

// MethodKind is an authentication method's type.
type MethodKind string

// The kinds, by the segment of the path they are read at.
const (
	PhoneMethod         MethodKind = "phoneMethods"
	EmailMethod         MethodKind = "emailMethods"
	FIDO2Method         MethodKind = "fido2Methods"
	OATHMethod          MethodKind = "softwareOathMethods"
	AuthenticatorMethod MethodKind = "microsoftAuthenticatorMethods"
)

// removal is how an object went away.
type removal int

const (
	present removal = iota
	soft            // in the recycle bin
	hard
)

// AddUser adds a person, whose user principal name must be free; the answer has what was filled in.
func (t *Tenant) AddUser(u User) User {
	t.mu.Lock()
	defer t.mu.Unlock()
	return *t.store.addUser(u, t.now())
}

// AddUsers adds many, made one by one.
func (t *Tenant) AddUsers(n int, make func(i int) User) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.store.grow(n)
	for i := range n {
		t.store.addUser(make(i), t.now())
	}
}

// User finds a person by id or user principal name, removed ones excluded.
func (t *Tenant) User(name string) (User, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	row := t.store.user(name)
	if row == nil {
		return User{}, false
	}
	return *row.cur, true
}

// UpdateUser changes a person as an administrator would, without rules; false if nobody is called so.
func (t *Tenant) UpdateUser(name string, change func(*User)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := t.store.user(name)
	if row == nil {
		return false
	}
	t.store.update(row, t.now(), change)
	return true
}

// DeleteUser puts a person into the recycle bin.
func (t *Tenant) DeleteUser(name string) bool {
	return t.UpdateUser(name, func(u *User) { u.gone = soft })
}

// PurgeUser removes a person for good, from the recycle bin too.
func (t *Tenant) PurgeUser(id string) bool { return t.setGone(id, hard) }

// RestoreUser brings a person back from the recycle bin; false also if somebody else has the name by now.
func (t *Tenant) RestoreUser(id string) bool { return t.setGone(id, present) }

func (t *Tenant) setGone(id string, how removal) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := t.store.users[id]
	if row == nil || row.cur.gone == hard || how == present && t.store.user(row.cur.UserPrincipalName) != nil {
		return false
	}
	t.store.update(row, t.now(), func(u *User) { u.gone = how })
	return true
}

// AddMethod registers an authentication method for a person.
func (t *Tenant) AddMethod(name string, m Method) bool {
	return t.UpdateUser(name, func(u *User) { u.Methods = append(slices.Clone(u.Methods), m.complete(t.s.now())) })
}

// AddGroup adds a group; the answer has what was filled in.
func (t *Tenant) AddGroup(g Group) Group {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.store.addGroup(g, t.now())
}

// UpdateGroup changes anything of a group but its members; false if there is none.
func (t *Tenant) UpdateGroup(id string, change func(*Group)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.store.updateGroup(id, t.now(), change)
}

// DeleteGroup puts a group into the recycle bin.
func (t *Tenant) DeleteGroup(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.store.deleteGroup(id, t.now())
}

// Group finds a group that is present, with its members.
func (t *Tenant) Group(id string) (Group, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	row := t.store.groups[id]
	if row == nil || row.gone != present {
		return Group{}, false
	}
	g := row.group
	g.Members = slices.DeleteFunc(slices.Clone(row.members), func(id string) bool { return id == "" })
	return g, true
}

// AddMember puts a person or a group into a group.
func (t *Tenant) AddMember(group, member string) bool { return t.setMember(group, member, true) }

// RemoveMember takes a person or a group out of a group.
func (t *Tenant) RemoveMember(group, member string) bool { return t.setMember(group, member, false) }

func (t *Tenant) setMember(group, member string, in bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.store.setMember(group, member, in, t.now())
}

// AssignRole gives a person, a group or a service principal a directory role, by template id. The scope is "/" for the whole tenant,
// else "/administrativeUnits/{id}".
func (t *Tenant) AssignRole(principal, template, scope string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.store.assign(principal, template, scope)
}

// UnassignRoles takes all directory roles from a principal.
func (t *Tenant) UnassignRoles(principal string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.store.dropAssignments(principal)
}

// now is the time with what follows from the tenant's lag: when lists will see what is written.
func (t *Tenant) now() moment {
	now := t.s.now()
	return moment{at: now, seen: now.Add(t.spec.Lag)}
}

// moment is when something is written, and when lists, filters and delta see it.
type moment struct{ at, seen time.Time }
