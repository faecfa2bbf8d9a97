package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rekey/internal/fault"
)

// Check is one comparison of the log with its tree.
type Check struct {
	Number  int64
	By      string
	Began   time.Time
	Ended   time.Time // zero: it is under way
	First   int64
	Beyond  int64 // the first record that is not checked
	Done    int64
	Bad     int64  // the record that is wrong; Nowhere: none can be named, or all is well
	Fault   string // what is wrong; empty: all is well
	Signed  string // checkpoint of what was found good
	Stopped bool   // the replica that checked was stopped
}

// Running reports whether the check is under way.
func (c Check) Running() bool { return c.Ended.IsZero() && !c.Stopped }

// Verdict is what a check came to.
type Verdict struct {
	Bad    int64 // Nowhere: no record can be named
	Fault  string
	Signed string
}

// Checks compares records with the tree, and keeps what came of it.
type Checks interface {
	// BeginCheck keeps a check of the records from first up to beyond, or to the end of the log, if that is earlier; beyond 0: the end.
	// A fault of kind Conflict while another one is under way.
	BeginCheck(ctx context.Context, by string, first, beyond int64) (Check, error)
	// CheckRecords compares. told is called now and then with how many are done; its error ends the check.
	CheckRecords(ctx context.Context, first, beyond int64, told func(done int64) error) (Verdict, error)
	CheckedSoFar(ctx context.Context, number, done int64) error
	EndCheck(ctx context.Context, number, done int64, v Verdict) error
	// LastChecks lists the newest first.
	LastChecks(ctx context.Context, most int) ([]Check, error)
}

// StartCheck begins to compare records with the tree in the background: those from first up to beyond, 0 being the end of the log.
// Errors: faults of kind Invalid, and Conflict while a check is under way.
func (s *Service) StartCheck(ctx context.Context, rd Reader, first, beyond int64) error {
	if first < 0 || beyond < 0 || beyond != 0 && beyond <= first {
		return fault.New(fault.Invalid, "The last record must come after the first.").On("last")
	}
	s.checkMu.Lock()
	defer s.checkMu.Unlock()
	if s.quit.Err() != nil {
		return fault.New(fault.Unavailable, "This server is being stopped. Try again in a moment.")
	}
	c, err := s.deps.Checks.BeginCheck(ctx, rd.Name, first, beyond)
	if err != nil {
		return err
	}
	s.checks.Go(func() { s.check(c) })
	return nil
}

// check compares and keeps what came of it. A check that was ended by Close is left as it is: it shows as stopped.
func (s *Service) check(c Check) {
	done := int64(0)
	v, err := s.deps.Checks.CheckRecords(s.quit, c.First, c.Beyond, func(n int64) error {
		done = n
		return s.deps.Checks.CheckedSoFar(s.quit, c.Number, n)
	})
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return
		}
		s.deps.Log.Error("the audit log is not checked", "error", err)
		v = Verdict{Bad: Nowhere, Fault: "The check could not be finished: the log was not readable. Nothing is said about the records."}
	} else if v.Fault == "" {
		done = c.Beyond - c.First
	}
	if err := s.deps.Checks.EndCheck(s.quit, c.Number, done, v); err != nil {
		s.deps.Log.Error("the result of a check of the audit log is not kept", "error", err)
	}
	if v.Fault != "" {
		s.deps.Log.Error("the audit log is not what it was", "record", v.Bad, "fault", v.Fault)
	}
}

// Checks lists the newest checks.
func (s *Service) Checks(ctx context.Context, most int) ([]Check, error) {
	return s.deps.Checks.LastChecks(ctx, most)
}

// Says is the result of a check in a sentence.
func (c Check) Says() string {
	switch {
	case c.Stopped:
		return "The server that checked was stopped. Start it again."
	case c.Ended.IsZero():
		return "Under way."
	case c.Fault == "":
		return fmt.Sprintf("Records %d to %d are complete and unchanged.", c.First, c.Beyond-1)
	case c.Bad == Nowhere:
		return c.Fault
	}
	return fmt.Sprintf("Record %d: %s.", c.Bad, c.Fault)
}
