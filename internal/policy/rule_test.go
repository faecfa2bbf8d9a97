package policy_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

// house is a firm in Berlin with an office network and office hours.
func house(rules ...policy.Rule) policy.Document {
	return policy.Document{
		Policies: []policy.Policy{
			{Name: "strict", ByRule: true, Reset: policy.Requirement{Count: 3}},
			{Name: "keys", Scope: policy.Scope{Groups: []string{`CORP\Keys`}}, Reset: policy.Requirement{Count: 1, Allowed: []factor.Kind{factor.Passkey}}},
			{Name: "easy", Scope: policy.Scope{Groups: []string{`CORP\Low`}}, Reset: policy.Requirement{Count: 1}},
		},
		Networks: map[string][]string{"office": {"10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"}},
		Schedules: map[string]policy.Schedule{"business-hours": {
			TimeZone: "Europe/Berlin",
			Hours:    []policy.Hours{{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "18:00"}},
			Holidays: []string{"12-25", "2026-05-01"},
		}},
		Conditions: map[string]policy.Condition{"at the desk": {Networks: []string{"office"}, Schedules: []string{"business-hours"}}},
		Rules:      rules,
	}
}

var (
	desk    = policy.Source{Address: netip.MustParseAddr("10.1.2.3"), Country: "DE", ASN: 64500, NewCountry: policy.No, Travel: policy.No}
	abroad  = policy.Source{Address: netip.MustParseAddr("198.51.100.9"), Country: "KP", ASN: 64501, NewCountry: policy.Yes, Travel: policy.No}
	tuesday = time.Date(2026, 3, 3, 9, 30, 0, 0, time.UTC) // 10:30 in Berlin
)

// low is somebody of whom one proof is asked, at the desk.
func low() policy.Facts {
	return policy.Facts{
		Now: tuesday, Action: policy.Reset, Directory: "corp.example.test", Account: "corp.example.test/1", Groups: []string{`corp\low`},
		Privileged: policy.No, Source: desk, Device: policy.Device{Known: policy.Yes, Managed: policy.No, Platform: "windows"},
		Failures: policy.Failures{Account: policy.Count{Known: true}, Source: policy.Count{Known: true}},
		Enrolled: added(tuesday.AddDate(0, -2, 0), factor.Passkey, factor.TOTP, factor.BackupCode, factor.Mail),
	}
}

func added(at time.Time, kinds ...factor.Kind) []policy.Enrolled {
	es := enrolled(kinds...)
	for i := range es {
		es[i].Added = at
	}
	return es
}

func more(n int) policy.Effect { return policy.Effect{Factors: n} }

func no() policy.Effect {
	return policy.Effect{Deny: map[string]string{"en": "Not from there."}}
}

func TestRules(t *testing.T) {
	stranger := policy.Condition{Not: &policy.Condition{Is: "at the desk"}}
	for _, c := range []struct {
		name  string
		rules []policy.Rule
		with  func(*policy.Facts)
		count int // asked; 0: denied or barred
		out   policy.Outcome
	}{
		{"none", nil, nil, 1, policy.Allowed},
		{"a stranger is asked for one more", []policy.Rule{{Name: "r", When: stranger, Then: more(1)}}, func(f *policy.Facts) { f.Source = abroad }, 2, policy.Allowed},
		{"at the desk at night too", []policy.Rule{{Name: "r", When: stranger, Then: more(1)}}, func(f *policy.Facts) { f.Now = tuesday.Add(12 * time.Hour) }, 2, policy.Allowed},
		{"the same person at the desk is not", []policy.Rule{{Name: "r", When: stranger, Then: more(1)}}, nil, 1, policy.Allowed},
		{"an address nobody could tell is a stranger's", []policy.Rule{{Name: "r", When: stranger, Then: more(1)}}, func(f *policy.Facts) { f.Source = policy.Source{} }, 2, policy.Allowed},
		{"factors add up", []policy.Rule{{Name: "r", Then: more(1)}, {Name: "s", Then: more(1)}}, nil, 3, policy.Allowed},
		{"and end at five", []policy.Rule{{Name: "r", Then: more(4)}, {Name: "s", Then: more(4)}}, nil, 5, policy.NotEnrolled},
		{"a denial is told after the proofs", []policy.Rule{{Name: "r", When: policy.Condition{Countries: []string{"kp"}}, Then: no()}}, func(f *policy.Facts) { f.Source = abroad }, 1, policy.Barred},
		{"an unknown country does not open", []policy.Rule{{Name: "r", When: policy.Condition{Countries: []string{"KP"}}, Then: no()}}, func(f *policy.Facts) { f.Source.Country = "" }, 1, policy.Barred},
		{"who could not prove anything is plainly denied", []policy.Rule{{Name: "r", Then: no()}}, func(f *policy.Facts) { f.Enrolled = nil }, 1, policy.Denied},
		{"allow ends the rules", []policy.Rule{{Name: "r", When: policy.Condition{Is: "at the desk"}, Then: policy.Effect{Allow: true}}, {Name: "s", Then: no()}}, nil, 1, policy.Allowed},
		{"but not when it cannot be told", []policy.Rule{{Name: "r", When: policy.Condition{Is: "at the desk"}, Then: policy.Effect{Allow: true}}, {Name: "s", Then: more(1)}}, func(f *policy.Facts) { f.Source = policy.Source{} }, 2, policy.Allowed},
		{"another policy", []policy.Rule{{Name: "r", When: stranger, Then: policy.Effect{Policy: "strict"}}}, func(f *policy.Facts) { f.Source = abroad }, 3, policy.Allowed},
		{"an easier policy needs certainty", []policy.Rule{{Name: "r", When: policy.Condition{Device: []policy.DeviceState{policy.ManagedDevice}}, Then: policy.Effect{Policy: "easy"}}}, func(f *policy.Facts) { f.Groups, f.Device.Managed = nil, policy.Unknown }, 2, policy.Allowed},
		{"and takes its place where it is certain", []policy.Rule{{Name: "r", When: policy.Condition{Device: []policy.DeviceState{policy.ManagedDevice}}, Then: policy.Effect{Policy: "easy"}}}, func(f *policy.Facts) { f.Groups, f.Device.Managed = nil, policy.Yes }, 1, policy.Allowed},
		{"another action", []policy.Rule{{Name: "r", Actions: []policy.Action{policy.Unlock}, Then: more(1)}}, nil, 1, policy.Allowed},
		{"another group", []policy.Rule{{Name: "r", Scope: policy.Scope{Groups: []string{`CORP\High`}}, Then: more(1)}}, nil, 1, policy.Allowed},
		{"its own group", []policy.Rule{{Name: "r", Scope: policy.Scope{Groups: []string{`CORP\Low`}}, Then: more(1)}}, nil, 2, policy.Allowed},
		{"not begun", []policy.Rule{{Name: "r", From: tuesday.Add(time.Second), Then: more(1)}}, nil, 1, policy.Allowed},
		{"over", []policy.Rule{{Name: "r", Until: tuesday, Then: more(1)}}, nil, 1, policy.Allowed},
		{"alive", []policy.Rule{{Name: "r", From: tuesday, Until: tuesday.Add(time.Second), Then: more(1)}}, nil, 2, policy.Allowed},
		{"only reported", []policy.Rule{{Name: "r", ReportOnly: true, Then: no()}}, nil, 1, policy.Allowed},
		{"failures", []policy.Rule{{Name: "r", When: policy.Condition{AccountFailures: 3}, Then: more(1)}}, func(f *policy.Facts) { f.Failures.Account.N = 3 }, 2, policy.Allowed},
		{"fewer failures", []policy.Rule{{Name: "r", When: policy.Condition{SourceFailures: 3}, Then: more(1)}}, func(f *policy.Facts) { f.Failures.Source.N = 2 }, 1, policy.Allowed},
		{"a new way", []policy.Rule{{Name: "r", When: policy.Condition{FactorAddedWithin: 72 * time.Hour}, Then: more(1)}}, func(f *policy.Facts) { f.Enrolled[1].Added = f.Now.Add(-71 * time.Hour) }, 2, policy.Allowed},
		{"a new country", []policy.Rule{{Name: "r", When: policy.Condition{Any: []policy.Condition{{NewCountry: true}, {ImpossibleTravel: true}}}, Then: more(1)}}, func(f *policy.Facts) { f.Source = abroad }, 2, policy.Allowed},
		{"a kind that was not allowed comes on top", []policy.Rule{{Name: "r", Then: policy.Effect{Require: []factor.Kind{factor.Mail}}}}, func(f *policy.Facts) { f.Groups = []string{`corp\keys`} }, 2, policy.Allowed},
		{"a kind that was allowed does not", []policy.Rule{{Name: "r", Then: policy.Effect{Require: []factor.Kind{factor.Mail}}}}, nil, 1, policy.Allowed},
		{"a platform", []policy.Rule{{Name: "r", When: policy.Condition{Platforms: []string{"windows"}, ASNs: []uint32{64500}}, Then: more(1)}}, nil, 2, policy.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, f := compile(t, house(c.rules...)), low()
			if c.with != nil {
				c.with(&f)
			}
			d := policy.Decide(p, f)
			if d.Outcome != c.out || d.Requirement.Count != c.count {
				t.Errorf("outcome %d, count %d, reason %q", d.Outcome, d.Requirement.Count, d.Reason)
			}
		})
	}
}

func TestRulesSayWhichKinds(t *testing.T) {
	p := compile(t, house(
		policy.Rule{Name: "strong", When: policy.Condition{NewCountry: true}, Then: policy.Effect{PhishingResistant: true}},
		policy.Rule{Name: "no mail", Then: policy.Effect{Drop: []factor.Kind{factor.Mail}}},
		policy.Rule{Name: "app", Actions: []policy.Action{policy.Unlock}, Then: policy.Effect{Require: []factor.Kind{factor.TOTP}}},
		policy.Rule{Name: "fresh", Then: policy.Effect{HoldNew: 24 * time.Hour}},
	))
	f := low()
	met := func(d policy.Decision, kinds ...factor.Kind) bool {
		var proofs []policy.Proof
		for _, k := range kinds {
			ts := registry().Kinds
			i := slices.IndexFunc(ts, func(t factor.Traits) bool { return t.Kind == k })
			proofs = append(proofs, policy.Proof{Kind: k, Class: ts[i].Class, Channel: factor.Channel(k), Credential: string(k)})
		}
		return d.Requirement.SatisfiedBy(proofs)
	}
	d := policy.Decide(p, f)
	if met(d, factor.Mail) || !met(d, factor.TOTP) {
		t.Errorf("a code by mail counts: %+v", d.Requirement)
	}
	if want := tuesday.Add(-24 * time.Hour); !d.AddedBefore.Equal(want) {
		t.Errorf("counts what was added before %v, want %v", d.AddedBefore, want)
	}
	hold := policy.Rule{Name: "longer", Then: policy.Effect{HoldNew: 72 * time.Hour}}
	both := compile(t, house(hold, policy.Rule{Name: "fresh", Then: policy.Effect{HoldNew: 24 * time.Hour}}))
	if got := policy.Decide(both, f).AddedBefore; !got.Equal(tuesday.Add(-72 * time.Hour)) {
		t.Errorf("of two holds the longer counts, got %v", got)
	}
	f.Enrolled = added(tuesday.Add(-time.Hour), factor.TOTP)
	if d := policy.Decide(p, f); d.Outcome != policy.NotEnrolled {
		t.Errorf("what was added an hour ago counts: %+v", d)
	}
	f = low()
	f.Action = policy.Unlock
	if d := policy.Decide(p, f); met(d, factor.Passkey) || !met(d, factor.TOTP) {
		t.Errorf("the app is not asked for: %+v", d.Requirement)
	}
	f = low()
	f.Source = abroad
	if d := policy.Decide(p, f); met(d, factor.TOTP) || !met(d, factor.Passkey) {
		t.Errorf("from abroad: %+v", d.Requirement)
	}
	if want := []string{"strong", "no mail", "fresh"}; !slices.Equal(policy.Decide(p, f).Rules, want) {
		t.Errorf("rules %q", policy.Decide(p, f).Rules)
	}
}

func TestLimitsAndThreat(t *testing.T) {
	d := house()
	d.Policies[2].Limits = policy.Limits{Times: 2, Within: 7 * 24 * time.Hour}
	p, f := compile(t, d), low()
	day := 24 * time.Hour
	f.Done = []time.Time{tuesday.Add(-8 * day), tuesday.Add(-3 * day)}
	if d := policy.Decide(p, f); d.Outcome != policy.Allowed {
		t.Errorf("the first of the week: %+v", d)
	}
	f.Done = append(f.Done, tuesday.Add(-day), tuesday.Add(-2*day))
	if d := policy.Decide(p, f); d.Outcome != policy.Barred || d.Reason != "limit" || !d.Until.Equal(tuesday.Add(5*day)) {
		t.Errorf("the fourth: outcome %d, reason %q, until %v", d.Outcome, d.Reason, d.Until)
	}
	f.Action = policy.Change
	if d := policy.Decide(p, f); d.Outcome != policy.Allowed {
		t.Errorf("a change is nobody's to limit: %+v", d)
	}
	f = low()
	for threat, want := range map[policy.Threat]policy.Outcome{
		policy.Calm: policy.Allowed, policy.RaisedByOne: policy.Allowed, policy.PrivilegedStopped: policy.Allowed, policy.Stopped: policy.Barred,
	} {
		f.Threat = threat
		d := policy.Decide(p, f)
		if d.Outcome != want || threat == policy.RaisedByOne && d.Requirement.Count != 2 {
			t.Errorf("%q: outcome %d, count %d", threat, d.Outcome, d.Requirement.Count)
		}
	}
	f.Threat, f.Privileged = policy.PrivilegedStopped, policy.Yes
	if d := policy.Decide(p, f); d.Outcome != policy.Barred || d.Reason != "threat" {
		t.Errorf("a privileged account goes on: %+v", d)
	}
}

// TestGroupsThatActiveDirectoryProtects lay the floor whatever adminCount says, and groups that look alike do not.
func TestGroupsThatActiveDirectoryProtects(t *testing.T) {
	p := compile(t, house())
	for group, want := range map[string]bool{
		"S-1-5-32-544": true, "S-1-5-32-548": true, "S-1-5-21-1-2-3-512": true, "S-1-5-21-1-2-3-527": true,
		"S-1-5-32-545": false, "S-1-5-21-1-2-3-513": false, "S-1-5-21-1-2-3-1512": false, "S-1-5-32-512": false, "S-1-5-21-1-2-3-544": false,
		"512": false, "": false, `CORP\Team-512`: false,
	} {
		f := low()
		f.Groups = append(f.Groups, policy.Fold(group))
		if d := policy.Decide(p, f); d.Floor != want {
			t.Errorf("%q: floor %v", group, d.Floor)
		}
	}
}

// TestTheFloorWantsTwoClasses also where the policy accepts one, and a token as well as a passkey.
func TestTheFloorWantsTwoClasses(t *testing.T) {
	r := registry()
	r.Kinds = append(r.Kinds, factor.Traits{Kind: "token", Class: factor.Has, Hardware: true}, factor.Traits{Kind: "pin", Class: factor.Knows})
	p, err := policy.Compile(policy.Document{Policies: []policy.Policy{{
		Name: "all", Reset: policy.Requirement{Count: 2, SameClass: true, Allowed: []factor.Kind{factor.TOTP, factor.BackupCode, "pin"}},
	}}}, r)
	if err != nil {
		t.Fatal(err)
	}
	has := func(k factor.Kind, c factor.Class) policy.Enrolled {
		return policy.Enrolled{ID: string(k), Traits: factor.Traits{Kind: k, Class: c}, Channel: factor.Channel(k)}
	}
	token, app, paper, pin := has("token", factor.Has), has(factor.TOTP, factor.Has), has(factor.BackupCode, factor.Has), has("pin", factor.Knows)
	for _, c := range []struct {
		name     string
		enrolled []policy.Enrolled
		want     policy.Outcome
	}{
		{"app and paper", []policy.Enrolled{app, paper}, policy.NotEnrolled},
		{"token and app", []policy.Enrolled{token, app}, policy.NotEnrolled},
		{"app and PIN", []policy.Enrolled{app, pin}, policy.NotEnrolled},
		{"token and PIN", []policy.Enrolled{token, pin}, policy.Allowed},
	} {
		f := low()
		f.Enrolled, f.Privileged = c.enrolled, policy.Yes
		if d := policy.Decide(p, f); d.Outcome != c.want || !d.Floor {
			t.Errorf("%s: outcome %d, floor %v", c.name, d.Outcome, d.Floor)
		}
		f.Privileged = policy.No
		if d := policy.Decide(p, f); c.name == "app and paper" && d.Outcome != policy.Allowed {
			t.Errorf("%s for others: outcome %d", c.name, d.Outcome)
		}
	}
}

// TestClosedIsForEverybody: only what depends on no account is said before anybody is looked up.
func TestClosedIsForEverybody(t *testing.T) {
	abroadOnly := policy.Condition{Countries: []string{"KP"}}
	for _, c := range []struct {
		name  string
		rules []policy.Rule
		f     policy.Facts
		want  bool
	}{
		{"nothing", nil, policy.Facts{Now: tuesday, Action: policy.Reset, Source: abroad}, false},
		{"a country", []policy.Rule{{Name: "r", When: abroadOnly, Then: no()}}, policy.Facts{Now: tuesday, Action: policy.Reset, Source: abroad}, true},
		{"another country", []policy.Rule{{Name: "r", When: abroadOnly, Then: no()}}, policy.Facts{Now: tuesday, Action: policy.Reset, Source: desk}, false},
		{"for a group", []policy.Rule{{Name: "r", Scope: policy.Scope{Groups: []string{`CORP\Low`}}, When: abroadOnly, Then: no()}}, policy.Facts{Now: tuesday, Action: policy.Reset, Source: abroad}, false},
		{"about the account", []policy.Rule{{Name: "r", When: policy.Condition{Privileged: true}, Then: no()}}, policy.Facts{Now: tuesday, Action: policy.Reset, Source: abroad}, false},
		{"some might be let through before", []policy.Rule{
			{Name: "r", Scope: policy.Scope{Groups: []string{`CORP\Low`}}, Then: policy.Effect{Allow: true}},
			{Name: "s", When: abroadOnly, Then: no()},
		}, policy.Facts{Now: tuesday, Action: policy.Reset, Source: abroad}, false},
		{"only reported", []policy.Rule{{Name: "r", When: abroadOnly, Then: no(), ReportOnly: true}}, policy.Facts{Now: tuesday, Action: policy.Reset, Source: abroad}, false},
		{"all is stopped", nil, policy.Facts{Now: tuesday, Action: policy.Reset, Source: desk, Threat: policy.Stopped}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d, got := policy.Closed(compile(t, house(c.rules...)), c.f); got != c.want || got && d.Reason == "" {
				t.Errorf("%v, %+v", got, d)
			}
		})
	}
}

func TestExplainSaysWhyARuleDidNothing(t *testing.T) {
	p := compile(t, house(
		policy.Rule{Name: "group", Scope: policy.Scope{Groups: []string{`CORP\High`}}, Then: more(1)},
		policy.Rule{Name: "network", When: policy.Condition{Not: &policy.Condition{Is: "at the desk"}}, Then: more(1)},
		policy.Rule{Name: "country", When: policy.Condition{Any: []policy.Condition{{Countries: []string{"KP"}}, {AccountFailures: 3}}}, Then: more(1)},
		policy.Rule{Name: "unlock", Actions: []policy.Action{policy.Unlock}, Then: more(1)},
		policy.Rule{Name: "over", Until: tuesday, Then: more(1)},
		policy.Rule{Name: "report", ReportOnly: true, Then: no()},
		policy.Rule{Name: "move", Then: policy.Effect{Policy: "strict"}},
		policy.Rule{Name: "move again", Then: policy.Effect{Policy: "easy"}},
		policy.Rule{Name: "allow", Then: policy.Effect{Allow: true}},
		policy.Rule{Name: "late", Then: no()},
	))
	e := policy.Explain(p, low())
	var got []string
	for _, v := range e.Rules {
		state := v.Unmet
		switch {
		case v.Applied:
			state = "applied"
		case v.Reported:
			state = "reported"
		}
		got = append(got, v.Rule+": "+state+" "+v.Detail)
	}
	want := []string{
		`group: group is for members of CORP\High; the account is in none of them`,
		`network: condition not "at the desk", but it holds`,
		`country: condition none of: the country KP; it is DE; 3 wrong answers for the account in the last hour; there are 0`,
		`unlock: action is for unlock`,
		`over: dates holds from ever until 2026-03-03 09:30Z`,
		`report: reported `, `move: applied `,
		`move again: overtaken a rule before it names the policy`,
		`allow: applied `,
		`late: after-allow "allow" before it ends the rules`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if e.Decision.Policy != "strict" || e.Floor != "" {
		t.Errorf("%+v", e)
	}
	f := low()
	f.Privileged = policy.Unknown
	if e := policy.Explain(p, f); !strings.Contains(e.Floor, "could not tell") {
		t.Errorf("floor: %q", e.Floor)
	}
}

func TestCompileRefusesRulesThatCannotBeRight(t *testing.T) {
	deep := policy.Condition{NewCountry: true}
	for range 80 {
		deep = policy.Condition{Not: &policy.Condition{All: []policy.Condition{deep}}}
	}
	wide := map[string]policy.Condition{"c0": {NewCountry: true}}
	for i := 1; i < 30; i++ {
		twice := policy.Condition{Is: fmt.Sprint("c", i-1)}
		wide[fmt.Sprint("c", i)] = policy.Condition{Any: []policy.Condition{twice, twice}}
	}
	for want, change := range map[string]func(*policy.Document){
		"rules[0].name: is missing":               func(d *policy.Document) { d.Rules = []policy.Rule{{Then: more(1)}} },
		"rules[0].then: want one of allow":        func(d *policy.Document) { d.Rules = []policy.Rule{{Name: "r"}} },
		"rules[0].then.add_factors: want 1 to 4":  func(d *policy.Document) { d.Rules = []policy.Rule{{Name: "r", Then: more(9)}} },
		`rules[0].then.use_policy: no policy "x"`: func(d *policy.Document) { d.Rules = []policy.Rule{{Name: "r", Then: policy.Effect{Policy: "x"}}} },
		`rules[0].then.drop[0]: "fax" is not`: func(d *policy.Document) {
			d.Rules = []policy.Rule{{Name: "r", Then: policy.Effect{Drop: []factor.Kind{"fax"}}}}
		},
		`rules[0].when.networks[0]: no "x"`: func(d *policy.Document) {
			d.Rules = []policy.Rule{{Name: "r", When: policy.Condition{Networks: []string{"x"}}, Then: more(1)}}
		},
		`rules[0].when.not.is: no condition "x"`: func(d *policy.Document) {
			d.Rules = []policy.Rule{{Name: "r", When: policy.Condition{Not: &policy.Condition{Is: "x"}}, Then: more(1)}}
		},
		`rules[0].when.any[0].countries[0]: want a`: func(d *policy.Document) {
			d.Rules = []policy.Rule{{Name: "r", When: policy.Condition{Any: []policy.Condition{{Countries: []string{"Germany"}}}}, Then: more(1)}}
		},
		"rules[0].until: is before": func(d *policy.Document) {
			d.Rules = []policy.Rule{{Name: "r", From: tuesday, Until: tuesday, Then: more(1)}}
		},
		"rules[0].when.":                            func(d *policy.Document) { d.Rules = []policy.Rule{{Name: "r", When: deep, Then: more(1)}} },
		"asks more than 1000 things":                func(d *policy.Document) { d.Conditions = wide },
		`conditions.a.is: "a" leads back to itself`: func(d *policy.Document) { d.Conditions = map[string]policy.Condition{"a": {Is: "a"}} },
		"networks.n[0]: want a network":             func(d *policy.Document) { d.Networks = map[string][]string{"n": {"10.0.0.0/33"}} },
		"schedules.s.time_zone: want a time zone": func(d *policy.Document) {
			d.Schedules = map[string]policy.Schedule{"s": {TimeZone: "Mars", Hours: []policy.Hours{{Days: []string{"mon"}, From: "08:00", To: "09:00"}}}}
		},
		"schedules.s.hours[0].days[0]: want mon": func(d *policy.Document) {
			d.Schedules = map[string]policy.Schedule{"s": {Hours: []policy.Hours{{Days: []string{"Montag"}, From: "08:00", To: "09:00"}}}}
		},
		"schedules.s.hours[0].to: want a time": func(d *policy.Document) {
			d.Schedules = map[string]policy.Schedule{"s": {Hours: []policy.Hours{{Days: []string{"mon"}, From: "08:00", To: "25:00"}}}}
		},
		"privileged.count: want 2 to 5": func(d *policy.Document) { d.Privileged.Count = 6 },
		"policies[0].limits.times: want times with": func(d *policy.Document) {
			d.Policies = []policy.Policy{{Name: "p", Reset: policy.Requirement{Count: 2}, Limits: policy.Limits{Times: 2}}}
		},
		"defaults.corp.example.test.by_rule: a": func(d *policy.Document) {
			d.Defaults = map[string]policy.Policy{"corp.example.test": {Name: "d", ByRule: true, Reset: policy.Requirement{Count: 2}}}
		},
	} {
		var d policy.Document
		change(&d)
		_, err := policy.Compile(d, registry())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
