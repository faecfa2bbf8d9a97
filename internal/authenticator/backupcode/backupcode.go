// Package backupcode proves with one of a sheet of codes that the person printed or saved: look-up secrets (NIST SP 800-63B-4
// §3.1.2), each strong enough for a saved recovery code (§4.2.1.1).
//
// Each code works once; a new sheet takes the place of the old one. A code has 16 characters, 80 bits, since people have to type
// it from paper. That is less than the 112 bits from which ASVS 5.0 §6.5.2 allows a plain hash, so codes are stored under
// Argon2id with one salt per sheet: an answer then costs one slow hash, however many codes are left. How many are computed at
// once is bounded by the number of processors, and what storage may ask for by limits of our own.
package backupcode

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"slices"
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

// Method is the sheet of backup codes.
type Method struct {
	config Config
	cost   cost // of new sheets
	hasher hasher
}

// Open checks the configuration and makes the method.
func Open(c Config, _ Deps) (*Method, error) { return open(c, recommended()) }

func open(c Config, of cost) (*Method, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Method{config: c.withDefaults(), cost: of, hasher: newHasher()}, nil
}

// Traits implements authenticator.Method. A code can be typed into a false page, so it is not phishing-resistant.
func (*Method) Traits() factor.Traits {
	return factor.Traits{Kind: factor.BackupCode, Class: factor.Has}
}

// Challenge implements authenticator.Method. It needs no state: the sheet is the challenge. It reads none of the sheets, so that
// the prompt is the same for everybody.
func (*Method) Challenge(context.Context, authenticator.Request, time.Time) (authenticator.Challenge, error) {
	return authenticator.Challenge{Prompt: authenticator.CodePrompt{Letters: true}}, nil
}

// Verify implements authenticator.Method. It hashes whatever was typed, right form or not: the time says nothing about the sheet.
// Its error is the context's when too many others are being judged.
func (m *Method) Verify(ctx context.Context, r authenticator.Request, _ []byte, answer authenticator.Response, _ time.Time) (authenticator.Result, error) {
	result := authenticator.Result{Reason: authenticator.ReasonWrong}
	typed, ok := answer.(authenticator.CodeResponse)
	if !ok {
		return result, nil
	}
	code := authenticator.Letters(typed.Code)
	for _, c := range r.Credentials {
		s, err := decode(c)
		if err != nil {
			return authenticator.Result{}, err
		}
		hash, err := m.hasher.hash(ctx, code, s)
		if err != nil {
			return authenticator.Result{}, err
		}
		at := s.find(hash)
		if at < 0 || s.Decoy || result.Outcome == authenticator.Accepted {
			continue
		}
		if result, err = accept(c, s, at); err != nil {
			return authenticator.Result{}, err
		}
	}
	return result, nil
}

// accept strikes a code off its sheet. With the last one the sheet is gone.
func accept(c authenticator.Credential, s sheet, at int) (authenticator.Result, error) {
	result := authenticator.Result{Outcome: authenticator.Accepted, Used: c.ID}
	if len(s.Hashes) == 1 {
		result.Delete = true
		return result, nil
	}
	s.Hashes = slices.Delete(slices.Clone(s.Hashes), at, at+1)
	data, err := json.Marshal(s)
	if err != nil {
		return authenticator.Result{}, err
	}
	c.Data = data
	result.Update = &c
	return result, nil
}

// Decoy implements authenticator.Method. Its hashes are of nothing.
func (m *Method) Decoy(seed [32]byte) authenticator.Credential {
	s := sheet{Version: version, Cost: m.cost, Salt: seed[:saltSize], Decoy: true}
	for i := range m.config.Codes {
		sum := sha256.Sum256(append([]byte{byte(i)}, seed[:]...))
		s.Hashes = append(s.Hashes, sum[:])
	}
	data, _ := json.Marshal(s) // plain fields cannot fail
	return authenticator.Credential{Kind: factor.BackupCode, Data: data}
}

// find gives the place of a hash on the sheet, or -1, in time that does not depend on which it is.
func (s sheet) find(hash []byte) int {
	at := -1
	for i, h := range s.Hashes {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(h, hash), i, at)
	}
	return at
}
