package settings_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/authenticator/mailcode"
	"rekey/internal/authenticator/totp"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/postgres"
	"rekey/internal/secret"
	"rekey/internal/settings"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// farm is a directory type for tests: it counts what is opened and closed. The registry is the seam plug-ins come in by.
type farm struct {
	opened, closed atomic.Int32
	twice          atomic.Int32 // closed more than once
}

type barnConfig struct {
	Domain   string        `yaml:"domain"`
	Password secret.Ref    `yaml:"password,omitempty"`
	Timeout  time.Duration `yaml:"timeout,omitempty"`
	Anchored bool          `yaml:"anchored,omitempty"`
	Shut     bool          `yaml:"shut,omitempty"`
	Judges   bool          `yaml:"judges,omitempty"`
}

// tied is a barn whose accounts can be tied to others; one that is shut is not written when another masters the account.
type tied struct {
	*barn
	shut bool
}

func (t tied) WritesSynced() bool { return !t.shut }

// judging is one that judges passwords too.
type judging struct{ tied }

func (judging) Authenticate(context.Context, account.ID, secret.Text) error { return nil }

func (tied) ByAnchor(context.Context, string) (account.Account, error) {
	return account.Account{}, directory.ErrNotFound
}

type barn struct {
	farm     *farm
	key      string
	password secret.Text
	done     atomic.Bool
}

func (f *farm) open(decode settings.Decode, d settings.Deps) (directory.Directory, error) {
	var c barnConfig
	if err := decode(&c); err != nil {
		return nil, err
	}
	var domain, timeout error
	if c.Domain == "" {
		domain = errors.New("domain: is missing")
	}
	if c.Timeout < 0 {
		timeout = errors.New("timeout: is in the past")
	}
	if err := errors.Join(domain, timeout); err != nil {
		return nil, err
	}
	b := &barn{farm: f, key: c.Domain}
	if !c.Password.IsZero() {
		var err error
		if b.password, err = d.Resolve(c.Password); err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
	}
	f.opened.Add(1)
	if c.Anchored {
		if c.Judges {
			return judging{tied{b, c.Shut}}, nil
		}
		return tied{b, c.Shut}, nil
	}
	return b, nil
}

func (b *barn) Key() string { return b.key }

func (*barn) Lookup(context.Context, directory.Identifier) (account.Account, error) {
	return account.Account{}, directory.ErrNotFound
}

func (*barn) Get(context.Context, account.ID) (account.Account, error) {
	return account.Account{}, directory.ErrNotFound
}

func (*barn) SetPassword(context.Context, account.ID, secret.Text, directory.Write) error {
	return directory.ErrDenied
}

func (*barn) Health(context.Context) directory.Health { return directory.Health{} }

func (b *barn) Close() error {
	if b.done.Swap(true) {
		b.farm.twice.Add(1)
	}
	b.farm.closed.Add(1)
	return nil
}

// still is how many directories are open.
func (f *farm) still() int32 { return f.opened.Load() - f.closed.Load() }

func (f *farm) registry() settings.Registry {
	return settings.Registry{
		Directories: map[string]settings.DirectoryType{"barn": {Open: f.open, Config: barnConfig{}}},
		Methods: []settings.MethodType{
			{Kind: factor.TOTP, Open: func(decode settings.Decode, d settings.Deps) (authenticator.Method, error) {
				c := totp.Config{Issuer: d.Brand.Firm}
				if err := decode(&c); err != nil {
					return nil, err
				}
				return totp.Open(c, totp.Deps{})
			}},
			{Kind: factor.Mail, Open: func(decode settings.Decode, d settings.Deps) (authenticator.Method, error) {
				var c mailcode.Config
				if err := decode(&c); err != nil {
					return nil, err
				}
				return mailcode.Open(c, mailcode.Deps{MAC: d.Keys.MAC})
			}},
		},
	}
}

// newDeps gives what Compile needs, with the keys of a database of its own.
func newDeps(t *testing.T) settings.Deps {
	t.Helper()
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(pgtest.New(t, postgres.Migrate)), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	return deps(keys)
}

func deps(keys settings.Keys) settings.Deps {
	return settings.Deps{
		Keys: keys, Now: noon, Log: slog.New(slog.DiscardHandler), PublicURL: "https://reset.example.com",
		Paint: func(color, _ string) error {
			if !strings.HasPrefix(color, "#") {
				return fmt.Errorf("%q is no colour", color)
			}
			return nil
		},
	}
}

// least is a document that works.
const least = `brand:
  name: Example Corp password help
  firm: Example Corp
  help_text: "Help desk: 4357"
directories:
  - barn:
      domain: corp.example.test
authenticators:
  totp:
  mail:
mail:
  host: mail.example.test
  from: noreply@example.test
`

// with puts lines behind the least document.
func with(lines ...string) string { return least + strings.Join(lines, "\n") + "\n" }

// change replaces one piece of the least document.
func change(t *testing.T, old, next string) string {
	t.Helper()
	if strings.Count(least, old) != 1 {
		t.Fatalf("%q is not in the document once", old)
	}
	return strings.Replace(least, old, next, 1)
}

func compile(text string, f *farm, d settings.Deps, before *settings.Compiled) (*settings.Compiled, error) {
	doc, err := settings.Parse("settings.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	return settings.Compile(doc, 1, f.registry(), d, before)
}

// plain is a Keys that only hashes; where sealing matters newDeps gives the real ones.
type plain struct{}

func (plain) MAC(string, []byte) []byte { return make([]byte, 32) }

func (plain) Seal(string, []byte, []byte) ([]byte, error) {
	return nil, fmt.Errorf("these keys seal nothing")
}

func (plain) Open(string, []byte, []byte) ([]byte, error) {
	return nil, fmt.Errorf("these keys open nothing")
}
