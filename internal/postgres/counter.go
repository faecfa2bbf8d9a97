package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/account"
	"rekey/internal/flow"
	"rekey/internal/recovery"
	"rekey/internal/throttle"
)

// Standing implements recovery.Store.
func (s *Store) Standing(ctx context.Context, key string, who account.ID) (recovery.Standing, error) {
	var st recovery.Standing
	var since, held zeronull.Timestamptz
	err := s.pool.QueryRow(ctx, `
		SELECT coalesce(c.failures, 0), c.since, coalesce(c.holds, 0), c.held_until,
			EXISTS (SELECT FROM frozen WHERE directory = $2 AND object = $3)
		FROM (SELECT) AS always LEFT JOIN counter c ON c.key = $1`, key, who.Directory, who.Object,
	).Scan(&st.Counter.Failures, &since, &st.Counter.Holds, &held, &st.Frozen)
	if err != nil {
		return recovery.Standing{}, fmt.Errorf("read standing: %w", err)
	}
	st.Counter.Since, st.Counter.HeldUntil = utc(since), utc(held)
	return st, nil
}

// Adjust implements recovery.Counters and enrollment.Counters. A counter that change leaves as it was is not written.
func (s *Store) Adjust(ctx context.Context, key string, e flow.Effects, change func(throttle.Counter) throttle.Counter) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.Counter(ctx, key)
		if err != nil {
			return err
		}
		if after := change(before); after != before {
			if err := t.SetCounter(ctx, key, after); err != nil {
				return err
			}
		}
		return t.commit(ctx, owner{}, e)
	})
	if err != nil {
		return fmt.Errorf("adjust counter: %w", err)
	}
	return nil
}

// Standing implements recovery.Tx.
func (t *tx) Standing(ctx context.Context, key string, who account.ID) (recovery.Standing, error) {
	var st recovery.Standing
	t.batch.Queue(`SELECT EXISTS (SELECT FROM frozen WHERE directory = $1 AND object = $2)`, who.Directory, who.Object).QueryRow(func(row pgx.Row) error { return row.Scan(&st.Frozen) })
	var err error
	st.Counter, err = t.Counter(ctx, key)
	return st, err
}

// Counter implements recovery.Tx and enrollment.Tx. It makes a row that is missing, since only a row can be locked: of two
// first failures at once the second must see the first.
func (t *tx) Counter(ctx context.Context, key string) (throttle.Counter, error) {
	var c throttle.Counter
	t.batch.Queue(`
		INSERT INTO counter AS c (key) VALUES ($1) ON CONFLICT (key) DO UPDATE SET failures = c.failures
		RETURNING failures, since, holds, held_until`, key,
	).QueryRow(func(row pgx.Row) error {
		var since, held zeronull.Timestamptz
		err := row.Scan(&c.Failures, &since, &c.Holds, &held)
		c.Since, c.HeldUntil = utc(since), utc(held)
		return err
	})
	if err := t.send(ctx); err != nil {
		return throttle.Counter{}, fmt.Errorf("lock counter: %w", err)
	}
	return c, nil
}

// SetCounter implements recovery.Tx and enrollment.Tx.
func (t *tx) SetCounter(_ context.Context, key string, c throttle.Counter) error {
	t.batch.Queue(`
		INSERT INTO counter (key, failures, since, holds, held_until) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (key) DO UPDATE SET failures = $2, since = $3, holds = $4, held_until = $5`,
		key, c.Failures, zeronull.Timestamptz(c.Since), c.Holds, zeronull.Timestamptz(c.HeldUntil))
	return nil
}
