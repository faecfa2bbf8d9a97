package recovery

import (
	"cmp"
	"context"
	"errors"
	"time"

	"rekey/internal/directory"
	"rekey/internal/flow"
	"rekey/internal/policy"
)

const sweepBatch = 100

// doubt is how long a server, or a directory, that does not answer is waited for, because it may be the one that has a write the others have not heard
// of. After that it is likely to be gone for good, and what it was told with it; the person may type again.
const doubt = 5 * time.Minute

var errInDoubt = errors.New("a server that does not answer may have it")

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
		if _, err := s.apply(ctx, f, flow.Lapsed{}); err != nil {
			s.Log.WarnContext(ctx, "flow not ended", "flow", f.ID, "error", err)
		}
	}
	_, err = s.Sweeper.Forget(ctx, now.Add(-keep))
	return err
}

// resolve asks the directory what became of a write and records the answer. What was to be written after it waits for the person: the
// password is not known any more.
func (s *Service) resolve(ctx context.Context, f flow.Flow) error {
	i, t, ok := f.Underway()
	if !ok {
		return errStale
	}
	done, sure, err := false, false, error(errUnavailable)
	if d, ok := s.Site().Directory(t.Account.Directory); ok {
		done, sure, err = applied(ctx, d, f.Action, t)
	}
	gone := errors.Is(err, directory.ErrNotFound)
	if !done && !sure && !gone && s.Now().Sub(f.Writing.Since) < doubt {
		return cmp.Or(err, errInDoubt)
	}
	w := flow.Written{Claim: f.Writing.Claim, Target: i, Outcome: flow.NotWritten, Reason: "unavailable", Alone: true}
	if gone {
		w.Reason = "gone"
	}
	if done {
		w.Outcome, w.Reason = flow.Confirmed, ""
		w.Unlocked = t.WasLocked && (f.Action == policy.Unlock || f.Write.Unlock)
	}
	_, err = s.record(ctx, f, nil, w, Source{Locale: f.Locale})
	return err
}

// applied reports whether the directory shows what the flow wanted to write, and whether it would show it by now.
func applied(ctx context.Context, d directory.Directory, action policy.Action, t flow.Target) (done, sure bool, err error) {
	if action == policy.Unlock {
		a, err := d.Get(ctx, t.Account)
		return err == nil && !a.State.Locked, true, err
	}
	dater, ok := d.(directory.PasswordDater)
	if !ok {
		return false, false, errors.New("the directory cannot tell when a password was set")
	}
	return dater.PasswordMoved(ctx, t.Account, t.PasswordSet)
}
