package keyset

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
	"golang.org/x/mod/sumdb/note"
)

// signerName is the key name in checkpoints.
const signerName = "rekey-audit"

// wrapPurpose binds a wrapped keyset to what it is.
const wrapPurpose = "rekey keyset 1"

// keys is the keyset as wrapped: JSON, encrypted as a whole by the KEK.
type keys struct {
	Sealing  []byte `json:"sealing"` // Tink keyset, binary
	MAC      []byte `json:"mac"`
	Signer   string `json:"signer"`
	Verifier string `json:"verifier"`
	// Made says when sealing keys were made, by id; those of older versions are not in it.
	Made map[uint32]time.Time `json:"made,omitempty"`
}

// ring is one version of the keys, ready to use. It is never changed.
type ring struct {
	version int64
	keys    keys
	handle  *keyset.Handle
	aead    tink.AEAD
	ids     map[uint32]bool
	signer  note.Signer
}

func newRing() (*ring, error) {
	// XChaCha20-Poly1305: nonces are long enough to be random for any number of values.
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make sealing key: %w", err)
	}
	ks := keys{MAC: make([]byte, 32)}
	_, _ = rand.Read(ks.MAC) // never fails (crypto/rand since Go 1.24)
	ks.Made = map[uint32]time.Time{handle.KeysetInfo().GetPrimaryKeyId(): now()}
	if ks.Signer, ks.Verifier, err = note.GenerateKey(rand.Reader, signerName); err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	return ready(ks, handle)
}

// ready fills in what is derived from the keys.
func ready(ks keys, handle *keyset.Handle) (*ring, error) {
	r := &ring{keys: ks, handle: handle, ids: map[uint32]bool{}}
	var err error
	if r.aead, err = aead.New(handle); err != nil {
		return nil, fmt.Errorf("sealing keys: %w", err)
	}
	for _, k := range handle.KeysetInfo().GetKeyInfo() {
		r.ids[k.GetKeyId()] = true
	}
	if r.signer, err = note.NewSigner(ks.Signer); err != nil {
		return nil, errors.New("the signing key is not readable")
	}
	return r, nil
}

// knows reports whether the key that sealed a value is here. Tink puts a version byte and the key's id in front.
func (r *ring) knows(sealed []byte) bool {
	return len(sealed) >= 5 && sealed[0] == 1 && r.ids[binary.BigEndian.Uint32(sealed[1:5])]
}

// rotated gives the keys with a new primary sealing key.
func (r *ring) rotated() (*ring, error) {
	m := keyset.NewManagerFromHandle(r.handle)
	id, err := m.Add(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make sealing key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("make sealing key primary: %w", err)
	}
	handle, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("rotate sealing keys: %w", err)
	}
	ks := r.keys
	ks.Made = maps.Clone(ks.Made)
	if ks.Made == nil {
		ks.Made = map[uint32]time.Time{}
	}
	ks.Made[id] = now()
	return ready(ks, handle)
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// list gives what may be said of the sealing keys, newest first.
func (r *ring) list() []Key {
	info := r.handle.KeysetInfo()
	var all []Key
	for _, k := range info.GetKeyInfo() {
		id := k.GetKeyId()
		all = append(all, Key{ID: id, Made: r.keys.Made[id], Current: id == info.GetPrimaryKeyId()})
	}
	slices.Reverse(all) // Tink appends
	return all
}

// wrap encrypts the keys by the KEK.
func (r *ring) wrap(kek []byte) ([]byte, error) {
	box, err := boxOf(kek)
	if err != nil {
		return nil, err
	}
	var sealing bytes.Buffer
	// In the clear only here: the whole is encrypted below.
	if err := insecurecleartextkeyset.Write(r.handle, keyset.NewBinaryWriter(&sealing)); err != nil {
		return nil, fmt.Errorf("write sealing keys: %w", err)
	}
	ks := r.keys
	ks.Sealing = sealing.Bytes()
	plain, err := json.Marshal(ks)
	if err != nil {
		return nil, fmt.Errorf("write keyset: %w", err)
	}
	return box.Encrypt(plain, []byte(wrapPurpose))
}

func unwrap(wrapped, kek []byte) (*ring, error) {
	box, err := boxOf(kek)
	if err != nil {
		return nil, err
	}
	plain, err := box.Decrypt(wrapped, []byte(wrapPurpose))
	if err != nil {
		return nil, errors.New("the configured key does not open the keyset in the database: it is another installation's, or the key was changed")
	}
	var ks keys
	if err := json.Unmarshal(plain, &ks); err != nil {
		return nil, errors.New("the keyset is not readable") // the cause may quote a key
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(ks.Sealing)))
	if err != nil {
		return nil, fmt.Errorf("read sealing keys: %w", err)
	}
	return ready(ks, handle)
}

func boxOf(kek []byte) (tink.AEAD, error) {
	if len(kek) != KEKSize {
		return nil, fmt.Errorf("the key that wraps the keyset must be %d bytes, not %d", KEKSize, len(kek))
	}
	return subtle.NewXChaCha20Poly1305(kek)
}
