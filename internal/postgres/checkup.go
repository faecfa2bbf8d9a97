package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/operate"
)

var _ operate.CheckupStore = (*Store)(nil)

// keepCheckups is how many are kept.
const keepCheckups = 20

// BeginCheckup implements operate.CheckupStore.
func (s *Store) BeginCheckup(ctx context.Context, c operate.Checkup, lost time.Time) (number int64, begun bool, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		begun = false
		t.batch.Queue(`LOCK TABLE checkup IN SHARE ROW EXCLUSIVE MODE`)
		t.batch.Queue(`SELECT coalesce(max(number), 0) FROM checkup WHERE ended IS NULL AND touched >= $1`, lost).QueryRow(func(row pgx.Row) error {
			return row.Scan(&number)
		})
		if err := t.send(ctx); err != nil || number != 0 {
			return err
		}
		t.batch.Queue(`INSERT INTO checkup (author, began, touched, total, next) VALUES ($1, $2, $2, $3, $4) RETURNING number`,
			clean(c.By), c.Began, c.Of, c.Next).QueryRow(func(row pgx.Row) error { return row.Scan(&number) })
		t.batch.Queue(`DELETE FROM checkup WHERE number <= (SELECT max(number) FROM checkup) - $1`, keepCheckups)
		begun = true
		return t.finish(ctx)
	})
	if err != nil {
		return 0, false, fmt.Errorf("begin checkup: %w", err)
	}
	return number, begun, nil
}

// StepCheckup implements operate.CheckupStore.
func (s *Store) StepCheckup(ctx context.Context, c operate.Checkup) error {
	found, err := json.Marshal(c.Found)
	if err != nil {
		return fmt.Errorf("write checkup: %w", err)
	}
	_, err = s.pool.Exec(ctx, `UPDATE checkup SET touched = $2, ended = $3, done = $4, next = $5, found = $6 WHERE number = $1`,
		c.Number, c.Touched, zeronull.Timestamptz(c.Ended), c.Done, c.Next, found)
	if err != nil {
		return fmt.Errorf("write checkup: %w", err)
	}
	return nil
}

// LatestCheckup implements operate.CheckupStore.
func (s *Store) LatestCheckup(ctx context.Context) (operate.Checkup, error) {
	var c operate.Checkup
	var ended zeronull.Timestamptz
	var found []byte
	err := s.pool.QueryRow(ctx, `
		SELECT number, author, began, touched, ended, done, total, next, found FROM checkup ORDER BY number DESC LIMIT 1`).
		Scan(&c.Number, &c.By, &c.Began, &c.Touched, &ended, &c.Done, &c.Of, &c.Next, &found)
	if errors.Is(err, pgx.ErrNoRows) {
		return operate.Checkup{}, nil
	}
	if err != nil {
		return operate.Checkup{}, fmt.Errorf("read checkup: %w", err)
	}
	c.Began, c.Touched, c.Ended = c.Began.UTC(), c.Touched.UTC(), utc(ended)
	if err := json.Unmarshal(found, &c.Found); err != nil {
		return operate.Checkup{}, fmt.Errorf("read checkup: %w", err)
	}
	return c, nil
}
