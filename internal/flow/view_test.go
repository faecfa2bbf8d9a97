package flow

import (
	"slices"
	"testing"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func TestUsefulTakesTheShortestWay(t *testing.T) {
	offer := func(k factor.Kind, c factor.Class, ids ...string) Offer {
		o := Offer{Ref: string(k), Kind: k, Class: c}
		for _, id := range ids {
			o.Credentials = append(o.Credentials, CredentialOf{id, factor.Channel("channel of " + id)})
		}
		return o
	}
	app, sheet := offer(factor.TOTP, factor.Has, "app1", "app2"), offer(factor.BackupCode, factor.Has, "sheet")
	mail, key := offer(factor.Mail, factor.Knows, "mail"), offer(factor.Passkey, factor.Has|factor.Is, "key1", "key2")
	proof := func(o Offer, i int) policy.Proof { return add(nil, o, o.Credentials[i])[0] }
	for _, c := range []struct {
		name   string
		need   policy.Requirement
		offers []Offer
		proven []policy.Proof
		want   []string
	}{
		{"anything first", policy.Requirement{Count: 2}, []Offer{app, sheet, mail}, nil, []string{"totp", "backup-code", "mail"}},
		{"not the second of one class", policy.Requirement{Count: 2}, []Offer{app, sheet, mail}, []policy.Proof{proof(sheet, 0)}, []string{"mail"}},
		{"unless that is accepted", policy.Requirement{Count: 2, SameClass: true}, []Offer{app, sheet, mail}, []policy.Proof{proof(sheet, 0)}, []string{"totp", "mail"}},
		{"the mandatory one last", policy.Requirement{Count: 2, Mandatory: []factor.Kind{factor.Passkey}}, []Offer{key, app, mail}, []policy.Proof{proof(mail, 0)}, []string{"passkey"}},
		{"another of the same kind", policy.Requirement{Count: 2}, []Offer{key}, []policy.Proof{proof(key, 0)}, []string{"passkey"}},
		{"nothing leads there", policy.Requirement{Count: 2}, []Offer{app, sheet}, []policy.Proof{proof(sheet, 0)}, nil},
		{"three of two classes", policy.Requirement{Count: 3}, []Offer{app, sheet, mail}, nil, []string{"totp", "backup-code", "mail"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, o := range (Flow{Requirement: c.need, Offers: c.offers, Proven: c.proven}).Useful() {
				got = append(got, o.Ref)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
