package keyset

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"rekey/internal/fault"
)

// KEKSize is the length of the key that wraps the keyset, in bytes.
const KEKSize = 32

// refreshTimeout bounds the look for a key that Open does not know.
const refreshTimeout = 5 * time.Second

// Store keeps the wrapped keyset. It is one value with a version.
type Store interface {
	// LoadKeyset reads it; a *fault.Error of kind NotFound when there is none yet.
	LoadKeyset(ctx context.Context) (wrapped []byte, version int64, err error)
	// SaveKeyset replaces version after (0: there is none) by after+1; a lost race is fault Conflict.
	SaveKeyset(ctx context.Context, wrapped []byte, after int64) error
}

// Keyset seals, opens, hashes and signs. It is safe for concurrent use and prints no key.
type Keyset struct {
	store Store

	mu      sync.Mutex // guards kek, and makes changes one at a time
	kek     []byte
	current atomic.Pointer[ring]
}

// errUnknownKey is what Open says when even the newest keyset lacks the key.
var errUnknownKey = errors.New("sealed with a key that is not in the keyset")

// Load opens the stored keyset, or makes one at the very first start. Of several replicas that start at once one wins and all
// use its keyset. kek is KEKSize bytes.
func Load(ctx context.Context, store Store, kek []byte) (*Keyset, error) {
	k := &Keyset{store: store, kek: kek}
	err := k.Refresh(ctx)
	if err == nil {
		return k, nil
	}
	if fault.Of(err).Kind != fault.NotFound {
		return nil, err
	}
	fresh, err := newRing()
	if err != nil {
		return nil, err
	}
	wrapped, err := fresh.wrap(kek)
	if err != nil {
		return nil, err
	}
	if err := store.SaveKeyset(ctx, wrapped, 0); err != nil && fault.Of(err).Kind != fault.Conflict {
		return nil, fmt.Errorf("save the first keyset: %w", err)
	}
	if err := k.Refresh(ctx); err != nil {
		return nil, err
	}
	return k, nil
}

// Seal encrypts for storage. purpose and context are bound to the result: it opens with the same two only.
func (k *Keyset) Seal(purpose string, plain, context []byte) ([]byte, error) {
	sealed, err := k.current.Load().aead.Encrypt(plain, binding(purpose, context))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", purpose, err)
	}
	return sealed, nil
}

// Open decrypts what Seal gave. A key that another replica has just made is looked for once.
func (k *Keyset) Open(purpose string, sealed, context []byte) ([]byte, error) {
	r, err := k.ringFor(sealed)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", purpose, err)
	}
	plain, err := r.aead.Decrypt(sealed, binding(purpose, context))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", purpose, err)
	}
	return plain, nil
}

func (k *Keyset) ringFor(sealed []byte) (*ring, error) {
	if r := k.current.Load(); r.knows(sealed) {
		return r, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), refreshTimeout)
	defer cancel()
	if err := k.Refresh(ctx); err != nil {
		return nil, err
	}
	if r := k.current.Load(); r.knows(sealed) {
		return r, nil
	}
	return nil, errUnknownKey
}

// binding is the associated data. The length in front keeps purpose and context apart.
func binding(purpose string, context []byte) []byte {
	b := make([]byte, 0, 4+len(purpose)+len(context))
	b = binary.BigEndian.AppendUint32(b, uint32(len(purpose))) //nolint:gosec // purposes are short constants
	return append(append(b, purpose...), context...)
}

// MAC is HMAC-SHA-256 with a key of its own per purpose (HKDF, RFC 5869). The same input gives the same hash for the whole
// life of the installation, whatever is rotated.
func (k *Keyset) MAC(purpose string, data []byte) []byte {
	key, err := hkdf.Expand(sha256.New, k.current.Load().keys.MAC, "rekey mac "+purpose, sha256.Size)
	if err != nil {
		panic(err) // only asked for more than 8160 bytes
	}
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}

// Signer signs checkpoints of the audit log (Ed25519).
func (k *Keyset) Signer() note.Signer { return k.current.Load().signer }

// Verifier is the text of the public key that Signer's signatures verify with.
func (k *Keyset) Verifier() string { return k.current.Load().keys.Verifier }

// Refresh follows the stored keyset when another replica changed it. The keys in use stay on an error.
func (k *Keyset) Refresh(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refresh(ctx)
}

func (k *Keyset) refresh(ctx context.Context) error {
	wrapped, version, err := k.store.LoadKeyset(ctx)
	if err != nil {
		return fmt.Errorf("load keyset: %w", err)
	}
	if r := k.current.Load(); r != nil && r.version == version {
		return nil
	}
	r, err := unwrap(wrapped, k.kek)
	if err != nil {
		return err
	}
	r.version = version
	k.current.Store(r)
	return nil
}

// Key is what may be said of a sealing key.
type Key struct {
	ID      uint32
	Made    time.Time // zero: by a version that did not write it down
	Current bool      // it seals; the others open what they sealed
}

// List gives the sealing keys, newest first.
func (k *Keyset) List() []Key { return k.current.Load().list() }

// Rotate makes a new key seal from now on. What older keys sealed still opens.
func (k *Keyset) Rotate(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.change(ctx, k.kek, (*ring).rotated)
}

// Rewrap changes the key that wraps the keyset. Replicas that still run with the old one keep working on what they have
// loaded, and need the new one to start or to follow a rotation.
func (k *Keyset) Rewrap(ctx context.Context, kek []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.change(ctx, kek, func(r *ring) (*ring, error) { return r, nil }); err != nil {
		return err
	}
	k.kek = kek
	return nil
}

// change saves what to makes of the newest keyset, again if another replica was faster.
func (k *Keyset) change(ctx context.Context, kek []byte, to func(*ring) (*ring, error)) error {
	const tries = 5
	var err error
	for range tries {
		if err = k.refresh(ctx); err != nil {
			return err
		}
		if err = k.save(ctx, kek, to); err == nil || fault.Of(err).Kind != fault.Conflict {
			return err
		}
	}
	return err
}

func (k *Keyset) save(ctx context.Context, kek []byte, to func(*ring) (*ring, error)) error {
	old := k.current.Load()
	next, err := to(old)
	if err != nil {
		return err
	}
	wrapped, err := next.wrap(kek)
	if err != nil {
		return err
	}
	if err := k.store.SaveKeyset(ctx, wrapped, old.version); err != nil {
		return fmt.Errorf("save keyset: %w", err)
	}
	saved := *next
	saved.version = old.version + 1
	k.current.Store(&saved)
	return nil
}

// Format implements fmt.Formatter, so that no verb reaches a key.
func (*Keyset) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("[keyset]")) }

// MarshalText implements encoding.TextMarshaler, for encoders and logs.
func (*Keyset) MarshalText() ([]byte, error) { return []byte("[keyset]"), nil }
