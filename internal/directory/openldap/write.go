package openldap

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
	dn     string
	set    string // when the password was last set, as the server says it
	reset  bool   // it must be changed
	lock   string // pwdAccountLockedTime
	shut   bool   // by an administrator
	locked bool
	csn    string // moves with every modification; empty on servers without
}

func (d *Directory) conditionAttributes() []string { return append(d.stateAttributes(), "entryCSN") }

func (d *Directory) conditionOf(p policy, e *ldap.Entry) condition {
	return condition{
		dn: e.DN, set: text(e, d.config.PasswordSetAttribute), reset: isTrue(text(e, "pwdReset")), lock: text(e, "pwdAccountLockedTime"),
		shut: d.disabled(e), locked: d.state(p, e).Locked, csn: text(e, "entryCSN"),
	}
}

// sameSecond is how old a password must be for one that is written to have another date: dates are in whole seconds, and clocks differ.
const sameSecond = time.Minute

// passwordWritten judges by the date of the password, which every write moves, and by the change number, which every modification does.
func passwordWritten(now time.Time) func(before, after condition) ldapconn.Verdict {
	return func(before, after condition) ldapconn.Verdict {
		set := point(before.set)
		switch {
		case before.set != after.set:
			return ldapconn.Written
		case before.csn != "" && before.csn == after.csn:
			return ldapconn.NotWritten
		case set.IsZero() || now.Sub(set) < sameSecond:
			return ldapconn.Unclear
		}
		return ldapconn.NotWritten
	}
}

func unlocked(_, after condition) ldapconn.Verdict {
	if after.lock == "" {
		return ldapconn.Written
	}
	return ldapconn.NotWritten
}

// modification is one write of an account.
type modification struct {
	id account.ID
	// compose makes the operation; nil: there is nothing to write. Its error ends the write before anything is sent.
	compose func(c *conn, before condition) (func(*ldap.Conn) error, error)
	// judge tells from the account's condition whether it happened.
	judge func(before, after condition) ldapconn.Verdict
	// after is asked for on the same connection when the write was answered.
	after func(ctx context.Context, c *conn) error
}

// write sends a modification once. The account's condition is read before, over the same connection. Errors: those of
// directory.Directory.SetPassword.
func (d *Directory) write(ctx context.Context, m modification) error {
	var before condition
	var to *server
	show := func(c *conn) (err error) {
		before, err = d.show(ctx, c, m.id)
		to = c.Server
		return err
	}
	err := d.pool.Reserve(ctx, show, func(c *conn) error {
		operation, err := m.compose(c, before)
		if err != nil || operation == nil {
			return err
		}
		d.writers.Remember(m.id, c.Server, d.now())
		if err := c.Do(ctx, d.config.WriteTimeout, operation); err != nil || m.after == nil {
			return err
		}
		return m.after(ctx, c)
	})
	var lost *ldapconn.LostError
	switch {
	case err == nil || settled(err):
		return err
	case !errors.As(err, &lost):
		return translate(err)
	case !lost.Sent:
		return ldapconn.Unavailable(err)
	}
	d.log.WarnContext(ctx, "answer to a write was lost", "directory", d.Key(), "error", err)
	return d.pool.Settle(ctx, to, lost, func(ctx context.Context) (ldapconn.Verdict, *server, error) {
		after, by, err := d.conditionNow(ctx, m.id, to)
		return m.judge(before, after), by, err
	})
}

// settled reports whether an error is one of the contract's already.
func settled(err error) bool {
	for _, known := range []error{directory.ErrNotFound, directory.ErrUnavailable, directory.ErrDenied, directory.ErrOutcomeUnknown} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

func (d *Directory) show(ctx context.Context, c *conn, id account.ID) (condition, error) {
	e, err := d.object(ctx, c, id, d.conditionAttributes()...)
	if err != nil {
		return condition{}, err
	}
	p, err := d.policyOf(ctx, c, e)
	return d.conditionOf(p, e), err
}

// conditionNow asks the server that a write went to, or another when that one does not answer or is not known.
func (d *Directory) conditionNow(ctx context.Context, id account.ID, first *server) (now condition, by *server, err error) {
	err = d.pool.ReadFrom(ctx, first, func(c *conn) (err error) {
		now, err = d.show(ctx, c, id)
		by = c.Server
		return err
	})
	return now, by, err
}

// PasswordSet implements directory.PasswordDater. It is zero while the password must be changed.
func (d *Directory) PasswordSet(ctx context.Context, id account.ID) (time.Time, error) {
	c, _, err := d.conditionNow(ctx, id, d.writers.Of(id, d.now()))
	return c.date(), err
}

// PasswordMoved implements directory.PasswordDater.
func (d *Directory) PasswordMoved(ctx context.Context, id account.ID, before time.Time) (moved, sure bool, err error) {
	return d.pool.AnyDiffers(ctx, func(c *conn) (bool, error) {
		now, err := d.show(ctx, c, id)
		return !now.date().Equal(before), err
	})
}

func (c condition) date() time.Time {
	if c.reset {
		return time.Time{}
	}
	return point(c.set)
}
