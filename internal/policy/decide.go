package policy

import (
	"slices"
	"time"
)

// Decide gives the decision for one action of one account. It is total: whatever the facts are, it answers, and denies what it
// cannot tell. Slices and maps in the result are shared and must not be changed. Where no rule changes anything it allocates
// nothing.
func Decide(p *Policies, f Facts) Decision {
	f.Directory, f.Account = Fold(f.Directory), Fold(f.Account)
	l := look{p: p, f: &f}
	return l.decide()
}

func (l *look) decide() Decision {
	c, ok := l.p.winner(l.f)
	if !ok {
		return Decision{Reason: "no-policy"}
	}
	if c.alive(l.f.Now) == Unknown {
		return Decision{Policy: c.policy.Name, Reason: "no-time"}
	}
	l.privileged = l.p.floor.meets(l.f)
	ch := change{policy: c}
	l.rules(&ch)
	d := ch.rulesOf()
	a, ok := ch.action(l.f.Action)
	if !ok || !a.allowed {
		d.Reason = "action-not-allowed"
		return d
	}
	d.Floor = l.privileged != No
	d.Requirement = a.requirement
	if d.Floor {
		d.Requirement = a.floored
	}
	d.Requirement = ch.tighten(d.Requirement, l.p.kinds, l.f.Threat)
	if ch.hold > 0 {
		d.AddedBefore = l.f.Now.Add(-ch.hold)
	}
	l.bar(&d, &ch)
	switch {
	case !d.Requirement.Reachable(d.counted(l.f.Enrolled)):
		if d.Reason == "" {
			d.Outcome, d.Reason = NotEnrolled, "not-enrolled"
		}
	case d.Reason != "":
		d.Outcome = Barred
	default:
		d.Outcome = Allowed
	}
	return d
}

// bar says what stands against the action, whatever is proven.
func (l *look) bar(d *Decision, ch *change) {
	guarded := l.f.Action != Change // the directory itself takes a change from whoever knows the password
	switch {
	case l.f.Threat == Stopped, l.f.Threat == PrivilegedStopped && d.Floor:
		d.Reason = "threat"
	case ch.deny != nil:
		d.Reason, d.Text = "rule", ch.deny.Then.Deny
	case l.p.floor.deny && d.Floor && guarded:
		d.Reason = "privileged"
	case guarded:
		if until, full := d.Limits.full(l.f); full {
			d.Reason, d.Until = "limit", until
		}
	}
}

// full reports whether the action was done as often as it may be, and when it may be done again. Without the time every attempt
// counts.
func (l Limits) full(f *Facts) (until time.Time, full bool) {
	if l.Times == 0 {
		return time.Time{}, false
	}
	n, free := 0, time.Time{}
	for _, at := range f.Done {
		if f.Now.IsZero() || f.Now.Sub(at) < l.Within {
			n++
		}
	}
	if n < l.Times {
		return time.Time{}, false
	}
	// The earliest moment at which fewer than Times are left within: one of the attempts falls out then.
	for _, at := range f.Done {
		left := 0
		for _, other := range f.Done {
			if other.After(at) {
				left++
			}
		}
		if out := at.Add(l.Within); left < l.Times && (free.IsZero() || out.Before(free)) {
			free = out
		}
	}
	return free, true
}

// Counts reports whether a credential added at a time may be used.
func (d Decision) Counts(added time.Time) bool {
	return d.AddedBefore.IsZero() || !added.IsZero() && added.Before(d.AddedBefore)
}

// counted leaves out what was added too short a time ago.
func (d Decision) counted(es []Enrolled) []Enrolled {
	if d.AddedBefore.IsZero() {
		return es
	}
	return slices.DeleteFunc(slices.Clone(es), func(e Enrolled) bool { return !d.Counts(e.Added) })
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
	p.index.each(f, func(list []int32) { best = p.first(list, best, f) })
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
