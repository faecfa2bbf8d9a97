package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/evidence"
	"rekey/internal/fault"
	"rekey/internal/ledger"
)

// checkLost is after how long without a word a check is taken for stopped.
const checkLost = time.Minute

const lockCheck = `SELECT pg_advisory_xact_lock(hashtextextended('audit_check', 0))`

// BeginCheck implements evidence.Checks.
func (s *Store) BeginCheck(ctx context.Context, by string, first, beyond int64) (evidence.Check, error) {
	c := evidence.Check{By: by, Began: s.now(), First: first, Bad: evidence.Nowhere}
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		busy := false
		t.batch.Queue(lockCheck)
		t.batch.Queue(`SELECT EXISTS (SELECT FROM audit_check WHERE ended IS NULL AND touched > $1)`, c.Began.Add(-checkLost)).QueryRow(func(row pgx.Row) error {
			return row.Scan(&busy)
		})
		t.batch.Queue(`SELECT CASE $1::bigint WHEN 0 THEN size ELSE least($1, size) END FROM audit_head`, beyond).QueryRow(func(row pgx.Row) error {
			return row.Scan(&c.Beyond)
		})
		if err := t.send(ctx); err != nil {
			return err
		}
		if busy {
			return fault.New(fault.Conflict, "The log is being checked already.")
		}
		if c.Beyond < first {
			return fault.New(fault.Invalid, "The log has no record of this number yet.").On("first")
		}
		t.batch.Queue(`INSERT INTO audit_check (by, began, touched, first, beyond) VALUES ($1, $2, $2, $3, $4) RETURNING number`, by, c.Began, first, c.Beyond).
			QueryRow(func(row pgx.Row) error { return row.Scan(&c.Number) })
		return t.finish(ctx)
	})
	if err != nil {
		return evidence.Check{}, fmt.Errorf("begin a check: %w", err)
	}
	return c, nil
}

// CheckedSoFar implements evidence.Checks.
func (s *Store) CheckedSoFar(ctx context.Context, number, done int64) error {
	if _, err := s.pool.Exec(ctx, `UPDATE audit_check SET done = $2, touched = $3 WHERE number = $1`, number, done, s.now()); err != nil {
		return fmt.Errorf("say how far a check is: %w", err)
	}
	return nil
}

// EndCheck implements evidence.Checks.
func (s *Store) EndCheck(ctx context.Context, number, done int64, v evidence.Verdict) error {
	var bad *int64
	if v.Bad != evidence.Nowhere {
		bad = &v.Bad
	}
	_, err := s.pool.Exec(ctx, `UPDATE audit_check SET done = $2, touched = $3, ended = $3, bad = $4, fault = $5, signed = $6 WHERE number = $1`,
		number, done, s.now(), bad, v.Fault, v.Signed)
	if err != nil {
		return fmt.Errorf("end a check: %w", err)
	}
	return nil
}

// LastChecks implements evidence.Checks.
func (s *Store) LastChecks(ctx context.Context, most int) ([]evidence.Check, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT number, by, began, touched, ended, first, beyond, done, coalesce(bad, -1), fault, signed FROM audit_check ORDER BY number DESC LIMIT $1`, most)
	if err != nil {
		return nil, fmt.Errorf("list checks: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c evidence.Check, err error) {
		var touched time.Time
		err = row.Scan(&c.Number, &c.By, &c.Began, &touched, orZero{&c.Ended}, &c.First, &c.Beyond, &c.Done, &c.Bad, &c.Fault, &c.Signed)
		c.Stopped = c.Ended.IsZero() && s.now().Sub(touched) > checkLost
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("list checks: %w", err)
	}
	return all, nil
}

// frozenLog is the log as it was at one moment.
type frozenLog struct {
	pgx.Tx
	tree ledger.Tree
}

// freeze reads the log at one moment for as long as do takes.
func (s *Store) freeze(ctx context.Context, do func(frozenLog) error) error {
	read := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, s.pool, read, func(p pgx.Tx) error {
		// A long log takes longer than statements may otherwise, and whoever reads it may be slow.
		if _, err := p.Exec(ctx, `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = '5min'`); err != nil {
			return err
		}
		var size int64
		var edge []byte
		if err := p.QueryRow(ctx, `SELECT size, edge FROM audit_head`).Scan(&size, &edge); err != nil {
			return err
		}
		tree, err := ledger.ReadTree(size, edge)
		if err != nil {
			return err
		}
		return do(frozenLog{p, tree})
	})
}

// hashes reads what was kept of the tree.
func (l frozenLog) hashes(ctx context.Context) ledger.Reader {
	return func(places []ledger.Place) ([][]byte, error) {
		numbers := make([]int64, len(places))
		for i, p := range places {
			numbers[i] = p.Record
		}
		rows, err := l.Query(ctx, `SELECT seq, hashes FROM audit_event WHERE seq = ANY($1)`, numbers)
		if err != nil {
			return nil, err
		}
		kept := make(map[int64][]byte, len(places))
		var seq int64
		var hashes []byte
		if _, err := pgx.ForEachRow(rows, []any{&seq, &hashes}, func() error { kept[seq] = slices.Clone(hashes); return nil }); err != nil {
			return nil, err
		}
		out := make([][]byte, len(places))
		for i, p := range places {
			if out[i], err = p.Of(kept[p.Record]); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

// checkedAtOnce is how many records are read between two looks at how far a check is.
const checkedAtOnce = 5000

// CheckRecords implements evidence.Checks.
func (s *Store) CheckRecords(ctx context.Context, first, beyond int64, told func(done int64) error) (v evidence.Verdict, err error) {
	err = s.freeze(ctx, func(l frozenLog) error {
		tree, err := ledger.TreeAt(first, l.hashes(ctx))
		for at := first; err == nil && at < beyond; {
			if tree, err = l.check(ctx, tree, min(at+checkedAtOnce, beyond)); err == nil {
				at = tree.Size()
				err = told(at - first)
			}
		}
		if err == nil {
			err = tree.Begins(l.tree, l.hashes(ctx))
		}
		if v, err = verdict(err); err != nil || v.Fault != "" {
			return err
		}
		v.Signed, err = ledger.Checkpoint{Size: l.tree.Size(), Root: l.tree.Root(), At: s.now()}.Sign(s.keys.Signer())
		return err
	})
	if err != nil {
		return evidence.Verdict{}, fmt.Errorf("check the audit log: %w", err)
	}
	return v, nil
}

// verdict tells what is wrong with the log from what went wrong with reading it.
func verdict(err error) (evidence.Verdict, error) {
	var bad *ledger.RecordError
	switch {
	case errors.As(err, &bad):
		return evidence.Verdict{Bad: bad.Number, Fault: bad.Why}, nil
	case errors.Is(err, ledger.ErrRewritten):
		return evidence.Verdict{Bad: evidence.Nowhere, Fault: "The records are not those the tree was made of."}, nil
	}
	return evidence.Verdict{Bad: evidence.Nowhere}, err
}

// check compares records with the tree, and with the columns by which they are found.
func (l frozenLog) check(ctx context.Context, tree ledger.Tree, beyond int64) (ledger.Tree, error) {
	rows, err := l.Query(ctx, `
		SELECT e.seq, e.leaf, e.hashes, e.salt, e.personal,
			(e.name, e.outcome, e.directory, e.object, e.flow, e.reason, e.settings, e.by, e.role, e.ticket, k.name, k.outcome, k.actor, k.purpose, k.policy, k.factors)
			IS NOT DISTINCT FROM (j ->> 'name', j ->> 'outcome', j -> 'subject' ->> 'directory', j -> 'subject' ->> 'object', j ->> 'flow', j ->> 'reason',
				(j ->> 'settings')::bigint, coalesce(j ->> 'by', ''), coalesce(j ->> 'role', ''), coalesce(j ->> 'ticket', ''),
				j ->> 'name', j ->> 'outcome', j ->> 'actor', j ->> 'purpose', j ->> 'policy', audit_factors(j))
			AND e.at = (j ->> 'at')::timestamptz
		FROM audit_event e CROSS JOIN LATERAL (SELECT e.leaf::jsonb AS j) AS leaf LEFT JOIN audit_shape k ON k.id = e.shape
		WHERE e.seq >= $1 AND e.seq < $2 ORDER BY e.seq`, tree.Size(), beyond)
	if err != nil {
		return tree, err
	}
	defer rows.Close()
	for rows.Next() {
		var f found
		var indexed bool
		if err := rows.Scan(&f.number, &f.Leaf, &f.Hashes, &f.Salt, &f.Personal, &indexed); err != nil {
			return tree, err
		}
		if f.number != tree.Size() {
			return tree, &ledger.RecordError{Number: tree.Size(), Why: "it is missing"}
		}
		if f.Personal != nil {
			if f.Personal, err = ledger.Canonical(f.Personal); err != nil {
				return tree, &ledger.RecordError{Number: f.number, Why: "its personal part was changed"}
			}
		}
		if tree, err = tree.Check(f.Stored); err != nil {
			return tree, err
		}
		if !indexed {
			return tree, &ledger.RecordError{Number: f.number, Why: "it is not what it is found by"}
		}
	}
	if err := rows.Err(); err != nil {
		return tree, err
	}
	if tree.Size() < beyond {
		return tree, &ledger.RecordError{Number: tree.Size(), Why: "it is missing"}
	}
	return tree, nil
}

// takenAtOnce is how many records of an extract are read at once.
const takenAtOnce = 500

// each reads what a query finds, oldest first, some at a time.
func (l frozenLog) each(ctx context.Context, q evidence.Query, do func([]found) error) error {
	h, err := hunt(ctx, l, q)
	if err != nil {
		return err
	}
	for p := (evidence.Place{Beyond: evidence.Nowhere, Rising: true, Most: takenAtOnce}); ; {
		some, err := h.page(ctx, l, p)
		if err != nil || len(some) == 0 {
			return err
		}
		if err := do(some); err != nil {
			return err
		}
		if p.Beyond = some[len(some)-1].number; len(some) < p.Most {
			return nil
		}
	}
}

// EachRecord implements evidence.Extracts.
func (s *Store) EachRecord(ctx context.Context, q evidence.Query, do func(evidence.Record) error) error {
	err := s.freeze(ctx, func(l frozenLog) error {
		return l.each(ctx, q, func(some []found) error {
			for _, f := range some {
				r, err := f.record()
				if err != nil {
					return err
				}
				if err := do(r); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read audit records: %w", err)
	}
	return nil
}

// ExtractAudit implements evidence.Extracts. All of the log, with personal data, is what ExportAudit writes.
func (s *Store) ExtractAudit(ctx context.Context, q evidence.Query, masked bool, w io.Writer) error {
	if q.Zero() && !masked {
		return s.ExportAudit(ctx, w)
	}
	err := s.freeze(ctx, func(l frozenLog) error {
		out, err := ledger.NewExcerpt(w, l.tree, s.keys.Signer(), s.now(), l.hashes(ctx))
		if err != nil {
			return err
		}
		return l.each(ctx, q, func(some []found) error {
			records := make([]ledger.Numbered, len(some))
			for i, f := range some {
				records[i] = ledger.Numbered{Number: f.number, Record: f.Record}
				if masked {
					records[i].Salt, records[i].Personal = nil, nil
				}
			}
			return out.Write(records)
		})
	})
	if err != nil {
		return fmt.Errorf("extract audit records: %w", err)
	}
	return nil
}
