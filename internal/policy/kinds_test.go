package policy_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

// TestMetWithIsReachableWithEnough: it says of kinds what Reachable says of somebody who enrolled plenty of them.
func TestMetWithIsReachableWithEnough(t *testing.T) {
	class := rapid.SampledFrom([]factor.Class{factor.Knows, factor.Has, factor.Has | factor.Is})
	kind := rapid.SampledFrom([]factor.Kind{"a", "b", "c"})
	list := rapid.SliceOfNDistinct(kind, 0, 3, rapid.ID[factor.Kind])
	rapid.Check(t, func(t *rapid.T) {
		q := policy.Requirement{
			Count: rapid.IntRange(0, 3).Draw(t, "count"), Mandatory: list.Draw(t, "mandatory"), Allowed: list.Draw(t, "allowed"),
			SameClass: rapid.Bool().Draw(t, "same class"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "lists") {
			q.AnyOf = append(q.AnyOf, policy.AnyOf{N: rapid.IntRange(1, 2).Draw(t, "n"), Of: list.Draw(t, "of")})
		}
		var kinds []factor.Traits
		var es []policy.Enrolled
		for _, k := range list.Draw(t, "kinds") {
			kinds = append(kinds, factor.Traits{Kind: k, Class: class.Draw(t, "class")})
			for i := range 4 {
				id := fmt.Sprint(k, i)
				es = append(es, policy.Enrolled{ID: id, Traits: kinds[len(kinds)-1], Channel: factor.Channel(id)})
			}
		}
		if got, want := q.MetWith(kinds), q.Reachable(es); got != want {
			t.Fatalf("%+v with %+v: %v, and reachable %v", q, kinds, got, want)
		}
	})
}

func TestAsks(t *testing.T) {
	two, one := policy.Requirement{Count: 2}, policy.Requirement{Count: 1}
	for _, c := range []struct {
		p      policy.Policy
		action policy.Action
		want   policy.Requirement
		key    string
		ok     bool
	}{
		{policy.Policy{Reset: two}, policy.Reset, two, "reset", true},
		{policy.Policy{Reset: two}, policy.Unlock, two, "reset", true},
		{policy.Policy{Reset: two, Unlock: one}, policy.Unlock, one, "unlock", true},
		{policy.Policy{Reset: two}, policy.Change, policy.Requirement{}, "change", true},
		{policy.Policy{Reset: two, Actions: []policy.Action{policy.Change}}, policy.Reset, two, "reset", false},
		{policy.Policy{Reset: two}, "enroll", policy.Requirement{}, "", false},
	} {
		q, key, ok := c.p.Asks(c.action)
		if q.Count != c.want.Count || key != c.key || ok != c.ok {
			t.Errorf("%s of %+v: %+v, %s, %v", c.action, c.p, q, key, ok)
		}
	}
}
