package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"rekey/internal/authenticator"
)

// version is that of the credential format.
const version = 1

// The most that is looked at, in bytes. A credential id is shorter than this by WebAuthn L3 §4.
const (
	maxAnswer = 64 << 10
	maxID     = 1023
)

// The lengths of an RSA key that are accepted, in bytes: 2048 bits are NIST's least, and verifying with much more costs seconds.
const (
	minModulus = 256
	maxModulus = 512
)

// key is what a credential holds (the credential record of WebAuthn L3 §4).
type key struct {
	Version    int                               `json:"v"`
	ID         []byte                            `json:"id"`
	PublicKey  []byte                            `json:"public"` // COSE
	Handle     []byte                            `json:"handle"` // of the account, random
	AAGUID     []byte                            `json:"aaguid,omitempty"`
	Transports []protocol.AuthenticatorTransport `json:"transports,omitempty"`
	Count      uint32                            `json:"count"`     // of signatures; 0: the key does not count
	Eligible   bool                              `json:"eligible"`  // may be backed up; never changes
	BackedUp   bool                              `json:"backed_up"` // as of the last use
	Spent      authenticator.Spent               `json:"spent,omitempty"`
	Decoy      bool                              `json:"decoy,omitempty"`
}

func (k key) check() error {
	if k.Version != version || len(k.ID) == 0 || len(k.ID) > maxID || len(k.Handle) == 0 || len(k.Handle) > protocol.MaximumUserHandleLength {
		return errors.New("not a passkey of this version")
	}
	return usable(k.PublicKey)
}

// usable reports why a public key cannot be verified with.
func usable(cose []byte) error {
	parsed, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return err
	}
	if rsa, ok := parsed.(webauthncose.RSAPublicKeyData); ok && (len(rsa.Modulus) < minModulus || len(rsa.Modulus) > maxModulus) {
		return fmt.Errorf("an RSA key of %d bytes", len(rsa.Modulus))
	}
	return nil
}

func decode(c authenticator.Credential) (key, error) {
	var k key
	if err := json.Unmarshal(c.Data, &k); err != nil {
		return key{}, fmt.Errorf("passkey credential %s: %w", c.ID, err)
	}
	if err := k.check(); err != nil {
		return key{}, fmt.Errorf("passkey credential %s: %w", c.ID, err)
	}
	return k, nil
}

func decodeAll(cs []authenticator.Credential) ([]key, error) {
	if len(cs) == 0 {
		return nil, errors.New("passkey: no credential given")
	}
	keys := make([]key, len(cs))
	for i, c := range cs {
		k, err := decode(c)
		if err != nil {
			return nil, err
		}
		keys[i] = k
	}
	return keys, nil
}

// record is the key as the library wants it.
func (k key) record() webauthn.Credential {
	return webauthn.Credential{
		ID: k.ID, PublicKey: k.PublicKey, Transport: k.Transports,
		Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: k.Eligible, BackupState: k.BackedUp},
		Authenticator: webauthn.Authenticator{AAGUID: k.AAGUID, SignCount: k.Count},
	}
}

// owner is an account as the library wants it.
type owner struct {
	handle      []byte
	name, shown string
	keys        []key
}

func (o owner) WebAuthnID() []byte          { return o.handle }
func (o owner) WebAuthnName() string        { return o.name }
func (o owner) WebAuthnDisplayName() string { return o.shown }

func (o owner) WebAuthnCredentials() []webauthn.Credential {
	records := make([]webauthn.Credential, len(o.keys))
	for i, k := range o.keys {
		records[i] = k.record()
	}
	return records
}

// ceremony is the state between a call in the browser and its answer.
type ceremony struct {
	Binding   authenticator.Binding `json:"binding"`
	Challenge string                `json:"challenge"` // base64url, as the client data repeats it
	Expires   time.Time             `json:"expires"`
	Handle    []byte                `json:"handle,omitempty"` // of a passkey being made
}

func readCeremony(state []byte) (ceremony, error) {
	var c ceremony
	if err := json.Unmarshal(state, &c); err != nil {
		return ceremony{}, fmt.Errorf("state of a passkey ceremony: %w", err)
	}
	if c.Challenge == "" || c.Expires.IsZero() {
		return ceremony{}, errors.New("state of a passkey ceremony: incomplete")
	}
	return c, nil
}
