package configure_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rekey/internal/configure"
	"rekey/internal/fault"
	"rekey/internal/role"
	"rekey/internal/secret"
)

func TestASaveTouchesWhatItIsFor(t *testing.T) {
	h := newHouse(t)
	before := string(h.stored(t).Document)
	for _, c := range []struct {
		name     string
		change   configure.Change
		old, new string
		lines    []configure.Line
	}{
		{
			"a plug-in",
			configure.Change{Path: "authenticators.totp", Value: map[string]any{"digits": 8, "period": "30s"}},
			"digits: 6", "digits: 8",
			[]configure.Line{{"authenticators.totp.digits", configure.Changed, "6", "8"}},
		}, {
			"one that is switched on",
			configure.Change{Path: "authenticators.mail", Value: map[string]any{}},
			"  backup-code:\n", "  backup-code:\n  mail: {}\n",
			[]configure.Line{{"authenticators.mail", configure.Added, "", "{}"}},
		}, {
			"a policy as text",
			configure.Change{Path: "policies[0]", Text: "name: Staff\nreset: {count: 1}\n"},
			"count: 2}   # two", "count: 1}   # two",
			[]configure.Line{{"policies[0].reset.count", configure.Changed, "2", "1"}},
		}, {
			"one before the others",
			configure.Change{Path: "policies[1]", Do: configure.Insert, Text: "name: New\nreset: {count: 3}\n"},
			"  # people with money", "  - name: New\n    reset: {count: 3}\n\n  # people with money",
			[]configure.Line{{"policies[1]", configure.Added, "", "{name: New, reset: {count: 3}}"}},
		}, {
			"one that goes",
			configure.Change{Path: "policies[1]", Do: configure.Delete},
			"\n  # people with money\n  - name: Finance\n    reset: {count: 2, mandatory: [passkey]}\n", "",
			[]configure.Line{{"policies[1]", configure.Removed, "{name: Finance, reset: {count: 2, mandatory: [passkey]}}", ""}},
		}, {
			"one that moves",
			configure.Change{Path: "directories[1]", Do: configure.Move, To: 0},
			"", "",
			[]configure.Line{{"directories[1]", configure.Moved, "directories[0]", "directories[1]"}},
		},
	} {
		p := h.propose(t, configure.Draft{After: 1, Changes: []configure.Change{c.change}})
		if !p.Saves() || !slices.Equal(p.Lines, c.lines) && c.name != "one that moves" {
			t.Errorf("%s: %+v, problems %v, findings %v", c.name, p.Lines, p.Problems, p.Findings)
		}
		_, shown, err := h.Export(t.Context(), 1)
		if want := strings.Replace(shown, c.old, c.new, 1); c.old != "" && p.Text != want || err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, p.Text)
		}
	}
	v := h.save(t, 1, configure.Change{Path: "authenticators.totp.digits", Value: 8})
	if v.Number != 2 || v.Author != "anna" || v.Reason != "because" || v.At.IsZero() {
		t.Errorf("saved %+v", v)
	}
	if got := h.stored(t); string(got.Document) != strings.Replace(before, "digits: 6", "digits: 8", 1) || h.manager.Snapshot().Version != 2 {
		t.Errorf("version %d is in force\n%s", h.manager.Snapshot().Version, got.Document)
	}
}

func TestMovingSaysWhichOneMoved(t *testing.T) {
	h := newHouse(t)
	p := h.propose(t, configure.Draft{After: 1, Changes: []configure.Change{{Path: "policies[1]", Do: configure.Move, To: 0}}})
	if len(p.Lines) != 1 || p.Lines[0].Kind != configure.Moved || !p.Saves() {
		t.Errorf("%+v %v", p.Lines, p.Problems)
	}
	if !slices.Equal(p.Needs, []role.Permission{role.EditPolicies}) {
		t.Errorf("needs %v", p.Needs)
	}
}

func TestWhatIsWrongIsSaidAndNotSaved(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		change configure.Change
		path   string
		text   string
	}{
		"a plug-in's rule":    {configure.Change{Path: "authenticators.totp.digits", Value: 7}, "authenticators.totp.digits", "want 6 or 8"},
		"a key nobody knows":  {configure.Change{Path: "brand.colour", Value: "red"}, "brand.colour", "unknown field"},
		"a path to nowhere":   {configure.Change{Path: "policies[7].name", Value: "x"}, "policies[7].name", "there is no"},
		"a text that is none": {configure.Change{Path: "policies[0]", Text: "{"}, "policies[0]", "not YAML"},
		"the linter's error":  {configure.Change{Path: "policies[0].reset", Text: "{count: 1, allowed: [mail]}"}, "", ""},
	} {
		d := configure.Draft{After: 1, Changes: []configure.Change{{Path: "authenticators.mail", Value: map[string]any{}}, c.change}}
		p := h.propose(t, d)
		wrong := slices.ContainsFunc(p.Problems, func(b configure.Problem) bool { return b.Path == c.path && strings.Contains(b.Text, c.text) })
		if c.path == "" {
			wrong = slices.ContainsFunc(p.Findings, func(f configure.Finding) bool { return f.Severity == configure.Error && f.Line > 0 })
		}
		if p.Saves() || !wrong {
			t.Errorf("%s: %+v, %+v", name, p.Problems, p.Findings)
		}
		_, err := h.Save(t.Context(), h.owner, d, "because")
		if refused := (&configure.RefusedError{}); !errors.As(err, &refused) || fault.Of(err).Kind != fault.Invalid {
			t.Errorf("%s: saved, %v", name, err)
		}
	}
	if h.stored(t).Number != 1 {
		t.Error("something was saved")
	}
}

func TestEveryVersionHasAnAuthorAndAReason(t *testing.T) {
	h := newHouse(t)
	d := configure.Draft{After: 1, Changes: []configure.Change{{Path: "brand.firm", Value: "Other"}}}
	for _, reason := range []string{"", "  ", "a\nb", strings.Repeat("x", 501)} {
		if _, err := h.Save(t.Context(), h.owner, d, reason); !errors.Is(err, configure.ErrReason) {
			t.Errorf("%q: %v", reason, err)
		}
	}
	if _, err := h.Save(t.Context(), configure.Author{Grants: h.owner.Grants}, d, "because"); !errors.Is(err, configure.ErrAuthor) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := h.Save(t.Context(), h.owner, configure.Draft{After: 1}, "because"); !errors.Is(err, configure.ErrSame) {
		t.Errorf("nothing: %v", err)
	}
}

// TestEverySettingAsksForItsPermission: whoever may not change one of the keys that differ saves nothing.
func TestEverySettingAsksForItsPermission(t *testing.T) {
	h := newHouse(t)
	text := configure.Change{Path: "brand.firm", Value: "Other"}
	rule := configure.Change{Path: "authenticators.totp.digits", Value: 8}
	connector := configure.Change{Path: "directories[0].ad.connections", Value: 4}
	who := configure.Change{Path: "roles", Text: "[{role: owner, people: [corp.example.test/2]}]"}
	for _, c := range []struct {
		by      role.Role
		changes []configure.Change
		needs   []role.Permission
		saves   bool
	}{
		{role.PolicyAdmin, []configure.Change{connector}, []role.Permission{role.EditConnectors}, false},
		{role.PolicyAdmin, []configure.Change{rule, who}, []role.Permission{role.EditPolicies, role.EditRoles}, false},
		{role.Auditor, []configure.Change{text}, []role.Permission{role.EditTexts}, false},
		{role.HelpDesk, []configure.Change{text}, []role.Permission{role.EditTexts}, false},
		{role.PolicyAdmin, []configure.Change{text, rule}, []role.Permission{role.EditTexts, role.EditPolicies}, true},
		{role.Owner, []configure.Change{connector, who}, []role.Permission{role.EditConnectors, role.EditRoles}, true},
	} {
		by, d := author("ben", c.by), configure.Draft{After: h.stored(t).Number, Changes: c.changes}
		p, err := h.Propose(t.Context(), by, d)
		if err != nil || !slices.Equal(p.Needs, c.needs) || p.Saves() != c.saves {
			t.Errorf("%s: needs %v, saves %v, %v", c.by, p.Needs, p.Saves(), err)
		}
		if _, err := h.Save(t.Context(), by, d, "because"); (err == nil) != c.saves || err != nil && fault.Of(err).Kind != fault.Denied {
			t.Errorf("%s: %v", c.by, err)
		}
	}
	_, export, err := h.Export(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	d := configure.Import(h.stored(t).Number, "# mine\n"+export) // a comment is nobody's key
	if _, err := h.Save(t.Context(), author("eve", role.Auditor), d, "because"); fault.Of(err).Kind != fault.Denied {
		t.Errorf("a comment of somebody who changes nothing: %v", err)
	}
}

func TestSomebodyElseWasFaster(t *testing.T) {
	h := newHouse(t)
	h.save(t, 1, configure.Change{Path: "brand.firm", Value: "Other"})
	h.save(t, 2, configure.Change{Path: "authenticators.totp.digits", Value: 8})
	d := configure.Draft{After: 1, Changes: []configure.Change{{Path: "authenticators.totp.digits", Value: 6}}}
	_, err := h.Save(t.Context(), h.owner, d, "because")
	var c *configure.ConflictError
	if !errors.As(err, &c) || fault.Of(err).Kind != fault.Conflict || c.Newest.Number != 3 || c.After != 1 || len(c.Meanwhile) != 2 {
		t.Fatalf("%v", err)
	}
	if m := c.Meanwhile[1]; m.Number != 3 || len(m.Lines) != 1 || m.Lines[0].Path != "authenticators.totp.digits" || m.Author != "anna" {
		t.Errorf("meanwhile %+v", m)
	}
	if _, err := h.Propose(t.Context(), h.owner, d); !errors.As(err, &c) {
		t.Errorf("proposed: %v", err)
	}
}

func TestVersionControlKeepsPagesFromSaving(t *testing.T) {
	h := newHouse(t)
	h.manager.Locked = true
	d := configure.Draft{After: 1, Changes: []configure.Change{{Path: "brand.firm", Value: "Other"}}}
	if p := h.propose(t, d); !p.Saves() || !h.Locked() {
		t.Errorf("%+v", p.Problems)
	}
	if _, err := h.Save(t.Context(), h.owner, d, "because"); !errors.Is(err, configure.ErrLocked) {
		t.Errorf("%v", err)
	}
	if _, err := h.Rules.Save(t.Context(), h.stored(t).Document, 1, h.owner, "because"); !errors.Is(err, configure.ErrLocked) {
		t.Errorf("%v", err)
	}
}

func TestVersionsComeBack(t *testing.T) {
	h := newHouse(t)
	original := string(h.stored(t).Document)
	h.save(t, 1, configure.Change{Path: "mail.password", Value: secret.New("new")}, configure.Change{Path: "mail.host", Value: "127.0.0.1"})
	h.save(t, 2, configure.Change{Path: "policies[1]", Do: configure.Delete})

	p := h.propose(t, configure.Revert(3, 1))
	if !p.Saves() || len(p.Lines) != 3 || !slices.Equal(p.Needs, []role.Permission{role.EditPolicies, role.EditConnectors}) {
		t.Errorf("%+v needs %v, %v", p.Lines, p.Needs, p.Problems)
	}
	v, err := h.Save(t.Context(), h.owner, configure.Revert(3, 1), "as it was")
	if err != nil || v.Number != 4 || string(h.stored(t).Document) != original || h.mailPassword(t) != token {
		t.Errorf("%+v, %v\n%s", v, err, h.stored(t).Document)
	}
	if _, err := h.Propose(t.Context(), h.owner, configure.Revert(4, 9)); fault.Of(err).Kind != fault.NotFound {
		t.Errorf("a version that is not there: %v", err)
	}
	all, err := h.History(t.Context(), 0, 10)
	if err != nil || len(all) != 4 || all[0].Number != 4 || all[0].Reason != "as it was" || len(all[1].Lines) != 1 || all[3].Lines != nil {
		t.Errorf("%+v, %v", all, err)
	}
	if page, err := h.History(t.Context(), 3, 1); err != nil || len(page) != 1 || page[0].Number != 2 {
		t.Errorf("%+v, %v", page, err)
	}
	c, err := h.Compare(t.Context(), 1, 4)
	if err != nil || len(c.Lines) != 0 || c.Respelled || c.From.Number != 1 || c.To.Number != 4 {
		t.Errorf("%+v, %v", c, err)
	}
}
