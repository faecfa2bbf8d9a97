package postgres_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"rekey/internal/lab/postgres"
)

func TestClusterServesAndLeavesNothing(t *testing.T) {
	c, err := postgres.Start(t.Context(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := socketDir(t, c)
	t.Run("password over TCP", func(t *testing.T) {
		if got := setting(t, c.URL("postgres"), "fsync"); got != "off" {
			t.Errorf("fsync = %s, want off", got)
		}
	})
	t.Run("wrong password refused", func(t *testing.T) {
		wrong := strings.Replace(c.URL("postgres"), "postgres:", "postgres:x", 2)
		if conn, err := pgx.Connect(t.Context(), wrong); err == nil {
			conn.Close(t.Context())
			t.Error("connected with a wrong password")
		}
	})
	t.Run("databases from a template", func(t *testing.T) { cloneAndDrop(t, c) })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(c.PID(), 0); err == nil {
		t.Error("the server still runs")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("folder %s is left: %v", dir, err)
	}
}

func TestTwoClustersSideBySide(t *testing.T) {
	for _, opts := range []postgres.Options{{Durable: true}, {}} {
		c, err := postgres.Start(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		want := map[bool]string{true: "on", false: "off"}[opts.Durable]
		if got := setting(t, c.URL("postgres"), "fsync"); got != want {
			t.Errorf("fsync = %s, want %s", got, want)
		}
	}
}

func cloneAndDrop(t *testing.T, c *postgres.Cluster) {
	ctx := t.Context()
	for _, step := range [][2]string{{"first", ""}, {"second", "first"}} {
		if err := c.CreateDatabase(ctx, step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pgx.Connect(ctx, c.SocketURL("second"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := c.DropDatabase(ctx, "second"); err != nil {
		t.Errorf("drop with an open connection: %v", err)
	}
}

func setting(t *testing.T, url, name string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var value string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func socketDir(t *testing.T, c *postgres.Cluster) string {
	t.Helper()
	return setting(t, c.SocketURL("postgres"), "unix_socket_directories")
}
