package lint

import (
	"fmt"
	"maps"
	"slices"

	"rekey/internal/policy"
)

// conditions looks at what conditions ask that nobody can tell here.
func (l *linter) conditions() {
	if l.Geo {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(l.Document.Conditions)) {
		l.places("conditions."+name, l.Document.Conditions[name], 0)
	}
	for i, r := range l.Document.Rules {
		l.places(fmt.Sprintf("rules[%d].when", i), r.When, 0)
	}
}

// places looks for what only a geolocation database tells.
func (l *linter) places(path string, c policy.Condition, depth int) {
	for _, asked := range []struct {
		key string
		on  bool
	}{
		{"countries", len(c.Countries) > 0}, {"asns", len(c.ASNs) > 0}, {"new_country", c.NewCountry}, {"impossible_travel", c.ImpossibleTravel},
	} {
		if asked.on {
			l.add(GeoMissing, path+"."+asked.key, "no geolocation database is configured, so nobody can tell: a rule that asks for more holds for "+
				"everybody, and one that allows for nobody. Name files in geo_files of the process configuration.")
		}
	}
	if depth > deepest {
		return
	}
	for i, k := range c.All {
		l.places(fmt.Sprintf("%s.all[%d]", path, i), k, depth+1)
	}
	for i, k := range c.Any {
		l.places(fmt.Sprintf("%s.any[%d]", path, i), k, depth+1)
	}
	if c.Not != nil {
		l.places(path+".not", *c.Not, depth+1)
	}
}

// deepest is how deep conditions nest in a document that compiles.
const deepest = 64

// holds reports whether a condition can hold, and whether it can fail, for facts that are all known. Where it asks too much to try
// all of it, it can do both.
func (l *linter) holds(c policy.Condition) (can, fails bool) {
	s := statement{l: l, open: map[string]bool{}, places: map[string]int{}}
	f := s.condition(c)
	if s.tooMuch || len(s.atoms) > mostAtoms {
		return true, true
	}
	for set := range 1 << len(s.atoms) {
		yes := func(atom int) bool { return set&(1<<atom) != 0 }
		if !s.consistent(yes) {
			continue
		}
		if f(yes) {
			can = true
		} else {
			fails = true
		}
	}
	return can, fails
}

const (
	mostAtoms = 8   // 256 combinations
	mostParts = 100 // of a condition, with what it names
)

// formula is a condition's value where each atom has one.
type formula func(yes func(atom int) bool) bool

// statement takes a condition apart into atoms: questions that have one answer each.
type statement struct {
	l       *linter
	atoms   []atom
	places  map[string]int // of atoms by what they ask
	open    map[string]bool
	parts   int
	tooMuch bool
}

func (s *statement) condition(c policy.Condition) formula {
	s.parts++
	if s.parts > mostParts || s.tooMuch {
		s.tooMuch = true
		return nothing
	}
	all := s.leaves(c)
	if c.Is != "" {
		all = append(all, s.reference(c.Is))
	}
	for _, k := range c.All {
		all = append(all, s.condition(k))
	}
	if len(c.Any) > 0 {
		some := make([]formula, 0, len(c.Any))
		for _, k := range c.Any {
			some = append(some, s.condition(k))
		}
		all = append(all, or(some))
	}
	if c.Not != nil {
		not := s.condition(*c.Not)
		all = append(all, func(yes func(int) bool) bool { return !not(yes) })
	}
	return func(yes func(int) bool) bool {
		return !slices.ContainsFunc(all, func(f formula) bool { return !f(yes) })
	}
}

// reference takes a named condition apart. One that leads back to itself has no value, and does not compile.
func (s *statement) reference(name string) formula {
	c, ok := s.l.Document.Conditions[name]
	if !ok || s.open[name] {
		s.tooMuch = true
		return nothing
	}
	s.open[name] = true
	defer delete(s.open, name)
	return s.condition(c)
}

func nothing(func(int) bool) bool { return true }

func or(some []formula) formula {
	return func(yes func(int) bool) bool {
		return slices.ContainsFunc(some, func(f formula) bool { return f(yes) })
	}
}

// leaves takes apart what a condition asks about the facts.
func (s *statement) leaves(c policy.Condition) []formula {
	var all []formula
	one := func(atoms ...atom) {
		some := make([]formula, 0, len(atoms))
		for _, a := range atoms {
			some = append(some, s.atom(a))
		}
		if len(some) > 0 {
			all = append(all, or(some))
		}
	}
	one(each(c.Networks, s.l.network)...)
	one(each(c.Schedules, func(name string) atom { return atom{about: "schedule " + name} })...)
	one(each(c.Device, func(d policy.DeviceState) atom { return atom{about: "device " + string(d)} })...)
	asked := func(is bool, a atom) {
		if is {
			one(a)
		}
	}
	asked(len(c.Countries) > 0, atom{about: "country", oneOf: folded(c.Countries)})
	asked(len(c.ASNs) > 0, atom{about: "asn", oneOf: texts(c.ASNs)})
	asked(len(c.Platforms) > 0, atom{about: "platform", oneOf: folded(c.Platforms), of: policy.Platforms()})
	asked(c.AccountFailures > 0, atom{about: "account failures", least: int64(c.AccountFailures)})
	asked(c.SourceFailures > 0, atom{about: "source failures", least: int64(c.SourceFailures)})
	asked(c.FactorAddedWithin > 0, atom{about: "factor", least: -int64(c.FactorAddedWithin)})
	asked(c.NewCountry, atom{about: "new country"})
	asked(c.ImpossibleTravel, atom{about: "travel"})
	asked(c.Privileged, atom{about: "privileged"})
	return all
}

func each[T any](list []T, ask func(T) atom) []atom {
	var out []atom
	for _, v := range list {
		out = append(out, ask(v))
	}
	return out
}

func texts(numbers []uint32) []string {
	var out []string
	for _, n := range numbers {
		out = append(out, fmt.Sprint(n))
	}
	return out
}

// atom gives the value of a question: equal ones are one.
func (s *statement) atom(a atom) formula {
	slices.Sort(a.oneOf)
	key := fmt.Sprint(a.about, a.oneOf, a.least)
	at, known := s.places[key]
	if !known {
		at = len(s.atoms)
		s.places[key], s.atoms = at, append(s.atoms, a)
	}
	if at >= mostAtoms {
		s.tooMuch = true
		return nothing
	}
	return func(yes func(int) bool) bool { return yes(at) }
}
