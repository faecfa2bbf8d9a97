package preview

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"rekey/internal/audit"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/site"
)

// Look is a comparison over a crowd, with whom each policy decides about.
type Look struct {
	Report
	// Was and Will count people by the policy that decides about their reset.
	Was, Will map[string]int64
	// Sample names some of those whom Ask.Policy decides about by the new version.
	Sample []string
}

// Ask says what is wanted of a look.
type Ask struct {
	Policy string // whose people are named
	Names  int    // how many to name in each group
	From   audit.Source
	At     time.Time // the moment decided about
}

// Look decides about everybody by both versions, as Service.Compare does, which have to fit the crowd. Errors are ctx's.
func (c *Crowd) Look(ctx context.Context, before, after *site.Snapshot, a Ask) (Look, error) {
	workers := max(1, min(runtime.GOMAXPROCS(0), len(c.people)/1000))
	parts := make([]*looker, workers)
	matters := c.matters(before.Policies, after.Policies)
	var wg sync.WaitGroup
	for i := range parts {
		from, to := len(c.people)*i/workers, len(c.people)*(i+1)/workers
		parts[i] = newLooker(a, matters, before, after)
		wg.Go(func() { parts[i].all(ctx, c.people[from:to]) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return Look{}, err
	}
	for _, p := range parts[1:] {
		parts[0].join(p)
	}
	return parts[0].look(c), nil
}

// matters gives the groups that either version asks for, at their places, and nothing at the places of others: most people are in
// many groups that no policy names.
func (c *Crowd) matters(versions ...*policy.Policies) []string {
	out := make([]string, len(c.groups))
	for i, name := range c.groups {
		if slices.ContainsFunc(versions, func(p *policy.Policies) bool { return p.LooksAt(name) }) {
			out[i] = name
		}
	}
	return out
}

// looker goes through a part of the crowd.
type looker struct {
	Ask
	sides     [2]side
	matters   []string
	tallies   []*tally
	was, will map[string]int64
	sample    []string
	changed   int64
	groups    []string // of who is looked at
}

func newLooker(a Ask, matters []string, before, after *site.Snapshot) *looker {
	l := &looker{Ask: a, matters: matters, sides: [2]side{{before}, {after}}, was: map[string]int64{}, will: map[string]int64{}}
	for _, action := range actions() {
		l.tallies = append(l.tallies, newTally(action))
	}
	return l
}

func (l *looker) all(ctx context.Context, people []member) {
	for i := range people {
		if i%1000 == 0 && ctx.Err() != nil {
			return
		}
		l.person(&people[i])
	}
}

func (l *looker) person(m *member) {
	f := l.facts(m)
	differs := false
	for _, t := range l.tallies {
		f.Action = t.Action
		was, will := l.sides[0].judge(m, f), l.sides[1].judge(m, f)
		if t.Action == policy.Reset {
			l.hold(m.name, was.Policy, will.Policy)
		}
		var lost, gained []factor.Kind
		if was.let() && will.let() && !slices.Equal(was.Requirement.Allowed, will.Requirement.Allowed) {
			before, after := ways(m, was.Requirement), ways(m, will.Requirement)
			lost, gained = less(before, after), less(after, before)
		}
		_, d := t.see(m.name, was, will, lost, gained, l.Names)
		differs = differs || d
	}
	if differs {
		l.changed++
	}
}

func (l *looker) hold(name, was, will string) {
	l.was[was]++
	l.will[will]++
	if l.Policy != "" && will == l.Policy && len(l.sample) < l.Names {
		l.sample = append(l.sample, name)
	}
}

// facts are the member's. They are good until the next call.
func (l *looker) facts(m *member) policy.Facts {
	l.groups = l.groups[:0]
	for _, at := range m.groups {
		if l.matters[at] != "" {
			l.groups = append(l.groups, l.matters[at])
		}
	}
	f := policy.Facts{
		Now: l.At, Directory: m.directory, Account: m.account, Groups: l.groups, Path: m.path, Attributes: m.attributes,
		Privileged: m.privileged, Enrolled: m.enrolled,
	}
	if l.From.Address.IsValid() {
		f.Source.Address = l.From.Address.Unmap()
	}
	return f
}

// judge decides about one action, as side.decide does.
func (s side) judge(m *member, f policy.Facts) verdict {
	if f.Action == policy.Unlock && !m.unlocks {
		return verdict{Decision: policy.Decision{Reason: noUnlock}}
	}
	return verdict{Decision: policy.Decide(s.snap.Policies, f)}
}

// ways lists what the member has set up and may use.
func ways(m *member, r policy.Requirement) []factor.Kind {
	var kinds []factor.Kind
	for i := range m.enrolled {
		if k := m.enrolled[i].Traits.Kind; r.Allows(k) && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// join adds what was seen of the people behind.
func (l *looker) join(o *looker) {
	l.changed += o.changed
	for name, n := range o.was {
		l.was[name] += n
	}
	for name, n := range o.will {
		l.will[name] += n
	}
	l.sample = few(l.sample, o.sample, l.Names)
	for i := range l.tallies {
		l.tallies[i].join(o.tallies[i], l.Names)
	}
}

func few(a, b []string, most int) []string { return append(a, b[:min(len(b), max(0, most-len(a)))]...) }

func (l *looker) look(c *Crowd) Look {
	out := Look{
		Report: Report{Copies: slices.Clone(c.copies), People: int64(len(c.people)), LeftOut: c.leftOut, Changed: l.changed},
		Was:    l.was, Will: l.will, Sample: l.sample,
	}
	for _, t := range l.tallies {
		out.Effects = append(out.Effects, t.effect())
	}
	return out
}
