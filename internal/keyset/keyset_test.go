package keyset_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func kek(b byte) []byte { return bytes.Repeat([]byte{b}, keyset.KEKSize) }

func newStore(t testing.TB) *postgres.KeyStore {
	t.Helper()
	return postgres.NewKeyStore(pgtest.New(t, postgres.Migrate))
}

func load(t testing.TB, store keyset.Store) *keyset.Keyset {
	t.Helper()
	k, err := keyset.Load(t.Context(), store, kek(1))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func seal(t testing.TB, k *keyset.Keyset, plain string) []byte {
	t.Helper()
	sealed, err := k.Seal("p", []byte(plain), []byte("c"))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func opens(t testing.TB, who string, k *keyset.Keyset, sealed []byte, want string) {
	t.Helper()
	if got, err := k.Open("p", sealed, []byte("c")); err != nil || string(got) != want {
		t.Errorf("%s: opened %q, error %v: want %q", who, got, err, want)
	}
}

func TestSealedValuesOpenForTheirPurposeOnly(t *testing.T) {
	k := load(t, newStore(t))
	sealed, err := k.Seal("credential", []byte("plain"), []byte("id"))
	if err != nil || bytes.Contains(sealed, []byte("plain")) {
		t.Fatalf("sealed %q, error %v", sealed, err)
	}
	if got, err := k.Open("credential", sealed, []byte("id")); err != nil || string(got) != "plain" {
		t.Fatalf("opened %q, error %v", got, err)
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		purpose, context string
		sealed           []byte
	}{
		"another purpose":                {"outbox", "id", sealed},
		"another context":                {"credential", "other", sealed},
		"context moved into the purpose": {"credentiali", "d", sealed},
		"purpose moved into the context": {"credentia", "lid", sealed},
		"a changed byte":                 {"credential", "id", flipped},
		"cut short":                      {"credential", "id", sealed[:10]},
		"an unknown key":                 {"credential", "id", append([]byte{1, 0, 0, 0, 0}, sealed[5:]...)},
		"nothing":                        {"credential", "id", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := k.Open(c.purpose, c.sealed, []byte(c.context)); err == nil {
				t.Errorf("opened %q", got)
			}
		})
	}
}

func TestReplicasThatStartAtOnceShareOneKeyset(t *testing.T) {
	store := newStore(t)
	keys := make([]*keyset.Keyset, 8)
	errs := make([]error, len(keys))
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i], errs[i] = keyset.Load(t.Context(), store, kek(1)) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, keys[0], "plain")
	for i, k := range keys {
		opens(t, fmt.Sprint("replica ", i), k, sealed, "plain")
		if !bytes.Equal(k.MAC("p", nil), keys[0].MAC("p", nil)) || k.Verifier() != keys[0].Verifier() {
			t.Errorf("replica %d has other keys", i)
		}
	}
}

func TestWrongKEKIsRefusedClearly(t *testing.T) {
	store := newStore(t)
	load(t, store)
	for name, wrong := range map[string][]byte{"another": kek(2), "short": kek(1)[1:], "none": nil} {
		t.Run(name, func(t *testing.T) {
			k, err := keyset.Load(t.Context(), store, wrong)
			if err == nil || k != nil || !strings.Contains(err.Error(), "key") {
				t.Errorf("got %v, error %v", k, err)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	store := newStore(t)
	one, two := load(t, store), load(t, store)
	before := seal(t, one, "old")
	mac, verifier := one.MAC("decoy", []byte("alice")), one.Verifier()
	if err := one.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := seal(t, one, "new")
	if bytes.Equal(before[:5], after[:5]) {
		t.Error("the same key seals after the rotation")
	}
	opens(t, "the old value", one, before, "old")
	opens(t, "another replica, a key it has not met", two, after, "new")
	if by := seal(t, two, "x"); !bytes.Equal(by[:5], after[:5]) {
		t.Error("the other replica seals with the old key")
	}
	late := load(t, store)
	opens(t, "a late replica, old value", late, before, "old")
	opens(t, "a late replica, new value", late, after, "new")
	for who, k := range map[string]*keyset.Keyset{"the same": one, "another": two, "a late": late} {
		if !bytes.Equal(k.MAC("decoy", []byte("alice")), mac) || k.Verifier() != verifier {
			t.Errorf("%s replica's MAC or audit key rotated too", who)
		}
	}
	t.Run("by several at once", func(t *testing.T) {
		var wg sync.WaitGroup
		for _, k := range []*keyset.Keyset{one, two, late} {
			wg.Go(func() {
				if err := k.Rotate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, k := range []*keyset.Keyset{one, two, late} {
			sealed := seal(t, k, "x")
			for _, other := range []*keyset.Keyset{one, two, late} {
				opens(t, "after", other, sealed, "x")
			}
		}
	})
	t.Run("followed by Refresh", func(t *testing.T) {
		if err := one.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := two.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(seal(t, one, "x")[:5], seal(t, two, "x")[:5]) {
			t.Error("the other replica did not follow")
		}
	})
}

func TestRewrap(t *testing.T) {
	store := newStore(t)
	k, running := load(t, store), load(t, store)
	sealed := seal(t, k, "plain")
	if err := k.Rewrap(t.Context(), kek(2)); err != nil {
		t.Fatal(err)
	}
	opens(t, "the same process", k, sealed, "plain")
	opens(t, "a process with the old key", running, sealed, "plain")
	if err := running.Refresh(t.Context()); err == nil {
		t.Error("the old key still opens the stored keyset")
	}
	opens(t, "after the failed refresh", running, sealed, "plain")
	if _, err := keyset.Load(t.Context(), store, kek(1)); err == nil {
		t.Error("a process starts with the old key")
	}
	fresh, err := keyset.Load(t.Context(), store, kek(2))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, "a process with the new key", fresh, sealed, "plain")
	if err := k.Rotate(t.Context()); err != nil {
		t.Errorf("rotate after rewrap: %v", err)
	}
	if err := k.Rewrap(t.Context(), kek(2)[1:]); err == nil {
		t.Error("wrapped with a short key")
	}
}

func TestMACHasAKeyPerPurpose(t *testing.T) {
	k := load(t, newStore(t))
	if sum := k.MAC("freeze", []byte("a")); len(sum) != 32 || bytes.Equal(sum, k.MAC("decoy", []byte("a"))) || bytes.Equal(sum, k.MAC("freeze", []byte("b"))) {
		t.Error("purposes or data give the same hash")
	}
	if bytes.Equal(k.MAC("fre", []byte("eze")), k.MAC("free", []byte("ze"))) {
		t.Error("purpose and data run into each other")
	}
}

func TestSignerAndVerifierFit(t *testing.T) {
	k := load(t, newStore(t))
	signed, err := note.Sign(&note.Note{Text: "text\n"}, k.Signer())
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(k.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := note.Open(signed, note.VerifierList(v)); err != nil || n.Text != "text\n" {
		t.Errorf("opened %v, error %v", n, err)
	}
}

func TestAttack17KeysetPrintsNoKey(t *testing.T) {
	store := newStore(t)
	secret := []byte("canary-kek-canary-kek-canary-kek")
	k, err := keyset.Load(t.Context(), store, secret)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "keys", k)
	text, err := json.Marshal(map[string]any{"keys": k})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, k); got != "[keyset]" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if got := log.String() + string(text); strings.Contains(got, "canary") || !strings.Contains(got, "[keyset]") {
		t.Errorf("printed %s", got)
	}
	wrapped, _, err := store.LoadKeyset(t.Context())
	if err != nil || bytes.Contains(wrapped, []byte("sealing")) || bytes.Contains(wrapped, []byte("PRIVATE")) {
		t.Errorf("the stored keyset is readable: %q, error %v", wrapped, err)
	}
}
