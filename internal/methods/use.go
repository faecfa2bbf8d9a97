package methods

import (
	"maps"
	"slices"

	"rekey/internal/configure"
	"rekey/internal/factor"
	"rekey/internal/policy"
)

// uses are the policies of a version.
type uses struct {
	policies []policy.Policy
	defaults map[string]policy.Policy
}

func readUses(now configure.Current) (uses, error) {
	var u uses
	if _, err := now.Fragment("policies", &u.policies); err != nil {
		return u, err
	}
	_, err := now.Fragment("defaults", &u.defaults)
	return u, err
}

// of lists where a kind that is switched on is used, in the order of the settings.
func (u uses) of(k factor.Kind) []Use {
	var out []Use
	add := func(use Use, p policy.Policy) {
		if use.Actions = actions(p, k); len(use.Actions) > 0 {
			out = append(out, use)
		}
	}
	for _, p := range u.policies {
		add(Use{Policy: p.Name}, p)
	}
	for _, domain := range slices.Sorted(maps.Keys(u.defaults)) {
		p := u.defaults[domain]
		name := p.Name
		if name == "" {
			name = domain
		}
		add(Use{Policy: name, Default: true}, p)
	}
	return out
}

// actions lists what a kind proves in a policy.
func actions(p policy.Policy, k factor.Kind) []Action {
	var out []Action
	for _, a := range []policy.Action{policy.Reset, policy.Unlock, policy.Change} {
		if len(p.Actions) > 0 && !slices.Contains(p.Actions, a) {
			continue
		}
		r := p.Reset
		switch {
		case a == policy.Change:
			r = p.Change
		case a == policy.Unlock && !empty(p.Unlock):
			r = p.Unlock
		}
		if takes(r, k) {
			out = append(out, Action{a, slices.Contains(r.Mandatory, k)})
		}
	}
	return out
}

func empty(r policy.Requirement) bool {
	return r.Count == 0 && len(r.Mandatory) == 0 && len(r.Allowed) == 0 && len(r.AnyOf) == 0
}

// takes reports whether a requirement can be met with a kind; one that allows no kinds by name allows all.
func takes(r policy.Requirement, k factor.Kind) bool {
	if empty(r) {
		return false
	}
	if len(r.Allowed) == 0 || slices.Contains(r.Allowed, k) || slices.Contains(r.Mandatory, k) {
		return true
	}
	return slices.ContainsFunc(r.AnyOf, func(a policy.AnyOf) bool { return slices.Contains(a.Of, k) })
}
