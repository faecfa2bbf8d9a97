package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/flow"
)

// Credentials implements recovery.Store, enrollment.Store and notice.Credentials.
func (s *Store) Credentials(ctx context.Context, who account.ID) ([]authenticator.Credential, error) {
	return s.credentials(ctx, s.pool, who)
}

// Credentials implements enrollment.Tx. Every change of credentials holds the account's lock, as this transaction does.
func (t *sessionTx) Credentials(ctx context.Context, who account.ID) ([]authenticator.Credential, error) {
	if err := t.send(ctx); err != nil {
		return nil, err
	}
	return t.store.credentials(ctx, t.conn, who)
}

// querier is the pool or one connection.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func (s *Store) credentials(ctx context.Context, db querier, who account.ID) ([]authenticator.Credential, error) {
	rows, err := db.Query(ctx, `
		SELECT id, version, kind, label, channel, data, created, last_used, expires FROM credential
		WHERE directory = $1 AND object = $2 AND (expires IS NULL OR expires > $3) ORDER BY created, id`, who.Directory, who.Object, s.now())
	if err != nil {
		return nil, fmt.Errorf("list credentials: %w", err)
	}
	cs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (authenticator.Credential, error) { return s.credential(row, who) })
	if err != nil {
		return nil, fmt.Errorf("list credentials: %w", err)
	}
	return cs, nil
}

func (s *Store) credential(row pgx.Row, who account.ID) (authenticator.Credential, error) {
	c := authenticator.Credential{Account: who}
	var sealed []byte
	var used zeronull.Timestamptz
	if err := row.Scan(&c.ID, &c.Version, &c.Kind, &c.Label, &c.Channel, &sealed, &c.Created, &used, orZero{&c.Expires}); err != nil {
		return c, err
	}
	c.Created, c.LastUsed = c.Created.UTC(), utc(used)
	var err error
	c.Data, err = s.keys.Open(sealCredential, sealed, []byte(credentialRow(c)))
	return c, err
}

// credentialRow is what a credential's data is bound to: moved to another account or row, it does not open.
func credentialRow(c authenticator.Credential) string { return c.Account.String() + "\x00" + c.ID }

func utc(t zeronull.Timestamptz) time.Time {
	if time.Time(t).IsZero() {
		return time.Time{}
	}
	return time.Time(t).UTC()
}

// AddCredential implements enrollment.Tx. It starts at version 1.
func (t *tx) AddCredential(ctx context.Context, c authenticator.Credential) error {
	data, err := t.store.keys.Seal(sealCredential, c.Data, []byte(credentialRow(c)))
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `
		INSERT INTO credential (id, version, directory, object, kind, label, channel, data, created, last_used, expires)
		VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		c.ID, c.Account.Directory, c.Account.Object, string(c.Kind), c.Label, string(c.Channel), data, c.Created,
		zeronull.Timestamptz(c.LastUsed), zeronull.Timestamptz(c.Expires))
	if err != nil {
		return fmt.Errorf("add credential: %w", err)
	}
	return nil
}

// Import adds credentials that were proven elsewhere, with the records of it.
func (s *Store) Import(ctx context.Context, cs []authenticator.Credential, e flow.Effects) error {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.Account.String()
	}
	slices.Sort(names) // several accounts are locked in one order
	names = slices.Compact(names)
	return s.transact(ctx, func(ctx context.Context, t *tx) error {
		for _, name := range names {
			t.batch.Queue(lockAccount, name)
		}
		for _, c := range cs {
			if err := t.AddCredential(ctx, c); err != nil {
				return err
			}
		}
		return t.commit(ctx, owner{}, e)
	})
}

// SaveCredential implements recovery.Tx and enrollment.Tx.
func (t *tx) SaveCredential(_ context.Context, c authenticator.Credential) error {
	data, err := t.store.keys.Seal(sealCredential, c.Data, []byte(credentialRow(c)))
	if err != nil {
		return err
	}
	t.swap("save credential", `
		UPDATE credential SET version = version + 1, label = $5, channel = $6, data = $7, last_used = $8
		WHERE id = $1 AND version = $2 AND directory = $3 AND object = $4`,
		c.ID, c.Version, c.Account.Directory, c.Account.Object, c.Label, string(c.Channel), data, zeronull.Timestamptz(c.LastUsed))
	return nil
}

// DeleteCredential implements recovery.Tx and enrollment.Tx.
func (t *tx) DeleteCredential(_ context.Context, c authenticator.Credential) error {
	t.swap("delete credential", `DELETE FROM credential WHERE id = $1 AND version = $2 AND directory = $3 AND object = $4`,
		c.ID, c.Version, c.Account.Directory, c.Account.Object)
	return nil
}
