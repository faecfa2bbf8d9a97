package recovery

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/passwordrule"
	"rekey/internal/policy"
	"rekey/internal/secret"
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
	if asksCurrent(f) {
		if f, err = s.countChange(ctx, f, from); err != nil || f.Stage.Final() {
			return f, err
		}
		if known, err := s.knows(ctx, f, in.Current); err != nil || !known {
			return s.mistyped(ctx, f, err)
		}
	}
	if f.Decoy {
		return f, errStale
	}
	claimed, mails, err := s.claim(ctx, f, from)
	if err != nil {
		return claimed, err
	}
	return s.writeAll(context.WithoutCancel(ctx), claimed, mails, in, from)
}

// writeAll writes one target after the other, and stops at the first that does not take it.
func (s *Service) writeAll(ctx context.Context, f flow.Flow, mails []string, in NewPassword, from Source) (flow.Flow, error) {
	for f.Stage == flow.Applying && !f.Writing.Unknown {
		i, t, ok := f.Underway()
		if !ok {
			return f, errStale
		}
		var err error
		if f, err = s.writeOne(ctx, f, i, t, mails, in, from); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (s *Service) writeOne(ctx context.Context, f flow.Flow, i int, t flow.Target, mails []string, in NewPassword, from Source) (flow.Flow, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	w := s.write(ctx, f, t, in)
	w.Claim, w.Target, w.Source = f.Writing.Claim, i, from.Source
	return s.record(ctx, f, mails, w, from)
}

// check applies the rules that can be judged here.
func (s *Service) check(ctx context.Context, f flow.Flow, in NewPassword) error {
	if asksCurrent(f) && in.Current.Empty() {
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

// asksCurrent reports whether the current password is asked for: of a name nobody has, too.
func asksCurrent(f flow.Flow) bool { return f.NeedsCurrent() || f.Decoy && f.Action == policy.Change }

// countChange counts a try of the current password like any other proof.
func (s *Service) countChange(ctx context.Context, f flow.Flow, from Source) (flow.Flow, error) {
	now, limits := s.Now(), s.Site().Throttle
	return s.update(ctx, f, f.Moves, func(tx Tx, f flow.Flow) (flow.Event, error) {
		tally, err := tx.Tally(ctx, lane(f))
		if err != nil {
			return nil, err
		}
		if held, until := tally.Held(now); held {
			return flow.Blocked{Until: until, Source: from.Source}, nil
		}
		return flow.Mistyped{}, tx.SetTally(ctx, lane(f), tally.Fail(limits, now))
	})
}

// knows tries the current password as a sign-in: not when that could lock the account in the directory, and for a name nobody has at
// the same cost.
func (s *Service) knows(ctx context.Context, f flow.Flow, current secret.Text) (bool, error) {
	d, id := s.asked(f)
	checker, ok := d.(directory.Authenticator)
	if !ok {
		return !f.Decoy, nil // the write will tell
	}
	err := checker.Authenticate(ctx, id, current)
	var why *directory.SignInError
	switch {
	case err == nil:
		return !f.Decoy, nil
	case !errors.As(err, &why):
		return false, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	switch why.Reason {
	case directory.SignInExpired, directory.SignInMustChange, directory.SignInRestricted: // the password itself was right
		return !f.Decoy, nil
	}
	return false, nil
}

// asked says who is asked about.
func (s *Service) asked(f flow.Flow) (directory.Directory, account.ID) {
	if !f.Decoy {
		d, _ := s.Site().Directory(f.Account.Directory)
		return d, f.Account
	}
	d, ok := nobodys(s.Site(), f)
	if !ok {
		return nil, account.ID{}
	}
	return d, decoyID(d, f.Typed)
}

// mistyped says that the current password is wrong, unless nobody could tell.
func (s *Service) mistyped(ctx context.Context, f flow.Flow, err error) (flow.Flow, error) {
	if err != nil {
		return f, err
	}
	return s.update(ctx, f, f.Moves, func(Tx, flow.Flow) (flow.Event, error) {
		return flow.Mistyped{Notice: noticeWrongCurrent}, nil
	})
}

// WrongCurrent reports whether the flow says that the current password was wrong.
func WrongCurrent(f flow.Flow) bool { return f.Notice == noticeWrongCurrent }

const (
	reasonWrongCurrent = "wrong-current"
	noticeWrongCurrent = "rejected:" + reasonWrongCurrent
)

// claim records the intent with what the directories say now, so that a lost answer can be resolved later. It also gives the
// addresses that they have for the person.
func (s *Service) claim(ctx context.Context, f flow.Flow, from Source) (claimed flow.Flow, mails []string, err error) {
	if held, err := s.heldNow(ctx, f); err != nil || held {
		return s.stopFrozen(ctx, f, from, err)
	}
	before := make([]flow.Before, len(f.Targets))
	for i, t := range f.Targets {
		if t.State == flow.TargetConfirmed {
			continue // nothing more is written there; its addresses were told of that
		}
		d, ok := s.Site().Directory(t.Account.Directory)
		if !ok {
			return f, nil, errUnavailable
		}
		a, err := d.Get(ctx, t.Account)
		if errors.Is(err, directory.ErrNotFound) {
			claimed, err = s.apply(ctx, f, flow.Stopped{Refusal: flow.RefusedGone, Source: from.Source})
			return claimed, nil, err
		}
		if err != nil && f.Partial() {
			claimed, err = s.update(ctx, f, f.Moves, func(Tx, flow.Flow) (flow.Event, error) {
				return flow.Mistyped{Notice: "half-unavailable"}, nil
			})
			return claimed, nil, err
		}
		if err != nil && !errors.Is(err, directory.ErrGroupsUnread) { // nobody asks for groups any more
			return f, nil, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
		}
		before[i] = flow.Before{PasswordSet: a.State.PasswordSet, WasLocked: a.State.Locked}
		mails = more(mails, a.Mails)
	}
	claimed, err = s.update(ctx, f, f.Moves, func(Tx, flow.Flow) (flow.Event, error) {
		return flow.Claimed{Claim: randomText(12), Before: before, Source: from.Source}, nil
	})
	return claimed, mails, err
}

// heldNow reports whether somebody said "this wasn't me" since the proofs. Who knows the present password may still change it.
func (s *Service) heldNow(ctx context.Context, f flow.Flow) (bool, error) {
	if f.Action == policy.Change {
		return false, nil
	}
	standing, err := s.Store.Standing(ctx, lane(f), f.Account)
	return standing.Frozen, err
}

func (s *Service) stopFrozen(ctx context.Context, f flow.Flow, from Source, err error) (flow.Flow, []string, error) {
	if err != nil {
		return f, nil, err
	}
	stopped, err := s.apply(ctx, f, flow.Stopped{Refusal: flow.RefusedFrozen, Source: from.Source})
	return stopped, nil, err
}

func more(list, values []string) []string {
	for _, v := range values {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// write does one directory write of a flow and says how it ended.
func (s *Service) write(ctx context.Context, f flow.Flow, t flow.Target, in NewPassword) flow.Written {
	d, ok := s.Site().Directory(t.Account.Directory)
	if !ok {
		return flow.Written{Outcome: flow.NotWritten, Reason: "unavailable"}
	}
	unlocked, err := s.writeTo(ctx, d, f, t, in)
	outcome, reason := outcomeOf(err)
	if err != nil {
		s.Log.WarnContext(ctx, "directory write", "flow", f.ID, "directory", d.Key(), "reason", reason, "error", err)
	}
	return flow.Written{Outcome: outcome, Reason: reason, Unlocked: unlocked && outcome == flow.Confirmed}
}

func (s *Service) writeTo(ctx context.Context, d directory.Directory, f flow.Flow, t flow.Target, in NewPassword) (unlocked bool, err error) {
	if f.Action == policy.Unlock {
		u, ok := d.(directory.Unlocker)
		if !ok {
			return false, directory.ErrDenied
		}
		return u.Unlock(ctx, t.Account)
	}
	if t.Current {
		c, ok := d.(directory.Changer)
		if !ok {
			return false, directory.ErrDenied
		}
		return false, c.Change(ctx, t.Account, in.Current, in.Password)
	}
	w := directory.Write{Unlock: f.Write.Unlock, MustChange: f.Write.MustChange && f.Action == policy.Reset, EnforceHistory: f.Write.EnforceHistory}
	return f.Write.Unlock && t.WasLocked, d.SetPassword(ctx, t.Account, in.Password, w)
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

// record commits the outcome with its notices, to the directories' addresses too, which are read if they are not given. A confirmed
// change of a directory that took the current password gives the counted try back.
func (s *Service) record(ctx context.Context, f flow.Flow, mails []string, w flow.Written, from Source) (flow.Flow, error) {
	_, t, _ := f.Underway()
	if f.Tells(w) {
		if mails == nil {
			mails = s.mails(ctx, f)
		}
		w.Notices = s.tell(ctx, f, notice.Event{ID: part(f, w), Template: noticeOf(f.Action), Mails: mails, Extra: s.where(f, w)}, from)
		w.SignOut = s.signedOut(f, s.Now())
	}
	return s.update(ctx, f, 0, func(tx Tx, f flow.Flow) (flow.Event, error) {
		if t.Current && w.Outcome == flow.Confirmed {
			if err := s.refund(ctx, tx, f); err != nil {
				return nil, err
			}
		}
		return w, nil
	})
}

// part tells the message of a second part from that of the first.
func part(f flow.Flow, w flow.Written) string {
	for _, t := range f.Targets {
		if t.State == flow.TargetConfirmed && t.Claim != w.Claim {
			return "." + w.Claim
		}
	}
	return ""
}

// where names the sign-ins that the claim has written, for who has several.
func (s *Service) where(f flow.Flow, w flow.Written) map[string]string {
	if len(f.Targets)+len(f.Follows) < 2 {
		return nil
	}
	var labels []string
	for _, t := range f.Targets {
		if t.Claim == w.Claim || w.Outcome == flow.Confirmed && (t.State == flow.TargetWriting || t.State == flow.TargetUnknown) {
			labels = append(labels, s.Site().Label(t.Account.Directory))
		}
	}
	for _, id := range f.Follows {
		labels = append(labels, s.Site().Label(id.Directory))
	}
	return map[string]string{"where": strings.Join(labels, ", ")}
}

// mails gathers the addresses that the directories have for the person, as far as they can be read now.
func (s *Service) mails(ctx context.Context, f flow.Flow) []string {
	mails := []string{}
	for _, t := range f.Targets {
		d, ok := s.Site().Directory(t.Account.Directory)
		if !ok {
			continue
		}
		a, err := d.Get(ctx, t.Account)
		if err != nil && !errors.Is(err, directory.ErrGroupsUnread) {
			s.Log.WarnContext(ctx, "addresses of the directory not read", "directory", d.Key(), "error", err)
			continue
		}
		mails = more(mails, a.Mails)
	}
	return mails
}

// signedOut lists what is to be signed out: every account of the person whose directory can, now, and once more where the password
// arrives later by synchronization, since the old one opens sessions until then. An unlock leaves everything as it is.
func (s *Service) signedOut(f flow.Flow, now time.Time) []flow.SignOut {
	var out []flow.SignOut
	if f.Action == policy.Unlock {
		return nil
	}
	add := func(id account.ID, later bool) {
		d, _ := s.Site().Directory(id.Directory)
		if _, can := d.(directory.SessionRevoker); !can {
			return
		}
		out = append(out, flow.SignOut{Account: id})
		if later {
			out = append(out, flow.SignOut{Account: id, At: now.Add(directory.SynchronizedWithin)})
		}
	}
	for _, t := range f.Targets {
		add(t.Account, t.State == flow.TargetPlanned || t.State == flow.TargetRejected)
	}
	for _, id := range f.Follows {
		add(id, true)
	}
	return out
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
