// Package pgtest gives each test a database of its own, cloned from a migrated template in one private cluster per
// test binary.
package pgtest

import (
	"context"
	"crypto/rand"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/lab/postgres"
)

// Migrate brings the database at url to the schema under test. Nil leaves it empty.
type Migrate = func(ctx context.Context, url string) error

// binary is the state all tests of one binary share.
type binary struct {
	mu        sync.Mutex
	cluster   *postgres.Cluster
	templates map[uintptr]string // by migrate function
}

// shared is package state because a test has no other place to find what an earlier test of its binary started.
var shared binary

// Main runs the tests and stops the cluster after them: func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }.
func Main(m *testing.M) int {
	defer Stop()
	return m.Run()
}

// Stop stops the cluster if one was started, for a TestMain that stops several servers.
func Stop() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.cluster == nil {
		return
	}
	// What cannot be removed now is swept by the next run.
	_ = shared.cluster.Close()
	shared.cluster, shared.templates = nil, nil
}

// New gives a pool on a fresh, migrated database, both gone when the test ends. A missing server fails the test.
func New(t testing.TB, migrate Migrate) *pgxpool.Pool {
	t.Helper()
	cluster, name := clone(t, migrate)
	pool, err := pgxpool.New(t.Context(), cluster.SocketURL(name))
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL gives the address of a fresh, migrated database, for tests that start whole processes.
func URL(t testing.TB, migrate Migrate) string {
	t.Helper()
	cluster, name := clone(t, migrate)
	return cluster.URL(name)
}

func clone(t testing.TB, migrate Migrate) (*postgres.Cluster, string) {
	t.Helper()
	cluster, template, err := shared.template(t.Context(), migrate)
	if err != nil {
		t.Fatalf("prepare test database: %v", err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if err := cluster.CreateDatabase(t.Context(), name, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context is cancelled by now.
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := cluster.DropDatabase(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return cluster, name
}

// template starts the cluster and migrates the template, each once.
func (b *binary) template(ctx context.Context, migrate Migrate) (*postgres.Cluster, string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cluster == nil {
		// Vacuuming would open connections to templates while they are cloned.
		cluster, err := postgres.Start(ctx, postgres.Options{Settings: map[string]string{"autovacuum": "off"}})
		if err != nil {
			return nil, "", err
		}
		b.cluster, b.templates = cluster, map[uintptr]string{}
	}
	if migrate == nil {
		return b.cluster, "", nil
	}
	key := reflect.ValueOf(migrate).Pointer()
	if name, ok := b.templates[key]; ok {
		return b.cluster, name, nil
	}
	name := "template_" + strings.ToLower(rand.Text()[:12])
	if err := b.cluster.CreateDatabase(ctx, name, ""); err != nil {
		return nil, "", err
	}
	if err := migrate(ctx, b.cluster.URL(name)); err != nil {
		return nil, "", err
	}
	b.templates[key] = name
	return b.cluster, name, nil
}
