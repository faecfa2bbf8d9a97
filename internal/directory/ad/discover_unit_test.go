package ad

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
)

func object(dn string, attributes ...string) *ldap.Entry {
	values := map[string][]string{}
	for i := 0; i < len(attributes); i += 2 {
		values[attributes[i]] = append(values[attributes[i]], attributes[i+1])
	}
	return ldap.NewEntry(dn, values)
}

// TestTrusts are seen from b.a.test, whose forest is a.test.
func TestTrusts(t *testing.T) {
	for _, c := range []struct {
		partner, direction, kind, flags string
		want                            directory.Trust
	}{
		{"a.test", "3", "2", "32", directory.Trust{Kind: directory.TrustParent, Inbound: true, Outbound: true, Transitive: true}},
		{"C.B.A.test", "3", "2", "32", directory.Trust{Kind: directory.TrustChild, Inbound: true, Outbound: true, Transitive: true}},
		{"e.d.a.test", "1", "2", "32", directory.Trust{Kind: directory.TrustShortcut, Inbound: true, Transitive: true}},
		{"other.test", "3", "2", "8", directory.Trust{Kind: directory.TrustForest, Inbound: true, Outbound: true, Transitive: true}},
		{"other.test", "2", "2", "24", directory.Trust{Kind: directory.TrustForest, Outbound: true, Transitive: true, Selective: true}},
		{"other.test", "2", "2", "9", directory.Trust{Kind: directory.TrustForest, Outbound: true}},
		{"other.test", "1", "2", "4", directory.Trust{Kind: directory.TrustExternal, Inbound: true}},
		{"other.test", "0", "2", "", directory.Trust{Kind: directory.TrustExternal}},
		{"OLD", "3", "1", "0", directory.Trust{Kind: directory.TrustOld, Inbound: true, Outbound: true}},
		{"REALM.TEST", "1", "3", "1", directory.Trust{Kind: directory.TrustRealm, Inbound: true}},
		{"cloud.test", "3", "5", "0", directory.Trust{Kind: directory.TrustUnknown, Inbound: true, Outbound: true}},
	} {
		got := trust(object("CN=x", "trustPartner", c.partner, "trustDirection", c.direction, "trustType", c.kind, "trustAttributes", c.flags), "b.a.test", "a.test")
		if *got != c.want {
			t.Errorf("%s %s %s %s: %+v", c.partner, c.direction, c.kind, c.flags, *got)
		}
	}
	if got := kin("a.test", "b.test", "a.test"); got != directory.TrustTree {
		t.Errorf("another tree: %s", got)
	}
}

func TestDomainOf(t *testing.T) {
	for root, want := range map[string]string{
		"DC=Corp,DC=Example,DC=test": "corp.example.test", "dc=a+dc=b,dc=test": "", "O=firm": "", "CN=Schema,DC=test": "", "DC=a,": "", "": "",
	} {
		if got := domainOf(root); got != want {
			t.Errorf("%q: %q", root, got)
		}
	}
}

// TestSurveyWithoutPartitions: a service account that may read nothing else still learns of its own domain and its trusts.
func TestSurveyWithoutPartitions(t *testing.T) {
	s := survey{own: "DC=b,DC=a,DC=test", forest: "DC=a,DC=test", trusts: []*ldap.Entry{
		object("CN=a.test", "trustPartner", "a.test", "flatName", "A", "trustDirection", "3", "trustType", "2", "trustAttributes", "32"),
	}}
	all := s.domains()
	if len(all) != 2 || all[0].Domain != "b.a.test" || !all[0].SameForest || all[1].NetBIOS != "A" || !all[1].SameForest || all[1].Forest != "a.test" {
		t.Errorf("%+v", all)
	}
}

// TestServersAreBounded, and their names are names.
func TestServersAreBounded(t *testing.T) {
	var f directory.FoundDomain
	for _, host := range []string{"", "dc1", "10.1.2.3", "dc1.a.test\n- x", "a b.test", strings.Repeat("a", 64) + ".test", "::1"} {
		if s := meet(&f, host); s != nil {
			t.Errorf("%q became %+v", host, s)
		}
	}
	for i := range 2 * mostServers {
		meet(&f, "dc"+strings.Repeat("x", i%60)+"."+strings.Repeat("y", 1+i/60)+".test")
	}
	if len(f.Servers) != mostServers {
		t.Errorf("%d servers", len(f.Servers))
	}
	if s := meet(&f, "DC.Y.Test."); s == nil || s.Host != "dc.y.test" || len(f.Servers) != mostServers {
		t.Errorf("one that is there: %+v", s)
	}
}
