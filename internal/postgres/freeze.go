package postgres

import (
	"context"
	"fmt"
	"time"

	"rekey/internal/account"
	"rekey/internal/flow"
)

// Freeze implements recovery.Freezer. It forgets the account's attempts: no browser is known after it, and no country was used.
func (s *Store) Freeze(ctx context.Context, who account.ID, at time.Time, e flow.Effects) (bool, error) {
	return s.turn(ctx, who, e, `
		WITH past AS (DELETE FROM completed WHERE directory = $1 AND object = $2)
		INSERT INTO frozen (directory, object, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, who.Directory, who.Object, at)
}

// Release implements recovery.Freezer.
func (s *Store) Release(ctx context.Context, who account.ID, _ time.Time, e flow.Effects) (bool, error) {
	return s.turn(ctx, who, e, `DELETE FROM frozen WHERE directory = $1 AND object = $2`, who.Directory, who.Object)
}

// turn runs a statement and, if it changed a row, commits the effects with it.
func (s *Store) turn(ctx context.Context, who account.ID, e flow.Effects, sql string, args ...any) (bool, error) {
	var changed bool
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(lockAccount, who.String())
		rows, err := t.exec(ctx, sql, args...)
		if changed = rows == 1; err != nil || !changed {
			return err
		}
		return t.commit(ctx, owner{account: who}, e)
	})
	if err != nil {
		return false, fmt.Errorf("freeze or release: %w", err)
	}
	return changed, nil
}

// Frozen implements enrollment.Standing.
func (s *Store) Frozen(ctx context.Context, who account.ID) (bool, error) {
	var frozen bool
	err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM frozen WHERE directory = $1 AND object = $2)`, who.Directory, who.Object).Scan(&frozen)
	if err != nil {
		return false, fmt.Errorf("read freeze: %w", err)
	}
	return frozen, nil
}
