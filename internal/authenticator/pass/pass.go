// Package pass proves with a temporary access pass: a code that the help desk hands out to somebody who has lost every other way, as
// NIST SP 800-63B-4 §4.2.1.2 has issued recovery codes. It is good for a short time, and once.
//
// A pass has 20 characters of 5 bits: 100 bits, so that a keyed hash of it tells nothing to whoever has a copy of the database. People
// cannot set one up themselves.
package pass

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/secret"
)

var (
	_ authenticator.Method = (*Method)(nil)
	_ authenticator.Issuer = (*Method)(nil)
)

// Config says how long passes are good. The zero value is sound.
type Config struct {
	// Life of a pass, from 10 min to 24 h; 0: 1 h.
	Life time.Duration `yaml:"life,omitempty" label:"Good for" help:"From 10 minutes to 24 hours. A pass is gone with its first use." default:"1h" min:"10m" max:"24h"`
}

// Validate names the key that is wrong.
func (c Config) Validate() error {
	if l := c.withDefaults().Life; l < 10*time.Minute || l > 24*time.Hour {
		return fmt.Errorf("life: want 10m to 24h, got %s", c.Life)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Life == 0 {
		c.Life = time.Hour
	}
	return c
}

// Deps is what the method needs from outside.
type Deps struct {
	// MAC is a keyed hash; hashes of different purposes are unrelated.
	MAC func(purpose string, data []byte) []byte
}

// Method is the temporary access pass.
type Method struct {
	config Config
	mac    func(purpose string, data []byte) []byte
}

// Open checks the configuration and makes the method.
func Open(c Config, d Deps) (*Method, error) {
	if d.MAC == nil {
		return nil, errors.New("pass: no keyed hash given")
	}
	return &Method{c.withDefaults(), d.MAC}, c.Validate()
}

const (
	version = 1
	size    = 20 // characters
	purpose = "access-pass"
)

// issued is what a credential holds.
type issued struct {
	Version int       `json:"v"`
	Salt    []byte    `json:"salt"` // tells passes apart whose codes are the same
	Tag     []byte    `json:"tag"`
	Expires time.Time `json:"expires"`
	Decoy   bool      `json:"decoy,omitempty"`
}

// Traits implements authenticator.Method. Somebody else has seen the pass: it is the weakest thing to have.
func (*Method) Traits() factor.Traits { return factor.Traits{Kind: factor.Pass, Class: factor.Has} }

// Issue implements authenticator.Issuer.
func (m *Method) Issue(_ context.Context, now time.Time) (authenticator.Credential, secret.Text, error) {
	code := newCode()
	d := issued{Version: version, Salt: make([]byte, 16), Expires: now.Add(m.config.Life).UTC()}
	_, _ = rand.Read(d.Salt) // never fails (crypto/rand since Go 1.24)
	d.Tag = m.tag(d.Salt, secret.New(code))
	data, err := json.Marshal(d)
	if err != nil {
		return authenticator.Credential{}, secret.Text{}, err
	}
	c := authenticator.Credential{
		Kind: factor.Pass, Channel: factor.Channel("pass:" + hex.EncodeToString(d.Salt)), Data: data, Expires: d.Expires,
	}
	return c, secret.New(grouped(code)), nil
}

// alphabet leaves out what is taken for something else when it is read out; authenticator.Letters folds what people type.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford

func newCode() string {
	b := make([]byte, size*5/8+1)
	_, _ = rand.Read(b)
	return base32.NewEncoding(alphabet).WithPadding(base32.NoPadding).EncodeToString(b)[:size]
}

func grouped(code string) string {
	var parts []string
	for at := 0; at < len(code); at += 5 {
		parts = append(parts, code[at:at+5])
	}
	return strings.Join(parts, "-")
}

func (m *Method) tag(salt []byte, typed secret.Text) []byte {
	return m.mac(purpose, append(append([]byte(nil), salt...), authenticator.Letters(typed)...))
}

// Challenge implements authenticator.Method. It reads no pass: the prompt is the same for everybody.
func (*Method) Challenge(context.Context, authenticator.Request, time.Time) (authenticator.Challenge, error) {
	return authenticator.Challenge{Prompt: authenticator.CodePrompt{Letters: true}}, nil
}

// Verify implements authenticator.Method.
func (m *Method) Verify(_ context.Context, r authenticator.Request, _ []byte, answer authenticator.Response, now time.Time) (authenticator.Result, error) {
	result := authenticator.Result{Reason: authenticator.ReasonWrong}
	typed, ok := answer.(authenticator.CodeResponse)
	if !ok {
		return result, nil
	}
	for _, c := range r.Credentials {
		var d issued
		if err := json.Unmarshal(c.Data, &d); err != nil {
			return authenticator.Result{}, fmt.Errorf("pass %s: %w", c.ID, err)
		}
		if d.Version != version {
			return authenticator.Result{}, fmt.Errorf("pass %s: version %d", c.ID, d.Version)
		}
		if !hmac.Equal(m.tag(d.Salt, typed.Code), d.Tag) || d.Decoy || result.Outcome == authenticator.Accepted {
			continue
		}
		if now.After(d.Expires) {
			result = authenticator.Result{Outcome: authenticator.Stale, Reason: authenticator.ReasonExpired}
			continue
		}
		result = authenticator.Result{Outcome: authenticator.Accepted, Used: c.ID, Delete: true}
	}
	return result, nil
}

// Decoy implements authenticator.Method. Its tag is of nothing, and it never expires: what expires tells that it was there.
func (m *Method) Decoy(seed [32]byte) authenticator.Credential {
	data, _ := json.Marshal(issued{ // plain fields cannot fail
		Version: version, Salt: seed[:16], Tag: m.mac(purpose, append([]byte("decoy"), seed[:]...)), Expires: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
		Decoy: true,
	})
	return authenticator.Credential{Kind: factor.Pass, Data: data}
}
