package policy

import "time"

// Asks says what of the past a document looks at, so that nobody reads what nobody asks for.
type Asks struct {
	Done     time.Duration // how far back attempts that ended well are counted; 0: not at all
	Failures bool
	Places   bool // where the account was used
	Known    bool // whether the browser finished an attempt of the account
}

// Asks tells what limits and rules look at.
func (p *Policies) Asks() Asks { return p.asks }

func (p *Policies) ask() Asks {
	var a Asks
	for _, c := range p.byName {
		a.Done = max(a.Done, c.policy.Limits.Within)
	}
	for i := range p.rules {
		a.look(p.rules[i].when)
	}
	return a
}

func (a *Asks) look(n *node) {
	switch n.op {
	case opAccountFailures, opSourceFailures:
		a.Failures = true
	case opNewCountry, opTravel:
		a.Places = true
	case opKnown:
		a.Known = true
	}
	for _, k := range n.kids {
		a.look(k)
	}
}
