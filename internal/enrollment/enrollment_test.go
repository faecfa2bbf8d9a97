package enrollment

import (
	"slices"
	"testing"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func TestStage(t *testing.T) {
	for want, s := range map[Stage]Session{
		Idle:   {},
		Choose: {Pending: &Pending{Then: "add:totp"}},
		Prove:  {Pending: &Pending{Kind: factor.TOTP, Then: "remove:x"}},
		Enroll: {Pending: &Pending{Enroll: true, Kind: factor.TOTP}},
	} {
		if got := s.Stage(); got != want {
			t.Errorf("%+v is at %d, want %d", s, got, want)
		}
	}
	if p := (&Pending{Then: "remove:add:x"}); p.Purpose() != "remove" || p.adds() {
		t.Errorf("purpose %q", p.Purpose())
	}
}

// TestAtNamesOneStep: no two steps or tries of a session are taken for each other.
func TestAtNamesOneStep(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []Session{
		{ID: "s"},
		{ID: "s", Pending: &Pending{ID: "a"}},
		{ID: "s", Pending: &Pending{ID: "a", Tries: 1}},
		{ID: "s", Pending: &Pending{ID: "b"}},
		{ID: "t", Pending: &Pending{ID: "a"}},
	} {
		if seen[At(s)] {
			t.Errorf("%s twice", At(s))
		}
		seen[At(s)] = true
	}
}

func TestHelpful(t *testing.T) {
	kinds := func(as []Addable) (ks []factor.Kind) {
		for _, a := range as {
			ks = append(ks, a.Kind)
		}
		return ks
	}
	o := Overview{Addable: []Addable{{Kind: factor.TOTP}, {Kind: factor.Mail, Helps: true}}}
	if got := kinds(o.Helpful()); !slices.Equal(got, []factor.Kind{factor.Mail}) {
		t.Errorf("got %v", got)
	}
	o.Addable[1].Helps = false
	if got := kinds(o.Helpful()); len(got) != 2 {
		t.Errorf("nothing helps alone: got %v, want all", got)
	}
	if (Overview{Frozen: true, Decision: policy.Decision{Outcome: policy.Allowed}}).Settable() || (Overview{}).Settable() {
		t.Error("frozen or denied, and something can be set up")
	}
}
