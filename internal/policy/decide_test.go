package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func registry() policy.Registry {
	return policy.Registry{
		Kinds: []factor.Traits{
			{Kind: factor.Passkey, Class: factor.Has | factor.Is, PhishingResistant: true},
			{Kind: factor.TOTP, Class: factor.Has},
			{Kind: factor.BackupCode, Class: factor.Has},
			{Kind: factor.Mail, Class: factor.Knows, Mailbox: true, Each: true},
		},
		Directories: []string{"corp.example.test", "sales.example.test"},
	}
}

func enrolled(kinds ...factor.Kind) []policy.Enrolled {
	var es []policy.Enrolled
	for i, k := range kinds {
		for _, t := range registry().Kinds {
			if t.Kind == k {
				es = append(es, policy.Enrolled{ID: fmt.Sprint(k, i), Traits: t, Channel: factor.Channel(fmt.Sprint(k, i))})
			}
		}
	}
	return es
}

func compile(t interface {
	Helper()
	Fatal(args ...any)
}, d policy.Document,
) *policy.Policies {
	t.Helper()
	p, err := policy.Compile(d, registry())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// document has a policy of each scope, in an order in which later ones would match too.
func document() policy.Document {
	two := policy.Requirement{Count: 2}
	return policy.Document{Policies: []policy.Policy{
		{Name: "board", Scope: policy.Scope{Groups: []string{"S-1-5-21-1-1-1-1100", `CORP\Board`}}, Reset: policy.Requirement{Count: 3}},
		{Name: "contractors", Scope: policy.Scope{
			OUs:     []policy.OU{{DN: "OU=Contractors, OU=People,DC=corp,DC=example,DC=test"}},
			Exclude: policy.Exclusion{Groups: []string{`CORP\Trusted`}},
		}, Actions: []policy.Action{policy.Unlock}, Reset: two},
		{Name: "only people", Scope: policy.Scope{OUs: []policy.OU{{DN: "OU=People,DC=corp,DC=example,DC=test", Only: true}}}, Reset: two},
		{Name: "berlin", Scope: policy.Scope{Attributes: []policy.Attribute{{Name: "l", Values: []string{"Berlin"}}}}, Reset: two, KeepLocked: true},
		{Name: "sales", Scope: policy.Scope{Domains: []string{"sales.example.test"}}, Reset: policy.Requirement{Count: 1}},
	}}
}

func TestDecide(t *testing.T) {
	p := compile(t, document())
	people := "CN=Alice,OU=People,DC=corp,DC=example,DC=test"
	for _, c := range []struct {
		name string
		f    policy.Facts
		want string
		out  policy.Outcome
	}{
		{"group by SID", policy.Facts{Groups: []string{"s-1-5-21-1-1-1-1100"}, Enrolled: enrolled(factor.Passkey, factor.TOTP, factor.Mail)}, "board", policy.Allowed},
		{"group by name", policy.Facts{Groups: []string{`corp\board`}, Enrolled: enrolled(factor.Passkey)}, "board", policy.NotEnrolled},
		{"unit with children", policy.Facts{Path: "CN=Bob,OU=North,OU=Contractors,OU=People,DC=corp,DC=example,DC=test"}, "contractors", policy.Denied},
		{"excluded by group falls through", policy.Facts{Path: "CN=Bob,OU=Contractors,OU=People,DC=corp,DC=example,DC=test", Groups: []string{`corp\trusted`}, Enrolled: enrolled(factor.TOTP, factor.Mail)}, "default of corp.example.test", policy.Allowed},
		{"unit without children", policy.Facts{Path: people, Enrolled: enrolled(factor.TOTP, factor.Mail)}, "only people", policy.Allowed},
		{"unit below it does not count", policy.Facts{Path: "CN=Al,OU=London,OU=People,DC=corp,DC=example,DC=test"}, "default of corp.example.test", policy.NotEnrolled},
		{"attribute without case", policy.Facts{Attributes: map[string][]string{"l": {"berlin"}}, Enrolled: enrolled(factor.TOTP, factor.Mail)}, "berlin", policy.Allowed},
		{"domain", policy.Facts{Directory: "sales.example.test", Enrolled: enrolled(factor.Mail)}, "sales", policy.Allowed},
		{"unknown directory", policy.Facts{Directory: "elsewhere"}, "", policy.Denied},
		{"a look-alike suffix is not below the unit", policy.Facts{Path: `CN=X\,OU=Contractors,OU=Other,DC=corp,DC=example,DC=test`, Enrolled: enrolled(factor.TOTP, factor.Mail)}, "default of corp.example.test", policy.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.f.Action, c.f.Privileged = policy.Reset, policy.No
			if c.f.Directory == "" {
				c.f.Directory = "corp.example.test"
			}
			c.f.Path = policy.NormalizeDN(c.f.Path)
			d := policy.Decide(p, c.f)
			if d.Policy != c.want || d.Outcome != c.out {
				t.Errorf("got %q, outcome %d, reason %q; want %q, %d", d.Policy, d.Outcome, d.Reason, c.want, c.out)
			}
		})
	}
}

func TestUnlockFallsBackToReset(t *testing.T) {
	p := compile(t, document())
	f := policy.Facts{Privileged: policy.No, Action: policy.Unlock, Directory: "corp.example.test", Path: policy.NormalizeDN("CN=Bob,OU=Contractors,OU=People,DC=corp,DC=example,DC=test"), Enrolled: enrolled(factor.TOTP, factor.Mail)}
	if d := policy.Decide(p, f); d.Outcome != policy.Allowed || d.Requirement.Count != 2 {
		t.Errorf("got %+v", d)
	}
}

// TestExplainAgreesWithDecide checks the index against a walk over all policies, on random documents and facts.
func TestExplainAgreesWithDecide(t *testing.T) {
	names := []string{"a", "b", "c"}
	units := []string{"OU=A,DC=x", "OU=B,OU=A,DC=x", "OU=C,DC=x", "DC=x"}
	rapid.Check(t, func(t *rapid.T) {
		var d policy.Document
		for i := range rapid.IntRange(0, 8).Draw(t, "policies") {
			var s policy.Scope
			s.Groups = rapid.SliceOfN(rapid.SampledFrom(names), 0, 2).Draw(t, "groups")
			s.Exclude.Groups = rapid.SliceOfN(rapid.SampledFrom(names), 0, 1).Draw(t, "exclude")
			s.Domains = rapid.SliceOfN(rapid.SampledFrom(registry().Directories), 0, 1).Draw(t, "domains")
			for _, u := range rapid.SliceOfN(rapid.SampledFrom(units), 0, 2).Draw(t, "units") {
				s.OUs = append(s.OUs, policy.OU{DN: u, Only: rapid.Bool().Draw(t, "only")})
			}
			d.Policies = append(d.Policies, policy.Policy{Name: fmt.Sprint("p", i), Scope: s, Reset: policy.Requirement{Count: 1}})
		}
		p, err := policy.Compile(d, registry())
		if err != nil {
			t.Fatal(err)
		}
		f := policy.Facts{
			Action: policy.Reset, Directory: rapid.SampledFrom(registry().Directories).Draw(t, "directory"),
			Groups: rapid.SliceOfN(rapid.SampledFrom(names), 0, 3).Draw(t, "member of"),
			Path:   policy.NormalizeDN("CN=x," + rapid.SampledFrom(units).Draw(t, "path")),
		}
		won := ""
		for _, v := range policy.Explain(p, f).Policies {
			if v.Won {
				won = v.Policy
			}
		}
		if got := policy.Decide(p, f).Policy; got != won {
			t.Fatalf("Decide says %q, Explain %q", got, won)
		}
	})
}

func TestRequirement(t *testing.T) {
	proof := func(k factor.Kind, c factor.Class, channel string) policy.Proof {
		return policy.Proof{Kind: k, Class: c, Channel: factor.Channel(channel), Credential: string(k) + channel}
	}
	app := proof(factor.TOTP, factor.Has, "device:1")
	paper := proof(factor.BackupCode, factor.Has, "paper:1")
	mail := proof(factor.Mail, factor.Knows, "mail:a@home.example.test")
	key := proof(factor.Passkey, factor.Has|factor.Is, "device:2")
	for _, c := range []struct {
		name   string
		r      policy.Requirement
		proofs []policy.Proof
		want   bool
	}{
		{"app and mail", policy.Requirement{Count: 2}, []policy.Proof{app, mail}, true},
		{"passkey and app", policy.Requirement{Count: 2}, []policy.Proof{key, app}, true},
		{"one twice", policy.Requirement{Count: 2}, []policy.Proof{mail, mail}, false},
		{"two held things are of one class", policy.Requirement{Count: 2}, []policy.Proof{app, paper}, false},
		{"unless the policy says so", policy.Requirement{Count: 2, SameClass: true}, []policy.Proof{app, paper}, true},
		{"SMS and voice to one number", policy.Requirement{Count: 2, SameClass: true}, []policy.Proof{
			proof("sms", factor.Has, "phone:+4930123"), proof("voice", factor.Knows, "phone:+4930123"),
		}, false},
		{"no channel is independent of nothing", policy.Requirement{Count: 1}, []policy.Proof{proof(factor.TOTP, factor.Has, "")}, false},
		{"mandatory missing", policy.Requirement{Count: 2, Mandatory: []factor.Kind{factor.Passkey}}, []policy.Proof{app, mail}, false},
		{"mandatory there", policy.Requirement{Count: 2, Mandatory: []factor.Kind{factor.Passkey}}, []policy.Proof{key, mail}, true},
		{"not allowed does not count", policy.Requirement{Count: 2, Allowed: []factor.Kind{factor.Passkey, factor.TOTP}}, []policy.Proof{key, mail}, false},
		{"one of a list", policy.Requirement{Count: 2, AnyOf: []policy.AnyOf{{N: 1, Of: []factor.Kind{factor.Passkey, factor.BackupCode}}}}, []policy.Proof{app, mail}, false},
		{"nothing", policy.Requirement{Count: 1}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.r.SatisfiedBy(c.proofs); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestShort(t *testing.T) {
	r := policy.Requirement{Count: 2}
	for want, kinds := range map[int][][]factor.Kind{
		0: {{factor.Passkey, factor.TOTP}, {factor.TOTP, factor.Mail}},
		1: {{factor.TOTP}, {factor.TOTP, factor.BackupCode}},
		2: {{}},
	} {
		for _, ks := range kinds {
			if got := r.Short(enrolled(ks...)); got != want {
				t.Errorf("%v: %d short, want %d", ks, got, want)
			}
		}
	}
}

func TestCompileNamesTheProblem(t *testing.T) {
	for want, p := range map[string]policy.Policy{
		"policies[0].name: is missing":                      {Reset: policy.Requirement{Count: 2}},
		"policies[0].reset.count: want 1 to 5, got 0":       {Name: "x"},
		`policies[0].reset.mandatory[0]: "fax"`:             {Name: "x", Reset: policy.Requirement{Count: 1, Mandatory: []factor.Kind{"fax"}}},
		"policies[0].reset.any_of[0].n: want 1 to 1":        {Name: "x", Reset: policy.Requirement{Count: 1, AnyOf: []policy.AnyOf{{N: 2, Of: []factor.Kind{factor.TOTP}}}}},
		"policies[0].reset.count: no mix of the allowed":    {Name: "x", Reset: policy.Requirement{Count: 2, Allowed: []factor.Kind{factor.TOTP, factor.BackupCode}}},
		`policies[0].scope.domains[0]: no directory "nope"`: {Name: "x", Scope: policy.Scope{Domains: []string{"nope"}}, Reset: policy.Requirement{Count: 2}},
		"policies[0].scope.ous[0].dn: want a name":          {Name: "x", Scope: policy.Scope{OUs: []policy.OU{{DN: "People"}}}, Reset: policy.Requirement{Count: 2}},
	} {
		_, err := policy.Compile(policy.Document{Policies: []policy.Policy{p}}, registry())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func many(n int) policy.Document {
	var d policy.Document
	for i := range n {
		d.Policies = append(d.Policies, policy.Policy{
			Name: fmt.Sprint("p", i), Scope: policy.Scope{Groups: []string{fmt.Sprintf("S-1-5-21-1-1-1-%d", 2000+i)}}, Reset: policy.Requirement{Count: 2},
		})
	}
	return d
}

func facts(n int) policy.Facts {
	f := policy.Facts{Privileged: policy.No, Action: policy.Reset, Directory: "corp.example.test", Path: policy.NormalizeDN("CN=Alice,OU=Berlin,OU=People,DC=corp,DC=example,DC=test"), Enrolled: enrolled(factor.TOTP, factor.Mail)}
	for i := range 30 {
		f.Groups = append(f.Groups, fmt.Sprintf("s-1-5-21-1-1-1-%d", 900+i))
	}
	f.Groups = append(f.Groups, fmt.Sprintf("s-1-5-21-1-1-1-%d", 2000+n-1))
	return f
}

func TestDecideAllocatesNothing(t *testing.T) {
	p, f := compile(t, many(1000)), facts(1000)
	if n := testing.AllocsPerRun(100, func() { policy.Decide(p, f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if d := policy.Decide(p, f); d.Policy != "p999" || d.Outcome != policy.Allowed {
		t.Errorf("got %+v", d)
	}
}

// manyRules are for groups and for everybody in turn, each with a condition of its own.
func manyRules(n int) policy.Document {
	d := many(10_000)
	d.Networks, d.Schedules, d.Conditions = house().Networks, house().Schedules, house().Conditions
	for i := range n {
		r := policy.Rule{Name: fmt.Sprint("r", i), Then: policy.Effect{Factors: 1}}
		r.When = policy.Condition{
			Not: &policy.Condition{Is: "at the desk"}, Countries: []string{"KP", "IR"}, AccountFailures: 1 + i%5,
		}
		if i%2 == 0 {
			r.Scope.Groups = []string{fmt.Sprintf("S-1-5-21-1-1-1-%d", 2000+i)}
		}
		d.Rules = append(d.Rules, r)
	}
	return d
}

// TestRulesThatChangeNothingAllocateNothing: memory stays flat however many there are.
func TestRulesThatChangeNothingAllocateNothing(t *testing.T) {
	p, f := compile(t, manyRules(1000)), facts(10_000)
	f.Source, f.Now, f.Failures = desk, tuesday, policy.Failures{Account: policy.Count{Known: true}}
	if n := testing.AllocsPerRun(100, func() { policy.Decide(p, f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	f.Source, f.Failures.Account.N = abroad, 9
	if d := policy.Decide(p, f); len(d.Rules) != 500 || d.Requirement.Count != policy.MostFactors {
		t.Errorf("%d rules hold, %d asked", len(d.Rules), d.Requirement.Count)
	}
}

func BenchmarkDecideWithRules(b *testing.B) {
	p, f := compile(b, manyRules(1000)), facts(10_000)
	f.Source, f.Now, f.Failures = desk, tuesday, policy.Failures{Account: policy.Count{Known: true}}
	b.ReportAllocs()
	for b.Loop() {
		policy.Decide(p, f)
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, f := compile(b, many(n)), facts(n)
			b.ReportAllocs()
			for b.Loop() {
				policy.Decide(p, f)
			}
		})
	}
}
