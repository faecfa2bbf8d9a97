package app

import (
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/portal"
	"rekey/internal/postgres"
	"rekey/internal/role"
	"rekey/internal/server"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const least = `brand: {name: Test, firm: Test, help_text: "Help desk: 4357"}
directories:
  - ldap:
      domain: corp.example.test
      servers: [ldaps://127.0.0.1:1]
      base_dn: dc=corp,dc=example,dc=test
      user: cn=rekey,dc=corp,dc=example,dc=test
      password: {file: %}
authenticators: {passkey: {}, totp: {}, backup-code: {}, mail: {}}
mail: {host: localhost, security: plaintext, from: rekey@example.test}
`

// opened is an installation whose directory does not answer.
func opened(t *testing.T) *App {
	t.Helper()
	dir, url := t.TempDir(), pgtest.URL(t, postgres.Migrate)
	password, document := filepath.Join(dir, "password"), filepath.Join(dir, "settings.yaml")
	for file, text := range map[string]string{password: "secret", document: strings.Replace(least, "%", password, 1)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := portal.Prepare(t.Context(), portal.Spec{Binary: os.Args[0], Dir: dir, Database: url, Settings: document})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), p.Config(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// mighty reports whether a permission is one of those that change whom the portal trusts, or take evidence away.
func mighty(needs string) bool {
	p, _, _ := strings.Cut(needs, ",")
	return slices.Contains([]role.Permission{
		role.EditPolicies, role.EditConnectors, role.EditRoles, role.ExportAudit, role.EraseAudit, role.SetThreat,
	}, role.Permission(p))
}

var update = flag.Bool("update", false, "write testdata/routes.txt")

// TestRouteTable: every route is in the table of its area, and a change of the table shows in testdata/routes.txt.
func TestRouteTable(t *testing.T) {
	a := opened(t)
	_, areas := a.areas(nil)
	var table, keys []string
	for _, family := range areas {
		for _, r := range family.Routes() {
			if r.Guard == "" || r.Limiter == "" || r.Handler == nil {
				t.Errorf("%s %s: guard %q, limiter %q", r.Method, r.Pattern, r.Guard, r.Limiter)
			}
			if r.Method != http.MethodGet && r.Method != http.MethodPost {
				t.Errorf("%s %s: forms send GET and POST only", r.Method, r.Pattern)
			}
			if r.Method == http.MethodGet && r.Audit != "" && r.Guard != server.Return {
				t.Errorf("GET %s causes %s: opening a page does nothing", r.Pattern, r.Audit)
			}
			if r.Audit != "" && mighty(r.Needs) && !strings.HasSuffix(r.Needs, "step-up") {
				t.Errorf("%s %s needs %s and no fresh passkey", r.Method, r.Pattern, r.Needs)
			}
			table = append(table, strings.TrimSpace(fmt.Sprintf("%-4s %-48s %-30s %-24s %s", r.Method, r.Pattern, guard(r), r.Limiter, r.Audit)))
			keys = append(keys, r.Method+" "+r.Pattern)
		}
	}
	err := chi.Walk(a.Handler().(chi.Routes), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if key := method + " " + pattern; pattern != "/static/*" && pattern != "/favicon.ico" && !slices.Contains(keys, key) {
			t.Errorf("%s is served and in no table", key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	if twice := len(keys) - len(slices.Compact(keys)); twice != 0 {
		t.Errorf("%d routes are in the tables twice", twice)
	}
	golden(t, "testdata/routes.txt", strings.Join(table, "\n")+"\n")
}

// guard is who may use a route, and what an administrator needs for it.
func guard(r server.Route) string {
	if r.Needs == "" {
		return string(r.Guard)
	}
	return string(r.Guard) + ": " + r.Needs
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the route table changed; review it and run the test with -update:\n%s", got)
	}
}
