package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/directory"
)

// CountResidents implements sync.Store. Whoever can sign in is counted with the directory that recovery takes their account from: not
// with one that only has a copy of it, nor with the second one of two that are linked.
func (s *Store) CountResidents(ctx context.Context, links []directory.Link, now, unless time.Time) error {
	homes, others := make([]string, len(links)), make([]string, len(links))
	for i, l := range links {
		homes[i], others[i] = l.Home, l.Other
	}
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		var fresh bool
		t.batch.Queue(`SELECT pg_advisory_xact_lock(hashtextextended('residents', 0))`)
		t.batch.Queue(`SELECT EXISTS (SELECT FROM resident WHERE counted > $1)`, unless).QueryRow(func(row pgx.Row) error { return row.Scan(&fresh) })
		if err := t.send(ctx); err != nil {
			return err
		}
		if !fresh {
			t.batch.Queue(`DELETE FROM resident`)
			t.batch.Queue(`
				INSERT INTO resident (domain, directory, people, counted) SELECT n.domain, s.directory, count(*), $1
				FROM person p JOIN sync_state s ON s.dir = p.dir CROSS JOIN LATERAL (
					SELECT DISTINCT lower(split_part(name, '@', -1)) AS domain
					FROM unnest(p.mails || CASE p.upn WHEN '' THEN p.sam || '@' || s.directory ELSE p.upn END) AS name WHERE name LIKE '%@_%'
				) n
				WHERE p.gone IS NULL AND NOT p.disabled AND NOT p.synced AND NOT EXISTS (
					SELECT FROM unnest($2::text[], $3::text[]) AS l (home, other), sync_state sh, person h
					WHERE l.other = s.directory AND sh.directory = l.home AND h.dir = sh.dir AND h.gone IS NULL
						AND h.anchor = p.anchor AND h.sid = p.sid AND p.anchor <> '' AND p.sid <> ''
				)
				GROUP BY n.domain, s.directory`, now, homes, others)
		}
		return t.finish(ctx)
	})
	if err != nil {
		return fmt.Errorf("count names by domain: %w", err)
	}
	return nil
}

// Residents implements recovery.Store.
func (s *Store) Residents(ctx context.Context, domain string) ([]directory.Share, error) {
	rows, err := s.pool.Query(ctx, `SELECT directory, people FROM resident WHERE domain = $1 ORDER BY directory`, domain)
	if err != nil {
		return nil, fmt.Errorf("read who has names in a domain: %w", err)
	}
	shares, err := pgx.CollectRows(rows, pgx.RowToStructByPos[directory.Share])
	if err != nil {
		return nil, fmt.Errorf("read who has names in a domain: %w", err)
	}
	return shares, nil
}
