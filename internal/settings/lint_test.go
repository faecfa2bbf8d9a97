package settings_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"rekey/internal/lint"
	"rekey/internal/settings"
	"rekey/internal/site"
)

// weak is a document whose one error is that a mailbox is enough.
func weak() string {
	return with("defaults:", "  corp.example.test: {name: everybody, reset: {count: 1}}")
}

func judge(t *testing.T, text string, profile lint.Profile) settings.Verdict {
	t.Helper()
	m := settings.NewManager(&shelf{}, (&farm{}).registry(), deps(plain{}))
	v, err := m.Lint("settings.yaml", []byte(text), profile)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFindingsNameFileLineAndKey(t *testing.T) {
	v := judge(t, weak(), "")
	const want = "settings.yaml:15: defaults.corp.example.test.reset: error: a code by mail (mail) alone is enough"
	if err := v.Err(); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if len(v.Labels) != 2 || v.Labels[0].Label != lint.Recover {
		t.Errorf("labels: %+v", v.Labels)
	}
}

// TestTheLinterSeesTheSettings: what each part decides reaches it.
func TestTheLinterSeesTheSettings(t *testing.T) {
	for want, text := range map[lint.Code]string{
		lint.MailDomains:      least,
		lint.OwnMailbox:       change(t, "  mail:\nmail:", "  mail: {allow_directory_domains: true}\nmail:"),
		lint.CodeLife:         change(t, "  mail:\nmail:", "  mail: {life: 1h}\nmail:"),
		lint.ShortHold:        with("throttle: {hold: 10m}"),
		lint.SessionIdle:      with("session: {idle: 20m}"),
		lint.BuiltInDefault:   least,
		lint.PrivilegedStuck:  least,
		lint.GeoMissing:       with("rules: [{name: r, when: {countries: [DE]}, then: {add_factors: 1}}]"),
		lint.DenyLanguage:     with("rules: [{name: r, when: {privileged: true}, then: {deny: {de: Nein.}}}]"),
		lint.HistoryIgnored:   with("policies: [{name: p, reset: {count: 2}, ignore_history: true}]"),
		lint.NetworkPrivate:   with("networks: {office: [10.0.0.0/8]}"),
		lint.RuleNeverMatters: with("rules: [{name: r, when: {privileged: true}, then: {allow: true}}]"),
	} {
		if v := judge(t, text, ""); !slices.ContainsFunc(v.Findings, func(f settings.Finding) bool { return f.Code == want && f.File == "settings.yaml" }) {
			t.Errorf("%s is not found: %v", want, v.Findings)
		}
	}
	refused := judge(t, change(t, "  mail:\nmail:", "  mail: {refuse_domains: [CORP.example.test]}\nmail:"), "")
	if slices.ContainsFunc(refused.Findings, func(f settings.Finding) bool { return f.Code == lint.MailDomains }) {
		t.Errorf("refused domains: %v", refused.Findings)
	}
}

func TestAProfileMayBeAskedFor(t *testing.T) {
	text := with("throttle: {failures: 11}", "lint: {ignore: [mail-domains]}")
	if v := judge(t, text, ""); v.Err() != nil {
		t.Errorf("own: %v", v.Err())
	}
	if v := judge(t, text, lint.PCI); v.Err() == nil || !strings.Contains(v.Err().Error(), "PCI DSS 4.0.1 8.3.4") {
		t.Errorf("pci: %v", v.Err())
	}
	var f farm
	if _, err := compile(with("lint: {profile: sox}"), &f, deps(plain{}), nil); err == nil || !strings.Contains(err.Error(), "settings.yaml:14: lint.profile: want one of") {
		t.Errorf("got %v", err)
	}
}

// TestErrorsAreNotSavedButNeverStopWhatIsInForce: a version that was taken before a code became an error is used, and said once.
func TestErrorsAreNotSavedButNeverStopWhatIsInForce(t *testing.T) {
	var log bytes.Buffer
	d := deps(plain{})
	d.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := &shelf{versions: []site.Version{{Number: 1, Document: []byte(weak())}}}
	m := settings.NewManager(s, (&farm{}).registry(), d)
	t.Cleanup(m.Close)
	for range 2 {
		if err := m.Load(t.Context(), "", nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "weak settings in force"); n != 1 || !strings.Contains(log.String(), "mail-alone") {
		t.Errorf("said %d times: %s", n, log.String())
	}
	if _, err := m.Apply(t.Context(), "next.yaml", []byte(weak()), by("root")); err == nil || !strings.Contains(err.Error(), "next.yaml:15:") || len(s.versions) != 1 {
		t.Errorf("%d versions, %v", len(s.versions), err)
	}
	accepted := weak() + "lint: {ignore: [mail-alone]}\n"
	if n, err := m.Apply(t.Context(), "next.yaml", []byte(accepted), by("root")); err != nil || n != 2 {
		t.Errorf("version %d, %v", n, err)
	}
}
