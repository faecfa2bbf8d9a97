package passkey_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/authenticator/authenticatortest"
	"rekey/internal/authenticator/passkey"
)

// lie is one way a browser, a key or a false page deviates from an honest ceremony.
type lie struct {
	name string
	tell func(*authenticatortest.Key)
}

func origins() []lie {
	var lies []lie
	for _, o := range []string{
		"https://badreset.example.test", "https://sub.reset.example.test", "https://example.test", "http://reset.example.test",
		"https://reset.example.test:8443", "https://reset.example.test:443", "https://reset.example.test.evil.test",
		"https://reset.example.test@evil.test", "https://evil.test/reset.example.test", "https://evil.test#" + site,
		"https://user@reset.example.test", "https://reset.example.test/", "https://reset.example.test/evil", "HTTPS://RESET.EXAMPLE.TEST",
		"https://reset.example.test.", "https://reset%2Eexample.test", "null", "",
	} {
		lies = append(lies, lie{"origin " + o, func(k *authenticatortest.Key) { k.Origin = o }})
	}
	return lies
}

func lies() []lie {
	return []lie{
		{"another relying party", func(k *authenticatortest.Key) { k.RPID = "example.test" }},
		{"a relying party of a false page", func(k *authenticatortest.Key) { k.RPID = "badreset.example.test" }},
		{"another challenge", func(k *authenticatortest.Key) { k.Challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }},
		{"no person present", func(k *authenticatortest.Key) { k.NotPresent = true }},
		{"person not verified", func(k *authenticatortest.Key) { k.NotVerified = true }},
		{"in a frame", func(k *authenticatortest.Key) { k.CrossOrigin = true }},
		{"in a frame of a false page", func(k *authenticatortest.Key) { k.CrossOrigin, k.TopOrigin = true, "https://evil.test" }},
		{"in a frame of our own page", func(k *authenticatortest.Key) { k.CrossOrigin, k.TopOrigin = true, site }},
		{"a top origin without a frame", func(k *authenticatortest.Key) { k.TopOrigin = site }},
		{"backed up without being eligible", func(k *authenticatortest.Key) { k.BackedUp = true }},
		{"a type of nothing", func(k *authenticatortest.Key) { k.Type = "payment.get" }},
	}
}

// TestAttack25Origin: no page but ours can use or make a passkey, however alike its address looks.
func TestAttack25Origin(t *testing.T) { refuseAll(t, origins()) }

// TestLiesAreRefused: everything that a signature covers is looked at.
func TestLiesAreRefused(t *testing.T) { refuseAll(t, lies()) }

func refuseAll(t *testing.T, all []lie) {
	t.Helper()
	m, honest := open(t, passkey.Config{}), newDevice()
	cred := enroll(t, m, honest)
	for _, l := range all {
		k := *honest.key
		l.tell(&k)
		if got := prove(t, m, &device{&k}, cred); got.Outcome != authenticator.Wrong || got.Reason != "wrong" || got.Update != nil {
			t.Errorf("use, %s: %v %q", l.name, got.Outcome, got.Reason)
		}
		fresh := authenticatortest.Key{Origin: site}
		l.tell(&fresh)
		refuseEnrollment(t, m, l.name, &device{&fresh})
	}
	if got := prove(t, m, honest, cred); got.Outcome != authenticator.Accepted {
		t.Errorf("the honest one afterwards: %v %q", got.Outcome, got.Reason)
	}
}

func refuseEnrollment(t *testing.T, m *passkey.Method, what string, d *device) {
	t.Helper()
	e := authenticator.Enrollment{Subject: alice(), Session: "s"}
	c := begin(t, m, e)
	done, err := m.Finish(t.Context(), e, c.State, d.Prove(t, c, start), start)
	if err != nil || done.Outcome != authenticator.Wrong || done.Reason != "wrong" || done.Credential.Data != nil {
		t.Errorf("enrollment, %s: %v %q, %v", what, done.Outcome, done.Reason, err)
	}
}

// TestAttack12ChallengeReuse: a challenge works once, also where its state comes back, and for the counter's sake too.
func TestAttack12ChallengeReuse(t *testing.T) {
	m, d := open(t, passkey.Config{}), newDevice()
	r := request(enroll(t, m, d))
	c, err := m.Challenge(t.Context(), r, start)
	if err != nil {
		t.Fatal(err)
	}
	said := d.Answer(t, c, start)
	for i, want := range []struct {
		answer  authenticator.Response
		outcome authenticator.Outcome
		reason  string
	}{
		{said, authenticator.Accepted, ""},
		{said, authenticator.Stale, "replayed"},
		{d.Answer(t, c, start), authenticator.Stale, "replayed"}, // signed anew
	} {
		got, err := m.Verify(t.Context(), r, c.State, want.answer, start.Add(time.Second))
		if err != nil || got.Outcome != want.outcome || got.Reason != want.reason {
			t.Errorf("use %d: %v %q, %v; want %v", i+1, got.Outcome, got.Reason, err, want.outcome)
		}
		if got.Update != nil {
			r.Credentials[0] = *got.Update
		}
	}
}

// TestAttack12CounterBack: a key that counts backwards, or stands still, has a copy.
func TestAttack12CounterBack(t *testing.T) {
	for _, c := range []struct {
		enrolled, used uint32
		want           authenticator.Outcome
	}{
		{0, 0, authenticator.Accepted}, // synced passkeys do not count
		{0, 1, authenticator.Accepted},
		{7, 8, authenticator.Accepted},
		{7, 1 << 31, authenticator.Accepted},
		{7, 7, authenticator.Wrong},
		{7, 6, authenticator.Wrong},
		{7, 0, authenticator.Wrong},
		{1<<32 - 1, 0, authenticator.Wrong},
	} {
		m, d := open(t, passkey.Config{}), newDevice()
		d.key.Count = c.enrolled
		cred := enroll(t, m, d)
		d.key.Count = c.used
		got := prove(t, m, d, cred)
		if got.Outcome != c.want || c.want == authenticator.Wrong && (got.Reason != "counter-back" || got.Update != nil) {
			t.Errorf("from %d to %d: %v %q", c.enrolled, c.used, got.Outcome, got.Reason)
			continue
		}
		if c.want != authenticator.Accepted || c.used == 0 {
			continue
		}
		if again := prove(t, m, d, *got.Update); again.Reason != "counter-back" {
			t.Errorf("the counter %d was not kept: %v %q", c.used, again.Outcome, again.Reason)
		}
	}
}

func TestForgedSignature(t *testing.T) {
	m, d := open(t, passkey.Config{}), newDevice()
	cred := enroll(t, m, d)
	d.key.ForgeSignature = true
	if got := prove(t, m, d, cred); got.Outcome != authenticator.Wrong {
		t.Errorf("%+v", got)
	}
}

// TestTypeConfusion: what was signed to make a passkey proves nothing, and what proved something makes none.
func TestTypeConfusion(t *testing.T) {
	m, d := open(t, passkey.Config{}), newDevice()
	cred := enroll(t, m, d)
	d.key.Type = "webauthn.create"
	if got := prove(t, m, d, cred); got.Outcome != authenticator.Wrong {
		t.Errorf("created in place of used: %+v", got)
	}
	refuseEnrollment(t, m, "used in place of created", &device{&authenticatortest.Key{Origin: site, Type: "webauthn.get"}})

	d.key.Type = ""
	r, e := request(cred), authenticator.Enrollment{Subject: alice(), Session: "f"}
	made := begin(t, m, e)
	if got, err := m.Verify(t.Context(), r, made.State, newDevice().Prove(t, made, start), start); err == nil && got.Outcome == authenticator.Accepted {
		t.Error("an enrollment's answer proved something")
	}
	c, err := m.Challenge(t.Context(), r, start)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := m.Finish(t.Context(), e, c.State, d.Answer(t, c, start), start); err == nil && done.Outcome == authenticator.Accepted {
		t.Error("a proof enrolled something")
	}
}

// TestAttack02OtherAccountsPasskey: another account's passkey is none, whichever name and handle it answers with.
func TestAttack02OtherAccountsPasskey(t *testing.T) {
	m, mine, theirs := open(t, passkey.Config{}), newDevice(), newDevice()
	a, b := enroll(t, m, mine), enroll(t, m, theirs)
	if got := prove(t, m, theirs, a); got.Outcome != authenticator.Wrong {
		t.Errorf("signed by another key under the right id: %+v", got)
	}
	theirs.key.Handle = mine.key.Handle
	if got := prove(t, m, theirs, a); got.Outcome != authenticator.Wrong {
		t.Errorf("with the right handle too: %+v", got)
	}
	if got := prove(t, m, theirs, b); got.Outcome != authenticator.Wrong {
		t.Errorf("the right key with another account's handle: %+v", got)
	}
	r := request(b)
	c, err := m.Challenge(t.Context(), r, start)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.Verify(t.Context(), request(a), c.State, theirs.Answer(t, c, start), start); err != nil || got.Outcome != authenticator.Wrong {
		t.Errorf("an id that is not the account's: %v, %v", got.Outcome, err)
	}
}

// TestAlgorithms: a key signs with what was offered, and is of the kind its algorithm says.
func TestAlgorithms(t *testing.T) {
	m := open(t, passkey.Config{})
	for _, alg := range []int64{
		-8 /* EdDSA, but the key is on P-256 */, -257 /* RS256, likewise */, -35 /* ES384 */, -47 /* ES256K */, -65535 /* RS1 */, 1,
	} {
		refuseEnrollment(t, m, fmt.Sprint("algorithm ", alg), &device{&authenticatortest.Key{Origin: site, Algorithm: alg}})
	}
}

// TestAttestation: none is asked for, and a statement that comes nevertheless is verified.
func TestAttestation(t *testing.T) {
	m := open(t, passkey.Config{})
	for _, format := range []string{"packed", "fido-u2f", "tpm", "apple", "android-key", "unheard-of"} {
		refuseEnrollment(t, m, "attestation "+format, &device{&authenticatortest.Key{Origin: site, AttestationType: format}})
	}
	enroll(t, m, &device{&authenticatortest.Key{Origin: site, AttestationType: "none"}})
}

func TestOneKeyIsOneCredential(t *testing.T) {
	m, d := open(t, passkey.Config{}), newDevice()
	e := authenticator.Enrollment{Subject: alice(), Session: "s"}
	c := begin(t, m, e)
	proof := d.Prove(t, c, start)
	done, err := m.Finish(t.Context(), e, c.State, proof, start)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatal(done.Outcome, err)
	}
	e.Existing = []authenticator.Credential{done.Credential}
	if done, err = m.Finish(t.Context(), e, c.State, proof, start); err != nil || done.Outcome != authenticator.Wrong {
		t.Errorf("enrolled twice: %v, %v", done.Outcome, err)
	}
}

// TestLongAnswersAreNotRead keeps a large post from costing more than a small one.
func TestLongAnswersAreNotRead(t *testing.T) {
	m, d := open(t, passkey.Config{}), newDevice()
	d.key.Extensions = json.RawMessage(`{"x":"` + strings.Repeat("a", 64<<10) + `"}`)
	refuseEnrollment(t, m, "long", newDeviceWith(d.key.Extensions))
	short := newDevice()
	cred := enroll(t, m, short)
	short.key.Extensions = d.key.Extensions
	if got := prove(t, m, short, cred); got.Outcome != authenticator.Wrong {
		t.Errorf("%+v", got)
	}
}

func newDeviceWith(extensions json.RawMessage) *device {
	return &device{&authenticatortest.Key{Origin: site, Extensions: extensions}}
}

// TestAttack16DecoysLookLikeMany: decoys differ in what devices differ in, and each stays as it is.
func TestAttack16DecoysLookLikeMany(t *testing.T) {
	m, sizes, ids := open(t, passkey.Config{}), map[int]int{}, map[string]bool{}
	for i := range 64 {
		var seed [32]byte
		seed[0] = byte(i)
		r := request(m.Decoy(seed))
		c, err := m.Challenge(t.Context(), r, start)
		if err != nil {
			t.Fatal(err)
		}
		allowed := read(t, c).PublicKey.AllowCredentials
		if len(allowed) != 1 || len(allowed[0].Transports) == 0 {
			t.Fatalf("decoy names %+v", allowed)
		}
		sizes[size(t, allowed[0].ID)]++
		ids[allowed[0].ID] = true
	}
	if len(ids) != 64 || len(sizes) != 3 || sizes[16] < 5 || sizes[20] < 5 || sizes[32] < 5 {
		t.Errorf("%d ids of the sizes %v", len(ids), sizes)
	}
}

// TestDecoyRefusesItsOwnKey: even a signature by the key a decoy names is worth nothing.
func TestDecoyRefusesItsOwnKey(t *testing.T) {
	m, d := open(t, passkey.Config{}), newDevice()
	cred := enroll(t, m, d)
	var fields map[string]any
	if err := json.Unmarshal(cred.Data, &fields); err != nil {
		t.Fatal(err)
	}
	fields["decoy"] = true
	data, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	cred.Data = data
	if got := prove(t, m, d, cred); got.Outcome != authenticator.Wrong || got.Reason != "wrong" {
		t.Errorf("%+v", got)
	}
}

// TestEveryOfferedAlgorithmVerifies signs with keys that the software authenticator does not have: EdDSA and RS256.
func TestEveryOfferedAlgorithmVerifies(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]foreign{
		"EdDSA": {cose: okp(public), sign: func(b []byte) []byte { return ed25519.Sign(private, b) }},
		"RS256": rs256(t, 2048),
	} {
		m := open(t, passkey.Config{})
		cred, done := k.enroll(t, m)
		if done.Outcome != authenticator.Accepted {
			t.Errorf("%s: enrollment %v %q", name, done.Outcome, done.Reason)
			continue
		}
		if got := k.prove(t, m, cred); got.Outcome != authenticator.Accepted {
			t.Errorf("%s: %v %q", name, got.Outcome, got.Reason)
		}
	}
	for name, cose := range map[string]map[int]any{
		"1024 bits": rsaKey(-257, 128), "8192 bits": rsaKey(-257, 1024), "RS512": rsaKey(-259, 256), "PS256": rsaKey(-37, 256),
		"Ed25519 by its own number": {1: 1, 3: -19, -1: 6, -2: []byte(public)},
	} {
		if _, done := (foreign{cose: cose}).enroll(t, open(t, passkey.Config{})); done.Outcome != authenticator.Wrong {
			t.Errorf("%s: %v", name, done.Outcome)
		}
	}
}
