package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/challenge"
	"rekey/internal/throttle"
)

// Spend implements gate.Store. Of all replicas and requests that spend the same one, the first is told true.
func (s *Store) Spend(ctx context.Context, once challenge.Once) (bool, error) {
	tag, err := s.pool.Exec(ctx, `INSERT INTO spent (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING`, once.ID, once.Until)
	if err != nil {
		return false, fmt.Errorf("spend: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// Room implements gate.Store: whether Take would allow one more, without taking it.
func (s *Store) Room(ctx context.Context, key string, b throttle.Bucket) (bool, error) {
	rows, err := s.pool.Query(ctx, `SELECT tat + $2::interval - now() <= $3::interval FROM bucket WHERE key = $1`, key, b.Every, b.Tolerance())
	if err != nil {
		return false, fmt.Errorf("look into bucket: %w", err)
	}
	room, err := pgx.CollectRows(rows, pgx.RowTo[bool])
	if err != nil {
		return false, fmt.Errorf("look into bucket: %w", err)
	}
	return len(room) == 0 || room[0], nil
}

// spentFor is how long what was spent is remembered beyond its time: no two replicas' clocks are further apart.
const spentFor = 10 * time.Minute

func (s *Store) forgetSpent(ctx context.Context, now time.Time) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM spent WHERE until < $1`, now.Add(-spentFor)); err != nil {
		return fmt.Errorf("forget what was spent: %w", err)
	}
	return nil
}
