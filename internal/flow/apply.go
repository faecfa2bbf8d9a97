package flow

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"rekey/internal/audit"
	"rekey/internal/policy"
)

// New makes the flow of an identified name. A change that asks for nothing but the current password goes straight on.
func New(s Start, l Limits, now time.Time) (Flow, Effects) {
	f := Flow{
		ID: s.ID, Moves: 1, Action: s.Action, Stage: Choose, Account: s.Account, Decoy: s.Decoy,
		Name: s.Name, Typed: s.Typed, SignIn: s.SignIn, Locale: s.Locale, Settings: s.Settings,
		Policy: s.Decision.Policy, Requirement: s.Decision.Requirement, Rules: s.Decision.Password, Write: s.Decision.Write,
		Offers: s.Offers, Targets: slices.Clone(s.Targets), Follows: s.Follows, Started: now, Touched: now,
		Expires: now.Add(cmp.Or(s.Decision.Limits.Life, l.Life)), Retries: s.Decision.Limits.Retries,
		Floor: s.Decision.Floor, Threat: s.Threat, From: s.From, Browser: s.Browser, Place: s.Place,
		Pilot: s.Decision.Pilot && !s.Decoy,
	}
	if s.Decision.Outcome == policy.Barred {
		f.Bar = &Bar{Refusal: Refusal(s.Decision.Reason), Text: s.Decision.Text, Until: s.Decision.Until}
	}
	for i := range f.Targets {
		f.Targets[i].State = TargetPlanned
	}
	if f.satisfied() {
		f.Stage = Password
	}
	ev := record(f, audit.FlowStarted, audit.OK, "", s.Source, now)
	for key, names := range map[string][]string{"rules": s.Decision.Rules, "reported": s.Decision.Reported} {
		if len(names) > 0 {
			ev.Detail[key] = strings.Join(names, ", ")
		}
	}
	return f, Effects{Audit: []audit.Event{ev}}
}

// Apply moves a flow by one event. See the package comment for what it guarantees.
func Apply(f Flow, ev Event, l Limits, now time.Time) (Flow, Effects, error) {
	if f.Stage.Final() {
		return f, Effects{}, ErrOver
	}
	if !allowed(f.Stage, ev) {
		return f, Effects{}, ErrWrongStage
	}
	if f.Stage != Applying && over(f, l, now) {
		g, fx := expire(f, Timeout, now)
		if _, expected := ev.(Lapsed); expected {
			return g, fx, nil
		}
		return g, fx, ErrOver
	}
	g, fx, err := move(clone(f), ev, l, now)
	if err != nil {
		return f, Effects{}, err
	}
	return g, fx, nil
}

// move does what the event says to a copy of the flow.
func move(f Flow, ev Event, l Limits, now time.Time) (Flow, Effects, error) {
	f.Touched = now
	f.Moves++
	switch e := ev.(type) {
	case Chose:
		return chose(f, e, l, now)
	case Resent:
		return resent(f, e, l, now)
	case WentBack:
		f.Challenge, f.Stage, f.Notice = nil, Choose, ""
		return f, Effects{}, nil
	case Tried:
		return tried(f, l)
	case Judged:
		return judged(f, e, l, now)
	case Mistyped:
		f.Notice = e.Notice
		return f, Effects{}, nil
	case Blocked:
		return blocked(f, e, now)
	case Stopped:
		return refuse(f, e.Refusal, e.Source, now)
	case Alarmed:
		return alarmed(f, e, now)
	case Claimed:
		return claimed(f, e, now)
	case Written:
		return written(f, e, now)
	case Superseded:
		g, fx := expire(f, OtherFinished, now)
		return g, fx, nil
	}
	return f, Effects{}, ErrWrongStage // Lapsed, but somebody was here meanwhile
}

func over(f Flow, l Limits, now time.Time) bool {
	return now.After(f.Expires) || now.Sub(f.Touched) > l.Idle
}

// satisfied reports whether the frozen requirement is met. Only a change may ask for nothing.
func (f Flow) satisfied() bool {
	return (f.Requirement.Count > 0 || f.Action == policy.Change) && f.Requirement.SatisfiedBy(f.Proven)
}

// clone copies what Apply writes through.
func clone(f Flow) Flow {
	f.Proven = slices.Clone(f.Proven)
	f.Targets = slices.Clone(f.Targets)
	if f.Challenge != nil {
		c := *f.Challenge
		f.Challenge = &c
	}
	if f.Writing != nil {
		w := *f.Writing
		f.Writing = &w
	}
	return f
}

func chose(f Flow, e Chose, l Limits, now time.Time) (Flow, Effects, error) {
	offer, ok := useful(f, e.Challenge.Ref)
	if !ok {
		return f, Effects{}, ErrNoOffer
	}
	sends := f.Sent[offer.Ref]
	if len(e.Send) > 0 {
		if sends >= l.SendsPerMethod {
			return f, Effects{}, ErrTooManySends
		}
		f.Sent = counted(f.Sent, offer.Ref)
	}
	return opened(f, e.Challenge, offer, e.Send, e.Source, now)
}

func resent(f Flow, e Resent, l Limits, now time.Time) (Flow, Effects, error) {
	if e.Challenge.Ref != f.Challenge.Ref {
		return f, Effects{}, ErrNoOffer
	}
	if f.Sent[e.Challenge.Ref] >= l.SendsPerMethod {
		return f, Effects{}, ErrTooManySends
	}
	offer, ok := useful(f, e.Challenge.Ref)
	if !ok {
		return f, Effects{}, ErrNoOffer
	}
	f.Sent = counted(f.Sent, offer.Ref)
	e.Challenge.Tries = f.Challenge.Tries
	return opened(f, e.Challenge, offer, e.Send, e.Source, now)
}

func counted(sent map[string]int, ref string) map[string]int {
	next := make(map[string]int, len(sent)+1)
	for k, v := range sent {
		next[k] = v
	}
	next[ref]++
	return next
}

func opened(f Flow, c Challenge, o Offer, send Sends, from audit.Source, now time.Time) (Flow, Effects, error) {
	c.Sends = f.Sent[o.Ref]
	f.Challenge, f.Stage, f.Notice = &c, Prove, ""
	ev := record(f, audit.ProofRequested, audit.OK, "", from, now)
	ev.Factors = append(ev.Factors, o.Kind)
	return f, Effects{Audit: []audit.Event{ev}, Send: send}, nil
}

func tried(f Flow, l Limits) (Flow, Effects, error) {
	if f.Challenge.Tries >= l.TriesPerCode {
		return f, Effects{}, ErrWrongStage
	}
	f.Challenge.Tries++
	return f, Effects{}, nil
}

func judged(f Flow, e Judged, l Limits, now time.Time) (Flow, Effects, error) {
	if f.Challenge.Tries == 0 { // nothing was counted, so there is nothing to judge
		return f, Effects{}, ErrWrongStage
	}
	offer, _ := f.Offer(f.Challenge.Ref)
	if e.Proof != nil && !offer.holds(*e.Proof) {
		return f, Effects{}, ErrNoOffer
	}
	if e.Proof != nil && taken(f.Proven, CredentialOf{e.Proof.Credential, e.Proof.Channel}) {
		e.Proof, e.Reason = nil, "used-already" // of several passkeys, the one that was proven before
	}
	ev := record(f, audit.ProofRejected, audit.Refused, e.Reason, e.Source, now)
	ev.Factors = append(ev.Factors, offer.Kind)
	switch {
	case e.Proof != nil && !f.Decoy:
		ev.Name, ev.Outcome, ev.Actor, ev.Reason = audit.ProofAccepted, audit.OK, audit.Person, ""
		return proven(f, *e.Proof, e, ev, now)
	case e.Next != nil && e.Proof == nil:
		next := *e.Next
		next.Tries, next.Sends = f.Challenge.Tries, f.Challenge.Sends
		f.Challenge, f.Notice = &next, ""
		return f, Effects{}, nil
	}
	f.Notice = e.Reason
	if f.Challenge.Tries >= l.TriesPerCode {
		f.Challenge, f.Stage, f.Notice = nil, Choose, "code-dead"
	}
	return f, Effects{Audit: []audit.Event{ev}}, nil
}

func proven(f Flow, p policy.Proof, e Judged, ev audit.Event, now time.Time) (Flow, Effects, error) {
	f.Proven = append(f.Proven, p)
	f.Challenge, f.Notice = nil, ""
	if !f.satisfied() {
		f.Stage = Choose
		return f, Effects{Audit: []audit.Event{ev}}, nil
	}
	switch {
	case e.Frozen:
		g, fx, err := refuse(f, RefusedFrozen, e.Source, now)
		fx.Audit = append([]audit.Event{ev}, fx.Audit...)
		return g, fx, err
	case f.Bar != nil:
		return barred(f, e.Source, now, ev)
	}
	f.Stage = Password
	return f, Effects{Audit: []audit.Event{ev}}, nil
}

func blocked(f Flow, e Blocked, now time.Time) (Flow, Effects, error) {
	f.Until = e.Until
	g, fx, err := refuse(f, RefusedBlocked, e.Source, now)
	fx.Audit = append([]audit.Event{record(f, audit.AccountBlocked, audit.Refused, "too-many", e.Source, now)}, fx.Audit...)
	fx.Send = e.Notices
	return g, fx, err
}

// barred tells who has proven who they are what stands against it.
func barred(f Flow, from audit.Source, now time.Time, before ...audit.Event) (Flow, Effects, error) {
	f.Until = f.Bar.Until
	g, fx, err := refuse(f, f.Bar.Refusal, from, now)
	fx.Audit = append(before, fx.Audit...)
	return g, fx, err
}

// Concerns reports whether a threat level changes an open flow. One that falls lowers nothing that was asked, and who has one half
// of the directories written gets the other.
func (f Flow) Concerns(level policy.Threat) bool {
	switch level {
	case policy.Stopped:
		return true
	case policy.PrivilegedStopped:
		return f.Floor
	case policy.RaisedByOne:
		return f.Threat != level && !f.begun()
	}
	return false
}

// alarmed takes another threat level.
func alarmed(f Flow, e Alarmed, now time.Time) (Flow, Effects, error) {
	if !f.Concerns(e.Level) {
		return f, Effects{}, nil
	}
	f.Threat = e.Level
	if e.Level != policy.RaisedByOne {
		return refuse(f, RefusedByThreat, e.Source, now)
	}
	f.Requirement.Count = max(f.Requirement.Count, min(f.Requirement.Count+1, policy.MostFactors))
	switch {
	case f.satisfied():
		return f, Effects{}, nil
	case len(f.Useful()) == 0:
		return refuse(f, RefusedByThreat, e.Source, now)
	case f.Stage == Password:
		f.Stage, f.Notice = Choose, "raised"
	}
	return f, Effects{}, nil
}

func refuse(f Flow, r Refusal, from audit.Source, now time.Time) (Flow, Effects, error) {
	if f.begun() {
		g, fx := halve(f, string(r), from, now)
		return g, fx, nil
	}
	f.Refusal = r
	g, fx := end(f, Refused, now, record(f, audit.FlowRefused, audit.Refused, string(r), from, now))
	return g, fx, nil
}

func expire(f Flow, why string, now time.Time) (Flow, Effects) {
	if f.begun() {
		return halve(f, why, audit.Source{}, now)
	}
	return end(f, Expired, now, record(f, audit.FlowExpired, audit.Refused, why, audit.Source{}, now))
}

// halve ends a flow that has written one directory and will not write the other: what is written stays, and is said.
func halve(f Flow, why string, from audit.Source, now time.Time) (Flow, Effects) {
	f.Notice = ""
	return end(f, Done, now, record(f, audit.FlowPartial, audit.Failed, why, from, now))
}

// end closes a flow and forgets what only an open one needs.
func end(f Flow, s Stage, now time.Time, ev audit.Event) (Flow, Effects) {
	ev.Detail[audit.LeftAt] = string(f.Stage)
	f.Left, f.Stage, f.Ended, f.Why, f.Challenge = f.Stage, s, now, ev.Reason, nil
	return f, Effects{Audit: []audit.Event{ev}}
}

func claimed(f Flow, e Claimed, now time.Time) (Flow, Effects, error) {
	if f.Decoy || f.Account.IsZero() || f.next() < 0 || !f.satisfied() || len(e.Before) != len(f.Targets) {
		return f, Effects{}, ErrNotSatisfied
	}
	if f.Bar != nil { // a change that asked for nothing but the current password, which was right
		return barred(f, e.Source, now)
	}
	for i := range f.Targets {
		t := &f.Targets[i]
		if t.State == TargetConfirmed {
			continue
		}
		t.State, t.Reason, t.PasswordSet, t.WasLocked = TargetPlanned, "", e.Before[i].PasswordSet, e.Before[i].WasLocked
		f.WasLocked = f.WasLocked || t.WasLocked
	}
	f.Writing = &Writing{Claim: e.Claim}
	f.Stage, f.Notice = Applying, ""
	ev := intend(&f, f.next(), e.Source, now)
	return f, Effects{Audit: []audit.Event{ev}}, nil
}

// intend marks a target as the one under way.
func intend(f *Flow, i int, from audit.Source, now time.Time) audit.Event {
	f.Targets[i].State, f.Writing.Since = TargetWriting, now
	return recordOf(*f, f.Targets[i], audit.WriteIntended, audit.OK, "", from, now)
}

func written(f Flow, e Written, now time.Time) (Flow, Effects, error) {
	i := f.underway()
	if f.Writing == nil || f.Writing.Claim != e.Claim || i < 0 || i != e.Target {
		return f, Effects{}, ErrNotYours
	}
	tells := f.Tells(e)
	g, fx, err := outcome(f, i, e, now)
	if tells {
		fx.Send, fx.SignOut, fx.CloseOthers = e.Notices, e.SignOut, true
	}
	return g, fx, err
}

// outcome takes what became of target i.
func outcome(f Flow, i int, e Written, now time.Time) (Flow, Effects, error) {
	t := &f.Targets[i]
	switch e.Outcome {
	case Confirmed:
		t.State, t.Claim = TargetConfirmed, e.Claim
		f.Unlocked = f.Unlocked || e.Unlocked
		return confirmed(f, i, e, now)
	case Rejected:
		t.State, t.Reason = TargetRejected, e.Reason
		ev := recordOf(f, *t, audit.WriteRejected, audit.Refused, e.Reason, e.Source, now)
		if f.Rejections++; f.Retries > 0 && f.Rejections > f.Retries {
			f.Writing = nil
			g, fx, err := refuse(f, RefusedRetries, e.Source, now)
			fx.Audit = append([]audit.Event{ev}, fx.Audit...)
			return g, fx, err
		}
		return retry(f, "rejected:"+e.Reason, ev)
	case NotWritten:
		return notWritten(f, i, e, now)
	}
	t.State, f.Writing.Unknown = TargetUnknown, true
	return f, Effects{Audit: []audit.Event{recordOf(f, *t, audit.WriteUnknown, audit.Unknown, e.Reason, e.Source, now)}}, nil
}

// confirmed goes on to the next target, or ends.
func confirmed(f Flow, i int, e Written, now time.Time) (Flow, Effects, error) {
	ev := recordOf(f, f.Targets[i], audit.WriteDone, audit.OK, "", e.Source, now)
	next := f.next()
	switch {
	case next < 0:
		g, fx := end(f, Done, now, ev)
		fx.Completed = &Completed{Account: f.Account, Action: f.Action, At: now, Place: f.Place}
		return g, fx, nil
	case e.Alone:
		return retry(f, "missing", ev)
	}
	f.Writing.Unknown = false
	return f, Effects{Audit: []audit.Event{ev, intend(&f, next, e.Source, now)}}, nil
}

// retry goes back to the password with what the page should say.
func retry(f Flow, say string, ev audit.Event) (Flow, Effects, error) {
	f.Stage, f.Writing, f.Notice = Password, nil, say
	return f, Effects{Audit: []audit.Event{ev}}, nil
}

func notWritten(f Flow, i int, e Written, now time.Time) (Flow, Effects, error) {
	t := &f.Targets[i]
	ev := recordOf(f, *t, audit.WriteRejected, audit.Failed, e.Reason, e.Source, now)
	if e.Reason == "denied" || e.Reason == "gone" {
		t.State, t.Reason, f.Writing = TargetRejected, e.Reason, nil
		g, fx, err := refuse(f, Refusal(e.Reason), e.Source, now)
		fx.Audit = append([]audit.Event{ev}, fx.Audit...)
		return g, fx, err
	}
	t.State, t.Reason = TargetPlanned, e.Reason
	if f.begun() {
		return retry(f, "half-unavailable", ev)
	}
	return retry(f, "unavailable", ev)
}

// recordOf makes the audit event of one target's write.
func recordOf(f Flow, t Target, name audit.Name, o audit.Outcome, reason string, from audit.Source, now time.Time) audit.Event {
	ev := record(f, name, o, reason, from, now)
	ev.Subject = t.Account
	return ev
}

// record makes the audit event of a transition.
func record(f Flow, name audit.Name, o audit.Outcome, reason string, from audit.Source, now time.Time) audit.Event {
	actor := audit.Visitor
	if len(f.Proven) > 0 {
		actor = audit.Person
	}
	ev := audit.Event{
		Name: name, At: now, Actor: actor, Outcome: o, Reason: reason, Subject: f.Account, Flow: string(f.ID),
		Purpose: string(f.Action), Policy: f.Policy, Settings: f.Settings, Source: from,
		Detail: map[string]string{"name": f.Name},
	}
	for _, p := range f.Proven {
		ev.Factors = append(ev.Factors, p.Kind)
	}
	return ev
}
