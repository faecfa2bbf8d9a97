package policy

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rekey/internal/factor"
)

// Document is the policies part of the settings.
type Document struct {
	// Policies in order: the first that matches wins.
	Policies []Policy `yaml:"policies" json:"policies"`
	// Defaults holds one policy per domain, keyed by the directory's key. A domain without one gets Default().
	Defaults map[string]Policy `yaml:"defaults,omitempty" json:"defaults,omitempty"`
	// Networks by name: prefixes and addresses.
	Networks map[string][]string `yaml:"networks,omitempty" json:"networks,omitempty"`
	// Schedules by name.
	Schedules map[string]Schedule `yaml:"schedules,omitempty" json:"schedules,omitempty"`
	// Conditions by name, for rules and other conditions to use.
	Conditions map[string]Condition `yaml:"conditions,omitempty" json:"conditions,omitempty"`
	// Rules in order.
	Rules []Rule `yaml:"rules,omitempty" json:"rules,omitempty"`
	// Privileged raises the floor.
	Privileged Floor `yaml:"privileged,omitempty" json:"privileged,omitempty"`
}

// GroupNames lists the groups that scopes give by name instead of by SID, each once.
func (d Document) GroupNames() []string {
	return slices.DeleteFunc(d.Groups(), func(g string) bool { return strings.HasPrefix(strings.ToUpper(g), "S-1-") })
}

// Groups lists the groups that scopes name, as they write them, each once.
func (d Document) Groups() []string {
	groups := slices.Clone(d.Privileged.Groups)
	for _, p := range slices.Concat(d.Policies, slices.Collect(maps.Values(d.Defaults))) {
		groups = slices.Concat(groups, p.Scope.Groups, p.Scope.Exclude.Groups)
	}
	for _, r := range d.Rules {
		groups = slices.Concat(groups, r.Scope.Groups, r.Scope.Exclude.Groups)
	}
	var each []string
	for _, g := range groups {
		if !slices.Contains(each, g) {
			each = append(each, g)
		}
	}
	return each
}

// Policy is one rule set for a group of accounts.
type Policy struct {
	Name  string `yaml:"name" json:"name"`
	Scope Scope  `yaml:"scope,omitempty" json:"scope,omitempty"`
	// ByRule keeps the policy for rules that name it: its scope is not looked at.
	ByRule bool `yaml:"by_rule,omitempty" json:"by_rule,omitempty"`
	// From and Until bound when the policy holds; zero: no bound. Until is not within. Outside of them it is for nobody, and people
	// get the next one that matches.
	From  time.Time `yaml:"from,omitempty" json:"from,omitzero"`
	Until time.Time `yaml:"until,omitempty" json:"until,omitzero"`
	// Pilot keeps count of the attempts under this policy, apart from all others.
	Pilot bool `yaml:"pilot,omitempty" json:"pilot,omitempty"`
	// Actions that are allowed; empty: reset, unlock and change.
	Actions []Action `yaml:"actions,omitempty" json:"actions,omitempty"`
	// Reset and Unlock say how a person proves who they are. Unlock falls back to Reset when empty.
	Reset  Requirement `yaml:"reset" json:"reset"`
	Unlock Requirement `yaml:"unlock,omitempty" json:"unlock,omitempty"`
	// Change is asked in addition to the current password; zero: nothing more.
	Change   Requirement   `yaml:"change,omitempty" json:"change,omitempty"`
	Password PasswordRules `yaml:"password,omitempty" json:"password,omitempty"`
	// KeepLocked leaves a locked account locked on a reset; the default unlocks it.
	KeepLocked bool `yaml:"keep_locked,omitempty" json:"keep_locked,omitempty"`
	// MustChange makes the person choose another password at the next sign-in.
	MustChange bool `yaml:"must_change,omitempty" json:"must_change,omitempty"`
	// IgnoreHistory lets a reset reuse old passwords where the directory would check.
	IgnoreHistory bool `yaml:"ignore_history,omitempty" json:"ignore_history,omitempty"`
	// Limits for reset and unlock.
	Limits Limits `yaml:"limits,omitempty" json:"limits,omitempty"`
}

// Action is what a person wants to do.
type Action string

// The actions.
const (
	Reset  Action = "reset"
	Unlock Action = "unlock"
	Change Action = "change"
)

// Scope says whom a policy is for. An empty scope matches every account.
type Scope struct {
	Domains    []string    `yaml:"domains,omitempty" json:"domains,omitempty"` // directory keys
	Groups     []string    `yaml:"groups,omitempty" json:"groups,omitempty"`   // SID or DOMAIN\name; nested membership counts
	OUs        []OU        `yaml:"ous,omitempty" json:"ous,omitempty"`
	Attributes []Attribute `yaml:"attributes,omitempty" json:"attributes,omitempty"` // every one must hold
	Exclude    Exclusion   `yaml:"exclude,omitempty" json:"exclude,omitempty"`
}

// OU is one organizational unit.
type OU struct {
	DN string `yaml:"dn" json:"dn"`
	// Only leaves out the units below it.
	Only bool `yaml:"only,omitempty" json:"only,omitempty"`
}

// Attribute asks for one of the values, without regard to case.
type Attribute struct {
	Name   string   `yaml:"name" json:"name"`
	Values []string `yaml:"values" json:"values"`
}

// Exclusion takes accounts out of a scope.
type Exclusion struct {
	Groups   []string `yaml:"groups,omitempty" json:"groups,omitempty"`
	OUs      []OU     `yaml:"ous,omitempty" json:"ous,omitempty"`
	Accounts []string `yaml:"accounts,omitempty" json:"accounts,omitempty"` // "directory/object"
}

// Requirement says how many independent factors, and which.
type Requirement struct {
	// Count of independent factors; 0 only for a change.
	Count int `yaml:"count" json:"count"`
	// Mandatory kinds must be among them.
	Mandatory []factor.Kind `yaml:"mandatory,omitempty" json:"mandatory,omitempty"`
	// Allowed kinds in the order they are offered; empty: every kind that is switched on, strongest first.
	Allowed []factor.Kind `yaml:"allowed,omitempty" json:"allowed,omitempty"`
	// AnyOf asks for n of a list, several times over.
	AnyOf []AnyOf `yaml:"any_of,omitempty" json:"any_of,omitempty"`
	// SameClass accepts factors that all rest on one class.
	SameClass bool `yaml:"same_class,omitempty" json:"same_class,omitempty"`
}

// AnyOf asks for N of the kinds in Of.
type AnyOf struct {
	N  int           `yaml:"n" json:"n"`
	Of []factor.Kind `yaml:"of" json:"of"`
}

// PasswordRules are the portal's own, joined with what the directory demands. The zero value adds nothing.
type PasswordRules struct {
	MinLength   int  `yaml:"min_length,omitempty" json:"min_length,omitempty"`     // characters; 0: the directory's
	AllowCommon bool `yaml:"allow_common,omitempty" json:"allow_common,omitempty"` // skip the list of common passwords
	AllowName   bool `yaml:"allow_name,omitempty" json:"allow_name,omitempty"`     // skip the check for the person's name
}

// Facts is everything Decide may look at. Nothing in it is fetched by this package.
type Facts struct {
	Now        time.Time
	Action     Action
	Directory  string              // key
	Account    string              // "directory/object"
	Groups     []string            // SIDs and DOMAIN\name, folded with Fold; nested
	Linked     []string            // likewise, of the person's account in another directory: the floor alone looks at them
	Path       string              // DN, as NormalizeDN writes it
	Attributes map[string][]string // names folded with Fold
	Privileged Tristate
	Enrolled   []Enrolled
	Source     Source
	Device     Device
	Failures   Failures
	Done       []time.Time // when the account's earlier attempts at this action ended well
	Threat     Threat
}

// Tristate is a fact that may be unknown. The zero value is Unknown.
type Tristate uint8

// The values.
const (
	Unknown Tristate = iota
	No
	Yes
)

// Enrolled is one usable credential.
type Enrolled struct {
	ID      string
	Traits  factor.Traits
	Channel factor.Channel
	Added   time.Time
}

// Source is where the request comes from.
type Source struct {
	Address    netip.Addr // invalid: unknown
	Country    string     // ISO 3166-1 alpha-2; empty: unknown
	ASN        uint32     // 0: unknown
	NewCountry Tristate   // this account was never used from this country
	Travel     Tristate   // nobody could have come here since this account was last used
}

// Device is what the request comes from.
type Device struct {
	Known    Tristate // this browser finished a flow of this account before
	Managed  Tristate
	Platform string // windows, macos, linux, android, ios, chromeos, other; empty: unknown
}

// Failures are wrong answers in the last hour.
type Failures struct {
	Account Count
	Source  Count
}

// Outcome is what was decided.
type Outcome uint8

// The outcomes. Denied is the zero value.
const (
	Denied      Outcome = iota
	Allowed             // prove what Requirement asks and go on
	NotEnrolled         // would be allowed, but the enrolled credentials cannot meet the requirement
	Barred              // prove what Requirement asks, and then be told why not: before, nobody may learn that the account exists
)

// Decision is the answer. It holds copies of the policy's values: a later settings version does not change it.
type Decision struct {
	Outcome     Outcome
	Policy      string // name of the policy that won; empty: none
	Pilot       bool   // the attempt is counted as one of that policy's pilot
	Requirement Requirement
	Password    PasswordRules
	Write       WriteRules
	Limits      Limits
	Reason      string            // short code: "no-policy", "action-not-allowed", "no-time", "not-enrolled", "rule", "limit", …; empty when Allowed
	Text        map[string]string // what the rule that denied says, by language
	Until       time.Time         // when the limit allows the next attempt
	AddedBefore time.Time         // what was added later does not count; zero: all counts
	Floor       bool              // the floor for privileged accounts was laid
	Rules       []string          // that changed the decision, in order
	Reported    []string          // that would have
}

// WriteRules says what goes along with a new password.
type WriteRules struct {
	Unlock         bool `json:"unlock"`
	MustChange     bool `json:"must_change"`
	EnforceHistory bool `json:"enforce_history"`
}

// Proof is one accepted answer.
type Proof struct {
	Kind       factor.Kind    `json:"kind"`
	Class      factor.Class   `json:"class"`
	Channel    factor.Channel `json:"channel"`
	Credential string         `json:"credential"`
	At         time.Time      `json:"at"`
}
