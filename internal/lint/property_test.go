package lint_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/factor"
	"rekey/internal/lint"
	"rekey/internal/policy"
)

const (
	corp  = "corp.example.test"
	sales = "sales.example.test"
)

func some[T any](t *rapid.T, name string, most int, from ...T) []T {
	return rapid.SliceOfN(rapid.SampledFrom(from), 0, most).Draw(t, name)
}

func units(t *rapid.T, name string) []policy.OU {
	var out []policy.OU
	for _, dn := range some(t, name, 2, "DC=test", "OU=A,DC=test", "ou=b, OU=A,DC=test", `OU=C\,OU=A,DC=test`) {
		out = append(out, policy.OU{DN: dn, Only: rapid.Bool().Draw(t, "only")})
	}
	return out
}

func anyScope(t *rapid.T) policy.Scope {
	var s policy.Scope
	s.Domains = some(t, "domains", 2, corp, sales)
	s.Groups = some(t, "groups", 2, "G1", "g1", "G2")
	s.OUs = units(t, "ous")
	if v := some(t, "values", 2, "X", "y"); len(v) > 0 {
		s.Attributes = []policy.Attribute{{Name: rapid.SampledFrom([]string{"dept", "Dept", "site"}).Draw(t, "attribute"), Values: v}}
	}
	if rapid.Bool().Draw(t, "excludes") {
		s.Exclude = policy.Exclusion{
			Groups: some(t, "excluded groups", 2, "g1", "g2"), OUs: units(t, "excluded ous"),
			Accounts: some(t, "excluded accounts", 1, corp+"/1"),
		}
	}
	return s
}

func anyCondition(t *rapid.T, depth int) policy.Condition {
	var c policy.Condition
	if rapid.IntRange(0, 3).Draw(t, "named") == 0 {
		c.Is = rapid.SampledFrom([]string{"one", "two", "none"}).Draw(t, "is")
	}
	c.Networks = some(t, "networks", 1, "office", "floor", "world", "abroad")
	c.Countries = some(t, "countries", 2, "DE", "de", "FR")
	c.Platforms = some(t, "platforms", 1, "ios", "android")
	c.Device = some(t, "device", 1, policy.KnownDevice, policy.ManagedDevice)
	c.AccountFailures = rapid.IntRange(0, 2).Draw(t, "failures")
	c.FactorAddedWithin = time.Duration(rapid.IntRange(0, 2).Draw(t, "within")) * time.Hour
	c.Privileged = rapid.IntRange(0, 3).Draw(t, "privileged") == 0
	if depth == 0 {
		return c
	}
	for range rapid.IntRange(0, 2).Draw(t, "all") {
		c.All = append(c.All, anyCondition(t, depth-1))
	}
	for range rapid.IntRange(0, 2).Draw(t, "any") {
		c.Any = append(c.Any, anyCondition(t, depth-1))
	}
	if rapid.Bool().Draw(t, "not") {
		n := anyCondition(t, depth-1)
		c.Not = &n
	}
	return c
}

func anyRequirement(t *rapid.T) policy.Requirement {
	kinds := func(name string) []factor.Kind {
		return some(t, name, 3, factor.Passkey, factor.TOTP, factor.Mail, factor.BackupCode, factor.Kind("none"))
	}
	q := policy.Requirement{
		Count: rapid.IntRange(-1, 6).Draw(t, "count"), Mandatory: kinds("mandatory"), Allowed: kinds("allowed"), SameClass: rapid.Bool().Draw(t, "same"),
	}
	for range rapid.IntRange(0, 1).Draw(t, "lists") {
		q.AnyOf = append(q.AnyOf, policy.AnyOf{N: rapid.IntRange(-1, 3).Draw(t, "n"), Of: kinds("of")})
	}
	return q
}

func anyPolicy(t *rapid.T, name string) policy.Policy {
	return policy.Policy{
		Name: name, Scope: anyScope(t), ByRule: rapid.IntRange(0, 3).Draw(t, "by rule") == 0,
		Actions: some(t, "actions", 2, policy.Reset, policy.Unlock, policy.Change, "enroll"),
		From:    anyMoment(t, "from"), Until: anyMoment(t, "until"), Pilot: rapid.Bool().Draw(t, "pilot"),
		Reset: anyRequirement(t), Unlock: anyRequirement(t), Change: anyRequirement(t),
		Password:      policy.PasswordRules{MinLength: rapid.IntRange(-1, 20).Draw(t, "length"), AllowCommon: rapid.Bool().Draw(t, "common")},
		IgnoreHistory: rapid.Bool().Draw(t, "history"),
	}
}

func anyMoment(t *rapid.T, name string) time.Time {
	return rapid.SampledFrom([]time.Time{{}, now, now.Add(-2000 * time.Hour), now.Add(-4000 * time.Hour), now.Add(time.Hour)}).Draw(t, name)
}

func anyRule(t *rapid.T, name string) policy.Rule {
	return policy.Rule{
		Name: name, Scope: anyScope(t), Actions: some(t, "actions", 2, policy.Reset, policy.Unlock, policy.Change, "enroll"), When: anyCondition(t, 2),
		From: anyMoment(t, "from"), Until: anyMoment(t, "until"), ReportOnly: rapid.Bool().Draw(t, "report only"),
		Then: rapid.SampledFrom([]policy.Effect{
			allow, more,
			{Deny: map[string]string{"de": "Nein."}},
			{Policy: "p0"},
			{Policy: "gone"},
			{Drop: []factor.Kind{factor.Passkey}},
			{Require: []factor.Kind{factor.Mail}},
			{PhishingResistant: true},
			{},
		}).Draw(t, "then"),
	}
}

func anyDocument(t *rapid.T) policy.Document {
	d := policy.Document{
		Conditions: map[string]policy.Condition{"one": anyCondition(t, 1), "two": anyCondition(t, 1)},
		Networks: map[string][]string{
			"office": {"10.0.0.0/8", "2001:db8::/32"}, "floor": {"10.1.0.0/16"}, "world": {"0.0.0.0/0", "::/0"}, "abroad": {"nonsense", "198.51.100.1"},
		},
		Privileged: policy.Floor{Deny: rapid.Bool().Draw(t, "deny")},
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "policies") {
		d.Policies = append(d.Policies, anyPolicy(t, fmt.Sprint("p", i)))
	}
	if rapid.Bool().Draw(t, "default") {
		d.Defaults = map[string]policy.Policy{corp: anyPolicy(t, "default")}
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "rules") {
		d.Rules = append(d.Rules, anyRule(t, fmt.Sprint("r", i)))
	}
	return d
}

// TestEveryFindingHasItsPlace: whatever the document is, compiled or not, there is an answer, and every path leads to a key.
func TestEveryFindingHasItsPlace(t *testing.T) {
	beside := []string{"authenticators", "authenticators.mail", "authenticators.mail.life", "authenticators.mail.allow_directory_domains", "throttle.failures", "throttle.hold", "flow.idle", "session.idle", "directories[0]", "directories[1]"}
	rapid.Check(t, func(t *rapid.T) {
		in := sound()
		in.Document = anyDocument(t)
		in.Rules.Profile = rapid.SampledFrom(lint.Profiles()).Draw(t, "profile")
		in.Directories = []lint.Directory{{Key: corp}, {Key: sales}}
		in.Kinds = some(t, "kinds", 4, passkey, totp, mail, backup, asked)
		in.Beside, in.Geo = rapid.Bool().Draw(t, "beside"), rapid.Bool().Draw(t, "geo")
		in.Codes[factor.Mail] = time.Hour
		if rapid.Bool().Draw(t, "no proxies") {
			in.Proxies = nil
		}
		for _, f := range lint.Lint(in) {
			if !slices.Contains(beside, f.Path) && !leads(reflect.ValueOf(in.Document), f.Path) {
				t.Fatalf("%s leads nowhere: %s", f.Path, f)
			}
			if f.Text == "" || f.Level == lint.Off {
				t.Fatalf("%+v", f)
			}
		}
		lint.Labels(in)
	})
}

// leads follows a path through a document by the names of its keys.
func leads(v reflect.Value, path string) bool {
	path = strings.TrimPrefix(path, ".")
	if v.Kind() == reflect.Pointer {
		return !v.IsNil() && leads(v.Elem(), path)
	}
	if path == "" {
		return true
	}
	switch v.Kind() { //nolint:exhaustive // nothing else has keys
	case reflect.Struct:
		key := path[:len(path)-len(strings.TrimLeft(path, "abcdefghijklmnopqrstuvwxyz_"))]
		for f := range v.Type().Fields() {
			if tag, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); tag == key && key != "" {
				return leads(v.FieldByIndex(f.Index), path[len(key):])
			}
		}
	case reflect.Slice:
		number, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		i, err := strconv.Atoi(number)
		return ok && err == nil && i < v.Len() && leads(v.Index(i), rest)
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if rest, ok := strings.CutPrefix(path, key.String()); ok && leads(v.MapIndex(key), rest) {
				return true
			}
		}
	}
	return false
}

func TestLeads(t *testing.T) {
	d := sound().Document
	for path, want := range map[string]bool{
		"policies[0].reset": true, "defaults.corp.example.test.password.min_length": true, "policies[1]": false, "policies[0].rest": false,
		"defaults.elsewhere": false, "rules[0].when.not.countries": false, "": true,
	} {
		if leads(reflect.ValueOf(d), path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

// anySituation draws facts of which all is known.
func anySituation(t *rapid.T) policy.Facts {
	known := rapid.SampledFrom([]policy.Tristate{policy.No, policy.Yes})
	f := policy.Facts{
		Now: now, Action: rapid.SampledFrom([]policy.Action{policy.Reset, policy.Unlock, policy.Change}).Draw(t, "action"),
		Directory: rapid.SampledFrom([]string{corp, sales}).Draw(t, "directory"), Groups: some(t, "member of", 2, "g1", "g2"),
		Path:       policy.NormalizeDN(rapid.SampledFrom([]string{"CN=x,OU=A,DC=test", "CN=x,OU=B,OU=A,DC=test", `CN=x,OU=C\,OU=A,DC=test`, "CN=x,DC=test"}).Draw(t, "path")),
		Attributes: map[string][]string{"dept": some(t, "dept", 1, "x", "Y"), "site": some(t, "site", 1, "X", "z")},
		Privileged: known.Draw(t, "privileged"),
		Source: policy.Source{
			Address: netip.MustParseAddr(rapid.SampledFrom([]string{"10.0.0.1", "10.1.0.1", "198.51.100.1", "2001:db8::1", "192.0.2.9"}).Draw(t, "address")),
			Country: rapid.SampledFrom([]string{"DE", "FR", "IT"}).Draw(t, "country"), ASN: 1, NewCountry: known.Draw(t, "new"), Travel: known.Draw(t, "travel"),
		},
		Device:   policy.Device{Known: known.Draw(t, "known"), Managed: known.Draw(t, "managed"), Platform: rapid.SampledFrom([]string{"ios", "android", "other"}).Draw(t, "platform")},
		Failures: policy.Failures{Account: policy.Count{N: rapid.IntRange(0, 3).Draw(t, "failed"), Known: true}, Source: policy.Count{Known: true}},
	}
	f.Account = f.Directory + "/" + rapid.SampledFrom([]string{"1", "2"}).Draw(t, "object")
	for _, age := range some(t, "enrolled", 1, 30*time.Minute, 90*time.Minute, 9*time.Hour) {
		f.Enrolled = append(f.Enrolled, policy.Enrolled{ID: "e", Traits: passkey, Channel: "device:e", Added: now.Add(-age)})
	}
	return f
}

// TestWhatIsCalledPointlessIs: what is said to be shadowed nobody gets, what is said to be for nobody is, and what is said never to
// hold or matter changes nothing about anybody.
func TestWhatIsCalledPointlessIs(t *testing.T) {
	registry := policy.Registry{Kinds: sound().Kinds, Directories: []string{corp, sales}}
	rapid.Check(t, func(t *rapid.T) {
		d := anyDocument(t)
		d.Networks["abroad"] = []string{"198.51.100.1"}
		for _, name := range []string{"one", "two", "none"} {
			c := anyCondition(t, 0)
			c.Is = ""
			d.Conditions[name] = c
		}
		for i := range d.Policies {
			p := &d.Policies[i]
			p.Reset, p.Unlock, p.Change, p.Password, p.Actions = policy.Requirement{Count: i%2 + 1}, policy.Requirement{}, policy.Requirement{}, policy.PasswordRules{}, nil
			if p.ByRule || p.Name == "p0" { // which rules name
				p.From, p.Until, p.Pilot = time.Time{}, time.Time{}, false
			}
			if !p.Until.After(p.From) {
				p.Until = time.Time{}
			}
		}
		d.Defaults = nil
		for i := range d.Rules {
			r := &d.Rules[i]
			r.Actions = slices.DeleteFunc(r.Actions, func(a policy.Action) bool { return a == "enroll" })
			r.Until = time.Time{}
			if e := r.Then; e.Policy == "gone" || e.Policy != "" && len(d.Policies) == 0 || !e.Allow && len(e.Deny) == 0 && e.Policy == "" {
				r.Then = more
			}
		}
		p, err := policy.Compile(d, registry)
		if err != nil {
			t.Fatalf("does not compile: %v", err)
		}
		in := sound()
		in.Document, in.Directories = d, []lint.Directory{{Key: corp}, {Key: sales}}
		f := anySituation(t)
		got := policy.Decide(p, f)
		for _, finding := range lint.Lint(in) {
			if !within(d, registry, f, got, finding) {
				t.Fatalf("%s, but %+v for %+v", finding, got, f)
			}
		}
	})
}

// within reports whether a decision bears a finding out.
func within(d policy.Document, registry policy.Registry, f policy.Facts, got policy.Decision, finding lint.Finding) bool {
	var i int
	list, _, _ := strings.Cut(finding.Path, "]")
	fmt.Sscanf(list[strings.Index(list, "[")+1:], "%d", &i) // paths without a number are not looked at
	switch finding.Code {                                   //nolint:exhaustive // the others are about what is weak
	case lint.Shadowed:
		if !strings.HasPrefix(list, "policies") {
			return true
		}
		return got.Policy != d.Policies[i].Name || len(got.Rules) > 0 // by a rule it may be
	case lint.Nobody:
		if strings.HasPrefix(list, "policies") {
			return got.Policy != d.Policies[i].Name || len(got.Rules) > 0
		}
		return !slices.Contains(append(slices.Clone(got.Rules), got.Reported...), d.Rules[i].Name)
	case lint.RuleNeverHolds:
		return !slices.Contains(append(slices.Clone(got.Rules), got.Reported...), d.Rules[i].Name)
	case lint.RuleNeverMatters:
		without := d
		without.Rules = slices.Delete(slices.Clone(d.Rules), i, i+1)
		q, err := policy.Compile(without, registry)
		other := policy.Decide(q, f)
		got.Rules, other.Rules, got.Reported, other.Reported = nil, nil, nil, nil
		return err == nil && reflect.DeepEqual(got, other)
	}
	return true
}

// TestThousandsOfPoliciesAreLookedAt in the time somebody waits for a command.
func TestThousandsOfPoliciesAreLookedAt(t *testing.T) {
	in := sound()
	for i := range 10_000 {
		in.Document.Policies = append(in.Document.Policies, policy.Policy{
			Name: fmt.Sprint(i), Scope: policy.Scope{Groups: []string{fmt.Sprint(`CORP\G`, i)}, Domains: []string{corp}}, Reset: two(),
		})
	}
	for i := range 1000 {
		rules(&in, policy.Rule{Name: fmt.Sprint(i), Scope: policy.Scope{Groups: []string{fmt.Sprint(`CORP\G`, i)}}, When: desk, Then: allow})
	}
	in.Document.Policies = append(in.Document.Policies, policy.Policy{Name: "last", Scope: policy.Scope{Groups: []string{`CORP\G9999`}, Domains: []string{corp}}, Reset: two()})
	rules(&in, policy.Rule{Name: "last", When: desk, Then: more})
	begun := time.Now()
	found := lint.Lint(in)
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if len(found) != 1 || found[0].Code != lint.Shadowed || !strings.Contains(found[0].Text, "9999") {
		t.Errorf("%d findings: %v", len(found), found[:min(3, len(found))])
	}
}
