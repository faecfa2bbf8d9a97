package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"rekey/internal/account"
	"rekey/internal/evidence"
)

// SavedSearches implements evidence.Searches.
func (s *Store) SavedSearches(ctx context.Context, who account.ID) ([]evidence.Saved, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id, directory, object, name, query, owner, shared, made FROM audit_search
		WHERE shared OR (directory, object) = ($1, $2) ORDER BY lower(name), made`, who.Directory, who.Object)
	if err != nil {
		return nil, fmt.Errorf("list saved searches: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v evidence.Saved, err error) {
		return v, row.Scan(&v.ID, &v.Owner.Directory, &v.Owner.Object, &v.Name, &v.Query, &v.By, &v.Shared, &v.Made)
	})
	if err != nil {
		return nil, fmt.Errorf("list saved searches: %w", err)
	}
	return all, nil
}

// SaveSearch implements evidence.Searches.
func (s *Store) SaveSearch(ctx context.Context, v evidence.Saved) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO audit_search (id, directory, object, owner, name, query, shared, made) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		v.ID, v.Owner.Directory, v.Owner.Object, v.By, clean(v.Name), clean(v.Query), v.Shared, v.Made)
	if err != nil {
		return fmt.Errorf("save a search: %w", err)
	}
	return nil
}

// DropSearch implements evidence.Searches.
func (s *Store) DropSearch(ctx context.Context, who account.ID, id string) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM audit_search WHERE id = $1 AND (directory, object) = ($2, $3)`, id, who.Directory, who.Object)
	if err != nil {
		return fmt.Errorf("remove a search: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return notFound(errors.New("no such search of this administrator"))
	}
	return nil
}
