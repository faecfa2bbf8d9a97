package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/delivery"
	"rekey/internal/spend"
)

var _ delivery.Purse = (*Store)(nil)

// Charge implements delivery.Purse.
func (s *Store) Charge(
	ctx context.Context, c spend.Charge, caps spend.Caps, refused func(why spend.Reason, first bool) delivery.Note,
) (why spend.Reason, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		var first bool
		t.batch.Queue(`SELECT reason, first FROM sms_pay($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
			c.ID, s.now(), c.Account, c.Number, c.Range, c.Country, c.Segments, int64(c.Cost), spend.Tries,
			caps.Day.Segments, int64(caps.Day.Money), caps.Month.Segments, int64(caps.Month.Money), caps.AccountPerDay, caps.RangePerHour,
		).QueryRow(func(row pgx.Row) error { return row.Scan((*string)(&why), &first) })
		if err := t.send(ctx); err != nil {
			return err
		}
		if why == "" || why == spend.InDoubt {
			return t.finish(ctx)
		}
		note := refused(why, first)
		if err := t.enqueue(ctx, note.Send); err != nil {
			return fmt.Errorf("queue warnings: %w", err)
		}
		return t.record(ctx, note.Events)
	})
	if err != nil {
		return "", fmt.Errorf("charge text message: %w", err)
	}
	return why, nil
}

// Unsent implements delivery.Purse.
func (s *Store) Unsent(ctx context.Context, id string) error {
	if _, err := s.pool.Exec(ctx, `SELECT sms_unsent($1)`, id); err != nil {
		return fmt.Errorf("take back a charge: %w", err)
	}
	return nil
}

// Spent tells what was spent today and in this month, by country.
func (s *Store) Spent(ctx context.Context) (spend.Report, error) {
	now := s.now().UTC()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	day, err := s.spentFrom(ctx, now, now)
	if err != nil {
		return spend.Report{}, err
	}
	month, err := s.spentFrom(ctx, first, now)
	return spend.Report{Day: day, Month: month}, err
}

// spentFrom adds days up, both ends among them.
func (s *Store) spentFrom(ctx context.Context, from, to time.Time) ([]spend.Line, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT country, sum(messages)::bigint, sum(segments)::bigint, sum(cost)::bigint FROM sms_day
		WHERE day BETWEEN $1 AND $2 AND messages > 0 GROUP BY country ORDER BY country`, from.Format(time.DateOnly), to.Format(time.DateOnly))
	if err != nil {
		return nil, fmt.Errorf("read what was spent: %w", err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByPos[spend.Line])
	if err != nil {
		return nil, fmt.Errorf("read what was spent: %w", err)
	}
	return lines, nil
}

// What was charged is kept as long as a dead letter, which may be tried again; days are kept for comparison.
const (
	keepCharges = 92 * 24 * time.Hour
	keepDays    = 800 * 24 * time.Hour
)

func (s *Store) forgetSpending(ctx context.Context, now time.Time) error {
	for _, old := range []struct {
		sql    string
		before time.Time
	}{
		{`DELETE FROM sms_charge WHERE at < $1`, now.Add(-keepCharges)},
		{`DELETE FROM sms_day WHERE day < $1::timestamptz::date`, now.Add(-keepDays)},
		{`DELETE FROM sms_warning WHERE day < $1::timestamptz::date`, now.Add(-keepCharges)},
	} {
		if _, err := s.pool.Exec(ctx, old.sql, old.before); err != nil {
			return fmt.Errorf("forget what was spent: %w", err)
		}
	}
	return nil
}
