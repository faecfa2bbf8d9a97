package bench

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

// decide measures decisions about somebody whom only the last of n policies fits, who is in 31 groups and three units deep.
func decide(r *Report, runs int) error {
	const part = "A policy decision"
	for _, c := range []struct {
		policies int
		aim      float64 // µs
	}{{10, 1}, {1000, 2}, {10_000, 5}} {
		p, err := policy.Compile(manyPolicies(c.policies), registry())
		if err != nil {
			return err
		}
		f := facts(c.policies)
		if d := policy.Decide(p, f); d.Policy != policyName(c.policies-1) || d.Outcome != policy.Allowed {
			return fmt.Errorf("with %d policies the decision is %+v", c.policies, d)
		}
		var took, allocations []float64
		for range runs {
			b := testing.Benchmark(func(b *testing.B) {
				for b.Loop() {
					policy.Decide(p, f)
				}
			})
			took = append(took, float64(b.T.Nanoseconds())/float64(b.N)/1000)
			allocations = append(allocations, float64(b.AllocsPerOp()))
		}
		name := figure(float64(c.policies)) + " policies"
		r.add(Line{Part: part, Name: name, Unit: "µs", Aim: below(c.aim)}, took...)
		r.add(Line{Part: part, Name: name + ", allocations", Aim: atMost(0)}, allocations...)
	}
	return decideByRules(r, part, runs)
}

// decideByRules measures a decision that goes over a thousand rules besides: all are for everybody, each has a condition of its own
// with a named one in it, and none holds, as for most people at most times.
func decideByRules(r *Report, part string, runs int) error {
	const policies, rules = 10_000, 1000
	d := manyPolicies(policies)
	d.Networks = map[string][]string{"office": {"10.0.0.0/8"}}
	d.Schedules = map[string]policy.Schedule{"hours": {Hours: []policy.Hours{{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "18:00"}}}}
	d.Conditions = map[string]policy.Condition{"desk": {Networks: []string{"office"}, Schedules: []string{"hours"}}}
	for i := range rules {
		d.Rules = append(d.Rules, policy.Rule{
			Name: fmt.Sprintf("rule %d", i), Then: policy.Effect{Factors: 1},
			When: policy.Condition{Not: &policy.Condition{Is: "desk"}, AccountFailures: i + 1},
		})
	}
	p, err := policy.Compile(d, registry())
	if err != nil {
		return err
	}
	f := facts(policies)
	f.Now = time.Date(2026, 3, 3, 9, 30, 0, 0, time.UTC)
	f.Source.Address, f.Failures.Account.Known = netip.MustParseAddr("10.1.2.3"), true
	if d := policy.Decide(p, f); d.Outcome != policy.Allowed || len(d.Rules) > 0 {
		return fmt.Errorf("with %d rules the decision is %+v", rules, d)
	}
	var took, allocations []float64
	for range runs {
		b := testing.Benchmark(func(b *testing.B) {
			for b.Loop() {
				policy.Decide(p, f)
			}
		})
		took = append(took, float64(b.T.Nanoseconds())/float64(b.N)/1000)
		allocations = append(allocations, float64(b.AllocsPerOp()))
	}
	name := figure(policies) + " policies and " + figure(rules) + " rules"
	r.add(Line{Part: part, Name: name, Unit: "µs", Aim: below(10)}, took...)
	r.add(Line{Part: part, Name: name + ", allocations", Aim: atMost(0)}, allocations...)
	return nil
}

const decideDomain = "corp.example.test"

func registry() policy.Registry {
	return policy.Registry{Directories: []string{decideDomain}, Kinds: []factor.Traits{
		{Kind: factor.TOTP, Class: factor.Has}, {Kind: factor.Mail, Class: factor.Knows, Mailbox: true},
	}}
}

func policyName(i int) string { return fmt.Sprintf("policy %d", i) }

// manyPolicies are for groups and for units in turn. The last is for a group, with an attribute to match and a group to leave out.
func manyPolicies(n int) policy.Document {
	var d policy.Document
	for i := range n {
		p := policy.Policy{Name: policyName(i), Reset: policy.Requirement{Count: 2}}
		if i%2 == 0 && i < n-1 {
			p.Scope.OUs = []policy.OU{{DN: fmt.Sprintf("OU=Unit %d,OU=People,DC=corp,DC=example,DC=test", i)}}
		} else {
			p.Scope.Groups = []string{groupSID(1000 + i)}
		}
		d.Policies = append(d.Policies, p)
	}
	last := &d.Policies[n-1].Scope
	last.Attributes = []policy.Attribute{{Name: "department", Values: []string{"Finance"}}}
	last.Exclude.Groups = []string{groupSID(1)}
	return d
}

func groupSID(n int) string { return fmt.Sprintf("S-1-5-21-1004336348-1177238915-682003330-%d", n) }

func facts(n int) policy.Facts {
	f := policy.Facts{
		Action: policy.Reset, Directory: decideDomain, Privileged: policy.No, Path: policy.NormalizeDN("CN=Alice,OU=Berlin,OU=Staff,OU=People,DC=corp,DC=example,DC=test"),
		Attributes: map[string][]string{"department": {"Finance"}},
	}
	for i, t := range registry().Kinds {
		f.Enrolled = append(f.Enrolled, policy.Enrolled{ID: fmt.Sprint(i), Traits: t, Channel: factor.Channel(fmt.Sprint("channel ", i))})
	}
	for i := range 30 {
		f.Groups = append(f.Groups, policy.Fold(groupSID(100_000+i)))
	}
	f.Groups = append(f.Groups, policy.Fold(groupSID(1000+n-1)))
	return f
}
