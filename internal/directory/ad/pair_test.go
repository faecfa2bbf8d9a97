package ad_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/lab/ldaptap"
	"rekey/internal/lab/samba"
	"rekey/internal/secret"
)

// clock is one that can be put forward.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// TestPair is everything that takes two domain controllers. They are started once, and each part leaves them running.
func TestPair(t *testing.T) {
	d, err := samba.StartPair(t.Context(), samba.Spec{Seed: []samba.Change{policy()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	first, second := both(d)
	p := pair{d, first, second}
	for _, sam := range []string{"counted", "told", "paused", "stopped", "killed"} {
		add(t, first, sam)
	}
	if err := d.AwaitReplication(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sam  string
		test func(*testing.T, pair, account.ID)
	}{
		{"counted", testOtherCount}, {"told", testOtherKnows}, {"paused", testPausedServer}, {"stopped", testStoppedServer}, {"killed", testKilledInWrite},
	} {
		t.Run(c.sam, func(t *testing.T) {
			if err := d.StartAgain(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.test(t, p, account.ID{Directory: d.Name(), Object: first.guid(t, first.sams[c.sam])})
		})
	}
}

// pair is two servers, and an administrator at each.
type pair struct {
	*samba.Domain
	first, second *peer
}

// both are an administrator at each server, who know the same accounts.
func both(d *samba.Domain) (first, second *peer) {
	first = newPeer(d)
	second = newPeer(d)
	second.url, second.dns, second.sams = d.URLs()[1], first.dns, first.sams
	return first, second
}

func ticking(t testing.TB, d *samba.Domain) (*ad.Directory, *clock) {
	t.Helper()
	c := config(d)
	_, password := d.Service()
	k := &clock{}
	with := deps(t, password)
	with.Now = k.now
	return opened(t, c, with), k
}

// testOtherCount: counts of wrong passwords are not replicated, but lock all the same.
func testOtherCount(t *testing.T, d pair, id account.ID) {
	for range 2 {
		_ = d.second.bind(t, id, "Not-The-Passw0rd!")
	}
	dir := open(t, d.Domain, nil)
	var refused *directory.SignInError
	if err := dir.Authenticate(t.Context(), id, secret.New(oldPassword)); !errors.As(err, &refused) || refused.Reason != directory.SignInWouldLock {
		t.Errorf("%v", err)
	}
	if !d.second.Accepts(t, id, oldPassword) {
		t.Error("the account is locked")
	}
}

func testStoppedServer(t *testing.T, d pair, id account.ID) {
	dir, clock := ticking(t, d.Domain)
	if h := dir.Health(t.Context()); h.Server != d.DC(0).URL() {
		t.Errorf("health before: %+v", h)
	}
	d.DC(0).Stop()
	before, err := dir.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("with the first server stopped: %v", err)
	}
	if err := dir.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); err != nil {
		t.Fatalf("with the first server stopped: %v", err)
	}
	if err := dir.Authenticate(t.Context(), id, secret.New(newPassword)); err != nil || !d.second.Accepts(t, id, newPassword) {
		t.Errorf("sign in: %v", err)
	}
	clock.forward(30 * time.Second) // health is that old at most
	if h := dir.Health(t.Context()); !h.Writable || h.Server != d.DC(1).URL() {
		t.Errorf("health: %+v", h)
	}
	if err := d.DC(0).StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock.forward(2 * time.Minute)
	if h := dir.Health(t.Context()); h.Server != d.DC(0).URL() {
		t.Errorf("the first server is back, health: %+v", h)
	}
	set, err := dir.PasswordSet(t.Context(), id) // the first server may not have heard of it yet
	if err != nil || !set.After(before.State.PasswordSet) {
		t.Errorf("password set at %v, %v", set, err)
	}
}

func testPausedServer(t *testing.T, d pair, id account.ID) {
	dir := open(t, d.Domain, func(c *ad.Config) { c.ConnectTimeout, c.ReadTimeout = 2*time.Second, 2*time.Second })
	if _, err := dir.Get(t.Context(), id); err != nil { // leaves an idle connection to the first
		t.Fatal(err)
	}
	if err := d.DC(0).Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.DC(0).Resume(); err != nil {
			t.Error(err)
		}
	}()
	began := time.Now()
	if _, err := dir.Get(t.Context(), id); err != nil {
		t.Errorf("with the first server paused: %v", err)
	}
	if took := time.Since(began); took > 20*time.Second { // one read and three connections at most
		t.Errorf("took %v", took)
	}
	if h := dir.Health(t.Context()); h.Server != d.DC(1).URL() {
		t.Errorf("health: %+v", h)
	}
}

// beside is the pair with a tap in front of the first server.
func beside(t testing.TB, d *samba.Domain, writeTimeout time.Duration) (*ad.Directory, *ldaptap.Tap) {
	t.Helper()
	tap := newTap(t, d, d.DC(0).URL())
	return open(t, d, func(c *ad.Config) {
		c.ConnectTimeout, c.ReadTimeout, c.WriteTimeout = 4*time.Second, 4*time.Second, writeTimeout
		second, file := c.Servers[1], c.CAFile
		through(tap)(c)
		c.Servers = append(c.Servers, second)
		c.CAFile = joined(t, c.CAFile, file)
	}), tap
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

// testKilledInWrite: the server is stopped when the request has gone out, and dies without an answer. Nobody can know what became of the
// write, so nobody may claim to, and it is not sent to the other server.
func testKilledInWrite(t *testing.T, d pair, id account.ID) {
	dir, tap := beside(t, d.Domain, 2*time.Second)
	before, err := dir.PasswordSet(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	tap.Operations()
	tap.On(func(send, _ func()) {
		if err := d.DC(0).Pause(); err != nil {
			t.Error(err)
		}
		send()
	})
	began := time.Now()
	err = dir.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{})
	if !errors.Is(err, directory.ErrOutcomeUnknown) || errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	d.DC(0).Kill()
	tap.On(nil)
	if n := count(tap.Operations(), ldaptap.Modify); n != 1 || !d.second.Accepts(t, id, oldPassword) {
		t.Errorf("%d writes to the first server, or one to the second", n)
	}
	if a, err := dir.Get(t.Context(), id); err != nil || !a.State.PasswordSet.Equal(before) {
		t.Errorf("at the other server: %+v, %v", a.State, err)
	}
	if err := d.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	set, err := dir.PasswordSet(t.Context(), id)
	if err != nil || !set.Equal(before) || !d.first.Accepts(t, id, oldPassword) {
		t.Errorf("after all: password set at %v, %v; before: %v", set, err, before)
	}
}

// testOtherKnows: the server that wrote is gone, but had told the other.
func testOtherKnows(t *testing.T, d pair, id account.ID) {
	dir, tap := beside(t, d.Domain, 15*time.Second)
	tap.On(func(send, await func()) {
		send()
		await()
		if err := d.AwaitReplication(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		tap.Kill()
	})
	if err := dir.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); err != nil {
		t.Errorf("%v", err)
	}
	if !d.second.Accepts(t, id, newPassword) {
		t.Error("the write is lost")
	}
}
