package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/keyset"
)

var _ keyset.Store = (*KeyStore)(nil)

// KeyStore keeps the wrapped keyset. It is apart from Store, which needs the keys.
type KeyStore struct{ pool *pgxpool.Pool }

// NewKeyStore makes the store on a pool from Connect.
func NewKeyStore(pool *pgxpool.Pool) *KeyStore { return &KeyStore{pool} }

// LoadKeyset implements keyset.Store.
func (s *KeyStore) LoadKeyset(ctx context.Context) (wrapped []byte, version int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT wrapped, version FROM keyset`).Scan(&wrapped, &version)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, 0, notFound(errors.New("no keyset yet"))
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read keyset: %w", err)
	}
	return wrapped, version, nil
}

// SaveKeyset implements keyset.Store.
func (s *KeyStore) SaveKeyset(ctx context.Context, wrapped []byte, after int64) error {
	sql := `UPDATE keyset SET wrapped = $1, version = version + 1 WHERE version = $2`
	if after == 0 {
		sql = `INSERT INTO keyset (wrapped, version) VALUES ($1, $2::bigint + 1) ON CONFLICT DO NOTHING`
	}
	tag, err := s.pool.Exec(ctx, sql, wrapped, after)
	return swapped(tag.RowsAffected(), err, "save keyset")
}
