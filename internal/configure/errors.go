package configure

import (
	"fmt"
	"strings"

	"rekey/internal/fault"
)

// Faults a page may meet. Texts are English sentences.
var (
	// ErrLocked says that pages may save nothing.
	ErrLocked = fault.New(fault.Denied, "The settings are kept in version control (settings_locked). Change them there: "+
		"“rekey settings apply” puts them in force.")
	// ErrReason asks why; ErrAuthor is the caller's mistake.
	ErrReason = fault.New(fault.Invalid, "Say why: a reason of up to 500 characters, on one line.").On("reason")
	ErrAuthor = fault.New(fault.Internal, "problem.internal")
	errDenied = fault.New(fault.Denied, "You may not change this.")
	// ErrSame says that there is nothing to save.
	ErrSame = fault.New(fault.Invalid, "Nothing would change.")
)

// ConflictError says that somebody saved a version since the draft was begun.
type ConflictError struct {
	After     int64
	Newest    Version
	Meanwhile []Revision // oldest first
}

// Error implements error.
func (e *ConflictError) Error() string { return e.sentence() }

// Unwrap classifies it.
func (e *ConflictError) Unwrap() error { return fault.New(fault.Conflict, e.sentence()) }

func (e *ConflictError) sentence() string {
	return fmt.Sprintf("%s saved version %d since you began with version %d: %s", e.Newest.Author, e.Newest.Number, e.After, e.Newest.Reason)
}

// RefusedError says that a draft cannot be saved, and why.
type RefusedError struct{ Proposal Proposal }

// Error implements error: the first reason.
func (e *RefusedError) Error() string {
	switch p := e.Proposal; {
	case len(p.Problems) > 0:
		return strings.TrimPrefix(p.Problems[0].Path+": "+p.Problems[0].Text, ": ")
	case len(p.Findings) > 0: // errors come first
		return p.Findings[0].Path + ": " + p.Findings[0].Text
	}
	return ErrSame.Text
}

// Unwrap classifies it.
func (e *RefusedError) Unwrap() error {
	return fault.New(fault.Invalid, "These settings cannot be saved. What is wrong is said below.")
}
