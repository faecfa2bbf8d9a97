package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/flow"
	"rekey/internal/pilot"
)

var _ pilot.Store = (*Store)(nil)

// pilotsFor is how long attempts under pilots are kept.
const pilotsFor = 800 * 24 * time.Hour

// queueAttempt notes how an attempt under a pilot went, when it has ended. A flow ends once; the key keeps it from counting twice
// whatever happens.
func (t *tx) queueAttempt(f flow.Flow) {
	if !f.Pilot || !f.Stage.Final() {
		return
	}
	t.batch.Queue(`
		INSERT INTO pilot_attempt (flow, policy, action, started, ended, stage, half, at, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (flow) DO NOTHING`,
		string(f.ID), f.Policy, string(f.Action), f.Started, f.Ended, string(f.Stage), f.Partial(), string(f.Left), f.Why)
}

// Attempts implements pilot.Store.
func (s *Store) Attempts(ctx context.Context, q pilot.Query) (all []pilot.Attempts, times []pilot.Times, err error) {
	one := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, one, func(p pgx.Tx) error {
		if all, err = attempts(ctx, p, q); err != nil {
			return err
		}
		times, err = attemptTimes(ctx, p, q)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("count attempts: %w", err)
	}
	return all, times, nil
}

// attempts counts those that have ended where they are noted, and the open ones where they are.
func attempts(ctx context.Context, p pgx.Tx, q pilot.Query) ([]pilot.Attempts, error) {
	rows, err := p.Query(ctx, `
		WITH attempt AS (
			SELECT started, action, stage, half, at, why FROM pilot_attempt WHERE policy = $1
			UNION ALL
			SELECT (document->>'started')::timestamptz, document->>'action', '', false, '', '' FROM flow
			WHERE ended IS NULL AND document->>'pilot' = 'true' AND document->>'policy' = $1
		)
		SELECT (started AT TIME ZONE 'UTC' + $4)::date, action, stage, half, at, why, count(*) FROM attempt
		WHERE ($2::timestamptz IS NULL OR started >= $2) AND ($3::timestamptz IS NULL OR started < $3)
		GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`, q.Policy, orNull(q.From), orNull(q.Until), q.Ahead)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (pilot.Attempts, error) {
		var a pilot.Attempts
		var day time.Time
		err := row.Scan(&day, &a.Action, (*string)(&a.Ended), &a.Half, (*string)(&a.Left), &a.Why, &a.Count)
		a.Day = pilot.DayAt(day, 0)
		return a, err
	})
}

func attemptTimes(ctx context.Context, p pgx.Tx, q pilot.Query) ([]pilot.Times, error) {
	rows, err := p.Query(ctx, `
		SELECT coalesce(action, ''), percentile_cont(0.5) WITHIN GROUP (ORDER BY ended - started),
			percentile_cont(0.9) WITHIN GROUP (ORDER BY ended - started)
		FROM pilot_attempt
		WHERE policy = $1 AND stage = 'done' AND NOT half
			AND ($2::timestamptz IS NULL OR started >= $2) AND ($3::timestamptz IS NULL OR started < $3)
		GROUP BY GROUPING SETS ((action), ()) HAVING count(*) > 0 ORDER BY 1`, q.Policy, orNull(q.From), orNull(q.Until))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (t pilot.Times, err error) {
		return t, row.Scan(&t.Action, &t.Median, &t.P90)
	})
}

// Tickets implements pilot.Store.
func (s *Store) Tickets(ctx context.Context, of string) ([]pilot.Tickets, error) {
	rows, err := s.pool.Query(ctx, `SELECT pilot, day, tickets FROM pilot_tickets WHERE pilot = $1 ORDER BY day`, of)
	if err != nil {
		return nil, fmt.Errorf("read tickets: %w", err)
	}
	all, err := pgx.CollectRows(rows, ticketsRow)
	if err != nil {
		return nil, fmt.Errorf("read tickets: %w", err)
	}
	return all, nil
}

func ticketsRow(row pgx.CollectableRow) (pilot.Tickets, error) {
	var t pilot.Tickets
	var day time.Time
	err := row.Scan(&t.Of, &day, &t.Count)
	t.Day = pilot.DayAt(day, 0)
	return t, err
}

// PutTickets implements pilot.Store. Who puts some waits for who does so at the time: what is told to be replaced was.
func (s *Store) PutTickets(ctx context.Context, all []pilot.Tickets) (before []pilot.Tickets, err error) {
	var of []string
	var days []time.Time
	var counts []int
	for _, t := range all {
		of, days, counts = append(of, t.Of), append(days, t.Day.Time()), append(counts, t.Count)
	}
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`LOCK TABLE pilot_tickets IN SHARE ROW EXCLUSIVE MODE`)
		t.batch.Queue(`
			SELECT pilot, day, tickets FROM pilot_tickets JOIN unnest($1::text[], $2::date[]) AS given (pilot, day) USING (pilot, day)
			ORDER BY pilot, day`, of, days).Query(func(rows pgx.Rows) error {
			before, err = pgx.CollectRows(rows, ticketsRow)
			return err
		})
		t.batch.Queue(`
			INSERT INTO pilot_tickets (pilot, day, tickets) SELECT * FROM unnest($1::text[], $2::date[], $3::integer[])
			ON CONFLICT (pilot, day) DO UPDATE SET tickets = EXCLUDED.tickets`, of, days, counts)
		return t.finish(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("keep tickets: %w", err)
	}
	return before, nil
}

// DropTickets implements pilot.Store.
func (s *Store) DropTickets(ctx context.Context, of string, d pilot.Day) (bool, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM pilot_tickets WHERE pilot = $1 AND day = $2`, of, d.Time())
	if err != nil {
		return false, fmt.Errorf("drop tickets: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// Pilots implements pilot.Store.
func (s *Store) Pilots(ctx context.Context) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT policy FROM pilot_attempt UNION SELECT pilot FROM pilot_tickets WHERE pilot <> '' ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("list pilots: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list pilots: %w", err)
	}
	return all, nil
}

// forgetPilots drops attempts nobody looks back to.
func (s *Store) forgetPilots(ctx context.Context, now time.Time) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM pilot_attempt WHERE ended < $1`, now.Add(-pilotsFor)); err != nil {
		return fmt.Errorf("forget attempts under pilots: %w", err)
	}
	return nil
}
