package pgtest_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"rekey/internal/lab/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// counting migrates and counts how often it was asked to.
type counting struct{ runs atomic.Int32 }

func (c *counting) migrate(ctx context.Context, url string) error {
	c.runs.Add(1)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE TABLE person (name text PRIMARY KEY)")
	return err
}

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	var c counting
	t.Run("group", func(t *testing.T) {
		for i := range 10 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				db := pgtest.New(t, c.migrate)
				if _, err := db.Exec(t.Context(), "INSERT INTO person (name) VALUES ('alice')"); err != nil {
					t.Fatal(err)
				}
			})
		}
	})
	if got := c.runs.Load(); got != 1 {
		t.Errorf("migrated %d times, want once", got)
	}
}

func TestURLReachesAFreshDatabaseOverTCP(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgtest.URL(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var host string
	if err := conn.QueryRow(t.Context(), "SELECT host(inet_server_addr())").Scan(&host); err != nil {
		t.Fatal(err)
	}
	if host != "127.0.0.1" {
		t.Errorf("served from %s, want 127.0.0.1", host)
	}
}
