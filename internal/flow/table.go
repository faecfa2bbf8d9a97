package flow

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

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
	event string
	to    []Stage
}

// table is the whole machine. What is not in it is ErrWrongStage.
func table() []transition {
	return []transition{
		{Choose, "Chose", []Stage{Prove}},
		{Choose, "Blocked", []Stage{Refused}},
		{Choose, "Stopped", []Stage{Refused}},
		{Choose, "Lapsed", []Stage{Expired}},
		{Choose, "Superseded", []Stage{Expired}},

		{Prove, "Chose", []Stage{Prove}},
		{Prove, "Resent", []Stage{Prove}},
		{Prove, "WentBack", []Stage{Choose}},
		{Prove, "Tried", []Stage{Prove}},
		{Prove, "Judged", []Stage{Prove, Choose, Password, Refused}},
		{Prove, "Blocked", []Stage{Refused}},
		{Prove, "Stopped", []Stage{Refused}},
		{Prove, "Lapsed", []Stage{Expired}},
		{Prove, "Superseded", []Stage{Expired}},

		{Password, "Claimed", []Stage{Applying}},
		{Password, "Mistyped", []Stage{Password}},
		{Password, "Blocked", []Stage{Refused}},
		{Password, "Stopped", []Stage{Refused}},
		{Password, "Lapsed", []Stage{Expired}},
		{Password, "Superseded", []Stage{Expired}},

		{Applying, "Written", []Stage{Done, Password, Refused, Applying}},
	}
}

// nameOf names an event as the table does.
func nameOf(ev Event) string {
	name := fmt.Sprintf("%T", ev)
	return name[strings.LastIndexByte(name, '.')+1:]
}

func allowed(from Stage, ev Event) bool {
	name := nameOf(ev)
	for _, t := range table() {
		if t.from == from && t.event == name {
			return true
		}
	}
	return false
}

// Mermaid draws the table as a state diagram.
func Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> choose: identified\n    [*] --> password: change with the current password\n")
	labels := map[[2]Stage][]string{}
	var order [][2]Stage
	for _, t := range table() {
		for _, to := range t.to {
			edge := [2]Stage{t.from, to}
			if labels[edge] == nil {
				order = append(order, edge)
			}
			labels[edge] = append(labels[edge], t.event)
		}
	}
	for _, edge := range order {
		sort.Strings(labels[edge])
		fmt.Fprintf(&b, "    %s --> %s: %s\n", edge[0], edge[1], strings.Join(labels[edge], ", "))
	}
	b.WriteString("    done --> [*]\n    refused --> [*]\n    expired --> [*]\n")
	return b.String()
}
