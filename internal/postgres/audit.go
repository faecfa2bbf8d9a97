package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"iter"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/enrollment"
	"rekey/internal/flow"
	"rekey/internal/ledger"
)

// Record writes an audit event that belongs to no other change.
func (s *Store) Record(ctx context.Context, ev audit.Event) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error { return t.record(ctx, []audit.Event{ev}) })
	if err != nil {
		return fmt.Errorf("record %s: %w", ev.Name, err)
	}
	return nil
}

// record appends events to the audit log and commits. The server works the tree out (audit_append), so that the head, which all
// records take turns at, is locked for what it takes to commit and for no round trip.
func (t *tx) record(ctx context.Context, events []audit.Event) error {
	for _, ev := range events {
		salt := make([]byte, ledger.SaltSize)
		_, _ = rand.Read(salt) // never fails (crypto/rand since Go 1.24)
		r, err := ledger.Encode(ev, salt)
		if err != nil {
			return err
		}
		t.batch.Queue(`SELECT audit_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			ev.At, string(ev.Name), string(ev.Outcome), ev.Subject.Directory, ev.Subject.Object, ev.Flow, ev.Reason,
			string(r.Leaf), r.Salt, r.Personal)
	}
	if err := t.finish(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// History implements enrollment.Store: newest first.
func (s *Store) History(ctx context.Context, who account.ID, limit int) ([]enrollment.Past, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT leaf, personal FROM audit_event WHERE directory = $1 AND object = $2 AND object <> ''
		ORDER BY seq DESC LIMIT $3`, who.Directory, who.Object, limit)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	past, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (enrollment.Past, error) {
		var r ledger.Record
		if err := row.Scan(&r.Leaf, &r.Personal); err != nil {
			return enrollment.Past{}, err
		}
		ev, err := ledger.Decode(r)
		if err != nil {
			return enrollment.Past{}, err
		}
		p := enrollment.Past{
			Name: ev.Name, At: ev.At, Outcome: ev.Outcome, Reason: ev.Reason, Factors: ev.Factors, Purpose: ev.Purpose, Detail: ev.Detail,
		}
		if ev.Source.Address.IsValid() {
			p.Address = ev.Source.Address.String()
		}
		return p, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	return past, nil
}

// ExportAudit writes the whole audit log as it is now, with a checkpoint signed now, in the format ledger.Verify reads.
func (s *Store) ExportAudit(ctx context.Context, w io.Writer) error {
	err := s.freeze(ctx, func(l frozenLog) error {
		return ledger.Export(w, l.tree, s.keys.Signer(), s.now(), records(ctx, l))
	})
	if err != nil {
		return fmt.Errorf("export audit log: %w", err)
	}
	return nil
}

// records streams the log in order.
func records(ctx context.Context, p pgx.Tx) iter.Seq2[ledger.Stored, error] {
	return func(yield func(ledger.Stored, error) bool) {
		rows, err := p.Query(ctx, `SELECT leaf, hashes, salt, personal FROM audit_event ORDER BY seq`)
		if err != nil {
			yield(ledger.Stored{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var r ledger.Stored
			err := rows.Scan(&r.Leaf, &r.Hashes, &r.Salt, &r.Personal)
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(ledger.Stored{}, err)
		}
	}
}

// EraseOf erases the personal data of an account that left: the personal parts of its audit records, its flows, sessions and
// credentials. What holds no more than the account's id stays: leaves, a freeze, the failure counter. The effects should hold
// the record of it. It reports how many audit records it touched.
func (s *Store) EraseOf(ctx context.Context, who account.ID, e flow.Effects) (int64, error) {
	var erased int64
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(lockAccount, who.String())
		t.batch.Queue(`
			UPDATE audit_event SET personal = NULL, salt = NULL
			WHERE directory = $1 AND object = $2 AND object <> '' AND personal IS NOT NULL`, who.Directory, who.Object,
		).Exec(func(tag pgconn.CommandTag) error {
			erased = tag.RowsAffected()
			return nil
		})
		t.batch.Queue(`UPDATE attempt SET device = 'unknown' WHERE directory = $1 AND object = $2 AND object <> ''`, who.Directory, who.Object)
		t.batch.Queue(`DELETE FROM flow WHERE directory = $1 AND object = $2 AND object <> ''`, who.Directory, who.Object)
		t.batch.Queue(`DELETE FROM session WHERE directory = $1 AND object = $2`, who.Directory, who.Object)
		t.batch.Queue(`DELETE FROM credential WHERE directory = $1 AND object = $2`, who.Directory, who.Object)
		for _, table := range []string{"admin_session", "admin_passkey", "admin_invitation", "audit_search", "help_request", "help_call"} {
			t.batch.Queue(`DELETE FROM `+table+` WHERE directory = $1 AND object = $2`, who.Directory, who.Object)
		}
		return t.commit(ctx, owner{account: who}, e)
	})
	if err != nil {
		return 0, fmt.Errorf("erase personal data: %w", err)
	}
	return erased, nil
}
