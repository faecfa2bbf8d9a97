package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"rekey/internal/delivery"
	"rekey/internal/jobs"
	"rekey/internal/keyset"
	"rekey/internal/lab/inbox"
	"rekey/internal/lab/pgtest"
	"rekey/internal/locale"
	"rekey/internal/mail"
	"rekey/internal/message"
	"rekey/internal/postgres"
	"rekey/internal/site"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// office is a replica with everything real: database, keys, queue, sender, mail server, audit log.
type office struct {
	pool    *pgxpool.Pool
	keys    *keyset.Keyset
	inbox   *inbox.Inbox
	courier *delivery.Service
	queue   *river.Client[pgx.Tx]
}

func open(t *testing.T) office {
	t.Helper()
	return openWith(t, func(*office, *delivery.Deps) {})
}

func openWith(t *testing.T, change func(*office, *delivery.Deps)) office {
	t.Helper()
	o := office{pool: pgtest.New(t, postgres.Migrate)}
	var err error
	if o.keys, err = keyset.Load(t.Context(), postgres.NewKeyStore(o.pool), make([]byte, keyset.KEKSize)); err != nil {
		t.Fatal(err)
	}
	if o.inbox, err = inbox.Start(t.Context(), inbox.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.inbox.Close() })
	if o.queue, err = river.NewClient(riverpgxv5.New(o.pool), &river.Config{}); err != nil {
		t.Fatal(err)
	}
	store, err := postgres.New(o.pool, o.keys, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	sender := mail.New(quiet())
	host, port, _ := net.SplitHostPort(o.inbox.SMTPAddr())
	number, _ := strconv.Atoi(port)
	if err := sender.Use(mail.Config{Host: host, Port: number, Security: mail.Plaintext, From: "noreply@example.com"}, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sender.Close)
	snapshot := &site.Snapshot{Version: 1, Brand: site.Brand{Name: "Help", Firm: "Example Corp", HelpText: "Help desk: 4357"}}
	deps := delivery.Deps{
		Keys: o.keys, Site: func() *site.Snapshot { return snapshot }, Catalogue: catalogue, Mail: sender, Recorder: store,
		Now: time.Now, Log: quiet(),
	}
	change(&o, &deps)
	o.courier = delivery.New(deps)
	return o
}

// work runs a replica's jobs until the test ends, or until stop is called.
func (o office) work(t *testing.T, c jobs.Config) (stop func()) {
	t.Helper()
	c.Log = quiet()
	if c.Deliver == nil {
		c.Deliver = o.courier.Deliver
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- jobs.Run(ctx, o.pool, c) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("jobs ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// post queues a message in a transaction of its own, as internal/postgres does.
func (o office) post(t *testing.T, m message.Message) {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := o.keys.Seal(delivery.SealPurpose, text, []byte(m.ID))
	if err != nil {
		t.Fatal(err)
	}
	opts := &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}}
	if _, err := o.queue.Insert(t.Context(), delivery.Job{ID: m.ID, Sealed: sealed}, opts); err != nil {
		t.Fatal(err)
	}
}

// arrives waits for a mail, for seconds.
func (o office) arrives(t *testing.T, to string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if _, err := o.inbox.Next(ctx, to); err != nil {
		t.Fatal(err)
	}
}

// until waits for a condition of the database.
func (o office) until(t *testing.T, query string, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for got := -1; got != want; {
		if err := o.pool.QueryRow(ctx, query).Scan(&got); err != nil {
			t.Fatalf("%s: %v, want %d; the last was %d", query, err, want, got)
		}
		<-tick.C
	}
}

func code(id, to string) message.Message {
	return message.Message{
		ID: id, Template: message.Code, Channel: message.Mail, To: to, Locale: "en",
		Data: map[string]string{"code": "493817", "purpose": "reset", "minutes": "10"},
	}
}

func TestMessageIsDeliveredOnceAndAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	var told outcomes
	stop := o.work(t, jobs.Config{Done: told.add})
	o.post(t, code("first", "first@home.example")) // whenever the worker has started
	o.arrives(t, "first@home.example")

	// Each is queued just after the one before was fetched: with polls alone every one would take a second.
	quickest := time.Hour
	for i := range 4 {
		began := time.Now()
		o.post(t, code(strconv.Itoa(i), "erika@home.example"))
		o.post(t, code(strconv.Itoa(i), "erika@home.example")) // the same step once more
		o.arrives(t, "erika@home.example")
		quickest = min(quickest, time.Since(began))
	}
	if quickest > 700*time.Millisecond {
		t.Errorf("the quickest took %v", quickest)
	}
	decoy := code("b", "nobody@home.example")
	decoy.Discard = true
	o.post(t, decoy)
	o.until(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'completed'`, 6)
	stop()
	if n := len(o.inbox.Messages("")); n != 5 {
		t.Errorf("%d mails arrived, want 5", n)
	}
	if got := told.of("mail"); got["delivered"] != 5 || got["discarded"] != 1 || len(got) != 2 {
		t.Errorf("told of %v", got)
	}
}

func TestMessagePutOffIsTriedAgainWithinSeconds(t *testing.T) {
	t.Parallel()
	o := open(t)
	var told outcomes
	o.inbox.Break(inbox.Fault{At: inbox.AtRecipient, Code: 451, Times: 1})
	o.post(t, code("a", "erika@home.example"))
	o.work(t, jobs.Config{Done: told.add})
	o.arrives(t, "erika@home.example")
	o.until(t, `SELECT count(*) FROM river_job WHERE state = 'completed' AND attempt = 2`, 1)
	if got := told.of("mail"); got["retry"] != 1 || got["delivered"] != 1 {
		t.Errorf("told of %v", got)
	}
}

func TestRefusedMessageIsADeadLetter(t *testing.T) {
	t.Parallel()
	o := open(t)
	var told outcomes
	o.inbox.Break(inbox.Fault{At: inbox.AtRecipient, Code: 550})
	o.post(t, code("a", "erika@home.example"))
	o.work(t, jobs.Config{Done: told.add})
	o.until(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'cancelled' AND attempt = 1`, 1)
	if got := told.of("mail"); got["dead"] != 1 {
		t.Errorf("told of %v", got)
	}
	letters, err := jobs.Dead(t.Context(), o.pool, 10)
	if err != nil || len(letters) != 1 {
		t.Fatalf("%d dead letters: %v", len(letters), err)
	}
	if l := letters[0]; l.ID != "a" || l.Tries != 1 || l.Error == "" || l.At.Before(l.Queued) {
		t.Errorf("letter %+v", l)
	}
	store, err := postgres.New(o.pool, o.keys, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := store.DeadMessages(t.Context()); n != 1 || err != nil {
		t.Errorf("the store counts %d: %v", n, err)
	}
	var log strings.Builder
	if err := store.ExportAudit(t.Context(), &log); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "notice.failed") || strings.Contains(log.String(), "493817") {
		t.Errorf("audit log:\n%s", log.String())
	}
}

func TestMessageIsGivenUpAfterItsLastTry(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.inbox.Break(inbox.Fault{At: inbox.AtRecipient, Code: 451})
	o.post(t, code("a", "erika@home.example"))
	if _, err := o.pool.Exec(t.Context(), `UPDATE river_job SET max_attempts = 2`); err != nil {
		t.Fatal(err)
	}
	o.work(t, jobs.Config{})
	o.until(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'discarded' AND attempt = 2`, 1)
	if letters, err := jobs.Dead(t.Context(), o.pool, 10); err != nil || len(letters) != 1 || letters[0].Tries != 2 {
		t.Errorf("dead letters %+v: %v", letters, err)
	}
}

// TestWorkUnderWayIsFinished: a replica that is told to stop finishes the mail it is at and leaves the others to the next.
func TestWorkUnderWayIsFinished(t *testing.T) {
	t.Parallel()
	o := open(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	stop := o.work(t, jobs.Config{Deliver: func(ctx context.Context, j delivery.Job, a delivery.Attempt) delivery.Report {
		close(begun)
		<-finish
		return o.courier.Deliver(ctx, j, a)
	}})
	o.post(t, code("a", "erika@home.example"))
	<-begun
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	o.until(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'running'`, 1)
	close(finish)
	<-stopped
	o.until(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'completed'`, 1)
	o.arrives(t, "erika@home.example")
}

// TestPeriodicWorkIsDoneOnOneReplica: of two replicas one at a time does it, and when that one ends the other goes on.
func TestPeriodicWorkIsDoneOnOneReplica(t *testing.T) {
	t.Parallel()
	o := open(t)
	var at, most, turns atomic.Int32
	turn := make(chan struct{}, 100)
	sweep := jobs.Periodic{Name: "sweep", Every: 100 * time.Millisecond, Run: func(context.Context) error {
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		turns.Add(1)
		turn <- struct{}{}
		return errors.New("one that fails comes again at its time")
	}}
	var local [2]atomic.Int32
	var stops []func()
	for i := range local {
		stops = append(stops, o.work(t, jobs.Config{Periodic: []jobs.Periodic{sweep}, Local: []jobs.Periodic{
			{Name: "keys", Every: 20 * time.Millisecond, Run: func(context.Context) error { local[i].Add(1); return nil }},
		}}))
	}
	wait := func(n int) {
		for range n {
			select {
			case <-turn:
			case <-time.After(20 * time.Second):
				t.Fatalf("no turn after %d", turns.Load())
			}
		}
	}
	wait(3)
	stops[0]()
	wait(3)
	stops[1]()
	if most.Load() != 1 {
		t.Errorf("%d at once", most.Load())
	}
	for i := range local {
		if local[i].Load() == 0 {
			t.Errorf("replica %d did not do its local work", i)
		}
	}
	if letters, err := jobs.Dead(t.Context(), o.pool, 10); err != nil || len(letters) != 0 {
		t.Errorf("periodic work counts as dead letters: %+v, %v", letters, err)
	}
}

func TestMissingTablesAreAnError(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := jobs.Run(ctx, pool, jobs.Config{Log: quiet()})
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// outcomes counts what the metrics hook is told.
type outcomes struct {
	mu    sync.Mutex
	count map[string]map[string]int
}

func (o *outcomes) add(channel, outcome string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.count == nil {
		o.count = map[string]map[string]int{}
	}
	if o.count[channel] == nil {
		o.count[channel] = map[string]int{}
	}
	o.count[channel][outcome]++
}

func (o *outcomes) of(channel string) map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.count[channel])
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
