package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"rekey/internal/rulebook"
)

// Scopes searches the copy of the directories for what scopes can name: rulebook.Scopes.
type Scopes struct{ store *Store }

var _ rulebook.Scopes = Scopes{}

// Scopes gives the search.
func (s *Store) Scopes() Scopes { return Scopes{s} }

// findQuery gives value, label, what tells two apart. $1 is found anywhere in a name, $2 at its beginning.
func findQuery(what rulebook.Kind) string {
	switch what {
	case rulebook.Groups:
		return `
			SELECT g.policy, g.name, s.directory FROM grp g JOIN sync_state s USING (dir) WHERE g.name ILIKE $1
			ORDER BY g.name NOT ILIKE $2, lower(g.name), g.policy LIMIT $3`
	case rulebook.Units:
		return `
			SELECT u.path, u.name, u.path FROM unit u WHERE u.name ILIKE $1 OR u.path ILIKE $1
			ORDER BY u.name NOT ILIKE $2, u.name NOT ILIKE $1, length(u.path), u.path LIMIT $3`
	}
	return `
		SELECT s.directory || '/' || p.object, CASE p.display_name WHEN '' THEN p.sam ELSE p.display_name END,
			CASE p.upn WHEN '' THEN p.sam ELSE p.upn END || ', ' || s.directory
		FROM person p JOIN sync_state s USING (dir)
		WHERE p.gone IS NULL AND (p.display_name ILIKE $1 OR p.sam ILIKE $1 OR p.upn ILIKE $1)
		ORDER BY p.display_name NOT ILIKE $2 AND p.sam NOT ILIKE $2, lower(p.display_name), p.sam, p.object LIMIT $3`
}

// Find implements rulebook.Scopes.
func (s Scopes) Find(ctx context.Context, what rulebook.Kind, text string, most int) ([]rulebook.Found, error) {
	literal := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(clean(text))
	return s.found(ctx, findQuery(what), "%"+literal+"%", literal+"%", most)
}

// Named implements rulebook.Scopes.
func (s Scopes) Named(ctx context.Context, what rulebook.Kind, values []string) (map[string]rulebook.Found, error) {
	if len(values) == 0 {
		return nil, nil //nolint:nilnil // nothing was asked for
	}
	var query string
	switch what {
	case rulebook.Groups:
		query = `
			SELECT v, g.name, s.directory FROM unnest($1::text[]) AS v JOIN grp g ON lower(g.policy) = lower(v) JOIN sync_state s USING (dir)`
	case rulebook.Units:
		query = `
			SELECT v, u.name, u.path FROM unnest($1::text[]) AS v JOIN unit u ON lower(u.path) = lower(v)`
	default:
		query = `
			SELECT v, CASE p.display_name WHEN '' THEN p.sam ELSE p.display_name END, CASE p.upn WHEN '' THEN p.sam ELSE p.upn END || ', ' || s.directory
			FROM unnest($1::text[]) AS v JOIN sync_state s ON s.directory = lower(split_part(v, '/', 1))
			JOIN person p ON p.dir = s.dir AND p.object::text = lower(split_part(v, '/', 2))`
	}
	all, err := s.found(ctx, query, values)
	if err != nil {
		return nil, err
	}
	named := make(map[string]rulebook.Found, len(all))
	for _, f := range all {
		named[f.Value] = f
	}
	return named, nil
}

func (s Scopes) found(ctx context.Context, query string, args ...any) ([]rulebook.Found, error) {
	rows, err := s.store.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("search the copy: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[rulebook.Found])
	if err != nil {
		return nil, fmt.Errorf("search the copy: %w", err)
	}
	return all, nil
}
