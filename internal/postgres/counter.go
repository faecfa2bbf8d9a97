package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/account"
	"rekey/internal/flow"
	"rekey/internal/recovery"
	"rekey/internal/throttle"
)

// Standing implements recovery.Store.
func (s *Store) Standing(ctx context.Context, lane throttle.Lane, who account.ID) (recovery.Standing, error) {
	var st recovery.Standing
	var own, all counterRow
	err := s.pool.QueryRow(ctx, `
		SELECT coalesce(o.failures, 0), o.since, coalesce(o.holds, 0), o.held_until,
			coalesce(a.failures, 0), a.since, coalesce(a.holds, 0), a.held_until,
			EXISTS (SELECT FROM frozen WHERE directory = $4 AND object = $5)
		FROM (SELECT) AS always
			LEFT JOIN counter o ON o.key = $1 AND o.lane = $2
			LEFT JOIN counter a ON a.key = $1 AND a.lane = '' AND NOT $3`, lane.Account, lane.Own, lane.Alone, who.Directory, who.Object,
	).Scan(append(append(own.columns(), all.columns()...), &st.Frozen)...)
	if err != nil {
		return recovery.Standing{}, fmt.Errorf("read standing: %w", err)
	}
	st.Tally = throttle.Tally{Own: own.counter(), Account: all.counter()}
	return st, nil
}

// counterRow is a counter as its columns failures, since, holds, held_until.
type counterRow struct {
	failures, holds int
	since, held     zeronull.Timestamptz
}

func (r *counterRow) columns() []any { return []any{&r.failures, &r.since, &r.holds, &r.held} }

func (r *counterRow) counter() throttle.Counter {
	return throttle.Counter{Failures: r.failures, Since: utc(r.since), Holds: r.holds, HeldUntil: utc(r.held)}
}

// Adjust implements recovery.Counters and enrollment.Counters. A tally that change leaves as it was is not written.
func (s *Store) Adjust(ctx context.Context, lane throttle.Lane, e flow.Effects, change func(throttle.Tally) throttle.Tally) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.Tally(ctx, lane)
		if err != nil {
			return err
		}
		if after := change(before); after != before {
			if err := t.SetTally(ctx, lane, after); err != nil {
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

// Holds implements recovery.Counters.
func (s *Store) Holds(ctx context.Context, key string, now time.Time) ([]throttle.Hold, error) {
	rows, err := s.pool.Query(ctx, `SELECT lane, held_until FROM counter WHERE key = $1 AND held_until > $2 ORDER BY held_until DESC, lane`, key, now)
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	holds, err := pgx.CollectRows(rows, pgx.RowToStructByPos[throttle.Hold])
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	return holds, nil
}

// Clear implements recovery.Counters.
func (s *Store) Clear(ctx context.Context, account string, e flow.Effects) (bool, error) {
	var counted int64
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		caps, err := t.exec(ctx, `DELETE FROM bucket WHERE key = $1 OR starts_with(key, $1 || ' ')`, throttle.SendKey(account))
		if err != nil {
			return err
		}
		failures, err := t.exec(ctx, `DELETE FROM counter WHERE key = $1 AND (failures > 0 OR holds > 0)`, account)
		if counted = caps + failures; err != nil || counted == 0 {
			return err
		}
		return t.commit(ctx, owner{}, e)
	})
	if err != nil {
		return false, fmt.Errorf("clear counters: %w", err)
	}
	return counted > 0, nil
}

// Standing implements recovery.Tx.
func (t *tx) Standing(ctx context.Context, lane throttle.Lane, who account.ID) (recovery.Standing, error) {
	var st recovery.Standing
	t.batch.Queue(`SELECT EXISTS (SELECT FROM frozen WHERE directory = $1 AND object = $2)`, who.Directory, who.Object).QueryRow(func(row pgx.Row) error { return row.Scan(&st.Frozen) })
	var err error
	st.Tally, err = t.Tally(ctx, lane)
	return st, err
}

// Tally implements recovery.Tx and enrollment.Tx. It makes rows that are missing, since only a row can be locked: of two first
// failures at once the second must see the first. The lane's own row is locked before the account's, always.
func (t *tx) Tally(ctx context.Context, lane throttle.Lane) (throttle.Tally, error) {
	var tally throttle.Tally
	t.batch.Queue(`
		INSERT INTO counter AS c (key, lane) SELECT $1, unnest($2::text[]) ON CONFLICT (key, lane) DO UPDATE SET failures = c.failures
		RETURNING lane, failures, since, holds, held_until`, lane.Account, lanes(lane),
	).Query(func(rows pgx.Rows) error {
		var name string
		var r counterRow
		_, err := pgx.ForEachRow(rows, append([]any{&name}, r.columns()...), func() error {
			if name == "" {
				tally.Account = r.counter()
			} else {
				tally.Own = r.counter()
			}
			return nil
		})
		return err
	})
	if err := t.send(ctx); err != nil {
		return throttle.Tally{}, fmt.Errorf("lock counter: %w", err)
	}
	return tally, nil
}

func lanes(lane throttle.Lane) []string {
	if lane.Alone {
		return []string{lane.Own}
	}
	return []string{lane.Own, ""}
}

// SetTally implements recovery.Tx and enrollment.Tx.
func (t *tx) SetTally(_ context.Context, lane throttle.Lane, tally throttle.Tally) error {
	for i, name := range lanes(lane) {
		c := [...]throttle.Counter{tally.Own, tally.Account}[i]
		t.batch.Queue(`
			INSERT INTO counter (key, lane, failures, since, holds, held_until) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (key, lane) DO UPDATE SET failures = $3, since = $4, holds = $5, held_until = $6`,
			lane.Account, name, c.Failures, zeronull.Timestamptz(c.Since), c.Holds, zeronull.Timestamptz(c.HeldUntil))
	}
	return nil
}
