package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rekey/internal/factor"
)

// Registry is what policies may name.
type Registry struct {
	Kinds       []factor.Traits // switched on, strongest first
	Directories []string        // keys
}

func (r Registry) kind(k factor.Kind) bool {
	return slices.ContainsFunc(r.Kinds, func(t factor.Traits) bool { return t.Kind == k })
}

// Policies is a compiled document. It is never changed and safe for concurrent use.
type Policies struct {
	ordered   []compiled
	index     index
	defaults  map[string]*compiled // by directory key
	byName    map[string]*compiled
	rules     []rule
	gates     []gate // of rules, in their order
	ruleIndex index
	networks  []network
	schedules []schedule
	floor     floor
	asks      Asks
	named     map[string]bool // groups, folded
	kinds     []factor.Traits // switched on, strongest first
}

// compiled is a policy ready to be matched.
type compiled struct {
	scoped
	dated   bool // holds for a time only
	policy  Policy
	actions [3]decided // reset, unlock, change
}

// alive reports whether the policy holds at a moment.
func (c *compiled) alive(now time.Time) Tristate {
	if !c.dated {
		return Yes
	}
	return during(c.policy.From, c.policy.Until, now)
}

// unmet names the first condition of the policy that does not hold; empty: all hold. A policy of which cannot be told whether it holds
// at the moment is met: it decides, and denies.
func (c *compiled) unmet(f *Facts) (condition string, which int) {
	if c.dated && c.alive(f.Now) == No {
		return "dates", 0
	}
	return c.scoped.unmet(f)
}

// decided is what one action of a policy gives.
type decided struct {
	allowed     bool
	requirement Requirement
	floored     Requirement // for privileged accounts
}

// DefaultName is the name of the policy behind all others of a domain that brings none of its own.
const DefaultName = "default"

// Default is that policy: two independent factors of any kind that is switched on.
func Default() Policy { return Policy{Name: DefaultName, Reset: Requirement{Count: 2}} }

// Compile checks a document and prepares it. All problems are reported at once, each with its path.
func Compile(d Document, r Registry) (*Policies, error) {
	p := &Policies{
		index: newIndex(), ruleIndex: newIndex(), kinds: r.Kinds,
		defaults: map[string]*compiled{}, byName: map[string]*compiled{}, ordered: make([]compiled, 0, len(d.Policies)),
	}
	var errs []error
	names := map[string]bool{}
	p.floor, errs = compileFloor(d.Privileged, r)
	for i, pol := range d.Policies {
		path := fmt.Sprintf("policies[%d]", i)
		if names[pol.Name] {
			errs = append(errs, fmt.Errorf("%s.name: %q is used twice", path, pol.Name))
		}
		names[pol.Name] = true
		errs = append(errs, check(path, pol, r)...)
		p.add(p.compile(pol))
	}
	for _, key := range r.Directories {
		pol, ok := d.Defaults[key]
		if !ok {
			pol = Default()
		}
		if pol.Name == "" || !ok {
			pol.Name = DefaultName + " of " + key
		}
		if pol.ByRule {
			errs = append(errs, fmt.Errorf("defaults.%s.by_rule: a default stands behind everything", key))
		}
		if pol.dated() || pol.Pilot {
			errs = append(errs, fmt.Errorf("defaults.%s: a default stands behind everything, always: from, until and pilot are for policies before it", key))
		}
		errs = append(errs, check("defaults."+key, pol, r)...)
		c := p.compile(pol)
		p.defaults[Fold(key)], p.byName[pol.Name] = &c, &c
	}
	for i := range p.ordered {
		p.byName[p.ordered[i].policy.Name] = &p.ordered[i]
	}
	for _, key := range slices.Sorted(maps.Keys(d.Defaults)) {
		if !slices.Contains(r.Directories, key) {
			errs = append(errs, fmt.Errorf("defaults.%s: no such directory", key))
		}
	}
	errs = append(errs, p.compileRules(d, r)...)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	p.asks = p.ask()
	p.name()
	return p, nil
}

func check(path string, p Policy, r Registry) []error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s.%s: %s", path, key, fmt.Sprintf(format, args...)))
	}
	if strings.TrimSpace(p.Name) == "" {
		bad("name", "is missing")
	}
	for i, a := range p.Actions {
		if a != Reset && a != Unlock && a != Change {
			bad(fmt.Sprintf("actions[%d]", i), "want reset, unlock or change, got %q", a)
		}
	}
	switch {
	case p.ByRule && (p.dated() || p.Pilot):
		bad("by_rule", "a rule decides when and for whom: from and until are the rule's, and a pilot has a scope of its own")
	case !p.Until.IsZero() && !p.Until.After(p.From):
		bad("until", "is before the policy begins")
	}
	scope(p.Scope, r, bad)
	if p.Password.MinLength < 0 || p.Password.MinLength > 127 {
		bad("password.min_length", "want 0 to 127, got %d", p.Password.MinLength)
	}
	errs = append(errs, p.Limits.check(path+".limits")...)
	errs = append(errs, requirement(path+".reset", p.Reset, r, 1)...)
	if !p.Unlock.empty() {
		errs = append(errs, requirement(path+".unlock", p.Unlock, r, 1)...)
	}
	return append(errs, requirement(path+".change", p.Change, r, 0)...)
}

func scope(s Scope, r Registry, bad func(key, format string, args ...any)) {
	for i, key := range s.Domains {
		if !slices.Contains(r.Directories, key) {
			bad(fmt.Sprintf("scope.domains[%d]", i), "no directory %q", key)
		}
	}
	units := func(key string, ous []OU) {
		for i, o := range ous {
			if !strings.Contains(o.DN, "=") {
				bad(fmt.Sprintf("%s[%d].dn", key, i), "want a name such as OU=People,DC=corp,DC=example, got %q", o.DN)
			}
		}
	}
	units("scope.ous", s.OUs)
	units("scope.exclude.ous", s.Exclude.OUs)
	named := func(key string, names []string, form string) {
		for i, n := range names {
			if strings.TrimSpace(n) == "" || form == "directory/object" && !strings.Contains(n, "/") {
				bad(fmt.Sprintf("%s[%d]", key, i), "want %s, got %q", form, n)
			}
		}
	}
	named("scope.groups", s.Groups, `a SID or DOMAIN\name`)
	named("scope.exclude.groups", s.Exclude.Groups, `a SID or DOMAIN\name`)
	named("scope.exclude.accounts", s.Exclude.Accounts, "directory/object")
	for i, a := range s.Attributes {
		if a.Name == "" || len(a.Values) == 0 {
			bad(fmt.Sprintf("scope.attributes[%d]", i), "want a name and at least one value")
		}
	}
}

func (p Policy) dated() bool { return !p.From.IsZero() || !p.Until.IsZero() }

func (r Requirement) empty() bool {
	return r.Count == 0 && len(r.Mandatory) == 0 && len(r.Allowed) == 0 && len(r.AnyOf) == 0 && !r.SameClass
}

func requirement(path string, q Requirement, r Registry, least int) []error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s.%s: %s", path, key, fmt.Sprintf(format, args...)))
	}
	least = max(least, len(q.Mandatory))
	kinds := func(key string, ks []factor.Kind) {
		for i, k := range ks {
			switch {
			case !r.kind(k):
				bad(fmt.Sprintf("%s[%d]", key, i), "%q is not switched on", k)
			case !q.allows(k):
				bad(fmt.Sprintf("%s[%d]", key, i), "%q is not among the allowed", k)
			case slices.Contains(ks[:i], k):
				bad(fmt.Sprintf("%s[%d]", key, i), "%q is there twice", k)
			}
		}
	}
	kinds("mandatory", q.Mandatory)
	kinds("allowed", q.Allowed)
	for i, a := range q.AnyOf {
		kinds(fmt.Sprintf("any_of[%d].of", i), a.Of)
		if a.N < 1 || a.N > len(a.Of) {
			bad(fmt.Sprintf("any_of[%d].n", i), "want 1 to %d, got %d", len(a.Of), a.N)
		}
		least = max(least, a.N)
	}
	if q.Count < least || q.Count > 5 { // a count below what is named would skip the rule on classes
		bad("count", "want %d to 5, got %d", least, q.Count)
	}
	if len(errs) == 0 && q.Count > 0 && !q.possible(r) {
		bad("count", "no mix of the allowed kinds can meet this; allow more of them, or set same_class")
	}
	return errs
}

// possible reports whether somebody who enrolled everything, kinds of many credentials twice, could meet the requirement.
func (r Requirement) possible(reg Registry) bool {
	var all []Enrolled
	for _, t := range reg.Kinds {
		for _, n := range []string{"1", "2", "3", "4", "5"} {
			all = append(all, Enrolled{ID: string(t.Kind) + n, Traits: t, Channel: factor.Channel(string(t.Kind) + n)})
		}
	}
	return r.Reachable(all)
}

func (l Limits) check(path string) []error {
	var errs []error
	if l.Times < 0 || l.Times > 1000 || (l.Times > 0) != (l.Within > 0) || l.Within > mostRemembered {
		errs = append(errs, fmt.Errorf("%s.times: want times with within, up to 1000 in %d days", path, int(mostRemembered.Hours()/24)))
	}
	if l.Life != 0 && (l.Life < time.Minute || l.Life > 24*time.Hour) {
		errs = append(errs, fmt.Errorf("%s.life: want 1m to 24h, got %v", path, l.Life))
	}
	if l.Retries < 0 || l.Retries > 100 {
		errs = append(errs, fmt.Errorf("%s.retries: want 0 to 100, got %d", path, l.Retries))
	}
	return errs
}

// mostRemembered is how far back attempts are counted.
const mostRemembered = 90 * 24 * time.Hour

func (p *Policies) compile(pol Policy) compiled {
	c := compiled{policy: pol, scoped: compileScope(pol.Scope), dated: pol.dated()}
	unlock := pol.Unlock
	if unlock.empty() {
		unlock = pol.Reset
	}
	for i, q := range []Requirement{pol.Reset, unlock, pol.Change} {
		action := []Action{Reset, Unlock, Change}[i]
		c.actions[i] = decided{
			allowed: len(pol.Actions) == 0 || slices.Contains(pol.Actions, action), requirement: q, floored: p.floor.raise(q, action),
		}
	}
	return c
}

func folded(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = Fold(s)
	}
	return out
}

func normalized(in []OU) []OU {
	out := make([]OU, len(in))
	for i, o := range in {
		out[i] = OU{DN: NormalizeDN(o.DN), Only: o.Only}
	}
	return out
}

// add files a policy under its most selective condition.
func (p *Policies) add(c compiled) {
	i := int32(len(p.ordered)) //nolint:gosec // a settings document does not hold two billion policies
	p.ordered = append(p.ordered, c)
	if !c.policy.ByRule {
		p.index.file(&c.scoped, i)
	}
}
