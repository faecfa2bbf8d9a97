package flow

import "errors"

//go:generate go test -run ^TestDiagram$ -args -update

// The errors of Apply. None of them changes the flow, but for ErrOver, which may come with the expired flow.
var (
	ErrWrongStage   = errors.New("the flow is at another stage")
	ErrOver         = errors.New("the flow is over")
	ErrNotSatisfied = errors.New("the requirement is not met")
	ErrNotYours     = errors.New("another request holds the claim")
	ErrTooManySends = errors.New("too many codes were asked for")
	ErrNoOffer      = errors.New("the flow does not offer this")
)

// transition is one cell of the table: an event a stage takes, and the stages it may lead to.
type transition struct {
	from  Stage
	event string // as Event.event names it
	to    []Stage
}

// table is the whole machine; it is never changed. What is not in it is ErrWrongStage.
var table = []transition{
	{Choose, "Chose", []Stage{Prove}},
	{Choose, "Blocked", []Stage{Refused}},
	{Choose, "Stopped", []Stage{Refused}},
	{Choose, "Alarmed", []Stage{Choose, Refused}},
	{Choose, "Lapsed", []Stage{Expired}},
	{Choose, "Superseded", []Stage{Expired}},

	{Prove, "Chose", []Stage{Prove}},
	{Prove, "Resent", []Stage{Prove}},
	{Prove, "WentBack", []Stage{Choose}},
	{Prove, "Tried", []Stage{Prove}},
	{Prove, "Judged", []Stage{Prove, Choose, Password, Refused}},
	{Prove, "Blocked", []Stage{Refused}},
	{Prove, "Stopped", []Stage{Refused}},
	{Prove, "Alarmed", []Stage{Prove, Refused}},
	{Prove, "Lapsed", []Stage{Expired}},
	{Prove, "Superseded", []Stage{Expired}},

	{Password, "Claimed", []Stage{Applying, Refused}},
	{Password, "Alarmed", []Stage{Password, Choose, Refused, Done}},
	{Password, "Mistyped", []Stage{Password}},
	{Password, "Blocked", []Stage{Refused, Done}}, // done, partly: one directory is written and the other will not be
	{Password, "Stopped", []Stage{Refused, Done}},
	{Password, "Lapsed", []Stage{Expired, Done}},
	{Password, "Superseded", []Stage{Expired, Done}},

	{Applying, "Written", []Stage{Done, Password, Refused, Applying}},
}

// allowed reports whether the table has a cell for the event. It stands on the path of every request and allocates nothing.
func allowed(from Stage, ev Event) bool {
	for i := range table {
		if table[i].from == from && table[i].event == ev.event() {
			return true
		}
	}
	return false
}
