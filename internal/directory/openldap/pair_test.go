package openldap_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/openldap"
	"rekey/internal/lab/ldaptap"
	"rekey/internal/lab/slapd"
	"rekey/internal/secret"
)

type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// pair is two servers that replicate, and an administrator at each.
type pair struct {
	servers       [2]*slapd.Server
	first, second *peer
}

// TestTwoServers runs in order: each test leaves both servers up.
func TestTwoServers(t *testing.T) {
	first, second, err := slapd.StartPair(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(first.Close(), second.Close()); err != nil {
			t.Error(err)
		}
	})
	p := pair{servers: [2]*slapd.Server{first, second}, first: newPeer(first), second: newPeer(second)}
	p.second.dns, p.second.sams = p.first.dns, p.first.sams
	for _, c := range []struct {
		sam  string
		test func(*testing.T, pair, account.ID)
	}{
		{"counted", testOtherCount}, {"stopped", testStoppedServer}, {"paused", testPausedServer}, {"killed", testKilledInWrite},
	} {
		t.Run(c.sam, func(t *testing.T) {
			id := add(t, p.first, c.sam)
			if err := second.Await(t.Context(), p.first.dns[id.Object]); err != nil {
				t.Fatal(err)
			}
			c.test(t, p, id)
		})
	}
}

func (p pair) config() openldap.Config {
	c := config(p.servers[0])
	c.Servers = []string{p.servers[0].URL(), p.servers[1].URL()}
	return c
}

func (p pair) open(t testing.TB, change func(*openldap.Config)) (*openldap.Directory, *clock) {
	t.Helper()
	c := p.config()
	if change != nil {
		change(&c)
	}
	_, password := p.servers[0].Service()
	with, k := deps(t, password), &clock{}
	with.Now = k.now
	return opened(t, c, with), k
}

// testOtherCount: what one server counts may not be known to the other, and locks all the same.
func testOtherCount(t *testing.T, p pair, id account.ID) {
	for range 2 {
		_ = p.second.bind(t, id, "Not-The-Passw0rd!")
	}
	d, _ := p.open(t, nil)
	if got := reason(d.Authenticate(t.Context(), id, secret.New(oldPassword))); got != "would-lock" {
		t.Error(got)
	}
	if !p.second.Accepts(t, id, oldPassword) {
		t.Error("the account is locked")
	}
}

func testStoppedServer(t *testing.T, p pair, id account.ID) {
	d, k := p.open(t, nil)
	if h := d.Health(t.Context()); h.Server != p.servers[0].URL() {
		t.Errorf("health before: %+v", h)
	}
	p.servers[0].Stop()
	if _, err := d.Get(t.Context(), id); err != nil {
		t.Errorf("with the first server stopped: %v", err)
	}
	if err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); err != nil {
		t.Errorf("with the first server stopped: %v", err)
	}
	if err := d.Authenticate(t.Context(), id, secret.New(newPassword)); err != nil || !p.second.Accepts(t, id, newPassword) {
		t.Errorf("sign in: %v", err)
	}
	k.forward(30 * time.Second) // health is that old at most
	if h := d.Health(t.Context()); !h.Writable || h.Server != p.servers[1].URL() {
		t.Errorf("health: %+v", h)
	}
	if err := p.servers[0].StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.forward(2 * time.Minute)
	if h := d.Health(t.Context()); h.Server != p.servers[0].URL() {
		t.Errorf("the first server is back, health: %+v", h)
	}
}

func testPausedServer(t *testing.T, p pair, id account.ID) {
	d, _ := p.open(t, func(c *openldap.Config) { c.ConnectTimeout, c.ReadTimeout = time.Second, time.Second })
	if _, err := d.Get(t.Context(), id); err != nil { // leaves an idle connection to the first
		t.Fatal(err)
	}
	if err := p.servers[0].Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.servers[0].Resume(); err != nil {
			t.Error(err)
		}
	}()
	began := time.Now()
	if _, err := d.Get(t.Context(), id); err != nil {
		t.Errorf("with the first server paused: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if h := d.Health(t.Context()); h.Server != p.servers[1].URL() {
		t.Errorf("health: %+v", h)
	}
}

// testKilledInWrite: the server is frozen when the request has gone out, so nobody can know what became of the write. Nobody may claim
// to, and it is not sent to the other server.
func testKilledInWrite(t *testing.T, p pair, id account.ID) {
	tap := newTap(t, p.servers[0])
	d, _ := p.open(t, func(c *openldap.Config) {
		c.ConnectTimeout, c.ReadTimeout, c.WriteTimeout = 2*time.Second, 2*time.Second, 2*time.Second
		c.Servers[0], c.CAFile = tap.URL(), joined(t, c.CAFile, tap.CAFile())
	})
	before, err := d.PasswordSet(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	tap.Operations()
	tap.On(func(send, _ func()) {
		if err := p.servers[0].Pause(); err != nil {
			t.Error(err)
		}
		send()
	})
	err = d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{})
	if !errors.Is(err, directory.ErrOutcomeUnknown) || errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	tap.On(nil)
	ops := tap.Operations()
	if n := count(ops, ldaptap.Extended); n != 1 || !p.second.Accepts(t, id, oldPassword) {
		t.Errorf("%d writes to the first server, or one to the second", n)
	}
	if moved, sure, err := d.PasswordMoved(t.Context(), id, before); moved || sure || err != nil {
		t.Errorf("with the writer silent: moved %v, sure %v, %v", moved, sure, err)
	}
	if err := p.servers[0].Resume(); err != nil {
		t.Fatal(err)
	}
	if err := p.servers[0].StartAgain(t.Context()); err != nil { // waits until it answers
		t.Fatal(err)
	}
	moved, sure, err := d.PasswordMoved(t.Context(), id, before)
	if err != nil || !sure || moved != p.first.Accepts(t, id, newPassword) {
		t.Errorf("after all: moved %v, sure %v, %v", moved, sure, err)
	}
}

func joined(t testing.TB, files ...string) string {
	t.Helper()
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	to := filepath.Join(t.TempDir(), "all.pem")
	if err := os.WriteFile(to, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}
