package enrollment

import (
	"context"

	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// StepUp opens a challenge of an enrolled kind. ref is an offer's value; then says what the person was about to do.
func (s *Service) StepUp(ctx context.Context, token Token, ref, then string, from Source) (Session, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return sess, err
	}
	offer, cs, err := s.offer(ctx, sess, ref)
	if err != nil {
		return sess, err
	}
	return s.challenge(ctx, sess, offer, cs, then, 0, from)
}

// ResendStepUp makes a new challenge of the pending kind; tries go on counting.
func (s *Service) ResendStepUp(ctx context.Context, token Token, at string, from Source) (Session, error) {
	sess, err := s.open(ctx, token, at)
	if err != nil {
		return sess, err
	}
	p := *sess.Pending
	if p.Enroll || p.Sends >= s.Site().Flow.SendsPerMethod {
		return sess, errTooMany
	}
	offer, cs, err := s.offer(ctx, sess, p.Ref)
	if err != nil {
		return sess, err
	}
	return s.challenge(ctx, sess, offer, cs, p.Then, p.Tries, from)
}

// StepUpOffers lists what the person can prove.
func (s *Service) StepUpOffers(ctx context.Context, sess Session) ([]flow.Offer, error) {
	cs, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return nil, err
	}
	return site.AllOffers(s.Site(), cs), nil
}

func (s *Service) offer(ctx context.Context, sess Session, ref string) (flow.Offer, []authenticator.Credential, error) {
	all, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return flow.Offer{}, nil, err
	}
	for _, o := range site.AllOffers(s.Site(), all) {
		if o.Ref != ref {
			continue
		}
		var cs []authenticator.Credential
		for _, c := range all {
			if has(o, c.ID) {
				cs = append(cs, c)
			}
		}
		return o, cs, nil
	}
	return flow.Offer{}, nil, fault.New(fault.Invalid, "choose.pick-one").On("method")
}

func has(o flow.Offer, id string) bool {
	for _, c := range o.Credentials {
		if c.ID == id {
			return true
		}
	}
	return false
}

func (s *Service) challenge(ctx context.Context, sess Session, offer flow.Offer, cs []authenticator.Credential, then string, tries int, from Source) (Session, error) {
	m, ok := s.Site().Methods[offer.Kind]
	if !ok {
		return sess, errMethodOff
	}
	now := s.Now()
	c, err := m.Challenge(ctx, s.request(sess, cs), now)
	if err != nil {
		return sess, err
	}
	prompt, err := authenticator.EncodePrompt(c.Prompt)
	if err != nil {
		return sess, err
	}
	send, err := s.capped(ctx, sess, c.Send)
	if err != nil {
		return sess, err
	}
	p := Pending{
		Kind: offer.Kind, Ref: offer.Ref, State: c.State, Prompt: prompt, Made: now, Expires: c.Expires,
		Tries: tries, Then: then, Sends: sess.sends(offer.Ref) + len(send),
	}
	for _, c := range cs {
		p.Credentials = append(p.Credentials, c.ID)
	}
	ev := s.event(audit.ProofRequested, sess, from)
	ev.Factors = []factor.Kind{offer.Kind}
	return s.Store.UpdateSession(ctx, sess.ID, func(_ Tx, sess Session) (Session, flow.Effects, error) {
		sess.Pending, sess.Notice, sess.Touched = &p, "", now
		return sess, flow.Effects{Audit: []audit.Event{ev}, Send: send}, nil
	})
}

// sends counts codes already sent for the pending offer.
func (s Session) sends(ref string) int {
	if s.Pending == nil || s.Pending.Ref != ref {
		return 0
	}
	return s.Pending.Sends
}

func (s *Service) request(sess Session, cs []authenticator.Credential) authenticator.Request {
	return authenticator.Request{
		Subject:     authenticator.Subject{Account: sess.Account, Name: sess.Name, DisplayName: sess.Display, Locale: sess.Locale},
		Credentials: cs, Purpose: "enroll", Flow: sess.ID, Reveal: true,
	}
}

func (s *Service) capped(ctx context.Context, sess Session, send []message.Message) ([]message.Message, error) {
	if len(send) == 0 {
		return nil, nil
	}
	ok, _, err := s.Limiter.Take(ctx, "send:"+counterKey(sess.Account), s.Site().Throttle.Sends)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errTooMany
	}
	return send, nil
}

// AnswerStepUp judges the answer to a step-up. A wrong one is no error: the session's notice says so. When it is accepted
// the browser gets another token, and then tells what the person was about to do.
func (s *Service) AnswerStepUp(ctx context.Context, token Token, at string, answer authenticator.Response, from Source) (fresh Token, then string, err error) {
	sess, err := s.open(ctx, token, at)
	if err != nil {
		return "", "", err
	}
	if sess.Pending.Enroll {
		return "", "", errStale
	}
	if sess, err = s.count(ctx, sess, at, from); err != nil {
		return "", "", err
	}
	p := *sess.Pending
	cs, err := s.pendingCredentials(ctx, sess)
	if err != nil {
		return "", "", err
	}
	m, ok := s.Site().Methods[p.Kind]
	if !ok {
		return "", "", errMethodOff
	}
	r, err := m.Verify(ctx, s.request(sess, cs), p.State, answer, s.Now())
	if err != nil {
		return "", "", err
	}
	return s.stepUp(ctx, sess, p, cs, r, from)
}

func (s *Service) pendingCredentials(ctx context.Context, sess Session) ([]authenticator.Credential, error) {
	all, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return nil, err
	}
	var cs []authenticator.Credential
	for _, c := range all {
		for _, id := range sess.Pending.Credentials {
			if c.ID == id {
				cs = append(cs, c)
			}
		}
	}
	if len(cs) == 0 {
		return nil, errMethodOff
	}
	return cs, nil
}

// count adds the try to the session and to the account before the answer is looked at. At the limit of tries for one
// challenge, or when the account is held, the challenge is dropped.
func (s *Service) count(ctx context.Context, sess Session, at string, from Source) (Session, error) {
	now, held := s.Now(), false
	sess, err := s.Store.UpdateSession(ctx, sess.ID, func(tx Tx, sess Session) (Session, flow.Effects, error) {
		held = false
		if sess.Pending == nil || At(sess) != at {
			return sess, flow.Effects{}, errStale
		}
		c, err := tx.Counter(ctx, counterKey(sess.Account))
		if err != nil {
			return sess, flow.Effects{}, err
		}
		if held, _ = throttle.Held(c, now); held {
			sess.Pending = nil
			return sess, flow.Effects{Audit: []audit.Event{s.refusal(audit.AccountBlocked, sess, "held", from)}}, nil
		}
		p := *sess.Pending
		p.Tries++
		sess.Pending, sess.Touched = &p, now
		return sess, flow.Effects{}, tx.SetCounter(ctx, counterKey(sess.Account), throttle.Fail(c, s.Site().Throttle, now))
	})
	if err == nil && held {
		return sess, errHeld
	}
	return sess, err
}

func (s *Service) refusal(name audit.Name, sess Session, reason string, from Source) audit.Event {
	ev := s.event(name, sess, from)
	ev.Outcome, ev.Reason = audit.Refused, reason
	return ev
}

// stepUp commits the judgement of a step-up.
func (s *Service) stepUp(ctx context.Context, sess Session, p Pending, cs []authenticator.Credential, r authenticator.Result, from Source) (Token, string, error) {
	used, ok := find(cs, r.Used)
	accepted := r.Outcome == authenticator.Accepted && ok && !past(p, s.Now())
	var fresh Token
	_, err := s.Store.UpdateSession(ctx, sess.ID, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		fresh = ""
		if cur.Version != sess.Version {
			return cur, flow.Effects{}, errStale
		}
		if !accepted {
			return s.wrong(cur, r.Reason, from)
		}
		if err := spend(ctx, tx, used, r, s.Now()); err != nil {
			return cur, flow.Effects{}, err
		}
		if err := s.refund(ctx, tx, cur); err != nil {
			return cur, flow.Effects{}, err
		}
		fresh = newToken()
		if err := tx.RotateToken(ctx, fresh.Hash()); err != nil {
			return cur, flow.Effects{}, err
		}
		cur.Pending, cur.Notice, cur.Proven = nil, "", s.Now()
		ev := s.event(audit.SteppedUp, cur, from)
		ev.Factors = []factor.Kind{p.Kind}
		return cur, flow.Effects{Audit: []audit.Event{ev}}, nil
	})
	if err != nil || !accepted {
		return "", "", err
	}
	return fresh, p.Then, nil
}

// wrong keeps the challenge open for another try, or drops it after the last.
func (s *Service) wrong(sess Session, reason string, from Source) (Session, flow.Effects, error) {
	if reason == "" {
		reason = "wrong-code"
	}
	ev := s.refusal(audit.ProofRejected, sess, reason, from)
	ev.Factors = []factor.Kind{sess.Pending.Kind}
	sess.Notice = reason
	if past(*sess.Pending, s.Now()) {
		sess.Notice = "expired"
	}
	if sess.Pending.Tries >= s.Site().Flow.TriesPerCode {
		sess.Pending, sess.Notice = nil, "code-dead"
	}
	return sess, flow.Effects{Audit: []audit.Event{ev}}, nil
}

func (s *Service) refund(ctx context.Context, tx Tx, sess Session) error {
	c, err := tx.Counter(ctx, counterKey(sess.Account))
	if err != nil {
		return err
	}
	return tx.SetCounter(ctx, counterKey(sess.Account), throttle.Refund(c, s.Site().Throttle, s.Now()))
}
