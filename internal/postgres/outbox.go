package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"

	"rekey/internal/delivery"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/recovery"
)

// enqueue hands messages to the job queue. One with an ID that is queued already is not sent twice.
func (t *tx) enqueue(ctx context.Context, ms []message.Message) error {
	if len(ms) == 0 {
		return nil
	}
	jobs := make([]river.InsertManyParams, len(ms))
	for i, m := range slices.SortedFunc(slices.Values(ms), byID) { // transactions with the same IDs wait in one order
		text, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("write message: %w", err)
		}
		sealed, err := t.store.keys.Seal(sealMessage, text, []byte(m.ID))
		if err != nil {
			return err
		}
		jobs[i] = river.InsertManyParams{
			Args:       delivery.Job{ID: m.ID, Sealed: sealed},
			InsertOpts: &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}},
		}
	}
	_, err := t.store.queue.InsertManyFastTx(ctx, queueTx{t}, jobs)
	return err
}

// signOut hands accounts that are to be signed out in their directories to the job queue.
func (t *tx) signOut(ctx context.Context, wanted []flow.SignOut) error {
	if len(wanted) == 0 {
		return nil
	}
	jobs := make([]river.InsertManyParams, len(wanted))
	for i, w := range wanted {
		jobs[i].Args = recovery.SignOutJob{Directory: w.Account.Directory, Object: w.Account.Object}
		jobs[i].InsertOpts = &river.InsertOpts{Queue: recovery.SignOutQueue, ScheduledAt: w.At}
	}
	_, err := t.store.queue.InsertManyFastTx(ctx, queueTx{t}, jobs)
	return err
}

// queueTx lets River insert on a connection that is in a transaction. It begins and ends none, and asks the database nothing but its
// version, once.
type queueTx struct{ *tx }

var errNotTheQueues = errors.New("the transaction is not the queue's to begin or end")

func (q queueTx) Begin(context.Context) (pgx.Tx, error) { return nil, errNotTheQueues }
func (q queueTx) Commit(context.Context) error          { return errNotTheQueues }
func (q queueTx) Rollback(context.Context) error        { return errNotTheQueues }
func (q queueTx) LargeObjects() pgx.LargeObjects        { return pgx.LargeObjects{} }
func (q queueTx) Conn() *pgx.Conn                       { return q.conn.Conn() }

// CopyFrom is how River inserts when it wants nothing back. Rows that are put off to the next statement save two round trips, and
// one with a unique key that is there already is left out instead of failing all.
func (q queueTx) CopyFrom(_ context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	var places strings.Builder
	for i := range columns {
		fmt.Fprintf(&places, ", $%d", i+1)
	}
	sql := `INSERT INTO ` + table.Sanitize() + ` (` + strings.Join(columns, ", ") + `) VALUES (` + places.String()[2:] + `) ON CONFLICT DO NOTHING`
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			return 0, err
		}
		q.batch.Queue(sql, row...)
	}
	return 0, rows.Err()
}

func (q queueTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return q.conn.SendBatch(ctx, b)
}

func (q queueTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return q.conn.Conn().Prepare(ctx, name, sql)
}

// Exec is put off to the next statement. River wakes its workers with it and looks at no result; if it fails, so does the transaction.
func (q queueTx) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	q.batch.Queue(sql, args...)
	return pgconn.CommandTag{}, nil
}

func (q queueTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return q.conn.Query(ctx, sql, args...)
}

func (q queueTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return q.conn.QueryRow(ctx, sql, args...)
}

func byID(a, b message.Message) int { return strings.Compare(a.ID, b.ID) }

// DeadMessages counts messages that were given up.
func (s *Store) DeadMessages(ctx context.Context) (int64, error) {
	var n int64
	err := s.pool.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE state IN ('discarded', 'cancelled') AND kind = $1`, delivery.Job{}.Kind()).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count dead messages: %w", err)
	}
	return n, nil
}
