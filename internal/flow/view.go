package flow

import (
	"slices"

	"rekey/internal/policy"
)

// Offer finds an offer by its ref.
func (f Flow) Offer(ref string) (Offer, bool) {
	for _, o := range f.Offers {
		if o.Ref == ref {
			return o, true
		}
	}
	return Offer{}, false
}

// mostMore bounds how many proofs Useful looks ahead; nobody is asked for more.
const mostMore = 5

// Useful lists the offers that lead to the end with the fewest further proofs. An offer that leads nowhere, or would need one
// more than another (the second of one class, where two classes are asked for), is not among them.
func (f Flow) Useful() []Offer {
	for more := range mostMore {
		var out []Offer
		for _, o := range f.Offers {
			if f.leads(o, more) {
				out = append(out, o)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

func useful(f Flow, ref string) (Offer, bool) {
	for _, o := range f.Useful() {
		if o.Ref == ref {
			return o, true
		}
	}
	return Offer{}, false
}

// leads reports whether the requirement is met by proving the offer and after it at most more other ways.
func (f Flow) leads(o Offer, more int) bool {
	for _, c := range o.Credentials {
		if !taken(f.Proven, c) && f.within(add(f.Proven, o, c), more) {
			return true
		}
	}
	return false
}

// within reports whether at most more proofs, independent of those that are there, meet the requirement. Credentials of one offer
// differ by their channel only, so no more of them are tried than are needed.
func (f Flow) within(proofs []policy.Proof, more int) bool {
	if f.Requirement.SatisfiedBy(proofs) {
		return true
	}
	if more == 0 {
		return false
	}
	for _, o := range f.Offers {
		tried := 0
		for _, c := range o.Credentials {
			if tried > more || taken(proofs, c) {
				continue
			}
			if tried++; f.within(add(proofs, o, c), more-1) {
				return true
			}
		}
	}
	return false
}

// holds reports whether a proof is of this offer.
func (o Offer) holds(p policy.Proof) bool {
	return p.Kind == o.Kind && slices.Contains(o.Credentials, CredentialOf{p.Credential, p.Channel})
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
