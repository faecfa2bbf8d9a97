package enrollment

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func TestCleanLabel(t *testing.T) {
	for typed, want := range map[string]string{
		"":                         "",
		"  work \t phone\r\n":      "work phone",
		"a\u00a0b\u2028c":          "a b c",
		"phone\x00\x1b[31m":        "phone[31m",
		"\u202eenohp\u202c \u2066": "enohp",
		"هاتف العمل":               "هاتف العمل",
		"می\u200cخواهم":            "می\u200cخواهم", // a joiner is spelling
		"👩\u200d💻":                 "👩\u200d💻",
		strings.Repeat("ä", 60):    strings.Repeat("ä", 60),
	} {
		if got, err := cleanLabel(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for _, bad := range []string{strings.Repeat("ä", 61), "\xff"} {
		if got, err := cleanLabel(bad); err == nil {
			t.Errorf("%q was taken as %q", bad, got)
		}
	}
}

// TestAttack15SourceKey: who owns an IPv6 network is one source, and a spelling of an address is no other.
func TestAttack15SourceKey(t *testing.T) {
	same := [][2]string{{"2001:db8::1", "2001:db8::ffff:1"}, {"2001:db8::1", "2001:db8::1%eth0"}, {"192.0.2.7", "::ffff:192.0.2.7"}}
	for _, pair := range same {
		if a, b := limiterKey(netip.MustParseAddr(pair[0])), limiterKey(netip.MustParseAddr(pair[1])); a != b {
			t.Errorf("%s and %s are %s and %s", pair[0], pair[1], a, b)
		}
	}
	if limiterKey(netip.MustParseAddr("192.0.2.7")) == limiterKey(netip.MustParseAddr("192.0.2.8")) || limiterKey(netip.Addr{}) == "" {
		t.Error("two visitors are one")
	}
}

func TestStage(t *testing.T) {
	for want, s := range map[Stage]Session{
		Idle:   {},
		Choose: {Pending: &Pending{Then: "add:totp"}},
		Prove:  {Pending: &Pending{Kind: factor.TOTP, Then: "remove:x"}},
		Enroll: {Pending: &Pending{Enroll: true, Kind: factor.TOTP}},
	} {
		if got := s.Stage(); got != want {
			t.Errorf("%+v is at %d, want %d", s, got, want)
		}
	}
	if p := (&Pending{Then: "remove:add:x"}); p.Purpose() != "remove" || p.adds() {
		t.Errorf("purpose %q", p.Purpose())
	}
}

// TestAtNamesOneStep: no two steps or tries of a session are taken for each other.
func TestAtNamesOneStep(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []Session{
		{ID: "s"},
		{ID: "s", Pending: &Pending{ID: "a"}},
		{ID: "s", Pending: &Pending{ID: "a", Tries: 1}},
		{ID: "s", Pending: &Pending{ID: "b"}},
		{ID: "t", Pending: &Pending{ID: "a"}},
	} {
		if seen[At(s)] {
			t.Errorf("%s twice", At(s))
		}
		seen[At(s)] = true
	}
}

func TestHelpful(t *testing.T) {
	kinds := func(as []Addable) (ks []factor.Kind) {
		for _, a := range as {
			ks = append(ks, a.Kind)
		}
		return ks
	}
	o := Overview{Addable: []Addable{{Kind: factor.TOTP}, {Kind: factor.Mail, Helps: true}}}
	if got := kinds(o.Helpful()); !slices.Equal(got, []factor.Kind{factor.Mail}) {
		t.Errorf("got %v", got)
	}
	o.Addable[1].Helps = false
	if got := kinds(o.Helpful()); len(got) != 2 {
		t.Errorf("nothing helps alone: got %v, want all", got)
	}
	if (Overview{Frozen: true, Decision: policy.Decision{Outcome: policy.Allowed}}).Settable() || (Overview{}).Settable() {
		t.Error("frozen or denied, and something can be set up")
	}
}
