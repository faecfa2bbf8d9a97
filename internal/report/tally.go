package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

// Tally is what the store counts for Figures.
type Tally struct {
	Lines    []TallyLine
	Times    []TallyTime
	Steps    []TallyStep
	Methods  []TallyMethods
	Policies []TallyPolicy
	Blocks   int64
	Counted  time.Time
}

// TallyLine is attempts that are alike.
type TallyLine struct {
	Day    int // of the range
	Action string
	Device string
	Ending Ending
	Nobody bool
	Of     int64
}

// TallyTime is of one day, of one action, or of all: Day is -1 and Action empty where it is not of one.
type TallyTime struct {
	Day    int
	Action string
	Took
}

// TallyStep is attempts that did not get through.
type TallyStep struct {
	Ending Ending
	At     Where
	Reason
}

// TallyPolicy is attempts under one policy that are alike.
type TallyPolicy struct {
	Policy string
	Ending Ending
	Of     int64
}

// TallyMethods is attempts of one day with the same proofs.
type TallyMethods struct {
	Day                       int
	Done                      bool
	Asked, Accepted, Rejected []factor.Kind
	Of                        int64
}

// figures sums a tally up.
func (t Tally) figures(r Range, of Of) Figures {
	f := Figures{Range: r, Of: of, Blocks: t.Blocks, Counted: t.Counted}
	for i := range r.Len() {
		f.Days = append(f.Days, Day{At: r.Day(i)})
	}
	for _, a := range []policy.Action{policy.Reset, policy.Unlock, policy.Change} {
		f.Actions = append(f.Actions, Action{Action: a})
	}
	t.count(&f)
	t.times(&f)
	t.steps(&f)
	f.Methods = t.methods(r.Len())
	f.Policies = t.policies()
	return f
}

func (t Tally) count(f *Figures) {
	devices := map[string]*Device{}
	for _, l := range t.Lines {
		if devices[l.Device] == nil {
			devices[l.Device] = &Device{Kind: l.Device}
		}
		f.Total.add(l)
		f.Days[l.Day].add(l)
		devices[l.Device].add(l)
		if a := f.action(l.Action); a != nil {
			a.add(l)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(devices)) {
		f.Devices = append(f.Devices, *devices[kind])
	}
	slices.SortStableFunc(f.Devices, func(a, b Device) int { return cmp.Compare(b.Started, a.Started) })
}

func (f *Figures) action(name string) *Action {
	i := slices.IndexFunc(f.Actions, func(a Action) bool { return string(a.Action) == name })
	if i < 0 {
		return nil
	}
	return &f.Actions[i]
}

func (c *Count) add(l TallyLine) {
	if l.Nobody {
		c.Nobody += l.Of
		return
	}
	c.ended(l.Ending, l.Of)
}

func (c *Count) ended(e Ending, of int64) {
	c.Started += of
	switch e {
	case Open:
		c.Open += of
	case Done:
		c.Done += of
	case GivenUp:
		c.GivenUp += of
	case Refused:
		c.Refused += of
	case Partial:
		c.Partial += of
	case StartedOver:
		c.StartedOver += of
	}
}

func (t Tally) policies() []Policy {
	all := map[string]*Policy{}
	for _, l := range t.Policies {
		if all[l.Policy] == nil {
			all[l.Policy] = &Policy{Name: l.Policy}
		}
		all[l.Policy].ended(l.Ending, l.Of)
	}
	list := make([]Policy, 0, len(all))
	for _, p := range all {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Policy) int { return cmp.Or(cmp.Compare(b.Started, a.Started), cmp.Compare(a.Name, b.Name)) })
	return list
}

func (t Tally) times(f *Figures) {
	for _, l := range t.Times {
		switch a := f.action(l.Action); {
		case a != nil:
			a.Took = l.Took
		case l.Day >= 0:
			f.Days[l.Day].Took = l.Took
		case l.Action == "":
			f.Took = l.Took
		}
	}
}

func (t Tally) steps(f *Figures) {
	refusals := map[string]*Reason{}
	for _, at := range []Where{AtName, AtFirst, AtFurther, AtPassword, AtWriting} {
		f.DropOut = append(f.DropOut, Step{Where: at})
	}
	slices.SortFunc(t.Steps, func(a, b TallyStep) int {
		return cmp.Or(cmp.Compare(b.Of, a.Of), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ending, b.Ending))
	})
	for _, l := range t.Steps {
		if i := slices.IndexFunc(f.DropOut, func(s Step) bool { return s.Where == l.At }); i >= 0 {
			f.DropOut[i].take(l)
		}
		if l.Ending != Refused {
			continue
		}
		if refusals[l.Code] == nil {
			refusals[l.Code] = &Reason{Code: l.Code}
		}
		refusals[l.Code].Of += l.Of
	}
	for _, r := range refusals {
		f.Refusals = append(f.Refusals, *r)
	}
	slices.SortFunc(f.Refusals, func(a, b Reason) int { return cmp.Or(cmp.Compare(b.Of, a.Of), cmp.Compare(a.Code, b.Code)) })
	ended := f.Total.Started - f.Total.Open - f.Total.StartedOver
	for i := range f.DropOut {
		if s := &f.DropOut[i]; ended > 0 {
			s.Share = float64(s.GivenUp+s.Refused) / float64(ended)
		}
	}
}

// take counts a line; those with the most frequent reason come first.
func (s *Step) take(l TallyStep) {
	if l.Of > s.Why.Of {
		s.Why = l.Reason
	}
	if l.Ending == Refused {
		s.Refused += l.Of
		return
	}
	s.GivenUp += l.Of
}

func (t Tally) methods(days int) []Method {
	all := map[factor.Kind]*Method{}
	of := func(k factor.Kind) *Method {
		if all[k] == nil {
			all[k] = &Method{Kind: k, Days: make([]int64, days)}
		}
		return all[k]
	}
	for _, l := range t.Methods {
		for _, k := range l.Asked {
			of(k).Asked += l.Of
		}
		for _, k := range l.Rejected {
			of(k).Rejected += l.Of
		}
		for i, k := range l.Accepted {
			of(k).Accepted += l.Of
			if l.Done && !slices.Contains(l.Accepted[:i], k) {
				of(k).Done += l.Of
				of(k).Days[l.Day] += l.Of
			}
		}
	}
	list := make([]Method, 0, len(all))
	for _, m := range all {
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b Method) int {
		return cmp.Or(cmp.Compare(b.Done, a.Done), cmp.Compare(b.Asked, a.Asked), cmp.Compare(a.Kind, b.Kind))
	})
	return list
}
