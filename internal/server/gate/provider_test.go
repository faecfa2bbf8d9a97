package gate_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rekey/internal/challenge"
	"rekey/internal/challenge/challengetest"
	"rekey/internal/lab/captcha"
	"rekey/internal/lab/visitor"
	"rekey/internal/secret"
	"rekey/internal/server"
	"rekey/internal/server/servertest"
)

const host = "portal.example.test"

// withProvider is a portal that asks a provider, and the provider.
func withProvider(t *testing.T, which challenge.Provider) (*servertest.Portal, *captcha.Server) {
	t.Helper()
	s := captcha.Start(which, "s3cret")
	t.Cleanup(s.Close)
	return portal(t, challenge.Config{
		Show: challenge.Always, Provider: which, SiteKey: "site-1", Secret: secret.Ref{Env: "X"}, VerifyURL: s.URL(),
	}), s
}

// TestEveryProvidersWidget: it is on the page that waits and nowhere else, and so is what the policy allows for it.
func TestEveryProvidersWidget(t *testing.T) {
	t.Parallel()
	for _, which := range []challenge.Provider{challenge.Turnstile, challenge.HCaptcha, challenge.ReCAPTCHA} {
		p, s := withProvider(t, which)
		vendor, _ := which.Vendor()
		b := open(t, p)
		for _, path := range []string{"/", "/account"} {
			page := b.get(path)
			if policy := page.Header.Get("Content-Security-Policy"); policy != server.ContentPolicy || strings.Contains(page.HTML, "check.") || strings.Contains(page.HTML, "https://") {
				t.Errorf("%s: %s: %s\n%s", which, path, policy, page.HTML)
			}
		}
		page := b.start("anna")
		see(t, page, "/check", robot)
		policy := page.Header.Get("Content-Security-Policy")
		for _, part := range []string{"script-src 'self' " + vendor.Scripts + ";", "; frame-src " + vendor.Frames, "style-src 'self'", "frame-ancestors 'none'", "default-src 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy lacks %q: %s", which, part, policy)
			}
		}
		for _, part := range []string{`class="` + vendor.Class + `"`, `data-sitekey="site-1"`, `data-action="start"`, `src="` + vendor.Script, vendor.Name} {
			if !strings.Contains(page.HTML, part) {
				t.Errorf("%s: the page lacks %q: %s", which, part, page.HTML)
			}
		}
		if strings.Contains(page.HTML, "anna") || strings.Contains(page.HTML, "s3cret") || strings.Contains(page.HTML, "refresh") {
			t.Errorf("%s: the page shows what it should not: %s", which, page.HTML)
		}
		token := s.Issue(host, "start", time.Minute)
		see(t, b.submit("/start/reset", visitor.Fields{vendor.Field: token}), "/flow", prove)
		see(t, b.start("anna"), "/check", robot)
		for what, bad := range map[string]string{"used": token, "made up": "x", "of another site": s.Issue("evil.example.test", "start", time.Minute)} {
			page := b.submit("/start/reset", visitor.Fields{vendor.Field: bad})
			if page.Path != "/check" || !strings.Contains(page.HTML, vendor.Class) {
				t.Errorf("%s: a token that is %s leads to %s: %s", which, what, page.Path, page.HTML)
			}
		}
		p.Advance(challenge.Patience) // and there is a way without it
		see(t, b.submit("/start/reset", nil), "/flow", prove)
	}
}

// TestAttack14AProviderThatIsAwayLetsNobodyThrough: our own ways take over, and nothing passes unasked.
func TestAttack14AProviderThatIsAwayLetsNobodyThrough(t *testing.T) {
	t.Parallel()
	p, s := withProvider(t, challenge.Turnstile)
	vendor, _ := challenge.Turnstile.Vendor()
	for what, mood := range map[string]captcha.Mood{"failing": captcha.Failing, "babbling": captcha.Babbling, "sick": captcha.Sick, "elsewhere": captcha.Elsewhere} {
		s.Feel(mood)
		b := open(t, p)
		see(t, b.start("anna"), "/check", robot)
		page := b.submit("/start/reset", visitor.Fields{vendor.Field: s.Issue(host, "start", time.Minute)})
		see(t, page, "/check", robot)
		if strings.Contains(page.HTML, vendor.Class) || page.Header.Get("Content-Security-Policy") != server.ContentPolicy {
			t.Errorf("%s: the widget is shown again: %s", what, page.HTML)
		}
		_, rest, _ := strings.Cut(page.HTML, `data-puzzle="`)
		puzzle, _, _ := strings.Cut(rest, `"`)
		if puzzle == "" {
			t.Fatalf("%s: no proof of work is asked for: %s", what, page.HTML)
		}
		see(t, b.submit("/start/reset", visitor.Fields{"work": challengetest.Solve(puzzle)}), "/flow", prove)
	}
	if log := p.Log.String(); !strings.Contains(log, "level=WARN") || strings.Contains(log, "s3cret") {
		t.Errorf("logged: %s", log)
	}
}

// TestAWidgetsTokenSurvivesThePasswordPage: it is carried along while the password is typed again.
func TestAWidgetsTokenSurvivesThePasswordPage(t *testing.T) {
	t.Parallel()
	p, s := withProvider(t, challenge.HCaptcha)
	vendor, _ := challenge.HCaptcha.Vendor()
	b := open(t, p)
	b.get("/account")
	see(t, b.submit("/account/sign-in", visitor.Fields{"name": "anna", "password": servertest.Password}), "/check", robot)
	see(t, b.submit("/account/sign-in", visitor.Fields{vendor.Field: s.Issue(host, "sign-in", time.Minute)}), "/account/sign-in", "My account")
	see(t, b.submit("/account/sign-in", visitor.Fields{"name": "anna", "password": servertest.Password}), "/account/setup", account)
	if asked := s.Asked(); len(asked) != 1 {
		t.Errorf("the provider is asked %d times", len(asked))
	}
	if resp := p.Send(http.MethodPost, "/account/sign-in", url.Values{"name": {"anna"}, "password": {servertest.Password}, vendor.Field: {"x"}}); resp.Header.Get("Location") != "/check" {
		t.Errorf("a made-up token leads to %q, status %d", resp.Header.Get("Location"), resp.StatusCode)
	}
}
