package lab

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rekey/internal/app"
	"rekey/internal/settings"
)

// TestTheDemoSettingsAreNotWeak: whoever lints what the demo runs on finds nothing, with the tenant and without.
func TestTheDemoSettingsAreNotWeak(t *testing.T) {
	tenant, err := startTenant(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tenant.Server.Close() })
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	var dirs []Directory
	for _, d := range demo() {
		dirs = append(dirs, Directory{
			Domain: d.Name, NetBIOS: d.NetBIOS, URLs: []string{"ldaps://127.0.0.1:1"}, CAFile: tenant.Server.CAFile(), User: "CN=rekey", PasswordFile: password,
		})
	}
	ground := Settings(dirs, "127.0.0.1:25") + texts("http://127.0.0.1:1")
	m := settings.NewManager(nil, app.Registry(), settings.Deps{Keys: noKeys{}, Now: time.Now, Log: slog.New(slog.DiscardHandler), PublicURL: "http://localhost:8080"})
	for name, text := range map[string]string{"two domains": ground, "and a tenant": tenant.settings(ground, password)} {
		v, err := m.Lint("settings.yaml", []byte(text), "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, f := range v.Findings {
			t.Errorf("%s: %v", name, f)
		}
	}
}

// noKeys: nothing of the demo is sealed.
type noKeys struct{}

func (noKeys) MAC(string, []byte) []byte                   { return make([]byte, 32) }
func (noKeys) Seal(string, []byte, []byte) ([]byte, error) { return nil, errors.New("seals nothing") }

func (noKeys) Open(string, []byte, []byte) ([]byte, error) { return nil, errors.New("opens nothing") }
