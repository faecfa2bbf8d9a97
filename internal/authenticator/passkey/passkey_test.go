package passkey_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/authenticator/authenticatortest"
	"rekey/internal/authenticator/passkey"
	"rekey/internal/factor"
)

const site = "https://reset.example.test"

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// device is a browser with a passkey in it.
type device struct{ key *authenticatortest.Key }

func newDevice() *device { return &device{&authenticatortest.Key{Origin: site}} }

func (*device) Input() authenticator.Response { return nil }

func (d *device) Prove(t testing.TB, c authenticator.Challenge, _ time.Time) authenticator.Response {
	return answer(t)(d.key.Create(options(t, c, true)))
}

func (d *device) Answer(t testing.TB, c authenticator.Challenge, _ time.Time) authenticator.Response {
	return answer(t)(d.key.Get(options(t, c, false)))
}

func (d *device) Wrong(t testing.TB, c authenticator.Challenge, _ time.Time) authenticator.Response {
	if c.Prompt.(authenticator.CeremonyPrompt).Create {
		other := authenticatortest.Key{Origin: site, NotVerified: true}
		return answer(t)(other.Create(options(t, c, true)))
	}
	forged := *d.key
	forged.ForgeSignature = true
	return answer(t)(forged.Get(options(t, c, false)))
}

func options(t testing.TB, c authenticator.Challenge, create bool) []byte {
	t.Helper()
	p, ok := c.Prompt.(authenticator.CeremonyPrompt)
	if !ok || p.Create != create {
		t.Fatalf("prompt %#v, want a ceremony with create %v", c.Prompt, create)
	}
	return p.Options
}

func answer(t testing.TB) func([]byte, error) authenticator.Response {
	return func(made []byte, err error) authenticator.Response {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return authenticator.CeremonyResponse{JSON: made}
	}
}

func open(t testing.TB, c passkey.Config) *passkey.Method {
	t.Helper()
	if c.Origin == "" {
		c.Origin = site
	}
	m, err := passkey.Open(c, passkey.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fixture(t testing.TB, step uint32) authenticatortest.Fixture {
	return authenticatortest.Fixture{
		Method: open(t, passkey.Config{}), Now: start, Life: 5 * time.Minute, Skew: time.Minute,
		Holder: func() authenticatortest.Holder {
			return &device{&authenticatortest.Key{Origin: site, Step: step}}
		},
	}
}

func TestConformance(t *testing.T) { authenticatortest.Run(t, fixture(t, 0)) }

// TestConformanceOfKeysThatCount is for security keys: their counter grows with each use.
func TestConformanceOfKeysThatCount(t *testing.T) { authenticatortest.Run(t, fixture(t, 1)) }

func FuzzVerify(f *testing.F) { authenticatortest.Fuzz(f, fixture(f, 1)) }

func alice() authenticator.Subject {
	return authenticator.Subject{
		Account: account.ID{Directory: "corp.example.test", Object: "alice"}, Name: "alice@corp.example.test", DisplayName: "Alice Liddell",
	}
}

func begin(t testing.TB, m *passkey.Method, e authenticator.Enrollment) authenticator.Challenge {
	t.Helper()
	c, err := m.Begin(t.Context(), e, nil, start)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// enroll gives the credential of a new passkey, as a store would.
func enroll(t testing.TB, m *passkey.Method, d *device, existing ...authenticator.Credential) authenticator.Credential {
	t.Helper()
	e := authenticator.Enrollment{Subject: alice(), Session: "s", Existing: existing}
	c := begin(t, m, e)
	done, err := m.Finish(t.Context(), e, c.State, d.Prove(t, c, start), start)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatalf("enrollment: %v %q, %v", done.Outcome, done.Reason, err)
	}
	done.Credential.ID = "id-" + string(done.Credential.Channel)
	return done.Credential
}

func request(cs ...authenticator.Credential) authenticator.Request {
	return authenticator.Request{Subject: alice(), Credentials: cs, Purpose: "reset", Flow: "f"}
}

// prove goes through one challenge and gives its judgement.
func prove(t testing.TB, m *passkey.Method, d *device, cs ...authenticator.Credential) authenticator.Result {
	t.Helper()
	r := request(cs...)
	c, err := m.Challenge(t.Context(), r, start)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Verify(t.Context(), r, c.State, d.Answer(t, c, start), start)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// seen is what a page gets: the argument of navigator.credentials.create or get, in its JSON form.
type seen struct {
	PublicKey struct {
		Challenge, RPID, UserVerification, Attestation string
		Timeout                                        int
		RP                                             struct{ ID, Name string }
		User                                           struct{ ID, Name, DisplayName string }
		PubKeyCredParams                               []struct {
			Type string
			Alg  int
		}
		ExcludeCredentials, AllowCredentials []struct {
			Type, ID   string
			Transports []string
		}
		AuthenticatorSelection struct{ ResidentKey, UserVerification string }
	}
}

func read(t testing.TB, c authenticator.Challenge) seen {
	t.Helper()
	var s seen
	if err := json.Unmarshal(c.Prompt.(authenticator.CeremonyPrompt).Options, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func size(t testing.TB, base64url string) int {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(base64url)
	if err != nil {
		t.Fatal(err)
	}
	return len(b)
}

func TestOptionsOfAnEnrollment(t *testing.T) {
	m, d := open(t, passkey.Config{Name: "Example Corp"}), newDevice()
	d.key.Transports = []string{"usb", "nfc", "usb", "carrier-pigeon"}
	first := enroll(t, m, d)
	c := begin(t, m, authenticator.Enrollment{Subject: alice(), Session: "s", Existing: []authenticator.Credential{
		first, {ID: "broken", Data: []byte("{")},
	}})
	got := read(t, c).PublicKey
	if got.RP.ID != "reset.example.test" || got.RP.Name != "Example Corp" {
		t.Errorf("relying party %+v", got.RP)
	}
	if got.User.Name != "alice@corp.example.test" || got.User.DisplayName != "Alice Liddell" || size(t, got.User.ID) != 32 {
		t.Errorf("user %+v", got.User)
	}
	if got.AuthenticatorSelection.UserVerification != "required" || got.AuthenticatorSelection.ResidentKey != "preferred" || got.Attestation != "none" {
		t.Errorf("verification %+v, attestation %q", got.AuthenticatorSelection, got.Attestation)
	}
	var algorithms []int
	for _, p := range got.PubKeyCredParams {
		algorithms = append(algorithms, p.Alg)
	}
	if !reflect.DeepEqual(algorithms, []int{-7, -8, -257}) || size(t, got.Challenge) < 16 || got.Timeout != 300_000 {
		t.Errorf("algorithms %v, challenge %q, timeout %d", algorithms, got.Challenge, got.Timeout)
	}
	want := base64.RawURLEncoding.EncodeToString(d.key.ID)
	if x := got.ExcludeCredentials; len(x) != 1 || x[0].ID != want || !reflect.DeepEqual(x[0].Transports, []string{"nfc", "usb"}) {
		t.Errorf("excluded: %+v", x)
	}
	if _, err := d.key.Create(options(t, c, true)); !errors.Is(err, authenticatortest.ErrExcluded) {
		t.Errorf("the same device again: %v", err)
	}
}

// TestHandleSaysNothing: devices keep it where a finder may read it.
func TestHandleSaysNothing(t *testing.T) {
	m := open(t, passkey.Config{})
	one, two, other := newDevice(), newDevice(), newDevice()
	first := enroll(t, m, one)
	enroll(t, m, two, first)
	enroll(t, m, other)
	if string(one.key.Handle) != string(two.key.Handle) {
		t.Error("two passkeys of an account have two handles: password managers show two accounts")
	}
	if string(one.key.Handle) == string(other.key.Handle) {
		t.Error("the handle can be computed from the account")
	}
}

func TestNamelessSubject(t *testing.T) {
	m := open(t, passkey.Config{})
	c := begin(t, m, authenticator.Enrollment{Subject: authenticator.Subject{Account: alice().Account}})
	if got := read(t, c).PublicKey; got.User.Name != "corp.example.test/alice" || got.User.DisplayName != got.User.Name || got.RP.Name != "Rekey" {
		t.Errorf("user %+v at %q: browsers want names", got.User, got.RP.Name)
	}
}

func TestOnePromptNamesEveryPasskey(t *testing.T) {
	m, phone, laptop := open(t, passkey.Config{}), newDevice(), newDevice()
	a := enroll(t, m, phone)
	b := enroll(t, m, laptop, a)
	// a passkey of before all were removed: its handle is another one
	late := newDevice()
	l := enroll(t, m, late)
	c, err := m.Challenge(t.Context(), request(a, b, l), start)
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, c).PublicKey
	if got.UserVerification != "required" || got.RPID != "reset.example.test" || got.Timeout != 300_000 || len(got.AllowCredentials) != 3 {
		t.Errorf("options %+v", got)
	}
	for want, d := range map[string]*device{a.ID: phone, b.ID: laptop, l.ID: late} {
		if got := prove(t, m, d, a, b, l); got.Outcome != authenticator.Accepted || got.Used != want || got.Update.ID != want {
			t.Errorf("%s: %+v", want, got)
		}
	}
}

// TestKeysThatCannotBeFound: some security keys keep no account list and send no handle.
func TestKeysThatCannotBeFound(t *testing.T) {
	m, d := open(t, passkey.Config{}), newDevice()
	d.key.OmitHandle = true
	if got := prove(t, m, d, enroll(t, m, d)); got.Outcome != authenticator.Accepted {
		t.Errorf("%+v", got)
	}
}

// TestUnaskedExtensions: password managers report some, and none is required (WebAuthn L3 §7.2 step 22).
func TestUnaskedExtensions(t *testing.T) {
	m, d := open(t, passkey.Config{}), newDevice()
	d.key.Extensions = json.RawMessage(`{"credProps":{"rk":true},"prf":{"enabled":true},"unheard-of":[1]}`)
	if got := prove(t, m, d, enroll(t, m, d)); got.Outcome != authenticator.Accepted {
		t.Errorf("%+v", got)
	}
}

// TestBackupFlags follows a passkey that is synced later on; what it may never do is change whether it can be.
func TestBackupFlags(t *testing.T) {
	for _, c := range []struct {
		name                                   string
		eligible, backedUp, laterEl, laterBack bool
		want                                   authenticator.Outcome
	}{
		{"bound to its device", false, false, false, false, authenticator.Accepted},
		{"synced", true, true, true, true, authenticator.Accepted},
		{"synced later", true, false, true, true, authenticator.Accepted},
		{"no longer synced", true, true, true, false, authenticator.Accepted},
		{"becomes eligible", false, false, true, false, authenticator.Wrong},
		{"ceases to be eligible", true, true, false, false, authenticator.Wrong},
		{"backed up without being eligible", false, false, false, true, authenticator.Wrong},
	} {
		m, d := open(t, passkey.Config{}), newDevice()
		d.key.Eligible, d.key.BackedUp = c.eligible, c.backedUp
		cred := enroll(t, m, d)
		d.key.Eligible, d.key.BackedUp = c.laterEl, c.laterBack
		got := prove(t, m, d, cred)
		if got.Outcome != c.want {
			t.Errorf("%s: %v %q", c.name, got.Outcome, got.Reason)
			continue
		}
		if got.Update != nil && flag(t, got.Update.Data, "backed_up") != c.laterBack {
			t.Errorf("%s: the last backup state is not kept: %s", c.name, got.Update.Data)
		}
	}
}

func flag(t testing.TB, data []byte, name string) bool {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	on, _ := fields[name].(bool)
	return on
}

func TestTraits(t *testing.T) {
	want := factor.Traits{Kind: "passkey", Class: factor.Has | factor.Is, PhishingResistant: true, NeedsScript: true}
	if got := open(t, passkey.Config{}).Traits(); got != want {
		t.Errorf("%+v", got)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct{ origin, rpID, wrong string }{
		{site, "", ""},
		{site + "/", "", ""},
		{"https://Reset.Example.Test:443", "", ""},
		{"https://reset.example.test:8443", "example.test", ""},
		{"http://localhost:8080", "", ""},
		{"http://localhost:8080", "localhost", ""},
		{site, "reset.example.test", ""},
		{"https://a.reset.example.test", "reset.example.test", ""},
		{"", "", "origin"},
		{"reset.example.test", "", "origin"},
		{"http://reset.example.test", "", "origin"},
		{"ftp://reset.example.test", "", "origin"},
		{"https://user@reset.example.test", "", "origin"},
		{"https://reset.example.test/portal", "", "origin"},
		{"https://reset.example.test?x", "", "origin"},
		{"https://192.0.2.1", "", "rp_id"},
		{"https://[2001:db8::1]", "", "rp_id"},
		{"https://intranet", "", "rp_id"},
		{"https://bücher.example.test", "", "rp_id"},
		{site, "test", "rp_id"},
		{site, "example.com", "rp_id"},
		{site, "ample.test", "rp_id"},
		{site, ".example.test", "rp_id"},
		{site, "example.test.", "rp_id"},
		{site, "Example.test", "rp_id"},
		{site, "a.reset.example.test", "rp_id"},
		{site, "localhost", "rp_id"},
		{site, "https://reset.example.test", "rp_id"},
	} {
		_, err := passkey.Open(passkey.Config{Origin: c.origin, RPID: c.rpID}, passkey.Deps{})
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), c.wrong+":")) {
			t.Errorf("origin %q, rp_id %q: %v, want %q", c.origin, c.rpID, err, c.wrong)
		}
	}
}

func TestParentDomain(t *testing.T) {
	m, d := open(t, passkey.Config{RPID: "example.test"}), newDevice()
	cred := enroll(t, m, d)
	if got := prove(t, m, d, cred); got.Outcome != authenticator.Accepted {
		t.Errorf("%+v", got)
	}
	d.key.RPID = "reset.example.test"
	if got := prove(t, m, d, cred); got.Outcome != authenticator.Wrong {
		t.Errorf("a passkey of the host: %+v", got)
	}
}
