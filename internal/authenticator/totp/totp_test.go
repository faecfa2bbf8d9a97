package totp_test

import (
	"encoding/base32"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/authenticator/authenticatortest"
	"rekey/internal/authenticator/totp"
	"rekey/internal/secret"
)

// start is the beginning of a step of any period used here.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// app is an authenticator app: it knows nothing but the URI it scanned.
type app struct{ uri *url.URL }

func (*app) Input() authenticator.Response { return nil }

func (a *app) Prove(t testing.TB, c authenticator.Challenge, now time.Time) authenticator.Response {
	u, err := url.Parse(c.Prompt.(authenticator.SeedPrompt).URI)
	if err != nil {
		t.Fatal(err)
	}
	a.uri = u
	return a.Answer(t, c, now)
}

func (a *app) Answer(t testing.TB, _ authenticator.Challenge, now time.Time) authenticator.Response {
	return typed(a.code(t, now))
}

func (a *app) Wrong(t testing.TB, _ authenticator.Challenge, now time.Time) authenticator.Response {
	code := []byte(a.code(t, now))
	code[0] = '0' + (code[0]-'0'+1)%10
	return typed(string(code))
}

func (a *app) code(t testing.TB, now time.Time) string {
	key, err := otp.NewKeyFromURL(a.uri.String())
	if err != nil {
		t.Fatal(err)
	}
	code, err := hotp.GenerateCodeCustom(key.Secret(), uint64(now.Unix())/key.Period(), hotp.ValidateOpts{
		Digits: key.Digits(), Algorithm: key.Algorithm(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func typed(code string) authenticator.Response {
	return authenticator.CodeResponse{Code: secret.New(code)}
}

func open(t testing.TB, c totp.Config) *totp.Method {
	t.Helper()
	m, err := totp.Open(c, totp.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fixture(t testing.TB, c totp.Config, period time.Duration) authenticatortest.Fixture {
	return authenticatortest.Fixture{
		Method: open(t, c), Holder: func() authenticatortest.Holder { return &app{} }, Now: start, Life: period, Skew: period,
	}
}

func TestConformance(t *testing.T) {
	authenticatortest.Run(t, fixture(t, totp.Config{}, 30*time.Second))
}

func TestConformanceOfEveryKnob(t *testing.T) {
	authenticatortest.Run(t, fixture(t, totp.Config{Issuer: "A & B / C", Digits: 8, Period: time.Minute, Algorithm: "SHA512"}, time.Minute))
}

func FuzzVerify(f *testing.F) { authenticatortest.Fuzz(f, fixture(f, totp.Config{}, 30*time.Second)) }

// credential is what storage holds for a secret.
func credential(t testing.TB, id, algorithm string, digits int, key []byte, last int64) authenticator.Credential {
	t.Helper()
	data, err := json.Marshal(map[string]any{
		"v": 1, "secret": key, "digits": digits, "period": 30, "algorithm": algorithm, "last": last,
	})
	if err != nil {
		t.Fatal(err)
	}
	return authenticator.Credential{ID: id, Data: data}
}

// TestVectors are those of RFC 6238, appendix B.
func TestVectors(t *testing.T) {
	m := open(t, totp.Config{})
	digits := "1234567890123456789012345678901234567890123456789012345678901234"
	for _, c := range []struct {
		algorithm string
		size      int
		at        int64
		code      string
	}{
		{"SHA1", 20, 59, "94287082"},
		{"SHA256", 32, 59, "46119246"},
		{"SHA512", 64, 59, "90693936"},
		{"SHA1", 20, 1111111109, "07081804"},
		{"SHA256", 32, 1111111109, "68084774"},
		{"SHA512", 64, 1111111109, "25091201"},
		{"SHA1", 20, 1234567890, "89005924"},
		{"SHA256", 32, 2000000000, "90698825"},
		{"SHA512", 64, 20000000000, "47863826"},
	} {
		r := authenticator.Request{Credentials: []authenticator.Credential{credential(t, "a", c.algorithm, 8, []byte(digits[:c.size]), -1)}}
		got, err := m.Verify(t.Context(), r, nil, typed(c.code), time.Unix(c.at, 0))
		if err != nil || got.Outcome != authenticator.Accepted {
			t.Errorf("%s at %d: %v, %v", c.algorithm, c.at, got.Outcome, err)
		}
	}
}

// TestAttack12Replay: a step works once, no earlier one after it, and the next one does.
func TestAttack12Replay(t *testing.T) {
	m, key := open(t, totp.Config{}), []byte("12345678901234567890")
	at := func(step int64) time.Time { return time.Unix(step*30, 0) }
	code := func(step int64) string {
		s, err := hotp.GenerateCode(base32.StdEncoding.EncodeToString(key), uint64(step))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, c := range []struct {
		name       string
		last, step int64
		now        time.Time
		want       authenticator.Outcome
	}{
		{"first", 99, 100, at(100), authenticator.Accepted},
		{"again", 100, 100, at(100), authenticator.Stale},
		{"again in the next step", 100, 100, at(101), authenticator.Stale},
		{"earlier than the last", 100, 99, at(100), authenticator.Stale},
		{"next", 100, 101, at(101), authenticator.Accepted},
		{"next, early", 100, 101, at(100), authenticator.Accepted},
		{"late by one", 90, 99, at(101).Add(-time.Second), authenticator.Accepted},
		{"late by two", 90, 98, at(100), authenticator.Wrong},
		{"early by two", 90, 102, at(100), authenticator.Wrong},
	} {
		r := authenticator.Request{Credentials: []authenticator.Credential{credential(t, "a", "SHA1", 6, key, c.last)}}
		got, err := m.Verify(t.Context(), r, nil, typed(code(c.step)), c.now)
		if err != nil || got.Outcome != c.want {
			t.Errorf("%s: outcome %v %q, %v; want %v", c.name, got.Outcome, got.Reason, err, c.want)
		}
		if c.want == authenticator.Stale && got.Reason != "replayed" {
			t.Errorf("%s: reason %q", c.name, got.Reason)
		}
	}
}

func TestEnrollmentUsesItsCode(t *testing.T) {
	m, a := open(t, totp.Config{}), &app{}
	c := enroll(t, m, a)
	got, err := m.Verify(t.Context(), request(c), nil, a.Answer(t, authenticator.Challenge{}, start), start)
	if err != nil || got.Outcome != authenticator.Stale {
		t.Errorf("outcome %v, %v", got.Outcome, err)
	}
}

func TestAnyAppMayAnswer(t *testing.T) {
	m, one, two := open(t, totp.Config{}), &app{}, &app{}
	long := &app{}
	r := request(enroll(t, m, one), enroll(t, m, two), enroll(t, open(t, totp.Config{Digits: 8}), long))
	for i := range r.Credentials {
		r.Credentials[i].ID = string(rune('a' + i))
	}
	now := start.Add(time.Hour)
	for want, a := range map[string]*app{"a": one, "b": two, "c": long} {
		got, err := m.Verify(t.Context(), r, nil, a.Answer(t, authenticator.Challenge{}, now), now)
		if err != nil || got.Outcome != authenticator.Accepted || got.Used != want || got.Update.ID != want {
			t.Errorf("%s: %+v, %v", want, got, err)
		}
	}
	for n, digits := range map[int]int{2: 6, 3: 0} { // apps that differ: any length
		some := r
		some.Credentials = r.Credentials[:n]
		c, err := m.Challenge(t.Context(), some, now)
		if err != nil || c.Prompt != (authenticator.CodePrompt{Digits: digits}) {
			t.Errorf("%d apps: %+v, %v", n, c.Prompt, err)
		}
	}
}

func TestHowCodesAreTyped(t *testing.T) {
	m, a := open(t, totp.Config{}), &app{}
	r, now := request(enroll(t, m, a)), start.Add(time.Hour)
	code := a.code(t, now)
	arabic := strings.Map(func(r rune) rune { return r - '0' + '\u0660' }, code)
	wide := strings.Map(func(r rune) rune { return r - '0' + '\uff10' }, code)
	for _, s := range []string{code[:3] + " " + code[3:], code[:3] + "-" + code[3:], arabic, wide, "\u200f" + code} {
		got, err := m.Verify(t.Context(), r, nil, typed(s), now)
		if err != nil || got.Outcome != authenticator.Accepted {
			t.Errorf("%q: %v, %v", s, got.Outcome, err)
		}
	}
	for _, s := range []string{code + "0", code[:5], "0" + code, code + "x", ""} {
		got, err := m.Verify(t.Context(), r, nil, typed(s), now)
		if err != nil || got.Outcome != authenticator.Wrong {
			t.Errorf("%q: %v, %v", s, got.Outcome, err)
		}
	}
}

// TestDecoyRefusesItsOwnCode: whoever learned a decoy's seed gains nothing.
func TestDecoyRefusesItsOwnCode(t *testing.T) {
	m := open(t, totp.Config{})
	from := [32]byte{1, 2, 3}
	code, err := hotp.GenerateCode(base32.StdEncoding.EncodeToString(from[:20]), uint64(start.Unix()/30))
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Verify(t.Context(), request(m.Decoy(from)), nil, typed(code), start)
	if err != nil || got.Outcome != authenticator.Wrong || got.Reason != "wrong-code" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPromptOfAnEnrollment(t *testing.T) {
	m := open(t, totp.Config{Issuer: "Example Corp", Period: time.Minute, Algorithm: "SHA256"})
	c, err := m.Begin(t.Context(), authenticator.Enrollment{Subject: authenticator.Subject{Name: `CORP\alice`}}, nil, start)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Prompt.(authenticator.SeedPrompt)
	key := strings.ReplaceAll(p.Key, " ", "")
	if len(key) != 32 || len(p.Key) != 39 {
		t.Errorf("key %q: want 160 bits in groups of 4", p.Key)
	}
	want := "otpauth://totp/Example%20Corp:CORP%5Calice?algorithm=SHA256&digits=6&issuer=Example%20Corp&period=60&secret=" + key
	if p.URI != want {
		t.Errorf("got  %s\nwant %s", p.URI, want)
	}
	if _, err = m.Begin(t.Context(), authenticator.Enrollment{Subject: authenticator.Subject{Account: account.ID{Directory: "d", Object: "o"}}}, nil, start); err != nil {
		t.Errorf("no name: %v", err)
	}
}

func TestOneSeedIsOneCredential(t *testing.T) {
	m, a := open(t, totp.Config{}), &app{}
	e := authenticator.Enrollment{Session: "s"}
	c, err := m.Begin(t.Context(), e, nil, start)
	if err != nil {
		t.Fatal(err)
	}
	proof := a.Prove(t, c, start)
	done, err := m.Finish(t.Context(), e, c.State, proof, start)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatal(done.Outcome, err)
	}
	e.Existing = []authenticator.Credential{done.Credential}
	if done, err = m.Finish(t.Context(), e, c.State, proof, start); err != nil || done.Outcome != authenticator.Wrong {
		t.Errorf("enrolled twice: %v, %v", done.Outcome, err)
	}
}

func TestConfig(t *testing.T) {
	for key, c := range map[string]totp.Config{
		"issuer":    {Issuer: "a:b"},
		"digits":    {Digits: 7},
		"period":    {Period: time.Second},
		"algorithm": {Algorithm: "MD5"},
	} {
		if _, err := totp.Open(c, totp.Deps{}); err == nil || !strings.HasPrefix(err.Error(), key+":") {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, period := range []time.Duration{-time.Second, 1500 * time.Millisecond, 1<<63 - 1} {
		if err := (totp.Config{Period: period}).Validate(); err == nil {
			t.Errorf("period %v is accepted", period)
		}
	}
}

func enroll(t testing.TB, m *totp.Method, a *app) authenticator.Credential {
	t.Helper()
	e := authenticator.Enrollment{Subject: authenticator.Subject{Name: "alice"}, Session: "s"}
	c, err := m.Begin(t.Context(), e, nil, start)
	if err != nil {
		t.Fatal(err)
	}
	done, err := m.Finish(t.Context(), e, c.State, a.Prove(t, c, start), start)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatal(done, err)
	}
	return done.Credential
}

func request(cs ...authenticator.Credential) authenticator.Request {
	return authenticator.Request{Credentials: cs, Purpose: "reset", Flow: "f"}
}

func BenchmarkVerify(b *testing.B) {
	m, a := open(b, totp.Config{}), &app{}
	r, now := request(enroll(b, m, a)), start.Add(time.Hour)
	answer := a.Answer(b, authenticator.Challenge{}, now)
	for b.Loop() {
		if _, err := m.Verify(b.Context(), r, nil, answer, now); err != nil {
			b.Fatal(err)
		}
	}
}
