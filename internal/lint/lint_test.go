package lint_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/factor"
	"rekey/internal/lint"
	"rekey/internal/policy"
	"rekey/internal/throttle"
)

var (
	now     = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	passkey = factor.Traits{Kind: factor.Passkey, Class: factor.Has | factor.Is, PhishingResistant: true}
	totp    = factor.Traits{Kind: factor.TOTP, Class: factor.Has}
	backup  = factor.Traits{Kind: factor.BackupCode, Class: factor.Has}
	mail    = factor.Traits{Kind: factor.Mail, Class: factor.Knows, Mailbox: true, Each: true}
	sms     = factor.Traits{Kind: "sms", Class: factor.Has, Each: true}
	asked   = factor.Traits{Kind: "questions", Class: factor.Knows, Questions: true}
)

func two(allowed ...factor.Kind) policy.Requirement {
	return policy.Requirement{Count: 2, Allowed: allowed}
}

func one(allowed ...factor.Kind) policy.Requirement {
	return policy.Requirement{Count: 1, Allowed: allowed}
}

// sound is an input that nothing is said about.
func sound() lint.Input {
	return lint.Input{
		Now: now, Kinds: []factor.Traits{passkey, totp, backup, mail}, Codes: lint.Lives{factor.Mail: 10 * time.Minute},
		Directories: []lint.Directory{{Key: "corp.example.test", Refused: true}},
		Throttle:    throttle.Limits{}.WithDefaults(), FlowIdle: 10 * time.Minute, SessionIdle: 10 * time.Minute, Locale: "en", Geo: true,
		Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")},
		Document: policy.Document{
			Policies: []policy.Policy{{Name: "board", Scope: policy.Scope{Groups: []string{`CORP\Board`}}, Reset: two()}},
			Defaults: map[string]policy.Policy{"corp.example.test": {Name: "everybody", Reset: two()}},
		},
	}
}

func rules(in *lint.Input, rs ...policy.Rule) { in.Document.Rules = append(in.Document.Rules, rs...) }

var (
	board = policy.Scope{Groups: []string{`CORP\Board`}}
	more  = policy.Effect{Factors: 1}
	allow = policy.Effect{Allow: true}
	desk  = policy.Condition{Device: []policy.DeviceState{policy.KnownDevice}}
)

func first(in *lint.Input) *policy.Policy { return &in.Document.Policies[0] }

// cases holds the least document that each code is said about, where, and the nearest one that it is not said about.
var cases = []struct {
	code    lint.Code
	profile lint.Profile
	path    string
	bad     func(*lint.Input)
	good    func(*lint.Input)
}{
	{
		lint.MailAlone, "", "policies[0].reset",
		func(in *lint.Input) { first(in).Reset = one() },
		func(in *lint.Input) { first(in).Reset = one(factor.Passkey) },
	},
	{
		lint.MailAlone, "", "policies[0].reset",
		func(in *lint.Input) {
			first(in).Reset = policy.Requirement{Count: 1, AnyOf: []policy.AnyOf{{N: 1, Of: []factor.Kind{factor.Mail, factor.TOTP}}}}
		},
		func(in *lint.Input) {
			first(in).Reset = policy.Requirement{Count: 1, AnyOf: []policy.AnyOf{{N: 1, Of: []factor.Kind{factor.Passkey}}}}
		},
	},
	{
		lint.MailAloneUnlock, "", "policies[0].unlock",
		func(in *lint.Input) { first(in).Unlock = one() },
		func(in *lint.Input) { first(in).Unlock = two() },
	},
	{
		lint.SingleFactor, "", "policies[0].reset",
		func(in *lint.Input) { first(in).Reset = one(factor.Passkey, factor.TOTP) },
		func(in *lint.Input) { first(in).Reset = one(factor.Passkey) },
	},
	{
		lint.SingleFactor, "", "defaults.corp.example.test.reset",
		func(in *lint.Input) {
			in.Document.Defaults["corp.example.test"] = policy.Policy{Name: "x", Reset: one(factor.Passkey, factor.TOTP)}
		},
		func(in *lint.Input) {
			in.Document.Defaults["corp.example.test"] = policy.Policy{
				Name: "x", Reset: one(factor.Passkey, factor.TOTP), Actions: []policy.Action{policy.Change},
			}
		},
	},
	{
		lint.SingleFactorUnlock, "", "policies[0].unlock",
		func(in *lint.Input) { first(in).Unlock = one(factor.Passkey, factor.TOTP) },
		func(in *lint.Input) { first(in).Unlock = one(factor.Passkey) },
	},
	{
		lint.SingleFactorUnlock, "", "policies[0].reset", // what an unlock falls back to
		func(in *lint.Input) {
			first(in).Reset, first(in).Actions = one(factor.Passkey, factor.TOTP), []policy.Action{policy.Unlock}
		},
		func(in *lint.Input) { first(in).Reset, first(in).Actions = two(), []policy.Action{policy.Unlock} },
	},
	{
		lint.IssuedOnly, "", "policies[0].reset", // of two classes, and still one method
		func(in *lint.Input) { in.Kinds = append(in.Kinds, sms); in.Codes["sms"] = time.Minute },
		func(in *lint.Input) {
			in.Kinds = append(in.Kinds, sms)
			in.Codes["sms"] = time.Minute
			first(in).Reset = two(factor.Passkey, factor.TOTP, factor.Mail)
			in.Document.Defaults["corp.example.test"] = *first(in)
		},
	},
	{
		lint.IssuedOnly, "", "policies[0].reset", // two mailboxes
		func(in *lint.Input) { first(in).Reset = policy.Requirement{Count: 2, SameClass: true} },
		func(in *lint.Input) { first(in).Reset = two() },
	},
	{
		lint.SameClass, "", "policies[0].reset",
		func(in *lint.Input) {
			first(in).Reset = policy.Requirement{Count: 2, Allowed: []factor.Kind{factor.Passkey, factor.TOTP, factor.BackupCode}, SameClass: true}
		},
		func(in *lint.Input) {
			first(in).Reset = policy.Requirement{Count: 2, Mandatory: []factor.Kind{factor.Passkey}, SameClass: true}
		},
	},
	{
		lint.Phishable, "", "policies[0].reset",
		func(in *lint.Input) { first(in).Reset = two(factor.TOTP, factor.Mail) },
		func(in *lint.Input) { first(in).Reset = two(factor.Passkey, factor.TOTP, factor.Mail) },
	},
	{
		lint.Phishable, "", "authenticators",
		func(in *lint.Input) { in.Kinds = []factor.Traits{totp, mail} },
		func(in *lint.Input) { in.Kinds = []factor.Traits{passkey, mail} },
	},
	{
		lint.Questions, "", "policies[0].reset",
		func(in *lint.Input) { in.Kinds = append(in.Kinds, asked) },
		func(in *lint.Input) {
			in.Kinds = append(in.Kinds, asked)
			first(in).Reset = two(factor.Passkey, factor.TOTP)
			in.Document.Defaults["corp.example.test"] = *first(in)
		},
	},
	{
		lint.Questions, "", "policies[0].change", // beside the current password too
		func(in *lint.Input) { in.Kinds = append(in.Kinds, asked); first(in).Change = one() },
		func(in *lint.Input) {
			in.Kinds = append(in.Kinds, asked)
			first(in).Reset, first(in).Change = two(factor.Passkey, factor.TOTP), one(factor.TOTP)
			in.Document.Defaults["corp.example.test"] = *first(in)
		},
	},
	{
		lint.OwnMailbox, "", "authenticators.mail.allow_directory_domains",
		func(in *lint.Input) { in.Beside, in.Directories[0].Refused = true, false },
		func(in *lint.Input) { in.Beside = true },
	},
	{
		lint.MailDomains, "", "authenticators.mail",
		func(in *lint.Input) { in.Directories[0].Refused = false },
		func(in *lint.Input) {
			in.Directories[0].Refused = false
			first(in).Reset = two(factor.Passkey, factor.TOTP)
			in.Document.Defaults["corp.example.test"] = *first(in)
		},
	},
	{
		lint.CodeLife, "", "authenticators.mail.life",
		func(in *lint.Input) { in.Codes[factor.Mail] = 11 * time.Minute },
		func(in *lint.Input) { in.Codes[factor.Mail] = 10 * time.Minute },
	},
	{
		lint.FailuresOver10, lint.PCI, "throttle.failures",
		func(in *lint.Input) { in.Throttle.Failures = 11 },
		func(in *lint.Input) { in.Throttle.Failures = 10 },
	},
	{
		lint.FailuresOver5, lint.CJIS, "throttle.failures",
		func(in *lint.Input) { in.Throttle.Failures = 6 },
		func(in *lint.Input) { in.Throttle.Failures = 5 },
	},
	{
		lint.ShortHold, lint.PCI, "throttle.hold",
		func(in *lint.Input) { in.Throttle.Hold = 29 * time.Minute },
		func(in *lint.Input) { in.Throttle.Hold = 30 * time.Minute },
	},
	{
		lint.SessionIdle, lint.PCI, "session.idle",
		func(in *lint.Input) { in.SessionIdle = 16 * time.Minute },
		func(in *lint.Input) { in.SessionIdle = 15 * time.Minute },
	},
	{
		lint.SessionIdle, lint.PCI, "flow.idle",
		func(in *lint.Input) { in.FlowIdle = 16 * time.Minute },
		func(in *lint.Input) { in.FlowIdle = 15 * time.Minute },
	},
	{
		lint.LengthUnder8, lint.NIST, "policies[0].password.min_length",
		func(in *lint.Input) { first(in).Password.MinLength = 7 },
		func(in *lint.Input) { first(in).Password.MinLength = 8 },
	},
	{
		lint.LengthUnder12, lint.PCI, "policies[0].password.min_length",
		func(in *lint.Input) { first(in).Password.MinLength = 11 },
		func(in *lint.Input) { first(in).Password.MinLength = 12 },
	},
	{
		lint.LengthUnder15, lint.NIST, "policies[0].password.min_length",
		func(in *lint.Input) { first(in).Password.MinLength = 14 },
		func(in *lint.Input) { first(in).Password.MinLength = 0 }, // the directory's
	},
	{
		lint.CommonPasswords, "", "policies[0].password.allow_common",
		func(in *lint.Input) { first(in).Password.AllowCommon = true },
		func(in *lint.Input) { first(in).Password.AllowName = true },
	},
	{
		lint.HistoryIgnored, lint.PCI, "policies[0].ignore_history",
		func(in *lint.Input) { first(in).IgnoreHistory = true },
		func(in *lint.Input) { first(in).KeepLocked = true },
	},
	{
		lint.PrivilegedStuck, "", "privileged",
		func(in *lint.Input) { in.Kinds = []factor.Traits{totp, mail} },
		func(in *lint.Input) { in.Kinds = []factor.Traits{totp, mail}; in.Document.Privileged.Deny = true },
	},
	{
		lint.Nobody, "", "policies[0].scope",
		func(in *lint.Input) { first(in).Scope.Exclude.Groups = []string{`corp\board`} },
		func(in *lint.Input) { first(in).Scope.Exclude.Groups = []string{`corp\guests`} },
	},
	{
		lint.Nobody, "", "rules[0].scope",
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", Then: more, Scope: policy.Scope{
				OUs: []policy.OU{{DN: "OU=A,OU=B"}}, Exclude: policy.Exclusion{OUs: []policy.OU{{DN: "ou=b"}}},
			}})
		},
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", Then: more, Scope: policy.Scope{
				OUs: []policy.OU{{DN: "OU=B"}}, Exclude: policy.Exclusion{OUs: []policy.OU{{DN: "ou=a,ou=b"}}},
			}})
		},
	},
	{
		lint.Shadowed, "", "policies[1].scope",
		func(in *lint.Input) {
			in.Document.Policies = append(in.Document.Policies, policy.Policy{Name: "b", Scope: board, Reset: two()})
		},
		func(in *lint.Input) {
			in.Document.Policies = append(in.Document.Policies, policy.Policy{Name: "b", Scope: board, Reset: two(), ByRule: true})
			rules(in, policy.Rule{Name: "r", Scope: board, When: desk, Then: policy.Effect{Policy: "b"}})
		},
	},
	{
		lint.Shadowed, "", "defaults.corp.example.test",
		func(in *lint.Input) { first(in).Scope = policy.Scope{} },
		func(in *lint.Input) {
			first(in).Scope = policy.Scope{Exclude: policy.Exclusion{Accounts: []string{"corp.example.test/1"}}}
		},
	},
	{
		lint.Shadowed, "", "policies[1].scope", // by one that has begun, but not by one that begins or ends
		func(in *lint.Input) {
			first(in).From = now
			in.Document.Policies = append(in.Document.Policies, policy.Policy{Name: "b", Scope: board, Reset: two()})
		},
		func(in *lint.Input) {
			first(in).From = now.Add(time.Second)
			ending := policy.Policy{Name: "b", Scope: board, Reset: two(), Until: now.Add(time.Second)}
			in.Document.Policies = append(in.Document.Policies, ending, policy.Policy{Name: "c", Scope: board, Reset: two()})
		},
	},
	{
		lint.PolicyOver, "", "policies[0].until",
		func(in *lint.Input) { first(in).Until = now },
		func(in *lint.Input) { first(in).Until = now.Add(time.Second) },
	},
	{
		lint.PilotEverybody, "", "policies[0].pilot",
		func(in *lint.Input) {
			first(in).Pilot, first(in).Scope, first(in).Until = true, policy.Scope{Domains: []string{"corp.example.test"}}, now.Add(time.Hour)
		},
		func(in *lint.Input) { first(in).Pilot, first(in).Until = true, now.Add(time.Hour) },
	},
	{
		lint.PilotEndless, "", "policies[0].pilot",
		func(in *lint.Input) { first(in).Pilot = true },
		func(in *lint.Input) { first(in).Pilot, first(in).Until = true, now.Add(time.Hour) },
	},
	{
		lint.ByRuleUnused, "", "policies[0].by_rule",
		func(in *lint.Input) { first(in).ByRule = true },
		func(in *lint.Input) {
			first(in).ByRule = true
			rules(in, policy.Rule{Name: "r", When: desk, Then: policy.Effect{Policy: "board"}})
		},
	},
	{
		lint.BuiltInDefault, "", "directories[0]",
		func(in *lint.Input) { in.Document.Defaults = nil },
		func(in *lint.Input) {
			in.Document.Defaults = nil
			first(in).Scope.Domains = []string{"corp.example.test"}
		},
	},
	{
		lint.RuleOver, "", "rules[0].until",
		func(in *lint.Input) { rules(in, policy.Rule{Name: "r", When: desk, Then: more, Until: now}) },
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", When: desk, Then: more, Until: now.Add(time.Second)})
		},
	},
	{
		lint.RuleReportsOnly, "", "rules[0].report_only",
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", When: desk, Then: more, ReportOnly: true, From: now.Add(-91 * 24 * time.Hour)})
		},
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", When: desk, Then: more, ReportOnly: true, From: now.Add(-90 * 24 * time.Hour)})
		},
	},
	{
		lint.RuleNeverHolds, "", "rules[0].when",
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", Then: more, When: policy.Condition{Privileged: true, Not: &policy.Condition{Privileged: true}}})
		},
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", Then: more, When: policy.Condition{Privileged: true, Not: &desk}})
		},
	},
	{
		lint.RuleNeverMatters, "", "rules[1]",
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "a", Scope: board, Then: allow}, policy.Rule{Name: "r", Scope: board, When: desk, Then: more})
		},
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "a", Scope: board, When: desk, Then: allow}, policy.Rule{Name: "r", Scope: board, Then: more})
		},
	},
	{
		lint.RuleNeverMatters, "", "rules[1]", // the first that moves decides
		func(in *lint.Input) {
			move := policy.Effect{Policy: "board"}
			rules(in, policy.Rule{Name: "a", Then: move}, policy.Rule{Name: "b", Scope: board, When: desk, Then: move})
		},
		func(in *lint.Input) {
			move := policy.Effect{Policy: "board"}
			rules(in, policy.Rule{Name: "a", Then: move, Actions: []policy.Action{policy.Unlock}}, policy.Rule{Name: "b", Then: move})
		},
	},
	{
		lint.RuleNeverMatters, "", "rules[0].then.allow", // nothing is left that it keeps away
		func(in *lint.Input) { rules(in, policy.Rule{Name: "a", When: desk, Then: allow}) },
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "a", When: desk, Then: allow}, policy.Rule{Name: "r", Then: more})
		},
	},
	{
		lint.AllowEverybody, "", "rules[0].then.allow",
		func(in *lint.Input) { rules(in, policy.Rule{Name: "a", Then: allow}) },
		func(in *lint.Input) { rules(in, policy.Rule{Name: "a", Then: allow, ReportOnly: true}) },
	},
	{
		lint.AllowEverybody, "", "rules[0].then.allow",
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "a", Then: allow, Scope: policy.Scope{Domains: []string{"corp.example.test"}}, When: policy.Condition{
				Any: []policy.Condition{desk, {Not: &desk}},
			}})
		},
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "a", Then: allow, Scope: policy.Scope{Domains: []string{"corp.example.test"}}, When: policy.Condition{
				Any: []policy.Condition{desk, {Privileged: true}},
			}})
		},
	},
	{
		lint.DenyLanguage, "", "rules[0].then.deny",
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", When: desk, Then: policy.Effect{Deny: map[string]string{"de": "Nein."}}})
		},
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", When: desk, Then: policy.Effect{Deny: map[string]string{"de": "Nein.", "en": "No."}}})
			in.Locale = "en-GB"
		},
	},
	{
		lint.GeoMissing, "", "rules[0].when.any[0].not.countries",
		func(in *lint.Input) {
			in.Geo = false
			rules(in, policy.Rule{Name: "r", Then: more, When: policy.Condition{
				Any: []policy.Condition{{Not: &policy.Condition{Countries: []string{"DE"}}}},
			}})
		},
		func(in *lint.Input) {
			rules(in, policy.Rule{Name: "r", Then: more, When: policy.Condition{Countries: []string{"DE"}}})
		},
	},
	{
		lint.GeoMissing, "", "conditions.abroad.new_country",
		func(in *lint.Input) {
			in.Geo = false
			in.Document.Conditions = map[string]policy.Condition{"abroad": {NewCountry: true}}
		},
		func(in *lint.Input) {
			in.Geo = false
			in.Document.Conditions = map[string]policy.Condition{"abroad": {Privileged: true}}
		},
	},
	{
		lint.NetworkEverywhere, "", "networks.office[1]",
		func(in *lint.Input) {
			in.Document.Networks = map[string][]string{"office": {"198.51.100.0/24", "0.0.0.0/0"}}
		},
		func(in *lint.Input) {
			in.Document.Networks = map[string][]string{"office": {"0.0.0.0/1"}}
			in.Proxies = nil
		},
	},
	{
		lint.NetworkProxy, "", "networks.office[0]",
		func(in *lint.Input) { in.Document.Networks = map[string][]string{"office": {"192.0.2.0/24"}} },
		func(in *lint.Input) { in.Document.Networks = map[string][]string{"office": {"192.0.2.128/25"}} },
	},
	{
		lint.NetworkPrivate, "", "networks.office[0]",
		func(in *lint.Input) {
			in.Document.Networks, in.Proxies = map[string][]string{"office": {"10.0.0.0/8"}}, nil
		},
		func(in *lint.Input) { in.Document.Networks = map[string][]string{"office": {"10.0.0.0/8"}} },
	},
	{
		lint.SMSNoCap, "", "sms.spend",
		func(in *lint.Input) { in.SMS = &lint.SMS{Countries: 1} },
		func(in *lint.Input) { in.SMS = &lint.SMS{Countries: 1, Capped: true} },
	},
	{
		lint.SMSCountries, "", "sms.countries",
		func(in *lint.Input) { in.SMS = &lint.SMS{Countries: 6, Capped: true} },
		func(in *lint.Input) { in.SMS = &lint.SMS{Countries: 5, Capped: true} },
	},
}

func said(in lint.Input, code lint.Code, path string) bool {
	return slices.ContainsFunc(lint.Lint(in), func(f lint.Finding) bool { return f.Code == code && (path == "" || f.Path == path) })
}

func TestEveryCodeIsSaidWhereItIsDue(t *testing.T) {
	if found := lint.Lint(sound()); len(found) != 0 {
		t.Fatalf("the sound input: %v", found)
	}
	var covered []lint.Code
	for _, c := range cases {
		covered = append(covered, c.code)
		bad, good := sound(), sound()
		bad.Rules.Profile, good.Rules.Profile = c.profile, c.profile
		c.bad(&bad)
		c.good(&good)
		if !said(bad, c.code, c.path) {
			t.Errorf("%s is not said at %s, but %v", c.code, c.path, lint.Lint(bad))
		}
		if said(good, c.code, "") {
			t.Errorf("%s (%s): the sound one: %v", c.code, c.path, lint.Lint(good))
		}
	}
	for _, code := range lint.Codes() {
		if !slices.Contains(covered, code) {
			t.Errorf("%s has no case", code)
		}
	}
}

// TestTheDocumentDecidesOnLevels: what it ignores is not said, and what it calls an error is one.
func TestTheDocumentDecidesOnLevels(t *testing.T) {
	in := sound()
	first(&in).Reset = one(factor.TOTP)
	first(&in).IgnoreHistory = true
	for _, c := range []struct {
		rules lint.Rules
		want  string
	}{
		{lint.Rules{}, "warning single-factor, warning no-phishing-resistant, warning history-ignored"},
		{lint.Rules{Profile: lint.NIST}, "error single-factor, warning no-phishing-resistant"},
		{lint.Rules{Profile: lint.PCI}, "error history-ignored, warning single-factor, info no-phishing-resistant"},
		{lint.Rules{Errors: []lint.Code{lint.HistoryIgnored}}, "error history-ignored, warning single-factor, warning no-phishing-resistant"},
		{lint.Rules{Profile: lint.PCI, Ignore: []lint.Code{lint.HistoryIgnored, lint.Phishable}}, "warning single-factor"},
		{lint.Rules{Errors: []lint.Code{lint.SingleFactor}, Ignore: []lint.Code{lint.SingleFactor, lint.Phishable}}, "warning history-ignored"},
		{lint.Rules{Profile: "sox"}, ""},
	} {
		in.Rules = c.rules
		var got []string
		for _, f := range lint.Lint(in) {
			got = append(got, f.Level.String()+" "+string(f.Code))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%+v: got %s, want %s", c.rules, s, c.want)
		}
	}
	bad := lint.Rules{Profile: "sox", Errors: []lint.Code{lint.MailAlone, "typo"}, Ignore: []lint.Code{"other"}}
	var got []string
	for _, err := range bad.Validate("lint") {
		got = append(got, err.Error())
	}
	want := []string{`lint.profile: want one of own, nist, pci, cjis, got "sox"`, `lint.errors[1]: no code "typo"`, `lint.ignore[0]: no code "other"`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestLabels(t *testing.T) {
	kinds := sound().Kinds
	for _, c := range []struct {
		name string
		q    policy.Requirement
		want lint.Label
	}{
		{"a passkey", one(factor.Passkey), lint.Bind},
		{"a passkey and another", policy.Requirement{Count: 2, Mandatory: []factor.Kind{factor.Passkey}}, lint.Bind},
		{"a passkey, by a list", policy.Requirement{Count: 2, AnyOf: []policy.AnyOf{{N: 1, Of: []factor.Kind{factor.Passkey}}}}, lint.Bind},
		{"two of one class, which only a passkey mixes", two(factor.Passkey, factor.TOTP), lint.Bind},
		{"a passkey or an app", one(factor.Passkey, factor.TOTP), lint.Recover},
		{"an app and a mailbox", two(factor.TOTP, factor.Mail), lint.Recover},
		{"any two", two(), lint.Recover},
		{"what nobody can meet", one("none"), lint.Recover},
	} {
		if got := lint.LabelOf(c.q, kinds); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	in := sound()
	first(&in).Actions = []policy.Action{policy.Reset}
	got := lint.Labels(in)
	if len(got) != 3 || got[0] != (lint.Labelled{"policies[0].reset", "board", policy.Reset, lint.Recover}) ||
		got[2] != (lint.Labelled{"defaults.corp.example.test.reset", "everybody", policy.Unlock, lint.Recover}) {
		t.Errorf("got %+v", got)
	}
}
