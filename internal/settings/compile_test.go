package settings_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rekey/internal/challenge"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/settings"
	"rekey/internal/site"
)

func TestTheLeastDocumentTakesEveryDefault(t *testing.T) {
	var f farm
	c, err := compile(least, &f, deps(plain{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Snapshot
	if s.Flow.Idle != 10*time.Minute || s.Flow.Life != 30*time.Minute || s.Flow.TriesPerCode != 5 || s.Flow.SendsPerMethod != 3 || s.Flow.ApplyingFor != time.Minute {
		t.Errorf("flow: %+v", s.Flow)
	}
	if s.Session.Idle != 10*time.Minute || s.Session.Life != time.Hour || s.Session.StepUp != 10*time.Minute {
		t.Errorf("session: %+v", s.Session)
	}
	week := 7 * 24 * time.Hour
	if want := (site.SyncRules{Every: time.Minute, Full: week, PagesPerSecond: 50, KeepGone: 30 * 24 * time.Hour, GuardPercent: 10, GuardLeast: 20}); s.Sync != want {
		t.Errorf("sync: %+v", s.Sync)
	}
	if s.Challenge.Show != challenge.AfterFailures || s.Challenge.After != 3 || s.Challenge.Bits != 16 || s.Challenge.Provider != challenge.Work {
		t.Errorf("challenge: %+v", s.Challenge)
	}
	if s.Throttle.Failures != 10 || s.Brand.Locale != "en" || len(s.Guide) != 0 || s.Version != 1 {
		t.Errorf("got %+v", s)
	}
	if len(s.Order) != 2 || s.Order[0] != factor.TOTP || s.Order[1] != factor.Mail {
		t.Errorf("order: %v", s.Order)
	}
	d := policy.Decide(s.Policies, policy.Facts{Action: policy.Reset, Directory: "corp.example.test"})
	if d.Policy != "default of corp.example.test" || d.Requirement.Count != 2 {
		t.Errorf("default policy: %+v", d)
	}
}

func TestEverythingSetReachesTheSnapshot(t *testing.T) {
	var f farm
	c, err := compile(change(t, "domain: corp.example.test", "domain: corp.example.test\n      timeout: 3s")+`
policies:
  - name: board
    scope: {groups: ['CORP\Board']}
    reset: {count: 2, mandatory: [totp]}
defaults:
  corp.example.test: {name: everybody, reset: {count: 1}}
throttle: {failures: 5, hold: 10m, starts_per_source: {burst: 3, every: 1m}}
flow: {idle: 5m, life: 20m, tries_per_code: 3, sends_per_method: 2}
session: {idle: 2m, life: 30m, step_up: 5m}
sync: {every: 5m, full: 24h, pages_per_second: 5, keep_gone: 48h, guard: {percent: 3, least: 4}, groups: cached-on-outage}
challenge: {show: always, after: 5, bits: 18, except_networks: [office, 192.0.2.7]}
networks: {office: [203.0.113.0/24]}
guide_networks: [10.1.2.3/8, "2001:db8::/32"]
`, &f, deps(plain{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Snapshot
	if s.Flow.Idle != 5*time.Minute || s.Flow.TriesPerCode != 3 || s.Session.StepUp != 5*time.Minute || s.Throttle.Failures != 5 || s.Throttle.Starts.Burst != 3 {
		t.Errorf("got %+v", s)
	}
	if want := (site.SyncRules{
		Every: 5 * time.Minute, Full: 24 * time.Hour, PagesPerSecond: 5, KeepGone: 48 * time.Hour, GuardPercent: 3, GuardLeast: 4, GroupsOnOutage: true,
	}); s.Sync != want {
		t.Errorf("sync: %+v", s.Sync)
	}
	for from, want := range map[string]bool{"203.0.113.9": false, "192.0.2.7": false, "192.0.2.8": true} {
		if got := s.Challenge.Asks(netip.MustParseAddr(from), s.Policies.InNetwork); got != want || s.Challenge.Bits != 18 || s.Challenge.After != 5 {
			t.Errorf("challenge: %+v asks %s: %v", s.Challenge, from, got)
		}
	}
	if len(s.Guide) != 2 || s.Guide[0] != netip.MustParsePrefix("10.0.0.0/8") {
		t.Errorf("guide: %v", s.Guide)
	}
	if d := policy.Decide(s.Policies, policy.Facts{Action: policy.Reset, Directory: "corp.example.test", Groups: []string{`corp\board`}}); d.Policy != "board" {
		t.Errorf("got %+v", d)
	}
}

// TestErrorsNameFileLineAndKey covers what is wrong with the text and what is wrong with its meaning, in every part.
func TestErrorsNameFileLineAndKey(t *testing.T) {
	for want, text := range map[string]string{
		// the text
		"settings.yaml:14: polices: unknown field":               with("polices: []"),
		"settings.yaml:4: brand.helptext: unknown field":         change(t, "help_text:", "helptext:"),
		"settings.yaml:14: throttle.failures: want int":          with("throttle: {failures: many}"),
		"settings.yaml:15: flow.idle: want a time such as":       with("flow:", "  idle: soon"),
		"settings.yaml:14: mapping key \"brand\" already def":    with("brand: {}"),
		"settings.yaml:15: policies[0].nam: unknown field":       with("policies:", "  - nam: x"),
		"settings.yaml:15: a second document begins here":        with("---", "brand: {}"),
		"settings.yaml:7: directories[0].barn.domian: unknown":   change(t, "domain:", "domian:"),
		"settings.yaml:9: authenticators.totp.digit: unknown":    change(t, "totp:", "totp: {digit: 8}"),
		"settings.yaml:9: authenticators.totp: boolean was used": change(t, "totp:", "totp: false"),
		// its meaning
		"settings.yaml:2: brand.name: is missing":                          change(t, "Example Corp password help", "''"),
		"settings.yaml:1: brand.help_text: is missing":                     change(t, "  help_text: \"Help desk: 4357\"\n", ""),
		"settings.yaml:3: brand.firm: want one line":                       change(t, "firm: Example Corp", `firm: "Example\r\nBcc: x"`),
		"settings.yaml:5: brand.help_link: want a tel:, mailto: or https:": change(t, "directories:", "  help_link: javascript:alert(1)\ndirectories:"),
		"settings.yaml:5: brand.color: \"red\" is no colour":               change(t, "directories:", "  color: red\ndirectories:"),
		"settings.yaml:5: brand.locale: want a language":                   change(t, "directories:", "  locale: klingonese-and-more\ndirectories:"),
		"settings.yaml:6: directories[0].ldap: no such type":               change(t, "barn:", "ldap:"),
		"settings.yaml:7: directories[0].barn: domain: is missing":         change(t, "domain: corp.example.test", "domain: ''"),
		"settings.yaml:8: directories[0].barn: timeout: is in the":         change(t, "domain: corp.example.test", "domain: ''\n      timeout: -1s"),
		"settings.yaml:6: directories[0]: want exactly one type, got 2":    change(t, "  - barn:", "  - shed:\n    barn:"),
		"settings.yaml:8: directories[1].barn: corp.example.test is there": change(t, "authenticators:", "  - barn: {domain: corp.example.test}\nauthenticators:"),
		"settings.yaml:5: directories: none given":                         change(t, "directories:\n  - barn:\n      domain: corp.example.test\n", "directories: []\n"),
		"settings.yaml:9: authenticators.totp: digits: want 6 or 8, got 7": change(t, "totp:", "totp: {digits: 7}"),
		"settings.yaml:10: authenticators.telepathy: no such kind":         change(t, "  mail:\nmail:", "  telepathy:\nmail:"),
		"settings.yaml:8: authenticators: none is switched on":             change(t, "authenticators:\n  totp:\n  mail:\n", "authenticators: {}\n"),
		"settings.yaml:12: mail.host: want a host name":                    change(t, "mail.example.test", "'mail example'"),
		"settings.yaml:13: mail.password: environment variable NO":         change(t, "mail:\n  host", "mail:\n  user: rekey\n  password: {env: NOT_SET_HERE}\n  host"),
		"settings.yaml:14: throttle.failures: want 3 to 50, got -1":        with("throttle: {failures: -1}"),
		"settings.yaml:16: throttle.starts_per_source.burst: want 1":       with("throttle:", "  starts_per_source:", "    burst: -1", "    every: 1s"),
		"settings.yaml:14: flow.life: want 10m0s":                          with("flow: {life: 1m}"),
		"settings.yaml:14: flow.tries_per_code: want 1 to 10":              with("flow: {tries_per_code: 11}"),
		"settings.yaml:14: session.step_up: want 1m0s":                     with("session: {step_up: 1s}"),
		"settings.yaml:14: console.idle: want 1m0s to 15m0s":               with("console: {idle: 1h}"),
		"settings.yaml:14: console.life: want 15m0s to 12h0m0s":            with("console: {life: 24h}"),
		"settings.yaml:15: roles[0].role: want one of":                     with("roles:", "  - {role: king, people: [corp.example.test/1]}"),
		"settings.yaml:15: roles[0].people: names nobody":                  with("roles:", "  - {role: owner}"),
		"settings.yaml:16: roles[1].people: want people as directory/":     with("roles:", "  - {role: owner, people: [corp.example.test/1]}", "  - {role: owner, people: [ada]}"),
		"settings.yaml:15: roles[0].scope.domains[0]: no directory":        with("roles:", "  - {role: help-desk, groups: [S-1-5-1], scope: {domains: [nowhere]}}"),
		"settings.yaml:15: roles[0].scope: only a help desk":               with("roles:", "  - {role: owner, groups: [S-1-5-1], scope: {domains: [corp.example.test]}}"),
		"settings.yaml:14: sync.every: want 10s":                           with("sync: {every: 1s}"),
		"settings.yaml:14: challenge.bits: want 12 to 22, got 40":          with("challenge: {bits: 40}"),
		"settings.yaml:14: challenge.except_networks[1]: \"annex\" is no":  with("challenge: {except_networks: [10.0.0.0/8, annex]}"),
		"settings.yaml:16: challenge.secret: environment variable NO":      with("challenge:", "  provider: turnstile", "  secret: {env: NOT_SET_HERE}", "  site_key: x"),
		"settings.yaml:14: challenge.shown: unknown field":                 with("challenge: {shown: never}"),
		"settings.yaml:14: sync.guard.percent: want 1 to 100":              with("sync: {guard: {percent: 101}}"),
		"settings.yaml:14: sync.groups: want live or cached-on-outage":     with("sync: {groups: cached}"),
		"settings.yaml:14: discovery.ignore[1]: want the name of a domain": with("discovery: {ignore: [a.example.test, '']}"),
		"settings.yaml:14: guide_networks[1]: \"10.0.0.1\" is not":         with("guide_networks: [10.0.0.0/8, 10.0.0.1]"),
		"settings.yaml:16: policies[0].reset.count: want 1 to 5":           with("policies:", "  - name: x", "    reset: {count: 9}"),
		"settings.yaml:15: defaults.elsewhere: no such directory":          with("defaults:", "  elsewhere: {reset: {count: 1}}"),
		"settings.yaml:15: defaults.corp.example.test.reset.count: want":   with("defaults:", "  corp.example.test: {reset: {count: 0}}"),
	} {
		var f farm
		_, err := compile(text, &f, deps(plain{}), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if f.still() != 0 {
			t.Errorf("%s: %d directories are left open", want, f.still())
		}
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	var f farm
	_, err := compile(strings.NewReplacer("4357", "4357\\n", "barn", "shed", "totp:", "totp: {digits: 7}", "mail.example.test", "'a b'").Replace(least)+
		"throttle: {failures: 1}\nflow: {idle: 1s}\n", &f, deps(plain{}), nil)
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 6 {
		t.Errorf("%d problems: %v", len(lines), err)
	}
	for _, l := range lines {
		if !strings.HasPrefix(l, "settings.yaml:") {
			t.Errorf("%q does not name the file", l)
		}
	}
}

// TestAttack29TheHelpLinkRunsNothing: the link stands on every page.
func TestAttack29TheHelpLinkRunsNothing(t *testing.T) {
	link := func(l string) error {
		var f farm
		_, err := compile(change(t, "directories:", "  help_link: '"+l+"'\ndirectories:"), &f, deps(plain{}), nil)
		return err
	}
	for _, good := range []string{"", "tel:+49301234", "mailto:help@example.com?subject=Password", "https://help.example.com/x?y#z", "HTTPS://help.example.com"} {
		if err := link(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "http://help.example.com",
		"//help.example.com", "/help", "help.example.com", "https:", "https:///x", "tel:", "mailto:", "tel:1 2", "file:///etc/passwd", "https://a b",
	} {
		if err := link(bad); err == nil || !strings.Contains(err.Error(), "brand.help_link") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestAttack29HTMLInTextsStaysText: nothing is taken out or decoded here, so that whoever prints it escapes it once.
func TestAttack29HTMLInTextsStaysText(t *testing.T) {
	var f farm
	const script = `<script>alert(1)</script> & <b>`
	c, err := compile(change(t, `"Help desk: 4357"`, `'`+script+`'`), &f, deps(plain{}), nil)
	if err != nil || c.Snapshot.Brand.HelpText != script {
		t.Errorf("got %q, %v", c.Snapshot.Brand.HelpText, err)
	}
}

func TestTheColorIsAskedAbout(t *testing.T) {
	var f farm
	d := deps(plain{})
	if _, err := compile(change(t, "directories:", "  color: '#1f5eff'\ndirectories:"), &f, d, nil); err != nil {
		t.Error(err)
	}
	d.Paint = nil
	if _, err := compile(change(t, "directories:", "  color: red\ndirectories:"), &f, d, nil); err != nil {
		t.Errorf("nobody knows colours here: %v", err)
	}
}

// TestAWholeDirectoryIsKeptWhenNothingItIsMadeOfChanged, secrets included.
func TestAWholeDirectoryIsKeptWhenNothingItIsMadeOfChanged(t *testing.T) {
	var f farm
	d := deps(plain{})
	file := filepath.Join(t.TempDir(), "password")
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("one\n")
	text := change(t, "domain: corp.example.test", "domain: corp.example.test\n      password: {file: "+file+"}") + "throttle: {failures: 5}\n"
	next := func(text string, before *settings.Compiled) *settings.Compiled {
		c, err := compile(text, &f, d, before)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := next(text, nil)
	second := next(strings.Replace(text, "failures: 5", "failures: 6", 1), first)
	if first.Snapshot.Directories[0] != second.Snapshot.Directories[0] {
		t.Error("opened anew for a change elsewhere")
	}
	put("two\n")
	third := next(text, second)
	if third.Snapshot.Directories[0] == second.Snapshot.Directories[0] || third.Snapshot.Directories[0].(*barn).password.Reveal() != "two" {
		t.Error("kept, though its password changed")
	}
	fourth := next(strings.Replace(text, "domain: corp", "timeout: 5s\n      domain: corp", 1), third)
	if fourth.Snapshot.Directories[0] == third.Snapshot.Directories[0] {
		t.Error("kept, though its settings changed")
	}
	open := f.still()
	for _, bad := range []string{strings.Replace(text, "failures: 5", "failures: 1", 1), strings.Replace(text, "domain: corp", "timeout: 5s\n      domain: corp", 1) + "policies: [{name: x, reset: {count: 9}}]\n"} {
		if _, err := compile(bad, &f, d, third); err == nil {
			t.Fatal("compiles")
		}
	}
	if f.still() != open || third.Snapshot.Directories[0].(*barn).done.Load() {
		t.Error("a version that does not compile closed what is in use, or left something open")
	}
	twin := strings.Replace(text, "authenticators:", "  - barn: {domain: corp.example.test}\nauthenticators:", 1)
	if _, err := compile(twin, &f, d, third); err == nil || f.still() != open {
		t.Errorf("the second of two was left open, or the first closed: %v", err)
	}
}
