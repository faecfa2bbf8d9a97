package policy

import (
	"net/netip"
	"slices"

	"rekey/internal/factor"
)

// Asks gives what a policy asks for an action, and the key it stands under: an unlock falls back to what a reset asks. ok is false
// where the policy does not allow the action.
func (p Policy) Asks(a Action) (q Requirement, key string, ok bool) {
	ok = len(p.Actions) == 0 || slices.Contains(p.Actions, a)
	switch {
	case a == Change:
		return p.Change, "change", ok
	case a == Unlock && !p.Unlock.empty():
		return p.Unlock, "unlock", ok
	case a == Reset || a == Unlock:
		return p.Reset, "reset", ok
	}
	return Requirement{}, "", false
}

// Allows reports whether a kind counts.
func (r Requirement) Allows(k factor.Kind) bool { return r.allows(k) }

// MetWith reports whether somebody with as many independent ways of these kinds as it takes, and of no others, could meet the
// requirement.
func (r Requirement) MetWith(kinds []factor.Traits) bool {
	var have []factor.Kind
	var classes factor.Class
	for _, t := range kinds {
		if r.allows(t.Kind) {
			have, classes = append(have, t.Kind), classes|t.Class
		}
	}
	has := func(k factor.Kind) bool { return slices.Contains(have, k) }
	for _, k := range r.Mandatory {
		if !has(k) {
			return false
		}
	}
	for _, a := range r.AnyOf {
		if a.N > 0 && !slices.ContainsFunc(a.Of, has) {
			return false
		}
	}
	if r.Count < 2 {
		return r.Count < 1 || len(have) > 0
	}
	return len(have) > 0 && (r.SameClass || classes&(classes-1) != 0)
}

// ParsePrefix reads what a network of a document lists: a prefix or one address.
func ParsePrefix(s string) (netip.Prefix, error) { return parsePrefix(s) }
