package bench

import (
	"context"
	"fmt"
	"math/bits"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// What is in the log that is searched: a year and a bit of a house of 100,000 people.
const (
	auditDays     = 400
	auditPeople   = 100_000
	auditPolicies = 40
	auditVersions = 200
	auditSteps    = 6 // records of an attempt
	seedAtOnce    = 500_000
)

// auditKinds makes the kinds of records: 16 events × 40 policies × 10 methods. The number of a kind says what it is.
const auditKinds = `
	INSERT INTO audit_shape (id, name, outcome, actor, purpose, policy, factors) OVERRIDING SYSTEM VALUE
	SELECT e.n * 400 + p * 10 + m + 1, e.name, e.outcome, CASE WHEN e.n < 6 THEN 'visitor' WHEN e.n = 15 THEN 'operator' ELSE 'person' END,
		(ARRAY['reset', 'unlock', 'change', 'enroll'])[1 + p % 4], 'Policy ' || p, ARRAY['method-' || m]
	FROM unnest(
		ARRAY['flow.started', 'notice.failed', 'proof.requested', 'session.started', 'proof.accepted', 'proof.rejected', 'session.stepped-up', 'session.ended',
			'write.intended', 'write.done', 'method.renamed', 'write.rejected', 'flow.refused', 'flow.expired', 'method.added', 'account.unblocked'],
		ARRAY['ok', 'ok', 'ok', 'ok', 'ok', 'refused', 'ok', 'ok', 'ok', 'ok', 'ok', 'refused', 'refused', 'failed', 'ok', 'ok']
	) WITH ORDINALITY AS e0 (name, outcome, n1) CROSS JOIN LATERAL (SELECT e0.name, e0.outcome, (e0.n1 - 1)::int AS n) AS e,
	generate_series(0, 39) AS p, generate_series(0, 9) AS m
	ORDER BY 1`

// auditRecords makes the records from $1 up to $2 of $3 in all.
const auditRecords = `
	INSERT INTO audit_event (seq, at, name, outcome, directory, object, flow, reason, leaf, hashes, salt, personal, settings, by, role, ticket, shape)
	SELECT i, at, name, outcome, 'corp.example.test', object, flow, '',
		format('{"v":1,"name":"%s","at":"%s","actor":"%s","outcome":"%s","reason":"","subject":{"directory":"corp.example.test","object":"%s"},"flow":"%s",'
			'"purpose":"%s","policy":"%s","settings":%s,"factors":["%s"],"personal":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}',
			name, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), actor, outcome, object, flow, purpose, policy, version, factors[1]),
		decode(md5(i::text) || md5(i::text), 'hex'), '\x00',
		jsonb_build_object('address', address, 'agent', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0', 'request_id', md5(flow),
			'detail', jsonb_build_object('name', 'person' || person)),
		version, CASE WHEN admin THEN 'admin' || r % 12 ELSE '' END, CASE WHEN admin THEN 'help-desk' ELSE '' END,
		CASE WHEN admin THEN 'INC-' || i / 50 ELSE '' END, id
	FROM (
		SELECT i, timestamptz '2025-01-01Z' + i::float8 / $3::bigint * $4::int * interval '1 day' AS at,
			hashint8(i) & 1073741823 AS r, hashint8(i / 6 + 7) & 1073741823 AS f, i / 6 AS attempt, 1 + i * $5::bigint / $3::bigint AS version
		FROM generate_series($1::bigint, $2::bigint - 1) AS i
	) AS a CROSS JOIN LATERAL (
		SELECT f % 100000 AS person, 'flow-' || attempt AS flow, r % 200 = 0 AS admin,
			CASE WHEN f % 10 < 3 THEN '198.51.100.7' WHEN f % 10 < 6 THEN '203.0.113.' || f % 20
				ELSE '10.' || f % 200 || '.' || f / 7 % 250 || '.' || f / 11 % 250 END AS address,
			CASE WHEN i > $3::bigint / 10 * 9 AND f % 40 = 0 THEN 1 ELSE f % 40 END AS p,
			CASE WHEN r % 200 = 0 THEN 15 WHEN r % 500 = 1 THEN 14 WHEN r % 10 = 2 THEN 5 WHEN r % 60 = 3 THEN 11 + i % 3
				ELSE (ARRAY[0, 2, 4, 6, 8, 9])[1 + i % 6] END AS e,
			CASE WHEN f % 1000 = 3 THEN 9 ELSE f % 9 END AS m
	) AS b CROSS JOIN LATERAL (SELECT lpad(to_hex(person), 32, '5')::uuid::text AS object) AS c
	JOIN audit_shape k ON k.id = e * 400 + p * 10 + m + 1
	ORDER BY i`

// seedAudit fills an empty log with records that can be searched; their tree is made up.
func seedAudit(ctx context.Context, pool *pgxpool.Pool, records int, told func(done int)) error {
	indexes, err := dropIndexes(ctx, pool)
	if err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, auditKinds); err != nil {
		return fmt.Errorf("make kinds of records: %w", err)
	}
	for at := 0; at < records; at += seedAtOnce {
		if _, err := pool.Exec(ctx, auditRecords, at, min(at+seedAtOnce, records), records, auditDays, auditVersions); err != nil {
			return fmt.Errorf("make records: %w", err)
		}
		told(min(at+seedAtOnce, records))
	}
	for _, sql := range append(indexes,
		`INSERT INTO audit_day SELECT (at AT TIME ZONE 'UTC')::date, shape, count(*) FROM audit_event GROUP BY 1, 2`,
		fmt.Sprintf(`UPDATE audit_day_head SET next = %d`, records),
		fmt.Sprintf(`UPDATE audit_head SET size = %d, edge = decode(repeat('00', %d), 'hex')`, records, 32*bits.OnesCount(uint(records))),
		`VACUUM (ANALYZE) audit_event`, `VACUUM (ANALYZE) audit_day`, `VACUUM (ANALYZE) audit_shape`,
	) {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// dropIndexes takes away the indexes of the log but for its key, and gives what makes them again.
func dropIndexes(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	rows, err := pool.Query(ctx, `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'audit_event' AND indexname <> 'audit_event_pkey'`)
	if err != nil {
		return nil, err
	}
	var name, definition string
	var all, names []string
	if _, err := pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		all, names = append(all, definition), append(names, name)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, n := range names {
		if _, err := pool.Exec(ctx, `DROP INDEX `+pgx.Identifier{n}.Sanitize()); err != nil {
			return nil, err
		}
	}
	return all, nil
}
