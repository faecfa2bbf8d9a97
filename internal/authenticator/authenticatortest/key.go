package authenticatortest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
)

// The bits of a WebAuthn authenticator's flags (WebAuthn L3 §6.1).
const (
	userPresent    = 1 << 0
	userVerified   = 1 << 2
	backupEligible = 1 << 3
	backupState    = 1 << 4
	attestedData   = 1 << 6
)

// ErrExcluded is what Create answers when this key is in excludeCredentials.
var ErrExcluded = errors.New("authenticatortest: key is excluded")

// Key is a browser with a software authenticator that holds one credential: ES256, no attestation. The fields after Origin are
// for lying; change them between ceremonies.
type Key struct {
	Origin string // of the page, "https://portal.example.test"

	RPID            string // asked of the authenticator; empty: what the options say
	Type            string // of the client data; empty: the right one
	Challenge       string // empty: what the options say
	CrossOrigin     bool
	TopOrigin       string
	NotPresent      bool
	NotVerified     bool
	Eligible        bool   // BE
	BackedUp        bool   // BS
	Step            uint32 // what the counter grows by with each use; 0: no counter, as synced passkeys
	Count           uint32
	ID              []byte // credential ID; empty: 32 random bytes
	Handle          []byte // user handle; set by Create
	AAGUID          [16]byte
	Transports      []string        // empty: internal
	Algorithm       int64           // COSE; 0: -7 (ES256)
	ForgeSignature  bool            // sign something else
	OmitHandle      bool            // as a key that is not discoverable
	Extensions      json.RawMessage // clientExtensionResults; empty: {}
	AttestationType string          // fmt; empty: none

	private *ecdsa.PrivateKey
}

type descriptor struct {
	ID string `json:"id"`
}

// options is what this browser reads of both kinds of options.
type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		RP        struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		Exclude []descriptor `json:"excludeCredentials"`
		Allow   []descriptor `json:"allowCredentials"`
	} `json:"publicKey"`
}

type credentialJSON struct {
	ID         string          `json:"id"`
	RawID      string          `json:"rawId"`
	Type       string          `json:"type"`
	Response   map[string]any  `json:"response"`
	Attachment string          `json:"authenticatorAttachment"`
	Extensions json.RawMessage `json:"clientExtensionResults"`
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Create answers navigator.credentials.create and gives the JSON of the new PublicKeyCredential.
func (k *Key) Create(creation []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(creation, &o); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(o.PublicKey.Exclude, func(d descriptor) bool { return d.ID == b64(k.ID) }) {
		return nil, ErrExcluded
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	k.private = private
	if len(k.ID) == 0 {
		k.ID = make([]byte, 32)
		rand.Read(k.ID)
	}
	if k.Handle, err = base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID); err != nil {
		return nil, err
	}
	client, err := k.clientData("webauthn.create", o.PublicKey.Challenge)
	if err != nil {
		return nil, err
	}
	return k.encode(map[string]any{
		"clientDataJSON": b64(client), "attestationObject": b64(k.attestation(or(k.RPID, o.PublicKey.RP.ID))),
		"transports": orList(k.Transports, []string{"internal"}),
	})
}

// Get answers navigator.credentials.get. A key that is not among the allowed ones answers in the name of the first of them.
func (k *Key) Get(request []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(request, &o); err != nil {
		return nil, err
	}
	named := *k
	allowed := slices.ContainsFunc(o.PublicKey.Allow, func(d descriptor) bool { return d.ID == b64(k.ID) })
	if !allowed && len(o.PublicKey.Allow) > 0 {
		id, err := base64.RawURLEncoding.DecodeString(o.PublicKey.Allow[0].ID)
		if err != nil {
			return nil, err
		}
		named.ID = id
	}
	k.Count += k.Step
	client, err := k.clientData("webauthn.get", o.PublicKey.Challenge)
	if err != nil {
		return nil, err
	}
	data := k.authenticatorData(or(k.RPID, o.PublicKey.RPID), 0)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(slices.Clone(data), hash[:]...))
	if k.ForgeSignature {
		signed[0] ^= 1
	}
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, signed[:])
	if err != nil {
		return nil, err
	}
	response := map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)}
	if !k.OmitHandle {
		response["userHandle"] = b64(k.Handle)
	}
	return named.encode(response)
}

func (k *Key) encode(response map[string]any) ([]byte, error) {
	return json.Marshal(credentialJSON{
		ID: b64(k.ID), RawID: b64(k.ID), Type: "public-key", Response: response, Attachment: "platform",
		Extensions: orList(k.Extensions, json.RawMessage("{}")),
	})
}

func (k *Key) clientData(kind, challenge string) ([]byte, error) {
	return json.Marshal(struct {
		Type        string `json:"type"`
		Challenge   string `json:"challenge"`
		Origin      string `json:"origin"`
		CrossOrigin bool   `json:"crossOrigin"`
		TopOrigin   string `json:"topOrigin,omitempty"`
	}{or(k.Type, kind), or(k.Challenge, challenge), k.Origin, k.CrossOrigin, k.TopOrigin})
}

// authenticatorData is laid out as WebAuthn L3 §6.1 says.
func (k *Key) authenticatorData(rpID string, flags byte) []byte {
	for bit, on := range map[byte]bool{
		userPresent: !k.NotPresent, userVerified: !k.NotVerified, backupEligible: k.Eligible, backupState: k.BackedUp,
	} {
		if on {
			flags |= bit
		}
	}
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), k.Count)
}

// attestation is an attestation object (WebAuthn L3 §6.5.4) in CTAP2's canonical CBOR.
func (k *Key) attestation(rpID string) []byte {
	data := append(k.authenticatorData(rpID, attestedData), k.AAGUID[:]...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID)))
	data = append(append(data, k.ID...), k.cose()...)
	out := append([]byte{0xa3}, cborText("fmt")...)
	out = append(out, cborText(or(k.AttestationType, "none"))...)
	out = append(append(out, cborText("attStmt")...), 0xa0)
	return append(append(out, cborText("authData")...), cborBytes(data)...)
}

// cose is the public key as RFC 9053 §7.1 says: kty EC2, alg, crv P-256, x, y.
func (k *Key) cose() []byte {
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		panic(err) // a key just generated
	}
	alg := or(k.Algorithm, -7)
	out := append([]byte{0xa5, 0x01, 0x02, 0x03}, cborInt(alg)...)
	out = append(append(out, 0x20, 0x01, 0x21), cborBytes(point[1:33])...)
	return append(append(out, 0x22), cborBytes(point[33:])...)
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

func orList[S ~[]E, E any](v, fallback S) S {
	if len(v) == 0 {
		return fallback
	}
	return v
}

// cborHead writes the type and the number before a value (RFC 8949 §3). Nothing here is longer than 64 KiB.
func cborHead(major byte, n int) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 256:
		return []byte{major<<5 | 24, byte(n)}
	}
	return []byte{major<<5 | 25, byte(n >> 8), byte(n)}
}

func cborText(s string) []byte  { return append(cborHead(3, len(s)), s...) }
func cborBytes(b []byte) []byte { return append(cborHead(2, len(b)), b...) }

func cborInt(n int64) []byte {
	if n < 0 {
		return cborHead(1, int(-1-n))
	}
	return cborHead(0, int(n))
}
