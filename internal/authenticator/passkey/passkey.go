// Package passkey proves with a passkey: a key pair on a phone, in a computer, in a password manager or on a security key
// (WebAuthn Level 3).
//
// The device signs a challenge together with the origin of the page that asked, so a false page gets nothing that is of use
// here. It signs only after a face, a finger or a PIN (user verification is required, and the signed flag is checked). A challenge
// is bound to the account, flow and purpose it was made for, lives five minutes and works once.
package passkey

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"rekey/internal/authenticator"
	"rekey/internal/factor"
)

var (
	_ authenticator.Method   = (*Method)(nil)
	_ authenticator.Enroller = (*Method)(nil)
)

// life is how long a challenge is good for: the least that WebAuthn L3 §15.1 recommends where people are verified, and enough
// to fetch a phone.
const life = 5 * time.Minute

// The reasons of this method.
const (
	reasonWrong   = "wrong"        // not this account's passkey, not this site, not verified, or a bad signature
	reasonCounter = "counter-back" // the signature is right, but the key counts as if there were a copy of it
)

// Deps is what the method needs from outside: nothing.
type Deps struct{}

// Method is the passkey.
type Method struct {
	origin  string
	relying *webauthn.WebAuthn
}

// Open checks the configuration and makes the method.
func Open(c Config, _ Deps) (*Method, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	at, host, err := origin(c.Origin)
	if err != nil {
		return nil, err
	}
	c = c.withDefaults(host)
	limit := webauthn.TimeoutConfig{Timeout: life, TimeoutUVD: life}
	relying, err := webauthn.New(&webauthn.Config{
		RPID: c.RPID, RPDisplayName: c.Name, RPOrigins: []string{at},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
		// Some password managers report extensions that nobody asked for. None is read here (WebAuthn L3 §7.1 step 27).
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, err
	}
	return &Method{origin: at, relying: relying}, nil
}

// Traits implements authenticator.Method. The key is held, the face, finger or PIN makes it a second class. It may be synced, so
// it counts as no hardware.
func (*Method) Traits() factor.Traits {
	return factor.Traits{Kind: factor.Passkey, Class: factor.Has | factor.Is, PhishingResistant: true, NeedsScript: true}
}

// Challenge implements authenticator.Method. It names all passkeys of the account, so that the device offers the right one.
func (m *Method) Challenge(_ context.Context, r authenticator.Request, now time.Time) (authenticator.Challenge, error) {
	keys, err := decodeAll(r.Credentials)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	options, session, err := m.relying.BeginLogin(owner{keys: keys})
	if err != nil {
		return authenticator.Challenge{}, err
	}
	return prompt(false, options, ceremony{Binding: r.Binding(), Challenge: session.Challenge}, now)
}

// prompt hands a ceremony to the page and remembers it in the state.
func prompt(create bool, options any, c ceremony, now time.Time) (authenticator.Challenge, error) {
	c.Expires = now.Add(life).UTC()
	state, err := json.Marshal(c)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	shown, err := json.Marshal(options)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	return authenticator.Challenge{
		Prompt: authenticator.CeremonyPrompt{Create: create, Options: shown}, State: state, Expires: c.Expires,
	}, nil
}

// Verify implements authenticator.Method.
func (m *Method) Verify(_ context.Context, r authenticator.Request, state []byte, answer authenticator.Response, now time.Time) (authenticator.Result, error) {
	wrong := authenticator.Result{Reason: reasonWrong}
	keys, err := decodeAll(r.Credentials)
	if err != nil {
		return authenticator.Result{}, err
	}
	c, err := readCeremony(state)
	switch {
	case err != nil:
		return authenticator.Result{}, err
	case c.Binding != r.Binding():
		return wrong, nil
	case now.After(c.Expires):
		return authenticator.Result{Outcome: authenticator.Stale, Reason: authenticator.ReasonExpired}, nil
	}
	said, ok := m.assertion(answer)
	if !ok {
		return wrong, nil
	}
	i := slices.IndexFunc(keys, func(k key) bool { return slices.Equal(k.ID, said.RawID) })
	if i < 0 {
		return wrong, nil
	}
	return m.judge(r.Credentials[i], keys[i], c, said, now)
}

// judge verifies an assertion by one of the account's keys (WebAuthn L3 §7.2). Nothing is saved unless all of it holds.
func (m *Method) judge(cred authenticator.Credential, k key, c ceremony, said *protocol.ParsedCredentialAssertionData, now time.Time) (authenticator.Result, error) {
	seen, err := m.relying.ValidateLogin(owner{handle: k.Handle, keys: []key{k}}, webauthn.SessionData{
		Challenge: c.Challenge, UserID: k.Handle, AllowedCredentialIDs: [][]byte{k.ID}, UserVerification: protocol.VerificationRequired,
	}, said)
	switch {
	case err != nil || k.Decoy:
		return authenticator.Result{Reason: reasonWrong}, nil
	case k.Spent.Has([]byte(c.Challenge)):
		return authenticator.Result{Outcome: authenticator.Stale, Reason: authenticator.ReasonReplayed}, nil
	case seen.Authenticator.CloneWarning:
		return authenticator.Result{Reason: reasonCounter}, nil
	}
	k.Count, k.BackedUp = seen.Authenticator.SignCount, seen.Flags.BackupState
	k.Spent = k.Spent.With([]byte(c.Challenge), c.Expires, now)
	if cred.Data, err = json.Marshal(k); err != nil {
		return authenticator.Result{}, err
	}
	return authenticator.Result{Outcome: authenticator.Accepted, Used: cred.ID, Update: &cred}, nil
}

// assertion reads an answer to navigator.credentials.get that was made at this origin.
func (m *Method) assertion(answer authenticator.Response) (*protocol.ParsedCredentialAssertionData, bool) {
	said, ok := answer.(authenticator.CeremonyResponse)
	if !ok || len(said.JSON) > maxAnswer {
		return nil, false
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(said.JSON)
	if err != nil {
		return nil, false
	}
	return parsed, m.here(parsed.Response.CollectedClientData)
}

// here reports whether the page that asked was ours, byte for byte and in no frame. The library compares origins too, but
// folds case and looks past a path.
func (m *Method) here(c protocol.CollectedClientData) bool {
	return c.Origin == m.origin && !c.CrossOrigin && c.TopOrigin == ""
}

// Decoy implements authenticator.Method. Its id is as long as one of the common makers', its public key makes verifying cost
// what it costs, and its private key is thrown away.
func (*Method) Decoy(seed [32]byte) authenticator.Credential {
	part := func(of string) []byte {
		sum := sha256.Sum256(append([]byte(of), seed[:]...))
		return sum[:]
	}
	id, makes := part("id"), makers()
	like := makes[int(part("maker")[0])%len(makes)]
	public := ed25519.NewKeyFromSeed(part("key")).Public().(ed25519.PublicKey)
	cose, _ := webauthncbor.Marshal(webauthncose.OKPPublicKeyData{ // plain fields cannot fail
		PublicKeyData: webauthncose.PublicKeyData{KeyType: int64(webauthncose.OctetKey), Algorithm: int64(webauthncose.AlgEdDSA)},
		Curve:         int64(webauthncose.Ed25519), XCoord: public,
	})
	data, _ := json.Marshal(key{
		Version: version, ID: id[:like.idSize], PublicKey: cose, Handle: part("handle"), Transports: like.transports, Decoy: true,
	})
	return authenticator.Credential{Kind: factor.Passkey, Data: data}
}

// maker is what is seen of a passkey in a challenge.
type maker struct {
	idSize     int // bytes
	transports []protocol.AuthenticatorTransport
}

// makers are Google's and Apple's password managers and Windows Hello.
func makers() []maker {
	synced := []protocol.AuthenticatorTransport{protocol.Hybrid, protocol.Internal}
	return []maker{{16, synced}, {20, synced}, {32, []protocol.AuthenticatorTransport{protocol.Internal}}}
}
