package policy

import (
	"slices"
	"strings"
)

// Decide gives the decision for one action of one account. It allocates nothing: slices in the result are shared and must not
// be changed.
func Decide(p *Policies, f Facts) Decision {
	f.Directory, f.Account = Fold(f.Directory), Fold(f.Account)
	c, ok := p.winner(&f)
	if !ok {
		return Decision{Reason: "no-policy"}
	}
	d := Decision{
		Policy:   c.policy.Name,
		Password: c.policy.Password,
		Write: WriteRules{
			Unlock: !c.policy.KeepLocked, MustChange: c.policy.MustChange, EnforceHistory: !c.policy.IgnoreHistory,
		},
	}
	a, ok := c.action(f.Action)
	if !ok || !a.allowed {
		d.Reason = "action-not-allowed"
		return d
	}
	d.Requirement = a.requirement
	if !d.Requirement.Reachable(f.Enrolled) {
		d.Outcome, d.Reason = NotEnrolled, "not-enrolled"
		return d
	}
	d.Outcome = Allowed
	return d
}

func (c *compiled) action(a Action) (*decided, bool) {
	switch a {
	case Reset:
		return &c.actions[0], true
	case Unlock:
		return &c.actions[1], true
	case Change:
		return &c.actions[2], true
	}
	return nil, false
}

// winner finds the first policy in order whose scope matches, else the domain's default. Every directory of the settings has
// one; an account of any other is nobody's.
func (p *Policies) winner(f *Facts) (*compiled, bool) {
	fallback, known := p.defaults[f.Directory]
	if !known {
		return nil, false
	}
	best := int32(len(p.ordered)) //nolint:gosec // see add
	best = p.first(p.rest, best, f)
	best = p.first(p.byDomain[f.Directory], best, f)
	for _, g := range f.Groups {
		best = p.first(p.byGroup[g], best, f)
	}
	if len(p.byOU) > 0 {
		parents(f.Path, func(parent string, _ bool) bool {
			best = p.first(p.byOU[parent], best, f)
			return true
		})
	}
	if int(best) < len(p.ordered) {
		return &p.ordered[best], true
	}
	return fallback, true
}

// first finds the first match of a list that comes before best.
func (p *Policies) first(list []int32, best int32, f *Facts) int32 {
	for _, i := range list {
		if i >= best {
			return best
		}
		if unmet, _ := p.ordered[i].unmet(f); unmet == "" {
			return i
		}
	}
	return best
}

// unmet names the first condition of the scope that does not hold; empty: all hold. which is the condition's place in its list.
func (c *compiled) unmet(f *Facts) (condition string, which int) {
	switch {
	case len(c.domains) > 0 && !slices.Contains(c.domains, f.Directory):
		return "domain", 0
	case len(c.groups) > 0 && !anyOf(c.groups, f.Groups):
		return "group", 0
	case len(c.ous) > 0 && !under(c.ous, f.Path):
		return "ou", 0
	}
	for i := range c.attrs {
		if !c.attrs[i].holds(f) {
			return "attribute", i
		}
	}
	switch {
	case len(c.exAcct) > 0 && slices.Contains(c.exAcct, f.Account):
		return "excluded-account", 0
	case anyOf(c.exGroup, f.Groups):
		return "excluded-group", 0
	case len(c.exOU) > 0 && under(c.exOU, f.Path):
		return "excluded-ou", 0
	}
	return "", 0
}

func anyOf(wanted, have []string) bool {
	for _, w := range wanted {
		if slices.Contains(have, w) {
			return true
		}
	}
	return false
}

func under(ous []OU, path string) bool {
	found := false
	parents(path, func(parent string, direct bool) bool {
		for i := range ous {
			if ous[i].DN == parent && (direct || !ous[i].Only) {
				found = true
			}
		}
		return !found
	})
	return found
}

func (a Attribute) holds(f *Facts) bool {
	for _, have := range f.Attributes[a.Name] {
		for _, want := range a.Values {
			if strings.EqualFold(have, want) {
				return true
			}
		}
	}
	return false
}
