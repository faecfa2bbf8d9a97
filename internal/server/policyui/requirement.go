package policyui

import (
	"slices"
	"strconv"

	"rekey/internal/factor"
	"rekey/internal/policy"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// ways is a requirement as its form has it.
type ways struct {
	name  string // prefix of its fields, which is the settings' key
	count string
	usual bool // every way that is switched on, in the usual order
	rows  []way
	any   []some
	same  bool
}

// way is one method with what is said of it.
type way struct {
	kind factor.Kind
	use  string
}

// What is said of a way.
const (
	may  = "may"
	must = "must"
	not  = "no"
)

// some asks for n of several.
type some struct {
	n  string
	of []factor.Kind
}

func waysOf(name string, q policy.Requirement, kinds []factor.Kind) ways {
	w := ways{name: name, count: strconv.Itoa(q.Count), usual: len(q.Allowed) == 0, same: q.SameClass}
	order := slices.Clone(q.Allowed)
	for _, k := range slices.Concat(kinds, q.Mandatory) {
		if !slices.Contains(order, k) {
			order = append(order, k)
		}
	}
	for _, k := range order {
		use := may
		switch {
		case slices.Contains(q.Mandatory, k):
			use = must
		case !w.usual && !slices.Contains(q.Allowed, k):
			use = not
		}
		w.rows = append(w.rows, way{k, use})
	}
	for _, a := range q.AnyOf {
		w.any = append(w.any, some{strconv.Itoa(a.N), a.Of})
	}
	return w
}

// ways reads the form of a requirement.
func (f *form) ways(name string) ways {
	w := ways{name: name, count: f.text(name + ".count"), usual: f.on(name + ".usual"), same: f.on(name + ".same_class")}
	for _, key := range f.Values[name+".ways.row"] {
		k := factor.Kind(key)
		if !slices.ContainsFunc(w.rows, func(r way) bool { return r.kind == k }) {
			w.rows = append(w.rows, way{k, f.Get(name + ".way." + key)})
		}
	}
	for _, key := range f.Values[name+".any_of.row"] {
		w.any = append(w.any, some{f.text(name + ".any_of.n." + key), kindsOf(f.list(name + ".any_of.of." + key))})
	}
	return w
}

// complete adds the methods that were switched on since the form was made.
func (w ways) complete(kinds []factor.Kind) ways {
	w.rows = slices.Clone(w.rows)
	for _, k := range kinds {
		if !slices.ContainsFunc(w.rows, func(r way) bool { return r.kind == k }) {
			w.rows = append(w.rows, way{k, map[bool]string{true: may, false: not}[w.usual]})
		}
	}
	return w
}

func kindsOf(names []string) []factor.Kind {
	var out []factor.Kind
	for _, n := range names {
		out = append(out, factor.Kind(n))
	}
	return out
}

// do does what a button of the requirement asks for, and reports whether it was one of it.
func (w *ways) do(d view.Deed) bool {
	switch d.List {
	case w.name + ".ways":
		names := make([]string, len(w.rows))
		for i, r := range w.rows {
			names[i] = string(r.kind)
		}
		w.rows, w.usual = view.Apply(w.rows, names, d), false
	case w.name + ".any_of":
		if d.Verb == view.Add {
			w.any = append(w.any, some{n: "1"})
			return true
		}
		w.any = view.Apply(w.any, keys(len(w.any)), d)
	default:
		return false
	}
	return true
}

// requirement is what the form asks for. With the usual ways, one that is left out makes the rest a list.
func (w ways) requirement(f *form) policy.Requirement {
	count := form{Values: map[string][]string{w.name + ".count": {w.count}}}
	q := policy.Requirement{Count: count.number(w.name + ".count"), SameClass: w.same}
	f.ps = append(f.ps, count.ps...)
	usual := w.usual && !slices.ContainsFunc(w.rows, func(r way) bool { return r.use == not })
	for _, r := range w.rows {
		if r.use == must {
			q.Mandatory = append(q.Mandatory, r.kind)
		}
		if r.use != not && !usual {
			q.Allowed = append(q.Allowed, r.kind)
		}
	}
	if !usual && len(q.Allowed) == 0 && q.Count > 0 {
		f.bad(w.name+".ways", "Let at least one way be used.")
	}
	for i, a := range w.any {
		key := w.name + ".any_of.n." + strconv.Itoa(i)
		n := form{Values: map[string][]string{key: {a.n}}}
		q.AnyOf = append(q.AnyOf, policy.AnyOf{N: n.number(key), Of: a.of})
		f.ps = append(f.ps, n.ps...)
	}
	return q
}

// view draws the requirement's form.
func (w ways) view(u *UI, p *paper) policypage.Requirement {
	out := policypage.Requirement{
		Name: w.name, Count: w.count, Usual: w.usual, SameClass: w.same, Live: p.live(), Sentence: u.requirement(w.requirement(&form{})),
		Problems: p.problems,
	}
	for _, r := range w.rows {
		t := u.traits(r.kind)
		out.Ways = append(out.Ways, policypage.Way{Kind: string(r.kind), Name: u.kind(r.kind), Tags: classes(t), Use: r.use})
		out.Kinds = append(out.Kinds, view.Option{Value: string(r.kind), Label: u.kind(r.kind)})
	}
	for _, a := range w.any {
		one := policypage.Some{N: a.n}
		for _, k := range a.of {
			one.Of = append(one.Of, string(k))
		}
		out.Any = append(out.Any, one)
	}
	return out
}
