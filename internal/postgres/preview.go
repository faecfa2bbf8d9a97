package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/preview"
)

var _ preview.Store = (*Store)(nil)

// Copies implements preview.Store.
func (s *Store) Copies(ctx context.Context) ([]preview.Copy, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT directory, current, (SELECT count(*) FROM person p WHERE p.dir = s.dir AND gone IS NULL) FROM sync_state s ORDER BY directory`)
	if err != nil {
		return nil, fmt.Errorf("read how old the copy is: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c preview.Copy, err error) {
		return c, row.Scan(&c.Directory, orZero{&c.At}, &c.People)
	})
	if err != nil {
		return nil, fmt.Errorf("read how old the copy is: %w", err)
	}
	return all, nil
}

// decidingColumns are what decisions look at.
const decidingColumns = `object, disabled, expired, privileged, synced, sam, upn, netbios, path, sid, anchor, attributes`

// People implements preview.Store.
func (s *Store) People(ctx context.Context, directory, after string, most int) ([]account.Account, error) {
	behind, _ := keyOf(after) // all zero without one, which is no object's
	return s.people(ctx, directory, `
		SELECT `+decidingColumns+` FROM person WHERE dir = (SELECT dir FROM sync_state WHERE directory = $1) AND object > $2 AND gone IS NULL
		ORDER BY object LIMIT $3`, behind, most)
}

// Anchored implements preview.Store. An account without an anchor has none to be found by, and is not in the index.
func (s *Store) Anchored(ctx context.Context, directory string, anchors []string) ([]account.Account, error) {
	return s.people(ctx, directory, `
		SELECT `+decidingColumns+` FROM person WHERE dir = (SELECT dir FROM sync_state WHERE directory = $1) AND anchor = ANY($2) AND anchor <> ''
			AND gone IS NULL`, anchors)
}

func (s *Store) people(ctx context.Context, directory, query string, args ...any) ([]account.Account, error) {
	rows, err := s.pool.Query(ctx, query, append([]any{directory}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the copy of %s: %w", directory, err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (account.Account, error) {
		a := account.Account{ID: account.ID{Directory: directory}}
		var object uuid.UUID
		err := row.Scan(&object, &a.State.Disabled, &a.State.Expired, &a.State.Privileged, &a.State.Synced, &a.SAM, &a.UPN, &a.NetBIOS, &a.Path,
			&a.SID, &a.Anchor, &a.Attributes)
		a.ID.Object = object.String()
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the copy of %s: %w", directory, err)
	}
	return all, nil
}

// Known implements preview.Store.
func (s *Store) Known(ctx context.Context, directory string, objects []string) (map[string]preview.Known, error) {
	credentials, direct := map[string][]authenticator.Credential{}, map[key][]key{}
	batch := &pgx.Batch{}
	enrolled(batch, credentials, directory, objects, s.now())
	memberships(batch, direct, directory, objects)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("read what is known of people of %s: %w", directory, err)
	}
	nested, err := s.nested(ctx, directory, direct)
	if err != nil {
		return nil, fmt.Errorf("read groups of %s: %w", directory, err)
	}
	known := make(map[string]preview.Known, len(objects))
	for _, o := range objects {
		k := preview.Known{Credentials: credentials[o]}
		if id, ok := keyOf(o); ok {
			k.Groups = groupsOf(direct[id], nested)
		}
		known[o] = k
	}
	return known, nil
}

// enrolled reads credentials of many accounts at once, oldest first. What they hold stays sealed.
func enrolled(batch *pgx.Batch, found map[string][]authenticator.Credential, directory string, objects []string, now time.Time) {
	batch.Queue(`
		SELECT object, id, version, kind, label, channel, created FROM credential
		WHERE directory = $1 AND object = ANY($2) AND (expires IS NULL OR expires > $3) ORDER BY created, id`,
		directory, objects, now).Query(func(rows pgx.Rows) error {
		c := authenticator.Credential{}
		c.Account.Directory = directory
		_, err := pgx.ForEachRow(rows, []any{&c.Account.Object, &c.ID, &c.Version, &c.Kind, &c.Label, &c.Channel, &c.Created}, func() error {
			found[c.Account.Object] = append(found[c.Account.Object], c)
			return nil
		})
		return err
	})
}

// memberships reads the groups that accounts are in directly.
func memberships(batch *pgx.Batch, found map[key][]key, directory string, objects []string) {
	batch.Queue(`
		WITH d AS (SELECT dir FROM sync_state WHERE directory = $1)
		SELECT child, grp FROM member WHERE dir = (SELECT dir FROM d) AND child = ANY($2::uuid[])
		UNION ALL SELECT p.object, g.object FROM person p JOIN grp g ON g.dir = p.dir AND g.policy = ANY(p.own_groups)
			WHERE p.dir = (SELECT dir FROM d) AND p.object = ANY($2::uuid[])`,
		directory, keysOf(objects)).Query(func(rows pgx.Rows) error {
		var who, grp key
		_, err := pgx.ForEachRow(rows, []any{&who, &grp}, func() error {
			found[who] = append(found[who], grp)
			return nil
		})
		return err
	})
}

// nested reads, for every group that somebody is in, that group and those it is in itself. UNION leaves out what was met before, so
// that a group in itself ends.
func (s *Store) nested(ctx context.Context, directory string, direct map[key][]key) (map[key][]account.Group, error) {
	all := map[key][]account.Group{}
	for _, groups := range direct {
		for _, g := range groups {
			all[g] = nil
		}
	}
	if len(all) == 0 {
		return all, nil
	}
	rows, err := s.pool.Query(ctx, `
		WITH RECURSIVE d AS (SELECT dir FROM sync_state WHERE directory = $1), up (low, grp) AS (
			SELECT g, g FROM unnest($2::uuid[]) AS g
			UNION SELECT up.low, m.grp FROM up JOIN member m ON m.dir = (SELECT dir FROM d) AND m.child = up.grp
		)
		SELECT up.low, g.policy, g.name FROM up JOIN grp g ON g.dir = (SELECT dir FROM d) AND g.object = up.grp`,
		directory, slices.Collect(maps.Keys(all)))
	if err != nil {
		return nil, err
	}
	var low key
	var g account.Group
	_, err = pgx.ForEachRow(rows, []any{&low, &g.ID, &g.Name}, func() error {
		all[low] = append(all[low], g)
		return nil
	})
	return all, err
}

// groupsOf puts together what somebody is in, each group once.
func groupsOf(direct []key, nested map[key][]account.Group) []account.Group {
	var all []account.Group
	seen := map[string]bool{}
	for _, d := range direct {
		for _, g := range nested[d] {
			if !seen[g.ID] {
				seen[g.ID] = true
				all = append(all, g)
			}
		}
	}
	return all
}
