// Package mailcode proves with a code sent to an address that the person enrolled: an issued recovery code in the words of NIST
// SP 800-63B-4 §4.2.1.2.
//
// A code is bound to the account, flow, purpose, credential and time it was made for, lives ten minutes and works once. The state
// holds a keyed hash of it, so a copy of the database gives no code away. It is sent to the stored address, never to a typed one
// (attack class 5).
package mailcode

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/message"
)

var (
	_ authenticator.Method    = (*Method)(nil)
	_ authenticator.Enroller  = (*Method)(nil)
	_ authenticator.Addressed = (*Method)(nil)
)

// Deps is what the method needs from outside.
type Deps struct {
	// MAC is a keyed hash; hashes of different purposes are unrelated.
	MAC func(purpose string, data []byte) []byte
}

// Method is the code by mail.
type Method struct {
	config  Config
	deps    Deps
	refused map[string]bool // domains
}

// Open checks the configuration and makes the method.
func Open(c Config, d Deps) (*Method, error) {
	if d.MAC == nil {
		return nil, errors.New("mailcode: no keyed hash given")
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &Method{config: c.withDefaults(), deps: d, refused: map[string]bool{}}
	for _, refused := range c.RefuseDomains {
		ascii, err := domain(refused)
		if err != nil {
			return nil, err
		}
		m.refused[ascii] = true
	}
	return m, nil
}

// Traits implements authenticator.Method. Whoever knows the mailbox's password has the code.
func (*Method) Traits() factor.Traits {
	return factor.Traits{Kind: factor.Mail, Class: factor.Knows, Mailbox: true, Each: true}
}

// version is that of the credential format.
const version = 1

// enrolled is what a credential holds.
type enrolled struct {
	Version int                 `json:"v"`
	Address string              `json:"address"`
	Spent   authenticator.Spent `json:"spent,omitempty"` // tags of accepted codes
	Decoy   bool                `json:"decoy,omitempty"`
}

func decode(c authenticator.Credential) (enrolled, address, error) {
	var d enrolled
	if err := json.Unmarshal(c.Data, &d); err != nil {
		return enrolled{}, address{}, fmt.Errorf("mail credential %s: %w", c.ID, err)
	}
	if d.Version != version {
		return enrolled{}, address{}, fmt.Errorf("mail credential %s: version %d", c.ID, d.Version)
	}
	to, err := parse(d.Address)
	if err != nil {
		return enrolled{}, address{}, fmt.Errorf("mail credential %s: %w", c.ID, err)
	}
	return d, to, nil
}

// only gives the one credential a code can be for.
func only(r authenticator.Request) (authenticator.Credential, error) {
	if len(r.Credentials) != 1 {
		return authenticator.Credential{}, fmt.Errorf("mail code: want one credential, got %d", len(r.Credentials))
	}
	return r.Credentials[0], nil
}

// Challenge implements authenticator.Method.
func (m *Method) Challenge(_ context.Context, r authenticator.Request, now time.Time) (authenticator.Challenge, error) {
	c, err := only(r)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	d, to, err := decode(c)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	prompt := authenticator.CodePrompt{Digits: m.config.Digits, Sent: true}
	if r.Reveal {
		prompt.Masked = to.mask()
	}
	made, err := m.issue(boundTo(r, c, d), false, message.Message{Locale: r.Subject.Locale, Discard: d.Decoy}, now)
	made.Prompt = prompt
	return made, err
}

func boundTo(r authenticator.Request, c authenticator.Credential, d enrolled) bound {
	return bound{Binding: r.Binding(), Credential: c.ID, Address: d.Address}
}

// Verify implements authenticator.Method.
func (m *Method) Verify(_ context.Context, r authenticator.Request, state []byte, answer authenticator.Response, now time.Time) (authenticator.Result, error) {
	c, err := only(r)
	if err != nil {
		return authenticator.Result{}, err
	}
	d, _, err := decode(c)
	if err != nil {
		return authenticator.Result{}, err
	}
	s, err := readState(state)
	if err != nil {
		return authenticator.Result{}, err
	}
	right, err := m.matches(s, boundTo(r, c, d), answer)
	switch {
	case err != nil:
		return authenticator.Result{}, err
	case now.After(s.Expires):
		return authenticator.Result{Outcome: authenticator.Stale, Reason: authenticator.ReasonExpired}, nil
	case !right || d.Decoy:
		return authenticator.Result{Reason: authenticator.ReasonWrong}, nil
	case d.Spent.Has(s.Tag):
		return authenticator.Result{Outcome: authenticator.Stale, Reason: authenticator.ReasonReplayed}, nil
	}
	d.Spent = d.Spent.With(s.Tag, s.Expires, now)
	if c.Data, err = json.Marshal(d); err != nil {
		return authenticator.Result{}, err
	}
	return authenticator.Result{Outcome: authenticator.Accepted, Used: c.ID, Update: &c}, nil
}

// Decoy implements authenticator.Method. Its address is in a domain that nobody can have (RFC 2606 §3), and its messages are
// discarded besides.
func (*Method) Decoy(seed [32]byte) authenticator.Credential {
	letter := string(rune('a' + int(seed[0])%26))
	data, _ := json.Marshal(enrolled{ // plain fields cannot fail
		Version: version, Address: letter + hex.EncodeToString(seed[1:5]) + "@example.com", Decoy: true,
	})
	return authenticator.Credential{Kind: factor.Mail, Data: data}
}

// Address implements authenticator.Addressed.
func (*Method) Address(c authenticator.Credential) string {
	if d, to, err := decode(c); err == nil && !d.Decoy {
		return to.String()
	}
	return ""
}
