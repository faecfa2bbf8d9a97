package enrollment

import (
	"context"
	"strconv"
	"time"

	"rekey/internal/fault"
	"rekey/internal/flow"
)

// At names the step a form was made for.
func At(s Session) string {
	if s.Pending == nil {
		return s.ID
	}
	return s.ID + "." + s.Pending.ID + "." + strconv.Itoa(s.Pending.Tries)
}

// Session loads the open session a browser holds. None, or one that timed out, is a fault of kind NotFound: sign in.
func (s *Service) Session(ctx context.Context, token Token) (Session, error) {
	sess, err := s.load(ctx, token)
	if err != nil || s.Now().Sub(sess.Touched) < s.touchEvery() {
		return sess, err
	}
	return s.touch(ctx, sess)
}

// Extend keeps an idle session open; its absolute end stays.
func (s *Service) Extend(ctx context.Context, token Token) (Session, error) {
	sess, err := s.load(ctx, token)
	if err != nil {
		return Session{}, err
	}
	return s.touch(ctx, sess)
}

func (s *Service) load(ctx context.Context, token Token) (Session, error) {
	if token == "" {
		return Session{}, errSignIn
	}
	sess, err := s.Store.SessionByToken(ctx, token.Hash())
	if err != nil {
		if fault.Of(err).Kind == fault.NotFound {
			return Session{}, errSignIn
		}
		return Session{}, err
	}
	if !s.open(sess) {
		return Session{}, errSignIn
	}
	return sess, nil
}

func (s *Service) open(sess Session) bool {
	now := s.Now()
	return sess.Ended.IsZero() && !now.After(sess.Expires) && now.Sub(sess.Touched) <= s.Site().Session.Idle
}

// touchEvery is how exactly it is recorded when a session was last used: a write for every page would be a waste.
func (s *Service) touchEvery() time.Duration { return min(time.Minute, s.Site().Session.Idle/10) }

func (s *Service) touch(ctx context.Context, sess Session) (Session, error) {
	now := s.Now()
	return s.Store.UpdateSession(ctx, sess.ID, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		if !cur.Ended.IsZero() {
			return cur, flow.Effects{}, errSignIn
		}
		cur.Touched = now
		return cur, flow.Effects{}, nil
	})
}

// at loads the session and refuses a form made for another step, or for another session.
func (s *Service) at(ctx context.Context, token Token, at string) (Session, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return Session{}, err
	}
	if sess.Pending == nil || At(sess) != at {
		return sess, errStale
	}
	return sess, nil
}

// update changes a session that is still open and at the step it was read at. Two requests for one step are one change.
func (s *Service) update(ctx context.Context, sess Session, change Change) (Session, error) {
	return s.Store.UpdateSession(ctx, sess.ID, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		switch {
		case !cur.Ended.IsZero():
			return cur, flow.Effects{}, errSignIn
		case At(cur) != At(sess):
			return cur, flow.Effects{}, errStale
		}
		return change(tx, cur)
	})
}

// Notice gives what the next page should say, once.
func (s *Service) Notice(ctx context.Context, sess Session) (string, error) {
	if sess.Notice == "" {
		return "", nil
	}
	_, err := s.Store.UpdateSession(ctx, sess.ID, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		if cur.Notice == sess.Notice {
			cur.Notice = ""
		}
		return cur, flow.Effects{}, nil
	})
	return sess.Notice, err
}

// Drop leaves what the session is in the middle of. setup reports whether more ways are needed and one was about to be added: the
// person goes on there.
func (s *Service) Drop(ctx context.Context, token Token, at string, from Source) (setup bool, err error) {
	sess, err := s.at(ctx, token, at)
	if err != nil {
		return false, err
	}
	next, err := s.update(ctx, sess, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		cur.Pending, cur.Notice = nil, ""
		return cur, flow.Effects{}, nil
	})
	if err != nil {
		return false, err
	}
	return sess.Pending.adds() && s.unready(ctx, next, from), nil
}
