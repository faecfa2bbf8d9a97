package enrollment

import (
	"context"
	"errors"
	"strings"
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
	Domain   string // picked after Domains; empty at first
	Password secret.Text
	Source   Source
}

// SignedIn is what comes of it: a token, or the domains to pick from.
type SignedIn struct {
	Token   Token
	Session Session
	Setup   bool // more ways are needed before this person can help themselves
	Domains []string
}

// Refusals of a sign-in. An unknown name, a wrong password, a locked account and one that is held read the same.
var (
	errWrong      = fault.New(fault.Invalid, "signin.wrong").On("password")
	errMustChange = fault.New(fault.Invalid, "signin.must-change").On("password")
)

// attempt is one try to sign in: of an account, or of a name that nobody has. Both take the same steps.
type attempt struct {
	sess      Session // Account is zero for nobody
	lane      throttle.Lane
	directory directory.Directory
	checker   directory.Authenticator
	asked     account.ID
	held      bool
}

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
	if err := s.takeSignIn(ctx, in.Source); err != nil {
		return SignedIn{}, err
	}
	found, err := s.find(ctx, who)
	if err != nil {
		return SignedIn{}, err
	}
	if len(found) > 1 {
		return SignedIn{Domains: keys(found)}, nil
	}
	a, err := s.attempt(who, found, in.Source)
	if err != nil {
		return SignedIn{}, err
	}
	return s.try(ctx, a, in)
}

func (s *Service) find(ctx context.Context, who directory.Identifier) ([]directory.Person, error) {
	snap := s.Site()
	found, err := snap.Finder(s.Now()).People(ctx, who)
	switch {
	case errors.Is(err, directory.ErrAmbiguous):
		return nil, fault.Wrap(fault.Invalid, "start.name-ambiguous", err).On("name")
	case err != nil:
		return nil, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	return found, nil
}

func keys(people []directory.Person) []string {
	out := make([]string, len(people))
	for i, p := range people {
		out[i] = p.FoundIn
	}
	return out
}

// attempt prepares the try. A name nobody has is asked of the first directory, and counted under what was typed.
func (s *Service) attempt(who directory.Identifier, found []directory.Person, from Source) (attempt, error) {
	a := attempt{sess: s.session(from)}
	var checker directory.Authenticator
	if len(found) > 0 {
		d, _ := s.Site().Directory(found[0].ID.Directory)
		checker, _ = d.(directory.Authenticator)
	}
	if checker == nil { // whose password is not typed here is nobody here
		for _, d := range s.Site().Directories {
			if checker, ok := d.(directory.Authenticator); ok {
				a.lane, a.directory, a.checker, a.asked = throttle.From(typedKey(who), throttle.Network(from.Address)), d, checker, nobody(d)
				return a, nil
			}
		}
		return attempt{}, errUnavailable
	}
	person := found[0]
	d, _ := s.Site().Directory(person.ID.Directory)
	a.sess.Account, a.sess.Name, a.sess.Display = person.ID, person.Name(), person.DisplayName
	a.lane, a.directory, a.checker, a.asked = laneOf(person.ID, from.Address), d, checker, person.ID
	return a, nil
}

// session begins one for nobody yet.
func (s *Service) session(from Source) Session {
	now := s.Now()
	return Session{
		ID: randomText(12), Locale: from.Locale, SignedIn: now, Touched: now, Expires: now.Add(s.Site().Session.Life),
		Address: from.Address.Unmap().String(), Agent: from.Agent,
	}
}

func typedKey(who directory.Identifier) string {
	return "typed:" + strings.ToLower(who.Domain+`\`+who.Name+who.Mail)
}

// nobody names an account that does not exist: asking about it costs what a wrong password costs.
func nobody(d directory.Directory) account.ID {
	return account.ID{Directory: d.Key(), Object: "nobody"}
}

// try asks the directory. A held account is not asked about: its try goes the way of a name nobody has.
func (s *Service) try(ctx context.Context, a attempt, in SignIn) (SignedIn, error) {
	now := s.Now()
	err := s.Counters.Adjust(ctx, a.lane, flow.Effects{}, func(t throttle.Tally) throttle.Tally {
		if a.held, _ = t.Held(now); a.held {
			return t
		}
		return t.Fail(s.Site().Throttle, now) // counted before the directory judges it
	})
	if err != nil {
		return SignedIn{}, err
	}
	if a.held {
		a.asked = nobody(a.directory)
	}
	err = a.checker.Authenticate(ctx, a.asked, in.Password)
	if err != nil || a.held || a.sess.Account.IsZero() {
		return SignedIn{}, s.refused(ctx, a, in.Source, err)
	}
	return s.signedIn(ctx, a, in.Source, now)
}

func (s *Service) signedIn(ctx context.Context, a attempt, from Source, now time.Time) (SignedIn, error) {
	token := newToken()
	ev := s.event(audit.SignedIn, a.sess, from)
	if err := s.Store.CreateSession(ctx, a.sess, token.Hash(), flow.Effects{Audit: []audit.Event{ev}}); err != nil {
		return SignedIn{}, err
	}
	if err := s.Counters.Adjust(ctx, a.lane, flow.Effects{}, func(t throttle.Tally) throttle.Tally {
		return t.Refund(s.Site().Throttle, now)
	}); err != nil {
		return SignedIn{}, err
	}
	a.sess.Version = 1
	return SignedIn{Token: token, Session: a.sess, Setup: s.unready(ctx, a.sess, from)}, nil
}

// refused records a failed sign-in and chooses what to say. A try that was not judged, or was right, does not count.
func (s *Service) refused(ctx context.Context, a attempt, from Source, err error) error {
	var why *directory.SignInError
	judged := err == nil || errors.As(err, &why)
	ev := s.event(audit.SignInFailed, a.sess, from)
	ev.Actor, ev.Outcome = audit.Visitor, audit.Refused
	right := false
	switch {
	case !judged:
		ev.Outcome, ev.Reason = audit.Failed, "unavailable"
	case a.sess.Account.IsZero():
		ev.Reason = "unknown"
	case a.held:
		ev.Reason = "held"
	default:
		ev.Reason = string(why.Reason)
		right = why.Reason == directory.SignInExpired || why.Reason == directory.SignInMustChange
	}
	refund := !a.held && (!judged || right || ev.Reason == string(directory.SignInWouldLock))
	if failed := s.Counters.Adjust(ctx, a.lane, flow.Effects{Audit: []audit.Event{ev}}, func(t throttle.Tally) throttle.Tally {
		if refund {
			return t.Refund(s.Site().Throttle, s.Now())
		}
		return t
	}); failed != nil {
		return failed
	}
	switch {
	case !judged:
		return fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	case right:
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
	_, err = s.Store.UpdateSession(ctx, sess.ID, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		if !cur.Ended.IsZero() {
			return cur, flow.Effects{}, errSignIn
		}
		cur.Ended, cur.Pending = s.Now(), nil
		return cur, flow.Effects{Audit: []audit.Event{s.event(audit.SignedOut, cur, from)}}, nil
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
