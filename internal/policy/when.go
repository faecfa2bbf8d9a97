package policy

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// node is a compiled condition: a leaf, or all, any or not of others. It is small, since a decision may walk over a thousand.
type node struct {
	*said
	kids []*node
	n    int32
	size int32 // nodes that evaluating it may visit
	id   int16 // equal nodes are one; what is asked more than once is remembered under this number; 0: not
	op   op
}

// said is what a node was made from.
type said struct {
	place int // of the network or schedule
	texts []string
	asns  []uint32
	d     time.Duration
	name  string // of a named condition
}

type op uint8

const (
	opAll op = iota
	opAny
	opNot
	opNetwork
	opSchedule
	opCountry
	opASN
	opKnown
	opManaged
	opPlatform
	opAccountFailures
	opSourceFailures
	opFactorAdded
	opNewCountry
	opTravel
	opPrivileged
)

// network is a named set of prefixes.
type network struct {
	name     string
	prefixes []netip.Prefix
}

// look is one evaluation: the facts, and what was found out on the way. It lives on the stack.
type look struct {
	p          *Policies
	f          *Facts
	privileged Tristate
	memo       [memoized]uint8 // by node: 0 is not looked at yet, else one more than the value
}

// memoized bounds how many nodes are remembered.
const memoized = 1024

func tri(b bool) Tristate {
	if b {
		return Yes
	}
	return No
}

// and, or and invert are Kleene's: what cannot be told stays so unless the rest decides.
func and(a, b Tristate) Tristate {
	switch {
	case a == No || b == No:
		return No
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Yes
}

func or(a, b Tristate) Tristate { return invert(and(invert(a), invert(b))) }

func invert(a Tristate) Tristate {
	switch a {
	case Yes:
		return No
	case No:
		return Yes
	}
	return Unknown
}

// holds evaluates a condition.
func (l *look) holds(n *node) Tristate {
	switch {
	case n.id == 0 && n.op > opNot:
		return l.leaf(n)
	case n.id == 0:
		return l.evaluate(n)
	}
	if l.memo[n.id] == 0 {
		l.memo[n.id] = uint8(l.evaluate(n)) + 1
	}
	return Tristate(l.memo[n.id] - 1)
}

func (l *look) evaluate(n *node) Tristate {
	switch n.op {
	case opAll:
		out := Yes
		for _, k := range n.kids {
			if out = and(out, l.holds(k)); out == No {
				return No
			}
		}
		return out
	case opAny:
		out := No
		for _, k := range n.kids {
			if out = or(out, l.holds(k)); out == Yes {
				return Yes
			}
		}
		return out
	case opNot:
		return invert(l.holds(n.kids[0]))
	}
	return l.leaf(n)
}

func (l *look) leaf(n *node) Tristate {
	f := l.f
	switch n.op {
	case opNetwork:
		if !f.Source.Address.IsValid() {
			return Unknown
		}
		return tri(l.p.networks[n.place].contains(f.Source.Address))
	case opSchedule:
		return l.p.schedules[n.place].within(f)
	case opCountry:
		if f.Source.Country == "" {
			return Unknown
		}
		return tri(containsFold(n.texts, f.Source.Country))
	case opASN:
		if f.Source.ASN == 0 {
			return Unknown
		}
		return tri(slices.Contains(n.asns, f.Source.ASN))
	case opKnown:
		return f.Device.Known
	case opManaged:
		return f.Device.Managed
	case opPlatform:
		if f.Device.Platform == "" {
			return Unknown
		}
		return tri(containsFold(n.texts, f.Device.Platform))
	case opAccountFailures:
		return f.Failures.Account.least(int(n.n))
	case opSourceFailures:
		return f.Failures.Source.least(int(n.n))
	case opFactorAdded:
		return f.added(n.d)
	case opNewCountry:
		return f.Source.NewCountry
	case opTravel:
		return f.Source.Travel
	case opPrivileged:
		return l.privileged
	}
	return Unknown
}

func (c Count) least(n int) Tristate {
	if !c.Known {
		return Unknown
	}
	return tri(c.N >= n)
}

// added reports whether a credential was added within d. Without the time nothing can be told.
func (f *Facts) added(d time.Duration) Tristate {
	if f.Now.IsZero() {
		return Unknown
	}
	out := No
	for i := range f.Enrolled {
		switch at := f.Enrolled[i].Added; {
		case at.IsZero():
			out = or(out, Unknown)
		case f.Now.Sub(at) < d:
			return Yes
		}
	}
	return out
}

func containsFold(list []string, s string) bool {
	for _, have := range list {
		if strings.EqualFold(have, s) {
			return true
		}
	}
	return false
}

func (n network) contains(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range n.prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// InNetwork reports whether an address is in the network of a name; an unknown name has no addresses.
func (p *Policies) InNetwork(name string, a netip.Addr) bool {
	for _, n := range p.networks {
		if n.name == name {
			return n.contains(a)
		}
	}
	return false
}
