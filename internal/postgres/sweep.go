package postgres

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// tidyEvery is how often buckets and counters are gone through; flows and sessions have an index and go each time.
const tidyEvery = 10 * time.Minute

// counterLife is longer than any window or hold of throttle.Limits.
const counterLife = 31 * 24 * time.Hour

// sweepClock remembers when this process tidied last, in Unix seconds.
type sweepClock struct{ atomic.Int64 }

// Forget implements recovery.Sweeper. It also deletes sessions that were over by then, and buckets and counters that no
// longer hold anything.
func (s *Store) Forget(ctx context.Context, before time.Time) (int64, error) {
	// Rows somebody holds are left for the next time: waiting for one while holding another could make a circle.
	tag, err := s.pool.Exec(ctx, `
		DELETE FROM flow WHERE id IN (SELECT id FROM flow WHERE ended < $1 FOR UPDATE SKIP LOCKED)`, before)
	if err != nil {
		return 0, fmt.Errorf("forget flows: %w", err)
	}
	if _, err := s.pool.Exec(ctx, `
		DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires < $1 FOR UPDATE SKIP LOCKED)`, before); err != nil {
		return 0, fmt.Errorf("forget sessions: %w", err)
	}
	if err := s.forgetAdmin(ctx, before); err != nil {
		return 0, err
	}
	return tag.RowsAffected(), s.tidy(ctx)
}

func (s *Store) tidy(ctx context.Context) error {
	now, last := s.now(), s.swept.Load()
	if now.Sub(time.Unix(last, 0)) < tidyEvery || !s.swept.CompareAndSwap(last, now.Unix()) {
		return nil
	}
	if _, err := s.pool.Exec(ctx, `DELETE FROM bucket WHERE tat < now()`); err != nil {
		return fmt.Errorf("tidy buckets: %w", err)
	}
	if err := s.forgetSpent(ctx, now); err != nil {
		return err
	}
	if err := s.forgetPast(ctx, now); err != nil {
		return err
	}
	if err := s.forgetPilots(ctx, now); err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, `DELETE FROM credential WHERE expires < $1`, now); err != nil {
		return fmt.Errorf("forget passes: %w", err)
	}
	if err := s.forgetSpending(ctx, now); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, `
		DELETE FROM counter WHERE (held_until IS NULL OR held_until < $1)
			AND (since IS NULL OR since < $2 OR failures = 0 AND holds = 0)`, now, now.Add(-counterLife))
	if err != nil {
		return fmt.Errorf("tidy counters: %w", err)
	}
	return nil
}
