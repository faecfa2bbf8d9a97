package systemtest

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/lab"
	"rekey/internal/throttle"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func connect(t testing.TB, l *lab.Lab) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), l.Portal.Config().Database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// number reads one number from the database.
func number(t testing.TB, conn *pgx.Conn, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// events counts what the audit log says of an account, by name.
func events(t testing.TB, conn *pgx.Conn, a *actor) map[string]int {
	t.Helper()
	id := a.id(t)
	rows, err := conn.Query(t.Context(), `
		SELECT name, count(*) FROM audit_event WHERE directory = $1 AND object = $2 GROUP BY name`, id.Directory, id.Object)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		counts[name] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return counts
}

// sweepLater does what a replica does by itself two minutes from now: it asks the directory what became of writes without a result.
func sweepLater(t testing.TB, l *lab.Lab) {
	t.Helper()
	sweep(t, l, 2*time.Minute)
}

func sweep(t testing.TB, l *lab.Lab, in time.Duration) {
	t.Helper()
	later := func() time.Time { return time.Now().Add(in) }
	if err := open(t, l).Recovery(later).Sweep(t.Context(), 24*time.Hour); err != nil {
		t.Fatal(err)
	}
}

// delivered waits until every notice has been sent. One whose worker was killed is taken up again after two minutes. A code that is
// never sent is asked for anew by whoever waits for it, so codes are not waited for.
func delivered(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	start := time.Now()
	await(t, "every notice is sent", func() bool {
		return number(t, conn, `
			SELECT count(*) FROM river_job WHERE kind = 'deliver' AND finalized_at IS NULL AND args->>'id' NOT LIKE 'code.%'`) == 0
	})
	if took := time.Since(start); took > time.Minute {
		t.Logf("a notice whose worker was killed was sent after %s", took.Round(time.Second))
	}
}

// fetched waits until no message is there that a portal about to be killed could fetch.
func fetched(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	await(t, "every message is fetched", func() bool {
		return number(t, conn, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state IN ('available', 'scheduled')`) == 0
	})
}

// notices counts the mails to somebody's address in the directory that tell of a reset. One whose worker was killed after the server
// had taken it comes again under the same Message-ID (RFC 5322 3.6.4), which mailboxes show once.
func (a *actor) notices() int {
	seen := map[string]bool{}
	for _, m := range a.lab.Inbox.Messages(a.Mail) {
		if strings.Contains(m.Subject, "reset") {
			seen[m.Header.Get("Message-Id")] = true
		}
	}
	return len(seen)
}

// verifyAudit exports the audit log and verifies it with nothing but the public key.
func verifyAudit(t testing.TB, l *lab.Lab) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	key, err := l.Portal.Command(t.Context(), "audit", "key")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Portal.Command(t.Context(), "audit", "export", "--out", file); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Portal.Command(t.Context(), "audit", "verify", file, "--key", key); err != nil {
		t.Error(err)
	}
}

// heldUntil is what the operator is told of a hold.
func heldUntil(t testing.TB, a *actor) string {
	t.Helper()
	out, err := a.lab.Portal.Command(t.Context(), "explain", "--user", a.UPN, "--json")
	if err != nil {
		t.Fatal(err)
	}
	var answers []struct {
		Holds []throttle.Hold `json:"holds"`
	}
	if err := json.Unmarshal([]byte(out), &answers); err != nil || len(answers) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	if len(answers[0].Holds) == 0 {
		return ""
	}
	return answers[0].Holds[0].Until.Format(time.RFC3339)
}
