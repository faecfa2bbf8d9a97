package preview

import (
	"cmp"
	"slices"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

// Report is what a change would mean.
type Report struct {
	Copies  []Copy   `json:"copies"`          // of the directories of either version; one that was never read has no time
	People  int64    `json:"people"`          // decided about
	LeftOut int64    `json:"left_out"`        // recovery helps them under neither version
	Changed int64    `json:"changed"`         // people for whom anything differs
	Effects []Effect `json:"effects"`         // one for reset, unlock and change each
	Notes   []string `json:"notes,omitempty"` // what could not be looked at
}

// Effect is what changes for one action.
type Effect struct {
	Action policy.Action `json:"action"`
	Able   int64         `json:"able"`      // people who can do it now
	Then   int64         `json:"able_then"` // and by the new version
	Moves  []Move        `json:"policies"`  // most people first
	// Unable could do it and cannot any more, whatever the reason; Enabled the other way round.
	Unable  Group `json:"unable"`
	Enabled Group `json:"enabled"`
	// Refused are people whose policy does not let them any more, whatever they have set up; Allowed the other way round.
	Refused Group `json:"refused"`
	Allowed Group `json:"allowed"`
	// Lost and Gained are ways that people have set up and that count no more, or count now, where both versions let them.
	Lost   []Method `json:"methods_lost"`
	Gained []Method `json:"methods_gained"`
}

// Group is how many people, and the names of some.
type Group struct {
	Count int64    `json:"count"`
	Names []string `json:"names,omitempty"`
}

func (g *Group) add(name string, most int) {
	g.Count++
	if len(g.Names) < most {
		g.Names = append(g.Names, name)
	}
}

// Move is people who come from one policy to another; empty: no policy decides about them.
type Move struct {
	From string `json:"from"`
	To   string `json:"to"`
	Group
}

// Method is people with one way.
type Method struct {
	Kind factor.Kind `json:"method"`
	Group
}

// tally counts one action.
type tally struct {
	Effect
	moves        map[[2]string]*Group
	lost, gained map[factor.Kind]*Group
}

func newTally(a policy.Action) *tally {
	return &tally{
		Effect: Effect{Action: a}, moves: map[[2]string]*Group{}, lost: map[factor.Kind]*Group{}, gained: map[factor.Kind]*Group{},
	}
}

// see counts what two versions decide about somebody, and gives what differs.
func (t *tally) see(name string, was, will verdict, lost, gained []factor.Kind, most int) (Change, bool) {
	if was.able() {
		t.Able++
	}
	if will.able() {
		t.Then++
	}
	if len(lost)+len(gained) == 0 && was.Policy == will.Policy && was.Outcome == will.Outcome && was.Reason == will.Reason {
		return Change{}, false
	}
	c := Change{Action: t.Action, Was: was.standing(), Will: will.standing(), Lost: lost, Gained: gained}
	if c.Was == c.Will && len(lost)+len(gained) == 0 {
		return Change{}, false
	}
	t.add(name, was, will, c, most)
	return c, true
}

// join adds what was counted of people behind those counted here.
func (t *tally) join(o *tally, most int) {
	t.Able += o.Able
	t.Then += o.Then
	joinAll(t.moves, o.moves, most)
	joinAll(t.lost, o.lost, most)
	joinAll(t.gained, o.gained, most)
	for _, g := range [][2]*Group{{&t.Unable, &o.Unable}, {&t.Enabled, &o.Enabled}, {&t.Refused, &o.Refused}, {&t.Allowed, &o.Allowed}} {
		g[0].join(g[1], most)
	}
}

func joinAll[K comparable](a, b map[K]*Group, most int) {
	for k, g := range b {
		at(a, k).join(g, most)
	}
}

func (g *Group) join(o *Group, most int) {
	g.Count += o.Count
	g.Names = few(g.Names, o.Names, most)
}

// add counts somebody's change.
func (t *tally) add(name string, was, will verdict, c Change, most int) {
	if was.Policy != will.Policy {
		at(t.moves, [2]string{was.Policy, will.Policy}).add(name, most)
	}
	if was.able() && !will.able() {
		t.Unable.add(name, most)
	}
	if !was.able() && will.able() {
		t.Enabled.add(name, most)
	}
	if was.let() && !will.let() {
		t.Refused.add(name, most)
	}
	if !was.let() && will.let() {
		t.Allowed.add(name, most)
	}
	for _, k := range c.Lost {
		at(t.lost, k).add(name, most)
	}
	for _, k := range c.Gained {
		at(t.gained, k).add(name, most)
	}
}

func at[K comparable](m map[K]*Group, k K) *Group {
	if m[k] == nil {
		m[k] = &Group{}
	}
	return m[k]
}

// effect gives what was counted, in one order.
func (t *tally) effect() Effect {
	e := t.Effect
	e.Moves, e.Lost, e.Gained = []Move{}, methods(t.lost), methods(t.gained)
	for k, g := range t.moves {
		e.Moves = append(e.Moves, Move{k[0], k[1], *g})
	}
	slices.SortFunc(e.Moves, func(a, b Move) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return e
}

func methods(m map[factor.Kind]*Group) []Method {
	all := []Method{}
	for k, g := range m {
		all = append(all, Method{k, *g})
	}
	slices.SortFunc(all, func(a, b Method) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind)) })
	return all
}
