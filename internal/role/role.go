// Package role says who may do what in the administrators' pages. It is pure: bindings are compiled from the settings, and asked with
// the facts of an account that were read live.
//
// Invariants:
//
//   - Nobody has a permission that no binding gives. An account without a binding has none at all.
//   - What changes who can recover (Rules) and what touches the evidence of it (Evidence) are never held together: of somebody whose
//     bindings give both, evidence is taken away.
//   - No permission lets anybody see, choose or set another person's password: there is none to give.
//   - A help desk's people are those of its scope, and never itself.
package role

import (
	"fmt"
	"slices"

	"rekey/internal/policy"
)

// Role is a set of permissions with a name.
type Role string

// The roles.
const (
	Owner       Role = "owner"        // everything but evidence
	PolicyAdmin Role = "policy-admin" // what people need to get back in
	HelpDesk    Role = "help-desk"    // the people of its scope
	Auditor     Role = "auditor"      // reads everything, changes nothing, keeps evidence
	Reporter    Role = "reporter"     // figures alone
)

// Roles lists them, the mightiest first.
func Roles() []Role { return []Role{Owner, PolicyAdmin, HelpDesk, Auditor, Reporter} }

// Permission is one thing that may be allowed. A route of the administrators' pages names exactly one.
type Permission string

// The permissions.
const (
	SeeSelf        Permission = "self.see"            // one's own sessions; everybody who is signed in
	SeeOverview    Permission = "overview.see"        // health and figures
	SeeReports     Permission = "reports.see"         // coverage, and the lists behind its figures
	SeePeople      Permission = "people.see"          // find a person, and why they cannot reset
	HelpPeople     Permission = "people.help"         // unblock, unlock, invite, verify a caller, take away a lost method
	ApproveHelp    Permission = "people.approve"      // the second pair of eyes where the person is privileged
	SeeAudit       Permission = "audit.see"           // search, with addresses masked
	RevealAudit    Permission = "audit.reveal"        // addresses in full
	ExportAudit    Permission = "audit.export"        // take records with them
	EraseAudit     Permission = "audit.erase"         // the personal data of who has left
	SeeSettings    Permission = "settings.see"        // policies, methods, messages and the like; what was changed when
	EditPolicies   Permission = "policies.edit"       // policies, rules, methods
	EditTexts      Permission = "texts.edit"          // messages and branding
	EditConnectors Permission = "connectors.edit"     // directories, mail and text message gateways: whom the portal trusts with what
	EditRoles      Permission = "administrators.edit" // who has which role, invitations, sessions of others
	SetThreat      Permission = "threat.set"          // the switch for times of attack
	Operate        Permission = "operation.do"        // jobs and dead letters, keys, sync, doctor
	SeeOperation   Permission = "operation.see"       // the same, looking
)

// Rules are the permissions that change who can recover, and how.
func Rules() []Permission {
	return []Permission{EditPolicies, EditTexts, EditConnectors, EditRoles, Operate}
}

// Evidence are the permissions that take records away, or anything out of them.
func Evidence() []Permission { return []Permission{ExportAudit, EraseAudit} }

// Permissions lists what a role may.
func Permissions(r Role) []Permission {
	switch r {
	case Owner:
		return []Permission{
			SeeSelf, SeeOverview, SeeReports, SeePeople, HelpPeople, ApproveHelp, SeeAudit, SeeSettings, EditPolicies, EditTexts,
			EditConnectors, EditRoles, SetThreat, Operate, SeeOperation,
		}
	case PolicyAdmin:
		return []Permission{SeeSelf, SeeOverview, SeeReports, SeePeople, SeeAudit, SeeSettings, EditPolicies, EditTexts, SeeOperation}
	case HelpDesk:
		return []Permission{SeeSelf, SeePeople, HelpPeople, ApproveHelp}
	case Auditor:
		return []Permission{
			SeeSelf, SeeOverview, SeeReports, SeePeople, SeeAudit, RevealAudit, ExportAudit, EraseAudit, SeeSettings, SeeOperation,
		}
	case Reporter:
		return []Permission{SeeSelf, SeeOverview, SeeReports}
	}
	return nil
}

// Binding gives a role to people, as it stands in the settings.
type Binding struct {
	Role Role `yaml:"role" json:"role"`
	// People by id, "directory/object".
	People []string `yaml:"people,omitempty" json:"people,omitempty"`
	// Groups by SID or DOMAIN\name; nested membership counts.
	Groups []string `yaml:"groups,omitempty" json:"groups,omitempty"`
	// Scope bounds whom the role may find and help; a help desk's alone. Empty: everybody.
	Scope policy.Scope `yaml:"scope,omitempty" json:"scope,omitzero"`
}

// Bindings is a compiled list. It is never changed and safe for concurrent use. The zero value gives nobody anything.
type Bindings struct{ bound []bound }

type bound struct {
	as      Binding // as it was written
	role    Role
	people  []string // folded
	groups  []string // folded
	reaches policy.Selector
}

// Compile checks bindings. Errors begin with the place in the list, as in "[2].groups[0]".
func Compile(bs []Binding, r policy.Registry) (Bindings, []error) {
	var out Bindings
	var errs []error
	for i, b := range bs {
		c, problems := compile(b, r)
		for _, p := range problems {
			errs = append(errs, fmt.Errorf("[%d].%w", i, p))
		}
		out.bound = append(out.bound, c)
	}
	return out, errs
}

func compile(b Binding, r policy.Registry) (bound, []error) {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if !slices.Contains(Roles(), b.Role) {
		bad("role", "want one of %v, got %q", Roles(), b.Role)
	}
	if len(b.People) == 0 && len(b.Groups) == 0 {
		bad("people", "names nobody; give people or groups")
	}
	as := policy.Scope{Groups: b.Groups, Exclude: policy.Exclusion{Accounts: b.People}} // the same forms, with the same checks
	if _, err := policy.NewSelector(as, r); err != nil {
		bad("people", `want people as directory/object and groups as a SID or DOMAIN\name: %v`, err)
	}
	if b.Role != HelpDesk && !b.Scope.Empty() {
		bad("scope", "only a help desk has one")
	}
	reaches, err := policy.NewSelector(b.Scope, r)
	if err != nil {
		errs = append(errs, err)
	}
	return bound{as: b, role: b.Role, people: fold(b.People), groups: fold(b.Groups), reaches: reaches}, errs
}

func fold(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = policy.Fold(s)
	}
	return out
}

func (b bound) holds(f *policy.Facts) bool {
	if slices.Contains(b.people, policy.Fold(f.Account)) {
		return true
	}
	return slices.ContainsFunc(f.Groups, func(g string) bool { return slices.Contains(b.groups, policy.Fold(g)) })
}

// List gives the bindings as they were written.
func (b Bindings) List() []Binding {
	out := make([]Binding, len(b.bound))
	for i, c := range b.bound {
		out[i] = c.as
	}
	return out
}

// Of gives what an account may. f are its facts, read live.
func (b Bindings) Of(f *policy.Facts) Grants {
	var g Grants
	for _, c := range b.bound {
		if !c.holds(f) {
			continue
		}
		if !slices.Contains(g.roles, c.role) {
			g.roles = append(g.roles, c.role)
		}
		if c.role == HelpDesk {
			g.reaches = append(g.reaches, c.reaches)
		}
	}
	slices.SortFunc(g.roles, func(a, b Role) int { return slices.Index(Roles(), a) - slices.Index(Roles(), b) })
	return g
}

// Grants is what one administrator may. The zero value may nothing.
type Grants struct {
	roles   []Role
	reaches []policy.Selector // of a help desk
}

// Roles lists the roles behind the grants, the mightiest first.
func (g Grants) Roles() []Role { return slices.Clone(g.roles) }

// None reports whether nothing is allowed at all.
func (g Grants) None() bool { return len(g.roles) == 0 }

// May reports whether a permission is granted.
func (g Grants) May(p Permission) bool {
	if slices.Contains(Evidence(), p) && slices.ContainsFunc(Rules(), g.given) {
		return false
	}
	return g.given(p)
}

func (g Grants) given(p Permission) bool {
	return slices.ContainsFunc(g.roles, func(r Role) bool { return slices.Contains(Permissions(r), p) })
}

// Reaches reports whether the holder may find, and help, the person of these facts: everybody, but for a help desk's scope.
func (g Grants) Reaches(f *policy.Facts) bool {
	if slices.ContainsFunc(g.roles, func(r Role) bool { return r != HelpDesk && slices.Contains(Permissions(r), SeePeople) }) {
		return true
	}
	return slices.ContainsFunc(g.reaches, func(s policy.Selector) bool { return s.Selects(f) })
}

// MayHelp reports whether the holder may act for the person of these facts: somebody within reach.
func (g Grants) MayHelp(f *policy.Facts) bool {
	if !g.May(HelpPeople) {
		return false
	}
	if slices.Contains(g.roles, Owner) {
		return true
	}
	return slices.ContainsFunc(g.reaches, func(s policy.Selector) bool { return s.Selects(f) })
}

// ForSetting names the permission that a change of a top-level key of the settings needs. A key it does not know needs the most.
func ForSetting(key string) Permission {
	switch key {
	case "policies", "defaults", "rules", "conditions", "networks", "schedules", "authenticators", "throttle", "flow", "session", "devices",
		"challenge", "lint", "guide_networks", "privileged":
		return EditPolicies
	case "brand", "labels", "messages":
		return EditTexts
	case "directories", "links", "mail", "sms", "sync", "discovery":
		return EditConnectors
	}
	return EditRoles
}
