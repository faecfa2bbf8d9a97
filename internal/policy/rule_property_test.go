package policy_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func parse(s string) (netip.Addr, error) { return netip.ParseAddr(s) }

// mapped writes an IPv4 address in IPv6; another stays.
func mapped(a netip.Addr) netip.Addr {
	if a.Is4() {
		return netip.AddrFrom16(a.As16())
	}
	return a
}

// anyCondition draws one that a house's document compiles.
func anyCondition(t *rapid.T, depth int) policy.Condition {
	var c policy.Condition
	some := func(name string) bool { return rapid.IntRange(0, 4).Draw(t, name) == 0 }
	if some("networks") {
		c.Networks = []string{"office"}
	}
	if some("schedules") {
		c.Schedules = []string{"business-hours"}
	}
	if some("is") {
		c.Is = "at the desk"
	}
	if some("countries") {
		c.Countries = []string{rapid.SampledFrom([]string{"DE", "KP"}).Draw(t, "country")}
	}
	if some("device") {
		c.Device = []policy.DeviceState{rapid.SampledFrom([]policy.DeviceState{policy.KnownDevice, policy.ManagedDevice}).Draw(t, "state")}
	}
	if some("failures") {
		c.AccountFailures = rapid.IntRange(1, 3).Draw(t, "n")
	}
	if some("added") {
		c.FactorAddedWithin = time.Hour
	}
	c.NewCountry, c.ImpossibleTravel, c.Privileged = some("new"), some("travel"), some("privileged")
	if depth == 0 {
		return c
	}
	for range rapid.IntRange(0, 2).Draw(t, "all") {
		c.All = append(c.All, anyCondition(t, depth-1))
	}
	for range rapid.IntRange(0, 2).Draw(t, "any") {
		c.Any = append(c.Any, anyCondition(t, depth-1))
	}
	if some("not") {
		n := anyCondition(t, depth-1)
		c.Not = &n
	}
	return c
}

func anyRule(t *rapid.T, name string, effects ...func(*rapid.T) policy.Effect) policy.Rule {
	r := policy.Rule{Name: name, When: anyCondition(t, 2), Then: rapid.SampledFrom(effects).Draw(t, "effect")(t)}
	if rapid.Bool().Draw(t, "scoped") {
		r.Scope.Groups = []string{rapid.SampledFrom([]string{`CORP\Board`, `CORP\Trusted`}).Draw(t, "group")}
	}
	if rapid.Bool().Draw(t, "bounded") {
		r.From, r.Until = noon.Add(-time.Hour), noon.Add(time.Hour*time.Duration(rapid.IntRange(0, 1).Draw(t, "until")))
	}
	r.ReportOnly = rapid.IntRange(0, 5).Draw(t, "report only") == 0
	return r
}

func adds(t *rapid.T) policy.Effect { return more(rapid.IntRange(1, 4).Draw(t, "more")) }

func denies(*rapid.T) policy.Effect { return no() }

func allows(*rapid.T) policy.Effect { return policy.Effect{Allow: true} }

func moves(t *rapid.T) policy.Effect {
	return policy.Effect{Policy: rapid.SampledFrom([]string{"strict", "easy"}).Draw(t, "to")}
}

func narrows(t *rapid.T) policy.Effect {
	return policy.Effect{
		Require: anyKinds(t, 2, "require"), Drop: anyKinds(t, 4, "drop"), PhishingResistant: rapid.Bool().Draw(t, "resistant"),
		HoldNew: time.Duration(rapid.IntRange(1, 3).Draw(t, "hold")) * time.Hour,
	}
}

func anyRules(t *rapid.T, most int, effects ...func(*rapid.T) policy.Effect) []policy.Rule {
	var rules []policy.Rule
	for i := range rapid.IntRange(0, most).Draw(t, "rules") {
		rules = append(rules, anyRule(t, fmt.Sprint("r", i), effects...))
	}
	return rules
}

func anySituation(t *rapid.T) policy.Facts {
	f := anyFacts(t)
	tri := rapid.SampledFrom([]policy.Tristate{policy.Unknown, policy.No, policy.Yes})
	f.Source = rapid.SampledFrom([]policy.Source{{}, desk, abroad}).Draw(t, "source")
	f.Source.NewCountry, f.Source.Travel = tri.Draw(t, "new country"), tri.Draw(t, "travel")
	f.Failures.Account = policy.Count{N: rapid.IntRange(0, 3).Draw(t, "failed"), Known: rapid.Bool().Draw(t, "counted")}
	f.Now = rapid.SampledFrom([]time.Time{noon, {}}).Draw(t, "now")
	f.Threat = rapid.SampledFrom([]policy.Threat{policy.Calm, policy.Calm, policy.RaisedByOne, policy.PrivilegedStopped, policy.Stopped}).Draw(t, "threat")
	for i := range f.Enrolled {
		f.Enrolled[i].Added = rapid.SampledFrom([]time.Time{{}, noon.Add(-time.Minute), noon.Add(-90 * 24 * time.Hour)}).Draw(t, "added")
	}
	return f
}

// good reports whether proofs of all enrolled ways open the account by a decision.
func opens(d policy.Decision, proofs []policy.Proof, added map[string]time.Time) bool {
	if d.Outcome != policy.Allowed {
		return false
	}
	var counted []policy.Proof
	for _, p := range proofs {
		if d.Counts(added[p.Credential]) {
			counted = append(counted, p)
		}
	}
	return d.Requirement.SatisfiedBy(counted)
}

// anyProven draws what somebody has proven out of what they enrolled.
func anyProven(t *rapid.T, f policy.Facts) (proofs []policy.Proof, added map[string]time.Time) {
	added = map[string]time.Time{}
	for _, e := range f.Enrolled {
		added[e.ID] = e.Added
		if rapid.Bool().Draw(t, "proven") {
			proofs = append(proofs, policy.Proof{Kind: e.Traits.Kind, Class: e.Traits.Class, Channel: e.Channel, Credential: e.ID})
		}
	}
	return proofs, added
}

// TestTotal: whatever the settings and the facts are, there is an answer with a reason, Explain gives the same one, and every rule
// has its say.
func TestTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := anyRules(t, 6, adds, denies, allows, moves, narrows)
		p := compile(t, house(rules...))
		f := anySituation(t)
		d, e := policy.Decide(p, f), policy.Explain(p, f)
		if (d.Outcome == policy.Allowed) != (d.Reason == "") {
			t.Fatalf("%+v", d)
		}
		if e.Decision.Outcome != d.Outcome || e.Decision.Reason != d.Reason {
			t.Fatalf("Explain says %+v, Decide %+v", e.Decision, d)
		}
		if d.Reason == "no-policy" {
			return
		}
		if len(e.Rules) != len(rules) {
			t.Fatalf("%d verdicts for %d rules", len(e.Rules), len(rules))
		}
		var applied, reported []string
		for _, v := range e.Rules {
			if (v.Unmet == "") == (!v.Applied && !v.Reported) || v.Unmet != "" && v.Detail == "" {
				t.Fatalf("%+v", v)
			}
			if v.Applied {
				applied = append(applied, v.Rule)
			}
			if v.Reported {
				reported = append(reported, v.Rule)
			}
		}
		if !slices.Equal(applied, d.Rules) || !slices.Equal(reported, d.Reported) {
			t.Fatalf("Explain says %q and %q, Decide %q and %q", applied, reported, d.Rules, d.Reported)
		}
	})
}

// TestMonotone: one more rule that denies or asks for more never opens what was closed, wherever it stands.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := anyRules(t, 4, adds, denies, allows, moves, narrows)
		stricter := slices.Insert(slices.Clone(rules), rapid.IntRange(0, len(rules)).Draw(t, "place"), anyRule(t, "new", adds, denies))
		f := anySituation(t)
		proofs, added := anyProven(t, f)
		before := policy.Decide(compile(t, house(rules...)), f)
		after := policy.Decide(compile(t, house(stricter...)), f)
		if opens(after, proofs, added) && !opens(before, proofs, added) {
			t.Fatalf("%+v opens what %+v did not", after, before)
		}
	})
}

// TestOrderOfRulesThatOnlyAskForMore does not matter: only allow and use_policy depend on it.
func TestOrderOfRulesThatOnlyAskForMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := anyRules(t, 5, adds, denies, narrows)
		f := anySituation(t)
		proofs, added := anyProven(t, f)
		one := policy.Decide(compile(t, house(rules...)), f)
		other := policy.Decide(compile(t, house(rapid.Permutation(rules).Draw(t, "shuffled")...)), f)
		if one.Outcome != other.Outcome || one.Reason != other.Reason || opens(one, proofs, added) != opens(other, proofs, added) {
			t.Fatalf("%+v, and in another order %+v", one, other)
		}
	})
}

// TestMoreKnownNeverHurtsTheFirm: a fact that cannot be told opens nothing that stays closed whatever the fact is.
func TestUnknownOpensNoMoreThanTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := compile(t, house(anyRules(t, 4, adds, denies, allows, moves, narrows)...))
		f := anySituation(t)
		f.Device = policy.Device{Platform: "windows"}
		proofs, added := anyProven(t, f)
		unknown := opens(policy.Decide(p, f), proofs, added)
		some := false
		for _, known := range []policy.Tristate{policy.No, policy.Yes} {
			for _, managed := range []policy.Tristate{policy.No, policy.Yes} {
				f.Device.Known, f.Device.Managed = known, managed
				some = some || opens(policy.Decide(p, f), proofs, added)
			}
		}
		if unknown && !some {
			t.Fatal("what is open while nobody can tell the device is closed with every device")
		}
	})
}

// TestNoSettingLowersTheFloor: whatever the settings are, who is privileged, or may be, proves two independent ways, one of which
// cannot be phished or is in hardware, and none of which is a code by mail.
func TestNoSettingLowersTheFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := house(anyRules(t, 5, adds, denies, allows, moves, narrows)...)
		everybody := anyRequirement(t)
		everybody.Count = max(1, everybody.Count)
		d.Policies = append(d.Policies, policy.Policy{
			Name: "all", Reset: everybody, Unlock: policy.Requirement{Count: 1, SameClass: true},
			Change: policy.Requirement{}, Limits: policy.Limits{},
		})
		d.Privileged = policy.Floor{Count: rapid.IntRange(0, 3).Draw(t, "count"), Groups: []string{`CORP\Trusted`}}
		p, err := policy.Compile(d, registry())
		if err != nil {
			t.Skip("cannot be met by anybody")
		}
		f := anySituation(t)
		switch rapid.IntRange(0, 4).Draw(t, "privileged by") {
		case 0:
			f.Privileged = policy.Yes
		case 3:
			f.Groups = append(f.Groups, rapid.SampledFrom([]string{"s-1-5-32-548", "s-1-5-21-1-2-3-512", "s-1-5-21-1-2-3-519"}).Draw(t, "protected"))
		case 1:
			f.Privileged = policy.Unknown
		case 4:
			f.Linked = append(f.Linked, `corp\trusted`)
		default:
			f.Groups = append(f.Groups, `corp\trusted`)
		}
		dec := policy.Decide(p, f)
		if dec.Outcome == policy.Allowed && !dec.Floor {
			t.Fatalf("no floor: %+v", dec)
		}
		proofs, added := anyProven(t, f)
		if !opens(dec, proofs, added) {
			return
		}
		channels, strong := map[factor.Channel]bool{}, false
		for _, q := range proofs {
			if q.Kind == factor.Mail || q.Channel == "" {
				continue
			}
			channels[q.Channel] = true
			strong = strong || traits(q.Kind).PhishingResistant
		}
		least := 2
		if f.Action == policy.Change {
			least = 1 // and the current password
		}
		if len(channels) < least || !strong {
			t.Fatalf("%s opened by %+v", f.Action, proofs)
		}
	})
}
