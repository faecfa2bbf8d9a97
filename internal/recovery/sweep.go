package recovery

import (
	"context"
	"errors"
	"time"

	"rekey/internal/directory"
	"rekey/internal/flow"
	"rekey/internal/policy"
)

const sweepBatch = 100

// Sweep resolves writes whose answer was lost, ends flows nobody came back to and forgets old ones. Any replica may run it,
// several at once too: every step is a compare-and-set.
func (s *Service) Sweep(ctx context.Context, keep time.Duration) error {
	now, limits := s.Now(), s.Site().Flow
	stuck, err := s.Sweeper.Stuck(ctx, now.Add(-limits.ApplyingFor), sweepBatch)
	if err != nil {
		return err
	}
	for _, f := range stuck {
		if err := s.resolve(ctx, f); err != nil {
			s.Log.WarnContext(ctx, "write not resolved yet", "flow", f.ID, "error", err)
		}
	}
	overdue, err := s.Sweeper.Overdue(ctx, now.Add(-limits.Idle), now, sweepBatch)
	if err != nil {
		return err
	}
	for _, f := range overdue {
		if _, err := s.apply(ctx, f.ID, flow.Lapsed{}); err != nil {
			s.Log.WarnContext(ctx, "flow not ended", "flow", f.ID, "error", err)
		}
	}
	_, err = s.Sweeper.Forget(ctx, now.Add(-keep))
	return err
}

// resolve asks the directory what became of a write and records the answer.
func (s *Service) resolve(ctx context.Context, f flow.Flow) error {
	d, ok := s.Site().Directory(f.Account.Directory)
	if !ok {
		return errUnavailable
	}
	done, err := applied(ctx, d, f)
	if err != nil {
		return err
	}
	w := flow.Written{Claim: f.Writing.Claim, Outcome: flow.NotWritten, Reason: "unavailable"}
	if done {
		w.Outcome, w.Reason = flow.Confirmed, ""
		w.Unlocked = f.WasLocked && (f.Action == policy.Unlock || f.Write.Unlock)
	}
	_, err = s.record(ctx, f, w, Source{Locale: f.Locale})
	return err
}

// applied reports whether the directory shows what the flow wanted to write.
func applied(ctx context.Context, d directory.Directory, f flow.Flow) (bool, error) {
	if f.Action == policy.Unlock {
		a, err := d.Get(ctx, f.Account)
		return !a.State.Locked, err
	}
	dater, ok := d.(directory.PasswordDater)
	if !ok {
		return false, errors.New("the directory cannot tell when a password was set")
	}
	set, err := dater.PasswordSet(ctx, f.Account)
	if f.Write.MustChange && f.Action == policy.Reset {
		return set.IsZero() && !f.Writing.PasswordSet.IsZero(), err // the write itself clears the date
	}
	return set.After(f.Writing.PasswordSet), err
}
