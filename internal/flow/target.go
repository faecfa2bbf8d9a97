package flow

import (
	"time"

	"rekey/internal/account"
)

// Target is one account a flow writes: a person may have one in each of two directories. They are written in order, one after the
// other, and never twice.
type Target struct {
	Account     account.ID  `json:"account"`
	Current     bool        `json:"current,omitempty"` // its directory wants the current password along with the new one
	State       TargetState `json:"state"`
	Reason      string      `json:"reason,omitempty"` // with planned and rejected: why it was not written the last time
	Claim       string      `json:"claim,omitempty"`  // with confirmed: the claim that wrote it
	PasswordSet time.Time   `json:"password_set"`     // what the directory said before the write
	WasLocked   bool        `json:"was_locked,omitempty"`
}

// TargetState is how far the write of a target is.
type TargetState string

// The states of a target.
const (
	TargetPlanned   TargetState = "planned"
	TargetWriting   TargetState = "writing" // sent, or about to be
	TargetConfirmed TargetState = "confirmed"
	TargetRejected  TargetState = "rejected" // its directory refused; planned again with the next claim
	TargetUnknown   TargetState = "unknown"  // the answer was lost
)

// Before is what a directory says of a target right before it is written.
type Before struct {
	PasswordSet time.Time
	WasLocked   bool
}

// Partial reports whether the new password is in one directory and not in the other.
func (f Flow) Partial() bool { return f.begun() && f.next() >= 0 }

// NeedsCurrent reports whether what is left to write takes the current password.
func (f Flow) NeedsCurrent() bool {
	for _, t := range f.Targets {
		if t.Current && t.State != TargetConfirmed {
			return true
		}
	}
	return false
}

// Underway gives the target that is being written, or whose answer was lost, and its index.
func (f Flow) Underway() (int, Target, bool) {
	i := f.underway()
	if i < 0 {
		return 0, Target{}, false
	}
	return i, f.Targets[i], true
}

// Tells reports whether the owner is to be told with this outcome: the claim has written something and is over.
func (f Flow) Tells(w Written) bool {
	i := f.underway()
	if i < 0 || w.Outcome == UnknownOutcome {
		return false
	}
	if w.Outcome == Confirmed {
		return w.Alone || !f.planned(i+1)
	}
	return f.confirmedBy(w.Claim)
}

func (f Flow) confirmedBy(claim string) bool {
	for _, t := range f.Targets {
		if t.State == TargetConfirmed && t.Claim == claim {
			return true
		}
	}
	return false
}

// begun reports whether anything has been written.
func (f Flow) begun() bool {
	for _, t := range f.Targets {
		if t.State == TargetConfirmed {
			return true
		}
	}
	return false
}

// next is the first target that is not written; -1: all are.
func (f Flow) next() int {
	for i, t := range f.Targets {
		if t.State != TargetConfirmed {
			return i
		}
	}
	return -1
}

func (f Flow) planned(from int) bool {
	for _, t := range f.Targets[from:] {
		if t.State == TargetPlanned {
			return true
		}
	}
	return false
}

func (f Flow) underway() int {
	for i, t := range f.Targets {
		if t.State == TargetWriting || t.State == TargetUnknown {
			return i
		}
	}
	return -1
}
