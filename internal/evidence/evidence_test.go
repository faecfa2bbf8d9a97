package evidence

import (
	"net/netip"
	"strings"
	"testing"

	"rekey/internal/audit"
)

func TestMaskLeavesNothingPersonal(t *testing.T) {
	r := Record{Event: audit.Event{
		Source: audit.Source{Address: netip.MustParseAddr("2001:db8:1:2:3::4"), Agent: "Firefox", RequestID: "q1"},
		Detail: map[string]string{"name": "änna.adler", "operator": "olga", audit.LeftAt: "prove", "empty": ""},
	}}
	got := Reader{}.mask(r)
	if a := got.Event.Source.Address.String(); a != "2001:db8:1::" || got.Event.Source.Agent != "" || got.Event.Source.RequestID != "q1" || !got.Masked {
		t.Errorf("source %+v", got.Event.Source)
	}
	if d := got.Event.Detail; d["name"] != "ä••••" || d["operator"] != "o••••" || d[audit.LeftAt] != "prove" || d["empty"] != "" {
		t.Errorf("details %v", d)
	}
	if r.Event.Detail["name"] != "änna.adler" {
		t.Error("the record itself was changed")
	}
	if full := (Reader{Reveal: true}).mask(r); full.Masked || full.Event.Detail["name"] != "änna.adler" {
		t.Errorf("for who may see it: %+v", full)
	}
	if erased := (Reader{}).mask(Record{Erased: true}); erased.Masked {
		t.Error("what is erased is not masked")
	}
}

func TestAddressesAreWidenedForWhoSeesThemMasked(t *testing.T) {
	for asked, want := range map[string]string{
		"203.0.113.9/32": "203.0.113.0/24", "203.0.0.0/16": "203.0.0.0/16", "2001:db8::1/128": "2001:db8::/48",
	} {
		q := Query{Addresses: netip.MustParsePrefix(asked)}
		if got := (Reader{}).narrow(q).Addresses.String(); got != want {
			t.Errorf("%s: %s, want %s", asked, got, want)
		}
		if got := (Reader{Reveal: true}).narrow(q).Addresses.String(); got != asked {
			t.Errorf("%s in full: %s", asked, got)
		}
	}
}

func TestEveryEventHasWords(t *testing.T) {
	for name, want := range map[audit.Name]string{
		audit.WriteDone: "The directory was changed", "help.caller-verified": "Help: caller verified", "odd": "Odd", "": "",
	} {
		if got := NameWords(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for code, want := range map[string]string{"wrong-code": "The code was wrong", "some-thing": "Some thing", "Said by phone.": "Said by phone.", "": ""} {
		if got := ReasonWords(code); got != want {
			t.Errorf("%s is %q, want %q", code, got, want)
		}
	}
}

func TestCellsAreInert(t *testing.T) {
	for _, cell := range []string{"=1", "+1", "-1", "@x", "\tx", "\rx", "\nx"} {
		if got := inert(cell); !strings.HasPrefix(got, "'") {
			t.Errorf("%q stays %q", cell, got)
		}
	}
	for _, cell := range []string{"", "anna", "1-2", "'x"} {
		if got := inert(cell); got != cell {
			t.Errorf("%q becomes %q", cell, got)
		}
	}
}
