package helpdesk

import (
	"time"

	"rekey/internal/account"
	"rekey/internal/fault"
)

// Action is something that is done for a person.
type Action string

// The actions.
const (
	Unblock Action = "unblock" // forget wrong answers, and let messages go out again
	Release Action = "release" // lift a freeze
	Unlock  Action = "unlock"  // clear the lock in the directory
	Invite  Action = "invite"  // ask the person by mail to set up ways to prove who they are
	Begin   Action = "begin"   // send the person to the portal with their name filled in
	Remove  Action = "remove"  // take away a method that was lost
	Pass    Action = "pass"    // issue a temporary access pass
)

// Actions lists them.
func Actions() []Action { return []Action{Begin, Invite, Unblock, Unlock, Release, Remove, Pass} }

// Order is one act with everything in it.
type Order struct {
	Action Action
	Who    account.ID
	Method string // id of the credential, with Remove
	Reason string
	Ticket string
}

// State is where a request for approval stands.
type State string

// The states.
const (
	Pending  State = "pending"
	Approved State = "approved"
	Refused  State = "refused"
	Used     State = "used"
	Expired  State = "expired"
)

// RequestLife is how long a request, and the approval of it, is good for.
const RequestLife = 30 * time.Minute

// Request asks a second administrator to agree to one act.
type Request struct {
	ID       string
	Order    Order
	Name     string // what the person signs in with
	What     string // what the act is about, for people to read: the label of the method
	By       account.ID
	ByName   string
	Made     time.Time
	Expires  time.Time
	Decided  time.Time // zero: not yet
	Approved bool
	Decider  account.ID
	DecidedBy,
	Note string
	Used time.Time // zero: not yet
}

var (
	errOwnRequest = fault.New(fault.Denied, "You asked for this yourself: somebody else has to decide.")
	errDecided    = fault.New(fault.Conflict, "Somebody has decided on this already.")
	errRunOut     = fault.New(fault.Conflict, "This request is older than half an hour. Ask anew.")
	errUnapproved = fault.New(fault.Conflict, "Nobody has approved this yet.")
	errNotThis    = fault.New(fault.Denied, "This approval is for something else.")
	errUsed       = fault.New(fault.Conflict, "This approval was used already. Ask anew.")
)

// State tells where the request stands at a moment.
func (r Request) State(now time.Time) State {
	switch {
	case !r.Used.IsZero():
		return Used
	case !r.Decided.IsZero() && !r.Approved:
		return Refused
	case !now.Before(r.Expires):
		return Expired
	case r.Approved:
		return Approved
	}
	return Pending
}

// decide records what a second administrator says.
func (r Request) decide(by account.ID, name string, approve bool, note string, now time.Time) (Request, error) {
	switch {
	case by == r.By || by == r.Order.Who:
		return r, errOwnRequest
	case r.State(now) == Expired:
		return r, errRunOut
	case r.State(now) != Pending:
		return r, errDecided
	}
	r.Decided, r.Approved, r.Decider, r.DecidedBy, r.Note = now, approve, by, name, note
	return r, nil
}

// use spends an approval on the act it was given for.
func (r Request) use(by account.ID, action Action, who account.ID, method string, now time.Time) (Request, error) {
	switch {
	case by != r.By || action != r.Order.Action || who != r.Order.Who || method != r.Order.Method:
		return r, errNotThis
	case r.State(now) == Used:
		return r, errUsed
	case r.State(now) == Expired:
		return r, errRunOut
	case r.State(now) != Approved:
		return r, errUnapproved
	}
	r.Used = now
	return r, nil
}
