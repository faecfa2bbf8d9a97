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
type verdict = ldapconn.Verdict

const (
	unclear    = ldapconn.Unclear
	written    = ldapconn.Written
	notWritten = ldapconn.NotWritten
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
	show := func(c *conn) error {
		e, err := d.object(ctx, c, m.id, conditionAttributes()...)
		if err == nil {
			before, to = conditionOf(e), c.Server
		}
		return err
	}
	err := d.pool.Reserve(ctx, show, func(c *conn) error {
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
	return d.pool.Settle(ctx, to, lost, func(ctx context.Context) (verdict, *server, error) {
		after, by, err := d.conditionNow(ctx, m.id, to)
		return m.judge(before, after), by, err
	})
}

// conditionNow asks the server that a write went to, or another when that one does not answer or is not known.
func (d *Directory) conditionNow(ctx context.Context, id account.ID, first *server) (now condition, by *server, err error) {
	err = d.pool.ReadFrom(ctx, first, func(c *conn) error {
		e, err := d.object(ctx, c, id, conditionAttributes()...)
		if err == nil {
			now, by = conditionOf(e), c.Server
		}
		return err
	})
	return now, by, err
}

// PasswordSet implements directory.PasswordDater. It is zero while the password must be changed.
func (d *Directory) PasswordSet(ctx context.Context, id account.ID) (time.Time, error) {
	c, _, err := d.conditionNow(ctx, id, d.writers.Of(id, d.now()))
	return date(c.passwordSet), err
}

// PasswordMoved implements directory.PasswordDater. Unlike PasswordSet it asks every server, those that failed lately too.
func (d *Directory) PasswordMoved(ctx context.Context, id account.ID, before time.Time) (moved, sure bool, err error) {
	return d.pool.AnyDiffers(ctx, func(c *conn) (bool, error) {
		e, err := d.object(ctx, c, id, conditionAttributes()...)
		if err != nil {
			return false, err
		}
		return !date(conditionOf(e).passwordSet).Equal(before), nil
	})
}

// date is zero while the password must be changed.
func date(passwordSet int64) time.Time {
	if passwordSet <= 0 {
		return time.Time{}
	}
	return filetime(passwordSet)
}
