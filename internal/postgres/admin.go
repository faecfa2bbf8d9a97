package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
)

// What administrators' rows are sealed for: moved to the tables of "My account", they do not open.
const (
	sealAdminPending = "admin-pending"
	sealAdminPasskey = "admin-passkey"
)

const adminSessionColumns = `id, version, directory, object, name, display, signed_in, proven, touched, expires, ended, pending, address, agent, elsewhere`

// CreateAdminSession implements admin.Store.
func (s *Store) CreateAdminSession(ctx context.Context, sess admin.Session, token admin.TokenHash, ev audit.Event) error {
	pending, err := s.sealQuestion(sess)
	if err != nil {
		return err
	}
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`
			INSERT INTO admin_session (token_hash, `+adminSessionColumns+`)
			VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
			token[:], sess.ID, sess.Account.Directory, sess.Account.Object, sess.Name, sess.Display, sess.SignedIn,
			zeronull.Timestamptz(sess.Proven), sess.Touched, sess.Expires, zeronull.Timestamptz(sess.Ended), pending,
			sess.Address, plain(sess.Agent), sess.Elsewhere)
		return t.record(ctx, []audit.Event{ev})
	})
	if err != nil {
		return fmt.Errorf("create administrator's session: %w", err)
	}
	return nil
}

// AdminSession implements admin.Store.
func (s *Store) AdminSession(ctx context.Context, token admin.TokenHash) (admin.Session, error) {
	return s.adminSession(s.pool.QueryRow(ctx, `SELECT `+adminSessionColumns+` FROM admin_session WHERE token_hash = $1`, token[:]))
}

// OpenAdminSessions implements admin.Store.
func (s *Store) OpenAdminSessions(ctx context.Context, who account.ID, now time.Time) ([]admin.Session, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+adminSessionColumns+` FROM admin_session
		WHERE ended IS NULL AND expires > $1 AND proven IS NOT NULL AND ($2 = '' OR directory = $2 AND object = $3)
		ORDER BY touched DESC, id`, now, who.Directory, who.Object)
	if err != nil {
		return nil, fmt.Errorf("list administrators' sessions: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (admin.Session, error) { return s.adminSession(row) })
}

// UpdateAdminSession implements admin.Store.
func (s *Store) UpdateAdminSession(ctx context.Context, id string, change admin.Change) (admin.Session, error) {
	var stored admin.Session
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		var sess admin.Session
		t.batch.Queue(`SELECT `+adminSessionColumns+` FROM admin_session WHERE id = $1 FOR UPDATE`, id).QueryRow(func(row pgx.Row) (err error) {
			sess, err = s.adminSession(row)
			return err
		})
		if err := t.send(ctx); err != nil {
			return err
		}
		next, effects, err := change(sess)
		if err != nil {
			return err
		}
		next.ID, next.Version, next.Account = sess.ID, sess.Version+1, sess.Account
		if err := t.queueAdminSession(next, effects); err != nil {
			return err
		}
		stored = next
		return t.record(ctx, effects.Audit)
	})
	if err != nil {
		return admin.Session{}, fmt.Errorf("update administrator's session: %w", err)
	}
	return stored, nil
}

func (t *tx) queueAdminSession(sess admin.Session, e admin.Effects) error {
	pending, err := t.store.sealQuestion(sess)
	if err != nil {
		return err
	}
	var hash []byte
	if e.Token != nil {
		hash = e.Token[:]
	}
	t.batch.Queue(`
		UPDATE admin_session SET version = $2, proven = $3, touched = $4, ended = $5, pending = $6, token_hash = coalesce($7, token_hash)
		WHERE id = $1`,
		sess.ID, sess.Version, zeronull.Timestamptz(sess.Proven), sess.Touched, zeronull.Timestamptz(sess.Ended), pending, hash)
	if e.Use != "" {
		t.swap("use invitation", `
			UPDATE admin_invitation SET used = $2 WHERE id = $1 AND used IS NULL AND directory = $3 AND object = $4`,
			e.Use, sess.Proven, sess.Account.Directory, sess.Account.Object)
	}
	return errors.Join(t.queuePasskey(e.Add, true), t.queuePasskey(e.Save, false))
}

// queuePasskey adds one, or saves what a proof changed in it.
func (t *tx) queuePasskey(c *authenticator.Credential, add bool) error {
	if c == nil {
		return nil
	}
	data, err := t.store.keys.Seal(sealAdminPasskey, c.Data, []byte(credentialRow(*c)))
	if err != nil {
		return err
	}
	if add {
		t.batch.Queue(`
			INSERT INTO admin_passkey (id, version, directory, object, label, channel, data, created) VALUES ($1, 1, $2, $3, $4, $5, $6, $7)`,
			c.ID, c.Account.Directory, c.Account.Object, c.Label, string(c.Channel), data, c.Created)
		return nil
	}
	t.swap("save passkey", `
		UPDATE admin_passkey SET version = version + 1, data = $5, last_used = $6
		WHERE id = $1 AND version = $2 AND directory = $3 AND object = $4`,
		c.ID, c.Version, c.Account.Directory, c.Account.Object, data, zeronull.Timestamptz(c.LastUsed))
	return nil
}

// Passkeys implements admin.Store.
func (s *Store) Passkeys(ctx context.Context, who account.ID) ([]authenticator.Credential, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id, version, directory, object, label, channel, data, created, last_used FROM admin_passkey
		WHERE $1 = '' OR directory = $1 AND object = $2 ORDER BY directory, object, created, id`, who.Directory, who.Object)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (authenticator.Credential, error) {
		c := authenticator.Credential{Kind: factor.Passkey}
		var sealed []byte
		var used zeronull.Timestamptz
		err := row.Scan(&c.ID, &c.Version, &c.Account.Directory, &c.Account.Object, &c.Label, &c.Channel, &sealed, &c.Created, &used)
		if err != nil {
			return c, err
		}
		c.Created, c.LastUsed = c.Created.UTC(), utc(used)
		c.Data, err = s.keys.Open(sealAdminPasskey, sealed, []byte(credentialRow(c)))
		return c, err
	})
}

// RemovePasskey implements admin.Invitations.
func (s *Store) RemovePasskey(ctx context.Context, who account.ID, id string, keepLast bool, at time.Time, ev audit.Event) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.exec(ctx, lockAccount, who.String()); err != nil { // two of two at once would both see another one left
			return err
		}
		rows, err := t.exec(ctx, `
			DELETE FROM admin_passkey k WHERE id = $1 AND directory = $2 AND object = $3
				AND (NOT $4 OR EXISTS (SELECT FROM admin_passkey o WHERE o.directory = $2 AND o.object = $3 AND o.id <> k.id))`,
			id, who.Directory, who.Object, keepLast)
		if err == nil && rows == 0 {
			err = notFound(errors.New("no such passkey"))
		}
		if err != nil {
			return err
		}
		t.batch.Queue(`
			UPDATE admin_session SET ended = $3, pending = NULL, version = version + 1
			WHERE directory = $1 AND object = $2 AND ended IS NULL`, who.Directory, who.Object, at)
		return t.record(ctx, []audit.Event{ev})
	})
	if err != nil {
		return fmt.Errorf("remove passkey: %w", err)
	}
	return nil
}

// Invite implements admin.Invitations.
func (s *Store) Invite(ctx context.Context, i admin.Invitation, token admin.TokenHash, ev audit.Event) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(lockAccount, i.Account.String())
		t.batch.Queue(`UPDATE admin_invitation SET used = $3 WHERE directory = $1 AND object = $2 AND used IS NULL`,
			i.Account.Directory, i.Account.Object, i.Made)
		t.batch.Queue(`
			INSERT INTO admin_invitation (id, token_hash, directory, object, name, by, made, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			i.ID, token[:], i.Account.Directory, i.Account.Object, i.Name, plain(i.By), i.Made, i.Expires)
		return t.record(ctx, []audit.Event{ev})
	})
	if err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	return nil
}

const invitationColumns = `id, directory, object, name, by, made, expires`

// InvitationBy implements admin.Invitations.
func (s *Store) InvitationBy(ctx context.Context, token admin.TokenHash) (admin.Invitation, error) {
	i, err := invitation(s.pool.QueryRow(ctx, `
		SELECT `+invitationColumns+` FROM admin_invitation WHERE token_hash = $1 AND used IS NULL`, token[:]))
	if errors.Is(err, pgx.ErrNoRows) {
		return i, notFound(errors.New("no such invitation"))
	}
	return i, err
}

// OpenInvitations implements admin.Invitations.
func (s *Store) OpenInvitations(ctx context.Context, now time.Time) ([]admin.Invitation, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+invitationColumns+` FROM admin_invitation WHERE used IS NULL AND expires > $1 ORDER BY made DESC, id`, now)
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (admin.Invitation, error) { return invitation(row) })
}

func invitation(row pgx.Row) (admin.Invitation, error) {
	var i admin.Invitation
	err := row.Scan(&i.ID, &i.Account.Directory, &i.Account.Object, &i.Name, &i.By, &i.Made, &i.Expires)
	i.Made, i.Expires = i.Made.UTC(), i.Expires.UTC()
	return i, err
}

func (s *Store) sealQuestion(sess admin.Session) ([]byte, error) {
	if sess.Pending == nil {
		return nil, nil
	}
	text, err := json.Marshal(sess.Pending)
	if err != nil {
		return nil, fmt.Errorf("write administrator's session: %w", err)
	}
	return s.seal(sealAdminPending, text, sess.ID)
}

func (s *Store) adminSession(row pgx.Row) (admin.Session, error) {
	var sess admin.Session
	var proven, ended zeronull.Timestamptz
	var sealed []byte
	err := row.Scan(&sess.ID, &sess.Version, &sess.Account.Directory, &sess.Account.Object, &sess.Name, &sess.Display, &sess.SignedIn,
		&proven, &sess.Touched, &sess.Expires, &ended, &sealed, &sess.Address, &sess.Agent, &sess.Elsewhere)
	if errors.Is(err, pgx.ErrNoRows) {
		return admin.Session{}, notFound(errors.New("no such session"))
	}
	if err != nil {
		return admin.Session{}, fmt.Errorf("read administrator's session: %w", err)
	}
	sess.SignedIn, sess.Touched, sess.Expires = sess.SignedIn.UTC(), sess.Touched.UTC(), sess.Expires.UTC()
	sess.Proven, sess.Ended = utc(proven), utc(ended)
	text, err := s.open(sealAdminPending, sealed, sess.ID)
	if err != nil || text == nil {
		return sess, err
	}
	sess.Pending = &admin.Pending{}
	if err := json.Unmarshal(text, sess.Pending); err != nil {
		return admin.Session{}, errors.New("read administrator's session: its question is not readable") // the cause may quote a secret
	}
	return sess, nil
}

// forgetAdmin deletes sessions and invitations that were over by then.
func (s *Store) forgetAdmin(ctx context.Context, before time.Time) error {
	for _, table := range []string{"admin_session", "admin_invitation"} {
		sql := `DELETE FROM ` + table + ` WHERE id IN (SELECT id FROM ` + table + ` WHERE expires < $1 FOR UPDATE SKIP LOCKED)`
		if _, err := s.pool.Exec(ctx, sql, before); err != nil {
			return fmt.Errorf("forget %s: %w", table, err)
		}
	}
	return nil
}
