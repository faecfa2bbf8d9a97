package systemtest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"rekey/internal/lab/portal"
)

// TestReplicasAreOnePortal: a person may meet another process with every click, while settings and keys change under them.
func TestReplicasAreOnePortal(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	second := prepareReplica(t, l, "replicas", l.Portal.Config().Database)
	if err := second.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { second.Stop() })
	a := play(t, l, "quinn")
	w := walkIn(t, l.Portal.URL())
	w.start("reset", a.UPN)
	if _, err := l.Portal.Command(t.Context(), "keys", "rotate"); err != nil {
		t.Fatal(err)
	}
	w.Move(second.URL())
	w.open("/flow")
	w.ok(w.Prove(t.Context(), "totp", a.proofs))
	second.Stop()
	if err := second.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Move(l.Portal.URL())
	w.open("/flow")
	w.ok(w.Prove(t.Context(), "mail", a.proofs))
	w.Move(second.URL())
	w.open("/flow")
	password := a.fresh()
	if p := w.finish(password); !isDone(p) || !a.binds(t, password) {
		t.Errorf("not done over two replicas: %s", p.Text)
	}
	t.Run("settings switch on both", func(t *testing.T) { settingsSwitch(t, l.Portal, second) })
}

// settingsSwitch applies the settings in force once more and waits until every replica works by the new version. They do within five
// seconds, or later on a busy machine: what is asserted is that nobody has to be restarted.
func settingsSwitch(t *testing.T, portals ...*portal.Portal) {
	document, err := portals[0].Command(t.Context(), "settings", "export")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte(document+"\n# applied by a test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := version(t, portals[0])
	if _, err := portals[0].Command(t.Context(), "settings", "apply", file, "--reason", "test", "--author", "test"); err != nil {
		t.Fatal(err)
	}
	for _, p := range portals {
		await(t, p.URL()+" switches", func() bool { return version(t, p) != before })
	}
}

func version(t *testing.T, p *portal.Portal) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^rekey_settings_version (\d+)$`).FindStringSubmatch(scrape(t, p.Metrics()))
	if found == nil {
		t.Fatal("the metrics name no settings version")
	}
	return found[1]
}
