package openldap_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/openldap"
	"rekey/internal/lab/slapd"
	"rekey/internal/secret"
)

// shared is one server for all tests of this package that do not stop it.
var shared struct {
	sync.Once
	server *slapd.Server
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
	os.Exit(code)
}

func server(t testing.TB) *slapd.Server {
	t.Helper()
	shared.Do(func() { shared.server, shared.err = slapd.Start(context.Background()) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// config is one that works, with time limits a test can wait for.
func config(s *slapd.Server) openldap.Config {
	user, _ := s.Service()
	return openldap.Config{
		Domain: slapd.Domain, Servers: []string{s.URL()}, CAFile: s.CAFile(), BaseDN: s.PeopleDN(), GroupBaseDN: s.GroupsDN(), User: user,
		Password: secret.Ref{Env: "SERVICE"}, PrincipalAttribute: "labPrincipal", DisabledAttribute: "labDisabled", DefaultPolicy: s.PolicyDN(),
		ConnectTimeout: 5 * time.Second, ReadTimeout: 6 * time.Second, WriteTimeout: 8 * time.Second,
	}
}

func deps(t testing.TB, password string) openldap.Deps {
	return openldap.Deps{
		Resolve: func(secret.Ref) (secret.Text, error) { return secret.New(password), nil },
		Now:     time.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

// open opens a directory whose configuration was changed.
func open(t testing.TB, s *slapd.Server, change func(*openldap.Config)) *openldap.Directory {
	t.Helper()
	c := config(s)
	if change != nil {
		change(&c)
	}
	_, password := s.Service()
	return opened(t, c, deps(t, password))
}

func opened(t testing.TB, c openldap.Config, deps openldap.Deps) *openldap.Directory {
	t.Helper()
	dir, err := openldap.Open(c, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, dir) })
	return dir.(*openldap.Directory)
}

func closed(t testing.TB, d directory.Directory) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
