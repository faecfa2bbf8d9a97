package lint

import (
	"net/netip"
	"slices"

	"rekey/internal/policy"
)

// atom is a question about the facts. Those about the same fact depend on each other.
type atom struct {
	about string
	oneOf []string // values of the fact for which the answer is yes
	of    []string // all values there are; empty: more than anybody lists
	least int64    // the answer is yes from here on; 0: not a number
	nets  []netip.Prefix
	wide  bool // a network that everybody is in
}

// network is the question whether an address is in the network of a name.
func (l *linter) network(name string) atom {
	a := atom{about: "network " + name}
	var all [2]bool // of IPv4 and IPv6
	for _, text := range l.Document.Networks[name] {
		if p, err := policy.ParsePrefix(text); err == nil {
			a.nets = append(a.nets, p)
			all[0], all[1] = all[0] || p.Bits() == 0 && p.Addr().Is4(), all[1] || p.Bits() == 0 && p.Addr().Is6()
		}
	}
	a.wide = all[0] && all[1]
	return a
}

// consistent reports whether the answers do not exclude each other. It may miss that they do.
func (s *statement) consistent(yes func(int) bool) bool {
	for i, a := range s.atoms {
		if a.wide && !yes(i) || len(a.oneOf) > 0 && !s.someValue(a, yes) {
			return false
		}
		for j, b := range s.atoms {
			switch {
			case !yes(i) || i == j:
			case a.least != 0 && a.about == b.about && !yes(j) && b.least <= a.least:
				return false
			case len(a.nets) > 0 && len(b.nets) > 0 && !apart(a, b, yes(j)):
				return false
			}
		}
	}
	return true
}

// apart reports whether an address in a may be in b, or outside, as asked.
func apart(a, b atom, in bool) bool {
	overlaps := func(p netip.Prefix) bool { return slices.ContainsFunc(b.nets, p.Overlaps) }
	inside := func(p netip.Prefix) bool {
		return slices.ContainsFunc(b.nets, func(q netip.Prefix) bool { return q.Overlaps(p) && q.Bits() <= p.Bits() })
	}
	if in {
		return slices.ContainsFunc(a.nets, overlaps)
	}
	return slices.ContainsFunc(a.nets, func(p netip.Prefix) bool { return !inside(p) })
}

// someValue reports whether the fact an atom is about can have a value that all answers about it agree with.
func (s *statement) someValue(a atom, yes func(int) bool) bool {
	left, known := a.of, len(a.of) > 0
	for i, b := range s.atoms {
		if b.about != a.about || !yes(i) {
			continue
		}
		if !known {
			left, known = b.oneOf, true
			continue
		}
		left = slices.DeleteFunc(slices.Clone(left), func(v string) bool { return !slices.Contains(b.oneOf, v) })
	}
	if !known {
		return true
	}
	for i, b := range s.atoms {
		if b.about == a.about && !yes(i) {
			left = slices.DeleteFunc(slices.Clone(left), func(v string) bool { return slices.Contains(b.oneOf, v) })
		}
	}
	return len(left) > 0
}
