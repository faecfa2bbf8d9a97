package policy

import (
	"math/bits"
	"slices"
	"time"

	"rekey/internal/factor"
)

// rule is a rule ready to be evaluated.
type rule struct {
	Rule
	scoped
	gate
	policy *compiled // of use_policy
	public bool      // says the same to everybody: nothing in it is about the account
}

// gate is what decides first whether a rule holds. Gates lie side by side: there may be a thousand, and most are shut.
type gate struct {
	when    *node
	first   *node // what settles most often that when does not hold: its first part where it wants all of several, else itself
	actions uint8 // set of action bits
}

func bit(a Action) uint8 {
	switch a {
	case Reset:
		return 1
	case Unlock:
		return 2
	case Change:
		return 4
	}
	return 8
}

// maxRules bounds a document.
const maxRules = 4096

// change is what rules make of a policy.
type change struct {
	policy    *compiled
	moved     bool      // by use_policy
	also      *compiled // where it cannot be told whether to move: both are asked
	deny      *rule
	factors   int
	require   []factor.Kind
	resistant bool
	drop      []factor.Kind
	hold      time.Duration
	rules     []string
	reported  []string
}

// rules goes over the rules in order.
func (l *look) rules(ch *change) {
	if len(l.p.rules) == 0 {
		return
	}
	var candidates [maxRules / 64]uint64
	l.p.ruleIndex.each(l.f, func(list []int32) {
		for _, i := range list {
			candidates[i/64] |= 1 << (i % 64)
		}
	})
	action := bit(l.f.Action)
	for w, set := range candidates[:(len(l.p.rules)+63)/64] {
		for ; set != 0; set &= set - 1 {
			i := w*64 + bits.TrailingZeros64(set)
			if g := &l.p.gates[i]; g.actions&action == 0 || l.holds(g.first) == No || g.first != g.when && l.holds(g.when) == No {
				continue
			}
			r := &l.p.rules[i]
			t := l.state(r)
			if unmet, _ := r.unmet(l.f); t == No || unmet != "" {
				continue
			}
			if !ch.take(r, t) {
				return
			}
		}
	}
}

// state tells whether a rule holds for an account in its scope.
func (l *look) state(r *rule) Tristate {
	if r.actions&bit(l.f.Action) == 0 {
		return No
	}
	if alive := r.alive(l.f.Now); alive != Yes {
		return and(alive, l.holds(r.when))
	}
	return l.holds(r.when)
}

func (r *rule) alive(now time.Time) Tristate {
	return during(r.From, r.Until, now)
}

// during reports whether a moment is between two others, of which zero ones bound nothing. The end is not within.
func during(from, until, now time.Time) Tristate {
	switch {
	case from.IsZero() && until.IsZero():
		return Yes
	case now.IsZero():
		return Unknown
	}
	return tri(!now.Before(from) && (until.IsZero() || now.Before(until)))
}

// take lets a rule act, and reports whether to go on. What cannot be told never grants anything.
func (ch *change) take(r *rule, t Tristate) bool {
	e := &r.Then
	switch {
	case t == No, t == Unknown && e.Allow, r.policy != nil && ch.moved:
		return true
	case r.ReportOnly:
		ch.reported = append(ch.reported, r.Name)
		return true
	}
	ch.rules = append(ch.rules, r.Name)
	switch {
	case e.Allow:
		return false
	case len(e.Deny) > 0 && ch.deny == nil:
		ch.deny = r
	case r.policy != nil && t == Yes:
		ch.policy, ch.moved = r.policy, true
	case r.policy != nil && ch.also == nil:
		ch.also = r.policy
	case r.policy != nil:
		ch.also = ch.also.join(r.policy)
	}
	ch.factors += e.Factors
	ch.require = union(ch.require, e.Require)
	ch.resistant = ch.resistant || e.PhishingResistant
	ch.drop = union(ch.drop, e.Drop)
	ch.hold = max(ch.hold, e.HoldNew)
	return true
}

// action is what the policy that counts gives, or what both do.
func (ch *change) action(a Action) (*decided, bool) {
	c := ch.policy
	if ch.also != nil {
		c = c.join(ch.also)
	}
	return c.action(a)
}

// rulesOf starts a decision with what does not depend on the action.
func (ch *change) rulesOf() Decision {
	p := &ch.policy.policy
	d := Decision{
		Policy: p.Name, Pilot: p.Pilot, Password: p.Password, Limits: p.Limits, Rules: ch.rules, Reported: ch.reported,
		Write: WriteRules{Unlock: !p.KeepLocked, MustChange: p.MustChange, EnforceHistory: !p.IgnoreHistory},
	}
	if ch.also != nil {
		q := &ch.also.policy
		d.Password.MinLength = max(p.Password.MinLength, q.Password.MinLength)
		d.Password.AllowCommon = p.Password.AllowCommon && q.Password.AllowCommon
		d.Password.AllowName = p.Password.AllowName && q.Password.AllowName
		d.Write.Unlock = d.Write.Unlock && !q.KeepLocked
		d.Write.MustChange = d.Write.MustChange || q.MustChange
		d.Write.EnforceHistory = d.Write.EnforceHistory || !q.IgnoreHistory
		if d.Limits.Times == 0 {
			d.Limits = q.Limits
		}
	}
	return d
}

// tighten adds what rules and the threat level ask for.
func (ch *change) tighten(q Requirement, kinds []factor.Traits, t Threat) Requirement {
	n := ch.factors
	if t == RaisedByOne {
		n++
	}
	if n > 0 {
		q.Count = max(q.Count, min(q.Count+n, MostFactors))
	}
	base := q
	for _, k := range ch.require {
		if !slices.Contains(q.Mandatory, k) {
			q.Mandatory = append(slices.Clip(q.Mandatory), k)
		}
		if !q.allows(k) { // it comes on top of what the policy asks: alone it might be less
			q.Allowed = append(slices.Clip(q.Allowed), k)
			q.Count = max(q.Count, min(q.Count+1, MostFactors))
		}
	}
	if len(q.Allowed) > len(base.Allowed) && base.Count > 0 { // two proofs of such a kind take the place of none the policy asks for
		q.AnyOf = append(slices.Clip(q.AnyOf), AnyOf{N: base.Count, Of: base.Allowed})
	}
	q.Count = max(q.Count, len(q.Mandatory))
	if ch.resistant {
		q = q.oneOf(kinds, func(t factor.Traits) bool { return t.PhishingResistant })
	}
	if len(ch.drop) > 0 {
		q = q.without(kinds, func(k factor.Kind) bool { return slices.Contains(ch.drop, k) })
	}
	return q
}

// oneOf asks for one of the kinds that are good enough; where there is none, nobody can meet it.
func (r Requirement) oneOf(kinds []factor.Traits, good func(factor.Traits) bool) Requirement {
	of := make([]factor.Kind, 0, len(kinds))
	for _, t := range kinds {
		if good(t) {
			of = append(of, t.Kind)
		}
	}
	r.Count = max(r.Count, 1)
	r.AnyOf = append(slices.Clip(r.AnyOf), AnyOf{N: 1, Of: of})
	if !slices.ContainsFunc(of, r.allows) { // none was among the allowed: what is asked for may be used
		r.Allowed = append(slices.Clip(r.Allowed), of...)
	}
	return r
}

// noKind stands where no kind is left: an empty list would allow every one.
const noKind factor.Kind = "none"

// without allows all that was allowed but some.
func (r Requirement) without(kinds []factor.Traits, bad func(factor.Kind) bool) Requirement {
	allowed := slices.Clone(r.Allowed)
	if len(allowed) == 0 {
		for _, t := range kinds {
			allowed = append(allowed, t.Kind)
		}
	}
	r.Allowed = slices.DeleteFunc(allowed, bad)
	if len(r.Allowed) == 0 {
		r.Allowed = []factor.Kind{noKind}
	}
	return r
}

// join asks what both policies ask.
func (c *compiled) join(o *compiled) *compiled {
	both := &compiled{policy: c.policy}
	for i := range both.actions {
		a, b := c.actions[i], o.actions[i]
		both.actions[i] = decided{
			allowed: a.allowed && b.allowed, requirement: a.requirement.join(b.requirement), floored: a.floored.join(b.floored),
		}
	}
	return both
}

func (r Requirement) join(o Requirement) Requirement {
	both := Requirement{
		Count:     max(r.Count, o.Count),
		Mandatory: union(slices.Clip(r.Mandatory), o.Mandatory),
		AnyOf:     append(slices.Clip(r.AnyOf), o.AnyOf...),
		Allowed:   r.Allowed,
		SameClass: r.SameClass && o.SameClass,
	}
	both.Count = max(both.Count, len(both.Mandatory))
	switch {
	case len(r.Allowed) == 0:
		both.Allowed = o.Allowed
	case len(o.Allowed) > 0:
		both.Allowed = slices.DeleteFunc(slices.Clone(r.Allowed), func(k factor.Kind) bool { return !slices.Contains(o.Allowed, k) })
		if len(both.Allowed) == 0 {
			both.Allowed = []factor.Kind{noKind}
		}
	}
	return both
}

func union[T comparable](list, values []T) []T {
	for _, v := range values {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// Closed tells what everybody gets, before anybody is looked up: a denial that depends on nothing but where and when a request
// comes from, and on the threat level. ok is false when there is none.
func Closed(p *Policies, f Facts) (d Decision, ok bool) {
	if f.Threat == Stopped {
		return Decision{Reason: "threat"}, true
	}
	l := look{p: p, f: &f}
	for i := range p.rules {
		r := &p.rules[i]
		switch {
		case r.ReportOnly:
			continue
		case !r.public:
			if r.Then.Allow || r.policy != nil { // might come before a denial for some
				return Decision{}, false
			}
			continue
		}
		t := l.state(r)
		if r.Then.Allow && t != No {
			return Decision{}, false
		}
		if len(r.Then.Deny) > 0 && t != No {
			return Decision{Reason: "rule", Text: r.Then.Deny, Rules: []string{r.Name}}, true
		}
	}
	return Decision{}, false
}
