package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"rekey/internal/lab/pgtest"
)

func TestTransactions(t *testing.T) {
	pool := pgtest.New(t, nil)
	s := &Store{pool: pool}
	if _, err := pool.Exec(t.Context(), `CREATE TABLE mark (n integer)`); err != nil {
		t.Fatal(err)
	}
	mark := func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO mark VALUES (1)`)
		return err
	}
	marks := func() (n int) {
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM mark`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	t.Run("inside a transaction refused", func(t *testing.T) {
		err := s.transact(t.Context(), func(ctx context.Context, _ *tx) error { return s.transact(ctx, mark) })
		if err == nil || marks() != 0 {
			t.Errorf("error %v, %d rows: want refused", err, marks())
		}
	})
	t.Run("panic rolls back and frees the connection", func(t *testing.T) {
		func() {
			defer func() { _ = recover() }()
			_ = s.transact(t.Context(), func(ctx context.Context, t *tx) error {
				_ = mark(ctx, t)
				panic("broken")
			})
		}()
		if marks() != 0 || pool.Stat().AcquiredConns() != 0 {
			t.Errorf("%d rows and %d connections are left", marks(), pool.Stat().AcquiredConns())
		}
	})
	for _, code := range []string{"40001", "40P01"} {
		t.Run(code+" is tried again", func(t *testing.T) {
			runs := 0
			err := s.transact(t.Context(), func(ctx context.Context, t *tx) error {
				if runs++; runs < 3 {
					return &pgconn.PgError{Code: code}
				}
				return t.finish(ctx)
			})
			if err != nil || runs != 3 {
				t.Errorf("error %v after %d runs, want success after 3", err, runs)
			}
		})
		t.Run(code+" is given up", func(t *testing.T) {
			runs := 0
			err := s.transact(t.Context(), func(context.Context, *tx) error { runs++; return &pgconn.PgError{Code: code} })
			if err == nil || runs != tries {
				t.Errorf("error %v after %d runs, want a failure after %d", err, runs, tries)
			}
		})
	}
	t.Run("other errors are not", func(t *testing.T) {
		runs, broken := 0, errors.New("broken")
		err := s.transact(t.Context(), func(context.Context, *tx) error { runs++; return broken })
		if !errors.Is(err, broken) || runs != 1 {
			t.Errorf("error %v after %d runs", err, runs)
		}
	})
}
