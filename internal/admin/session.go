package admin

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/fault"
)

// Session loads the session a browser holds, whether it is open for work or still asks for a passkey. Errors: ErrSignIn.
func (s *Service) Session(ctx context.Context, token Token) (Session, error) {
	if token == "" {
		return Session{}, ErrSignIn
	}
	sess, err := s.deps.Store.AdminSession(ctx, token.Hash())
	if err != nil {
		if fault.Of(err).Kind == fault.NotFound {
			return Session{}, ErrSignIn
		}
		return Session{}, err
	}
	if !s.open(sess) {
		return Session{}, ErrSignIn
	}
	if s.deps.Now().Sub(sess.Touched) < time.Minute { // a write for every page would be a waste
		return sess, nil
	}
	return s.touch(ctx, sess)
}

// Extend keeps an idle session open; its absolute end stays.
func (s *Service) Extend(ctx context.Context, token Token) (Session, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return Session{}, err
	}
	return s.touch(ctx, sess)
}

func (s *Service) open(sess Session) bool {
	now := s.deps.Now()
	return sess.Ended.IsZero() && !now.After(sess.Expires) && now.Sub(sess.Touched) <= s.deps.Site().Console.Idle
}

func (s *Service) touch(ctx context.Context, sess Session) (Session, error) {
	return s.deps.Store.UpdateAdminSession(ctx, sess.ID, func(cur Session) (Session, Effects, error) {
		if !s.open(cur) {
			return cur, Effects{}, ErrSignIn
		}
		cur.Touched = s.deps.Now()
		return cur, Effects{}, nil
	})
}

// Left is how long a session stays open if nothing more happens in it.
func (s *Service) Left(sess Session) time.Duration {
	now := s.deps.Now()
	return max(0, min(sess.Expires.Sub(now), sess.Touched.Add(s.deps.Site().Console.Idle).Sub(now)))
}

// SignOut ends the browser's own session.
func (s *Service) SignOut(ctx context.Context, token Token, from Source) error {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return err
	}
	return s.end(ctx, sess, "", sess.Name, from)
}

// End ends a session of the administrator's own, or anybody's where anybody is true. Errors: a fault of kind NotFound.
func (s *Service) End(ctx context.Context, by Admin, id string, anybody bool, from Source) error {
	whose := by.Session.Account
	if anybody {
		whose = account.ID{}
	}
	all, err := s.Sessions(ctx, whose)
	if err != nil {
		return err
	}
	for _, sess := range all {
		if sess.ID == id {
			return s.end(ctx, sess, "ended-by", by.Name(), from)
		}
	}
	return fault.New(fault.NotFound, "That session is over already.")
}

func (s *Service) end(ctx context.Context, sess Session, reason, by string, from Source) error {
	_, err := s.deps.Store.UpdateAdminSession(ctx, sess.ID, func(cur Session) (Session, Effects, error) {
		if !cur.Ended.IsZero() {
			return cur, Effects{}, nil
		}
		cur.Ended, cur.Pending = s.deps.Now(), nil
		ev := s.event(audit.ConsoleEnded, cur, from)
		ev.Reason, ev.By = reason, by
		return cur, Effects{Audit: []audit.Event{ev}}, nil
	})
	return err
}

// Sessions lists open sessions, the last used first; of everybody where who is zero.
func (s *Service) Sessions(ctx context.Context, who account.ID) ([]Session, error) {
	all, err := s.deps.Store.OpenAdminSessions(ctx, who, s.deps.Now())
	if err != nil {
		return nil, err
	}
	var open []Session
	for _, sess := range all {
		if s.open(sess) {
			open = append(open, sess)
		}
	}
	return open, nil
}

// Invitations lists those that can be used.
func (s *Service) Invitations(ctx context.Context) ([]Invitation, error) {
	return s.deps.Invitations.OpenInvitations(ctx, s.deps.Now())
}

// Passkeys lists an administrator's passkeys; everybody's where who is zero.
func (s *Service) Passkeys(ctx context.Context, who account.ID) ([]authenticator.Credential, error) {
	return s.deps.Store.Passkeys(ctx, who)
}

// RemovePasskey takes a passkey away, which ends its owner's sessions. The last one of one's own stays: it is the way in.
func (s *Service) RemovePasskey(ctx context.Context, by Admin, who account.ID, id string, from Source) error {
	keys, err := s.deps.Store.Passkeys(ctx, who)
	if err != nil {
		return err
	}
	if who == by.Session.Account && len(keys) < 2 {
		return fault.New(fault.Conflict, "This is your only passkey: without it you could not sign in. Add another first.")
	}
	ev := s.event(audit.ConsolePasskeyRemoved, Session{ID: by.Session.ID, Account: who, Name: who.String()}, from)
	ev.By, ev.Role = by.Name(), by.Role()
	return s.deps.Invitations.RemovePasskey(ctx, who, id, who == by.Session.Account, s.deps.Now(), ev)
}
