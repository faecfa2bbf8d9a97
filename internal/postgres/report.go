package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/audit"
	"rekey/internal/factor"
	"rekey/internal/report"
)

var _ report.All = (*Store)(nil)

// Fold implements report.Store. Records have their numbers in the order they were committed in, since all take turns at the log's head,
// so that none turns up behind those that were read.
func (s *Store) Fold(ctx context.Context, most int) (read int, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		read = 0
		var next int64
		t.batch.Queue(`SELECT next FROM attempt_head FOR UPDATE`).QueryRow(func(row pgx.Row) error { return row.Scan(&next) })
		if err := t.send(ctx); err != nil {
			return err
		}
		events, err := t.behind(ctx, next, most)
		if err != nil || len(events) == 0 {
			return err
		}
		read = len(events)
		if err := t.fold(ctx, events); err != nil {
			return err
		}
		t.batch.Queue(`UPDATE attempt_head SET next = $1, at = $2`, next+int64(read), events[read-1].At)
		return t.finish(ctx)
	})
	if err != nil {
		return 0, fmt.Errorf("read the audit log for figures: %w", err)
	}
	return read, nil
}

// Refold implements report.Store.
func (s *Store) Refold(ctx context.Context) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`UPDATE attempt_head SET next = 0, at = NULL`)
		t.batch.Queue(`DELETE FROM attempt`) // TRUNCATE would keep everybody from looking meanwhile
		return t.finish(ctx)
	})
	if err != nil {
		return fmt.Errorf("forget figures: %w", err)
	}
	return nil
}

// behind reads what the log has from a number on. Of events that concern no attempt it reads the time only.
func (t *tx) behind(ctx context.Context, next int64, most int) ([]audit.Event, error) {
	rows, err := t.conn.Query(ctx, `
		SELECT name, at, outcome, directory, object, flow, reason, leaf, coalesce(personal->>'agent', ''), coalesce(personal->'detail'->>'left', '')
		FROM audit_event WHERE seq >= $1 ORDER BY seq LIMIT $2`, next, most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (ev audit.Event, err error) {
		var leaf []byte
		var left string
		err = row.Scan((*string)(&ev.Name), &ev.At, (*string)(&ev.Outcome), &ev.Subject.Directory, &ev.Subject.Object, &ev.Flow, &ev.Reason, &leaf,
			&ev.Source.Agent, &left)
		if err != nil || ev.Flow == "" {
			return ev, err
		}
		var l struct {
			Purpose string        `json:"purpose"`
			Policy  string        `json:"policy"`
			Factors []factor.Kind `json:"factors"`
		}
		err = json.Unmarshal(leaf, &l)
		ev.Purpose, ev.Policy, ev.Factors, ev.Detail = l.Purpose, l.Policy, l.Factors, map[string]string{audit.LeftAt: left}
		return ev, err
	})
}

// fold moves attempts on by events. Sessions have events with numbers of flows, too, which belong to no attempt.
func (t *tx) fold(ctx context.Context, events []audit.Event) error {
	all := map[string]*report.Attempt{}
	var earlier []string
	for _, ev := range events {
		if a, ok := report.Started(ev); ok {
			all[ev.Flow] = &a
		} else if ev.Flow != "" && all[ev.Flow] == nil {
			earlier = append(earlier, ev.Flow)
		}
	}
	if err := t.known(ctx, all, earlier); err != nil {
		return err
	}
	for _, ev := range events {
		if a := all[ev.Flow]; a != nil {
			a.Take(ev)
		}
	}
	for _, a := range all {
		t.batch.Queue(`
			INSERT INTO attempt (`+attemptColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
			ON CONFLICT (flow) DO UPDATE SET ended = EXCLUDED.ended, ending = EXCLUDED.ending, at = EXCLUDED.at, why = EXCLUDED.why,
				kind = EXCLUDED.kind, asked = EXCLUDED.asked, accepted = EXCLUDED.accepted, rejected = EXCLUDED.rejected`,
			a.Flow, a.Account.Directory, a.Account.Object, a.Action, a.Policy, a.Device, a.Started, orNull(a.Ended), string(a.Ending),
			string(a.At), a.Why, string(a.Kind), a.Asked, a.Accepted, a.Rejected)
	}
	return t.send(ctx)
}

const attemptColumns = `flow, directory, object, action, policy, device, started, ended, ending, at, why, kind, asked, accepted, rejected`

// known reads attempts that began before.
func (t *tx) known(ctx context.Context, all map[string]*report.Attempt, flows []string) error {
	rows, err := t.conn.Query(ctx, `SELECT `+attemptColumns+` FROM attempt WHERE flow = ANY($1)`, flows)
	if err != nil {
		return err
	}
	known, err := pgx.CollectRows(rows, attemptRow)
	for i := range known {
		all[known[i].Flow] = &known[i]
	}
	return err
}

func attemptRow(row pgx.CollectableRow) (a report.Attempt, err error) {
	return a, row.Scan(&a.Flow, &a.Account.Directory, &a.Account.Object, &a.Action, &a.Policy, &a.Device, &a.Started, orZero{&a.Ended},
		(*string)(&a.Ending), (*string)(&a.At), &a.Why, (*string)(&a.Kind), &a.Asked, &a.Accepted, &a.Rejected)
}

// Tally implements report.Store.
func (s *Store) Tally(ctx context.Context, r report.Range, of report.Of) (tally report.Tally, err error) {
	one := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	w := wanted{Range: r, Of: of}
	err = pgx.BeginTxFunc(ctx, s.pool, one, func(p pgx.Tx) error {
		for _, read := range []func(context.Context, pgx.Tx, wanted, *report.Tally) error{
			tallyDays, tallyTimes, tallySteps, tallyMethods, tallyPolicies, tallyRest,
		} {
			if err := read(ctx, p, w, &tally); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return report.Tally{}, fmt.Errorf("sum up attempts: %w", err)
	}
	return tally, nil
}

// wanted is what a tally is about. Its SQL takes the first parameters: $1 to $4.
type wanted struct {
	report.Range
	report.Of
}

const isWanted = `started >= $1 AND started < $2 AND ($3 = '' OR action = $3) AND ($4 = '' OR policy = $4)`

func (w wanted) args(more ...any) []any {
	return append([]any{w.From(), w.Until(), string(w.Action), w.Policy}, more...)
}

func tallyDays(ctx context.Context, p pgx.Tx, w wanted, to *report.Tally) error {
	rows, err := p.Query(ctx, `
		SELECT width_bucket(started, $5::timestamptz[]) - 1, action, device, ending, object = '', count(*) FROM attempt
		WHERE `+isWanted+` GROUP BY 1, 2, 3, 4, 5`, w.args(w.Bounds())...)
	if err != nil {
		return err
	}
	to.Lines, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l report.TallyLine, err error) {
		return l, row.Scan(&l.Day, &l.Action, &l.Device, (*string)(&l.Ending), &l.Nobody, &l.Of)
	})
	return err
}

// tallyTimes says how long those took that were done: of each day, of each action, and of all.
func tallyTimes(ctx context.Context, p pgx.Tx, w wanted, to *report.Tally) error {
	rows, err := p.Query(ctx, `
		SELECT coalesce(day, -1), coalesce(action, ''), count(*), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY took)
		FROM (
			SELECT width_bucket(started, $5::timestamptz[]) - 1 AS day, action, extract(epoch FROM ended - started)::float8 AS took FROM attempt
			WHERE `+isWanted+` AND ending = 'done'
		) AS a GROUP BY GROUPING SETS ((day), (action), ()) HAVING count(*) > 0`, w.args(w.Bounds())...)
	if err != nil {
		return err
	}
	to.Times, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l report.TallyTime, err error) {
		var at []float64
		if err := row.Scan(&l.Day, &l.Action, &l.Of, &at); err != nil {
			return l, err
		}
		l.Median, l.P90 = seconds(at[0]), seconds(at[1])
		return l, nil
	})
	return err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func tallySteps(ctx context.Context, p pgx.Tx, w wanted, to *report.Tally) error {
	rows, err := p.Query(ctx, `
		SELECT ending, at, why, kind, count(*) FROM attempt
		WHERE `+isWanted+` AND ending IN ('given-up', 'refused') AND object <> '' GROUP BY 1, 2, 3, 4`, w.args()...)
	if err != nil {
		return err
	}
	to.Steps, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l report.TallyStep, err error) {
		return l, row.Scan((*string)(&l.Ending), (*string)(&l.At), &l.Code, (*string)(&l.Kind), &l.Of)
	})
	return err
}

// tallyMethods brings equal attempts together before their lists are taken apart: there are few kinds of them.
func tallyMethods(ctx context.Context, p pgx.Tx, w wanted, to *report.Tally) error {
	rows, err := p.Query(ctx, `
		SELECT width_bucket(started, $5::timestamptz[]) - 1, ending = 'done', asked, accepted, rejected, count(*) FROM attempt
		WHERE `+isWanted+` AND object <> '' GROUP BY 1, 2, 3, 4, 5`, w.args(w.Bounds())...)
	if err != nil {
		return err
	}
	to.Methods, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l report.TallyMethods, err error) {
		return l, row.Scan(&l.Day, &l.Done, &l.Asked, &l.Accepted, &l.Rejected, &l.Of)
	})
	return err
}

func tallyPolicies(ctx context.Context, p pgx.Tx, w wanted, to *report.Tally) error {
	rows, err := p.Query(ctx, `
		SELECT policy, ending, count(*) FROM attempt WHERE `+isWanted+` AND object <> '' GROUP BY 1, 2`, w.args()...)
	if err != nil {
		return err
	}
	to.Policies, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l report.TallyPolicy, err error) {
		return l, row.Scan(&l.Policy, (*string)(&l.Ending), &l.Of)
	})
	return err
}

func tallyRest(ctx context.Context, p pgx.Tx, w wanted, to *report.Tally) error {
	return p.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM audit_event WHERE name = 'account.blocked' AND at >= $1 AND at < $2), (SELECT at FROM attempt_head)`,
		w.From(), w.Until()).Scan(&to.Blocks, orZero{&to.Counted})
}

// Used implements report.Desk.
func (s *Store) Used(ctx context.Context, directory string, objects []string, since time.Time) (map[string][]factor.Kind, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT object, array_agg(DISTINCT k.way) FILTER (WHERE k.way IS NOT NULL) FROM attempt LEFT JOIN unnest(accepted) AS k (way) ON true
		WHERE directory = $1 AND object = ANY($2) AND object <> '' AND started >= $3 AND ending = 'done' GROUP BY object`, directory, objects, since)
	if err != nil {
		return nil, fmt.Errorf("read who used what: %w", err)
	}
	used := map[string][]factor.Kind{}
	var object string
	var kinds []factor.Kind
	_, err = pgx.ForEachRow(rows, []any{&object, &kinds}, func() error {
		used[object] = append([]factor.Kind(nil), kinds...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who used what: %w", err)
	}
	return used, nil
}

// SetUp implements report.Store.
func (s *Store) SetUp(ctx context.Context, r report.Range) ([]report.SetUp, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT kind, width_bucket(created, $1::timestamptz[]) - 1, count(*) FROM credential
		WHERE created < $2 GROUP BY 1, 2 ORDER BY 1`, r.Bounds(), r.Until())
	if err != nil {
		return nil, fmt.Errorf("count what was set up: %w", err)
	}
	var all []report.SetUp
	var kind factor.Kind
	var day int
	var n int64
	_, err = pgx.ForEachRow(rows, []any{(*string)(&kind), &day, &n}, func() error {
		if len(all) == 0 || all[len(all)-1].Kind != kind {
			all = append(all, report.SetUp{Kind: kind, Days: make([]int64, r.Len())})
		}
		if last := &all[len(all)-1]; day < 0 {
			last.Before = n
		} else {
			last.Days[day] = n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count what was set up: %w", err)
	}
	slices.SortStableFunc(all, func(a, b report.SetUp) int { return cmp.Compare(b.Sum(), a.Sum()) })
	return all, nil
}

// Queue tells how much work waits and how late the one is that has waited longest for a worker.
func (s *Store) Queue(ctx context.Context) (waiting int64, late time.Duration, err error) {
	var oldest time.Time
	err = s.pool.QueryRow(ctx, `SELECT count(*), min(scheduled_at) FROM river_job WHERE state = 'available' AND scheduled_at <= $1`, s.now()).
		Scan(&waiting, orZero{&oldest})
	if err != nil {
		return 0, 0, fmt.Errorf("count work that waits: %w", err)
	}
	if !oldest.IsZero() {
		late = s.now().Sub(oldest)
	}
	return waiting, late, nil
}
