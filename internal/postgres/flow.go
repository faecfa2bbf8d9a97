package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/audit"
	"rekey/internal/flow"
	"rekey/internal/recovery"
)

// CreateFlow implements recovery.Store.
func (s *Store) CreateFlow(ctx context.Context, f flow.Flow, token recovery.TokenHash, e flow.Effects) error {
	f.Version = 1
	document, err := s.sealFlow(f)
	if err != nil {
		return err
	}
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		if e.CloseOthers && !f.Account.IsZero() {
			t.batch.Queue(lockAccount, f.Account.String())
		}
		t.batch.Queue(`
			INSERT INTO flow (id, token_hash, version, stage, directory, object, touched, expires, claimed, ended, document)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			string(f.ID), token[:], f.Version, string(f.Stage), f.Account.Directory, f.Account.Object, f.Touched, f.Expires,
			claimed(f), zeronull.Timestamptz(f.Ended), document)
		t.queueAttempt(f)
		return t.commit(ctx, owner{f.Account, string(f.ID)}, e)
	})
	if err != nil {
		return fmt.Errorf("create flow: %w", err)
	}
	return nil
}

// FlowByToken implements recovery.Store.
func (s *Store) FlowByToken(ctx context.Context, token recovery.TokenHash) (flow.Flow, error) {
	return s.flow(s.pool.QueryRow(ctx, `SELECT version, document FROM flow WHERE token_hash = $1`, token[:]))
}

// UpdateFlow implements recovery.Store.
func (s *Store) UpdateFlow(ctx context.Context, known flow.Flow, change recovery.Change) (flow.Flow, error) {
	var stored flow.Flow
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		f, err := t.lockFlow(ctx, known)
		if err != nil {
			return err
		}
		known.Version = 0 // one that has moved on is read the next time
		ft := &flowTx{tx: t}
		next, effects, err := change(ft, f)
		if err != nil {
			return err
		}
		next.ID, next.Version, next.Account = f.ID, f.Version+1, f.Account
		if err := t.queueFlow(next, ft.token); err != nil {
			return err
		}
		if err := t.commit(ctx, owner{f.Account, string(f.ID)}, effects); err != nil {
			return err
		}
		stored = next
		return nil
	})
	if err != nil {
		return flow.Flow{}, fmt.Errorf("update flow: %w", err)
	}
	return stored, nil
}

// lockFlow locks the account first, then the flow. Decoys have no account and share no lock. A flow that the caller has read is not read
// again: the locks go out with the next statement, and fail if it has moved on since.
func (t *tx) lockFlow(ctx context.Context, known flow.Flow) (flow.Flow, error) {
	if known.Version != 0 {
		lock := string(known.ID)
		if known.Account.Object != "" {
			lock = known.Account.String()
		}
		t.batch.Queue(lockAccount, lock)
		t.batch.Queue(`SELECT flow_unmoved($1, $2)`, string(known.ID), known.Version)
		return known, nil
	}
	var f flow.Flow
	t.batch.Queue(`
		SELECT pg_advisory_xact_lock(hashtextextended(CASE WHEN object = '' THEN id ELSE directory || '/' || object END, 0))
		FROM flow WHERE id = $1`, string(known.ID))
	t.batch.Queue(`SELECT version, document FROM flow WHERE id = $1 FOR UPDATE`, string(known.ID)).QueryRow(func(row pgx.Row) error {
		var err error
		f, err = t.store.flow(row)
		return err
	})
	return f, t.send(ctx)
}

// queueFlow writes a flow that is locked.
func (t *tx) queueFlow(f flow.Flow, token *recovery.TokenHash) error {
	document, err := t.store.sealFlow(f)
	if err != nil {
		return err
	}
	var hash []byte
	if token != nil {
		hash = token[:]
	}
	t.batch.Queue(`
		UPDATE flow SET version = $2, stage = $3, touched = $4, expires = $5, claimed = $6, ended = $7, document = $8,
			token_hash = coalesce($9, token_hash)
		WHERE id = $1`,
		string(f.ID), f.Version, string(f.Stage), f.Touched, f.Expires, claimed(f), zeronull.Timestamptz(f.Ended), document, hash)
	t.queueAttempt(f)
	return nil
}

// flowTx implements recovery.Tx.
type flowTx struct {
	*tx
	token *recovery.TokenHash
}

// RotateToken implements recovery.Tx.
func (t *flowTx) RotateToken(_ context.Context, token recovery.TokenHash) error {
	t.token = &token
	return nil
}

// closeOthers ends every other open flow of an account, and its sessions. A flow that is writing to the directory goes on: its
// outcome must be recorded.
func (t *tx) closeOthers(ctx context.Context, who owner) ([]audit.Event, error) {
	var others []flow.Flow
	t.batch.Queue(`
		SELECT version, document FROM flow
		WHERE directory = $1 AND object = $2 AND object <> '' AND id <> $3 AND ended IS NULL AND stage <> 'applying'
		ORDER BY id FOR UPDATE`, who.account.Directory, who.account.Object, who.spare,
	).Query(func(rows pgx.Rows) error {
		var err error
		others, err = t.store.flows(rows, nil)
		return err
	})
	if err := t.send(ctx); err != nil {
		return nil, err
	}
	now := t.store.now()
	var events []audit.Event
	for _, f := range others {
		next, effects, err := flow.Apply(f, flow.Superseded{}, flow.Limits{Idle: math.MaxInt64}, now)
		if err != nil && !errors.Is(err, flow.ErrOver) { // over: it ends all the same
			return nil, err
		}
		next.Version++
		if err := t.queueFlow(next, nil); err != nil {
			return nil, err
		}
		events = append(events, effects.Audit...)
	}
	t.batch.Queue(`
		UPDATE session SET ended = $4, pending = NULL, version = version + 1
		WHERE directory = $1 AND object = $2 AND id <> $3 AND ended IS NULL`,
		who.account.Directory, who.account.Object, who.spare, now)
	return events, nil
}

// Stuck implements recovery.Sweeper.
func (s *Store) Stuck(ctx context.Context, before time.Time, limit int) ([]flow.Flow, error) {
	return s.flows(s.pool.Query(ctx, `
		SELECT version, document FROM flow WHERE ended IS NULL AND stage = 'applying' AND claimed < $1
		ORDER BY claimed LIMIT $2`, before, limit))
}

// Overdue implements recovery.Sweeper.
func (s *Store) Overdue(ctx context.Context, idleSince, now time.Time, limit int) ([]flow.Flow, error) {
	return s.flows(s.pool.Query(ctx, `
		SELECT version, document FROM flow WHERE ended IS NULL AND stage <> 'applying' AND (touched < $1 OR expires < $2)
		ORDER BY expires LIMIT $3`, idleSince, now, limit))
}

func claimed(f flow.Flow) zeronull.Timestamptz {
	if f.Writing == nil {
		return zeronull.Timestamptz{}
	}
	return zeronull.Timestamptz(f.Writing.Since)
}

// sealFlow writes a flow down with its open challenge sealed.
func (s *Store) sealFlow(f flow.Flow) ([]byte, error) {
	if f.Challenge != nil {
		c := *f.Challenge
		var err error
		if c.State, err = s.seal(sealState, c.State, string(f.ID)); err != nil {
			return nil, err
		}
		if c.Prompt, err = s.seal(sealPrompt, c.Prompt, string(f.ID)); err != nil {
			return nil, err
		}
		f.Challenge = &c
	}
	document, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("write flow: %w", err)
	}
	return document, nil
}

func (s *Store) flow(row pgx.Row) (flow.Flow, error) {
	var version int64
	var document []byte
	err := row.Scan(&version, &document)
	if errors.Is(err, pgx.ErrNoRows) {
		return flow.Flow{}, notFound(errors.New("no such flow"))
	}
	if err != nil {
		return flow.Flow{}, fmt.Errorf("read flow: %w", err)
	}
	var f flow.Flow
	if err := json.Unmarshal(document, &f); err != nil {
		return flow.Flow{}, fmt.Errorf("read flow: %w", err)
	}
	f.Version = version
	if f.Challenge == nil {
		return f, nil
	}
	if f.Challenge.State, err = s.open(sealState, f.Challenge.State, string(f.ID)); err != nil {
		return flow.Flow{}, err
	}
	if f.Challenge.Prompt, err = s.open(sealPrompt, f.Challenge.Prompt, string(f.ID)); err != nil {
		return flow.Flow{}, err
	}
	return f, nil
}

func (s *Store) flows(rows pgx.Rows, err error) ([]flow.Flow, error) {
	if err != nil {
		return nil, fmt.Errorf("list flows: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (flow.Flow, error) { return s.flow(row) })
}

// seal seals a value for one row; nothing stays nothing.
func (s *Store) seal(purpose string, plain []byte, row string) ([]byte, error) {
	if len(plain) == 0 {
		return nil, nil
	}
	return s.keys.Seal(purpose, plain, []byte(row))
}

func (s *Store) open(purpose string, sealed []byte, row string) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	return s.keys.Open(purpose, sealed, []byte(row))
}
