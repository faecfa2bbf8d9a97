package policy_test

import (
	"testing"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func proofs(kinds ...factor.Kind) []policy.Proof {
	var ps []policy.Proof
	for _, e := range enrolled(kinds...) {
		ps = append(ps, policy.Proof{Kind: e.Traits.Kind, Class: e.Traits.Class, Channel: e.Channel, Credential: e.ID})
	}
	return ps
}

// TestWhatARuleRequiresTakesNoPlace of what the policy, or the floor, asks for: two of a kind that comes on top are one thing more.
func TestWhatARuleRequiresTakesNoPlace(t *testing.T) {
	require := func(kinds ...factor.Kind) *policy.Policies {
		return compile(t, house(policy.Rule{Name: "r", Then: policy.Effect{Require: kinds}}))
	}
	guarded, keys := low(), low()
	guarded.Privileged, keys.Groups = policy.Yes, []string{`corp\keys`}
	for _, c := range []struct {
		name   string
		p      *policy.Policies
		f      policy.Facts
		proofs []policy.Proof
		met    bool
	}{
		{"the floor with two mailboxes", require(factor.Mail), guarded, proofs(factor.Passkey, factor.Mail, factor.Mail), false},
		{"the floor and a mailbox", require(factor.Mail), guarded, proofs(factor.Passkey, factor.TOTP, factor.Mail), true},
		{"a policy of passkeys without one", require(factor.Mail, factor.TOTP), keys, proofs(factor.Mail, factor.TOTP, factor.Mail), false},
		{"a passkey and what is required", require(factor.Mail, factor.TOTP), keys, proofs(factor.Passkey, factor.Mail, factor.TOTP), true},
	} {
		if d := policy.Decide(c.p, c.f); d.Outcome != policy.Allowed || d.Requirement.SatisfiedBy(c.proofs) != c.met {
			t.Errorf("%s: %v %+v", c.name, d.Outcome, d.Requirement)
		}
	}
}

// TestSourcesAreNotTurnedAwayBeforeTheyAreCounted: a rule for those who guess is not one for everybody.
func TestSourcesAreNotTurnedAwayBeforeTheyAreCounted(t *testing.T) {
	p := compile(t, house(policy.Rule{Name: "guessers", When: policy.Condition{SourceFailures: 10}, Then: no()}))
	if _, closed := policy.Closed(p, policy.Facts{Now: tuesday, Action: policy.Reset, Source: desk}); closed {
		t.Error("everybody is turned away")
	}
	f := low()
	f.Failures.Source.N = 10
	if d := policy.Decide(p, f); d.Outcome != policy.Barred {
		t.Errorf("a guesser: %+v", d)
	}
}
