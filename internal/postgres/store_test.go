package postgres_test

import (
	"crypto/rand"
	"crypto/sha256"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/enrollment"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/message"
	"rekey/internal/policy"
	"rekey/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// start is the time of the tests; the database's own clock is used for buckets only.
func start() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

// racers is how many compete in tests of races.
const racers = 16

type fixture struct {
	*postgres.Store
	pool *pgxpool.Pool
	keys *keyset.Keyset
}

func newStore(t testing.TB) fixture {
	t.Helper()
	return storeOn(t, pgtest.New(t, postgres.Migrate), make([]byte, keyset.KEKSize))
}

// newRaceTrack is a store with an open connection for every racer: they meet in the database, not on the way there.
func newRaceTrack(t testing.TB) fixture {
	t.Helper()
	pool := racePool(t)
	var conns []*pgxpool.Conn
	for range 2 * racers {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		conn.Release()
	}
	return storeOn(t, pool, make([]byte, keyset.KEKSize))
}

func racePool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	cfg := pgtest.New(t, postgres.Migrate).Config()
	cfg.MaxConns = 2*racers + 1
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func storeOn(t testing.TB, pool *pgxpool.Pool, kek []byte) fixture {
	t.Helper()
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(pool), kek)
	if err != nil {
		t.Fatal(err)
	}
	s, err := postgres.New(pool, keys, start)
	if err != nil {
		t.Fatal(err)
	}
	return fixture{s, pool, keys}
}

func alice() account.ID { return account.ID{Directory: "corp.example.test", Object: "a11ce"} }
func bob() account.ID   { return account.ID{Directory: "corp.example.test", Object: "b0b"} }

func hash(token string) [32]byte { return sha256.Sum256([]byte(token)) }

// newFlow makes a flow of an account that stands at choose. The zero account makes a decoy.
func newFlow(id flow.ID, who account.ID) flow.Flow {
	return flow.Flow{
		ID: id, Action: policy.Reset, Stage: flow.Choose, Account: who, Decoy: who.IsZero(), Name: "alice", Typed: `\alice`,
		SignIn: "alice@corp.example.test", Requirement: policy.Requirement{Count: 1},
		Offers: []flow.Offer{{Ref: "totp", Kind: factor.TOTP, Class: factor.Has, Credentials: []flow.CredentialOf{{ID: "c1", Channel: "device:1"}}}},
		Locale: "en", Started: start(), Touched: start(), Expires: start().Add(time.Hour),
	}
}

func (f fixture) create(t testing.TB, g flow.Flow) flow.Flow {
	t.Helper()
	if err := f.CreateFlow(t.Context(), g, hash(string(g.ID)), flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	return f.read(t, g.ID)
}

// read gives a flow whose token is still the one create gave it.
func (f fixture) read(t testing.TB, id flow.ID) flow.Flow {
	t.Helper()
	g, err := f.FlowByToken(t.Context(), hash(string(id)))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func newSession(id string, who account.ID) enrollment.Session {
	return enrollment.Session{
		ID: id, Account: who, Name: "alice@corp.example.test", Display: "Alice", Locale: "en",
		SignedIn: start(), Touched: start(), Expires: start().Add(8 * time.Hour), Address: "192.0.2.7", Agent: "browser",
	}
}

func (f fixture) signIn(t testing.TB, sess enrollment.Session) {
	t.Helper()
	if err := f.CreateSession(t.Context(), sess, hash(sess.ID), flow.Effects{}); err != nil {
		t.Fatal(err)
	}
}

// enroll adds a credential the way a session does.
func (f fixture) enroll(t testing.TB, c authenticator.Credential) {
	t.Helper()
	id := rand.Text()
	f.signIn(t, newSession(id, c.Account))
	_, err := f.UpdateSession(t.Context(), id, func(tx enrollment.Tx, sess enrollment.Session) (enrollment.Session, flow.Effects, error) {
		return sess, flow.Effects{}, tx.AddCredential(t.Context(), c)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func credential(id string, who account.ID) authenticator.Credential {
	return authenticator.Credential{
		ID: id, Account: who, Kind: factor.TOTP, Label: "Phone", Channel: "device:" + factor.Channel(id), Data: []byte("seed of " + id), Created: start(),
	}
}

func event(name audit.Name, who account.ID, detail string) audit.Event {
	return audit.Event{
		Name: name, At: start(), Actor: audit.Person, Outcome: audit.OK, Subject: who, Purpose: "reset",
		Factors: []factor.Kind{factor.TOTP}, Detail: map[string]string{"name": detail},
	}
}

func mail(id string) message.Message {
	return message.Message{ID: id, Template: message.Code, Channel: message.Mail, To: "alice@home.example.test", Locale: "en", Data: map[string]string{"code": "123456"}}
}

func kindOf(err error) fault.Kind {
	if err == nil {
		return 255
	}
	return fault.Of(err).Kind
}

func wantKind(t testing.TB, what string, err error, want fault.Kind) {
	t.Helper()
	if kindOf(err) != want {
		t.Errorf("%s: got %v, want a fault of kind %d", what, err, want)
	}
}

// count runs a query that gives one number.
func (f fixture) count(t testing.TB, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := f.pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (f fixture) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := f.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// race runs n copies at once and gives their errors.
func race(n int, run func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			errs[i] = run(i)
		})
	}
	done.Wait()
	return errs
}

// oneWinner checks that one of many got through and the others lost a race.
func oneWinner(t *testing.T, errs []error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if kindOf(err) != fault.Conflict {
			t.Errorf("a loser got %v, want a conflict", err)
		}
	}
	if won != 1 {
		t.Errorf("%d got through, want 1", won)
	}
}

func TestConnectKeepsAHangingReplicaFromHoldingLocks(t *testing.T) {
	url := pgtest.URL(t, nil)
	pool, err := postgres.Connect(t.Context(), url, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var got string
	if err := pool.QueryRow(t.Context(), `SELECT current_setting('idle_in_transaction_session_timeout')`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != "15s" || pool.Config().MaxConns != 3 {
		t.Errorf("timeout %s, %d connections: want 15s, 3", got, pool.Config().MaxConns)
	}
}

func TestConnectSaysThatNobodyAnswers(t *testing.T) {
	_, err := postgres.Connect(t.Context(), "postgres://rekey:top-secret@127.0.0.1:1/rekey?connect_timeout=2", 0)
	if err == nil {
		t.Fatal("connected to nothing")
	}
	if got := err.Error(); strings.Contains(got, "top-secret") {
		t.Errorf("the error shows the password: %s", got)
	}
}
