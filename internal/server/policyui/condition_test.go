package policyui

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"rekey/internal/policy"
)

// random makes a condition of named ones, which can be told to hold or not.
func random(r *rand.Rand, depth int) policy.Condition {
	var c policy.Condition
	if r.IntN(2) == 0 || depth == 0 {
		c.Is = string(rune('a' + r.IntN(6)))
	}
	if depth == 0 {
		return c
	}
	for range r.IntN(3) {
		c.All = append(c.All, random(r, depth-1))
	}
	for range r.IntN(3) {
		c.Any = append(c.Any, random(r, depth-1))
	}
	if r.IntN(3) == 0 {
		k := random(r, depth-1)
		c.Not = &k
	}
	if reflect.DeepEqual(c, policy.Condition{}) {
		c.Is = "a"
	}
	return c
}

func holds(c policy.Condition, yes []string) bool {
	if c.Is != "" && !slices.Contains(yes, c.Is) {
		return false
	}
	for _, k := range c.All {
		if !holds(k, yes) {
			return false
		}
	}
	if len(c.Any) > 0 && !slices.ContainsFunc(c.Any, func(k policy.Condition) bool { return holds(k, yes) }) {
		return false
	}
	return c.Not == nil || !holds(*c.Not, yes)
}

// TestLinesSayWhatTheConditionSays: written as lines and read again, a condition holds where it held.
func TestLinesSayWhatTheConditionSays(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 3000 {
		c := random(r, 4)
		lines := linesOf(c)
		f := &form{}
		back := f.conditionOf("when", settle(slices.Clone(lines)))
		if len(f.ps) > 0 {
			t.Fatalf("%+v: %+v: %v", c, lines, f.ps)
		}
		for set := range 64 {
			var yes []string
			for i := range 6 {
				if set&(1<<i) != 0 {
					yes = append(yes, string(rune('a'+i)))
				}
			}
			if holds(c, yes) != holds(back, yes) {
				t.Fatalf("with %v\n%+v\n%+v\n%+v", yes, c, lines, back)
			}
		}
	}
}

func TestEveryKindOfLineIsReadAsItWasWritten(t *testing.T) {
	c := policy.Condition{
		Is: "x", Networks: []string{"office", "home"}, Schedules: []string{"work"}, Countries: []string{"DE"}, ASNs: []uint32{3320}, Device: []policy.DeviceState{policy.KnownDevice},
		Platforms: []string{"ios"}, AccountFailures: 3, SourceFailures: 4, FactorAddedWithin: 72 * 3600e9, NewCountry: true, ImpossibleTravel: true, Privileged: true,
	}
	f := &form{}
	back := f.conditionOf("when", linesOf(c))
	var joined policy.Condition
	for _, k := range back.All {
		v, w := reflect.ValueOf(&joined).Elem(), reflect.ValueOf(k)
		for i := range w.NumField() {
			if !w.Field(i).IsZero() {
				v.Field(i).Set(w.Field(i))
			}
		}
	}
	if !reflect.DeepEqual(joined, c) || len(f.ps) > 0 {
		t.Errorf("%+v, %v", joined, f.ps)
	}
}

func TestSpansAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]string{"7d": "7d", "168h": "7d", "90m": "1h30m", "1h": "1h", "90s": "1m30s", "": "", "24h0m0s": "1d"} {
		f := &form{Values: map[string][]string{"x": {text}}}
		if got := spanText(f.span("x")); got != want || len(f.ps) > 0 {
			t.Errorf("%q is %q, %v", text, got, f.ps)
		}
	}
	for _, bad := range []string{"soon", "-1h", "-3d", "d", "1"} {
		f := &form{Values: map[string][]string{"x": {bad}}}
		if f.span("x"); len(f.ps) == 0 {
			t.Errorf("%q was taken", bad)
		}
	}
}
