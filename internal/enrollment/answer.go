package enrollment

import (
	"context"
	"time"

	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
)

// Moved is where an answer brought the session.
type Moved struct {
	Session Session
	Token   Token // not empty: the browser must hold this one from now on, also when there is an error
	Setup   bool  // something was added, or given up, and more ways are needed: go on setting up
}

// Answer takes what a person did for the open question: an address for a code, the proof of a new method with the name it is to
// have, or the proof of an enrolled one. What is open decides; the form does not. A wrong answer is no error: the session's notice
// says so.
func (s *Service) Answer(ctx context.Context, token Token, at string, answer authenticator.Response, label string, from Source) (Moved, error) {
	sess, err := s.at(ctx, token, at)
	if err != nil {
		return Moved{Session: sess}, err
	}
	switch sess.Stage() {
	case Prove:
		return s.prove(ctx, sess, answer, from)
	case Enroll:
		asks, err := sess.Pending.asksInput()
		if err != nil {
			return Moved{Session: sess}, err
		}
		if !asks {
			return s.finish(ctx, sess, answer, label, from)
		}
		next, err := s.input(ctx, sess, answer, from)
		return Moved{Session: next}, err
	case Idle, Choose:
	}
	return Moved{Session: sess}, errStale
}

// asksInput reports whether an enrollment needs something typed before there is anything to prove.
func (p *Pending) asksInput() (bool, error) {
	prompt, err := authenticator.DecodePrompt(p.Prompt)
	_, asks := prompt.(authenticator.AddressPrompt)
	return asks, err
}

// Resendable reports whether the open question is for a code that was sent, and may be sent again.
func (s *Service) Resendable(p *Pending) bool {
	prompt, err := authenticator.DecodePrompt(p.Prompt)
	code, ok := prompt.(authenticator.CodePrompt)
	return err == nil && ok && code.Sent && p.Sends < s.Site().Flow.SendsPerMethod
}

// Resend sends a new code for the open question; tries go on counting.
func (s *Service) Resend(ctx context.Context, token Token, at string, from Source) (Session, error) {
	sess, err := s.at(ctx, token, at)
	switch {
	case err != nil:
		return sess, err
	case sess.Stage() != Prove && sess.Stage() != Enroll:
		return sess, errStale
	case !s.Resendable(sess.Pending):
		return sess, errTooMany
	case sess.Stage() == Enroll:
		return s.input(ctx, sess, authenticator.AddressResponse{Address: sess.Pending.Input}, from)
	}
	return s.challenge(ctx, sess, *sess.Pending, from)
}

// tried is a session with a try that counts already.
type tried struct {
	Session
	holds time.Time // set: the try reached the account's limit, and unless it is right holds the account until then
}

// count adds the try to the session and to the account before the answer is looked at. When the account is held the question is
// dropped.
func (s *Service) count(ctx context.Context, sess Session, from Source) (tried, error) {
	now, held := s.Now(), false
	var holds time.Time
	next, err := s.update(ctx, sess, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		tally, err := tx.Tally(ctx, lane(cur))
		if err != nil {
			return cur, flow.Effects{}, err
		}
		if held, _ = tally.Held(now); held {
			cur.Pending = nil
			return cur, flow.Effects{Audit: []audit.Event{s.refusal(audit.AccountBlocked, cur, "held", from)}}, nil
		}
		p := *cur.Pending
		p.Tries++
		cur.Pending, cur.Touched = &p, now
		tally = tally.Fail(s.Site().Throttle, now)
		holds = time.Time{}
		if reached, until := tally.Held(now); reached {
			holds = until
		}
		return cur, flow.Effects{}, tx.SetTally(ctx, lane(cur), tally)
	})
	switch {
	case err != nil:
		return tried{Session: sess}, err
	case held:
		return tried{Session: next}, errHeld
	}
	return tried{Session: next, holds: holds}, nil
}

func (s *Service) refusal(name audit.Name, sess Session, reason string, from Source) audit.Event {
	ev := s.event(name, sess, from)
	ev.Outcome, ev.Reason = audit.Refused, reason
	return ev
}

// rejected records a wrong answer. The question stays open for another try; after the last, and when it is too old to be answered
// or sent again, it is dropped: an enrollment ends, a step-up begins again.
func (s *Service) rejected(ctx context.Context, t tried, reason string, from Source) (Moved, error) {
	if reason == "" {
		reason = authenticator.ReasonWrong
	}
	if !t.holds.IsZero() {
		return s.hold(ctx, t, reason, from)
	}
	next, err := s.update(ctx, t.Session, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		ev := s.refusal(audit.ProofRejected, cur, reason, from)
		ev.Factors = []factor.Kind{cur.Pending.Kind}
		cur.Notice = reason
		dead := cur.Pending.Tries >= s.Site().Flow.TriesPerCode
		switch {
		case dead:
			cur.Notice = "code-dead"
		case s.past(*cur.Pending):
			cur.Notice = authenticator.ReasonExpired
			dead = !s.Resendable(cur.Pending)
		}
		switch {
		case dead && cur.Stage() == Prove:
			cur = s.choosing(cur, cur.Pending.Then, cur.Notice)
		case dead:
			cur.Pending = nil
		}
		return cur, flow.Effects{Audit: []audit.Event{ev}}, nil
	})
	if err != nil {
		return Moved{Session: t.Session}, err
	}
	return Moved{Session: next, Setup: next.Stage() == Idle && s.unready(ctx, next, from)}, nil
}

// hold records the wrong answer that holds the account, and tells its owner.
func (s *Service) hold(ctx context.Context, t tried, reason string, from Source) (Moved, error) {
	wrong := s.refusal(audit.ProofRejected, t.Session, reason, from)
	wrong.Factors = []factor.Kind{t.Pending.Kind}
	effects := flow.Effects{
		Audit: []audit.Event{wrong, s.refusal(audit.AccountBlocked, t.Session, "held", from)},
		Send: s.Owner.Tell(ctx, notice.Event{
			ID: "held." + At(t.Session), Template: message.RecoveryBlocked, Account: t.Account, Name: t.Name, Locale: t.Locale,
			Source: from.Source, Extra: map[string]string{"until": t.holds.UTC().Format(time.RFC3339)},
		}),
	}
	next, err := s.update(ctx, t.Session, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		cur.Pending, cur.Notice = nil, ""
		return cur, effects, nil
	})
	if err != nil {
		return Moved{Session: t.Session}, err
	}
	return Moved{Session: next}, errHeld
}

func (s *Service) past(p Pending) bool { return !p.Expires.IsZero() && s.Now().After(p.Expires) }

// refund takes the counted try back: the answer was right.
func (s *Service) refund(ctx context.Context, tx Tx, sess Session) error {
	tally, err := tx.Tally(ctx, lane(sess))
	if err != nil {
		return err
	}
	return tx.SetTally(ctx, lane(sess), tally.Refund(s.Site().Throttle, s.Now()))
}
