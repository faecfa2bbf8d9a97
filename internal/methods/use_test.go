package methods

import (
	"fmt"
	"testing"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func TestWhereAKindCounts(t *testing.T) {
	two := policy.Requirement{Count: 2}
	named := policy.Requirement{Count: 2, Mandatory: []factor.Kind{factor.Passkey}, Allowed: []factor.Kind{factor.Passkey, factor.TOTP}}
	one := policy.Requirement{Count: 1, AnyOf: []policy.AnyOf{{N: 1, Of: []factor.Kind{factor.Mail}}}, Allowed: []factor.Kind{factor.TOTP}}
	for _, c := range []struct {
		name string
		p    policy.Policy
		kind factor.Kind
		want string
	}{
		{"whatever is on", policy.Policy{Reset: two}, factor.Mail, "[{reset false} {unlock false}]"},
		{"always", policy.Policy{Reset: named}, factor.Passkey, "[{reset true} {unlock true}]"},
		{"by name", policy.Policy{Reset: named}, factor.TOTP, "[{reset false} {unlock false}]"},
		{"not by name", policy.Policy{Reset: named}, factor.Mail, "[]"},
		{"another way to unlock", policy.Policy{Reset: named, Unlock: one}, factor.Mail, "[{unlock false}]"},
		{"for a change", policy.Policy{Reset: named, Change: one}, factor.Mail, "[{change false}]"},
		{"what may be done", policy.Policy{Reset: two, Actions: []policy.Action{policy.Unlock}}, factor.TOTP, "[{unlock false}]"},
	} {
		if got := fmt.Sprint(actions(c.p, c.kind)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
