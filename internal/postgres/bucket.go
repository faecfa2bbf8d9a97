package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/throttle"
)

// Take implements recovery.Limiter and enrollment.Limiter: GCRA in one statement, by the database's clock, exact over all
// replicas. The row of a bucket holds when it is empty again; one more is allowed when that stays within the tolerance.
func (s *Store) Take(ctx context.Context, key string, b throttle.Bucket) (bool, time.Duration, error) {
	if b.Burst < 1 || b.Every <= 0 {
		return false, 0, fmt.Errorf("a bucket of %d every %s would limit nothing", b.Burst, b.Every)
	}
	var ok bool
	var wait time.Duration
	err := s.pool.QueryRow(ctx, `
		WITH taken AS (
			INSERT INTO bucket AS b (key, tat) VALUES ($1, now() + $2::interval)
			ON CONFLICT (key) DO UPDATE SET tat = greatest(b.tat, now()) + $2::interval
				WHERE greatest(b.tat, now()) + $2::interval - now() <= $3::interval
			RETURNING key)
		SELECT true, interval '0' FROM taken
		UNION ALL
		SELECT false, tat + $2::interval - now() - $3::interval FROM bucket WHERE key = $1 AND NOT EXISTS (SELECT FROM taken)`,
		key, b.Every, b.Tolerance()).Scan(&ok, &wait)
	if errors.Is(err, pgx.ErrNoRows) { // refused by a bucket so new that this statement does not see it
		return false, b.Every, nil
	}
	if err != nil {
		return false, 0, fmt.Errorf("take from bucket: %w", err)
	}
	return ok, max(wait, 0), nil
}
