package hybridtest

import (
	"testing"

	"rekey/internal/lab/graph"
	"rekey/internal/lab/people"
)

// TestAttack38AccountsThatLookAlikeAreNotCrossed gives people of Corp accounts in the tenant that look like theirs and are not: only
// the account in Active Directory is written, and the other keeps its password.
func TestAttack38AccountsThatLookAlikeAreNotCrossed(t *testing.T) {
	t.Parallel()
	heidi := play(t, "heidi", people.Corp)
	another, ok := shared.Tenant.User(heidi.UPN)
	if !ok {
		t.Fatal("heidi is not in the tenant")
	}
	for _, c := range []struct {
		name, sam string
		change    func(*graph.User)
	}{
		{"another's anchor", "alike1", func(u *graph.User) { u.OnPremises.ImmutableID = another.OnPremises.ImmutableID }},
		{"the anchor, and another's SID", "alike2", func(u *graph.User) { u.OnPremises.SID = another.OnPremises.SID }},
		{"created anew under the old name", "alike3", func(u *graph.User) {
			u.OnPremises.ImmutableID, u.OnPremises.SID = "RDMiEWZViHeZqrvM3e7/AA==", "S-1-5-21-1-2-3-4"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, password := play(t, c.sam, people.Corp), fresh()
			if !shared.Tenant.UpdateUser(a.UPN, c.change) {
				t.Fatal("not in the tenant")
			}
			p, err := a.prove(t).Finish(t.Context(), password)
			if err != nil {
				t.Fatal(err)
			}
			has(t, p, "Your password is changed")
			a.opens(t, password, a.Password, "")
			if a.writes(t) != 0 || heidi.writes(t) != 0 {
				t.Error("the tenant was written")
			}
			heidi.opens(t, heidi.Password, heidi.Password, "")
		})
	}
}
