package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/evidence"
)

// foldAtOnce is how many records one look counts at most: about a tenth of a second. What is left, the next look counts.
const foldAtOnce = 200_000

// foldDays counts records that came since it was last done. One counts, others take what is there.
func (s *Store) foldDays(ctx context.Context) error {
	return s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`
			WITH head AS (
				SELECT next AS low, least(next + $1, (SELECT size FROM audit_head)) AS high FROM audit_day_head FOR UPDATE SKIP LOCKED
			), counted AS (
				SELECT (e.at AT TIME ZONE 'UTC')::date AS day, e.shape, count(*) AS records
				FROM audit_event e WHERE e.seq >= (SELECT low FROM head) AND e.seq < (SELECT high FROM head) GROUP BY 1, 2
			), kept AS (
				INSERT INTO audit_day AS d (day, shape, records) SELECT day, shape, records FROM counted
				ON CONFLICT (day, shape) DO UPDATE SET records = d.records + excluded.records
			)
			UPDATE audit_day_head SET next = head.high FROM head WHERE head.high > next`, foldAtOnce)
		return t.finish(ctx)
	})
}

// dailyUpTo is how long a time is drawn day by day.
const dailyUpTo = 92 * 24 * time.Hour

// TallyAudit implements evidence.Store.
func (s *Store) TallyAudit(ctx context.Context, q evidence.Query) (evidence.Tally, error) {
	t, err := s.tallyAudit(ctx, q)
	if err != nil {
		return evidence.Tally{}, fmt.Errorf("count audit records: %w", err)
	}
	return t, nil
}

func (s *Store) tallyAudit(ctx context.Context, q evidence.Query) (evidence.Tally, error) {
	h, err := hunt(ctx, s.pool, q)
	if err != nil || h.none {
		return evidence.Tally{}, err
	}
	if !q.Loose() {
		return h.newest(ctx, s.pool)
	}
	if err := s.foldDays(ctx); err != nil {
		return evidence.Tally{}, err
	}
	t, err := h.days(ctx, s.pool, q)
	if err != nil || q.From.IsZero() && q.Until.IsZero() {
		return t, err
	}
	t.Total, t.More, err = h.count(ctx, s.pool) // the edges are not at midnight
	return t, err
}

// days adds up what was counted by day.
func (h *hunted) days(ctx context.Context, db reader, q evidence.Query) (t evidence.Tally, err error) {
	var first, last *time.Time
	args := []any{h.kinds, day(q.From), day(q.Until)}
	if !q.Until.IsZero() {
		args[2] = day(q.Until.Add(-time.Nanosecond)) // it is not part of the time
	}
	const which = ` FROM audit_day d WHERE ($1::int[] IS NULL OR d.shape = ANY($1)) AND ($2::date IS NULL OR d.day >= $2) AND ($3::date IS NULL OR d.day <= $3)`
	err = db.QueryRow(ctx, `SELECT coalesce(sum(d.records), 0)::bigint, min(d.day), max(d.day)`+which, args...).Scan(&t.Total, &first, &last)
	if err != nil || first == nil || last == nil {
		return t, err
	}
	unit := "day"
	if t.Monthly = last.Sub(*first) > dailyUpTo; t.Monthly {
		unit = "month"
	}
	rows, err := db.Query(ctx, `
		SELECT date_trunc('`+unit+`', d.day::timestamp), coalesce(sum(d.records) FILTER (WHERE k.outcome = 'ok'), 0)::bigint,
			coalesce(sum(d.records) FILTER (WHERE k.outcome = 'refused'), 0)::bigint,
			coalesce(sum(d.records) FILTER (WHERE k.outcome NOT IN ('ok', 'refused')), 0)::bigint
		FROM (SELECT d.day, d.shape, d.records`+which+`) d JOIN audit_shape k ON k.id = d.shape GROUP BY 1 ORDER BY 1`, args...)
	if err != nil {
		return t, err
	}
	t.Buckets, err = buckets(rows)
	return t, err
}

func day(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	d := t.UTC().Truncate(24 * time.Hour)
	return &d
}

func buckets(rows pgx.Rows) ([]evidence.Bucket, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (b evidence.Bucket, err error) {
		return b, row.Scan(&b.Start, &b.OK, &b.Refused, &b.Failed)
	})
}

// count counts what was hunted, up to what is counted one by one.
func (h *hunted) count(ctx context.Context, db reader) (total int64, more bool, err error) {
	c := *h
	c.args = append([]any{pgx.QueryExecModeDescribeExec}, h.args...)
	from := "audit_event e WHERE " + h.where()
	if h.kinds != nil {
		c.args = append(c.args, h.kinds)
		from = fmt.Sprintf(`unnest($%d::int[]) AS k (id) CROSS JOIN LATERAL (
			SELECT e.seq FROM audit_event e WHERE e.shape = k.id AND %s LIMIT %d) AS few`, len(h.args)+1, h.where(), evidence.Countable+1)
	}
	err = db.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM %s LIMIT %d) AS few`, from, evidence.Countable+1), c.args...).Scan(&total)
	if total > evidence.Countable {
		return evidence.Countable, true, err
	}
	return total, false, err
}

// newest counts the newest records of those few that were hunted.
func (h *hunted) newest(ctx context.Context, db reader) (t evidence.Tally, err error) {
	n := *h
	n.args = append([]any{}, h.args...)
	most := n.arg(evidence.Countable + 1)
	hits := n.numbers("DESC", most)
	sql := fmt.Sprintf(`
		WITH hits AS MATERIALIZED (
			SELECT e.at AT TIME ZONE 'UTC' AS at, e.outcome FROM (SELECT DISTINCT seq FROM (%s) AS few ORDER BY seq DESC LIMIT %s) AS few JOIN audit_event e USING (seq)
		), span AS (SELECT CASE WHEN max(at) - min(at) > interval '%d hours' THEN 'month' ELSE 'day' END AS unit FROM hits)
		SELECT date_trunc(span.unit, at), count(*) FILTER (WHERE outcome = 'ok'), count(*) FILTER (WHERE outcome = 'refused'),
			count(*) FILTER (WHERE outcome NOT IN ('ok', 'refused')), span.unit = 'month'
		FROM hits, span GROUP BY 1, 5 ORDER BY 1`, hits, most, int(dailyUpTo.Hours()))
	rows, err := db.Query(ctx, sql, append([]any{pgx.QueryExecModeDescribeExec}, n.args...)...)
	if err != nil {
		return t, err
	}
	t.Buckets, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (b evidence.Bucket, err error) {
		return b, row.Scan(&b.Start, &b.OK, &b.Refused, &b.Failed, &t.Monthly)
	})
	for _, b := range t.Buckets {
		t.Total += int64(b.OK + b.Refused + b.Failed)
	}
	if t.Total > evidence.Countable {
		t.Total, t.More, t.Newest = evidence.Countable, true, true
	}
	return t, err
}
