package enrollment

import (
	"context"
	"errors"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/secret"
	"rekey/internal/throttle"
)

// SignIn is what a person typed.
type SignIn struct {
	Typed    string
	Domain   string // picked after Ambiguous; empty at first
	Password secret.Text
	Source   Source
}

// SignedIn is what comes of it: a token, or the domains to pick from.
type SignedIn struct {
	Token   Token
	Session Session
	Domains []string
}

// Refusals of a sign-in. An unknown name, a wrong password and a locked account read the same.
var (
	errWrong      = fault.New(fault.Invalid, "signin.wrong").On("password")
	errHeld       = fault.New(fault.Throttled, "signin.held")
	errMustChange = fault.New(fault.Invalid, "signin.must-change").On("password")
)

// SignIn checks the directory password and opens a session. It gives no access to anything but the person's own methods.
func (s *Service) SignIn(ctx context.Context, in SignIn) (SignedIn, error) {
	who, err := directory.Parse(in.Typed)
	if err != nil {
		return SignedIn{}, fault.Wrap(fault.Invalid, "start.name-invalid", err).On("name")
	}
	if in.Password.Empty() {
		return SignedIn{}, fault.New(fault.Invalid, "signin.password-missing").On("password")
	}
	if in.Domain != "" {
		who.Domain = in.Domain
	}
	ok, _, err := s.Limiter.Take(ctx, limiterKey(in.Source), s.Site().Throttle.SignIns)
	if err != nil {
		return SignedIn{}, err
	}
	if !ok {
		return SignedIn{}, errTooMany
	}
	found, err := directory.Find(ctx, s.Site().Directories, who)
	if err != nil && !errors.Is(err, directory.ErrAmbiguous) {
		return SignedIn{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	if len(found) > 1 {
		return SignedIn{Domains: keys(found)}, nil
	}
	if len(found) == 0 {
		return SignedIn{}, s.unknown(ctx, in.Password)
	}
	return s.signIn(ctx, found[0], in)
}

func keys(as []account.Account) []string {
	out := make([]string, len(as))
	for i, a := range as {
		out[i] = a.ID.Directory
	}
	return out
}

// unknown costs what a wrong password costs, and says the same.
func (s *Service) unknown(ctx context.Context, password secret.Text) error {
	for _, d := range s.Site().Directories {
		if a, ok := d.(directory.Authenticator); ok {
			_ = a.Authenticate(ctx, account.ID{Directory: d.Key(), Object: "unknown"}, password) // always wrong
			break
		}
	}
	return errWrong
}

func (s *Service) signIn(ctx context.Context, a account.Account, in SignIn) (SignedIn, error) {
	d, _ := s.Site().Directory(a.ID.Directory)
	checker, ok := d.(directory.Authenticator)
	if !ok {
		return SignedIn{}, errUnavailable
	}
	now, limits := s.Now(), s.Site().Session
	sess := Session{
		ID: randomText(12), Account: a.ID, Name: a.Name(), Display: a.DisplayName, Locale: in.Source.Locale,
		SignedIn: now, Touched: now, Expires: now.Add(limits.Life),
		Address: in.Source.Address.Unmap().String(), Agent: in.Source.Agent,
	}
	if err := s.countPassword(ctx, a.ID, now); err != nil {
		return SignedIn{}, err
	}
	if err := checker.Authenticate(ctx, a.ID, in.Password); err != nil {
		return SignedIn{}, s.refused(ctx, sess, in.Source, err)
	}
	ev := s.event(audit.SignedIn, sess, in.Source)
	token := newToken()
	if err := s.Store.CreateSession(ctx, sess, token.Hash(), flow.Effects{Audit: []audit.Event{ev}}); err != nil {
		return SignedIn{}, err
	}
	if err := s.Counters.Adjust(ctx, counterKey(a.ID), flow.Effects{}, func(c throttle.Counter) throttle.Counter {
		return throttle.Refund(c, s.Site().Throttle, now)
	}); err != nil {
		return SignedIn{}, err
	}
	sess.Version = 1
	return SignedIn{Token: token, Session: sess}, nil
}

// countPassword counts the try before the directory judges it. A held account is refused without asking the directory.
func (s *Service) countPassword(ctx context.Context, who account.ID, now time.Time) error {
	held := false
	err := s.Counters.Adjust(ctx, counterKey(who), flow.Effects{}, func(c throttle.Counter) throttle.Counter {
		if held, _ = throttle.Held(c, now); held {
			return c
		}
		return throttle.Fail(c, s.Site().Throttle, now)
	})
	if err == nil && held {
		return errHeld
	}
	return err
}

// refused records a failed sign-in and chooses what to say.
func (s *Service) refused(ctx context.Context, sess Session, from Source, err error) error {
	var why *directory.SignInError
	if !errors.As(err, &why) {
		return fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	ev := s.event(audit.SignInFailed, sess, from)
	ev.Actor, ev.Outcome, ev.Reason = audit.Visitor, audit.Refused, string(why.Reason)
	right := why.Reason == directory.SignInExpired || why.Reason == directory.SignInMustChange
	err = s.Counters.Adjust(ctx, counterKey(sess.Account), flow.Effects{Audit: []audit.Event{ev}}, func(c throttle.Counter) throttle.Counter {
		if right || why.Reason == directory.SignInWouldLock {
			return throttle.Refund(c, s.Site().Throttle, s.Now())
		}
		return c
	})
	if err != nil {
		return err
	}
	if right {
		return errMustChange
	}
	return errWrong
}

// SignOut ends the session.
func (s *Service) SignOut(ctx context.Context, token Token, from Source) error {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return err
	}
	_, err = s.Store.UpdateSession(ctx, sess.ID, func(_ Tx, sess Session) (Session, flow.Effects, error) {
		sess.Ended, sess.Pending = s.Now(), nil
		return sess, flow.Effects{Audit: []audit.Event{s.event(audit.SignedOut, sess, from)}}, nil
	})
	return err
}

// EndOthers ends every other session of the person.
func (s *Service) EndOthers(ctx context.Context, token Token, from Source) error {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return err
	}
	ev := s.event(audit.SignedOut, sess, from)
	ev.Reason = "others"
	_, err = s.Sessions.EndOthers(ctx, sess.Account, sess.ID, s.Now(), flow.Effects{Audit: []audit.Event{ev}})
	return err
}
