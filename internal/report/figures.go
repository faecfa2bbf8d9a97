package report

import (
	"context"
	"time"

	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/preview"
)

// Count says what became of attempts. Each is one of them: Started is their sum without Nobody.
type Count struct {
	Started     int64 // those under names somebody has
	Open        int64
	Done        int64
	GivenUp     int64 // left, or cancelled
	Refused     int64
	Partial     int64 // ended with one directory written and the other not
	StartedOver int64 // ended because another attempt of the same person was finished
	Nobody      int64 // under names nobody has, or that recovery cannot tell about; counted nowhere else
}

// Rate is the share of those done among the rest that has ended, those started over aside. It is false when there are none.
func (c Count) Rate() (float64, bool) {
	ended := c.Started - c.Open - c.StartedOver
	if ended <= 0 {
		return 0, false
	}
	return float64(c.Done) / float64(ended), true
}

// Took says how long those took that were done, from the first form to the directory's answer.
type Took struct {
	Of          int64 // how many that is; with none the times are zero
	Median, P90 time.Duration
}

// Of narrows attempts down. The zero value is all of them.
type Of struct {
	Action policy.Action // empty: any
	Policy string        // empty: any
}

// Figures are of a range.
type Figures struct {
	Range   Range
	Of      Of
	Total   Count
	Took    Took
	Days    []Day    // every day of the range, in order
	Actions []Action // reset, unlock and change, in this order, also without attempts
	DropOut []Step   // in the order of steps, all of them
	// Refusals are by reason, the most frequent first: a flow.Refusal.
	Refusals []Reason
	Blocks   int64    // accounts that were blocked for too many wrong answers
	Methods  []Method // those anybody was asked for, the most used first
	Devices  []Device // by how many, the most first
	Policies []Policy // by how many, the most first
	// Counted is when the last event was written that is in here; zero: there is none.
	Counted time.Time
}

// Day is what began on one day.
type Day struct {
	At time.Time // its first moment
	Count
	Took Took
}

// Action is one of reset, unlock and change.
type Action struct {
	Action policy.Action
	Count
	Took Took
}

// Where is the step somebody was at.
type Where string

// The steps.
const (
	AtName     Where = "name"         // nothing was asked for yet
	AtFirst    Where = "first-proof"  // a first proof was asked for, or rejected
	AtFurther  Where = "second-proof" // one was given, and more were wanted
	AtPassword Where = "password"     // proven; no new password was taken
	AtWriting  Where = "writing"      // the directory was being written
)

// Step is how many came to one step and not beyond it.
type Step struct {
	Where   Where
	GivenUp int64
	Refused int64
	// Share of both among all attempts that ended, those started over aside: 0 to 1.
	Share float64
	// Why is the most frequent reason; of nobody when there is none.
	Why Reason
}

// Reason is what stood last before an attempt was left or refused.
type Reason struct {
	// Code is a refusal, or "wrong-code" and the like of a rejected proof, "no-answer" to a proof that was asked for, "rejected" with
	// the directory's reason behind a colon, or "left".
	Code string
	Kind factor.Kind // the method it was about; may be empty
	Of   int64
}

// Method is how often one was asked for and answered.
type Method struct {
	Kind     factor.Kind
	Asked    int64 // codes sent, ceremonies begun
	Accepted int64
	Rejected int64   // wrong, expired, used already
	Done     int64   // attempts that were done with it
	Days     []int64 // the same, of each day of the range
}

// WrongRate is the share of rejected answers. It is false when there were none at all.
func (m Method) WrongRate() (float64, bool) {
	if m.Accepted+m.Rejected == 0 {
		return 0, false
	}
	return float64(m.Rejected) / float64(m.Accepted+m.Rejected), true
}

// Device is what a browser says it runs on.
type Device struct {
	Kind string // "phone", "tablet", "computer" or "unknown"
	Count
}

// Policy is what became of attempts under one.
type Policy struct {
	Name string // empty: none decided
	Count
}

// Store keeps what the log says about attempts. internal/postgres implements it.
type Store interface {
	// Fold reads events that were not read yet, at most so many, and reports how many it read. Two at a time take turns.
	Fold(ctx context.Context, most int) (int, error)
	// Refold forgets what was read and reads the log again.
	Refold(ctx context.Context) error
	// Tally counts the attempts that began within a range, all of one moment.
	Tally(ctx context.Context, r Range, of Of) (Tally, error)
	// SetUp counts the ways that were set up and are still there: before the range, and on each of its days.
	SetUp(ctx context.Context, r Range) ([]SetUp, error)
}

// foldAtOnce is how many events are read in one transaction.
const foldAtOnce = 20_000

// Service gives figures and surveys.
type Service struct {
	Store   Store
	Surveys Surveys

	desk    Desk
	copies  preview.Store
	preview *preview.Service
	now     func() time.Time
	asked   chan Asked
}

// waiting is how many surveys may wait at a time.
const waiting = 8

// All is what a Service is made of: internal/postgres.Store is each of these but the clock.
type All interface {
	Store
	Surveys
	Desk
	preview.Store
}

// New makes a service.
func New(store All, now func() time.Time) *Service {
	return &Service{
		Store: store, Surveys: store, desk: store, copies: store, preview: &preview.Service{Store: store, Now: now}, now: now, asked: make(chan Asked, waiting),
	}
}

// Figures are of the attempts that began within a range, up to the last turn of Update.
func (s *Service) Figures(ctx context.Context, r Range, of Of) (Figures, error) {
	if r.Len() == 0 {
		return Tally{}.figures(r, of), nil
	}
	t, err := s.Store.Tally(ctx, r, of)
	if err != nil {
		return Figures{}, err
	}
	return t.figures(r, of), nil
}

// SetUp is how many ways of one kind there are, by the day they were set up on.
type SetUp struct {
	Kind   factor.Kind
	Before int64   // before the range
	Days   []int64 // on each day of the range
}

// Sum is how many there were at the end of the range.
func (s SetUp) Sum() int64 {
	sum := s.Before
	for _, n := range s.Days {
		sum += n
	}
	return sum
}

// SetUp tells when the ways were set up that are there now, the most first: what was taken away since is not in it.
func (s *Service) SetUp(ctx context.Context, r Range) ([]SetUp, error) {
	if r.Len() == 0 {
		return nil, nil
	}
	return s.Store.SetUp(ctx, r)
}

// Update takes over what the log has that was not read yet. A periodic job calls it.
func (s *Service) Update(ctx context.Context) error {
	for {
		n, err := s.Store.Fold(ctx, foldAtOnce)
		if err != nil || n < foldAtOnce {
			return err
		}
	}
}
