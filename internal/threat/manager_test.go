package threat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/ledger"
	"rekey/internal/policy"
	"rekey/internal/postgres"
	"rekey/internal/threat"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// clock stands still until it is moved.
type clock struct{ offset atomic.Int64 }

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func (c *clock) Now() time.Time { return noon().Add(time.Duration(c.offset.Load())) }

func (c *clock) move(d time.Duration) { c.offset.Add(int64(d)) }

// house is a database that replicas share, and their clock.
type house struct {
	pool  *pgxpool.Pool
	keys  *keyset.Keyset
	clock clock
}

func newHouse(t *testing.T) *house {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrate)
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(pool), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	return &house{pool: pool, keys: keys}
}

// replica is a manager that counts its looks.
type replica struct {
	*threat.Manager
	store *watched
	log   *lines
}

type watched struct {
	*postgres.Store
	looks, misses atomic.Int32
}

func (w *watched) WatchThreat(ctx context.Context, told func(threat.State, error)) error {
	return w.Store.WatchThreat(ctx, func(s threat.State, err error) {
		told(s, err)
		if err != nil {
			w.misses.Add(1)
			return
		}
		w.looks.Add(1)
	})
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), s)
}

func (h *house) replica(t *testing.T) *replica {
	t.Helper()
	store, err := postgres.New(h.pool, h.keys, h.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{store: &watched{Store: store}, log: &lines{}}
	r.Manager = threat.NewManager(r.store, h.clock.Now, slog.New(slog.NewTextHandler(r.log, nil)))
	return r
}

// serving are replicas that run until the test ends.
func (h *house) serving(t *testing.T, n int) []*replica {
	t.Helper()
	var all []*replica
	for range n {
		r := h.replica(t)
		if err := r.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		t.Cleanup(func() {
			stop()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		})
		all = append(all, r)
	}
	for _, r := range all {
		await(t, "the first look", func() bool { return r.store.looks.Load() > 0 })
	}
	return all
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(late) {
			t.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}

// switched waits until all replicas are at a level, and fails when that takes longer than replicas may.
func switched(t *testing.T, rs []*replica, want policy.Threat) {
	t.Helper()
	began := time.Now()
	for _, r := range rs {
		await(t, fmt.Sprintf("a replica is at %q", want), func() bool { return r.Level() == want })
	}
	took := time.Since(began)
	t.Logf("%d replicas at %q after %s", len(rs), want, took)
	if took > 5*time.Second {
		t.Errorf("%d replicas at %q only after %s", len(rs), want, took)
	}
}

// looked waits until every replica has looked twice more: what it does on a look is done then.
func (h *house) looked(t *testing.T, rs []*replica) {
	t.Helper()
	for range 2 {
		before := make([]int32, len(rs))
		for i, r := range rs {
			before[i] = r.store.looks.Load()
		}
		if _, err := h.pool.Exec(t.Context(), `NOTIFY rekey_threat`); err != nil {
			t.Fatal(err)
		}
		for i, r := range rs {
			await(t, "one more look", func() bool { return r.store.looks.Load() > before[i] })
		}
	}
}

func (h *house) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := h.pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (h *house) records(t *testing.T, name string) int {
	t.Helper()
	return h.count(t, `SELECT count(*) FROM audit_event WHERE name = $1`, name)
}

// verified verifies an export of the audit log and gives it.
func (h *house) verified(t *testing.T, r *replica) string {
	t.Helper()
	var export bytes.Buffer
	if err := r.store.ExportAudit(t.Context(), &export); err != nil {
		t.Fatal(err)
	}
	text := export.String()
	if _, err := ledger.Verify(&export, h.keys.Verifier()); err != nil {
		t.Error(err)
	}
	return text
}

func stop(reason string) threat.Change {
	return threat.Change{Level: policy.Stopped, For: time.Hour, Author: "root", Reason: reason}
}

func TestEveryReplicaSwitches(t *testing.T) {
	h := newHouse(t)
	rs, command := h.serving(t, 2), h.replica(t)
	if s := rs[0].Now(); s != (threat.State{}) {
		t.Errorf("before anybody set one: %+v", s)
	}
	was, err := command.Set(t.Context(), stop("first"))
	if err != nil || command.Level() != policy.Stopped {
		t.Fatalf("level %q here, %v", command.Level(), err)
	}
	switched(t, rs, policy.Stopped)
	h.clock.move(10 * time.Minute)
	longer := stop("it goes on")
	longer.For = 4 * time.Hour
	if _, err := command.Set(t.Context(), longer); err != nil {
		t.Fatal(err)
	}
	until := h.clock.Now().Add(4 * time.Hour)
	for _, r := range rs {
		await(t, "extended", func() bool { return r.Now().Until.Equal(until) })
		if s := r.Now(); s.Number != 2 || !s.Since.Equal(was.Since) || !s.At.Equal(h.clock.Now()) || s.Author != "root" || s.Reason != "it goes on" {
			t.Errorf("extended to %+v", s)
		}
	}
	if _, err := command.Set(t.Context(), threat.Change{Level: policy.RaisedByOne, For: time.Hour, Author: "root", Reason: "calmer"}); err != nil {
		t.Fatal(err)
	}
	switched(t, rs, policy.RaisedByOne)
	if _, err := command.End(t.Context(), "eve", "over"); err != nil {
		t.Fatal(err)
	}
	switched(t, rs, policy.Calm)
	if s := rs[1].Now(); s.Author != "eve" || s.Reason != "over" || !s.Since.Equal(h.clock.Now()) || !s.Until.IsZero() {
		t.Errorf("ended as %+v", s)
	}
	if _, err := command.End(t.Context(), "eve", "again"); !errors.Is(err, threat.ErrCalm) {
		t.Errorf("ended twice: %v", err)
	}
	if set, ended := h.records(t, "threat.set"), h.records(t, "threat.ended"); set != 3 || ended != 1 {
		t.Errorf("%d and %d records", set, ended)
	}
	log := h.verified(t, command)
	for _, want := range []string{`it goes on`, `eve`, `over`, `2026-03-01T16:10:00Z`} {
		if !strings.Contains(log, want) {
			t.Errorf("the audit log does not tell %q", want)
		}
	}
}

// TestALostNotificationIsMadeUpFor: a row that comes without one is in force within five seconds all the same.
func TestALostNotificationIsMadeUpFor(t *testing.T) {
	h := newHouse(t)
	rs := h.serving(t, 2)
	now := h.clock.Now()
	if _, err := h.pool.Exec(t.Context(), `INSERT INTO threat (number, level, at, since, until, author, reason) VALUES (1, 'privileged', $1, $1, $2, 'root', 'why')`,
		now, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	switched(t, rs, policy.PrivilegedStopped)
}

// TestItEndsByItself: on time on every replica without anybody writing anything; the end is recorded once, whoever is first.
func TestItEndsByItself(t *testing.T) {
	h := newHouse(t)
	rs := h.serving(t, 4)
	if _, err := rs[0].Set(t.Context(), stop("why")); err != nil {
		t.Fatal(err)
	}
	switched(t, rs, policy.Stopped)
	h.clock.move(time.Hour - time.Nanosecond)
	for _, r := range rs {
		if r.Level() != policy.Stopped {
			t.Error("ended before its time")
		}
	}
	h.clock.move(time.Nanosecond)
	for _, r := range rs {
		if s := r.Now(); s.Level != policy.Calm || !s.Since.Equal(noon().Add(time.Hour)) {
			t.Errorf("at its end: %+v", s)
		}
	}
	h.looked(t, rs)
	if n := h.count(t, `SELECT count(*) FROM threat`); n != 1 {
		t.Errorf("%d rows at the end, want the one that was set", n)
	}
	h.clock.move(time.Minute)
	h.looked(t, rs)
	if rows, ended := h.count(t, `SELECT count(*) FROM threat`), h.records(t, "threat.ended"); rows != 2 || ended != 1 {
		t.Errorf("%d rows, the end recorded %d times", rows, ended)
	}
	if s := rs[3].Now(); s.Number != 2 || s.Level != policy.Calm || !s.Since.Equal(noon().Add(time.Hour)) || s.Author != "rekey" {
		t.Errorf("recorded as %+v", s)
	}
	if log := h.verified(t, rs[0]); !strings.Contains(log, "system") || !strings.Contains(log, "2026-03-01T13:00:00Z") {
		t.Error("the audit log does not tell that it ended by itself, and when")
	}
}

// TestSetAfterAnEndThatNobodyRecorded: no end is left out, and none is taken for the start of the next level.
func TestSetAfterAnEndThatNobodyRecorded(t *testing.T) {
	h := newHouse(t)
	r := h.replica(t)
	if _, err := r.Set(t.Context(), stop("first")); err != nil {
		t.Fatal(err)
	}
	h.clock.move(2 * time.Hour)
	if _, err := r.End(t.Context(), "root", "late"); !errors.Is(err, threat.ErrCalm) {
		t.Errorf("ended what had ended: %v", err)
	}
	s, err := r.Set(t.Context(), stop("second"))
	if err != nil || s.Number != 3 || !s.Since.Equal(h.clock.Now()) {
		t.Fatalf("%+v, %v", s, err)
	}
	all, err := r.History(t.Context(), 10)
	if err != nil || len(all) != 3 || all[0] != s || all[1].Level != policy.Calm || !all[1].Since.Equal(noon().Add(time.Hour)) || all[2].Reason != "first" {
		t.Errorf("history %+v, %v", all, err)
	}
	if h.records(t, "threat.ended") != 1 {
		t.Error("the end was not recorded once")
	}
}

// TestManySetAtOnce: none is lost, they come one after the other, and every replica ends with the last.
func TestManySetAtOnce(t *testing.T) {
	const n = 16
	h := newHouse(t)
	rs := h.serving(t, 2)
	levels := []policy.Threat{policy.Stopped, policy.RaisedByOne, policy.PrivilegedStopped}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			c := threat.Change{Level: levels[i%3], For: time.Duration(5+i) * time.Minute, Author: "root", Reason: fmt.Sprintf("number %02d", i)}
			if _, err := rs[i%2].Set(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	history, err := rs[0].History(t.Context(), 2*n)
	if err != nil || len(history) != n {
		t.Fatalf("%d changes, %v", len(history), err)
	}
	reasons := map[string]bool{}
	for i, s := range history {
		reasons[s.Reason] = true
		if s.Number != int64(n-i) {
			t.Errorf("change %d is number %d", i, s.Number)
		}
	}
	if len(reasons) != n || h.records(t, "threat.set") != n {
		t.Errorf("%d reasons, %d records", len(reasons), h.records(t, "threat.set"))
	}
	for _, r := range rs {
		await(t, "the last one is in force", func() bool { return r.Now() == history[0] })
	}
	h.verified(t, rs[0])
}

// TestTheDatabaseIsOutOfReach: what was known stays until its time is up, the replica is not ready, and says so once.
func TestTheDatabaseIsOutOfReach(t *testing.T) {
	h := newHouse(t)
	r := h.serving(t, 1)[0]
	if _, err := r.Set(t.Context(), stop("why")); err != nil {
		t.Fatal(err)
	}
	h.reachable(t, false)
	await(t, "a look fails", func() bool { return r.store.misses.Load() > 0 })
	if !r.Ready() || r.log.count("cannot be read") != 0 {
		t.Error("not ready at once")
	}
	h.clock.move(threat.StaleAfter + time.Millisecond)
	misses := r.store.misses.Load()
	await(t, "two more looks fail", func() bool { return r.store.misses.Load() >= misses+2 })
	if r.Ready() || r.Level() != policy.Stopped || r.log.count("cannot be read") != 1 {
		t.Errorf("ready %t, level %q, said %d times", r.Ready(), r.Level(), r.log.count("cannot be read"))
	}
	h.clock.move(time.Hour)
	if r.Level() != policy.Calm {
		t.Error("does not end while the database is out of reach")
	}
	h.reachable(t, true)
	await(t, "ready again", r.Ready)
	await(t, "the end is recorded", func() bool { return h.records(t, "threat.ended") == 1 })
}

// reachable lets nobody, or everybody, connect to the database; who is connected is cut off.
func (h *house) reachable(t *testing.T, yes bool) {
	t.Helper()
	cfg := h.pool.Config().ConnConfig.Copy()
	name := cfg.Database
	cfg.Database = "postgres"
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), fmt.Sprintf(`ALTER DATABASE %s ALLOW_CONNECTIONS %t`, pgx.Identifier{name}.Sanitize(), yes)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		t.Fatal(err)
	}
}

// TestNeverReadIsStopped: a replica that knows nothing allows nothing, and is not ready.
func TestNeverReadIsStopped(t *testing.T) {
	r := newHouse(t).replica(t)
	if r.Ready() || r.Level() != policy.Stopped {
		t.Errorf("ready %t, level %q", r.Ready(), r.Level())
	}
	if err := r.Load(t.Context()); err != nil || !r.Ready() || r.Level() != policy.Calm {
		t.Errorf("ready %t, level %q, %v", r.Ready(), r.Level(), err)
	}
}

func TestChangesThatAreRefused(t *testing.T) {
	h := newHouse(t)
	r := h.replica(t)
	for name, spoil := range map[string]func(*threat.Change){
		"no level":      func(c *threat.Change) { c.Level = policy.Calm },
		"unknown level": func(c *threat.Change) { c.Level = "panic" },
		"no time":       func(c *threat.Change) { c.For = 0 },
		"too short":     func(c *threat.Change) { c.For = threat.Shortest - time.Nanosecond },
		"too long":      func(c *threat.Change) { c.For = threat.Longest + time.Nanosecond },
		"no author":     func(c *threat.Change) { c.Author = " " },
		"no reason":     func(c *threat.Change) { c.Reason = "" },
	} {
		c := stop("why")
		spoil(&c)
		if _, err := r.Set(t.Context(), c); !errors.Is(err, threat.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.End(t.Context(), "root", ""); !errors.Is(err, threat.ErrInvalid) {
		t.Errorf("an end without a reason: %v", err)
	}
	for _, d := range []time.Duration{threat.Shortest, threat.Longest} {
		c := stop("why")
		c.For = d
		if s, err := r.Set(t.Context(), c); err != nil || !s.Until.Equal(noon().Add(d)) {
			t.Errorf("%s: %+v, %v", d, s, err)
		}
	}
	if n := h.count(t, `SELECT count(*) FROM threat`); n != 2 {
		t.Errorf("%d rows", n)
	}
}
