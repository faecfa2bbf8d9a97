package recovery

import (
	"context"
	"errors"
	"time"

	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/passwordrule"
	"rekey/internal/policy"
	"rekey/internal/secret"
	"rekey/internal/throttle"
)

// writeTime bounds one directory write and what is recorded after it, also when the browser has gone.
const writeTime = 45 * time.Second

// NewPassword is what the last form carries. Current is for a change only; both are empty for an unlock.
type NewPassword struct {
	Password, Current secret.Text
}

// Broken is a password that the rules refuse before the directory is asked.
type Broken struct{ Results []passwordrule.Result }

// Error implements error.
func (*Broken) Error() string { return "password breaks a rule" }

// Finish writes the directory: the new password, or the unlock. Refusals by the directory are no error: the flow is back in
// stage Password and says why in its notice. Errors: *Broken (nothing was done), stale, unavailable.
func (s *Service) Finish(ctx context.Context, token Token, at string, in NewPassword, from Source) (flow.Flow, error) {
	f, err := s.open(ctx, token, at)
	if err != nil {
		return f, err
	}
	if f.Stage != flow.Password {
		return f, errStale
	}
	if f.Action != policy.Unlock {
		if err := s.check(ctx, f, in); err != nil {
			return f, err
		}
	}
	if f.Action == policy.Change {
		if f, err = s.countChange(ctx, f, from); err != nil || f.Stage.Final() {
			return f, err
		}
	}
	if f.Decoy {
		return s.refuseDecoy(ctx, f, in)
	}
	claimed, err := s.claim(ctx, f, from)
	if err != nil || claimed.Stage != flow.Applying {
		return claimed, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	written := s.write(ctx, claimed, in)
	written.Claim, written.Source = claimed.Writing.Claim, from.Source
	return s.record(ctx, claimed, written, from)
}

// check applies the rules that can be judged here.
func (s *Service) check(ctx context.Context, f flow.Flow, in NewPassword) error {
	if f.Action == policy.Change && in.Current.Empty() {
		return fault.New(fault.Invalid, "change.current-missing").On("current")
	}
	if in.Password.Empty() {
		return fault.New(fault.Invalid, "password.missing").On("password")
	}
	rules, err := s.Rules(ctx, f)
	if err != nil {
		return err
	}
	results := passwordrule.Check(rules, in.Password)
	for _, r := range results {
		if r.State == passwordrule.Unmet {
			return &Broken{Results: results}
		}
	}
	return nil
}

// countChange counts a try of the current password like any other proof.
func (s *Service) countChange(ctx context.Context, f flow.Flow, from Source) (flow.Flow, error) {
	now, limits := s.Now(), s.Site().Throttle
	return s.update(ctx, f.ID, f.Version, func(tx Tx, f flow.Flow) (flow.Event, error) {
		c, err := tx.Counter(ctx, key(f))
		if err != nil {
			return nil, err
		}
		if held, until := throttle.Held(c, now); held {
			return flow.Blocked{Until: until, Source: from.Source}, nil
		}
		return flow.Mistyped{}, tx.SetCounter(ctx, key(f), throttle.Fail(c, limits, now))
	})
}

// refuseDecoy costs what a wrong current password costs, and says the same.
func (s *Service) refuseDecoy(ctx context.Context, f flow.Flow, in NewPassword) (flow.Flow, error) {
	if f.Action != policy.Change {
		return f, errStale
	}
	for _, d := range s.Site().Directories {
		if a, ok := d.(directory.Authenticator); ok {
			_ = a.Authenticate(ctx, decoyID(d, f.Typed), in.Current) // always wrong: only its time counts
			break
		}
	}
	return s.update(ctx, f.ID, f.Version, func(Tx, flow.Flow) (flow.Event, error) {
		return flow.Mistyped{Notice: noticeWrongCurrent}, nil
	})
}

const (
	reasonWrongCurrent = "wrong-current"
	noticeWrongCurrent = "rejected:" + reasonWrongCurrent
)

// claim records the intent with what the directory says now, so that a lost answer can be resolved later.
func (s *Service) claim(ctx context.Context, f flow.Flow, from Source) (flow.Flow, error) {
	d, ok := s.Site().Directory(f.Account.Directory)
	if !ok {
		return f, errUnavailable
	}
	a, err := d.Get(ctx, f.Account)
	if errors.Is(err, directory.ErrNotFound) {
		return s.apply(ctx, f.ID, flow.Stopped{Refusal: flow.RefusedGone, Source: from.Source})
	}
	if err != nil {
		return f, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	return s.update(ctx, f.ID, f.Version, func(Tx, flow.Flow) (flow.Event, error) {
		return flow.Claimed{
			Claim: randomText(12), PasswordSet: a.State.PasswordSet, WasLocked: a.State.Locked, Source: from.Source,
		}, nil
	})
}

// write does the one directory write of a flow and says how it ended.
func (s *Service) write(ctx context.Context, f flow.Flow, in NewPassword) flow.Written {
	d, ok := s.Site().Directory(f.Account.Directory)
	if !ok {
		return flow.Written{Outcome: flow.NotWritten, Reason: "unavailable"}
	}
	unlocked, err := s.writeTo(ctx, d, f, in)
	outcome, reason := outcomeOf(err)
	if err != nil {
		s.Log.WarnContext(ctx, "directory write", "flow", f.ID, "directory", d.Key(), "reason", reason, "error", err)
	}
	return flow.Written{Outcome: outcome, Reason: reason, Unlocked: unlocked && outcome == flow.Confirmed}
}

func (s *Service) writeTo(ctx context.Context, d directory.Directory, f flow.Flow, in NewPassword) (unlocked bool, err error) {
	switch f.Action {
	case policy.Unlock:
		u, ok := d.(directory.Unlocker)
		if !ok {
			return false, directory.ErrDenied
		}
		return u.Unlock(ctx, f.Account)
	case policy.Change:
		c, ok := d.(directory.Changer)
		if !ok {
			return false, directory.ErrDenied
		}
		return false, c.Change(ctx, f.Account, in.Current, in.Password)
	default:
		w := directory.Write{Unlock: f.Write.Unlock, MustChange: f.Write.MustChange, EnforceHistory: f.Write.EnforceHistory}
		return f.Write.Unlock && f.WasLocked, d.SetPassword(ctx, f.Account, in.Password, w)
	}
}

func outcomeOf(err error) (flow.WriteOutcome, string) {
	var rejected *directory.RejectedError
	var signIn *directory.SignInError
	switch {
	case err == nil:
		return flow.Confirmed, ""
	case errors.As(err, &rejected):
		return flow.Rejected, string(rejected.Reason)
	case errors.Is(err, directory.ErrWrongPassword):
		return flow.Rejected, reasonWrongCurrent
	case errors.As(err, &signIn): // not tried, so that nobody locks the account from here; the page says the same as above
		return flow.Rejected, string(signIn.Reason)
	case errors.Is(err, directory.ErrDenied):
		return flow.NotWritten, "denied"
	case errors.Is(err, directory.ErrNotFound):
		return flow.NotWritten, "gone"
	case errors.Is(err, directory.ErrUnavailable):
		return flow.NotWritten, "unavailable"
	}
	return flow.UnknownOutcome, "unknown"
}

// record commits the outcome with its notices. A confirmed change gives the counted try back.
func (s *Service) record(ctx context.Context, f flow.Flow, w flow.Written, from Source) (flow.Flow, error) {
	if w.Outcome == flow.Confirmed {
		w.Notices = s.tell(ctx, f, noticeOf(f.Action), from, nil)
	}
	return s.update(ctx, f.ID, 0, func(tx Tx, f flow.Flow) (flow.Event, error) {
		if f.Action == policy.Change && w.Outcome == flow.Confirmed {
			if err := s.refund(ctx, tx, f); err != nil {
				return nil, err
			}
		}
		return w, nil
	})
}

func noticeOf(a policy.Action) message.Template {
	switch a {
	case policy.Unlock:
		return message.AccountUnlocked
	case policy.Change:
		return message.PasswordChanged
	}
	return message.PasswordReset
}
