package connect_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/account"
	"rekey/internal/connect"
	"rekey/internal/delegation"
	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/directory/entra"
	"rekey/internal/directory/reach"
	"rekey/internal/fault"
	"rekey/internal/keyset"
	"rekey/internal/lab/ca"
	"rekey/internal/lab/graph"
	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/samba"
	"rekey/internal/postgres"
	"rekey/internal/secret"
	"rekey/internal/site"
)

// shared is one domain for all tests of this package; none of them stops it.
var shared struct {
	sync.Once
	domain *samba.Domain
	err    error
}

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	if shared.domain != nil {
		if err := shared.domain.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

const (
	password = "Old-Passw0rd!1"
	fresh    = "svc-fresh"
)

func domain(t testing.TB) *samba.Domain {
	t.Helper()
	shared.Do(func() {
		const base = ",DC=corp,DC=example,DC=test"
		shared.domain, shared.err = samba.Start(context.Background(), samba.Spec{Seed: []samba.Change{
			samba.OU{Name: "OU=Elsewhere" + base},
			samba.OU{Name: "OU=O'Brien & Co" + base},
			samba.User{SAM: "works", Password: password},
			samba.User{SAM: "spare", Password: password, State: samba.Disabled},
			samba.User{SAM: "away", Password: password, OU: "OU=Elsewhere" + base},
			samba.User{SAM: "brien", Password: password, OU: "OU=O'Brien & Co" + base},
			samba.User{SAM: fresh, Password: password, OU: "OU=Service" + base},
		}})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.domain
}

// bench tries settings and keeps the runs in a real database.
type bench struct {
	*connect.Service
	t       testing.TB
	pool    *pgxpool.Pool
	inForce []directory.Directory
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, pool: pgtest.New(t, postgres.Migrate)}
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(b.pool), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	store, err := postgres.New(b.pool, keys, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	b.Service = connect.New(connect.Deps{
		Site:  func() *site.Snapshot { return &site.Snapshot{Version: 1, Directories: b.inForce} },
		Store: store, Network: reach.Network{}, Now: time.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	t.Cleanup(func() {
		b.Close()
		for _, d := range b.inForce {
			_ = d.Close() // as the settings do
		}
	})
	return b
}

func boss() account.ID { return account.ID{Directory: "d", Object: "boss"} }

// try tests a directory to the end.
func (b *bench) try(kind string, d directory.Directory, testAccount string) connect.Run {
	b.t.Helper()
	id, err := b.Begin(b.t.Context(), connect.By{Account: boss(), Name: `D\boss`, Session: "s"}, connect.Trial{Directory: d, Kind: kind, Path: "directories[0]", TestAccount: testAccount})
	if err != nil {
		b.t.Fatal(err)
	}
	b.Wait()
	r, err := b.Get(b.t.Context(), boss(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	if r.Ended.IsZero() || !r.Over(time.Now()) {
		b.t.Errorf("it has not ended: %+v", r)
	}
	return r
}

func (b *bench) ad(pass string, change func(*ad.Config)) directory.Directory {
	b.t.Helper()
	dc := domain(b.t)
	user, service := dc.Service()
	c := ad.Config{
		Domain: dc.Name(), Servers: dc.URLs(), CAFile: dc.CAFile(), User: user, Password: secret.Ref{Env: "X"}, DNSServer: dc.DC(0).Address(),
		ConnectTimeout: 5 * time.Second, ReadTimeout: 6 * time.Second, WriteTimeout: 8 * time.Second,
	}
	if pass == "" {
		pass = service
	}
	if change != nil {
		change(&c)
	}
	d, err := ad.Open(c, ad.Deps{
		Resolve: func(secret.Ref) (secret.Text, error) { return secret.New(pass), nil }, Now: time.Now, Log: slog.New(slog.NewTextHandler(b.t.Output(), nil)),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

func named(r connect.Run, prefix string) (connect.Step, bool) {
	for _, s := range r.Steps {
		if strings.HasPrefix(s.Name, prefix) {
			return s, true
		}
	}
	return connect.Step{}, false
}

// failed checks that a run failed first at a step, with what to do about it.
func failed(t *testing.T, r connect.Run, at, text string) {
	t.Helper()
	if !strings.HasPrefix(r.FirstBad(), at) {
		t.Fatalf("failed at %q, want %q: %+v", r.FirstBad(), at, r.Steps)
	}
	s, _ := named(r, r.FirstBad())
	if !strings.Contains(s.Text, text) || s.Next == "" {
		t.Errorf("%+v", s)
	}
}

func TestADomainThatWorks(t *testing.T) {
	b := newBench(t)
	r := b.try("ad", b.ad("", nil), "spare")
	if bad := r.FirstBad(); bad != "" {
		s, _ := named(r, bad)
		t.Fatalf("%+v", s)
	}
	for _, want := range []string{"resolve", "connect", "certificate", "bind", "writable", "clock", "rules", "fine-grained rules", "rights", "reset right", "servers", "write path"} {
		if _, ok := named(r, want); !ok {
			t.Errorf("no step %s", want)
		}
	}
	s, _ := named(r, "certificate")
	if len(s.Chain) == 0 || len(s.Chain[0].Fingerprint) != 95 || len(s.Chain[0].Names) == 0 || s.Chain[0].Issuer == "" || s.Took <= 0 {
		t.Errorf("%+v", s)
	}
	if s, _ := named(r, "reset right"); !strings.Contains(s.Text, "may be reset on") {
		t.Errorf("%+v", s)
	}
	if s, _ := named(r, "write path"); !strings.Contains(s.Text, "nobody knows") {
		t.Errorf("%+v", s)
	}
	if got := b.recorded(); strings.Join(got, ",") != "directory.test-begun ok,directory.tested ok" {
		t.Errorf("recorded %v", got)
	}
}

func (b *bench) recorded() []string {
	b.t.Helper()
	rows, err := b.pool.Query(b.t.Context(), `SELECT name || ' ' || outcome FROM audit_event ORDER BY seq`)
	if err != nil {
		b.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func TestEachStepThatFailsSaysWhatToDo(t *testing.T) {
	b := newBench(t)
	dc := domain(t)
	failed(t, b.try("ad", b.ad("", func(c *ad.Config) { c.Servers = []string{"ldaps://nowhere.invalid"} }), ""), "resolve", "no address")
	failed(t, b.try("ad", b.ad("", func(c *ad.Config) { c.Servers = []string{"ldaps://127.213.7.9"} }), ""), "connect", "refuses")
	other, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "other.pem")
	if err := os.WriteFile(file, other.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := b.try("ad", b.ad("", func(c *ad.Config) { c.CAFile = file }), "")
	failed(t, r, "certificate", "vouches")
	if _, ok := named(r, "bind"); ok {
		t.Error("signed in at a server that nobody vouches for")
	}
	expired, err := dc.Impostor(samba.Expired)
	if err != nil {
		t.Fatal(err)
	}
	b.inForce = []directory.Directory{b.ad("", func(c *ad.Config) { c.Servers = []string{expired.URL()} })} // its port is not a usual one
	failed(t, b.try("ad", b.ad("", func(c *ad.Config) { c.Servers = []string{expired.URL()} }), ""), "certificate", "not valid now")
	if n := expired.Received(); n != 0 {
		t.Errorf("%d bytes were sent", n)
	}
	if err := expired.Close(); err != nil {
		t.Error(err)
	}
	failed(t, b.try("ad", b.ad("wrong", nil), ""), "bind", "service account")
	r = b.try("ad", b.ad("", func(c *ad.Config) { c.BaseDN = "OU=Elsewhere," + dc.BaseDN() }), "away")
	failed(t, r, "rights", "on 0 of 1")
	if s, _ := named(r, "reset right"); s.State != connect.Bad || !strings.Contains(s.Text, "on 0 of 1") || s.Next == "" {
		t.Errorf("%+v", s)
	}
	if s, _ := named(r, "write path"); s.State != connect.Bad || !strings.Contains(s.Text, "not disabled") {
		t.Errorf("somebody who works is written to: %+v", s)
	}
}

// TestAnAuthorityThatIsShownCanBePinned: with its certificate in the settings the next test goes on.
func TestAnAuthorityThatIsShownCanBePinned(t *testing.T) {
	b := newBench(t)
	dc := domain(t)
	pem, err := os.ReadFile(dc.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	r := b.try("ad", b.ad("", func(c *ad.Config) { c.CAFile, c.CA = "", string(pem) }), "")
	if s, ok := named(r, "certificate"); !ok || s.State != connect.Good {
		t.Errorf("%+v", s)
	}
}

// TestAttack40SSRF: ports a directory has no business with are refused before anything is opened, and so are addresses of the machine's
// own metadata service; both are recorded or refused, never connected to.
func TestAttack40SSRF(t *testing.T) {
	b := newBench(t)
	trap, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer trap.Close()
	touched := make(chan struct{}, 1)
	go func() {
		if c, err := trap.Accept(); err == nil {
			_ = c.Close()
			touched <- struct{}{}
		}
	}()
	d := b.ad("", func(c *ad.Config) { c.Servers = []string{"ldaps://" + trap.Addr().String()} })
	if _, err := b.Begin(t.Context(), connect.By{Account: boss()}, connect.Trial{Directory: d, Kind: "ad"}); fault.Of(err).Kind != fault.Invalid {
		t.Errorf("another port: %v", err)
	}
	for _, host := range []string{"169.254.169.254", "[fe80::1]", "224.0.0.1", "0.0.0.0", "255.255.255.255", "[::ffff:169.254.169.254]"} {
		r := b.try("ad", b.ad("", func(c *ad.Config) { c.Servers = []string{"ldaps://" + host} }), "")
		if !strings.HasPrefix(r.FirstBad(), "resolve") || len(r.Steps) != 1 {
			t.Errorf("%s: %+v", host, r.Steps)
		}
	}
	select {
	case <-touched:
		t.Error("the trap was connected to")
	default:
	}
}

func TestTestsAreRationedAndOnesOwn(t *testing.T) {
	b := newBench(t)
	nowhere := func() directory.Directory {
		return b.ad("", func(c *ad.Config) { c.Servers = []string{"ldaps://169.254.1.1"} })
	}
	var id string
	for range connect.Most {
		id = b.try("ad", nowhere(), "").ID
	}
	_, err := b.Begin(t.Context(), connect.By{Account: boss()}, connect.Trial{Directory: nowhere(), Kind: "ad"})
	if fault.Of(err).Kind != fault.Throttled {
		t.Errorf("one more: %v", err)
	}
	if _, err := b.Get(t.Context(), account.ID{Directory: "d", Object: "other"}, id); fault.Of(err).Kind != fault.NotFound {
		t.Errorf("somebody else's: %v", err)
	}
}

// TestTheScriptForSambaGrantsWhatIsUsedAndNoMore: a fresh account may nothing; with the script it resets people of the units given and
// nobody else.
func TestTheScriptForSambaGrantsWhatIsUsedAndNoMore(t *testing.T) {
	b := newBench(t)
	dc := domain(t)
	open := func() directory.Directory {
		return b.ad(password, func(c *ad.Config) { c.User = fresh + "@" + dc.Name() })
	}
	set := func(d directory.Directory, sam string) error {
		a, err := d.Lookup(t.Context(), directory.Identifier{Raw: sam, Name: sam})
		if err != nil {
			t.Fatal(err)
		}
		return d.SetPassword(t.Context(), a.ID, secret.New("Nvr-Seen-Here-"+sam+"-7301"), directory.Write{Unlock: true})
	}
	d := open()
	defer d.Close()
	if err := set(d, "works"); err == nil {
		t.Fatal("a fresh account resets passwords")
	}
	script, err := delegation.Samba(delegation.Domain{
		BaseDN: dc.BaseDN(), Account: fresh, NetBIOS: dc.NetBIOS(), Units: []string{"OU=People," + dc.BaseDN(), "OU=O'Brien & Co," + dc.BaseDN()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := dc.Script(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	after := open()
	defer after.Close()
	for _, sam := range []string{"works", "brien"} {
		if err := set(after, sam); err != nil {
			t.Errorf("%s: %v", sam, err)
		}
	}
	if err := set(after, "away"); err == nil {
		t.Error("somebody outside of the units is reset")
	}
	r := b.try("ad", open(), "spare")
	for _, want := range []string{"rights", "reset right", "fine-grained rules", "write path"} {
		if s, _ := named(r, want); s.State != connect.Good {
			t.Errorf("%+v", s)
		}
	}
}

func TestATenant(t *testing.T) {
	b := newBench(t)
	server, err := graph.Start(context.Background(), graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	const value = "Secret~of.the-application"
	tenant := server.AddTenant(graph.TenantSpec{Domains: []string{"contoso.onmicrosoft.example"}})
	app := tenant.AddApp(graph.App{
		Secrets: []graph.Secret{{Value: value}}, Roles: []string{graph.UserAdministrator}, AuthTime: true, RedirectURIs: []string{"https://rekey.example.test/r"},
		Permissions: []string{"User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory", "User-PasswordProfile.ReadWrite.All", "User.RevokeSessions.All", "Domain.Read.All"},
	})
	open := func(secretValue, caFile string) directory.Directory {
		d, err := entra.Open(entra.Config{
			Domain: "contoso.onmicrosoft.example", Tenant: tenant.ID(), ClientID: app.ID(), Secret: secret.Ref{Env: "X"}, Authority: server.Authority(), Graph: server.Graph(), CAFile: caFile,
		}, entra.Deps{Resolve: func(secret.Ref) (secret.Text, error) { return secret.New(secretValue), nil }, Now: time.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if _, err := b.Begin(t.Context(), connect.By{Account: boss()}, connect.Trial{Directory: open(value, server.CAFile()), Kind: "entra"}); fault.Of(err).Kind != fault.Invalid {
		t.Errorf("another port than 443: %v", err)
	}
	known := open(value, server.CAFile())
	b.inForce = []directory.Directory{known}
	r := b.try("entra", open(value, server.CAFile()), "")
	if bad := r.FirstBad(); bad != "" {
		s, _ := named(r, bad)
		t.Errorf("%+v", s)
	}
	failed(t, b.try("entra", open("wrong", server.CAFile()), ""), "token", "secret is wrong")
	failed(t, b.try("entra", open(value, ""), ""), "certificate", "vouches")
	app.SetPermissions("User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory", "User.RevokeSessions.All")
	failed(t, b.try("entra", open(value, server.CAFile()), ""), "permission User-PasswordProfile", "missing")
}
