package wire_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/wire"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// TestCommitsAreCutWhereTheTestSays: what the server was not asked to commit is gone, what it confirmed is there, whether statements
// go out one by one or as one batch, and transactions that touch nothing watched are left alone.
func TestCommitsAreCutWhereTheTestSays(t *testing.T) {
	direct := pgtest.URL(t, nil)
	pool, err := pgxpool.New(t.Context(), direct)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	for _, sql := range []string{`CREATE TABLE watched (n int)`, `CREATE TABLE other (n int)`} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	proxy, url, err := wire.Start(t.Context(), direct, "watched")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	n := 0
	for name, run := range map[string]func(context.Context, *pgx.Conn, string) error{"one by one": oneByOne, "batch": batch} {
		for _, phase := range []wire.Phase{wire.Before, wire.After} {
			n++
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			calls := 0
			proxy.On(func(p wire.Phase) bool { calls++; return p == phase })
			if err := run(t.Context(), conn, `INSERT INTO other VALUES (1)`); err != nil || calls != 0 {
				t.Errorf("%s: another table: %v, %d calls", name, err, calls)
			}
			if err := run(t.Context(), conn, `INSERT INTO watched VALUES (`+string(rune('0'+n))+`)`); err == nil {
				t.Errorf("%s, phase %d: the connection was not cut", name, phase)
			}
			var rows int
			if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM watched WHERE n = $1`, n).Scan(&rows); err != nil {
				t.Fatal(err)
			}
			if want := int(phase); rows != want || calls != int(phase)+1 {
				t.Errorf("%s, phase %d: %d rows after %d calls", name, phase, rows, calls)
			}
			_ = conn.Close(t.Context()) // it was cut
		}
	}
}

func oneByOne(ctx context.Context, conn *pgx.Conn, sql string) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sql); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func batch(ctx context.Context, conn *pgx.Conn, sql string) error {
	var b pgx.Batch
	for _, s := range []string{"BEGIN", sql, "COMMIT"} {
		b.Queue(s)
	}
	return conn.SendBatch(ctx, &b).Close()
}
