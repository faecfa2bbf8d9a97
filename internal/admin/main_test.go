package admin_test

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	otp "github.com/pquerna/otp/totp"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/authenticator"
	"rekey/internal/authenticator/totp"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/policy"
	"rekey/internal/postgres"
	"rekey/internal/role"
	"rekey/internal/secret"
	"rekey/internal/signin"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	domain   = "corp.example.test"
	password = "Correct horse 4 battery"
	admins   = "S-1-5-21-1-2-3-9001" // the group of owners
	racers   = 16
)

// house is a service on a real database, a directory in memory and a clock that tests move. An authenticator app stands for the
// passkey: both are an authenticator.Method that people can set up.
type house struct {
	*admin.Service
	t     *testing.T
	corp  *memory.Directory
	store *postgres.Store
	pool  *pgxpool.Pool
	owner account.ID // by the group
	anna  account.ID // an auditor, by name
	ben   account.ID // no role

	mu  sync.Mutex
	now time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, pool: racePool(t), now: time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)}
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(h.pool), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	if h.store, err = postgres.New(h.pool, keys, h.clock); err != nil {
		t.Fatal(err)
	}
	h.corp = memory.New(domain, "CORP")
	h.corp.SetClock(h.clock)
	h.owner = h.add("olga", account.Group{ID: admins})
	h.anna, h.ben = h.add("anna"), h.add("ben")
	snap := h.settings()
	src := func() *site.Snapshot { return snap }
	app, err := totp.Open(totp.Config{}, totp.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = admin.New(admin.Deps{
		Site: src, Store: h.store, Invitations: h.store, Passkey: app, PublicURL: "https://portal.example.test", Now: h.clock,
		Log:       slog.New(slog.DiscardHandler),
		Passwords: &signin.Checker{Site: src, Counters: h.store, Limiter: h.store, Now: h.clock},
	})
	return h
}

// racePool has a connection for every racer.
func racePool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	cfg := pgtest.New(t, postgres.Migrate).Config()
	cfg.MaxConns = racers + 2
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func (h *house) add(sam string, groups ...account.Group) account.ID {
	a := memory.Account{Password: secret.New(password)}
	a.SAM, a.DisplayName, a.Groups = sam, strings.ToUpper(sam[:1])+sam[1:], groups
	return h.corp.Add(a)
}

func (h *house) settings() *site.Snapshot {
	h.t.Helper()
	bound, errs := role.Compile([]role.Binding{
		{Role: role.Owner, Groups: []string{admins}},
		{Role: role.Auditor, People: []string{h.anna.String()}},
	}, policy.Registry{Directories: []string{domain}})
	if len(errs) > 0 {
		h.t.Fatal(errs)
	}
	limits := throttle.Limits{SignIns: throttle.Bucket{Burst: 1000, Every: time.Millisecond}} // buckets go by the database's clock
	return &site.Snapshot{
		Version: 7, Directories: []directory.Directory{h.corp}, Throttle: limits.WithDefaults(), Roles: bound,
		Console: site.ConsoleLimits{Idle: 15 * time.Minute, Life: 12 * time.Hour, StepUp: 5 * time.Minute},
	}
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func from() admin.Source {
	return admin.Source{Address: netip.MustParseAddr("192.0.2.7"), Agent: "Firefox", RequestID: "r"}
}

// app is a person's authenticator app.
type app struct{ key string }

// code is a fresh one: the clock moves to the next, since none works twice.
func (h *house) code(a app) authenticator.CodeResponse {
	h.t.Helper()
	h.advance(30 * time.Second)
	return h.codeNow(a)
}

func (h *house) codeNow(a app) authenticator.CodeResponse {
	code, err := otp.GenerateCode(a.key, h.clock())
	if err != nil {
		h.t.Error(err)
	}
	return authenticator.CodeResponse{Code: secret.New(code)}
}

func wrongCode() authenticator.CodeResponse {
	return authenticator.CodeResponse{Code: secret.New("not a code")}
}

// question names what a session asks, and gives the key that is to be set up, if one is.
func (h *house) question(token admin.Token) (at string, a app) {
	h.t.Helper()
	sess, err := h.Session(h.t.Context(), token)
	if err != nil || sess.Pending == nil {
		h.t.Fatalf("no question is open: %+v, %v", sess, err)
	}
	prompt, err := authenticator.DecodePrompt(sess.Pending.Prompt)
	if err != nil {
		h.t.Fatal(err)
	}
	if seed, ok := prompt.(authenticator.SeedPrompt); ok {
		a.key = strings.ReplaceAll(seed.Key, " ", "")
	}
	return admin.At(sess), a
}

// invited gives the token of an invitation's link.
func (h *house) invited(who account.ID) admin.Token {
	h.t.Helper()
	link, until, err := h.Invite(h.t.Context(), who, "an operator", from())
	if err != nil || !until.Equal(h.clock().Add(admin.InvitedFor)) {
		h.t.Fatalf("until %s, %v", until, err)
	}
	token, ok := strings.CutPrefix(link, "https://portal.example.test"+admin.InvitationPath)
	if !ok {
		h.t.Fatalf("the link is %s", link)
	}
	return admin.Token(token)
}

// accepted gives the token of a session that asks for the new passkey.
func (h *house) accepted(link admin.Token) admin.Token {
	h.t.Helper()
	token, err := h.Accept(h.t.Context(), link, secret.New(password), from())
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// enter sets somebody up by an invitation, and gives the token they are in with.
func (h *house) enter(who account.ID) (admin.Token, app) {
	h.t.Helper()
	token := h.accepted(h.invited(who))
	at, a := h.question(token)
	moved, err := h.Prove(h.t.Context(), token, at, h.code(a), "My key", from())
	if err != nil {
		h.t.Fatal(err)
	}
	return moved.Token, a
}

func (h *house) signIn(name string) (admin.Token, error) {
	in, err := h.SignIn(h.t.Context(), admin.SignIn{Typed: name, Password: secret.New(password), Return: "/admin/audit", Source: from()})
	return in.Token, err
}

// in is the owner, who is set up and signed in a second time.
func (h *house) in(a app) admin.Token {
	h.t.Helper()
	token, err := h.signIn("olga")
	if err != nil {
		h.t.Fatal(err)
	}
	at, _ := h.question(token)
	moved, err := h.Prove(h.t.Context(), token, at, h.code(a), "", from())
	if err != nil {
		h.t.Fatal(err)
	}
	return moved.Token
}

func (h *house) admitted(token admin.Token) admin.Admin {
	h.t.Helper()
	a, err := h.Admit(h.t.Context(), token)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// record is what the audit log has of an event.
type record struct{ Name, Outcome, Reason, Actor, By string }

// recorded lists what was recorded since the last call.
func (h *house) recorded(since *int64) []record {
	h.t.Helper()
	rows, err := h.pool.Query(context.WithoutCancel(h.t.Context()), `
		SELECT e.seq, e.name, e.outcome, e.reason, k.actor, e.by FROM audit_event e JOIN audit_shape k ON k.id = e.shape WHERE e.seq > $1 ORDER BY e.seq`, *since)
	if err != nil {
		h.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r record, err error) {
		return r, row.Scan(since, &r.Name, &r.Outcome, &r.Reason, &r.Actor, &r.By)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}
