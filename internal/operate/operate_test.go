package operate_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/operate"
	"rekey/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

type house struct {
	pool  *pgxpool.Pool
	store *postgres.Store
	keys  *keyset.Keyset
}

func newHouse(t *testing.T) house {
	t.Helper()
	h := house{pool: pgtest.New(t, postgres.Migrate)}
	var err error
	if h.keys, err = keyset.Load(t.Context(), postgres.NewKeyStore(h.pool), make([]byte, keyset.KEKSize)); err != nil {
		t.Fatal(err)
	}
	if h.store, err = postgres.New(h.pool, h.keys, noon); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h house) jobs() *operate.Jobs { return &operate.Jobs{Store: h.store, Now: noon} }

// queue puts a job into the queue as River keeps it.
func (h house) queue(t *testing.T, kind, args, state string, failures ...string) int64 {
	t.Helper()
	errs := make([]string, len(failures))
	for i, f := range failures {
		errs[i] = `{"at": "2026-03-01T11:0` + strconv.Itoa(i) + `:00Z", "attempt": ` + strconv.Itoa(i+1) + `, "error": ` + strconv.Quote(f) + `, "trace": ""}`
	}
	var id int64
	err := h.pool.QueryRow(t.Context(), `
		INSERT INTO river_job (kind, args, state, attempt, max_attempts, errors, priority, queue, scheduled_at, created_at, finalized_at)
		VALUES ($1, $2, $3::river_job_state, $4, 25, $5::jsonb[], 1, 'default', $6, $6,
			CASE WHEN $3::text IN ('discarded', 'cancelled', 'completed') THEN $6::timestamptz END) RETURNING id`,
		kind, args, state, len(failures), errs, noon()).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (h house) recorded(t *testing.T) []string {
	t.Helper()
	rows, err := h.pool.Query(t.Context(), `SELECT concat_ws(' ', name, outcome, by, role) FROM audit_event ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func olga() operate.Author {
	return operate.Author{Name: "olga", Role: "owner", Account: account.ID{Directory: "corp", Object: "1"}, Session: "s"}
}

func TestJobs(t *testing.T) {
	h := newHouse(t)
	dead := h.queue(t, "deliver", `{"id": "m1", "sealed": "c2VjcmV0IGJvZHk="}`, "discarded", "451 busy", "550 no such Mailbox")
	refused := h.queue(t, "deliver", `{"id": "m2", "sealed": "c2VjcmV0IGJvZHk="}`, "cancelled", "no address")
	failing := h.queue(t, "sign-out", `{"directory": "corp", "object": "42"}`, "retryable", "the directory is silent")
	waiting := h.queue(t, "deliver", `{"id": "m3", "sealed": "c2VjcmV0IGJvZHk="}`, "scheduled")
	running := h.queue(t, "periodic", `{"name": "sweep"}`, "running")
	done := h.queue(t, "periodic", `{"name": "sweep"}`, "completed")
	for name, c := range map[string]struct {
		filter operate.JobFilter
		want   []int64
		more   bool
	}{
		"all but the finished": {operate.JobFilter{}, []int64{running, waiting, failing, refused, dead}, false},
		"dead letters":         {operate.JobFilter{States: []operate.State{operate.GivenUp}}, []int64{refused, dead}, false},
		"finished":             {operate.JobFilter{States: []operate.State{operate.Finished}}, []int64{done}, false},
		"messages":             {operate.JobFilter{Kinds: []operate.Kind{operate.Deliver}}, []int64{waiting, refused, dead}, false},
		"by error":             {operate.JobFilter{Text: "mailbox"}, []int64{dead}, false},
		"by account":           {operate.JobFilter{Text: "CORP/42"}, []int64{failing}, false},
		"not by what is in it": {operate.JobFilter{Text: "c2VjcmV0"}, nil, false},
		"oldest first":         {operate.JobFilter{Oldest: true, Limit: 2}, []int64{dead, refused}, true},
		"the next page":        {operate.JobFilter{Oldest: true, Limit: 2, After: refused}, []int64{failing, waiting}, true},
		"the last page":        {operate.JobFilter{Limit: 2, After: refused}, []int64{dead}, false},
	} {
		if c.filter.Limit == 0 {
			c.filter.Limit = 50
		}
		jobs, more, err := h.jobs().List(t.Context(), c.filter)
		var got []int64
		for _, j := range jobs {
			got = append(got, j.ID)
		}
		if err != nil || !slices.Equal(got, c.want) || more != c.more {
			t.Errorf("%s: %v, more %v, %v; want %v, %v", name, got, more, err, c.want, c.more)
		}
	}
	one, err := h.store.Job(t.Context(), dead)
	if err != nil || one.State != operate.GivenUp || one.For != "m1" || len(one.Failures) != 2 || one.Error() != "550 no such Mailbox" || !one.CanRetry() {
		t.Errorf("%+v, %v", one, err)
	}
	counts, err := h.store.JobCounts(t.Context())
	if err != nil || counts[operate.GivenUp] != 2 || counts[operate.Waiting] != 1 || counts[operate.Finished] != 1 {
		t.Errorf("%v, %v", counts, err)
	}
}

func TestRetryAndDrop(t *testing.T) {
	h := newHouse(t)
	q := h.jobs()
	dead := h.queue(t, "deliver", `{"id": "m1"}`, "discarded", slices.Repeat([]string{"busy"}, 9)...)
	if _, err := h.pool.Exec(t.Context(), `UPDATE river_job SET max_attempts = attempt`); err != nil {
		t.Fatal(err)
	}
	if err := q.Retry(t.Context(), olga(), dead); err != nil {
		t.Fatal(err)
	}
	j, err := h.store.Job(t.Context(), dead)
	if err != nil || j.State != operate.Waiting || !j.Next.Equal(noon()) || j.Most != 10 || len(j.Failures) != 9 || !j.Ended.IsZero() {
		t.Errorf("%+v, %v", j, err)
	}
	running := h.queue(t, "periodic", `{"name": "sweep"}`, "running")
	for what, err := range map[string]error{"retry": q.Retry(t.Context(), olga(), running), "drop": q.Drop(t.Context(), olga(), running, "why")} {
		if !errors.Is(err, operate.ErrBusy) {
			t.Errorf("%s of what runs: %v", what, err)
		}
	}
	if err := q.Drop(t.Context(), olga(), dead, " "); fault.Of(err).Field != "reason" {
		t.Errorf("without a reason: %v", err)
	}
	if err := q.Drop(t.Context(), olga(), dead, "the person has left"); err != nil {
		t.Fatal(err)
	}
	if err := q.Drop(t.Context(), olga(), dead, "twice"); !errors.Is(err, operate.ErrNoJob) {
		t.Errorf("twice: %v", err)
	}
	if got := h.recorded(t); !slices.Equal(got, []string{"job.retried ok olga owner", "job.dropped ok olga owner"}) {
		t.Errorf("recorded %v", got)
	}
}

// TestOneOfSixteenDrops: what is dropped once is recorded once.
func TestOneOfSixteenDrops(t *testing.T) {
	h := newHouse(t)
	id := h.queue(t, "deliver", `{"id": "m1"}`, "discarded", "busy")
	var wait sync.WaitGroup
	won := make(chan struct{}, 16)
	for range 16 {
		wait.Go(func() {
			switch err := h.jobs().Drop(t.Context(), olga(), id, "gone"); {
			case err == nil:
				won <- struct{}{}
			case !errors.Is(err, operate.ErrNoJob):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := h.recorded(t); len(won) != 1 || len(got) != 1 {
		t.Errorf("%d dropped it, recorded %v", len(won), got)
	}
}

func TestRotate(t *testing.T) {
	h := newHouse(t)
	list := func() []operate.Key {
		var all []operate.Key
		for _, k := range h.keys.List() {
			all = append(all, operate.Key(k))
		}
		return all
	}
	k := &operate.Keys{List: list, Make: h.keys.Rotate, Recorder: h.store, Now: noon}
	first := k.List()
	if len(first) != 1 || !first[0].Current || first[0].Made.IsZero() {
		t.Fatalf("%+v", first)
	}
	if err := k.Rotate(t.Context(), olga(), ""); fault.Of(err).Field != "reason" {
		t.Errorf("without a reason: %v", err)
	}
	if err := k.Rotate(t.Context(), olga(), "every year"); err != nil {
		t.Fatal(err)
	}
	both := k.List()
	if len(both) != 2 || !both[0].Current || both[1].Current || both[1] != (operate.Key{ID: first[0].ID, Made: first[0].Made}) {
		t.Errorf("%+v", both)
	}
	k.Make = func(context.Context) error { return errors.New("no entropy") }
	if err := k.Rotate(t.Context(), olga(), "once more"); err == nil {
		t.Error("it failed, and nobody is told")
	}
	if got := h.recorded(t); !slices.Equal(got, []string{"keys.rotated ok olga owner", "keys.rotated ok olga owner", "keys.rotated failed olga owner"}) {
		t.Errorf("recorded %v", got)
	}
	k.Recorder = refusing{}
	if err := k.Rotate(t.Context(), olga(), "unrecorded"); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("unrecorded: %v", err)
	}
}

// refusing is an audit log that takes nothing.
type refusing struct{}

func (refusing) Record(context.Context, audit.Event) error { return errors.New("the log is full") }

// gated is a check that waits to be let through.
func gated(name string, gate <-chan struct{}, ok bool) operate.Check {
	return operate.Check{Name: name, Run: func(ctx context.Context) []directory.Finding {
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return []directory.Finding{{Name: name, OK: ok, Text: "looked at"}}
	}}
}

func await(t *testing.T, d *operate.Doctor, what string, ok func(operate.Checkup) bool) operate.Checkup {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := d.Latest(ctx)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if ok(c) {
			return c
		}
		<-tick.C
	}
}

// TestACheckupIsSeenByAllReplicas: started on one, its progress is read on another, and there is one at a time.
func TestACheckupIsSeenByAllReplicas(t *testing.T) {
	h := newHouse(t)
	gate := make(chan struct{})
	checks := func() []operate.Check {
		return []operate.Check{gated("database", gate, true), gated("mail", gate, false)}
	}
	one := operate.NewDoctor(h.store, checks, noon, slog.New(slog.DiscardHandler))
	two := operate.NewDoctor(h.store, checks, noon, slog.New(slog.DiscardHandler))
	defer one.Close()
	defer two.Close()
	if c, err := two.Latest(t.Context()); err != nil || c.Number != 0 || c.Running(noon()) || c.Lost(noon()) {
		t.Errorf("before the first: %+v, %v", c, err)
	}
	var wait sync.WaitGroup
	for n := range 16 {
		wait.Go(func() {
			d := one
			if n%2 == 1 {
				d = two
			}
			if err := d.Start(t.Context(), olga()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	c := await(t, two, "begun", func(c operate.Checkup) bool { return c.Number != 0 })
	if c.Number != 1 || !c.Running(noon()) || c.Of != 2 || c.Next != "database" || c.By != "olga" {
		t.Errorf("%+v", c)
	}
	gate <- struct{}{}
	c = await(t, two, "the first check", func(c operate.Checkup) bool { return c.Done == 1 })
	if c.Next != "mail" || len(c.Found) != 1 || !c.Running(noon()) {
		t.Errorf("%+v", c)
	}
	gate <- struct{}{}
	c = await(t, two, "the end", func(c operate.Checkup) bool { return !c.Ended.IsZero() })
	if c.Number != 1 || c.Wrong() != 1 || len(c.Found) != 2 || c.Running(noon()) || c.Lost(noon()) {
		t.Errorf("%+v", c)
	}
}

// TestACheckupDiesWithItsReplica and holds nobody up for longer than a minute.
func TestACheckupDiesWithItsReplica(t *testing.T) {
	h := newHouse(t)
	never := make(chan struct{})
	checks := func() []operate.Check { return []operate.Check{gated("mail", never, true)} }
	one := operate.NewDoctor(h.store, checks, noon, slog.New(slog.DiscardHandler))
	if err := one.Start(t.Context(), olga()); err != nil {
		t.Fatal(err)
	}
	one.Close()
	if err := one.Start(t.Context(), olga()); fault.Of(err).Kind != fault.Unavailable {
		t.Errorf("after it was closed: %v", err)
	}
	later := func() time.Time { return noon().Add(operate.LostAfter + time.Second) }
	two := operate.NewDoctor(h.store, checks, later, slog.New(slog.DiscardHandler))
	defer two.Close()
	if c, err := two.Latest(t.Context()); err != nil || !c.Lost(later()) || len(c.Found) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if err := two.Start(t.Context(), olga()); err != nil {
		t.Fatal(err)
	}
	if c, err := two.Latest(t.Context()); err != nil || c.Number != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}
