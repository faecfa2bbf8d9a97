package siteverify_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rekey/internal/challenge"
	"rekey/internal/challenge/siteverify"
	"rekey/internal/lab/captcha"
	"rekey/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const host = "portal.example.test"

func start(t *testing.T, p challenge.Provider) (*captcha.Server, challenge.Rules) {
	t.Helper()
	s := captcha.Start(p, "s3cret")
	t.Cleanup(s.Close)
	return s, challenge.Rules{Provider: p, SiteKey: "site-1", Secret: secret.New("s3cret"), VerifyURL: s.URL()}
}

func client(t *testing.T) *siteverify.Client {
	t.Helper()
	c := siteverify.New("https://" + host + ":8443")
	t.Cleanup(c.Close)
	return c
}

func TestEveryProvider(t *testing.T) {
	t.Parallel()
	for _, p := range []challenge.Provider{challenge.Turnstile, challenge.HCaptcha, challenge.ReCAPTCHA} {
		s, rules := start(t, p)
		c := client(t)
		good := s.Issue(host, "start", time.Minute)
		for _, token := range []struct {
			name, text string
			refused    bool
		}{
			{"a good one", good, false},
			{"the same again", good, true},
			{"a made-up one", "made-up", true},
			{"an empty one", "", true},
			{"an old one", s.Issue(host, "start", -time.Second), true},
			{"one of another site", s.Issue("evil.example.test", "start", time.Minute), true},
			{"one too long", strings.Repeat("x", 9000), true},
			{"one of this site in capitals", s.Issue("PORTAL.example.test", "start", time.Minute), false},
		} {
			err := c.Verify(t.Context(), rules, challenge.Start, token.text)
			if errors.Is(err, challenge.ErrRefused) != token.refused || err == nil == token.refused {
				t.Errorf("%s, %s: %v", p, token.name, err)
			}
		}
		err := c.Verify(t.Context(), rules, challenge.Start, s.Issue(host, "sign-in", time.Minute))
		if errors.Is(err, challenge.ErrRefused) != (p == challenge.Turnstile) {
			t.Errorf("%s, one for another page: %v", p, err)
		}
		for _, fields := range s.Asked() {
			if want := map[bool]int{true: 3, false: 2}[p == challenge.HCaptcha]; len(fields) != want || slices.Contains(fields, "remoteip") {
				t.Errorf("%s was told %v", p, fields)
			}
		}
	}
}

// TestNoAnswerIsNoYes: whatever the provider's trouble is, the token is neither accepted nor called bad.
func TestNoAnswerIsNoYes(t *testing.T) {
	t.Parallel()
	s, rules := start(t, challenge.Turnstile)
	c := client(t)
	unjudged := func(what string, ctx context.Context, r challenge.Rules) {
		t.Helper()
		err := c.Verify(ctx, r, challenge.Start, s.Issue(host, "start", time.Minute))
		if err == nil || errors.Is(err, challenge.ErrRefused) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, mood := range map[string]captcha.Mood{
		"status 500": captcha.Failing, "no JSON": captcha.Babbling, "internal-error": captcha.Sick, "a redirect": captcha.Elsewhere,
	} {
		s.Feel(mood)
		unjudged(what, t.Context(), rules)
	}
	if n := len(s.Asked()); n != 4 {
		t.Errorf("asked %d times: a redirect was followed with the secret", n)
	}
	s.Feel(captcha.Silent)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	unjudged("silence", ctx, rules)
	s.Feel(captcha.Well)
	wrong := rules
	wrong.Secret = secret.New("not ours")
	unjudged("a wrong secret", t.Context(), wrong)
	away := rules
	away.VerifyURL = "http://127.0.0.1:1/siteverify"
	unjudged("nobody there", t.Context(), away)
}
