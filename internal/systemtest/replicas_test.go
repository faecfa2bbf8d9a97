package systemtest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"rekey/internal/lab"
	"rekey/internal/lab/portal"
)

// TestReplicasAreOnePortal: a person may meet another process with every click, while settings and keys change under them and processes
// end and begin.
func TestReplicasAreOnePortal(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	var both []*portal.Portal
	for _, name := range []string{"left", "right"} {
		p := prepareReplica(t, l, name, l.Portal.Config().Database)
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		both = append(both, p)
	}
	left, right := both[0], both[1]
	a := play(t, l, "quinn")
	w := walkIn(t, left.URL())
	w.start("reset", a.UPN)
	w.elsewhere(right)
	w.choose("totp")
	if _, err := l.Portal.Command(t.Context(), "keys", "rotate"); err != nil {
		t.Fatal(err)
	}
	w.elsewhere(left)
	if page := w.answer(a.code(t)); len(page.Problems) > 0 {
		t.Errorf("a question asked before the keys were rotated: %v", page.Problems)
	}
	w.choose("mail")
	left.Stop()
	right.Kill()
	for _, p := range both {
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.elsewhere(right)
	code, err := a.proofs.Code(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.answer(code)
	t.Run("settings switch on both", func(t *testing.T) { settingsSwitch(t, l, both) })
	w.elsewhere(left)
	password := a.fresh()
	if p := w.finish(password); !isDone(p) || !a.binds(t, password) {
		t.Errorf("not done over two replicas: %s", p.Text)
	}
}

// elsewhere goes on at another portal.
func (w walk) elsewhere(p *portal.Portal) {
	w.t.Helper()
	w.Move(p.URL())
	w.open("/flow")
}

// settingsSwitch applies the settings in force once more. Every replica works by the new version within five seconds, by itself.
func settingsSwitch(t *testing.T, l *lab.Lab, portals []*portal.Portal) {
	document, err := l.Portal.Command(t.Context(), "settings", "export")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte(document+"\n# applied by a test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var before []string
	for _, p := range portals {
		before = append(before, version(t, p))
	}
	if _, err := l.Portal.Command(t.Context(), "settings", "apply", file, "--reason", "test", "--author", "test"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for i, p := range portals {
		await(t, p.URL()+" switches", func() bool { return version(t, p) != before[i] })
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the replicas switched after %s", took)
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
