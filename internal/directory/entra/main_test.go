package entra_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
	"rekey/internal/secret"
)

// shared is one emulator for all tests; each test has a tenant of its own, or an emulator of its own when it breaks it.
var shared struct {
	sync.Once
	server *graph.Server
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		if err := shared.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// own starts an emulator for one test.
func own(t testing.TB) *graph.Server {
	t.Helper()
	s, err := graph.Start(context.Background(), graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const (
	clientSecret = "Secret~of.the-application"
	before       = "Old-Passw0rd!1"
	after        = "Nvr-Seen-Here-7301"
)

// permissions are those that docs/directories-entra.md asks for.
func permissions() []string {
	return []string{
		"User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory", "User-PasswordProfile.ReadWrite.All", "User.RevokeSessions.All",
		"UserAuthenticationMethod.Read.All", "Domain.Read.All",
	}
}

// bench is a tenant with the application and a person in it.
type bench struct {
	t      testing.TB
	server *graph.Server
	tenant *graph.Tenant
	app    *graph.Principal
	anna   graph.User
}

func newBench(t testing.TB, change func(*graph.TenantSpec)) *bench {
	t.Helper()
	shared.Do(func() { shared.server, shared.err = graph.Start(context.Background(), graph.Options{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return benchOn(t, shared.server, change)
}

// domainOf makes a name that no other test uses.
func domainOf(t testing.TB) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(t.Name()))
	return strings.Trim(name[:min(len(name), 50)], "-") + ".onmicrosoft.example"
}

func benchOn(t testing.TB, s *graph.Server, change func(*graph.TenantSpec)) *bench {
	t.Helper()
	spec := graph.TenantSpec{Domains: []string{domainOf(t), "contoso.example"}}
	if change != nil {
		change(&spec)
	}
	b := &bench{t: t, server: s, tenant: s.AddTenant(spec)}
	b.app = b.tenant.AddApp(graph.App{
		Secrets: []graph.Secret{{Value: clientSecret}}, Permissions: permissions(), Roles: []string{graph.UserAdministrator}, AuthTime: true,
		RedirectURIs: []string{callback},
	})
	b.anna = b.add(graph.User{UserPrincipalName: "anna@contoso.example", DisplayName: "Anna Berg", GivenName: "Anna", Surname: "Berg", Mail: "anna.berg@contoso.example"})
	return b
}

func (b *bench) add(u graph.User) graph.User {
	if u.Password == "" {
		u.Password = before
	}
	u.PasswordChanged = time.Now().Add(-time.Hour) // Graph tells whole seconds
	return b.tenant.AddUser(u)
}

// config is one that works, with time limits a test can wait for.
func (b *bench) config() entra.Config {
	return entra.Config{
		Domain: domainOf(b.t), Tenant: b.tenant.ID(), ClientID: b.app.ID(), Secret: secret.Ref{Env: "SECRET"}, Authority: b.server.Authority(),
		Graph: b.server.Graph(), CAFile: b.server.CAFile(), ShortName: "CONTOSO", Names: []string{"Contoso"}, ReadTimeout: 3 * time.Second, WriteTimeout: 2 * time.Second,
	}
}

func (b *bench) open(change func(*entra.Config)) *entra.Directory {
	b.t.Helper()
	return b.openAt(time.Now, change)
}

func (b *bench) openAt(now func() time.Time, change func(*entra.Config)) *entra.Directory {
	b.t.Helper()
	c := b.config()
	if change != nil {
		change(&c)
	}
	resolve := func(r secret.Ref) (secret.Text, error) {
		if r.File == "" {
			return secret.New(clientSecret), nil
		}
		text, err := os.ReadFile(r.File)
		return secret.New(string(text)), err
	}
	d, err := entra.Open(c, entra.Deps{Resolve: resolve, Now: now, Log: slog.New(slog.NewTextHandler(b.t.Output(), nil))})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if err := d.Close(); err != nil {
			b.t.Error(err)
		}
	})
	return d.(*entra.Directory)
}

func (b *bench) id(u graph.User) account.ID {
	return account.ID{Directory: domainOf(b.t), Object: strings.ToLower(u.ID)}
}

// fail makes something go wrong until the test ends.
func (b *bench) fail(f graph.Fault) { b.t.Cleanup(b.server.Fail(f)) }

// writes lists how writes of this user were answered.
func (b *bench) writes(u graph.User) []int {
	var statuses []int
	for _, r := range b.server.Requests() {
		if r.Method == http.MethodPatch && strings.Contains(strings.ToLower(r.Path), strings.ToLower(u.ID)) {
			statuses = append(statuses, r.Status)
		}
	}
	return statuses
}

func (b *bench) set(d *entra.Directory, password string) error {
	return d.SetPassword(b.t.Context(), b.id(b.anna), secret.New(password), directory.Write{})
}

// accepts checks Anna's password by signing in with it.
func (b *bench) accepts(password string) {
	b.t.Helper()
	if _, err := b.tenant.SignIn(b.anna.UserPrincipalName, password); err != nil {
		b.t.Errorf("the tenant does not take %s: %v", password, err)
	}
}

func lookup(t testing.TB, d *entra.Directory, typed string) (account.Account, error) {
	t.Helper()
	who, err := directory.Parse(typed)
	if err != nil {
		t.Fatalf("%q: %v", typed, err)
	}
	return d.Lookup(t.Context(), who)
}

func count(statuses []int, status int) int {
	return len(slices.DeleteFunc(slices.Clone(statuses), func(s int) bool { return s != status }))
}

const callback = "https://rekey.example.test/signed-in"

func readAll(t testing.TB, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
