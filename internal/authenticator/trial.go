package authenticator

import (
	"context"
	"time"

	"rekey/internal/message"
)

// Tried is a method that an administrator can try: all that it needs is asked once, the real peer included. Nothing is stored.
type Tried interface {
	// Try goes step by step until one fails for good. It takes no longer than ctx.
	Try(ctx context.Context, t Trial) []Step
}

// Trial is what a method is tried with.
type Trial struct {
	Subject Subject // the administrator: what is sent goes to the first of Mails
	Now     func() time.Time
	// Clock asks the database for the time.
	Clock func(ctx context.Context) (time.Time, error)
	// Send delivers a message at once. Its errors are for administrators' eyes.
	Send func(ctx context.Context, m message.Message) error
}

// Step is what came of one part of a trial.
type Step struct {
	Title  string
	Text   string // a sentence: what was found, and what to do about it
	Result StepResult
}

// StepResult is how a step ended.
type StepResult uint8

// The results. Failed is the zero value.
const (
	Failed StepResult = iota
	Worked
	Noted // worked, and there is something to think of
)
