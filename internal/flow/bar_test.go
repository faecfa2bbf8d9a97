package flow

import (
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/policy"
)

func apply(t *testing.T, f Flow, ev Event) (Flow, Effects) {
	t.Helper()
	g, fx, err := Apply(f, ev, limits, noon)
	if err != nil {
		t.Fatalf("%T: %v", ev, err)
	}
	return g, fx
}

// provenBy proves app and mail, as somebody would.
func provenBy(t *testing.T, f Flow, proofs ...policy.Proof) Flow {
	t.Helper()
	for _, p := range proofs {
		f, _ = apply(t, f, Chose{Challenge: Challenge{Ref: string(p.Kind)}})
		f, _ = apply(t, f, Tried{})
		f, _ = apply(t, f, Judged{Proof: &p})
	}
	return f
}

func TestABarIsToldAfterTheProofs(t *testing.T) {
	until := noon.Add(48 * time.Hour)
	f := begun(func(s *Start) {
		s.Decision.Outcome, s.Decision.Reason, s.Decision.Until = policy.Barred, "limit", until
	})
	if f = provenBy(t, f, byApp); f.Stage != Choose {
		t.Errorf("told at %s, after one of two proofs", f.Stage)
	}
	if f = provenBy(t, f, byMail); f.Stage != Refused || f.Refusal != RefusedByLimit || !f.Until.Equal(until) {
		t.Errorf("ended at %s as %q until %v", f.Stage, f.Refusal, f.Until)
	}
}

// TestABarOfAChange is told once the current password was right: nothing else was asked for.
func TestABarOfAChange(t *testing.T) {
	f := begun(func(s *Start) {
		s.Action, s.Decision.Requirement = policy.Change, policy.Requirement{}
		s.Decision.Outcome, s.Decision.Reason, s.Decision.Text = policy.Barred, "rule", map[string]string{"en": "Not from there."}
	})
	if f.Stage != Password {
		t.Fatalf("at %s", f.Stage)
	}
	f, fx := apply(t, f, Claimed{Claim: "c1", Before: make([]Before, 1)})
	if f.Stage != Refused || f.Refusal != RefusedByRule || len(fx.Audit) != 1 || fx.Audit[0].Name != audit.FlowRefused {
		t.Errorf("ended at %s as %q with %+v", f.Stage, f.Refusal, fx.Audit)
	}
}

func TestAnAlarmAsksForOneMoreOnce(t *testing.T) {
	f := provenBy(t, begun(nil), byApp, byMail)
	f, _ = apply(t, f, Alarmed{Level: policy.RaisedByOne})
	if f.Stage != Choose || f.Requirement.Count != 3 || f.Notice != "raised" {
		t.Fatalf("at %s, asks for %d, says %q", f.Stage, f.Requirement.Count, f.Notice)
	}
	again, _ := apply(t, f, Alarmed{Level: policy.RaisedByOne})
	if again.Requirement.Count != 3 {
		t.Errorf("asks for %d after the second", again.Requirement.Count)
	}
	calm, _ := apply(t, f, Alarmed{Level: policy.Calm})
	if calm.Requirement.Count != 3 {
		t.Errorf("asks for %d when it is over: what was asked stays", calm.Requirement.Count)
	}
	if f = provenBy(t, f, byKey); f.Stage != Password {
		t.Errorf("at %s after the third proof", f.Stage)
	}
}

func TestAnAlarmEndsWhatItStops(t *testing.T) {
	for _, c := range []struct {
		name  string
		level policy.Threat
		floor bool
		want  Stage
	}{
		{"all", policy.Stopped, false, Refused},
		{"privileged", policy.PrivilegedStopped, true, Refused},
		{"not others", policy.PrivilegedStopped, false, Choose},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, _ := apply(t, begun(func(s *Start) { s.Decision.Floor = c.floor }), Alarmed{Level: c.level})
			if f.Stage != c.want || c.want == Refused && f.Refusal != RefusedByThreat {
				t.Errorf("at %s, %q", f.Stage, f.Refusal)
			}
		})
	}
	few := begun(func(s *Start) { s.Offers = []Offer{app, mail} })
	if f, _ := apply(t, few, Alarmed{Level: policy.RaisedByOne}); f.Stage != Refused || f.Refusal != RefusedByThreat {
		t.Errorf("who has too few ways is at %s, %q", f.Stage, f.Refusal)
	}
}

func TestRetriesEnd(t *testing.T) {
	f := provenBy(t, begun(func(s *Start) { s.Decision.Limits.Retries = 1 }), byApp, byMail)
	for _, want := range []Stage{Password, Refused} {
		f, _ = apply(t, f, Claimed{Claim: "c1", Before: make([]Before, 1)})
		f, _ = apply(t, f, Written{Claim: "c1", Outcome: Rejected, Reason: "history"})
		if f.Stage != want {
			t.Fatalf("at %s, want %s", f.Stage, want)
		}
	}
	if f.Refusal != RefusedRetries {
		t.Errorf("refused as %q", f.Refusal)
	}
}

func TestAPolicyBoundsItsOwnAttempts(t *testing.T) {
	f := begun(func(s *Start) { s.Decision.Limits.Life = 5 * time.Minute })
	if want := noon.Add(5 * time.Minute); !f.Expires.Equal(want) {
		t.Errorf("ends at %v, want %v", f.Expires, want)
	}
}

func TestWhatRulesDidIsRecorded(t *testing.T) {
	s := Start{ID: "f1", Action: policy.Reset, Account: home, Decision: policy.Decision{Rules: []string{"night", "abroad"}, Reported: []string{"trial"}}}
	_, fx := New(s, limits, noon)
	if d := fx.Audit[0].Detail; d["rules"] != "night, abroad" || d["reported"] != "trial" {
		t.Errorf("recorded %v", d)
	}
}
