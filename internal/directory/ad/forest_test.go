package ad

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
)

// ForestRecord is one record of what a trust says of the other forest, as Windows writes it.
func ForestRecord(kind byte, flags uint32, parts ...string) string {
	b := binary.LittleEndian.AppendUint32(nil, flags)
	b = append(b, 1, 2, 3, 4, 5, 6, 7, 8, kind)
	for _, p := range parts {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(p))), p...)
	}
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(b)))) + string(b)
}

// ForestInfo puts records together.
func ForestInfo(records ...string) string {
	b := binary.LittleEndian.AppendUint32(nil, 1)
	return string(binary.LittleEndian.AppendUint32(b, uint32(len(records)))) + strings.Join(records, "")
}

const sid = "\x01\x04\x00\x00\x00\x00\x00\x05"

func TestForestDomains(t *testing.T) {
	info := ForestInfo(
		ForestRecord(0, 0, "other.test"), ForestRecord(1, 0, "not.other.test"),
		ForestRecord(2, 0, sid, "Other.test", "OTHER"), ForestRecord(2, 0, sid, "eu.other.test", "EU"),
		ForestRecord(3, 0, "of a later time"), ForestRecord(2, 1, sid, "shut.other.test", "SHUT"), ForestRecord(2, 4, sid, "tree.test", "TREE"),
	)
	got, err := forestDomains([]byte(info))
	want := []told{{"other.test", "OTHER", false}, {"eu.other.test", "EU", false}, {"shut.other.test", "SHUT", true}, {"tree.test", "TREE", false}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for end := range len(info) {
		if got, err := forestDomains([]byte(info[:end])); err == nil {
			t.Fatalf("cut after %d octets: %+v", end, got)
		}
	}
	if got, err := forestDomains([]byte("\x02" + info[1:])); err == nil {
		t.Errorf("another version: %+v", got)
	}
}

// FuzzForestDomains: administrators of another forest choose what is in it.
func FuzzForestDomains(f *testing.F) {
	f.Add([]byte(ForestInfo(ForestRecord(2, 0, sid, "other.test", "OTHER"))))
	f.Add([]byte("\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, info []byte) {
		domains, err := forestDomains(info)
		if err != nil && domains != nil || len(domains)*25 > len(info) {
			t.Errorf("%d domains of %d octets, %v", len(domains), len(info), err)
		}
	})
}

// TestATrustedForestHasMoreThanItsRoot, seen from the root of ours; what is known better stays, and the list is bounded.
func TestATrustedForestHasMoreThanItsRoot(t *testing.T) {
	trusted := func(name, info string) *ldap.Entry {
		return object("CN="+name, "trustPartner", name, "flatName", "X", "trustDirection", "1", "trustType", "2", "trustAttributes", "8", "msDS-TrustForestTrustInfo", info)
	}
	s := survey{
		own: "DC=a,DC=test", forest: "DC=a,DC=test",
		partitions: []*ldap.Entry{object("CN=B", "nCName", "DC=b,DC=a,DC=test", "dnsRoot", "b.a.test", "nETBIOSName", "B")},
		trusts: []*ldap.Entry{
			trusted("other.test", ForestInfo(
				ForestRecord(2, 0, sid, "other.test", "OTHER"), ForestRecord(2, 0, sid, "eu.other.test", "EU"), ForestRecord(2, 2, sid, "shut.test", "SHUT"),
				ForestRecord(2, 0, sid, "b.a.test", "EVIL"), ForestRecord(2, 0, sid, "own.other.test", "EVIL"),
			)),
			object("CN=own", "trustPartner", "own.other.test", "flatName", "OWN", "trustDirection", "3", "trustType", "2", "trustAttributes", "4"),
			trusted("broken.test", "\x01"),
			trusted("crowd.test", ForestInfo(slices.Repeat([]string{ForestRecord(2, 0, sid, "x.crowd.test", "X")}, 2*mostTold)...)),
		},
	}
	all := map[string]directory.FoundDomain{}
	for _, f := range s.domains() {
		if _, twice := all[f.Domain]; twice {
			t.Errorf("%s is told twice", f.Domain)
		}
		all[f.Domain] = f
	}
	if eu := all["eu.other.test"]; eu.NetBIOS != "EU" || eu.Forest != "other.test" || eu.Via != "other.test" || eu.SameForest || eu.Trust == nil ||
		eu.Trust.Kind != directory.TrustForest || !eu.Welcomes() || eu.Problem != "" {
		t.Errorf("a child: %+v, trust %+v", eu, eu.Trust)
	}
	if shut := all["shut.test"]; shut.Via != "other.test" || shut.Welcomes() || !strings.Contains(shut.Problem, "leaves it out") {
		t.Errorf("one that was shut out: %+v", shut)
	}
	if b := all["b.a.test"]; b.NetBIOS != "B" || !b.SameForest || b.Via != "" || b.Trust != nil {
		t.Errorf("ours, claimed by others: %+v", b)
	}
	if own := all["own.other.test"]; own.NetBIOS != "OWN" || own.Via != "" || own.Trust.Kind != directory.TrustExternal {
		t.Errorf("one with a trust of its own: %+v", own)
	}
	for name, problem := range map[string]string{"broken.test": "not understood", "crowd.test": "more domains than are looked at"} {
		if !strings.Contains(all[name].Problem, problem) {
			t.Errorf("%s: %+v", name, all[name])
		}
	}
	if root := all["other.test"]; root.Via != "" || root.NetBIOS != "X" || root.Problem != "" {
		t.Errorf("the root: %+v", root)
	}
}
