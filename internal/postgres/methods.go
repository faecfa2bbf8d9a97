package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/factor"
	"rekey/internal/methods"
)

// Holdings implements methods.Store.
func (s *Store) Holdings(ctx context.Context, since time.Time) (map[factor.Kind]methods.Holding, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT kind, sum(n)::bigint, count(*), count(*) FILTER (WHERE used >= $1) FROM (
			SELECT kind, directory, object, count(*) AS n, max(last_used) AS used FROM credential GROUP BY kind, directory, object) AS person
		GROUP BY kind`, since)
	if err != nil {
		return nil, fmt.Errorf("count who has what: %w", err)
	}
	all := map[factor.Kind]methods.Holding{}
	var kind factor.Kind
	var h methods.Holding
	_, err = pgx.ForEachRow(rows, []any{&kind, &h.Credentials, &h.People, &h.Used}, func() error {
		all[kind] = h
		return nil
	})
	return all, err
}

// holderOrder gives what a list is sorted by, and whether it falls.
func holderOrder(by methods.Order) (key string, falling bool) {
	switch by {
	case methods.ByAdded:
		return `to_char(added AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS')`, true
	case methods.ByUsed:
		return `coalesce(to_char(used AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS'), '')`, true
	case methods.ByName:
	}
	return `lower(name)`, false
}

// Holders implements methods.Store.
func (s *Store) Holders(ctx context.Context, w methods.Which) ([]methods.Holder, error) {
	key, falling := holderOrder(w.Order)
	than, direction := ">", "ASC"
	if falling {
		than, direction = "<", "DESC"
	}
	literal := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(clean(w.Name))
	rows, err := s.pool.Query(ctx, `
		WITH holder AS (
			SELECT directory, object, count(*) AS n, min(created) AS added, max(last_used) AS used
			FROM credential WHERE kind = $1 GROUP BY directory, object),
		named AS (
			SELECT h.*, coalesce(nullif(p.display_name, ''), nullif(p.sam, ''), h.object) AS name,
				coalesce(nullif(p.upn, ''), p.sam, '') AS sign_in, s.current IS NOT NULL AND (p.object IS NULL OR p.gone IS NOT NULL) AS gone
			FROM holder h LEFT JOIN sync_state s USING (directory) LEFT JOIN person p ON p.dir = s.dir AND p.object::text = h.object),
		listed AS (SELECT *, (`+key+`) COLLATE "C" AS key FROM named)
		SELECT directory, object, name, sign_in, gone, n, added, used, key FROM listed
		WHERE ($2 = '%%' OR name ILIKE $2 OR sign_in ILIKE $2)
			AND CASE $3 WHEN 'used' THEN used >= $4 WHEN 'unused' THEN coalesce(used < $4, true) WHEN 'gone' THEN gone ELSE true END
			AND ($5 = '' OR (key, directory COLLATE "C", object COLLATE "C") `+than+` ($6, $5, $7))
		ORDER BY key `+direction+`, directory COLLATE "C" `+direction+`, object COLLATE "C" `+direction+` LIMIT $8`,
		w.Kind, "%"+literal+"%", w.Standing, w.Since, w.After.Directory, w.After.Key, w.After.Object, w.Most)
	if err != nil {
		return nil, fmt.Errorf("list who has %s: %w", w.Kind, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (methods.Holder, error) {
		var h methods.Holder
		var used zeronull.Timestamptz
		err := row.Scan(&h.Account.Directory, &h.Account.Object, &h.Name, &h.SignIn, &h.Gone, &h.Credentials, &h.Added, &used, &h.Cursor.Key)
		h.Cursor.Directory, h.Cursor.Object = h.Account.Directory, h.Account.Object
		h.Added, h.Used = h.Added.UTC(), utc(used)
		return h, err
	})
}
