package ad

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// condition is what tells whether a write has happened.
type condition struct {
	passwordSet int64 // pwdLastSet
	lockout     int64 // lockoutTime
	locked      bool
}

func conditionAttributes() []string {
	return []string{"pwdLastSet", "lockoutTime", "msDS-User-Account-Control-Computed"}
}

func conditionOf(e *ldap.Entry) condition {
	return condition{
		passwordSet: number(text(e, "pwdLastSet")), lockout: number(text(e, "lockoutTime")),
		locked: number(text(e, "msDS-User-Account-Control-Computed"))&bitLocked != 0,
	}
}

// verdict is what a condition says of a write.
type verdict uint8

const (
	unclear verdict = iota
	written
	notWritten
)

// passwordWritten judges by pwdLastSet, which every password write moves: to now, or to zero when it must be changed.
func passwordWritten(mustChange bool) func(before, after condition) verdict {
	return func(before, after condition) verdict {
		switch {
		case before.passwordSet != after.passwordSet:
			return written
		case mustChange && before.passwordSet == 0:
			return unclear // zero before, zero after
		}
		return notWritten
	}
}

func unlocked(_, after condition) verdict {
	if after.lockout == 0 {
		return written
	}
	return notWritten
}

// modification is one write of an account.
type modification struct {
	id account.ID
	// compose fills the request; one without changes is not sent.
	compose func(r *ldap.ModifyRequest, root rootDSE, before condition)
	// judge tells from the account's condition whether it happened.
	judge func(before, after condition) verdict
}

// write sends a modification once. The account's condition is read before, over the same connection: a dead connection is found out by a
// question that may be repeated. Errors: those of directory.Directory.SetPassword.
func (d *Directory) write(ctx context.Context, m modification) error {
	var before condition
	var to *server
	err := d.reserve(ctx, m.id, func(c *conn, e *ldap.Entry) error {
		before, to = conditionOf(e), c.server
		request := ldap.NewModifyRequest(guidDN(m.id.Object), nil)
		m.compose(request, c.root, before)
		if len(request.Changes) == 0 {
			return nil
		}
		d.writers.remember(m.id, c.server, d.now())
		return c.do(ctx, d.config.WriteTimeout, func(l *ldap.Conn) error { return l.Modify(request) })
	})
	var lost *lostError
	switch {
	case err == nil || errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrUnavailable):
		return err
	case !errors.As(err, &lost):
		return translate(err)
	case !lost.sent:
		return unavailable(err)
	}
	d.log.WarnContext(ctx, "answer to a write was lost", "directory", d.Key(), "error", err)
	return d.settle(ctx, m, before, to, lost)
}

// reserve lends f a connection to a server that takes writes and has just shown the account.
func (d *Directory) reserve(ctx context.Context, id account.ID, f func(*conn, *ldap.Entry) error) error {
	asked, shown := false, false
	attempt := func(w want) error {
		return d.pool.with(ctx, w, func(c *conn) error {
			asked = true
			e, err := d.object(ctx, c, id, conditionAttributes()...)
			if err != nil {
				return failed(err)
			}
			shown = true
			return f(c, e)
		})
	}
	err := attempt(want{write: true})
	if asked && !shown && isLost(err) && ctx.Err() == nil {
		err = attempt(want{write: true, fresh: true})
	}
	return err
}

const (
	settleTime = 5 * time.Second        // how long the directory is asked what became of a write, if a write may take as long
	settleWait = 250 * time.Millisecond // between two questions
)

// settle finds out what became of a write whose answer was lost. The server it went to knows; another one knows only that it did happen,
// since what is not there may yet be replicated. A server that was too slow may still do it.
func (d *Directory) settle(ctx context.Context, m modification, before condition, to *server, lost *lostError) error {
	ctx, cancel := context.WithTimeout(ctx, min(settleTime, d.config.WriteTimeout))
	defer cancel()
	denials := 0
	for {
		after, by, err := d.conditionNow(ctx, m.id, to)
		switch {
		case err != nil:
			denials = 0
		case m.judge(before, after) == written:
			return nil
		case m.judge(before, after) == notWritten && by == to && !lost.late:
			denials++ // the server may have been at it still the first time
		}
		if denials > 1 {
			return unavailable(lost)
		}
		select {
		case <-time.After(settleWait):
		case <-ctx.Done():
			return errors.Join(directory.ErrOutcomeUnknown, lost)
		}
	}
}

// conditionNow asks the server that a write went to, or another when that one does not answer or is not known.
func (d *Directory) conditionNow(ctx context.Context, id account.ID, first *server) (now condition, by *server, err error) {
	ask := func(c *conn) error {
		e, err := d.object(ctx, c, id, conditionAttributes()...)
		if err == nil {
			now, by = conditionOf(e), c.server
		}
		return err
	}
	if first != nil && !d.pool.failover.failed(first.index) {
		if err = d.pool.with(ctx, want{server: first, fresh: true}, ask); err == nil {
			return now, by, nil
		}
	}
	return now, by, d.pool.read(ctx, ask)
}

// PasswordSet implements directory.PasswordDater. It is zero while the password must be changed.
func (d *Directory) PasswordSet(ctx context.Context, id account.ID) (time.Time, error) {
	c, _, err := d.conditionNow(ctx, id, d.writers.of(id, d.now()))
	return date(c.passwordSet), err
}

// PasswordMoved implements directory.PasswordDater. Unlike PasswordSet it asks every server, those that failed lately too.
func (d *Directory) PasswordMoved(ctx context.Context, id account.ID, before time.Time) (moved, sure bool, err error) {
	answered := false
	for _, s := range d.pool.servers {
		var c condition
		silent := d.pool.with(ctx, want{server: s, fresh: true}, func(l *conn) error {
			e, err := d.object(ctx, l, id, conditionAttributes()...)
			if err == nil {
				c = conditionOf(e)
			}
			return failed(err)
		})
		if silent != nil {
			err = errors.Join(err, silent)
			continue
		}
		answered = true
		if !date(c.passwordSet).Equal(before) {
			return true, true, nil
		}
	}
	if answered {
		return false, err == nil, nil
	}
	return false, false, err
}

// date is zero while the password must be changed.
func date(passwordSet int64) time.Time {
	if passwordSet <= 0 {
		return time.Time{}
	}
	return filetime(passwordSet)
}

const (
	writerLife = time.Hour // by then every server knows
	maxWriters = 10000
)

// writers remembers which server an account was last written to: the others learn of it later.
type writers struct {
	mu   sync.Mutex
	last map[account.ID]writer
}

type writer struct {
	server *server
	until  time.Time
}

func (w *writers) remember(id account.ID, s *server, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.last) >= maxWriters {
		for id, old := range w.last {
			if now.After(old.until) {
				delete(w.last, id)
			}
		}
	}
	if w.last == nil || len(w.last) >= maxWriters {
		w.last = map[account.ID]writer{}
	}
	w.last[id] = writer{s, now.Add(writerLife)}
}

// of gives the server, nil when none is remembered.
func (w *writers) of(id account.ID, now time.Time) *server {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last, ok := w.last[id]; ok && now.Before(last.until) {
		return last.server
	}
	return nil
}
