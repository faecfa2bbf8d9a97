package flow

import (
	"slices"
	"testing"

	"rekey/internal/audit"
)

// hybrid is a flow of somebody with an account in two directories, about to type the new password.
func hybrid() Flow {
	f := at(Password)[0]
	f.Targets = []Target{{Account: home, State: TargetPlanned}, {Account: cloud, State: TargetPlanned}}
	return f
}

func states(f Flow) []TargetState {
	var out []TargetState
	for _, t := range f.Targets {
		out = append(out, t.State)
	}
	return out
}

func names(fx Effects) []audit.Name {
	var out []audit.Name
	for _, ev := range fx.Audit {
		out = append(out, ev.Name)
	}
	return out
}

func claimedBy(c string) Claimed { return Claimed{Claim: c, Before: make([]Before, 2)} }

var notices = Sends{{ID: "done"}}

func confirmedAs(c string, target int) Written {
	return Written{Claim: c, Target: target, Outcome: Confirmed, Notices: notices, SignOut: []SignOut{{Account: cloud}}}
}

func TestTwoDirectoriesAreWrittenOneAfterTheOther(t *testing.T) {
	f, fx := run(t, hybrid(), claimedBy("c1"))
	if got := states(f); !slices.Equal(got, []TargetState{TargetWriting, TargetPlanned}) || fx.Audit[0].Subject != home {
		t.Fatalf("claimed: %v, %+v", got, fx.Audit)
	}
	f, fx = run(t, f, confirmedAs("c1", 0))
	if got := states(f); f.Stage != Applying || !slices.Equal(got, []TargetState{TargetConfirmed, TargetWriting}) || len(fx.Send) > 0 {
		t.Fatalf("after the first: %s %v, told %v", f.Stage, got, fx.Send)
	}
	if got := names(fx); !slices.Equal(got, []audit.Name{audit.WriteDone, audit.WriteIntended}) || fx.Audit[0].Subject != home || fx.Audit[1].Subject != cloud {
		t.Fatalf("recorded %v", got)
	}
	refused(t, f, confirmedAs("c1", 0), ErrNotYours) // late news of the first
	f, fx = run(t, f, confirmedAs("c1", 1))
	if f.Stage != Done || f.Partial() || len(fx.Send) != 1 || !fx.CloseOthers || len(fx.SignOut) != 1 {
		t.Fatalf("after both: %s, %+v", f.Stage, fx)
	}
}

// TestTheMissingHalfIsRepeatedAlone: a refusal by the second directory undoes and hides nothing, and costs no proof.
func TestTheMissingHalfIsRepeatedAlone(t *testing.T) {
	for name, second := range map[string]Written{
		"refused":    {Claim: "c1", Target: 1, Outcome: Rejected, Reason: "banned", Notices: notices},
		"down":       {Claim: "c1", Target: 1, Outcome: NotWritten, Reason: "unavailable", Notices: notices},
		"never sent": {Claim: "c1", Target: 1, Outcome: NotWritten, Reason: "unavailable", Notices: notices, Alone: true},
	} {
		f, _ := run(t, hybrid(), claimedBy("c1"), confirmedAs("c1", 0))
		f, fx := run(t, f, second)
		if second.Outcome == NotWritten && f.Notice != "half-unavailable" {
			t.Errorf("%s: says %q", name, f.Notice)
		}
		if f.Stage != Password || !f.Partial() || f.Targets[0].State != TargetConfirmed || len(fx.Send) != 1 || !fx.CloseOthers {
			t.Fatalf("%s: %s %v, %+v", name, f.Stage, states(f), fx)
		}
		f, fx = run(t, f, claimedBy("c2"))
		if got := states(f); !slices.Equal(got, []TargetState{TargetConfirmed, TargetWriting}) || len(fx.Audit) != 1 || fx.Audit[0].Subject != cloud {
			t.Fatalf("%s: claimed again %v", name, got)
		}
		f, fx = run(t, f, confirmedAs("c2", 1))
		if f.Stage != Done || f.Partial() || len(fx.Send) != 1 {
			t.Fatalf("%s: %s, %+v", name, f.Stage, fx)
		}
	}
}

// TestALostAnswerIsResolvedWithoutThePassword: what was to come after it waits for the person.
func TestALostAnswerIsResolvedWithoutThePassword(t *testing.T) {
	f, fx := run(t, hybrid(), claimedBy("c1"), Written{Claim: "c1", Notices: notices})
	if f.Stage != Applying || !slices.Equal(states(f), []TargetState{TargetUnknown, TargetPlanned}) || len(fx.Send) > 0 {
		t.Fatalf("unknown: %s %v", f.Stage, states(f))
	}
	alone := confirmedAs("c1", 0)
	alone.Alone = true
	f, fx = run(t, f, alone)
	if f.Stage != Password || !f.Partial() || f.Notice != "missing" || len(fx.Send) != 1 {
		t.Fatalf("resolved: %s %q %v, %+v", f.Stage, f.Notice, states(f), fx)
	}
}

// TestHalfIsSaidWhateverEndsTheFlow: nobody is told that nothing was changed when something was.
func TestHalfIsSaidWhateverEndsTheFlow(t *testing.T) {
	half, _ := run(t, hybrid(), claimedBy("c1"), confirmedAs("c1", 0))
	waiting, _ := run(t, half, Written{Claim: "c1", Target: 1, Outcome: Rejected, Reason: "banned"})
	for name, c := range map[string]struct {
		f    Flow
		ev   Event
		want audit.Name
	}{
		"may not":    {half, Written{Claim: "c1", Target: 1, Outcome: NotWritten, Reason: "denied", Notices: notices}, audit.FlowPartial},
		"cancelled":  {waiting, Stopped{Refusal: RefusedByPerson}, audit.FlowPartial},
		"superseded": {waiting, Superseded{}, audit.FlowPartial},
		"blocked":    {waiting, Blocked{Until: noon}, audit.FlowPartial},
	} {
		f, fx := run(t, c.f, c.ev)
		if f.Stage != Done || !f.Partial() || f.Refusal != "" || !slices.Contains(names(fx), c.want) {
			t.Errorf("%s: %s %+v, %v", name, f.Stage, f.Targets, names(fx))
		}
	}
	f, _, err := Apply(waiting, Lapsed{}, limits, noon.Add(limits.Life+limits.Idle))
	if err != nil || f.Stage != Done || !f.Partial() {
		t.Errorf("out of time: %s, %v", f.Stage, err)
	}
}

func TestNothingWrittenIsARefusal(t *testing.T) {
	f, fx := run(t, hybrid(), claimedBy("c1"), Written{Claim: "c1", Outcome: NotWritten, Reason: "denied", Notices: notices})
	if f.Stage != Refused || f.Refusal != RefusedDenied || len(fx.Send) > 0 || fx.CloseOthers {
		t.Errorf("%s %s, %+v", f.Stage, f.Refusal, fx)
	}
}

func TestTheCurrentPasswordIsAskedWhileSomethingTakesIt(t *testing.T) {
	f := hybrid()
	f.Targets[0].Current = true
	if !f.NeedsCurrent() {
		t.Error("not asked for")
	}
	f, _ = run(t, f, claimedBy("c1"), confirmedAs("c1", 0), Written{Claim: "c1", Target: 1, Outcome: Rejected, Reason: "banned"})
	if f.NeedsCurrent() {
		t.Error("asked for again, for a directory that does not take it")
	}
}
