package role_test

import (
	"slices"
	"testing"

	"rekey/internal/policy"
	"rekey/internal/role"
)

var registry = policy.Registry{Directories: []string{"corp.example.test"}}

func compiled(t *testing.T, bs ...role.Binding) role.Bindings {
	t.Helper()
	b, errs := role.Compile(bs, registry)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return b
}

// TestNoRoleChangesRulesAndTouchesEvidence is the separation of duties: of one role, and of any set of roles that one person holds.
func TestNoRoleChangesRulesAndTouchesEvidence(t *testing.T) {
	all := role.Roles()
	for set := range 1 << len(all) {
		var bs []role.Binding
		for i, r := range all {
			if set&(1<<i) != 0 {
				bs = append(bs, role.Binding{Role: r, People: []string{"corp.example.test/1"}})
			}
		}
		g := compiled(t, bs...).Of(&policy.Facts{Directory: "corp.example.test", Account: "corp.example.test/1"})
		for _, rule := range role.Rules() {
			for _, evidence := range role.Evidence() {
				if g.May(rule) && g.May(evidence) {
					t.Errorf("%v may both %s and %s", g.Roles(), rule, evidence)
				}
			}
		}
	}
	for _, evidence := range role.Evidence() { // the test above could pass because nobody may anything
		if !slices.ContainsFunc(all, func(r role.Role) bool { return slices.Contains(role.Permissions(r), evidence) }) {
			t.Errorf("nobody may %s", evidence)
		}
	}
}

func TestBindings(t *testing.T) {
	b := compiled(
		t,
		role.Binding{Role: role.HelpDesk, Groups: []string{`CORP\Help desk`}, Scope: policy.Scope{OUs: []policy.OU{{DN: "OU=Sales,DC=corp"}}}},
		role.Binding{Role: role.Auditor, People: []string{"corp.example.test/ABC"}},
		role.Binding{Role: role.Owner, Groups: []string{"S-1-5-21-1-2-3-500"}},
	)
	sales := &policy.Facts{Account: "corp.example.test/s", Path: policy.NormalizeDN("CN=s,OU=East,OU=Sales,DC=corp")}
	other := &policy.Facts{Account: "corp.example.test/o", Path: policy.NormalizeDN("CN=o,OU=Legal,DC=corp")}
	for name, c := range map[string]struct {
		facts             policy.Facts
		roles             []role.Role
		see, help, helpOf bool // people of Legal: seen, and helped; help: people of Sales
	}{
		"nobody":        {policy.Facts{Account: "corp.example.test/x"}, nil, false, false, false},
		"help desk":     {policy.Facts{Account: "corp.example.test/x", Groups: []string{policy.Fold(`corp\help DESK`)}}, []role.Role{role.HelpDesk}, false, true, false},
		"auditor":       {policy.Facts{Account: "Corp.example.test/abc"}, []role.Role{role.Auditor}, true, false, false},
		"owner":         {policy.Facts{Account: "corp.example.test/x", Groups: []string{policy.Fold("s-1-5-21-1-2-3-500")}}, []role.Role{role.Owner}, true, true, true},
		"two of them":   {policy.Facts{Account: "corp.example.test/abc", Groups: []string{policy.Fold(`corp\help desk`)}}, []role.Role{role.HelpDesk, role.Auditor}, true, true, false},
		"another group": {policy.Facts{Account: "corp.example.test/x", Groups: []string{policy.Fold(`other\help desk`)}}, nil, false, false, false},
	} {
		g := b.Of(&c.facts)
		if !slices.Equal(g.Roles(), c.roles) || g.None() != (len(c.roles) == 0) {
			t.Errorf("%s: roles %v, want %v", name, g.Roles(), c.roles)
		}
		if g.Reaches(other) != c.see || g.MayHelp(sales) != c.help || g.MayHelp(other) != c.helpOf {
			t.Errorf("%s: sees Legal %v, helps Sales %v, helps Legal %v", name, g.Reaches(other), g.MayHelp(sales), g.MayHelp(other))
		}
	}
	if (role.Grants{}).May(role.SeeSelf) || (role.Bindings{}).Of(sales).May(role.SeeSelf) {
		t.Error("the zero value grants something")
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, b := range map[string]role.Binding{
		"unknown role":      {Role: "root", People: []string{"corp.example.test/1"}},
		"nobody":            {Role: role.Owner},
		"person by name":    {Role: role.Owner, People: []string{"jdoe"}},
		"scope of an owner": {Role: role.Owner, People: []string{"corp.example.test/1"}, Scope: policy.Scope{Domains: []string{"corp.example.test"}}},
		"unknown domain":    {Role: role.HelpDesk, People: []string{"corp.example.test/1"}, Scope: policy.Scope{Domains: []string{"nowhere"}}},
		"empty group":       {Role: role.Owner, Groups: []string{" "}},
	} {
		if _, errs := role.Compile([]role.Binding{b}, registry); len(errs) == 0 {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestSettingsNobodyKnowsNeedTheMost(t *testing.T) {
	for key, want := range map[string]role.Permission{
		"policies": role.EditPolicies, "brand": role.EditTexts, "directories": role.EditConnectors, "roles": role.EditRoles, "new": role.EditRoles,
	} {
		if got := role.ForSetting(key); got != want {
			t.Errorf("%s needs %s, want %s", key, got, want)
		}
	}
}
