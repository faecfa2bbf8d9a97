package pass_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/authenticator/authenticatortest"
	"rekey/internal/authenticator/pass"
	"rekey/internal/secret"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, c pass.Config) *pass.Method {
	t.Helper()
	m, err := pass.Open(c, pass.Deps{MAC: func(purpose string, data []byte) []byte {
		h := hmac.New(sha256.New, []byte("key of the test "+purpose))
		h.Write(data)
		return h.Sum(nil)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// handed lets the suite get passes the way it gets everything else: its prompt shows the pass, and its answer is the pass.
type handed struct{ *pass.Method }

// offered is the state of an enrollment: the suite wants it bound like anybody else's.
type offered struct {
	Binding    authenticator.Binding
	Credential authenticator.Credential
}

func (h handed) Begin(ctx context.Context, e authenticator.Enrollment, _ authenticator.Response, now time.Time) (authenticator.Challenge, error) {
	c, code, err := h.Issue(ctx, now)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	state, err := json.Marshal(offered{e.Binding(), c})
	return authenticator.Challenge{Prompt: authenticator.SheetPrompt{Codes: []string{code.Reveal()}}, State: state}, err
}

func (h handed) Finish(ctx context.Context, e authenticator.Enrollment, state []byte, answer authenticator.Response, now time.Time) (authenticator.Enrolled, error) {
	var o offered
	if err := json.Unmarshal(state, &o); err != nil {
		return authenticator.Enrolled{}, err
	}
	if o.Binding != e.Binding() {
		return authenticator.Enrolled{}, errors.New("not this enrollment's")
	}
	r, err := h.Verify(ctx, authenticator.Request{Credentials: []authenticator.Credential{o.Credential}}, nil, answer, now)
	if err != nil || r.Outcome != authenticator.Accepted {
		return authenticator.Enrolled{Outcome: r.Outcome, Reason: r.Reason}, err
	}
	return authenticator.Enrolled{Outcome: r.Outcome, Credential: o.Credential}, nil
}

func issue(t testing.TB, m *pass.Method) (authenticator.Credential, secret.Text) {
	t.Helper()
	c, code, err := m.Issue(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	c.ID = "pass"
	return c, code
}

func verify(t testing.TB, m authenticator.Method, c authenticator.Credential, code string, at time.Time) authenticator.Result {
	t.Helper()
	r, err := m.Verify(t.Context(), authenticator.Request{Credentials: []authenticator.Credential{c}}, nil, authenticator.CodeResponse{Code: secret.New(code)}, at)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOnceAndForAWhile(t *testing.T) {
	m := open(t, pass.Config{})
	c, code := issue(t, m)
	if c.Expires.Sub(start) != time.Hour || len(code.Reveal()) != 23 {
		t.Fatalf("%+v", c)
	}
	if r := verify(t, m, c, strings.ToLower(strings.ReplaceAll(code.Reveal(), "-", " ")), start); r.Outcome != authenticator.Accepted || !r.Delete || r.Used != "pass" {
		t.Errorf("%+v", r)
	}
	if r := verify(t, m, c, code.Reveal(), start.Add(time.Hour+1)); r.Outcome != authenticator.Stale || r.Delete {
		t.Errorf("too late: %+v", r)
	}
	if r := verify(t, m, c, code.Reveal()[1:], start); r.Outcome != authenticator.Wrong {
		t.Errorf("wrong: %+v", r)
	}
}

// TestAttack21NothingStoredGivesAPassAway: nothing of the code is in the credential, and no two are alike.
func TestAttack21NothingStoredGivesAPassAway(t *testing.T) {
	m := open(t, pass.Config{})
	seen := map[string]bool{}
	for range 200 {
		c, code := issue(t, m)
		text := strings.ReplaceAll(code.Reveal(), "-", "")
		if seen[text] || strings.Contains(string(c.Data), text) || strings.Contains(string(c.Channel), text) || strings.ContainsAny(text, "ILOU") {
			t.Fatalf("%s, %s", text, c.Data)
		}
		seen[text] = true
	}
	d := m.Decoy([32]byte{1})
	if r := verify(t, m, d, "00000-00000-00000-00000", start); r.Outcome != authenticator.Wrong {
		t.Errorf("a decoy: %+v", r)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []pass.Config{{Life: time.Minute}, {Life: 25 * time.Hour}, {Life: -1}} {
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "life: ") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := pass.Open(pass.Config{}, pass.Deps{}); err == nil {
		t.Error("opened without a keyed hash")
	}
	m := open(t, pass.Config{})
	if _, err := m.Verify(t.Context(), authenticator.Request{Credentials: []authenticator.Credential{{Data: []byte("{")}}}, nil, authenticator.CodeResponse{}, start); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("garbage: %v", err)
	}
}

// holder keeps the pass that was handed out.
type holder struct{ code string }

func (*holder) Input() authenticator.Response { return nil }

func (h *holder) Prove(t testing.TB, c authenticator.Challenge, now time.Time) authenticator.Response {
	h.code = c.Prompt.(authenticator.SheetPrompt).Codes[0]
	return h.Answer(t, c, now)
}

func (h *holder) Answer(testing.TB, authenticator.Challenge, time.Time) authenticator.Response {
	return authenticator.CodeResponse{Code: secret.New(h.code)}
}

func (*holder) Wrong(testing.TB, authenticator.Challenge, time.Time) authenticator.Response {
	return authenticator.CodeResponse{Code: secret.New(strings.Repeat("A", 20))}
}

func TestConformance(t *testing.T) {
	for _, c := range []pass.Config{{}, {Life: 24 * time.Hour}} {
		authenticatortest.Run(t, authenticatortest.Fixture{Method: handed{open(t, c)}, Now: start, Holder: func() authenticatortest.Holder { return &holder{} }})
	}
}
