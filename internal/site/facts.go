package site

import (
	"strconv"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/policy"
)

// Facts gathers what policy decides on. The live flow, explain and the what-if gather with this one function.
func Facts(snap *Snapshot, action policy.Action, a account.Account, cs []authenticator.Credential, from audit.Source, now time.Time) policy.Facts {
	f := policy.Facts{
		Now:        now,
		Action:     action,
		Directory:  a.ID.Directory,
		Account:    a.ID.String(),
		Path:       policy.NormalizeDN(a.Path),
		Attributes: make(map[string][]string, len(a.Attributes)),
		Privileged: policy.No,
		Enrolled:   Enrolled(snap, cs),
	}
	if from.Address.IsValid() {
		f.Source.Address = from.Address.Unmap()
	}
	if a.State.Privileged {
		f.Privileged = policy.Yes
	}
	for _, g := range a.Groups {
		f.Groups = append(f.Groups, policy.Fold(g.ID))
		if g.Name != "" {
			f.Groups = append(f.Groups, policy.Fold(a.NetBIOS+`\`+g.Name))
		}
	}
	for _, g := range a.Linked {
		f.Linked = append(f.Linked, policy.Fold(g))
	}
	for name, values := range a.Attributes {
		f.Attributes[policy.Fold(name)] = values
	}
	return f
}

// Enrolled lists the credentials of methods that are switched on, as policy looks at them.
func Enrolled(snap *Snapshot, cs []authenticator.Credential) []policy.Enrolled {
	es := make([]policy.Enrolled, 0, len(cs))
	for _, c := range cs {
		if m, ok := snap.Methods[c.Kind]; ok {
			es = append(es, policy.Enrolled{ID: c.ID, Traits: m.Traits(), Channel: c.Channel, Added: c.Created})
		}
	}
	return es
}

// offersOf makes the offers of one kind: one for all its credentials, or one each.
func offersOf(t factor.Traits, cs []authenticator.Credential) []flow.Offer {
	var offers []flow.Offer
	for _, c := range cs {
		if c.Kind != t.Kind {
			continue
		}
		one := flow.CredentialOf{ID: c.ID, Channel: c.Channel}
		if len(offers) > 0 && !t.Each {
			offers[0].Credentials = append(offers[0].Credentials, one)
			continue
		}
		offers = append(offers, flow.Offer{
			Ref: ref(t.Kind, len(offers)), Kind: t.Kind, Class: t.Class, NeedsScript: t.NeedsScript,
			Credentials: []flow.CredentialOf{one},
		})
	}
	return offers
}

// ref is the value of the radio button: the kind, and "kind:2" for the second of a kind.
func ref(k factor.Kind, before int) string {
	if before == 0 {
		return string(k)
	}
	return string(k) + ":" + strconv.Itoa(before+1)
}

// Offers lists the ways an account may use for a requirement, in the policy's order.
func Offers(snap *Snapshot, r policy.Requirement, cs []authenticator.Credential) []flow.Offer {
	order := r.Allowed
	if len(order) == 0 {
		order = snap.Order
	}
	var offers []flow.Offer
	for _, kind := range order {
		m, ok := snap.Methods[kind]
		if !ok {
			continue
		}
		offers = append(offers, offersOf(m.Traits(), cs)...)
	}
	return offers
}

// AllOffers lists every way an account has set up, strongest first.
func AllOffers(snap *Snapshot, cs []authenticator.Credential) []flow.Offer {
	return Offers(snap, policy.Requirement{}, cs)
}
