package recoveryui_test

import (
	"net/url"
	"testing"
	"time"

	"rekey/internal/factor"
	"rekey/internal/lab/visitor"
	"rekey/internal/pilot"
	"rekey/internal/policy"
	"rekey/internal/server/servertest"
)

// TestAPilotCountsItsAttempts once each, and those of nobody else; when it is over people get the next policy, and who has begun
// finishes as they began.
func TestAPilotCountsItsAttempts(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	secret := enroll(t, p)
	trial := pilot.Pilot{Name: "One way", From: p.Now(), Until: p.Now().Add(time.Hour)}
	p.Ruled(t, func(d *policy.Document) {
		d.Policies = append([]policy.Policy{{
			Name: trial.Name, Pilot: true, From: trial.From, Until: trial.Until, Scope: policy.Scope{Domains: []string{"corp.example.test"}},
			Reset: policy.Requirement{Count: 1, Allowed: []factor.Kind{factor.TOTP}},
		}}, d.Policies...)
	})
	report := func() pilot.Report {
		t.Helper()
		s := pilot.Service{Store: p.Store, Now: p.Now}
		r, err := s.Report(t.Context(), trial, 0)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	b := open(t, p)
	see(t, b.start("reset", "anna"), "/flow", "How do you want to prove it is you?")
	b.submit("/flow/choose", visitor.Fields{"method": "totp"})
	see(t, open(t, p).start("reset", "nobody"), "/flow", "How do you want to prove it is you?")
	open(t, p).start("reset", "anna") // and ends with the other one
	if f := report().Total; f.Started != 2 || f.Open != 2 {
		t.Errorf("two are open, and a stranger's: %+v", f)
	}
	b.submit("/flow/answer", visitor.Fields{"code": appCode(t, p, secret)})
	form, _ := b.Page().Form("/flow/finish")
	see(t, b.submit("/flow/finish", visitor.Fields{"password": fresh}), "/flow", "You can sign in now")
	b.post("/flow/finish", url.Values{"password": {fresh}, "at": form.Hidden["at"]}) // sent twice
	if f := report().Total; f.Started != 2 || f.Done != 1 || f.StartedOver != 1 || *f.Rate != 1 || *f.Median != 30 {
		t.Errorf("one is done: %+v", f)
	}

	late := open(t, p)
	p.Advance(trial.Until.Sub(p.Now()) - time.Minute)
	late.start("reset", "anna")
	late.submit("/flow/choose", visitor.Fields{"method": "totp"})
	left := open(t, p)
	left.start("reset", "anna")
	p.Advance(2 * time.Minute)
	see(t, open(t, p).start("unlock", "anna"), "/flow", "How do you want to prove it is you?", "You need 2 ways")
	see(t, late.submit("/flow/answer", visitor.Fields{"code": appCode(t, p, secret)}), "/flow", "Choose a new password")
	p.Advance(time.Minute)
	see(t, late.submit("/flow/finish", visitor.Fields{"password": fresh + "!"}), "/flow", "You can sign in now")
	b = open(t, p)
	b.prove("reset", secret)
	see(t, b.submit("/flow/finish", visitor.Fields{"password": fresh + "?"}), "/flow", "You can sign in now")
	r := report()
	if f := r.Total; r.State != pilot.Ended || f.Started != 4 || f.Done != 2 || f.StartedOver != 2 || f.Open != 0 {
		t.Errorf("in the end: %s, %+v", r.State, f)
	}
}
