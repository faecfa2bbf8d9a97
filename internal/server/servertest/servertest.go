// Package servertest runs the portal inside a test: the real pages, use cases, methods and database, on directories in memory and a
// clock that the test holds.
package servertest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/challenge/siteverify"
	"rekey/internal/delivery"
	"rekey/internal/directory/memory"
	"rekey/internal/enrollment"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/visitor"
	"rekey/internal/locale"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/postgres"
	"rekey/internal/recovery"
	"rekey/internal/server"
	"rekey/internal/server/enrollui"
	"rekey/internal/server/frame"
	"rekey/internal/server/gate"
	"rekey/internal/server/recoveryui"
	"rekey/internal/site"
	"rekey/web"
)

// Origin is where the portal says it is.
const Origin = "https://portal.example.test"

// Portal is the portal of one test.
type Portal struct {
	Corp, Sales *memory.Directory
	Snapshot    *site.Snapshot // change it before the first request only
	Recovery    *recovery.Service
	Enrollment  *enrollment.Service
	Store       *postgres.Store
	Keys        *keyset.Keyset
	Areas       []server.Area
	Handler     http.Handler
	Log         *Log

	pool  *pgxpool.Pool
	clock *clock
}

// New starts a portal on a fresh database. The test binary's TestMain must be pgtest.Main.
func New(t testing.TB) *Portal {
	t.Helper()
	p := &Portal{pool: pgtest.New(t, postgres.Migrate), clock: &clock{now: time.Now().UTC().Truncate(time.Second)}, Log: &Log{}}
	var err error
	if p.Keys, err = keyset.Load(t.Context(), postgres.NewKeyStore(p.pool), make([]byte, keyset.KEKSize)); err != nil {
		t.Fatal(err)
	}
	if p.Store, err = postgres.New(p.pool, p.Keys, p.Now); err != nil {
		t.Fatal(err)
	}
	p.settle(t)
	p.serve(t)
	return p
}

func (p *Portal) serve(t testing.TB) {
	t.Helper()
	src := func() *site.Snapshot { return p.Snapshot }
	log := slog.New(slog.NewTextHandler(p.Log, nil))
	owner := &notice.Owner{Site: src, Store: p.Store, Keys: p.Keys, Now: p.Now, Log: log, PublicURL: Origin}
	p.Recovery = &recovery.Service{
		Site: src, Store: p.Store, Recorder: p.Store, Memory: p.Store, Limiter: p.Store, Counters: p.Store, Freezer: p.Store, Sweeper: p.Store, Keys: p.Keys,
		Owner: owner, Now: p.Now, Log: log,
	}
	p.Enrollment = &enrollment.Service{
		Site: src, Store: p.Store, Sessions: p.Store, Standing: p.Store, Counters: p.Store, Limiter: p.Store,
		Sealer: p.Keys, Owner: owner, Now: p.Now, Log: log,
	}
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	assets, err := web.NewAssets("")
	if err != nil {
		t.Fatal(err)
	}
	frames := &frame.Frame{Catalogue: catalogue, Site: src, Links: assets.Links}
	verifier := siteverify.New(Origin)
	t.Cleanup(verifier.Close)
	guard := &gate.Gate{
		Site: src, Store: p.Store, Keys: p.Keys, Verifier: verifier, Frame: frames, Cookie: server.Cookie{Name: "check", Secure: true},
		Now: p.Now, Log: log,
	}
	p.Areas = []server.Area{
		guard,
		&recoveryui.UI{
			Service: p.Recovery, Gate: guard, Frame: frames, Cookie: server.Cookie{Name: "flow", Secure: true},
			Browser: server.Cookie{Name: "browser", Secure: true}, Keys: p.Keys, Site: src, Now: p.Now,
		},
		&enrollui.UI{Service: p.Enrollment, Gate: guard, Frame: frames, Cookie: server.Cookie{Name: "session", Secure: true}, Site: src, Now: p.Now},
	}
	edge := server.New(server.Config{Origin: Origin, Secure: true}, src, catalogue, frames, log, nobody{})
	p.Handler = edge.Handler(assets, p.Areas...)
}

type nobody struct{}

// Request implements server.Metrics.
func (nobody) Request(string, string, int, time.Duration) {}

// Visitor is a new browser without a script.
func (p *Portal) Visitor() *visitor.Visitor { return visitor.New(Origin, inside{p.Handler}) }

// inside hands requests to a handler without a network.
type inside struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "192.0.2.7:4711", r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
	rec := httptest.NewRecorder()
	i.handler.ServeHTTP(rec, in)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

// Send makes one request of a browser that holds the cookies, and follows no redirect. It is safe for concurrent use.
func (p *Portal) Send(method, path string, form url.Values, cookies ...*http.Cookie) *http.Response {
	r := httptest.NewRequest(method, Origin+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", Origin)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return p.Do(r)
}

// Do makes a request as it is. It is safe for concurrent use.
func (p *Portal) Do(r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	p.Handler.ServeHTTP(rec, r)
	return rec.Result()
}

// Now is the portal's time.
func (p *Portal) Now() time.Time { return p.clock.read() }

// Advance moves the portal's clock.
func (p *Portal) Advance(d time.Duration) { p.clock.advance(d) }

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Outbox lists what was sent, oldest first.
func (p *Portal) Outbox(t testing.TB) []message.Message {
	t.Helper()
	rows, err := p.pool.Query(t.Context(), `SELECT args FROM river_job WHERE kind = $1 ORDER BY id`, delivery.Job{}.Kind())
	if err != nil {
		t.Fatal(err)
	}
	sent, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m message.Message, err error) {
		var args []byte
		if err := row.Scan(&args); err != nil {
			return m, err
		}
		var job delivery.Job
		if err := json.Unmarshal(args, &job); err != nil {
			return m, err
		}
		text, err := p.Keys.Open(delivery.SealPurpose, job.Sealed, []byte(job.ID))
		if err != nil {
			return m, err
		}
		return m, json.Unmarshal(text, &m)
	})
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

// Code is the newest code that was sent to an address.
func (p *Portal) Code(t testing.TB, to string) string {
	t.Helper()
	code := ""
	for _, m := range p.Outbox(t) {
		if m.To == to && m.Template == message.Code {
			code = m.Data["code"]
		}
	}
	if code == "" {
		t.Fatalf("no code was sent to %s", to)
	}
	return code
}

// Audit lists the names and reasons of what was recorded, oldest first: "session.refused wrong".
func (p *Portal) Audit(t testing.TB) []string {
	t.Helper()
	rows, err := p.pool.Query(t.Context(), `SELECT trim(name || ' ' || reason) FROM audit_event ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Log collects what the portal logs. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String is everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
