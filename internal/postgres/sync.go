package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/sync"
)

var _ sync.Store = (*Store)(nil)

// Hold implements sync.Store. The lock is the connection's: it ends with it, and everything is stored over it.
func (s *Store) Hold(ctx context.Context, directory string) (sync.Lease, sync.State, bool, error) {
	var state sync.State
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, state, false, fmt.Errorf("hold %s: %w", directory, err)
	}
	l := &lease{store: s, conn: conn, directory: directory}
	var ours bool
	err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, l.lock()).Scan(&ours)
	if err == nil && ours {
		state, err = l.enter(ctx)
	}
	if err != nil {
		l.Close()
		return nil, state, false, fmt.Errorf("hold %s: %w", directory, err)
	}
	if !ours {
		conn.Release()
		return nil, state, false, nil
	}
	return l, state, true, nil
}

// lease is the one connection that may store what a directory tells.
type lease struct {
	store     *Store
	conn      *pgxpool.Conn
	directory string
	dir       int16
}

var _ sync.Lease = (*lease)(nil)

func (l *lease) lock() string { return "sync " + l.directory }

// enter reads where the directory stands. One that is new gets a number.
func (l *lease) enter(ctx context.Context) (s sync.State, err error) {
	_, err = l.conn.Exec(ctx, `INSERT INTO sync_state (directory) SELECT $1 WHERE NOT EXISTS (SELECT FROM sync_state WHERE directory = $1)`, l.directory)
	if err != nil {
		return s, err
	}
	row := l.conn.QueryRow(ctx, `SELECT dir, `+stateColumns+` FROM sync_state WHERE directory = $1`, l.directory)
	return s, row.Scan(append([]any{&l.dir}, stateFields(&s)...)...)
}

// Close implements sync.Lease. A connection that cannot be asked any more is closed, and the lock ends with it.
func (l *lease) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // the caller's may have ended
	defer cancel()
	if _, err := l.conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, l.lock()); err != nil {
		_ = l.conn.Conn().Close(ctx)
	}
	l.conn.Release()
}

func (l *lease) transact(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	for n := 1; ; n++ {
		err := l.store.on(context.WithValue(ctx, inTx{}, true), l.conn, fn)
		if err == nil || n == tries || !lostRace(err) {
			return err
		}
		if err := pause(ctx, n); err != nil {
			return err
		}
	}
}

const stateColumns = `directory, pass, kind, wanted, position, begun, restarted, tried, told, total, current, complete, failures, error,
	held, held_gone, held_of, approved, forgiven, paused`

func stateFields(s *sync.State) []any {
	return []any{
		&s.Directory, &s.Pass, (*string)(&s.Kind), (*string)(&s.Wanted), (*[]byte)(&s.Cursor),
		orZero{&s.Begun},
		orZero{&s.Restarted},
		orZero{&s.Tried},
		&s.Told,
		&s.Total,
		orZero{&s.Current},
		orZero{&s.Full},
		&s.Failures, &s.Error,
		orZero{&s.Held.At},
		&s.Held.Gone, &s.Held.Of, &s.Approved,
		orZero{&s.Forgiven},
		orZero{&s.Paused},
	}
}

// orZero reads NULL as the zero time.
type orZero struct{ t *time.Time }

// Scan implements sql.Scanner.
func (o orZero) Scan(v any) error {
	*o.t = time.Time{}
	if v == nil {
		return nil
	}
	t, ok := v.(time.Time)
	if !ok {
		return fmt.Errorf("want a time, got %T", v)
	}
	*o.t = t.UTC()
	return nil
}

// orNull stores the zero time as NULL.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Begin implements sync.Lease.
func (l *lease) Begin(ctx context.Context, s sync.State) error {
	err := l.transact(ctx, func(ctx context.Context, t *tx) error {
		l.save(t, s)
		t.batch.Queue(`UPDATE sync_state SET wanted = '' WHERE dir = $1`, l.dir)
		return t.finish(ctx)
	})
	if err != nil {
		return fmt.Errorf("begin a turn of %s: %w", l.directory, err)
	}
	return nil
}

// Save implements sync.Lease.
func (l *lease) Save(ctx context.Context, s sync.State, events ...audit.Event) error {
	err := l.transact(ctx, func(ctx context.Context, t *tx) error {
		l.save(t, s)
		return t.record(ctx, events)
	})
	if err != nil {
		return fmt.Errorf("save where %s stands: %w", l.directory, err)
	}
	return nil
}

// save leaves alone what somebody asks for or approves meanwhile.
func (l *lease) save(t *tx, s sync.State) {
	t.batch.Queue(`
		UPDATE sync_state SET pass = $2, kind = $3, position = $4, begun = $5, restarted = $6, tried = $7, told = $8, total = $9, current = $10,
			complete = $11, failures = $12, error = $13, held = $14, held_gone = $15, held_of = $16, forgiven = $17
		WHERE dir = $1`,
		l.dir, s.Pass, string(s.Kind), []byte(s.Cursor), orNull(s.Begun), orNull(s.Restarted), orNull(s.Tried), s.Told, s.Total, orNull(s.Current),
		orNull(s.Full), s.Failures, clean(s.Error), orNull(s.Held.At), s.Held.Gone, s.Held.Of, orNull(s.Forgiven))
}

// Take implements sync.Lease.
func (l *lease) Take(ctx context.Context, s sync.State, p directory.Page, at sync.Moment, judge sync.Judge) error {
	err := l.transact(ctx, func(ctx context.Context, t *tx) error {
		b := book{tx: t, dir: l.dir, pass: s.Pass}
		if err := b.remove(ctx, p.Removed, at, judge); err != nil {
			return err
		}
		if err := b.units(ctx, p.Units); err != nil {
			return err
		}
		if err := b.people(p.People); err != nil {
			return err
		}
		b.groups(p.Groups)
		l.save(t, s)
		return t.finish(ctx)
	})
	if err != nil {
		return fmt.Errorf("store a page of %s: %w", l.directory, err)
	}
	return nil
}

// End implements sync.Lease.
func (l *lease) End(ctx context.Context, s sync.State, at sync.Moment, judge sync.Judge) error {
	err := l.transact(ctx, func(ctx context.Context, t *tx) error {
		if s.Full.Equal(s.Begun) { // the pass was a full one
			b := book{tx: t, dir: l.dir, pass: s.Pass}
			if err := b.sweep(ctx, at, judge); err != nil {
				return err
			}
		}
		t.batch.Queue(`DELETE FROM person WHERE dir = $1 AND gone < $2`, l.dir, at.Forget)
		l.save(t, s)
		return t.finish(ctx)
	})
	if err != nil {
		return fmt.Errorf("close the pass over %s: %w", l.directory, err)
	}
	return nil
}

// Drop implements sync.Lease.
func (l *lease) Drop(ctx context.Context, settings int64, e audit.Event) (bool, error) {
	newer := false
	err := l.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`SELECT EXISTS (SELECT FROM settings_version WHERE number > $1)`, settings).QueryRow(func(row pgx.Row) error { return row.Scan(&newer) })
		if err := t.send(ctx); err != nil || newer {
			return err
		}
		for _, table := range []string{"person", "member", "grp", "unit", "sync_state"} {
			t.batch.Queue(`DELETE FROM `+table+` WHERE dir = $1`, l.dir)
		}
		t.batch.Queue(`DELETE FROM resident WHERE directory = $1`, l.directory)
		return t.record(ctx, []audit.Event{e})
	})
	if err != nil {
		return false, fmt.Errorf("drop the copy of %s: %w", l.directory, err)
	}
	return !newer, nil
}

// Request implements sync.Store.
func (s *Store) Request(ctx context.Context, directory string, k sync.Kind, approve bool, events ...audit.Event) (bool, error) {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		rows, err := t.exec(ctx, `
			UPDATE sync_state SET wanted = $2, approved = CASE WHEN $3 THEN pass ELSE approved END
			WHERE directory = $1 AND (NOT $3 OR held IS NOT NULL)`, directory, string(k), approve)
		if err != nil {
			return err
		}
		if rows == 0 {
			return pgx.ErrNoRows
		}
		return t.record(ctx, events)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask for a pass over %s: %w", directory, err)
	}
	return true, nil
}

// Pause implements sync.Store.
func (s *Store) Pause(ctx context.Context, directory string, since time.Time, events ...audit.Event) (bool, error) {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		rows, err := t.exec(ctx, `UPDATE sync_state SET paused = $2 WHERE directory = $1`, directory, orNull(since))
		if err != nil {
			return err
		}
		if rows == 0 {
			return pgx.ErrNoRows
		}
		return t.record(ctx, events)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("pause the copy of %s: %w", directory, err)
	}
	return true, nil
}

// SyncStates implements sync.Store; it counts nothing.
func (s *Store) SyncStates(ctx context.Context) ([]sync.State, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+stateColumns+` FROM sync_state ORDER BY directory`)
	if err != nil {
		return nil, fmt.Errorf("read where directories stand: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (st sync.State, err error) { return st, row.Scan(stateFields(&st)...) })
	if err != nil {
		return nil, fmt.Errorf("read where directories stand: %w", err)
	}
	return all, nil
}

// Census tells how every directory stands, by its key.
func (s *Store) Census(ctx context.Context) ([]sync.Census, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+stateColumns+`, (SELECT count(*) FROM person p WHERE p.dir = s.dir AND gone IS NULL),
			(SELECT count(*) FROM person p WHERE p.dir = s.dir AND gone IS NOT NULL), (SELECT count(*) FROM grp g WHERE g.dir = s.dir),
			(SELECT count(*) FROM member m WHERE m.dir = s.dir), (SELECT count(*) FROM unit u WHERE u.dir = s.dir)
		FROM sync_state s ORDER BY directory`)
	if err != nil {
		return nil, fmt.Errorf("count the copy: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (sync.Census, error) {
		var c sync.Census
		return c, row.Scan(append(stateFields(&c.State), &c.People, &c.Gone, &c.Groups, &c.Members, &c.Units)...)
	})
	if err != nil {
		return nil, fmt.Errorf("count the copy: %w", err)
	}
	return all, nil
}
