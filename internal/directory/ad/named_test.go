package ad_test

import (
	"slices"
	"testing"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/lab/samba"
)

// TestAttack34PolicyGroupsAreKnownAtOnce: the first lookup after a start knows the groups that policies name. One that did not would
// let a member through by the policy of everybody else.
func TestAttack34PolicyGroupsAreKnownAtOnce(t *testing.T) {
	dom := domain(t)
	if err := dom.Apply(t.Context(),
		samba.Group{Name: "Named (Inner)"}, samba.Group{Name: "Named", Members: []string{"Named (Inner)"}},
		samba.User{SAM: "named-one", Password: "Old-Passw0rd!1", Groups: []string{"Named (Inner)"}},
	); err != nil {
		t.Fatal(err)
	}
	d := open(t, dom, nil)
	d.NameGroups([]string{`corp\named`, `CORP\Named (Inner)`, `SALES\Domain Users`, `CORP\Nobody Has This`, "no domain"})
	a, err := d.Lookup(t.Context(), directory.Identifier{Raw: "named-one", Name: "named-one"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Named", "Named (Inner)"} {
		if !slices.ContainsFunc(a.Groups, func(g account.Group) bool { return g.Name == want }) {
			t.Errorf("%s is not among %v", want, a.Groups)
		}
	}
}
