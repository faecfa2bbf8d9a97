// Package fault is the one error type that crosses use cases on its way to a page. It says what kind of failure it is
// and which text of the catalogue to show; the cause goes to the log only.
package fault

import "errors"

// Kind sorts failures by what the person can do about them.
type Kind uint8

// The kinds. Internal is the zero value: an error nobody classified shows a general text and status 500.
const (
	Internal    Kind = iota
	Invalid          // the input is wrong: fix it and send again
	NotFound         // there is no such thing
	Conflict         // somebody else was faster, or the page is out of date
	Denied           // not allowed
	Throttled        // too many tries: wait
	Unavailable      // a part Rekey needs does not answer: try later
)

// Error is a classified failure. Text is a catalogue key; Field names the form field it concerns, if any.
type Error struct {
	Kind  Kind
	Text  string
	Field string
	Cause error
}

// New makes an error with a text to show.
func New(kind Kind, text string) *Error { return &Error{Kind: kind, Text: text} }

// Wrap makes an error with a text to show and a cause to log.
func Wrap(kind Kind, text string, cause error) *Error {
	return &Error{Kind: kind, Text: text, Cause: cause}
}

// On names the form field.
func (e *Error) On(field string) *Error { c := *e; c.Field = field; return &c }

// Error implements error. It is for logs.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Text
	}
	return e.Text + ": " + e.Cause.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Of finds the classified error in a chain, or classifies it as Internal.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Text: "problem.internal", Cause: err}
}
