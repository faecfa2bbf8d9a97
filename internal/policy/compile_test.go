package policy_test

import (
	"strings"
	"testing"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func TestEveryDirectoryHasADefault(t *testing.T) {
	p := compile(t, policy.Document{Defaults: map[string]policy.Policy{"sales.example.test": {Reset: policy.Requirement{Count: 3}}}})
	for directory, count := range map[string]int{"corp.example.test": 2, "sales.example.test": 3} {
		d := policy.Decide(p, policy.Facts{Privileged: policy.No, Action: policy.Reset, Directory: directory, Enrolled: enrolled(factor.Passkey, factor.TOTP, factor.Mail)})
		if d.Outcome != policy.Allowed || d.Requirement.Count != count || d.Policy != "default of "+directory {
			t.Errorf("%s: %+v", directory, d)
		}
		if !d.Write.Unlock || !d.Write.EnforceHistory || d.Write.MustChange {
			t.Errorf("%s: %+v", directory, d.Write)
		}
	}
	named := compile(t, policy.Document{Defaults: map[string]policy.Policy{"corp.example.test": {Name: "everybody", Reset: policy.Requirement{Count: 2}}}})
	if d := policy.Decide(named, policy.Facts{Privileged: policy.No, Action: policy.Reset, Directory: "corp.example.test"}); d.Policy != "everybody" {
		t.Errorf("got %+v", d)
	}
}

func TestCompileRefuses(t *testing.T) {
	two := policy.Requirement{Count: 2}
	for want, d := range map[string]policy.Document{
		`policies[1].name: "x" is used twice`:              {Policies: []policy.Policy{{Name: "x", Reset: two}, {Name: "x", Reset: two}}},
		`policies[0].actions[0]: want reset, unlock or`:    {Policies: []policy.Policy{{Name: "x", Actions: []policy.Action{"enroll"}, Reset: two}}},
		"policies[0].scope.exclude.ous[0].dn: want a name": {Policies: []policy.Policy{{Name: "x", Scope: policy.Scope{Exclude: policy.Exclusion{OUs: []policy.OU{{DN: "VIP"}}}}, Reset: two}}},
		"policies[0].scope.exclude.groups[0]: want a SID":  {Policies: []policy.Policy{{Name: "x", Scope: policy.Scope{Exclude: policy.Exclusion{Groups: []string{" "}}}, Reset: two}}},
		"policies[0].scope.groups[0]: want a SID":          {Policies: []policy.Policy{{Name: "x", Scope: policy.Scope{Groups: []string{""}}, Reset: two}}},
		"policies[0].scope.exclude.accounts[0]: want dire": {Policies: []policy.Policy{{Name: "x", Scope: policy.Scope{Exclude: policy.Exclusion{Accounts: []string{"jdoe"}}}, Reset: two}}},
		"policies[0].scope.attributes[0]: want a name":     {Policies: []policy.Policy{{Name: "x", Scope: policy.Scope{Attributes: []policy.Attribute{{Name: "l"}}}, Reset: two}}},
		"policies[0].password.min_length: want 0 to 127":   {Policies: []policy.Policy{{Name: "x", Reset: two, Password: policy.PasswordRules{MinLength: 128}}}},
		"policies[0].unlock.count: want 1 to 5, got 0":     {Policies: []policy.Policy{{Name: "x", Reset: two, Unlock: policy.Requirement{SameClass: true}}}},
		"policies[0].reset.count: want 1 to 5, got 6":      {Policies: []policy.Policy{{Name: "x", Reset: policy.Requirement{Count: 6}}}},
		"policies[0].reset.count: want 1 to 5, got -1":     {Policies: []policy.Policy{{Name: "x", Reset: policy.Requirement{Count: -1}}}},
		"policies[0].reset.count: want 2 to 5, got 1":      {Policies: []policy.Policy{{Name: "x", Reset: policy.Requirement{Count: 1, Mandatory: []factor.Kind{factor.TOTP, factor.BackupCode}}}}},
		"policies[0].change.count: want 1 to 5, got 0":     {Policies: []policy.Policy{{Name: "x", Reset: two, Change: policy.Requirement{AnyOf: []policy.AnyOf{{N: 1, Of: []factor.Kind{factor.TOTP}}}}}}},
		`policies[0].reset.allowed[1]: "totp" is there tw`: {Policies: []policy.Policy{{Name: "x", Reset: policy.Requirement{Count: 1, Allowed: []factor.Kind{factor.TOTP, factor.TOTP}}}}},
		`policies[0].reset.mandatory[0]: "mail" is not am`: {Policies: []policy.Policy{{Name: "x", Reset: policy.Requirement{Count: 1, Mandatory: []factor.Kind{factor.Mail}, Allowed: []factor.Kind{factor.TOTP}}}}},
		"defaults.elsewhere: no such directory":            {Defaults: map[string]policy.Policy{"elsewhere": {Reset: two}}},
		"defaults.corp.example.test.reset.count: want 1":   {Defaults: map[string]policy.Policy{"corp.example.test": {}}},
	} {
		if _, err := policy.Compile(d, registry()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestProblemsComeInOneOrder: an operator who fixes one after the other does not want them to jump.
func TestProblemsComeInOneOrder(t *testing.T) {
	bad := policy.Requirement{
		Count: 9, Mandatory: []factor.Kind{"m1"}, Allowed: []factor.Kind{"a1", "a2"},
		AnyOf: []policy.AnyOf{{N: 3, Of: []factor.Kind{"o1", "o2"}}, {N: 0, Of: []factor.Kind{"o3"}}},
	}
	d := policy.Document{
		Policies: []policy.Policy{{Name: "", Reset: bad, Unlock: bad}},
		Defaults: map[string]policy.Policy{"z": {}, "a": {}, "m": {}, "b": {}},
	}
	_, first := policy.Compile(d, registry())
	if first == nil || strings.Count(first.Error(), "\n") < 15 {
		t.Fatalf("not all problems at once: %v", first)
	}
	for range 20 {
		if _, err := policy.Compile(d, registry()); err.Error() != first.Error() {
			t.Fatalf("got\n%v\nand\n%v", first, err)
		}
	}
}

// TestAttack34ExclusionsHoldHoweverTheirNamesAreWritten: an exclusion that misses by spelling would fail open.
func TestAttack34ExclusionsHoldHoweverTheirNamesAreWritten(t *testing.T) {
	d := policy.Document{
		Policies: []policy.Policy{{
			Name: "easy",
			Scope: policy.Scope{Domains: []string{"corp.example.test"}, Exclude: policy.Exclusion{
				Groups: []string{`CORP\Domain Admins`}, OUs: []policy.OU{{DN: ` OU = Tier\2C 0 , DC=corp`}}, Accounts: []string{"CORP.Example.test/ABCD"},
			}},
			Reset: policy.Requirement{Count: 1},
		}},
	}
	p := compile(t, d)
	for name, f := range map[string]policy.Facts{
		"group":   {Groups: []string{policy.Fold(`corp\domain admins`)}},
		"unit":    {Path: policy.NormalizeDN(`CN=a,OU=Sub,OU=Tier\, 0,DC=CORP`)},
		"account": {Account: "corp.example.test/abcd"},
		"Account": {Account: "Corp.Example.Test/ABCD"},
	} {
		f.Action, f.Directory, f.Enrolled = policy.Reset, "Corp.example.test", enrolled(factor.TOTP, factor.Mail)
		if d := policy.Decide(p, f); d.Policy != "default of corp.example.test" || d.Requirement.Count != 2 {
			t.Errorf("%s: decided by %q", name, d.Policy)
		}
	}
	if d := policy.Decide(p, policy.Facts{Privileged: policy.No, Action: policy.Reset, Directory: "corp.example.test", Enrolled: enrolled(factor.TOTP)}); d.Policy != "easy" {
		t.Errorf("everybody else: %+v", d)
	}
}
