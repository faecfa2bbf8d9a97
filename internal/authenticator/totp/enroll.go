package totp

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"rekey/internal/authenticator"
	"rekey/internal/factor"
)

// pending is the state of an enrollment: the seed that was shown.
type pending struct {
	Binding authenticator.Binding `json:"binding"`
	Seed    seed                  `json:"seed"`
}

// Begin implements authenticator.Enroller.
func (m *Method) Begin(_ context.Context, e authenticator.Enrollment, _ authenticator.Response, _ time.Time) (authenticator.Challenge, error) {
	secret := make([]byte, secretSize)
	rand.Read(secret) // never fails
	p := pending{Binding: e.Binding(), Seed: m.newSeed(secret)}
	uri, err := m.uri(p.Seed, e.Subject)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	state, err := json.Marshal(p)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	return authenticator.Challenge{
		Prompt: authenticator.SeedPrompt{URI: uri, Key: grouped(p.Seed.key()), Digits: p.Seed.Digits},
		State:  state,
	}, nil
}

// uri is the otpauth URI that apps scan.
func (m *Method) uri(s seed, who authenticator.Subject) (string, error) {
	name := who.Name
	if name == "" {
		name = who.Account.String()
	}
	a, _ := algorithm(s.Algorithm)
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: m.config.Issuer, AccountName: name, Secret: s.Secret, Digits: otp.Digits(s.Digits), Algorithm: a,
		Period: uint(s.Period), //nolint:gosec // check has found it positive
	})
	if err != nil {
		return "", fmt.Errorf("otpauth URI: %w", err)
	}
	return key.URL(), nil
}

func grouped(key string) string {
	var groups []string
	for len(key) > 4 {
		groups, key = append(groups, key[:4]), key[4:]
	}
	return strings.Join(append(groups, key), " ")
}

// Finish implements authenticator.Enroller. The step of the proof counts as used: that code proves nothing else.
func (m *Method) Finish(_ context.Context, e authenticator.Enrollment, state []byte, answer authenticator.Response, now time.Time) (authenticator.Enrolled, error) {
	wrong := authenticator.Enrolled{Reason: authenticator.ReasonWrong}
	var p pending
	if err := json.Unmarshal(state, &p); err != nil {
		return authenticator.Enrolled{}, fmt.Errorf("totp enrollment: %w", err)
	}
	if err := p.Seed.check(); err != nil {
		return authenticator.Enrolled{}, fmt.Errorf("totp enrollment: %w", err)
	}
	typed, ok := answer.(authenticator.CodeResponse)
	if !ok || p.Binding != e.Binding() || known(e.Existing, p.Seed) {
		return wrong, nil
	}
	step, _, err := p.Seed.match(authenticator.Digits(typed.Code), now)
	if err != nil || step == never {
		return wrong, err
	}
	p.Seed.Last = step
	data, err := json.Marshal(p.Seed)
	if err != nil {
		return authenticator.Enrolled{}, err
	}
	return authenticator.Enrolled{Outcome: authenticator.Accepted, Credential: authenticator.Credential{
		Kind: factor.TOTP, Channel: factor.Channel("device:" + strings.ToLower(rand.Text())), Data: data,
	}}, nil
}

// known reports whether a seed was enrolled before: a state that comes back would otherwise make one app count as two.
func known(existing []authenticator.Credential, s seed) bool {
	for _, c := range existing {
		if old, err := decode(c); err == nil && bytes.Equal(old.Secret, s.Secret) {
			return true
		}
	}
	return false
}
