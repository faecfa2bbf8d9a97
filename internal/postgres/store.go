package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"golang.org/x/mod/sumdb/note"

	"rekey/internal/enrollment"
	"rekey/internal/fault"
	"rekey/internal/recovery"
)

var (
	_ recovery.Store      = (*Store)(nil)
	_ recovery.Limiter    = (*Store)(nil)
	_ recovery.Counters   = (*Store)(nil)
	_ recovery.Freezer    = (*Store)(nil)
	_ recovery.Sweeper    = (*Store)(nil)
	_ enrollment.Store    = (*Store)(nil)
	_ enrollment.Sessions = (*Store)(nil)
	_ enrollment.Standing = (*Store)(nil)
)

// What sealed columns are sealed for.
const (
	sealState      = "flow-state"
	sealPrompt     = "flow-prompt"
	sealPending    = "session-pending"
	sealCredential = "credential"
	sealMessage    = "outbox"
)

// Keys is what the store needs of the keyset.
type Keys interface {
	Seal(purpose string, plain, context []byte) ([]byte, error)
	Open(purpose string, sealed, context []byte) ([]byte, error)
	Signer() note.Signer
}

// Store is the database behind the use cases. It is safe for concurrent use.
type Store struct {
	pool  *pgxpool.Pool
	keys  Keys
	now   func() time.Time
	queue *river.Client[pgx.Tx] // inserts only
	swept sweepClock
}

// New makes the store on a pool from Connect, whose database Migrate has brought up to date.
func New(pool *pgxpool.Pool, keys Keys, now func() time.Time) (*Store, error) {
	// River tells workers of new jobs once per cooldown and leaves the rest to their polling, which is too slow for a code.
	queue, err := river.NewClient(riverpgxv5.New(pool), &river.Config{FetchCooldown: river.FetchCooldownMin})
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return &Store{pool: pool, keys: keys, now: now, queue: queue}, nil
}

// Connect opens a pool of up to conns connections (0: pgx decides) and checks that the server answers. The settings it adds
// keep a replica that hangs from holding locks; the URL may override them.
func Connect(ctx context.Context, url string, conns int) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err) // pgx leaves the password out
	}
	if conns > 0 {
		cfg.MaxConns = int32(min(conns, 10_000))
	}
	for name, value := range map[string]string{
		"application_name":                    "rekey",
		"statement_timeout":                   "30s",
		"idle_in_transaction_session_timeout": "15s",
	} {
		if _, given := cfg.ConnConfig.RuntimeParams[name]; !given {
			cfg.ConnConfig.RuntimeParams[name] = value
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return pool, nil
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// Clock reads the database's time. It fails when the schema is not the one of this version.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	var now time.Time
	var version int64
	err := s.pool.QueryRow(ctx, `
		SELECT clock_timestamp(), (SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied)`,
	).Scan(&now, &version)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the database's clock: %w", err)
	}
	if version != schemaVersion {
		return time.Time{}, fmt.Errorf("the schema is at version %d, this program needs %d: run rekey migrate", version, schemaVersion)
	}
	return now, nil
}

func notFound(cause error) error { return fault.Wrap(fault.NotFound, "problem.not-found", cause) }

func conflict(cause error) error { return fault.Wrap(fault.Conflict, "problem.stale", cause) }
