package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"rekey/internal/lint"
)

// TestLint: what a pipeline sees of a document that is sound and weak: an exit status by the profile, text and JSON, with file and line.
func TestLint(t *testing.T) {
	h := newHouse(t)
	sound := h.file(t, "", "")
	out, errs := h.rekey(t, 0, "settings", "lint", sound)
	for _, want := range []string{
		sound + ":9: authenticators.mail: warning: codes are mailed to corp.example.test",
		"[mail-domains; NIST SP 800-63B-4 §4.2.2.2]\n",
		"defaults.corp.example.test.reset: reset of Staff: recover\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if errs != "" {
		t.Errorf("warnings alone are no failure: %s", errs)
	}

	out, errs = h.rekey(t, 1, "settings", "lint", sound, "--profile", "nist")
	if first, _, _ := strings.Cut(out, "\n"); !strings.HasPrefix(first, sound+":11: defaults.corp.example.test.reset: error: ") || errs != "rekey: the settings have errors\n" {
		t.Errorf("by NIST: %s%s", out, errs)
	}
	named := h.file(t, "lint: {", "lint: {profile: nist, ")
	h.rekey(t, 1, "settings", "lint", named)
	h.rekey(t, 0, "settings", "lint", named, "--profile", "own")
	h.rekey(t, 80, "settings", "lint", named, "--profile", "sox") // wrong usage

	alone := h.file(t, "lint: {ignore: [mail-alone]}", "lint: {}")
	if out, _ := h.rekey(t, 1, "settings", "lint", alone); !strings.HasPrefix(out, alone+":11: defaults.corp.example.test.reset: error: a code by mail (mail) alone is enough") {
		t.Errorf("mail alone: %s", out)
	}
}

// judged is a verdict as programs read it.
type judged struct {
	Findings []found
	Labels   []struct{ Path, Policy, Action, Label string }
}

type found struct {
	Code, Level, Path, Text, File string
	Line                          int
	Clauses                       []string
}

// TestLintAsJSON is for programs: the findings with code, level, place and clauses, and what each action is called.
func TestLintAsJSON(t *testing.T) {
	h := newHouse(t)
	file := h.file(t, "", "")
	read := func(status int, args ...string) (v judged) {
		t.Helper()
		out, _ := h.rekey(t, status, append([]string{"settings", "lint", file, "--json"}, args...)...)
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return v
	}
	v := read(0)
	i := slices.IndexFunc(v.Findings, func(f found) bool { return f.Code == string(lint.MailDomains) })
	if i < 0 {
		t.Fatalf("%+v", v)
	}
	if f := v.Findings[i]; f.Level != "warning" || f.Path != "authenticators.mail" || f.File != file || f.Line != 9 || f.Text == "" || len(f.Clauses) != 1 {
		t.Errorf("%+v", f)
	}
	if len(v.Labels) != 2 || v.Labels[0].Action != "reset" || v.Labels[1].Action != "unlock" || v.Labels[0].Policy != "Staff" || v.Labels[0].Label != "recover" {
		t.Errorf("%+v", v.Labels)
	}
	if v := read(1, "--profile", "nist"); len(v.Findings) == 0 || v.Findings[0].Level != "error" {
		t.Errorf("errors come first: %+v", v.Findings)
	}
}

// TestLintOfWhatCannotBeUsed names file and line, and prints no finding.
func TestLintOfWhatCannotBeUsed(t *testing.T) {
	h := newHouse(t)
	for _, x := range []struct{ old, next, want string }{
		{"brand: {", "brand: [{", ":2: "},
		{"count: 1", "counts: 1", ":11: "},
		{"count: 1", "count: 9", ":11: "},
		{"directories:", "directory:", ":2: "},
	} {
		file := h.file(t, x.old, x.next)
		if out, errs := h.rekey(t, 1, "settings", "lint", file); out != "" || !strings.HasPrefix(errs, "rekey: "+file+x.want) {
			t.Errorf("%s: %q %q", x.next, out, errs)
		}
	}
	h.rekey(t, 80, "settings", "lint", h.dir+"/no-such-file")
}
