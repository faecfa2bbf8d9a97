package postgres

import (
	"context"
	"fmt"
)

// Linked counts the accounts of a directory that another masters, as far as they have been copied, and how many of them belong to an
// account of the home directory: with the same anchor and the same SID.
func (s *Store) Linked(ctx context.Context, home, other string) (tied, all int64, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT count(h.object), count(*) FROM sync_state so
		JOIN person o ON o.dir = so.dir AND o.synced AND o.gone IS NULL
		LEFT JOIN (person h JOIN sync_state sh ON sh.dir = h.dir AND sh.directory = $1)
			ON h.anchor = o.anchor AND h.sid = o.sid AND h.anchor <> '' AND h.sid <> '' AND h.gone IS NULL
		WHERE so.directory = $2`, home, other).Scan(&tied, &all)
	if err != nil {
		return 0, 0, fmt.Errorf("count linked accounts: %w", err)
	}
	return tied, all, nil
}
