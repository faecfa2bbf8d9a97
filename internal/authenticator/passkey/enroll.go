package passkey

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"rekey/internal/authenticator"
	"rekey/internal/factor"
)

// algorithms are what keys may sign with, the best known first. They are a subset of WebAuthn L3 §5.8.5.
func algorithms() []protocol.CredentialParameter {
	var all []protocol.CredentialParameter
	for _, a := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		all = append(all, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: a})
	}
	return all
}

// Begin implements authenticator.Enroller. The device is told which passkeys the account has, so that it does not make a second.
func (m *Method) Begin(_ context.Context, e authenticator.Enrollment, _ authenticator.Response, now time.Time) (authenticator.Challenge, error) {
	known := readable(e.Existing)
	who := owner{handle: handle(known), name: e.Subject.Name, shown: e.Subject.DisplayName, keys: known}
	if who.name == "" {
		who.name = e.Subject.Account.String()
	}
	if who.shown == "" {
		who.shown = who.name
	}
	options, session, err := m.relying.BeginRegistration(who,
		webauthn.WithCredentialParameters(algorithms()),
		webauthn.WithExclusions(webauthn.Credentials(who.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return authenticator.Challenge{}, err
	}
	return prompt(true, options, ceremony{Binding: e.Binding(), Challenge: session.Challenge, Handle: who.handle}, now)
}

// readable leaves out what cannot be read: a broken credential must not keep its owner from making a new one.
func readable(cs []authenticator.Credential) []key {
	var keys []key
	for _, c := range cs {
		if k, err := decode(c); err == nil {
			keys = append(keys, k)
		}
	}
	return keys
}

// handle names the account towards devices: random, since it may be read by whoever finds the device (WebAuthn L3 §14.6.1), and
// the same for all its passkeys, so that password managers list them as one account's.
func handle(known []key) []byte {
	if len(known) > 0 {
		return known[0].Handle
	}
	fresh := make([]byte, 32)
	rand.Read(fresh) // never fails
	return fresh
}

// Finish implements authenticator.Enroller (WebAuthn L3 §7.1).
func (m *Method) Finish(_ context.Context, e authenticator.Enrollment, state []byte, answer authenticator.Response, now time.Time) (authenticator.Enrolled, error) {
	wrong := authenticator.Enrolled{Reason: reasonWrong}
	c, err := readCeremony(state)
	switch {
	case err != nil:
		return authenticator.Enrolled{}, err
	case c.Binding != e.Binding():
		return wrong, nil
	case now.After(c.Expires):
		return authenticator.Enrolled{Outcome: authenticator.Stale, Reason: authenticator.ReasonExpired}, nil
	}
	said, ok := m.attestation(answer)
	if !ok {
		return wrong, nil
	}
	made, err := m.relying.CreateCredential(owner{handle: c.Handle}, webauthn.SessionData{
		Challenge: c.Challenge, UserID: c.Handle, UserVerification: protocol.VerificationRequired, CredParams: algorithms(),
	}, said)
	if err != nil {
		return wrong, nil //nolint:nilerr // a bad answer is an outcome
	}
	k := key{
		Version: version, ID: made.ID, PublicKey: made.PublicKey, Handle: c.Handle, AAGUID: made.Authenticator.AAGUID,
		Transports: transports(made.Transport), Count: made.Authenticator.SignCount,
		Eligible: made.Flags.BackupEligible, BackedUp: made.Flags.BackupState,
	}
	same := func(old key) bool { return slices.Equal(old.ID, k.ID) }
	if k.check() != nil || slices.ContainsFunc(readable(e.Existing), same) {
		return wrong, nil
	}
	return keep(k)
}

func keep(k key) (authenticator.Enrolled, error) {
	data, err := json.Marshal(k)
	if err != nil {
		return authenticator.Enrolled{}, err
	}
	return authenticator.Enrolled{Outcome: authenticator.Accepted, Credential: authenticator.Credential{
		Kind: factor.Passkey, Channel: channel(k.ID), Data: data,
	}}, nil
}

// channel names the device by its credential: one key is one channel, however often it is enrolled.
func channel(id []byte) factor.Channel {
	sum := sha256.Sum256(id)
	return factor.Channel("device:" + hex.EncodeToString(sum[:16]))
}

// attestation reads an answer to navigator.credentials.create that was made at this origin.
func (m *Method) attestation(answer authenticator.Response) (*protocol.ParsedCredentialCreationData, bool) {
	said, ok := answer.(authenticator.CeremonyResponse)
	if !ok || len(said.JSON) > maxAnswer {
		return nil, false
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(said.JSON)
	if err != nil {
		return nil, false
	}
	return parsed, m.here(parsed.Response.CollectedClientData)
}

// transports keeps the hints that are defined (WebAuthn L3 §5.8.4), each once: the browser may report anything.
func transports(reported []protocol.AuthenticatorTransport) []protocol.AuthenticatorTransport {
	var kept []protocol.AuthenticatorTransport
	for _, t := range []protocol.AuthenticatorTransport{
		protocol.BLE, protocol.Hybrid, protocol.Internal, protocol.NFC, protocol.SmartCard, protocol.USB,
	} {
		if slices.Contains(reported, t) {
			kept = append(kept, t)
		}
	}
	return kept
}
