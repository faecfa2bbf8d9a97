package recovery

import (
	"context"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/policy"
	"rekey/internal/throttle"
)

// Answer judges what a person did for the open challenge. A wrong answer is no error: the flow says so in its notice.
// When the requirement is met the browser gets another token; the first result is empty otherwise.
func (s *Service) Answer(ctx context.Context, token Token, at string, answer authenticator.Response, from Source) (Token, flow.Flow, error) {
	f, err := s.open(ctx, token, at)
	if err != nil {
		return "", f, err
	}
	if f.Stage != flow.Prove || f.Challenge == nil {
		return "", f, errStale
	}
	counted, err := s.count(ctx, f, from)
	if err != nil || counted.Stage.Final() {
		return "", counted, err
	}
	judged, err := s.judge(ctx, counted, answer, from)
	if err != nil {
		return "", counted, err
	}
	return s.commit(ctx, counted, judged, from)
}

// count adds the try to the flow and to the account before anybody looks at the answer.
func (s *Service) count(ctx context.Context, f flow.Flow, from Source) (flow.Flow, error) {
	now, limits := s.Now(), s.Site().Throttle
	return s.update(ctx, f, f.Moves, func(tx Tx, f flow.Flow) (flow.Event, error) {
		tally, err := tx.Tally(ctx, lane(f))
		if err != nil {
			return nil, err
		}
		if held, until := tally.Held(now); held {
			return flow.Blocked{Until: until, Source: from.Source}, nil
		}
		return flow.Tried{}, tx.SetTally(ctx, lane(f), tally.Fail(limits, now))
	})
}

// judgement is a method's result with what the flow needs to know of it.
type judgement struct {
	offer  flow.Offer
	result authenticator.Result
	used   authenticator.Credential
	// notices tell the owner when this try is the one that holds recovery.
	notices flow.Sends
}

func (s *Service) judge(ctx context.Context, f flow.Flow, answer authenticator.Response, from Source) (judgement, error) {
	offer, m, err := s.method(f, f.Challenge.Ref)
	if err != nil {
		return judgement{}, err
	}
	req, err := s.request(ctx, f, offer)
	if err != nil {
		return judgement{}, err
	}
	j := judgement{offer: offer}
	if expired(f, s.Now()) {
		j.result = authenticator.Result{Outcome: authenticator.Stale, Reason: "expired"}
	} else if j.result, err = m.Verify(ctx, req, f.Challenge.State, answer, s.Now()); err != nil {
		return judgement{}, err
	}
	for _, c := range req.Credentials {
		if c.ID == j.result.Used {
			j.used = c
		}
	}
	if j.result.Outcome == authenticator.Accepted && (f.Decoy || j.used.ID == "") { // must name a credential of this account
		j.result = authenticator.Result{Outcome: authenticator.Wrong, Reason: "wrong-code"}
	}
	if j.result.Outcome == authenticator.Accepted {
		return j, nil
	}
	standing, err := s.Store.Standing(ctx, lane(f), f.Account)
	if err != nil {
		return judgement{}, err
	}
	if held, until := standing.Tally.Held(s.Now()); held {
		held := notice.Event{Template: message.RecoveryBlocked, Extra: map[string]string{"until": until.UTC().Format(time.RFC3339)}}
		j.notices = s.tell(ctx, f, held, from)
	}
	return j, nil
}

func expired(f flow.Flow, now time.Time) bool {
	return !f.Challenge.Expires.IsZero() && now.After(f.Challenge.Expires)
}

// commit records the judgement: proof, changed credential and counter together, or nothing.
func (s *Service) commit(ctx context.Context, f flow.Flow, j judgement, from Source) (Token, flow.Flow, error) {
	var fresh Token
	g, err := s.update(ctx, f, f.Moves, func(tx Tx, f flow.Flow) (flow.Event, error) {
		fresh = ""
		if j.result.Outcome != authenticator.Accepted {
			return s.rejected(ctx, tx, f, j, from)
		}
		if err := s.spend(ctx, tx, j); err != nil {
			return nil, err
		}
		standing, err := tx.Standing(ctx, lane(f), f.Account)
		if err != nil {
			return nil, err
		}
		if err := s.giveBack(ctx, tx, f, standing.Tally); err != nil { // the answer was right
			return nil, err
		}
		proof := s.proof(j)
		if f.Requirement.SatisfiedBy(append(append([]policy.Proof(nil), f.Proven...), proof)) {
			fresh = newToken()
			if err := tx.RotateToken(ctx, fresh.Hash()); err != nil {
				return nil, err
			}
		}
		return flow.Judged{Proof: &proof, Frozen: standing.Frozen, Source: from.Source}, nil
	})
	if err != nil {
		return "", g, err
	}
	return fresh, g, nil
}

func (s *Service) proof(j judgement) policy.Proof {
	return policy.Proof{Kind: j.offer.Kind, Class: j.offer.Class, Channel: j.used.Channel, Credential: j.used.ID, At: s.Now()}
}

// rejected turns a wrong answer into its event; the try that reached the limit ends the flow.
func (s *Service) rejected(ctx context.Context, tx Tx, f flow.Flow, j judgement, from Source) (flow.Event, error) {
	if j.result.Outcome == authenticator.Another && j.result.Next != nil {
		return s.another(ctx, tx, f, j, from)
	}
	tally, err := tx.Tally(ctx, lane(f))
	if err != nil {
		return nil, err
	}
	if held, until := tally.Held(s.Now()); held {
		return flow.Blocked{Until: until, Notices: j.notices, Source: from.Source}, nil
	}
	reason := j.result.Reason
	if reason == "" {
		reason = "wrong-code"
	}
	return flow.Judged{Reason: reason, Source: from.Source}, nil
}

func (s *Service) another(ctx context.Context, tx Tx, f flow.Flow, j judgement, from Source) (flow.Event, error) {
	prompt, err := authenticator.EncodePrompt(j.result.Next.Prompt)
	if err != nil {
		return nil, err
	}
	next := flow.Challenge{Ref: f.Challenge.Ref, State: j.result.Next.State, Prompt: prompt, Made: s.Now(), Expires: j.result.Next.Expires}
	return flow.Judged{Next: &next, Source: from.Source}, s.refund(ctx, tx, f)
}

// spend saves what the proof changed in the credential. A credential changed meanwhile means the answer was raced: it fails.
func (s *Service) spend(ctx context.Context, tx Tx, j judgement) error {
	if j.offer.Kind == factor.Password {
		return nil // it is not ours to change
	}
	if j.result.Delete {
		return tx.DeleteCredential(ctx, j.used)
	}
	c := j.used
	if j.result.Update != nil {
		c = *j.result.Update
	}
	c.LastUsed = s.Now()
	return tx.SaveCredential(ctx, c)
}

// refund takes the counted try back: the answer was right.
func (s *Service) refund(ctx context.Context, tx Tx, f flow.Flow) error {
	tally, err := tx.Tally(ctx, lane(f))
	if err != nil {
		return err
	}
	return s.giveBack(ctx, tx, f, tally)
}

func (s *Service) giveBack(ctx context.Context, tx Tx, f flow.Flow, t throttle.Tally) error {
	return tx.SetTally(ctx, lane(f), t.Refund(s.Site().Throttle, s.Now()))
}
