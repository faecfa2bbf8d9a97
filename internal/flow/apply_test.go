package flow

import (
	"errors"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/factor"
	"rekey/internal/policy"
)

// run applies events one after the other; every one of them must be taken.
func run(t *testing.T, f Flow, evs ...Event) (Flow, Effects) {
	t.Helper()
	var fx Effects
	for _, ev := range evs {
		g, more, err := Apply(f, ev, limits, noon.Add(time.Minute))
		if err != nil {
			t.Fatalf("%T at %s: %v", ev, f.Stage, err)
		}
		f, fx = g, more
	}
	return f, fx
}

// prove gives the events that prove an offer.
func prove(o Offer, p policy.Proof) []Event {
	return []Event{Chose{Challenge: Challenge{Ref: o.Ref}}, Tried{}, Judged{Proof: &p}}
}

func refused(t *testing.T, f Flow, ev Event, want error) {
	t.Helper()
	if _, _, err := Apply(f, ev, limits, noon.Add(time.Minute)); !errors.Is(err, want) {
		t.Errorf("%T at %s: want %v, got %v", ev, f.Stage, want, err)
	}
}

func TestAFlowFromStartToEnd(t *testing.T) {
	f := begun(nil)
	if f.Stage != Choose || f.Expires != noon.Add(limits.Life) {
		t.Fatalf("begins as %+v", f)
	}
	f, fx := run(t, f, prove(app, byApp)...)
	if f.Stage != Choose || len(f.Proven) != 1 || fx.Audit[0].Name != audit.ProofAccepted || fx.Audit[0].Actor != audit.Person {
		t.Fatalf("after one proof: %+v, %+v", f, fx)
	}
	f, _ = run(t, f, prove(mail, byMail)...)
	if f.Stage != Password || f.Challenge != nil {
		t.Fatalf("after two: %+v", f)
	}
	f, fx = run(t, f, Claimed{Claim: "c1", Before: []Before{{PasswordSet: noon, WasLocked: true}}})
	if f.Stage != Applying || *f.Writing != (Writing{Claim: "c1", Since: noon.Add(time.Minute)}) || !f.Targets[0].PasswordSet.Equal(noon) || fx.Audit[0].Name != audit.WriteIntended {
		t.Fatalf("claimed: %+v", f)
	}
	f, fx = run(t, f, Written{Claim: "c1", Outcome: Confirmed, Unlocked: true, Notices: Sends{{ID: "n"}}})
	if f.Stage != Done || !f.Unlocked || !fx.CloseOthers || len(fx.Send) != 1 || f.Ended.IsZero() {
		t.Fatalf("done: %+v, %+v", f, fx)
	}
	if ev := fx.Audit[0]; ev.Name != audit.WriteDone || len(ev.Factors) != 2 || ev.Subject != f.Account || ev.Settings != 7 || ev.Policy != "staff" {
		t.Errorf("the record says %+v", ev)
	}
}

func TestAChangeMayAskForTheCurrentPasswordAlone(t *testing.T) {
	for _, c := range []struct {
		action policy.Action
		r      policy.Requirement
		want   Stage
	}{
		{policy.Change, policy.Requirement{}, Password},
		{policy.Change, policy.Requirement{Count: 1}, Choose},
		{policy.Change, policy.Requirement{Mandatory: []factor.Kind{factor.TOTP}}, Choose},
		{policy.Reset, policy.Requirement{}, Choose},
		{policy.Unlock, policy.Requirement{}, Choose},
	} {
		f := begun(func(s *Start) { s.Action, s.Decision.Requirement = c.action, c.r })
		if f.Stage != c.want {
			t.Errorf("%s with %+v begins at %s", c.action, c.r, f.Stage)
		}
	}
}

// TestAttack01StepsCannotBeSkipped sends the last step's events to every earlier stage, and forged states to the last step.
func TestAttack01StepsCannotBeSkipped(t *testing.T) {
	half, _ := run(t, begun(nil), prove(app, byApp)...)
	for _, f := range []Flow{begun(nil), half, at(Prove)[1]} {
		refused(t, f, Claimed{Claim: "c", Before: make([]Before, 1)}, ErrWrongStage)
		refused(t, f, Written{Claim: "", Outcome: Confirmed}, ErrWrongStage)
		refused(t, f, Mistyped{}, ErrWrongStage)
	}
	refused(t, half, Judged{Proof: &byMail}, ErrWrongStage)
	for name, forge := range map[string]func(*Flow){
		"one proof of two":        func(f *Flow) { f.Proven = f.Proven[:1] },
		"none":                    func(f *Flow) { f.Proven = nil },
		"the same one twice":      func(f *Flow) { f.Proven = []policy.Proof{byApp, byApp} },
		"decoy":                   func(f *Flow) { f.Decoy = true },
		"nobody":                  func(f *Flow) { f.Account = account.ID{} },
		"requirement of nothing":  func(f *Flow) { f.Requirement, f.Proven = policy.Requirement{}, nil },
		"nothing, but some proof": func(f *Flow) { f.Requirement = policy.Requirement{} },
	} {
		f := at(Password)[0]
		forge(&f)
		if g, _, err := Apply(f, Claimed{Claim: "c", Before: make([]Before, 1)}, limits, noon); !errors.Is(err, ErrNotSatisfied) || g.Writing != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAttack03AnAnswerCountsForTheOfferThatWasAsked: one code is never two factors, nor a factor of another kind.
func TestAttack03AnAnswerCountsForTheOfferThatWasAsked(t *testing.T) {
	asked, _ := run(t, begun(nil), Chose{Challenge: Challenge{Ref: "totp"}}, Tried{})
	for name, p := range map[string]policy.Proof{
		"another offer's credential": byMail,
		"another kind's name":        {Kind: factor.Mail, Class: factor.Knows, Credential: "app", Channel: "device:app"},
		"somebody else's credential": {Kind: factor.TOTP, Class: factor.Has, Credential: "hers", Channel: "device:app"},
		"a channel of its own":       {Kind: factor.TOTP, Class: factor.Has, Credential: "app", Channel: "device:9"},
	} {
		if g, _, err := Apply(asked, Judged{Proof: &p}, limits, noon); !errors.Is(err, ErrNoOffer) || len(g.Proven) > 0 {
			t.Errorf("%s: %v, proven %v", name, err, g.Proven)
		}
	}
	once, _ := run(t, begun(nil), prove(keys, byKey)...)
	twice, fx := run(t, once, prove(keys, byKey)...)
	if len(twice.Proven) != 1 || twice.Notice != "used-already" || fx.Audit[0].Name != audit.ProofRejected {
		t.Errorf("the same passkey twice: %+v", twice)
	}
}

// TestAttack10OneOfManyAnswersWins is the machine's side of a race: the store lets one event through at a time, and the second of
// two equal ones finds another stage.
func TestAttack10OneOfManyAnswersWins(t *testing.T) {
	f, _ := run(t, begun(nil), Chose{Challenge: Challenge{Ref: "totp"}})
	taken := 0
	for range 16 {
		if g, _, err := Apply(f, Tried{}, limits, noon); err == nil {
			f, taken = g, taken+1
		}
	}
	if taken != limits.TriesPerCode || f.Challenge.Tries != limits.TriesPerCode {
		t.Errorf("%d of 16 tries were taken, %d counted", taken, f.Challenge.Tries)
	}
	f, _ = run(t, f, Judged{Proof: &byApp})
	refused(t, f, Judged{Proof: &byApp}, ErrWrongStage)

	f, _ = run(t, at(Password)[0], Claimed{Claim: "first", Before: make([]Before, 1)})
	refused(t, f, Claimed{Claim: "second", Before: make([]Before, 1)}, ErrWrongStage)
	refused(t, f, Written{Claim: "second", Outcome: Confirmed}, ErrNotYours)
	f, _ = run(t, f, Written{Claim: "first", Outcome: Confirmed})
	refused(t, f, Written{Claim: "first", Outcome: Confirmed}, ErrOver)
}

func TestAWrongAnswerIsAnOutcome(t *testing.T) {
	f, _ := run(t, begun(nil), Chose{Challenge: Challenge{Ref: "totp"}})
	for i := 1; i < limits.TriesPerCode; i++ {
		g, fx := run(t, f, Tried{}, Judged{Reason: "wrong-code"})
		if g.Stage != Prove || g.Notice != "wrong-code" || g.Challenge.Tries != i || fx.Audit[0].Reason != "wrong-code" {
			t.Fatalf("try %d: %+v", i, g)
		}
		f = g
	}
	f, _ = run(t, f, Tried{}, Judged{Reason: "wrong-code"})
	if f.Stage != Choose || f.Notice != "code-dead" || f.Challenge != nil {
		t.Errorf("after the last try: %+v", f)
	}
}

func TestAnAnswerIsCountedBeforeItIsJudged(t *testing.T) {
	f, _ := run(t, begun(nil), Chose{Challenge: Challenge{Ref: "totp"}})
	refused(t, f, Judged{Proof: &byApp}, ErrWrongStage)
	f, _ = run(t, f, Tried{}, Judged{Next: &Challenge{Ref: "totp", State: []byte("two")}})
	if f.Stage != Prove || f.Challenge.Tries != 1 || string(f.Challenge.State) != "two" {
		t.Errorf("asked once more: %+v", f.Challenge)
	}
}

func TestCodesAreSentSoManyTimes(t *testing.T) {
	code := Sends{{ID: "m"}}
	f, fx := run(t, begun(nil), Chose{Challenge: Challenge{Ref: "mail"}, Send: code}, Tried{}, Judged{Reason: "wrong-code"},
		Resent{Challenge: Challenge{Ref: "mail"}, Send: code})
	if f.Challenge.Sends != 2 || f.Challenge.Tries != 1 || len(fx.Send) != 1 {
		t.Errorf("resent: %+v", f.Challenge)
	}
	refused(t, f, Resent{Challenge: Challenge{Ref: "totp"}, Send: code}, ErrNoOffer)
	f, _ = run(t, f, WentBack{}, Chose{Challenge: Challenge{Ref: "mail"}, Send: code})
	refused(t, f, Resent{Challenge: Challenge{Ref: "mail"}, Send: code}, ErrTooManySends)
	refused(t, f, Chose{Challenge: Challenge{Ref: "mail"}, Send: code}, ErrTooManySends)
	if g, _ := run(t, f, Chose{Challenge: Challenge{Ref: "totp"}}); g.Challenge.Ref != "totp" {
		t.Error("the other way is closed too")
	}
}

func TestTimeOuts(t *testing.T) {
	f := begun(nil)
	for _, c := range []struct {
		name  string
		after time.Duration
		ev    Event
		want  error
		stage Stage
	}{
		{"in time", limits.Idle, Chose{Challenge: Challenge{Ref: "totp"}}, nil, Prove},
		{"idle", limits.Idle + 1, Chose{Challenge: Challenge{Ref: "totp"}}, ErrOver, Expired},
		{"idle, and expected to be", limits.Idle + 1, Lapsed{}, nil, Expired},
		{"not idle after all", limits.Idle, Lapsed{}, ErrWrongStage, Choose},
		{"replaced", 0, Superseded{}, nil, Expired},
		{"the clock went back", -time.Hour, Chose{Challenge: Challenge{Ref: "totp"}}, nil, Prove},
	} {
		g, fx, err := Apply(f, c.ev, limits, noon.Add(c.after))
		if !errors.Is(err, c.want) || g.Stage != c.stage {
			t.Errorf("%s: %s, %v", c.name, g.Stage, err)
		}
		if g.Stage == Expired && (len(fx.Audit) != 1 || fx.Audit[0].Name != audit.FlowExpired || g.Ended.IsZero()) {
			t.Errorf("%s: not recorded: %+v", c.name, fx)
		}
	}
	f.Touched = noon.Add(limits.Life)
	if g, _, err := Apply(f, Superseded{}, limits, noon.Add(limits.Life+1)); !errors.Is(err, ErrOver) || g.Stage != Expired {
		t.Errorf("a flow ends however busy it is: %s, %v", g.Stage, err)
	}
}

// TestAnEndSaysWhereAndWhy, and whether it counts as one of a pilot.
func TestAnEndSaysWhereAndWhy(t *testing.T) {
	pilot := func(s *Start) { s.Decision.Pilot = true }
	half, _ := run(t, begun(pilot), prove(app, byApp)...)
	proven, _ := run(t, half, prove(mail, byMail)...)
	asked, _ := run(t, begun(pilot), Chose{Challenge: Challenge{Ref: "totp"}})
	applying, _ := run(t, proven, Claimed{Claim: "c1", Before: make([]Before, 1)})
	late, _, _ := Apply(asked, WentBack{}, limits, noon.AddDate(0, 0, 1))
	for _, c := range []struct {
		name string
		f    Flow
		ev   Event
		want Stage
		left Stage
		why  string
	}{
		{"lapsed", late, nil, Expired, Prove, Timeout},
		{"another was finished", half, Superseded{}, Expired, Choose, OtherFinished},
		{"given up", proven, Stopped{Refusal: RefusedByPerson}, Refused, Password, string(RefusedByPerson)},
		{"blocked", asked, Blocked{}, Refused, Prove, string(RefusedBlocked)},
		{"done", applying, Written{Claim: "c1", Outcome: Confirmed}, Done, Applying, ""},
	} {
		g := c.f
		if c.ev != nil {
			g, _ = run(t, c.f, c.ev)
		}
		if g.Stage != c.want || g.Left != c.left || g.Why != c.why || !g.Pilot {
			t.Errorf("%s: %s, left %s because %q, pilot %t", c.name, g.Stage, g.Left, g.Why, g.Pilot)
		}
	}
	if f := begun(func(s *Start) { pilot(s); s.Decoy, s.Account = true, account.ID{} }); f.Pilot {
		t.Error("a decoy counts as an attempt of the pilot")
	}
}

// TestNoTimeOutCutsAWrite: only the holder of the claim ends a write, however late.
func TestNoTimeOutCutsAWrite(t *testing.T) {
	late := noon.Add(24 * time.Hour)
	f := at(Applying)[0]
	for _, ev := range []Event{Lapsed{}, Superseded{}, Stopped{}, Blocked{}} {
		if g, _, err := Apply(f, ev, limits, late); !errors.Is(err, ErrWrongStage) || g.Stage != Applying {
			t.Errorf("%T: %s, %v", ev, g.Stage, err)
		}
	}
	g, _, err := Apply(f, Written{Claim: "c1"}, limits, late)
	if err != nil || g.Stage != Applying || !g.Writing.Unknown || f.Writing.Unknown {
		t.Errorf("unknown: %+v, %v", g.Writing, err)
	}
	if g, _, err = Apply(g, Written{Claim: "c1", Outcome: Confirmed}, limits, late); err != nil || g.Stage != Done {
		t.Errorf("resolved: %s, %v", g.Stage, err)
	}
}

func TestARefusedWriteGoesBackOrEnds(t *testing.T) {
	for _, c := range []struct {
		outcome WriteOutcome
		reason  string
		stage   Stage
		notice  string
		refusal Refusal
	}{
		{Rejected, "too-short", Password, "rejected:too-short", ""},
		{NotWritten, "unavailable", Password, "unavailable", ""},
		{NotWritten, "denied", Refused, "", RefusedDenied},
		{NotWritten, "gone", Refused, "", RefusedGone},
	} {
		f, fx := run(t, at(Applying)[0], Written{Claim: "c1", Outcome: c.outcome, Reason: c.reason})
		if f.Stage != c.stage || f.Notice != c.notice || f.Refusal != c.refusal || f.Writing != nil || fx.Audit[0].Name != audit.WriteRejected {
			t.Errorf("%s: %+v", c.reason, f)
		}
	}
}

// TestAFrozenAccountIsToldAfterItIsProven holds to decision 0005.
func TestAFrozenAccountIsToldAfterItIsProven(t *testing.T) {
	f, _ := run(t, begun(nil), Chose{Challenge: Challenge{Ref: "totp"}}, Tried{}, Judged{Proof: &byApp, Frozen: true})
	if f.Stage != Choose {
		t.Fatalf("told too early: %+v", f)
	}
	f, fx := run(t, f, Chose{Challenge: Challenge{Ref: "mail"}}, Tried{}, Judged{Proof: &byMail, Frozen: true})
	if f.Stage != Refused || f.Refusal != RefusedFrozen || len(fx.Audit) != 2 || fx.Audit[0].Name != audit.ProofAccepted {
		t.Errorf("got %+v, %+v", f, fx)
	}
}

// TestOneClassIsNotEnough: a second held thing would not end it, so the person is sent to the way that does.
func TestOneClassIsNotEnough(t *testing.T) {
	paper := Offer{Ref: "backup-code", Kind: factor.BackupCode, Class: factor.Has, Credentials: []CredentialOf{{"sheet", "paper"}}}
	f := begun(func(s *Start) { s.Offers = []Offer{app, paper, mail} })
	f, _ = run(t, f, prove(app, byApp)...)
	if f.Stage != Choose || refs(f) != "mail" {
		t.Fatalf("after a held thing: %s, %s", f.Stage, refs(f))
	}
	refused(t, f, Chose{Challenge: Challenge{Ref: "backup-code"}}, ErrNoOffer)
	if f, _ = run(t, f, prove(mail, byMail)...); f.Stage != Password {
		t.Errorf("after the mail: %s", f.Stage)
	}
}

func TestADecoyNeverProves(t *testing.T) {
	f := begun(func(s *Start) { s.Decoy, s.Account = true, account.ID{} })
	f, _ = run(t, f, Chose{Challenge: Challenge{Ref: "totp"}}, Tried{}, Judged{Proof: &byApp})
	if f.Stage != Prove || len(f.Proven) != 0 {
		t.Errorf("got %+v", f)
	}
	change := begun(func(s *Start) { s.Decoy, s.Action, s.Decision.Requirement = true, policy.Change, policy.Requirement{} })
	refused(t, change, Claimed{Claim: "c", Before: make([]Before, 1)}, ErrNotSatisfied)
}

func TestUsefulOffers(t *testing.T) {
	f := begun(nil)
	paper := Offer{Ref: "backup-code", Kind: factor.BackupCode, Class: factor.Has, Credentials: []CredentialOf{{"sheet", "paper"}}}
	f.Offers = []Offer{app, mail, paper}
	if got := refs(f); got != "totp mail backup-code" {
		t.Errorf("at first: %s", got)
	}
	f.Proven = []policy.Proof{byApp}
	if got := refs(f); got != "mail" {
		t.Errorf("after the app, paper would need the mail besides: %s", got)
	}
	f.Offers = []Offer{app, paper}
	if got := refs(f); got != "" {
		t.Errorf("paper alone is of the same class as the app: %s", got)
	}
	refused(t, f, Chose{Challenge: Challenge{Ref: "backup-code"}}, ErrNoOffer)
	f.Requirement.SameClass = true
	if got := refs(f); got != "backup-code" {
		t.Errorf("unless the policy accepts that: %s", got)
	}
	f.Offers = []Offer{keys}
	f.Proven = []policy.Proof{byKey}
	if got := refs(f); got != "passkey" {
		t.Errorf("a second passkey is a way of its own: %s", got)
	}
	f.Offers = []Offer{{Ref: "sms", Kind: "sms", Class: factor.Knows, Credentials: []CredentialOf{{"s", "device:1"}}}}
	if got := refs(f); got != "" {
		t.Errorf("one channel twice: %s", got)
	}
}

func refs(f Flow) string {
	out := ""
	for i, o := range f.Useful() {
		if i > 0 {
			out += " "
		}
		out += o.Ref
	}
	return out
}

func TestStep(t *testing.T) {
	f := begun(nil)
	for _, c := range []struct {
		stage   Stage
		proven  int
		now, of int
	}{{Choose, 0, 1, 4}, {Prove, 1, 2, 4}, {Password, 2, 3, 4}, {Applying, 2, 3, 4}, {Done, 2, 4, 4}} {
		f.Stage, f.Proven = c.stage, []policy.Proof{byApp, byMail}[:c.proven]
		if now, of := f.Step(); now != c.now || of != c.of {
			t.Errorf("%s: %d of %d", c.stage, now, of)
		}
	}
}
