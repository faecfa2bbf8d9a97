package flow

import "rekey/internal/policy"

// Offer finds an offer by its ref.
func (f Flow) Offer(ref string) (Offer, bool) {
	for _, o := range f.Offers {
		if o.Ref == ref {
			return o, true
		}
	}
	return Offer{}, false
}

// Useful lists the offers that can still bring the flow forward: those with a credential that shares neither itself nor its
// channel with what was proven.
func (f Flow) Useful() []Offer {
	var out []Offer
	for _, o := range f.Offers {
		if o.open(f.Proven) && f.helps(o) {
			out = append(out, o)
		}
	}
	return out
}

func useful(f Flow, ref string) (Offer, bool) {
	for _, o := range f.Useful() {
		if o.Ref == ref {
			return o, true
		}
	}
	return Offer{}, false
}

// open reports whether a credential of the offer is independent of every proof.
func (o Offer) open(proven []policy.Proof) bool {
	for _, c := range o.Credentials {
		if !taken(proven, c) {
			return true
		}
	}
	return false
}

// helps reports whether the requirement can still be met after this offer is proven. An offer that would lead nowhere (the
// last of two, and of the same class as the first) is not shown.
func (f Flow) helps(o Offer) bool {
	all := f.candidates()
	for _, c := range o.Credentials {
		if !taken(f.Proven, c) && f.reachable(add(f.Proven, o, c), all) {
			return true
		}
	}
	return false
}

type candidate struct {
	offer      Offer
	credential CredentialOf
}

func (f Flow) candidates() []candidate {
	var all []candidate
	for _, o := range f.Offers {
		for _, c := range o.Credentials {
			all = append(all, candidate{o, c})
		}
	}
	return all
}

// reachable tries every set of the remaining credentials; accounts have a handful.
func (f Flow) reachable(proofs []policy.Proof, rest []candidate) bool {
	if f.Requirement.SatisfiedBy(proofs) {
		return true
	}
	for i, c := range rest {
		if !taken(proofs, c.credential) && f.reachable(add(proofs, c.offer, c.credential), rest[i+1:]) {
			return true
		}
	}
	return false
}

func add(proofs []policy.Proof, o Offer, c CredentialOf) []policy.Proof {
	return append(proofs[:len(proofs):len(proofs)], policy.Proof{Kind: o.Kind, Class: o.Class, Channel: c.Channel, Credential: c.ID})
}

func taken(proofs []policy.Proof, c CredentialOf) bool {
	for _, p := range proofs {
		if p.Credential == c.ID || p.Channel == c.Channel {
			return true
		}
	}
	return false
}

// Step tells how far the flow is, for the progress bar: each needed proof, the password, and done.
func (f Flow) Step() (now, of int) {
	of = f.Requirement.Count + 2
	switch f.Stage {
	case Choose, Prove:
		return min(len(f.Proven)+1, of-2), of
	case Password, Applying:
		return of - 1, of
	}
	return of, of
}
