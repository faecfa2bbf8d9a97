package recoveryui_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/lab/visitor"
	"rekey/internal/policy"
	"rekey/internal/server/servertest"
)

// ruled is a portal with rules besides its policies. Its visitors come from 192.0.2.1, which is no office.
func ruled(t testing.TB, change func(*policy.Document)) (*servertest.Portal, string) {
	t.Helper()
	p := servertest.New(t)
	secret := enroll(t, p)
	p.Ruled(t, change)
	return p, secret
}

func TestADenialForEverybodyIsToldAtOnce(t *testing.T) {
	t.Parallel()
	p, _ := ruled(t, func(d *policy.Document) {
		d.Networks = map[string][]string{"office": {"10.0.0.0/8"}}
		d.Rules = []policy.Rule{{
			Name: "office only", When: policy.Condition{Not: &policy.Condition{Networks: []string{"office"}}},
			Then: policy.Effect{Deny: map[string]string{"en": "From outside the office <call> 4357.", "de": "Von draußen bitte 4357."}},
		}}
	})
	for _, name := range []string{"anna", "nobody"} {
		b := open(t, p)
		page := b.start("reset", name)
		see(t, page, "/start/reset", "This cannot be done from here, or not now", "From outside the office <call> 4357.")
		if page.Status != 403 {
			t.Errorf("status %d", page.Status)
		}
	}
	b := open(t, p)
	b.get("/?lang=de")
	see(t, b.submit("/start/reset", visitor.Fields{"name": "anna"}), "/start/reset", "Das geht von hier aus oder gerade jetzt nicht", "Von draußen bitte 4357.")
}

// TestADenialForSomeIsToldAfterTheProofs: a stranger who types the name sees what a name nobody has shows.
func TestADenialForSomeIsToldAfterTheProofs(t *testing.T) {
	t.Parallel()
	p, secret := ruled(t, func(d *policy.Document) {
		d.Rules = []policy.Rule{{
			Name: "not for her", Scope: policy.Scope{Domains: []string{"corp.example.test"}},
			Then: policy.Effect{Deny: map[string]string{"en": "Ask Ben for it."}},
		}}
	})
	b := open(t, p)
	see(t, b.start("reset", "anna"), "/flow", "How do you want to prove it is you?")
	b.submit("/flow/choose", visitor.Fields{"method": "totp"})
	see(t, b.submit("/flow/answer", visitor.Fields{"code": appCode(t, p, secret)}), "/flow", "Now prove it in another way")
	b.submit("/flow/choose", visitor.Fields{"method": "mail"})
	see(t, b.submit("/flow/answer", visitor.Fields{"code": p.Code(t, private)}), "/flow", "This cannot be done from here, or not now", "Ask Ben for it.")
	see(t, open(t, p).start("reset", "nobody"), "/flow", "How do you want to prove it is you?")
}

func TestALimitSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	p, secret := ruled(t, func(d *policy.Document) {
		d.Policies = append([]policy.Policy{{
			Name: "twice a week", Scope: policy.Scope{Domains: []string{"corp.example.test"}}, Reset: policy.Requirement{Count: 2},
			Limits: policy.Limits{Times: 1, Within: 7 * 24 * time.Hour},
		}}, d.Policies...)
	})
	b := open(t, p)
	b.prove("reset", secret)
	see(t, b.submit("/flow/finish", visitor.Fields{"password": fresh}), "/flow", "You can sign in now")
	p.Advance(time.Hour)
	again := open(t, p)
	see(t, again.prove("reset", secret), "/flow", "You have done this often lately", "Come back later", "help desk")
	p.Advance(7 * 24 * time.Hour)
	see(t, open(t, p).prove("reset", secret), "/flow", "Choose a new password")
}

// TestAStrangerIsAskedForOneMore, and so is who types a name nobody has.
func TestAStrangerIsAskedForOneMore(t *testing.T) {
	t.Parallel()
	p, secret := ruled(t, func(d *policy.Document) {
		d.Policies = append([]policy.Policy{{
			Name: "one", Scope: policy.Scope{Domains: []string{"corp.example.test"}}, Reset: policy.Requirement{Count: 1},
		}}, d.Policies...)
		d.Networks = map[string][]string{"office": {"10.0.0.0/8"}}
		d.Rules = []policy.Rule{{Name: "strangers", When: policy.Condition{Not: &policy.Condition{Networks: []string{"office"}}}, Then: policy.Effect{Factors: 1}}}
	})
	for _, name := range []string{"anna", "nobody"} {
		see(t, open(t, p).start("reset", name), "/flow", "How do you want to prove it is you?", "You need 2 ways")
	}
	see(t, open(t, p).prove("reset", secret), "/flow", "Choose a new password")
}

// TestNewWaysAreHeldBack: for who set up everything a moment ago it is as if nothing were, until the time is over.
func TestNewWaysAreHeldBack(t *testing.T) {
	t.Parallel()
	p, secret := ruled(t, func(d *policy.Document) {
		d.Rules = []policy.Rule{{Name: "fresh", Then: policy.Effect{HoldNew: 72 * time.Hour}}}
	})
	b := open(t, p)
	see(t, b.start("reset", "anna"), "/flow", "How do you want to prove it is you?")
	for _, way := range b.Page().Options("method") {
		b.get("/flow")
		b.submit("/flow/choose", visitor.Fields{"method": way})
		if way == string(factor.TOTP) {
			page := b.submit("/flow/answer", visitor.Fields{"code": appCode(t, p, secret)})
			see(t, page, "/flow", "Enter the code from your authenticator app", "The code is not right")
		}
		b.submit("/flow/back", nil)
	}
	p.Advance(73 * time.Hour)
	see(t, open(t, p).prove("reset", secret), "/flow", "Choose a new password")
}

// TestABrowserIsKnownUntilAFreeze: who finished here once is asked for less, with this browser, this account and no other, until the
// owner says that it was not they.
func TestABrowserIsKnownUntilAFreeze(t *testing.T) {
	t.Parallel()
	p, secret := ruled(t, func(d *policy.Document) {
		d.Policies = append([]policy.Policy{{
			Name: "one", Scope: policy.Scope{Domains: []string{"corp.example.test"}}, Reset: policy.Requirement{Count: 1},
		}}, d.Policies...)
		known := policy.Condition{Device: []policy.DeviceState{policy.KnownDevice}}
		d.Rules = []policy.Rule{{Name: "unknown browsers", When: policy.Condition{Not: &known}, Then: policy.Effect{Factors: 1}}}
	})
	snap := *p.Snapshot
	snap.Devices.Remember = 30 * 24 * time.Hour
	p.Snapshot = &snap
	b := open(t, p)
	b.prove("reset", secret)
	see(t, b.submit("/flow/finish", visitor.Fields{"password": fresh}), "/flow", "You can sign in now")
	one := func(b *browser, name string) bool {
		t.Helper()
		page := b.start("reset", name)
		see(t, page, "/flow", "How do you want to prove it is you?")
		return !strings.Contains(page.Text, "You need 2 ways")
	}
	if !one(b, "anna") {
		t.Error("the browser that finished before is not known")
	}
	if one(b, "ben") || one(b, "nobody") || one(open(t, p), "anna") {
		t.Error("it is known for somebody else, or another browser is")
	}
	if _, err := p.Store.Freeze(t.Context(), p.ID(t, "anna"), p.Now(), flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Store.Release(t.Context(), p.ID(t, "anna"), p.Now(), flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	if one(b, "anna") {
		t.Error("known after a freeze")
	}
}

// TestABrowserCannotMakeItselfKnown: what is not sealed by the portal, or was for something else, counts for nothing.
func TestABrowserCannotMakeItselfKnown(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	sealed, err := p.Keys.Seal("other", []byte(`[]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"", "x", strings.Repeat("A", 5000), base64.RawURLEncoding.EncodeToString(sealed), "bm90IHNlYWxlZA"} {
		r := httptest.NewRequest(http.MethodPost, servertest.Origin+"/start/reset", strings.NewReader("name=anna"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(&http.Cookie{Name: "__Host-browser", Value: value})
		if resp := p.Do(r); resp.StatusCode != http.StatusSeeOther {
			t.Errorf("%.20q: status %d", value, resp.StatusCode)
		}
	}
}

// TestAnAlarmReachesOpenAttempts: who was about to choose a password proves one way more, and what is stopped is stopped.
func TestAnAlarmReachesOpenAttempts(t *testing.T) {
	t.Parallel()
	p, secret := ruled(t, func(*policy.Document) {})
	level := policy.Calm
	p.Recovery.Threat = func() policy.Threat { return level }
	b := open(t, p)
	see(t, b.prove("reset", secret), "/flow", "Choose a new password")
	level = policy.Stopped
	see(t, b.submit("/flow/finish", visitor.Fields{"password": fresh}), "/flow", "This is closed for now, for safety")
	for _, name := range []string{"anna", "nobody"} {
		see(t, open(t, p).start("reset", name), "/start/reset", "This is closed for now, for safety", "help desk")
	}
	level = policy.Calm
	see(t, open(t, p).prove("reset", secret), "/flow", "Choose a new password")
}
