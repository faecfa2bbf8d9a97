package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/account"
	"rekey/internal/flow"
)

// tries is how often a transaction that lost a race in the database is run in all.
const tries = 5

// tx is one transaction. What is queued goes out together with the next statement or at the end; BEGIN and COMMIT are queued
// like the rest, which saves two of some five round trips.
type tx struct {
	conn  *pgxpool.Conn
	store *Store
	batch pgx.Batch
	doubt bool // what is queued may yet refuse the rest
	done  bool // committed
}

type inTx struct{}

// transact runs fn in a transaction, again when it lost to another one. fn ends with commit; without, everything is rolled
// back. It gets a context that refuses a transaction inside the transaction: that one would wait for a second connection while
// it holds the first.
func (s *Store) transact(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	if ctx.Value(inTx{}) != nil {
		return errors.New("a transaction inside a transaction")
	}
	inner := context.WithValue(ctx, inTx{}, true)
	for n := 1; ; n++ {
		err := s.attempt(inner, fn)
		if err == nil || n == tries || !lostRace(err) {
			return err
		}
		if err := pause(ctx, n); err != nil {
			return err
		}
	}
}

func (s *Store) attempt(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // closes a connection that a panic left in a transaction
	return s.on(ctx, conn, fn)
}

// on runs fn once in a transaction on a connection.
func (s *Store) on(ctx context.Context, conn *pgxpool.Conn, fn func(ctx context.Context, t *tx) error) error {
	t := &tx{conn: conn, store: s}
	t.batch.Queue("BEGIN")
	err := fn(ctx, t)
	if t.done {
		return err
	}
	if idle := byte('I'); conn.Conn().PgConn().TxStatus() != idle {
		if _, failed := conn.Exec(ctx, "ROLLBACK"); failed != nil { // such as a context that ended: Release closes the connection
			return errors.Join(err, failed)
		}
	}
	return err
}

// lostRace reports a serialization failure or a deadlock: nothing was written, and another try may work.
func lostRace(err error) bool {
	code := sqlState(err)
	return code == "40001" || code == "40P01"
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

const uniqueViolation = "23505"

// pause waits a few milliseconds, longer after each try and not all alike.
func pause(ctx context.Context, n int) error {
	timer := time.NewTimer(time.Duration(n)*2*time.Millisecond + rand.N(5*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send runs what was queued in one round trip.
func (t *tx) send(ctx context.Context) error {
	if t.batch.Len() == 0 {
		return nil
	}
	batch := t.batch
	t.batch, t.doubt = pgx.Batch{}, false
	return t.conn.SendBatch(ctx, &batch).Close()
}

// exec runs a statement whose result is needed now, after what was queued.
func (t *tx) exec(ctx context.Context, sql string, args ...any) (rows int64, err error) {
	t.batch.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
		rows = tag.RowsAffected()
		return nil
	})
	return rows, t.send(ctx)
}

// swap queues a compare-and-set. Whoever lost it hears of it from the next statement that is sent, and at the latest before the commit.
func (t *tx) swap(what, sql string, args ...any) {
	t.doubt = true
	t.batch.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error { return swapped(tag.RowsAffected(), nil, what) })
}

// swapped judges a compare-and-set.
func swapped(rows int64, err error, what string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if rows != 1 {
		return conflict(errors.New(what + ": it was changed meanwhile"))
	}
	return nil
}

// finish sends what was queued and commits it in the same round trip.
func (t *tx) finish(ctx context.Context) error {
	if t.doubt {
		if err := t.send(ctx); err != nil {
			return err
		}
	}
	t.batch.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return pgx.ErrTxCommitRollback
		}
		t.done = true
		return nil
	})
	return t.send(ctx)
}

// owner is whose effects are committed. spare is the flow or session that CloseOthers leaves alone.
type owner struct {
	account account.ID
	spare   string
}

// commit commits effects together with everything queued. It is the last thing a transaction does.
func (t *tx) commit(ctx context.Context, who owner, e flow.Effects) error {
	events := e.Audit
	if e.CloseOthers && !who.account.IsZero() {
		closed, err := t.closeOthers(ctx, who)
		if err != nil {
			return fmt.Errorf("close other flows: %w", err)
		}
		events = append(events[:len(events):len(events)], closed...)
	}
	if err := t.enqueue(ctx, e.Send); err != nil {
		return fmt.Errorf("queue messages: %w", err)
	}
	if err := t.signOut(ctx, e.SignOut); err != nil {
		return fmt.Errorf("queue sign-outs: %w", err)
	}
	t.remember(e)
	return t.record(ctx, events)
}

// lockAccount makes changes around one account take turns. It comes before every other lock.
const lockAccount = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`
