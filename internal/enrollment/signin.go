package enrollment

import (
	"context"

	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/flow"
	"rekey/internal/secret"
	"rekey/internal/signin"
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

// SignIn checks the directory password and opens a session. It gives no access to anything but the person's own methods.
func (s *Service) SignIn(ctx context.Context, in SignIn) (SignedIn, error) {
	if err := s.closed(); err != nil {
		return SignedIn{}, err
	}
	sess := s.session(in.Source)
	found, err := s.checker().Check(ctx, signin.Try{
		Typed: in.Typed, Domain: in.Domain, Password: in.Password, From: in.Source.Address,
		Record: s.event(audit.SignInFailed, sess, in.Source),
	})
	if err != nil || len(found.Domains) > 0 {
		return SignedIn{Domains: found.Domains}, err
	}
	return s.signedIn(ctx, sess.of(found.Person), in.Source)
}

func (s *Service) checker() *signin.Checker {
	return &signin.Checker{Site: s.Site, Counters: s.Counters, Limiter: s.Limiter, Now: s.Now}
}

// session begins one for nobody yet.
func (s *Service) session(from Source) Session {
	now := s.Now()
	return Session{
		ID: randomText(12), Locale: from.Locale, SignedIn: now, Touched: now, Expires: now.Add(s.Site().Session.Life),
		Address: from.Address.Unmap().String(), Agent: from.Agent,
	}
}

// of makes it somebody's.
func (s Session) of(p directory.Person) Session {
	s.Account, s.Name, s.Display = p.ID, p.Name(), p.DisplayName
	return s
}

func (s *Service) signedIn(ctx context.Context, sess Session, from Source) (SignedIn, error) {
	token := newToken()
	ev := s.event(audit.SignedIn, sess, from)
	if err := s.Store.CreateSession(ctx, sess, token.Hash(), flow.Effects{Audit: []audit.Event{ev}}); err != nil {
		return SignedIn{}, err
	}
	sess.Version = 1
	return SignedIn{Token: token, Session: sess, Setup: s.unready(ctx, sess, from)}, nil
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
