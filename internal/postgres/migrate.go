package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"rekey/migrations"
)

const (
	// schemaVersion is the last step of this version.
	schemaVersion = 20
	// queueStep makes River's tables, at queueVersion of River's own steps. A later River gets a step of its own.
	queueStep    = 2
	queueVersion = 8
)

// Migrate brings the database at url to this version's schema. It does nothing when it is there already. Several replicas may
// call it at once: one works, the others wait.
func Migrate(ctx context.Context, url string) error {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("database url: %w", err)
	}
	cfg.MaxConns = max(cfg.MaxConns, 4) // the lock, goose and River hold one each
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer pool.Close()
	if err := migrate(ctx, pool); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

// Upgrade does what Migrate does, for who has a pool from Connect: where nothing is missing, one look over the connection that is there
// tells, and nothing else is done.
func Upgrade(ctx context.Context, pool *pgxpool.Pool, url string) error {
	if upToDate(ctx, pool) {
		return nil
	}
	return Migrate(ctx, url)
}

// upToDate reports whether every step of this version, and none of a later one, was taken. Doubt counts as no: Migrate knows more.
func upToDate(ctx context.Context, pool *pgxpool.Pool) bool {
	var last, steps int64
	err := pool.QueryRow(ctx, `
		SELECT coalesce(max(version_id), 0), count(DISTINCT version_id) FROM goose_db_version WHERE is_applied AND version_id > 0`,
	).Scan(&last, &steps)
	return err == nil && last == schemaVersion && steps == schemaVersion
}

func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()                                          // the pool stays: this closes a wrapper
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // tries every second for five minutes
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS,
		goose.WithSessionLocker(locker), goose.WithGoMigrations(queueMigration(pool)), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// queueMigration runs River's own steps. They need a transaction each, so they use the pool and not what goose hands over;
// goose's lock still guards them.
func queueMigration(pool *pgxpool.Pool) *goose.Migration {
	up := func(ctx context.Context, _ *sql.DB) error {
		m, err := rivermigrate.New(riverpgxv5.New(pool), nil)
		if err != nil {
			return err
		}
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: queueVersion})
		return err
	}
	return goose.NewGoMigration(queueStep, &goose.GoFunc{RunDB: up}, nil)
}
