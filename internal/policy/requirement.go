package policy

import (
	"slices"

	"rekey/internal/factor"
)

// SatisfiedBy reports whether proofs meet the requirement: enough independent ones, every mandatory kind among them, n of each
// list, all of allowed kinds, and not all of one class unless that is accepted.
func (r Requirement) SatisfiedBy(proofs []Proof) bool {
	var counted []Proof
	var kinds []factor.Kind
	var classes factor.Class
	for _, p := range proofs {
		if !r.allows(p.Kind) || p.Credential == "" || p.Channel == "" || dependent(counted, p) {
			continue
		}
		counted, kinds = append(counted, p), append(kinds, p.Kind)
		classes |= p.Class
	}
	return r.metBy(kinds, classes)
}

// dependent reports whether a proof shares credential or channel with one that counts already.
func dependent(before []Proof, p Proof) bool {
	for _, q := range before {
		if q.Credential == p.Credential || q.Channel == p.Channel {
			return true
		}
	}
	return false
}

func (r Requirement) metBy(kinds []factor.Kind, classes factor.Class) bool {
	if len(kinds) < r.Count {
		return false
	}
	for _, k := range r.Mandatory {
		if !slices.Contains(kinds, k) {
			return false
		}
	}
	for _, a := range r.AnyOf {
		n := 0
		for _, k := range kinds {
			if slices.Contains(a.Of, k) {
				n++
			}
		}
		if n < a.N {
			return false
		}
	}
	return r.Count < 2 || r.SameClass || classes&(classes-1) != 0
}

func (r Requirement) allows(k factor.Kind) bool {
	return len(r.Allowed) == 0 || slices.Contains(r.Allowed, k)
}

// Reachable reports whether the credentials could meet the requirement.
func (r Requirement) Reachable(es []Enrolled) bool { return r.Short(es) == 0 }

// Short tells how many more independent ways, at least, are needed to meet the requirement. It is 1 when only the mix is wrong:
// a mandatory kind is missing, or all are of one class.
func (r Requirement) Short(es []Enrolled) int {
	var t taken
	if r.reach(es, &t, 0) {
		return 0
	}
	return max(1, r.Count-independent(r, es))
}

// most is how many credentials the smallest set that meets the requirement can have: what is named, filled up to the count, and
// one more of another class. It keeps the search short for people who enrolled a lot.
func (r *Requirement) most() int {
	n := r.Count + len(r.Mandatory) + 1
	for _, a := range r.AnyOf {
		n += a.N
	}
	return min(n, maxTaken)
}

// taken is the set of credentials that reach is trying. It lives on the stack: Decide allocates nothing.
type taken struct {
	n        int
	channels [maxTaken]factor.Channel
	kinds    [maxTaken]factor.Kind
}

// maxTaken bounds the search; Compile refuses what would need more.
const maxTaken = 12

// reach looks for a set of independent credentials that meets the requirement. One channel counts once, so at most one
// credential of a channel is taken; accounts have a handful.
func (r *Requirement) reach(rest []Enrolled, t *taken, classes factor.Class) bool {
	if r.metBy(t.kinds[:t.n], classes) {
		return true
	}
	if t.n == r.most() {
		return false
	}
	for i := range rest {
		e := &rest[i]
		if !r.allows(e.Traits.Kind) || e.Channel == "" || slices.Contains(t.channels[:t.n], e.Channel) {
			continue
		}
		t.channels[t.n], t.kinds[t.n] = e.Channel, e.Traits.Kind
		t.n++
		if r.reach(rest[i+1:], t, classes|e.Traits.Class) {
			return true
		}
		t.n--
	}
	return false
}

// independent counts the channels of allowed credentials.
func independent(r Requirement, es []Enrolled) int {
	var channels []factor.Channel
	for _, e := range es {
		if r.allows(e.Traits.Kind) && e.Channel != "" && !slices.Contains(channels, e.Channel) {
			channels = append(channels, e.Channel)
		}
	}
	return len(channels)
}
