package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/keyset"
	lab "rekey/internal/lab/postgres"
	"rekey/internal/policy"
	"rekey/internal/postgres"
	"rekey/internal/report"
)

// manyAttempts fills the rows that figures are made of: over 90 days, of twenty policies, one in ten under a name nobody has.
const manyAttempts = `
	INSERT INTO attempt (flow, directory, object, action, policy, device, started, ended, ending, at, why, kind, asked, accepted, rejected)
	SELECT 'f' || i, 'corp.example.test', CASE WHEN i % 10 = 0 THEN '' ELSE 'o' || i % 20000 END, (ARRAY['reset', 'reset', 'unlock', 'change'])[1 + i % 4],
		'Policy ' || i % 20, (ARRAY['phone', 'computer', 'tablet'])[1 + i % 3], $2::timestamptz - i * interval '90 days' / $1::int,
		$2::timestamptz - i * interval '90 days' / $1::int + (20 + i % 100) * interval '1 second', (ARRAY['done', 'done', 'done', 'given-up', 'refused'])[1 + i % 5],
		(ARRAY['first-proof', 'second-proof', 'password'])[1 + i % 3], (ARRAY['no-answer', 'wrong-code', 'left'])[1 + i % 3], (ARRAY['totp', 'mail'])[1 + i % 2],
		'{mail}', CASE i % 2 WHEN 0 THEN ARRAY['totp'] ELSE ARRAY['mail'] END, '{}'
	FROM generate_series(0, $1::int - 1) AS i`

// figures measures what the overview reads: the figures of four weeks, of those before, and of this month and the last.
func (o Options) figures(ctx context.Context, r *Report, n amounts) (err error) {
	c, err := lab.Start(ctx, lab.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.CreateDatabase(ctx, "figures", ""); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, c.URL("figures")); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, c.URL("figures"))
	if err != nil {
		return err
	}
	defer pool.Close()
	keys, err := keyset.Load(ctx, postgres.NewKeyStore(pool), make([]byte, keyset.KEKSize))
	if err != nil {
		return err
	}
	store, err := postgres.New(pool, keys, time.Now)
	if err != nil {
		return err
	}
	now := time.Now()
	if _, err := pool.Exec(ctx, manyAttempts, n.attempts, now); err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, `ANALYZE attempt`); err != nil {
		return err
	}
	return overview(ctx, r, report.New(store, time.Now), now, n)
}

func overview(ctx context.Context, r *Report, s *report.Service, now time.Time, n amounts) error {
	four := report.Last(28, now, time.UTC)
	var page, quarter []float64
	for range n.looks {
		begun := time.Now()
		for _, part := range []struct {
			days report.Range
			of   report.Of
		}{{four, report.Of{}}, {four.Before(), report.Of{}}, {report.Last(62, now, time.UTC), report.Of{Action: policy.Reset}}} {
			f, err := s.Figures(ctx, part.days, part.of)
			if err != nil {
				return err
			}
			if f.Total.Done == 0 {
				return fmt.Errorf("of %d attempts none is done", n.attempts)
			}
		}
		page = append(page, millis(begun))
		begun = time.Now()
		if _, err := s.Figures(ctx, report.Last(90, now, time.UTC), report.Of{}); err != nil {
			return err
		}
		quarter = append(quarter, millis(begun))
	}
	part := "Figures of " + figure(float64(n.attempts)) + " attempts"
	r.add(Line{Part: part, Name: "all that the overview reads", Unit: "ms", Aim: below(1000)}, page...)
	r.add(Line{Part: part, Name: "one report on all of them, 90 days", Unit: "ms", Aim: below(1000)}, quarter...)
	return nil
}

func millis(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }
