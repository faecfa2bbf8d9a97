package configure_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/app"
	"rekey/internal/configure"
	"rekey/internal/form"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/policy"
	"rekey/internal/postgres"
	"rekey/internal/role"
	"rekey/internal/secret"
	"rekey/internal/settings"
	"rekey/internal/site"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// first is version 1. PASSWORD and TOKEN stand for sealed values.
const first = `# ours
brand:
  name: Help   # what people see
  firm: Example
  help_text: "Help desk: 4357"

directories:
  # head office
  - ad:
      domain: corp.example.test
      servers: [ldaps://dc1.corp.example.test]   # one is enough
      user: svc@corp.example.test
      password: {sealed: "PASSWORD"}
      connections: 8

  - ad:
      domain: sales.example.test
      servers: [ldaps://dc1.sales.example.test]
      user: svc@sales.example.test
      password: {env: REKEY_TEST_SALES}

authenticators:
  passkey:
  totp: {digits: 6, period: 30s}   # apps
  backup-code:

policies:
  - name: Staff
    reset: {count: 2}   # two

  # people with money
  - name: Finance
    reset: {count: 2, mandatory: [passkey]}

mail:
  host: localhost
  security: starttls
  from: Example <noreply@example.test>
  user: rekey
  password: {sealed: TOKEN}

roles:
  - {role: owner, people: [corp.example.test/1]}
`

// house is a service on a real database with real settings.
type house struct {
	*configure.Service
	manager *settings.Manager
	keys    *keyset.Keyset
	owner   configure.Author
}

const password, token = "correct-Horse-9", "battery-Staple-7"

func newHouse(t *testing.T) house {
	t.Helper()
	t.Setenv("REKEY_TEST_SALES", "sales-Secret-1")
	pool := pgtest.New(t, postgres.Migrate)
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(pool), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	store, err := postgres.New(pool, keys, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	forms, err := app.Registry().Forms()
	if err != nil {
		t.Fatal(err)
	}
	m := settings.NewManager(store, app.Registry(), settings.Deps{
		Keys: keys, Now: time.Now, Log: slog.New(slog.DiscardHandler), PublicURL: "https://reset.example.test",
	})
	t.Cleanup(m.Close)
	h := house{&configure.Service{Store: store, Rules: m.Pages(), Forms: forms}, m, keys, author("anna", role.Owner)}
	if err := m.Load(t.Context(), "first", []byte(h.sealed(t, first))); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h house) sealed(t *testing.T, text string) string {
	t.Helper()
	for place, value := range map[string]string{"PASSWORD": password, "TOKEN": token} {
		sealed, err := h.Rules.Seal(secret.New(value))
		if err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, place, sealed)
	}
	return text
}

func author(name string, roles ...role.Role) configure.Author {
	id := account.ID{Directory: "corp.example.test", Object: name}
	var bindings []role.Binding
	for _, r := range roles {
		bindings = append(bindings, role.Binding{Role: r, People: []string{id.String()}})
	}
	b, errs := role.Compile(bindings, policy.Registry{Directories: []string{"corp.example.test"}})
	if errs != nil {
		panic(errs)
	}
	return configure.Author{Name: name, Account: id, Session: "s1", Grants: b.Of(&policy.Facts{Account: id.String()})}
}

func (h house) propose(t *testing.T, d configure.Draft) configure.Proposal {
	t.Helper()
	p, err := h.Propose(t.Context(), h.owner, d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (h house) save(t *testing.T, after int64, changes ...configure.Change) configure.Version {
	t.Helper()
	v, err := h.Save(t.Context(), h.owner, configure.Draft{After: after, Changes: changes}, "because")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// stored is the document of the newest version as it is kept.
func (h house) stored(t *testing.T) site.Version {
	t.Helper()
	v, err := h.Store.LatestSettings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// mailPassword is what the sender of mail signs in with.
func (h house) mailPassword(t *testing.T) string {
	t.Helper()
	d, err := settings.Parse("stored", h.stored(t).Document)
	if err != nil {
		t.Fatal(err)
	}
	out, err := settings.Resolver(h.keys)(d.Mail.Password)
	if err != nil {
		t.Fatal(err)
	}
	return out.Reveal()
}

func kept() map[string]any { return map[string]any{"sealed": form.Kept} }
