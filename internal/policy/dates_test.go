package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

// trial has a policy for a time before one without an end.
func trial(from, until time.Time) policy.Document {
	scope := policy.Scope{Groups: []string{`CORP\Pilot`}}
	return policy.Document{Policies: []policy.Policy{
		{Name: "trial", Scope: scope, From: from, Until: until, Pilot: true, Reset: policy.Requirement{Count: 1}},
		{Name: "staff", Scope: scope, Reset: policy.Requirement{Count: 2}},
	}}
}

// member is somebody of the trial's group.
func member(now time.Time) policy.Facts {
	return policy.Facts{
		Now: now, Action: policy.Reset, Directory: "corp.example.test", Groups: []string{`corp\pilot`}, Privileged: policy.No,
		Enrolled: enrolled(factor.TOTP, factor.Mail),
	}
}

func TestAPolicyHoldsWithinItsDates(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	summer := time.Date(2026, 10, 25, 0, 0, 0, 0, berlin) // the clocks go back in this night
	winter := time.Date(2026, 10, 26, 0, 0, 0, 0, berlin)
	none := time.Time{}
	for _, c := range []struct {
		name             string
		from, until, now time.Time
		want             string
	}{
		{"no dates", none, none, tuesday, "trial"},
		{"no dates, no time", none, none, none, "trial"},
		{"right at the start", tuesday, none, tuesday, "trial"},
		{"just before", tuesday, none, tuesday.Add(-1), "staff"},
		{"just before the end", none, tuesday, tuesday.Add(-1), "trial"},
		{"the end is not within", none, tuesday, tuesday, "staff"},
		{"long after", tuesday, tuesday.Add(time.Hour), tuesday.AddDate(1, 0, 0), "staff"},
		{"midnight in Berlin is 22:00 in Greenwich", summer, winter, time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC), "trial"},
		{"and not a moment earlier", summer, winter, time.Date(2026, 10, 24, 21, 59, 59, 0, time.UTC), "staff"},
		{"a day of 25 hours", summer, winter, time.Date(2026, 10, 25, 22, 59, 59, 0, time.UTC), "trial"},
		{"and no more", summer, winter, time.Date(2026, 10, 25, 23, 0, 0, 0, time.UTC), "staff"},
		{"the zone of now does not matter", tuesday, tuesday.Add(time.Minute), tuesday.In(berlin), "trial"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := policy.Decide(compile(t, trial(c.from, c.until)), member(c.now))
			if d.Policy != c.want || d.Outcome != policy.Allowed || d.Pilot != (c.want == "trial") {
				t.Errorf("got %q, outcome %d, pilot %t", d.Policy, d.Outcome, d.Pilot)
			}
		})
	}
}

// TestDatesAreExplained: outside of its dates they are what a policy is said to lack first, whoever asks.
func TestDatesAreExplained(t *testing.T) {
	p := compile(t, trial(tuesday, tuesday.Add(time.Hour)))
	for _, groups := range [][]string{{`corp\pilot`}, nil} {
		f := member(tuesday.Add(time.Hour))
		f.Groups = groups
		v := policy.Explain(p, f).Policies[0]
		if v.Won || v.Unmet != "dates" || v.Detail != "holds from 2026-03-03 09:30Z until 2026-03-03 10:30Z" {
			t.Errorf("member of %v: %+v", groups, v)
		}
	}
	f := member(tuesday)
	f.Groups = nil
	if v := policy.Explain(p, f).Policies[0]; v.Unmet != "group" {
		t.Errorf("within its dates: %+v", v)
	}
}

// TestWithoutTheTimeAPolicyWithDatesDenies: which of two policies holds cannot be told, so neither opens anything.
func TestWithoutTheTimeAPolicyWithDatesDenies(t *testing.T) {
	p := compile(t, trial(tuesday, time.Time{}))
	e := policy.Explain(p, member(time.Time{}))
	if d := e.Decision; d.Outcome != policy.Denied || d.Reason != "no-time" || d.Policy != "trial" || d.Pilot {
		t.Errorf("got %+v", d)
	}
	if v := e.Policies[0]; !v.Won || !strings.HasSuffix(v.Detail, "the time is unknown") {
		t.Errorf("explained as %+v", v)
	}
	f := member(time.Time{})
	f.Groups = nil
	if d := policy.Decide(p, f); d.Policy != "default of corp.example.test" || d.Outcome != policy.Allowed {
		t.Errorf("somebody it is not for: %+v", d)
	}
}

// TestDatesAgreeWithASimpleWalk: over random documents the first policy in order wins whose dates hold now, and Explain says the same.
func TestDatesAgreeWithASimpleWalk(t *testing.T) {
	zones := []*time.Location{time.UTC, time.FixedZone("east", 14*3600), time.FixedZone("west", -12*3600)}
	moment := func(t *rapid.T, label string) time.Time {
		n := rapid.IntRange(-1, 6).Draw(t, label)
		if n < 0 {
			return time.Time{}
		}
		return tuesday.Add(time.Duration(n)).In(rapid.SampledFrom(zones).Draw(t, label+" zone"))
	}
	rapid.Check(t, func(t *rapid.T) {
		now := tuesday.Add(time.Duration(rapid.IntRange(0, 7).Draw(t, "now"))).In(rapid.SampledFrom(zones).Draw(t, "zone"))
		var d policy.Document
		want := "default of corp.example.test"
		for i := range rapid.IntRange(0, 6).Draw(t, "policies") {
			pol := policy.Policy{Name: fmt.Sprint("p", i), From: moment(t, "from"), Until: moment(t, "until"), Reset: policy.Requirement{Count: 1}}
			if !pol.Until.IsZero() && !pol.From.Before(pol.Until) {
				pol.Until = time.Time{} // Compile refuses those
			}
			d.Policies = append(d.Policies, pol)
			begun := pol.From.IsZero() || pol.From.UnixNano() <= now.UnixNano()
			over := !pol.Until.IsZero() && pol.Until.UnixNano() <= now.UnixNano()
			if begun && !over && want == "default of corp.example.test" {
				want = pol.Name
			}
		}
		e := policy.Explain(compile(t, d), member(now))
		if e.Decision.Policy != want {
			t.Fatalf("at %s %q wins, want %q of %+v", now, e.Decision.Policy, want, d.Policies)
		}
		for _, v := range e.Policies {
			if v.Won != (v.Policy == want) || !v.Won && v.Unmet != "dates" && v.Unmet != "shadowed" {
				t.Fatalf("%+v, want %q to win", v, want)
			}
		}
	})
}

func TestDatesThatAreRefused(t *testing.T) {
	change := func(with func(*policy.Document)) policy.Document {
		d := trial(tuesday, tuesday.Add(time.Hour))
		with(&d)
		return d
	}
	for _, c := range []struct {
		name, want string
		d          policy.Document
	}{
		{"an end before the start", "policies[0].until: ", trial(tuesday, tuesday.Add(-time.Hour))},
		{"an end at the start", "policies[0].until: ", trial(tuesday, tuesday)},
		{"dates of a policy for rules", "policies[0].by_rule: ", change(func(d *policy.Document) { d.Policies[0].ByRule, d.Policies[0].Pilot = true, false })},
		{"a pilot for rules", "policies[1].by_rule: ", change(func(d *policy.Document) { d.Policies[1].ByRule, d.Policies[1].Pilot = true, true })},
		{"a rule that names one with dates", "rules[0].then.use_policy: ", change(func(d *policy.Document) {
			d.Rules = []policy.Rule{{Name: "r", Then: policy.Effect{Policy: "trial"}}}
		})},
		{"a default with dates", "defaults.corp.example.test: ", change(func(d *policy.Document) {
			d.Defaults = map[string]policy.Policy{"corp.example.test": {Name: "x", Until: tuesday, Reset: policy.Requirement{Count: 1}}}
		})},
		{"a default as a pilot", "defaults.corp.example.test: ", change(func(d *policy.Document) {
			d.Defaults = map[string]policy.Policy{"corp.example.test": {Name: "x", Pilot: true, Reset: policy.Requirement{Count: 1}}}
		})},
	} {
		if _, err := policy.Compile(c.d, registry()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestDatesAllocateNothing: a thousand policies that are over cost no memory.
func TestDatesAllocateNothing(t *testing.T) {
	d, f := many(1000), facts(1000)
	for i := range d.Policies[:999] {
		d.Policies[i].Scope, d.Policies[i].Until = policy.Scope{}, tuesday
	}
	f.Now = tuesday
	p := compile(t, d)
	if n := testing.AllocsPerRun(100, func() { policy.Decide(p, f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if got := policy.Decide(p, f); got.Policy != "p999" {
		t.Errorf("got %q", got.Policy)
	}
}
