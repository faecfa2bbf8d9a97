package flow

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/account"
	"rekey/internal/factor"
	"rekey/internal/policy"
)

var kinds = []Offer{
	{Kind: factor.Passkey, Class: factor.Has | factor.Is},
	{Kind: factor.TOTP, Class: factor.Has},
	{Kind: factor.BackupCode, Class: factor.Has},
	{Kind: factor.Mail, Class: factor.Knows},
}

// anyStart draws a person or a decoy with offers that may share channels, and a requirement that may be out of their reach.
func anyStart(t *rapid.T) Start {
	s := Start{
		ID: "f1", Name: "alice", Settings: 7,
		Action: rapid.SampledFrom([]policy.Action{policy.Reset, policy.Unlock, policy.Change}).Draw(t, "action"),
		Decoy:  rapid.Bool().Draw(t, "decoy"),
	}
	if !s.Decoy {
		s.Account = account.ID{Directory: "corp.example.test", Object: "1"}
		s.Targets = []Target{{Account: s.Account}, {Account: account.ID{Directory: "cloud", Object: "2"}}}[:rapid.IntRange(1, 2).Draw(t, "targets")]
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "offers") {
		o := rapid.SampledFrom(kinds).Draw(t, "kind")
		o.Ref = string(o.Kind) + ":" + strconv.Itoa(i)
		for j := range rapid.IntRange(1, 2).Draw(t, "credentials") {
			o.Credentials = append(o.Credentials, CredentialOf{
				ID:      o.Ref + "." + strconv.Itoa(j),
				Channel: factor.Channel(rapid.SampledFrom([]string{"phone:1", "mail:1", "device:1", "device:2", "device:3"}).Draw(t, "channel")),
			})
		}
		s.Offers = append(s.Offers, o)
	}
	s.Decision = policy.Decision{Outcome: policy.Allowed, Policy: "staff", Requirement: policy.Requirement{
		Count:     rapid.IntRange(0, 3).Draw(t, "count"),
		SameClass: rapid.Bool().Draw(t, "same class"),
		Mandatory: rapid.SliceOfN(rapid.SampledFrom([]factor.Kind{factor.Passkey, factor.TOTP}), 0, 1).Draw(t, "mandatory"),
	}}
	s.Decision.Limits.Retries = rapid.IntRange(0, 2).Draw(t, "retries")
	s.Decision.Floor = rapid.Bool().Draw(t, "privileged")
	s.Threat = anyLevel(t)
	if rapid.IntRange(0, 4).Draw(t, "barred") == 0 {
		s.Decision.Outcome, s.Decision.Reason = policy.Barred, "limit"
	}
	return s
}

func anyLevel(t *rapid.T) policy.Threat {
	return rapid.SampledFrom([]policy.Threat{policy.Calm, policy.Calm, policy.RaisedByOne, policy.PrivilegedStopped, policy.Stopped}).Draw(t, "level")
}

// anyEvent draws an event, likely or not, of a flow as it stands.
func anyEvent(t *rapid.T, f Flow) Event {
	ref := "nothing"
	var proof *policy.Proof
	if len(f.Offers) > 0 {
		o := rapid.SampledFrom(f.Offers).Draw(t, "offer")
		if f.Challenge != nil && rapid.IntRange(0, 9).Draw(t, "stray") > 0 {
			o, _ = f.Offer(f.Challenge.Ref)
		}
		c := rapid.SampledFrom(o.Credentials).Draw(t, "credential")
		ref, proof = o.Ref, &policy.Proof{Kind: o.Kind, Class: o.Class, Channel: c.Channel, Credential: c.ID}
	}
	var send Sends
	if rapid.Bool().Draw(t, "sends") {
		send = Sends{{ID: "m"}}
	}
	if rapid.IntRange(0, 3).Draw(t, "odd") > 0 {
		switch f.Stage {
		case Choose:
			return Chose{Challenge: Challenge{Ref: ref}}
		case Prove:
			return rapid.SampledFrom([]Event{Tried{}, Judged{Proof: proof}}).Draw(t, "event")
		}
	}
	return rapid.SampledFrom([]Event{
		Chose{Challenge: Challenge{Ref: ref}, Send: send},
		Chose{Challenge: Challenge{Ref: ref}, Send: send},
		Resent{Challenge: Challenge{Ref: ref}, Send: send},
		WentBack{},
		Tried{},
		Tried{},
		Judged{Proof: proof},
		Judged{Proof: proof},
		Judged{Proof: proof},
		Judged{Reason: "wrong-code"},
		Judged{Next: &Challenge{Ref: ref}},
		Judged{Proof: proof, Frozen: true},
		Mistyped{Notice: "rejected:wrong-current"},
		Blocked{Until: noon},
		Stopped{Refusal: RefusedByPerson},
		Claimed{Claim: "c1", Before: make([]Before, len(f.Targets))},
		Claimed{Claim: "c3", Before: make([]Before, len(f.Targets))},
		Written{
			Claim: claim(f), Target: max(f.underway(), 0), Outcome: WriteOutcome(rapid.IntRange(0, 3).Draw(t, "outcome")), Alone: rapid.Bool().Draw(t, "alone"),
			Reason: rapid.SampledFrom([]string{"", "denied", "too-short"}).Draw(t, "reason"), Notices: Sends{{ID: "done"}},
		},
		Written{Claim: "c2", Outcome: Confirmed},
		Written{Claim: claim(f), Target: 1 - max(f.underway(), 0), Outcome: Confirmed},
		Lapsed{},
		Superseded{},
		Alarmed{Level: anyLevel(t)},
	}).Draw(t, "event")
}

func claim(f Flow) string {
	if f.Writing == nil {
		return "none"
	}
	return f.Writing.Claim
}

// TestAttack01NoSequenceOfEventsSkipsAProof holds every sequence of events to the promises of the package comment.
func TestAttack01NoSequenceOfEventsSkipsAProof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		f, _ := New(anyStart(t), limits, now)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 5, 5, 5, 60, 700}).Draw(t, "seconds")) * time.Second)
			ev := anyEvent(t, f)
			before := text(t, f)
			g, fx, err := Apply(f, ev, limits, now)
			if text(t, f) != before {
				t.Fatalf("%T changed its argument", ev)
			}
			sound(t, f, g, ev, fx, err)
			f = g
		}
	})
}

func text(t *rapid.T, f Flow) string {
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sound checks one step.
func sound(t *rapid.T, f, g Flow, ev Event, fx Effects, err error) {
	if err != nil && (!errors.Is(err, ErrOver) || f.Stage.Final()) && !reflect.DeepEqual(f, g) {
		t.Fatalf("%T: %v, and yet the flow changed", ev, err)
	}
	if g.Stage == Password || g.Stage == Applying || g.Stage == Done {
		if !g.Requirement.SatisfiedBy(g.Proven) || g.Requirement.Count == 0 && g.Action != policy.Change {
			t.Fatalf("%T led to %s with %v for %+v", ev, g.Stage, g.Proven, g.Requirement)
		}
	}
	if g.Decoy && (len(g.Proven) > 0 || g.Stage == Applying || g.Stage == Done) {
		t.Fatalf("%T gave a decoy a proof: %+v", ev, g)
	}
	if f.Stage.Final() && !errors.Is(err, ErrOver) {
		t.Fatalf("%T moved a flow that was %s: %v", ev, f.Stage, err)
	}
	if w, ok := ev.(Written); f.Stage == Applying && g.Stage != Applying && (!ok || w.Claim != f.Writing.Claim) {
		t.Fatalf("%+v ended a write it has no claim to", ev)
	}
	if len(g.Proven) > len(f.Proven) && (f.Challenge == nil || f.Challenge.Tries == 0) {
		t.Fatal("a proof nobody counted")
	}
	if g.Bar != nil && (g.Stage == Applying || g.Stage == Done || g.Stage == Password && g.Requirement.Count > 0) {
		t.Fatalf("%T led to %s past %+v", ev, g.Stage, g.Bar)
	}
	if g.Requirement.Count != f.Requirement.Count {
		if a, ok := ev.(Alarmed); !ok || a.Level != policy.RaisedByOne || f.Threat == policy.RaisedByOne {
			t.Fatalf("%+v asks for %d, was %d", ev, g.Requirement.Count, f.Requirement.Count)
		}
	}
	if a, ok := ev.(Alarmed); ok && err == nil && a.Level == policy.Stopped && !g.Stage.Final() {
		t.Fatalf("stopped, and yet at %s", g.Stage)
	}
	if (fx.Completed != nil) != (g.Stage == Done && f.Stage == Applying && !g.Partial()) {
		t.Fatalf("%T to %s: completed %v", ev, g.Stage, fx.Completed)
	}
	settled(t, f, g)
	halves(t, f, g, ev, fx)
	growing(t, f, g, ev)
}

// halves: targets are written one at a time and once, what is written is told once, and no flow ends as if nothing had been.
func halves(t *rapid.T, f, g Flow, ev Event, fx Effects) {
	underway, confirmed := 0, 0
	for i, target := range g.Targets {
		switch target.State {
		case TargetWriting, TargetUnknown:
			underway++
		case TargetConfirmed:
			confirmed++
		}
		if f.Targets[i].State == TargetConfirmed && target != f.Targets[i] {
			t.Fatalf("%T touched what was written: %+v became %+v", ev, f.Targets[i], target)
		}
		if was := f.Targets[i].State; target.State == TargetConfirmed && was != TargetConfirmed && was != TargetWriting && was != TargetUnknown {
			t.Fatalf("%T confirmed what was %s", ev, was)
		}
	}
	if (g.Stage == Applying) != (underway == 1) || underway > 1 {
		t.Fatalf("%T: at %s %d targets are under way", ev, g.Stage, underway)
	}
	if confirmed > 0 && (g.Stage == Refused || g.Stage == Expired) || g.Stage == Done && confirmed == 0 {
		t.Fatalf("%T: ended as %s with %d written", ev, g.Stage, confirmed)
	}
	_, ok := ev.(Written)
	tells := ok && f.Stage == Applying && g.Stage != Applying && g.confirmedBy(f.Writing.Claim)
	if told := len(fx.Send) > 0 && fx.Send[0].ID == "done"; fx.CloseOthers != tells || told != tells {
		t.Fatalf("%T to %s: told %v, closes others %v, want %v", ev, g.Stage, told, fx.CloseOthers, tells)
	}
}

// settled: what was decided at the start stays.
func settled(t *rapid.T, f, g Flow) {
	f.Stage, f.Version = g.Stage, g.Version
	for _, pair := range [][2]any{
		{f.Bar, g.Bar},
		{f.Floor, g.Floor},
		{f.Offers, g.Offers},
		{f.Account, g.Account},
		{f.Settings, g.Settings},
		{f.Policy, g.Policy},
		{f.Rules, g.Rules},
		{f.Write, g.Write},
		{f.Action, g.Action},
		{f.Expires, g.Expires},
		{f.Decoy, g.Decoy},
		{f.ID, g.ID},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Fatalf("%v became %v", pair[0], pair[1])
		}
	}
	raised := f.Requirement
	raised.Count = g.Requirement.Count
	if !reflect.DeepEqual(raised, g.Requirement) || g.Requirement.Count < f.Requirement.Count || g.Requirement.Count > f.Requirement.Count+1 {
		t.Fatalf("%+v became %+v", f.Requirement, g.Requirement)
	}
	if len(g.Proven) < len(f.Proven) || !reflect.DeepEqual(f.Proven, append([]policy.Proof(nil), g.Proven[:len(f.Proven)]...)) && len(f.Proven) > 0 {
		t.Fatalf("proofs %v became %v", f.Proven, g.Proven)
	}
}

// growing: tries of a challenge and codes sent by an offer only grow, and end at their limits.
func growing(t *rapid.T, f, g Flow, ev Event) {
	for ref, n := range f.Sent {
		if g.Sent[ref] < n {
			t.Fatalf("%T: codes sent by %s went from %d to %d", ev, ref, n, g.Sent[ref])
		}
	}
	for ref, n := range g.Sent {
		if n > limits.SendsPerMethod {
			t.Fatalf("%T: %d codes by %s", ev, n, ref)
		}
	}
	if g.Challenge == nil {
		return
	}
	if g.Challenge.Tries > limits.TriesPerCode {
		t.Fatalf("%T: %d tries", ev, g.Challenge.Tries)
	}
	if _, anew := ev.(Chose); !anew && f.Challenge != nil && g.Challenge.Tries < f.Challenge.Tries {
		t.Fatalf("%T: tries went from %d to %d", ev, f.Challenge.Tries, g.Challenge.Tries)
	}
}

// TestEveryReachableFlowCanBeFinished: whoever holds what the requirement asks gets to the password by taking any useful offer.
func TestEveryReachableFlowCanBeFinished(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStart(t)
		s.Decoy, s.Decision.Outcome, s.Account = false, policy.Allowed, account.ID{Directory: "corp.example.test", Object: "1"}
		f, _ := New(s, limits, noon)
		if f.Stage == Password || f.Requirement.Count == 0 || !f.within(nil, mostMore) {
			t.Skip("nothing to prove, or not enough set up")
		}
		for f.Stage != Password {
			useful := f.Useful()
			if len(useful) == 0 {
				t.Fatalf("no way on after %v for %+v of %+v", f.Proven, f.Requirement, f.Offers)
			}
			f = proveOne(t, f, rapid.SampledFrom(useful).Draw(t, "way"))
		}
	})
}

// proveOne proves an offer by the first of its credentials that brings the flow on.
func proveOne(t *rapid.T, f Flow, o Offer) Flow {
	for _, c := range o.Credentials {
		if taken(f.Proven, c) || !f.within(add(f.Proven, o, c), mostMore) {
			continue
		}
		p := policy.Proof{Kind: o.Kind, Class: o.Class, Channel: c.Channel, Credential: c.ID}
		for _, ev := range []Event{Chose{Challenge: Challenge{Ref: o.Ref}}, Tried{}, Judged{Proof: &p}} {
			g, _, err := Apply(f, ev, limits, noon)
			if err != nil {
				t.Fatalf("%T: %v", ev, err)
			}
			f = g
		}
		return f
	}
	t.Fatalf("%s is called useful and is not", o.Ref)
	return f
}
