package backupcode

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/factor"
)

// pending is the state of an enrollment. It holds the codes themselves, as the prompt that shows them does: both are sealed at
// rest and thrown away together. They are hashed once the person has them.
type pending struct {
	Binding authenticator.Binding `json:"binding"`
	Salt    []byte                `json:"salt"`
	Codes   []string              `json:"codes"`
}

func readPending(state []byte) (pending, error) {
	var p pending
	if err := json.Unmarshal(state, &p); err != nil {
		return pending{}, fmt.Errorf("state of a sheet: %w", err)
	}
	if len(p.Salt) != saltSize || len(p.Codes) == 0 || len(p.Codes) > maxCodes {
		return pending{}, errors.New("state of a sheet: incomplete")
	}
	return p, nil
}

// Begin implements authenticator.Enroller.
func (m *Method) Begin(_ context.Context, e authenticator.Enrollment, _ authenticator.Response, _ time.Time) (authenticator.Challenge, error) {
	p := pending{Binding: e.Binding(), Salt: make([]byte, saltSize)}
	rand.Read(p.Salt) // never fails
	shown := make([]string, m.config.Codes)
	for i := range shown {
		code := newCode(m.config.Length)
		p.Codes, shown[i] = append(p.Codes, code), grouped(code)
	}
	state, err := json.Marshal(p)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	return authenticator.Challenge{Prompt: authenticator.SheetPrompt{Codes: shown}, State: state}, nil
}

// Finish implements authenticator.Enroller. Any one of the codes proves that the person has them, and stays good.
func (m *Method) Finish(ctx context.Context, e authenticator.Enrollment, state []byte, answer authenticator.Response, _ time.Time) (authenticator.Enrolled, error) {
	wrong := authenticator.Enrolled{Reason: authenticator.ReasonWrong}
	p, err := readPending(state)
	if err != nil {
		return authenticator.Enrolled{}, err
	}
	typed, ok := answer.(authenticator.CodeResponse)
	if !ok || p.Binding != e.Binding() || known(e.Existing, p.Salt) || !p.has(authenticator.Letters(typed.Code)) {
		return wrong, nil
	}
	s := sheet{Version: version, Cost: m.cost, Salt: p.Salt}
	for _, code := range p.Codes {
		hash, err := m.hasher.hash(ctx, code, s)
		if err != nil {
			return authenticator.Enrolled{}, err
		}
		s.Hashes = append(s.Hashes, hash)
	}
	data, err := json.Marshal(s)
	if err != nil {
		return authenticator.Enrolled{}, err
	}
	return authenticator.Enrolled{
		Outcome:  authenticator.Accepted,
		Replaces: ids(e.Existing),
		Credential: authenticator.Credential{
			Kind: factor.BackupCode, Channel: factor.Channel("paper:" + strings.ToLower(rand.Text())), Data: data,
		},
	}, nil
}

// has compares a typed code with all of the sheet, in time that does not depend on which it is.
func (p pending) has(typed string) bool {
	found := 0
	for _, code := range p.Codes {
		found |= subtle.ConstantTimeCompare([]byte(typed), []byte(code))
	}
	return found == 1 && typed != ""
}

// known reports whether a sheet was enrolled before: a state that comes back would otherwise bring used codes back.
func known(existing []authenticator.Credential, salt []byte) bool {
	for _, c := range existing {
		if old, err := decode(c); err == nil && bytes.Equal(old.Salt, salt) {
			return true
		}
	}
	return false
}

// ids names the sheets that a new one takes the place of: a drawer must not hold two that look alike.
func ids(cs []authenticator.Credential) []string {
	var all []string
	for _, c := range cs {
		all = append(all, c.ID)
	}
	return all
}
