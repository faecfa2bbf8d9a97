package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/account"
	"rekey/internal/enrollment"
	"rekey/internal/flow"
)

const sessionColumns = `id, version, directory, object, name, display, locale, signed_in, proven, touched, expires, ended,
	pending, notice, address, agent`

// CreateSession implements enrollment.Store.
func (s *Store) CreateSession(ctx context.Context, sess enrollment.Session, token enrollment.TokenHash, e flow.Effects) error {
	pending, err := s.sealPending(sess)
	if err != nil {
		return err
	}
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		if e.CloseOthers {
			t.batch.Queue(lockAccount, sess.Account.String())
		}
		t.batch.Queue(`
			INSERT INTO session (token_hash, `+sessionColumns+`)
			VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
			token[:], sess.ID, sess.Account.Directory, sess.Account.Object, sess.Name, sess.Display, sess.Locale, sess.SignedIn,
			zeronull.Timestamptz(sess.Proven), sess.Touched, sess.Expires, zeronull.Timestamptz(sess.Ended), pending, sess.Notice,
			sess.Address, plain(sess.Agent))
		return t.commit(ctx, owner{sess.Account, sess.ID}, e)
	})
	if err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	return nil
}

// SessionByToken implements enrollment.Store.
func (s *Store) SessionByToken(ctx context.Context, token enrollment.TokenHash) (enrollment.Session, error) {
	return s.session(s.pool.QueryRow(ctx, `SELECT `+sessionColumns+` FROM session WHERE token_hash = $1`, token[:]))
}

// UpdateSession implements enrollment.Store.
func (s *Store) UpdateSession(ctx context.Context, id string, change enrollment.Change) (enrollment.Session, error) {
	var stored enrollment.Session
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		sess, err := t.lockSession(ctx, id)
		if err != nil {
			return err
		}
		st := &sessionTx{tx: t}
		next, effects, err := change(st, sess)
		if err != nil {
			return err
		}
		next.ID, next.Version, next.Account = sess.ID, sess.Version+1, sess.Account
		if err := t.queueSession(next, st.token); err != nil {
			return err
		}
		if err := t.commit(ctx, owner{sess.Account, sess.ID}, effects); err != nil {
			return err
		}
		stored = next
		return nil
	})
	if err != nil {
		return enrollment.Session{}, fmt.Errorf("update session: %w", err)
	}
	return stored, nil
}

// lockSession locks the account first, then reads and locks the session.
func (t *tx) lockSession(ctx context.Context, id string) (enrollment.Session, error) {
	var sess enrollment.Session
	t.batch.Queue(`SELECT pg_advisory_xact_lock(hashtextextended(directory || '/' || object, 0)) FROM session WHERE id = $1`, id)
	t.batch.Queue(`SELECT `+sessionColumns+` FROM session WHERE id = $1 FOR UPDATE`, id).QueryRow(func(row pgx.Row) error {
		var err error
		sess, err = t.store.session(row)
		return err
	})
	return sess, t.send(ctx)
}

// queueSession writes a session that is locked. What was known at sign-in does not change.
func (t *tx) queueSession(sess enrollment.Session, token *enrollment.TokenHash) error {
	pending, err := t.store.sealPending(sess)
	if err != nil {
		return err
	}
	var hash []byte
	if token != nil {
		hash = token[:]
	}
	t.batch.Queue(`
		UPDATE session SET version = $2, locale = $3, proven = $4, touched = $5, expires = $6, ended = $7, pending = $8,
			notice = $9, token_hash = coalesce($10, token_hash)
		WHERE id = $1`,
		sess.ID, sess.Version, sess.Locale, zeronull.Timestamptz(sess.Proven), sess.Touched, sess.Expires,
		zeronull.Timestamptz(sess.Ended), pending, sess.Notice, hash)
	return nil
}

// sessionTx implements enrollment.Tx.
type sessionTx struct {
	*tx
	token *enrollment.TokenHash
}

// RotateToken implements enrollment.Tx.
func (t *sessionTx) RotateToken(_ context.Context, token enrollment.TokenHash) error {
	t.token = &token
	return nil
}

// EndOthers implements enrollment.Sessions.
func (s *Store) EndOthers(ctx context.Context, who account.ID, keep string, at time.Time, e flow.Effects) (int64, error) {
	var ended int64
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(lockAccount, who.String())
		t.batch.Queue(`
			UPDATE session SET ended = $4, pending = NULL, version = version + 1
			WHERE directory = $1 AND object = $2 AND id <> $3 AND ended IS NULL`, who.Directory, who.Object, keep, at,
		).Exec(func(tag pgconn.CommandTag) error {
			ended = tag.RowsAffected()
			return nil
		})
		return t.commit(ctx, owner{who, keep}, e)
	})
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	return ended, nil
}

// OpenSessions implements enrollment.Sessions.
func (s *Store) OpenSessions(ctx context.Context, who account.ID, now time.Time) ([]enrollment.Session, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+sessionColumns+` FROM session
		WHERE directory = $1 AND object = $2 AND ended IS NULL AND expires > $3
		ORDER BY signed_in DESC, id`, who.Directory, who.Object, now)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (enrollment.Session, error) { return s.session(row) })
}

func (s *Store) sealPending(sess enrollment.Session) ([]byte, error) {
	if sess.Pending == nil {
		return nil, nil
	}
	text, err := json.Marshal(sess.Pending)
	if err != nil {
		return nil, fmt.Errorf("write session: %w", err)
	}
	return s.seal(sealPending, text, sess.ID)
}

func (s *Store) session(row pgx.Row) (enrollment.Session, error) {
	var sess enrollment.Session
	var proven, ended zeronull.Timestamptz
	var sealed []byte
	err := row.Scan(&sess.ID, &sess.Version, &sess.Account.Directory, &sess.Account.Object, &sess.Name, &sess.Display, &sess.Locale,
		&sess.SignedIn, &proven, &sess.Touched, &sess.Expires, &ended, &sealed, &sess.Notice, &sess.Address, &sess.Agent)
	if errors.Is(err, pgx.ErrNoRows) {
		return enrollment.Session{}, notFound(errors.New("no such session"))
	}
	if err != nil {
		return enrollment.Session{}, fmt.Errorf("read session: %w", err)
	}
	sess.SignedIn, sess.Touched, sess.Expires = sess.SignedIn.UTC(), sess.Touched.UTC(), sess.Expires.UTC()
	sess.Proven, sess.Ended = utc(proven), utc(ended)
	text, err := s.open(sealPending, sealed, sess.ID)
	if err != nil || text == nil {
		return sess, err
	}
	sess.Pending = &enrollment.Pending{}
	if err := json.Unmarshal(text, sess.Pending); err != nil {
		return enrollment.Session{}, errors.New("read session: its pending step is not readable") // the cause may quote a secret
	}
	return sess, nil
}

// plain keeps what a text column takes: browsers may send anything.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
