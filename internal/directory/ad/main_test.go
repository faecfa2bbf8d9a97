package ad_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/directory/directorytest"
	"rekey/internal/lab/samba"
	"rekey/internal/secret"
)

// shared is one domain for all tests of this package that do not stop it.
var shared struct {
	sync.Once
	domain *samba.Domain
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.domain != nil {
		if err := shared.domain.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if err := closeCrowded(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// policy is directorytest.DomainRules.
func policy() samba.Policy {
	p := samba.DefaultPolicy()
	p.MinLength, p.History = directorytest.DomainRules().MinLength, directorytest.DomainRules().History
	return p
}

func domain(t testing.TB) *samba.Domain {
	t.Helper()
	shared.Do(func() {
		seed := append([]samba.Change{policy()}, spares()...)
		shared.domain, shared.err = samba.Start(context.Background(), samba.Spec{Seed: seed})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.domain
}

// config is one that works, with time limits a test can wait for.
func config(d *samba.Domain) ad.Config {
	user, _ := d.Service()
	return ad.Config{
		Domain: d.Name(), Servers: d.URLs(), CAFile: d.CAFile(), User: user, Password: secret.Ref{Env: "SERVICE"},
		ConnectTimeout: 5 * time.Second, ReadTimeout: 6 * time.Second, WriteTimeout: 8 * time.Second,
	}
}

func deps(t testing.TB, password string) ad.Deps {
	return ad.Deps{
		Resolve: func(secret.Ref) (secret.Text, error) { return secret.New(password), nil },
		Now:     time.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

// open opens a directory of a domain whose configuration was changed.
func open(t testing.TB, d *samba.Domain, change func(*ad.Config)) *ad.Directory {
	t.Helper()
	c := config(d)
	if change != nil {
		change(&c)
	}
	_, password := d.Service()
	return opened(t, c, deps(t, password))
}

func opened(t testing.TB, c ad.Config, deps ad.Deps) *ad.Directory {
	t.Helper()
	dir, err := ad.Open(c, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, dir) })
	return dir.(*ad.Directory)
}

func closed(t testing.TB, d directory.Directory) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
