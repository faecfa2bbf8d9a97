// Package totp proves with an authenticator app: time-based one-time passwords (RFC 6238).
//
// A code is accepted one step early or late, and once: the step of the last accepted code is kept, and nothing up to it is
// accepted again. Guessing has three codes of a million to hit at a time; the use case counts the tries.
package totp

import (
	"context"
	"encoding/json"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/factor"
)

var (
	_ authenticator.Method   = (*Method)(nil)
	_ authenticator.Enroller = (*Method)(nil)
)

// Deps is what the method needs from outside: nothing.
type Deps struct{}

// Method is the authenticator app.
type Method struct{ config Config }

// Open checks the configuration and makes the method.
func Open(c Config, _ Deps) (*Method, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Method{config: c.withDefaults()}, nil
}

// Traits implements authenticator.Method. A code can be typed into a false page, so it is not phishing-resistant.
func (*Method) Traits() factor.Traits { return factor.Traits{Kind: factor.TOTP, Class: factor.Has} }

// Challenge implements authenticator.Method. It needs no state: the clock is the challenge.
func (m *Method) Challenge(_ context.Context, r authenticator.Request, _ time.Time) (authenticator.Challenge, error) {
	digits := 0
	for i, c := range r.Credentials {
		s, err := decode(c)
		if err != nil {
			return authenticator.Challenge{}, err
		}
		if i > 0 && s.Digits != digits {
			digits = 0 // two apps that differ: any length
			break
		}
		digits = s.Digits
	}
	return authenticator.Challenge{Prompt: authenticator.CodePrompt{Digits: digits}}, nil
}

// Verify implements authenticator.Method. The code of any of the apps will do.
func (m *Method) Verify(_ context.Context, r authenticator.Request, _ []byte, answer authenticator.Response, now time.Time) (authenticator.Result, error) {
	result := authenticator.Result{Reason: authenticator.ReasonWrong}
	typed, ok := answer.(authenticator.CodeResponse)
	if !ok {
		return result, nil
	}
	code := authenticator.Digits(typed.Code)
	for _, c := range r.Credentials {
		s, err := decode(c)
		if err != nil {
			return authenticator.Result{}, err
		}
		step, used, err := s.match(code, now)
		if err != nil {
			return authenticator.Result{}, err
		}
		switch {
		case s.Decoy || result.Outcome == authenticator.Accepted:
		case step != never:
			if result, err = accept(c, s, step); err != nil {
				return authenticator.Result{}, err
			}
		case used:
			result = authenticator.Result{Outcome: authenticator.Stale, Reason: authenticator.ReasonReplayed}
		}
	}
	return result, nil
}

func accept(c authenticator.Credential, s seed, step int64) (authenticator.Result, error) {
	s.Last = step
	data, err := json.Marshal(s)
	if err != nil {
		return authenticator.Result{}, err
	}
	c.Data = data
	return authenticator.Result{Outcome: authenticator.Accepted, Used: c.ID, Update: &c}, nil
}

// Decoy implements authenticator.Method.
func (m *Method) Decoy(from [32]byte) authenticator.Credential {
	s := m.newSeed(from[:secretSize])
	s.Decoy = true
	data, _ := json.Marshal(s) // a struct of plain fields cannot fail
	return authenticator.Credential{Kind: factor.TOTP, Data: data}
}

func (m *Method) newSeed(secret []byte) seed {
	return seed{
		Version: version, Secret: secret, Digits: m.config.Digits, Period: int64(m.config.Period / time.Second),
		Algorithm: m.config.Algorithm, Last: never,
	}
}
