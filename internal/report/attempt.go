package report

import (
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/factor"
	"rekey/internal/flow"
)

// Ending is how an attempt went.
type Ending string

// The endings.
const (
	Open        Ending = ""
	Done        Ending = "done"
	GivenUp     Ending = "given-up"
	Refused     Ending = "refused"
	Partial     Ending = "partial"
	StartedOver Ending = "started-over"
)

// Attempt is what the log says of one.
type Attempt struct {
	Flow     string
	Account  account.ID // zero: nobody's
	Action   string
	Policy   string
	Device   string
	Started  time.Time
	Ended    time.Time // zero: open
	Ending   Ending
	At       Where
	Why      string      // code of a Reason
	Kind     factor.Kind // of a Reason
	Asked    []factor.Kind
	Accepted []factor.Kind
	Rejected []factor.Kind
}

// Started makes an attempt of its first event; false: the event begins none.
func Started(ev audit.Event) (Attempt, bool) {
	if ev.Name != audit.FlowStarted || ev.Flow == "" {
		return Attempt{}, false
	}
	return Attempt{
		Flow: ev.Flow, Account: ev.Subject, Action: ev.Purpose, Policy: ev.Policy, Device: device(ev.Source.Agent), Started: ev.At, At: AtName,
		Asked: []factor.Kind{}, Accepted: []factor.Kind{}, Rejected: []factor.Kind{},
	}, true
}

// codes of reasons that no event has.
const (
	noAnswer   = "no-answer" // to a proof that was asked for
	left       = "left"
	unknownYet = "unknown" // whether the directory took the password
)

// Take moves an attempt on by its next event.
func (a *Attempt) Take(ev audit.Event) {
	switch ev.Name {
	case audit.ProofRequested:
		a.Asked = append(a.Asked, last(ev.Factors))
		a.stand(a.proof(), noAnswer, last(ev.Factors))
	case audit.ProofRejected:
		a.Rejected = append(a.Rejected, last(ev.Factors))
		a.stand(a.proof(), ev.Reason, last(ev.Factors))
	case audit.ProofAccepted:
		a.Accepted = append(a.Accepted, last(ev.Factors))
		a.stand(AtPassword, left, "") // if more is asked for, the next event says so
	case audit.WriteIntended:
		a.reopen()
		a.stand(AtWriting, left, "")
	case audit.WriteRejected:
		a.stand(AtPassword, rejection(ev), "")
	case audit.WriteUnknown:
		a.stand(AtWriting, unknownYet, "")
	case audit.WriteDone:
		a.end(Done, ev) // another directory's turn, or its failure, takes this back
	case audit.FlowPartial:
		a.end(Partial, ev)
	case audit.FlowRefused:
		a.refused(ev)
	case audit.FlowExpired:
		a.expired(ev)
	}
}

func (a *Attempt) stand(at Where, why string, kind factor.Kind) { a.At, a.Why, a.Kind = at, why, kind }

// proof is the step of a proof that is under way.
func (a *Attempt) proof() Where {
	if len(a.Accepted) > 0 {
		return AtFurther
	}
	return AtFirst
}

func (a *Attempt) reopen() { a.Ending, a.Ended = Open, time.Time{} }

func (a *Attempt) end(e Ending, ev audit.Event) {
	a.Ending, a.Ended = e, ev.At
	if e == Done {
		a.Why, a.Kind = "", ""
	}
}

func (a *Attempt) refused(ev audit.Event) {
	a.locate(ev)
	if ev.Reason == string(flow.RefusedByPerson) {
		a.end(GivenUp, ev)
		a.Why = orLeft(a.Why)
		return
	}
	a.end(Refused, ev)
	a.Why, a.Kind = ev.Reason, ""
}

func (a *Attempt) expired(ev audit.Event) {
	a.locate(ev)
	if ev.Reason == flow.OtherFinished {
		a.end(StartedOver, ev)
		return
	}
	a.end(GivenUp, ev)
	a.Why = orLeft(a.Why)
}

// locate takes over where the flow says it was left. A record whose personal part was erased does not say: then it was after the last
// thing that happened.
func (a *Attempt) locate(ev audit.Event) {
	at := a.At
	switch flow.Stage(ev.Detail[audit.LeftAt]) {
	case flow.Choose, flow.Prove:
		if at = a.proof(); len(a.Accepted)+len(a.Asked)+len(a.Rejected) == 0 {
			at = AtName
		}
	case flow.Password:
		at = AtPassword
	case flow.Applying:
		at = AtWriting
	case flow.Identify, flow.Done, flow.Refused, flow.Expired:
	}
	a.At = at
}

func orLeft(why string) string {
	if why == "" {
		return left
	}
	return why
}

func rejection(ev audit.Event) string {
	if ev.Outcome == audit.Refused {
		return "rejected:" + ev.Reason
	}
	return ev.Reason
}

// last is the method an event is about: those proven before come first.
func last(kinds []factor.Kind) factor.Kind {
	if len(kinds) == 0 {
		return ""
	}
	return kinds[len(kinds)-1]
}

// device is what a browser says it runs on, by the words all of them use. iPads call themselves Macs unless asked.
func device(agent string) string {
	switch has := func(word string) bool { return strings.Contains(agent, word) }; {
	case has("iPad"), has("Tablet"), has("Android") && !has("Mobile"):
		return "tablet"
	case has("iPhone"), has("Android"), has("Mobile"):
		return "phone"
	case has("Windows"), has("Macintosh"), has("X11"), has("CrOS"):
		return "computer"
	}
	return "unknown"
}
