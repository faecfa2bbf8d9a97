package recovery

import (
	"context"
	"slices"

	"rekey/internal/authenticator"
	"rekey/internal/flow"
	"rekey/internal/message"
)

// Choose opens a challenge for one of the offered ways.
func (s *Service) Choose(ctx context.Context, token Token, at, ref string, from Source) (flow.Flow, error) {
	f, err := s.open(ctx, token, at)
	if err != nil {
		return f, err
	}
	if f.Stage != flow.Choose && f.Stage != flow.Prove {
		return f, errStale
	}
	challenge, send, err := s.challenge(ctx, f, ref)
	if err != nil {
		return f, err
	}
	return s.update(ctx, f, f.Moves, func(Tx, flow.Flow) (flow.Event, error) {
		return flow.Chose{Challenge: challenge, Send: send, Source: from.Source}, nil
	})
}

// Resend makes a new challenge of the open kind, a new code for example. Failures go on counting.
func (s *Service) Resend(ctx context.Context, token Token, at string, from Source) (flow.Flow, error) {
	f, err := s.open(ctx, token, at)
	if err != nil {
		return f, err
	}
	if f.Stage != flow.Prove || f.Challenge == nil {
		return f, errStale
	}
	challenge, send, err := s.challenge(ctx, f, f.Challenge.Ref)
	if err != nil {
		return f, err
	}
	return s.update(ctx, f, f.Moves, func(Tx, flow.Flow) (flow.Event, error) {
		return flow.Resent{Challenge: challenge, Send: send, Source: from.Source}, nil
	})
}

// Back leaves the open challenge to choose another way.
func (s *Service) Back(ctx context.Context, token Token, at string) (flow.Flow, error) {
	f, err := s.open(ctx, token, at)
	if err != nil {
		return f, err
	}
	return s.update(ctx, f, f.Moves, func(Tx, flow.Flow) (flow.Event, error) { return flow.WentBack{}, nil })
}

// Cancel ends the flow at the person's wish.
func (s *Service) Cancel(ctx context.Context, token Token, at string, from Source) (flow.Flow, error) {
	f, err := s.open(ctx, token, at)
	if err != nil {
		return f, err
	}
	return s.update(ctx, f, f.Moves, func(Tx, flow.Flow) (flow.Event, error) {
		return flow.Stopped{Refusal: flow.RefusedByPerson, Source: from.Source}, nil
	})
}

// Extend keeps an idle flow open; its absolute end stays.
func (s *Service) Extend(ctx context.Context, token Token) (flow.Flow, error) {
	f, err := s.Flow(ctx, token)
	if err != nil || f.Stage.Final() || f.Stage == flow.Applying {
		return f, err
	}
	now := s.Now()
	return s.Store.UpdateFlow(ctx, f, func(_ Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
		f.Touched = now
		return f, flow.Effects{}, nil
	})
}

func (s *Service) challenge(ctx context.Context, f flow.Flow, ref string) (flow.Challenge, []message.Message, error) {
	offer, m, err := s.method(f, ref)
	if err != nil {
		return flow.Challenge{}, nil, err
	}
	req, err := s.request(ctx, f, offer)
	if err != nil {
		return flow.Challenge{}, nil, err
	}
	now := s.Now()
	c, err := m.Challenge(ctx, req, now)
	if err != nil {
		return flow.Challenge{}, nil, err
	}
	prompt, err := authenticator.EncodePrompt(c.Prompt)
	if err != nil {
		return flow.Challenge{}, nil, err
	}
	send, err := s.capped(ctx, f, c.Send)
	if err != nil {
		return flow.Challenge{}, nil, err
	}
	return flow.Challenge{Ref: ref, State: c.State, Prompt: prompt, Made: now, Expires: c.Expires}, send, nil
}

// capped refuses what is above the caps of messages for one account (message bombing): who waits for a code that was not sent is
// worse off than who is told to take another way. Names nobody has are capped and told alike.
func (s *Service) capped(ctx context.Context, f flow.Flow, send []message.Message) ([]message.Message, error) {
	if len(send) == 0 {
		return nil, nil
	}
	for _, c := range lane(f).Sends(s.Site().Throttle) {
		ok, _, err := s.Limiter.Take(ctx, c.Key, c.Bucket)
		if err != nil {
			return nil, err
		}
		if !ok {
			s.Log.WarnContext(ctx, "message cap reached", "flow", f.ID)
			return nil, errNoMoreCodes
		}
	}
	out := slices.Clone(send)
	for i := range out {
		out[i].Discard = out[i].Discard || f.Decoy
		if !f.Decoy {
			out[i].Account = f.Account.String()
		}
	}
	return out, nil
}
