package delivery

import (
	"context"
	"time"

	"rekey/internal/audit"
	"rekey/internal/fault"
	"rekey/internal/message"
)

// Filter narrows the delivery log. Empty fields narrow nothing.
type Filter struct {
	Events   []message.Template
	Channels []message.Channel
	States   []State
	Account  string    // "directory/object"
	From, To time.Time // of the last try; To is not in it
	After    int64     // the last record of the page before
	Oldest   bool      // oldest first
	Limit    int
}

// Record is an entry as the log gives it.
type Record struct {
	Entry
	Number int64
	Tries  int
	// Retry says that the queue still has it, and another try can be asked for.
	Retry bool
}

// LogStore reads the delivery log.
type LogStore interface {
	Deliveries(ctx context.Context, f Filter) ([]Record, error)
	// RetryDelivery makes a message due now; ErrGone where the queue has it no more, or it was not given up.
	RetryDelivery(ctx context.Context, number int64, at time.Time, ev audit.Event) error
}

// ErrGone says that a message cannot be tried again.
var ErrGone = fault.New(fault.Conflict, "This message cannot be tried again: it was sent meanwhile, is still being tried, or is too old.")

// Log is the delivery log as administrators see it. It is safe for concurrent use.
type Log struct {
	Store LogStore
	Now   func() time.Time
}

// List gives records by a filter, and whether there are more. Addresses are in it only with reveal; else Masked alone.
func (l *Log) List(ctx context.Context, f Filter, reveal bool) ([]Record, bool, error) {
	limit := f.Limit
	f.Limit++
	all, err := l.Store.Deliveries(ctx, f)
	if err != nil {
		return nil, false, err
	}
	more := len(all) > limit
	if more {
		all = all[:limit]
	}
	for i := range all {
		if !reveal {
			all[i].To = ""
		}
		all[i].Retry = all[i].Retry && all[i].Event != message.Code // by now its code has run out
	}
	return all, more, nil
}

// Retry has a message that was given up tried again. ev says who asked for it.
func (l *Log) Retry(ctx context.Context, number int64, by audit.Event) error {
	by.Name, by.At, by.Actor, by.Outcome = audit.JobRetried, l.Now(), audit.Operator, audit.OK
	return l.Store.RetryDelivery(ctx, number, by.At, by)
}
