package flow

import (
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/message"
	"rekey/internal/policy"
)

// Event is something that happened. The set is sealed; event gives the name the table knows it by.
type Event interface{ event() string }

// Chose opens a challenge for one offer; also from Prove, to use another way.
type Chose struct {
	Challenge Challenge
	Send      Sends
	Source    audit.Source
}

// Resent replaces the open challenge by a new one of the same offer; the count of tries goes on.
type Resent struct {
	Challenge Challenge
	Send      Sends
	Source    audit.Source
}

// WentBack leaves the open challenge to choose another way.
type WentBack struct{}

// Tried counts one answer before it is judged.
type Tried struct{}

// Judged is the judgement of the answer counted by the last Tried.
type Judged struct {
	Proof  *policy.Proof // set when the answer was accepted: a credential of the challenge's offer; never for a decoy
	Reason string        // short code when it was not: "wrong-code", "replayed", "expired"
	Next   *Challenge    // the method asks once more (Another)
	Frozen bool          // recovery of the account is frozen: the last proof ends the flow
	Source audit.Source
}

// Mistyped stays at the password and says why: a current password that was wrong.
type Mistyped struct{ Notice string }

// Blocked ends the flow: too many wrong answers for this account over all flows.
type Blocked struct {
	Until   time.Time
	Notices Sends // tell the owner
	Source  audit.Source
}

// Stopped refuses the flow for another reason.
type Stopped struct {
	Refusal Refusal
	Source  audit.Source
}

// Alarmed tells of another threat level: an open flow proves one way more, or ends.
type Alarmed struct {
	Level  policy.Threat
	Source audit.Source
}

// Claimed records the intent to write. From here on only the holder of the claim may report the outcome.
type Claimed struct {
	Claim  string
	Before []Before // one for each target; those of written ones are not looked at
	Source audit.Source
}

// Written reports the outcome of the write of the target under way.
type Written struct {
	Claim    string
	Target   int // which one that is: an outcome that comes late is not taken for the next one's
	Outcome  WriteOutcome
	Reason   string // with Rejected: the directory's reason; with NotWritten: short code
	Alone    bool   // the password is not known any more: what is left waits until it is typed again
	Unlocked bool
	Notices  Sends     // sent when Tells
	SignOut  []SignOut // done when Tells
	Source   audit.Source
}

// WriteOutcome is how a write ended.
type WriteOutcome uint8

// The outcomes.
const (
	UnknownOutcome WriteOutcome = iota // the answer was lost: stays in Applying until resolved
	Confirmed                          // on to the next target, if there is one
	Rejected                           // the directory's policy refused the password: back to Password
	NotWritten                         // nothing was sent, or the directory does not let us: back to Password (unavailable) or Refused (denied)
)

// Lapsed ends a flow whose time is over; ErrWrongStage when it is not.
type Lapsed struct{}

// Superseded ends a flow because another flow of the account was finished, or its owner started over.
type Superseded struct{}

func (Chose) event() string      { return "Chose" }
func (Resent) event() string     { return "Resent" }
func (WentBack) event() string   { return "WentBack" }
func (Tried) event() string      { return "Tried" }
func (Judged) event() string     { return "Judged" }
func (Mistyped) event() string   { return "Mistyped" }
func (Blocked) event() string    { return "Blocked" }
func (Stopped) event() string    { return "Stopped" }
func (Alarmed) event() string    { return "Alarmed" }
func (Claimed) event() string    { return "Claimed" }
func (Written) event() string    { return "Written" }
func (Lapsed) event() string     { return "Lapsed" }
func (Superseded) event() string { return "Superseded" }

// Start is what a flow begins with.
type Start struct {
	ID       ID
	Action   policy.Action
	Account  account.ID // zero for a decoy
	Decoy    bool
	Name     string
	Typed    string
	SignIn   string
	Locale   string
	Settings int64
	Decision policy.Decision
	Offers   []Offer
	Targets  []Target     // in the order of writing; State is not looked at
	Follows  []account.ID // see Flow
	Threat   policy.Threat
	From     string // see Flow
	Browser  time.Time
	Place    Place
	Source   audit.Source
}

// Sends are the messages that go out with an event.
type Sends = []message.Message
