package ad

import (
	"context"
	"errors"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
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
		before, to = conditionOf(e), c.Server
		request := ldap.NewModifyRequest(guidDN(m.id.Object), nil)
		m.compose(request, c.Root, before)
		if len(request.Changes) == 0 {
			return nil
		}
		d.writers.Remember(m.id, c.Server, d.now())
		return c.Do(ctx, d.config.WriteTimeout, func(l *ldap.Conn) error { return l.Modify(request) })
	})
	var lost *ldapconn.LostError
	switch {
	case err == nil || errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrUnavailable):
		return err
	case !errors.As(err, &lost):
		return translate(err)
	case !lost.Sent:
		return ldapconn.Unavailable(err)
	}
	d.log.WarnContext(ctx, "answer to a write was lost", "directory", d.Key(), "error", err)
	return d.settle(ctx, m, before, to, lost)
}

// reserve lends f a connection to a server that takes writes and has just shown the account.
func (d *Directory) reserve(ctx context.Context, id account.ID, f func(*conn, *ldap.Entry) error) error {
	asked, shown := false, false
	attempt := func(w want) error {
		return d.pool.With(ctx, w, func(c *conn) error {
			asked = true
			e, err := d.object(ctx, c, id, conditionAttributes()...)
			if err != nil {
				return ldapconn.Failed(err)
			}
			shown = true
			return f(c, e)
		})
	}
	err := attempt(want{Write: true})
	if asked && !shown && ldapconn.IsLost(err) && ctx.Err() == nil {
		err = attempt(want{Write: true, Fresh: true})
	}
	return err
}

const (
	settleTime = 5 * time.Second        // how long the directory is asked what became of a write, if a write may take as long
	settleWait = 250 * time.Millisecond // between two questions
)

// settle finds out what became of a write whose answer was lost. The server it went to knows; another one knows only that it did happen,
// since what is not there may yet be replicated. A server that was too slow may still do it.
func (d *Directory) settle(ctx context.Context, m modification, before condition, to *server, lost *ldapconn.LostError) error {
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
		case m.judge(before, after) == notWritten && by == to && !lost.Late:
			denials++ // the server may have been at it still the first time
		}
		if denials > 1 {
			return ldapconn.Unavailable(lost)
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
			now, by = conditionOf(e), c.Server
		}
		return err
	}
	if first != nil && !d.pool.Failed(first) {
		if err = d.pool.With(ctx, want{Server: first, Fresh: true}, ask); err == nil {
			return now, by, nil
		}
	}
	return now, by, d.pool.Read(ctx, ask)
}

// PasswordSet implements directory.PasswordDater. It is zero while the password must be changed.
func (d *Directory) PasswordSet(ctx context.Context, id account.ID) (time.Time, error) {
	c, _, err := d.conditionNow(ctx, id, d.writers.Of(id, d.now()))
	return date(c.passwordSet), err
}

// PasswordMoved implements directory.PasswordDater. Unlike PasswordSet it asks every server, those that failed lately too.
func (d *Directory) PasswordMoved(ctx context.Context, id account.ID, before time.Time) (moved, sure bool, err error) {
	answered := false
	for _, s := range d.pool.Servers() {
		var c condition
		silent := d.pool.With(ctx, want{Server: s, Fresh: true}, func(l *conn) error {
			e, err := d.object(ctx, l, id, conditionAttributes()...)
			if err == nil {
				c = conditionOf(e)
			}
			return ldapconn.Failed(err)
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
