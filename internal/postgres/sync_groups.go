package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/account"
	"rekey/internal/directory"
)

var _ directory.GroupCache = (*Store)(nil)

// CachedGroups implements directory.GroupCache. UNION leaves out what was met before, so that a group in itself ends.
func (s *Store) CachedGroups(ctx context.Context, id account.ID) ([]account.Group, time.Time, error) {
	object, ok := keyOf(id.Object)
	if !ok {
		return nil, time.Time{}, directory.ErrNotFound
	}
	rows, err := s.pool.Query(ctx, `
		WITH RECURSIVE who AS (
			SELECT p.dir, p.object, p.own_groups, s.current FROM sync_state s JOIN person p ON p.dir = s.dir
			WHERE s.directory = $1 AND s.current IS NOT NULL AND p.object = $2 AND p.gone IS NULL
		), up AS (
			SELECT m.grp FROM who JOIN member m ON m.dir = who.dir AND m.child = who.object
			UNION SELECT g.object FROM who JOIN grp g ON g.dir = who.dir AND g.policy = ANY(who.own_groups)
			UNION SELECT m.grp FROM up JOIN member m ON m.child = up.grp AND m.dir = (SELECT dir FROM who)
		)
		SELECT current, g.policy, g.name FROM who LEFT JOIN (up JOIN grp g ON g.object = up.grp) ON g.dir = who.dir ORDER BY g.policy`,
		id.Directory, object)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read remembered groups: %w", err)
	}
	var groups []account.Group
	var at time.Time
	var policy, name *string
	if _, err = pgx.ForEachRow(rows, []any{&at, &policy, &name}, func() error {
		if policy != nil {
			groups = append(groups, account.Group{ID: *policy, Name: *name})
		}
		return nil
	}); err != nil {
		return nil, time.Time{}, fmt.Errorf("read remembered groups: %w", err)
	}
	if at.IsZero() {
		return nil, time.Time{}, directory.ErrNotFound
	}
	return groups, at.UTC(), nil
}
