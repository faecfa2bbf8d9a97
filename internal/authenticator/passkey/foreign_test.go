package passkey_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"rekey/internal/authenticator"
	"rekey/internal/authenticator/passkey"
)

// foreign is an authenticator with a key of any kind, as little of one as verifying needs.
type foreign struct {
	cose map[int]any
	sign func(signed []byte) []byte
}

var foreignID = []byte("sixteen bytes id")

func okp(public ed25519.PublicKey) map[int]any {
	return map[int]any{1: 1, 3: -8, -1: 6, -2: []byte(public)}
}

// rsaKey is of a good form; nobody can sign with it.
func rsaKey(alg, size int) map[int]any {
	return map[int]any{1: 3, 3: alg, -1: bytes.Repeat([]byte{0xff}, size), -2: []byte{1, 0, 1}}
}

func rs256(t testing.TB, bits int) foreign {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return foreign{
		cose: map[int]any{1: 3, 3: -257, -1: private.N.Bytes(), -2: []byte{1, 0, 1}},
		sign: func(signed []byte) []byte {
			sum := sha256.Sum256(signed)
			s, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	}
}

// data is authenticator data with a person present and verified.
func (foreign) data(flags byte) []byte {
	sum := sha256.Sum256([]byte("reset.example.test"))
	return binary.BigEndian.AppendUint32(append(sum[:], 0x05|flags), 0)
}

func client(t testing.TB, kind, challenge string) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": site, "crossOrigin": false})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (f foreign) enroll(t testing.TB, m *passkey.Method) (authenticator.Credential, authenticator.Enrolled) {
	t.Helper()
	e := authenticator.Enrollment{Subject: alice(), Session: "s"}
	c := begin(t, m, e)
	public, err := webauthncbor.Marshal(f.cose)
	if err != nil {
		t.Fatal(err)
	}
	data := append(f.data(0x40), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(foreignID)))
	data = append(append(data, foreignID...), public...)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		t.Fatal(err)
	}
	said := response(t, map[string][]byte{
		"clientDataJSON": client(t, "webauthn.create", read(t, c).PublicKey.Challenge), "attestationObject": object,
	})
	done, err := m.Finish(t.Context(), e, c.State, said, start)
	if err != nil {
		t.Fatal(err)
	}
	return done.Credential, done
}

func (f foreign) prove(t testing.TB, m *passkey.Method, cred authenticator.Credential) authenticator.Result {
	t.Helper()
	r := request(cred)
	c, err := m.Challenge(t.Context(), r, start)
	if err != nil {
		t.Fatal(err)
	}
	collected, data := client(t, "webauthn.get", read(t, c).PublicKey.Challenge), f.data(0)
	sum := sha256.Sum256(collected)
	got, err := m.Verify(t.Context(), r, c.State, response(t, map[string][]byte{
		"clientDataJSON": collected, "authenticatorData": data, "signature": f.sign(append(bytes.Clone(data), sum[:]...)),
	}), start)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func response(t testing.TB, parts map[string][]byte) authenticator.Response {
	t.Helper()
	encoded := map[string]string{}
	for k, v := range parts {
		encoded[k] = base64.RawURLEncoding.EncodeToString(v)
	}
	id := base64.RawURLEncoding.EncodeToString(foreignID)
	b, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": encoded, "clientExtensionResults": struct{}{}})
	if err != nil {
		t.Fatal(err)
	}
	return authenticator.CeremonyResponse{JSON: b}
}
