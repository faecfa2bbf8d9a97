package openldap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
	"rekey/internal/secret"
)

// longestPassword, in characters, is more than anybody types. Servers have their own limits, which they tell.
const longestPassword = 256

// SetPassword implements directory.Directory. The Password Modify operation can carry nothing else, so what goes along with a new
// password follows it on the same connection; when only that is lost or refused the outcome is unknown. OpenLDAP lifts a lock with every
// new password.
func (d *Directory) SetPassword(ctx context.Context, id account.ID, password secret.Text, w directory.Write) error {
	if err := d.typable(password); err != nil {
		return err
	}
	return d.write(ctx, modification{
		id: id, judge: passwordWritten(d.now()),
		compose: func(c *conn, before condition) (func(*ldap.Conn) error, error) {
			return d.newPassword(before, "", password, w)
		},
		after: func(ctx context.Context, c *conn) error { return d.follow(ctx, c, id, w) },
	})
}

// Change implements directory.Changer: the person signs in with the old password, which the directory counts when it is wrong, and
// the service account writes the new one. An expired password, or one that must be changed, is told by the password policy control.
func (d *Directory) Change(ctx context.Context, id account.ID, old, password secret.Text) error {
	if old.Empty() {
		return directory.ErrWrongPassword
	}
	if err := d.typable(password); err != nil {
		return err
	}
	p, leave, err := d.approach(ctx, id)
	if err != nil {
		return err
	}
	defer leave()
	switch {
	case !p.exists:
		return directory.ErrNotFound
	case p.state.Disabled:
		return errShut
	case p.state.Locked:
		return &directory.RejectedError{Reason: directory.PolicyRefused}
	case p.wouldLock():
		return &directory.SignInError{Reason: directory.SignInWouldLock}
	}
	switch said, err := d.pool.SignIn(ctx, p.at, p.dn, old, ldap.NewControlBeheraPasswordPolicy()); {
	case ldapconn.IsLost(err):
		return ldapconn.Unavailable(err)
	case err != nil && verdictIn(said).code != passwordExpired:
		return directory.ErrWrongPassword
	}
	return d.write(ctx, modification{
		id: id, judge: passwordWritten(d.now()),
		compose: func(c *conn, before condition) (func(*ldap.Conn) error, error) {
			return d.newPassword(before, old.Reveal(), password, directory.Write{})
		},
	})
}

// Unlock implements directory.Unlocker. It takes away the lock it saw, and no other; OpenLDAP forgets the wrong passwords with it. A lock
// that has run out is cleared too, but is not reported; one that an administrator set is none of ours.
func (d *Directory) Unlock(ctx context.Context, id account.ID) (bool, error) {
	locked := false
	err := d.write(ctx, modification{id: id, judge: unlocked, compose: func(c *conn, before condition) (func(*ldap.Conn) error, error) {
		locked = before.locked
		if before.lock == "" || before.lock == forEver {
			return nil, nil
		}
		return func(l *ldap.Conn) error { return unlock(l, before) }, nil
	}})
	return locked && err == nil, err
}

// unlock is done already when the lock has gone meanwhile.
func unlock(l *ldap.Conn, seen condition) error {
	r := ldap.NewModifyRequest(seen.dn, nil)
	r.Delete("pwdAccountLockedTime", []string{seen.lock})
	err := l.Modify(r)
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchAttribute) {
		return nil
	}
	return err
}

// errShut keeps an account that an administrator has locked as it is: a new password would open it (OpenLDAP takes any lock away then).
var errShut = fmt.Errorf("%w: an administrator has locked the account", directory.ErrDenied)

// newPassword makes the operation that sets a password, with the old one where it is known.
func (d *Directory) newPassword(before condition, old string, password secret.Text, w directory.Write) (func(*ldap.Conn) error, error) {
	if before.shut {
		return nil, errShut
	}
	policies := []ldap.Control{ldap.NewControlBeheraPasswordPolicy()}
	if d.config.PasswordWrite == writeModify {
		r := ldap.NewModifyRequest(before.dn, policies)
		r.Replace(passwordAttribute, []string{password.Reveal()})
		if w.MustChange {
			r.Replace("pwdReset", []string{"TRUE"})
		}
		return func(l *ldap.Conn) error { return l.Modify(r) }, nil
	}
	// PasswdModifyRequestValue ::= SEQUENCE { userIdentity [0], oldPasswd [1] OPTIONAL, newPasswd [2] } (RFC 3062 §2). The library's own
	// request takes no controls.
	value := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	for tag, field := range []string{before.dn, old, password.Reveal()} {
		if field != "" {
			value.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, ber.Tag(tag), field, ""))
		}
	}
	r := ldap.NewExtendedRequest(passwordModify, value)
	r.Controls = policies
	return func(l *ldap.Conn) error {
		_, err := l.Extended(r)
		return err
	}, nil
}

// follow does what goes along with a new password and has not come with it.
func (d *Directory) follow(ctx context.Context, c *conn, id account.ID, w directory.Write) error {
	if !w.MustChange && !w.Unlock {
		return nil
	}
	now, err := d.show(ctx, c, id)
	if err == nil {
		r := ldap.NewModifyRequest(now.dn, nil)
		if w.MustChange && !now.reset {
			r.Replace("pwdReset", []string{"TRUE"})
		}
		if w.Unlock && now.lock != "" && now.lock != forEver {
			r.Delete("pwdAccountLockedTime", []string{now.lock})
		}
		if len(r.Changes) > 0 {
			err = c.Do(ctx, d.config.WriteTimeout, func(l *ldap.Conn) error { return l.Modify(r) })
		}
	}
	if err != nil {
		d.log.WarnContext(ctx, "a password was set, but not what goes along with it", "directory", d.Key(), "error", err)
		return errors.Join(directory.ErrOutcomeUnknown, err)
	}
	return nil
}

// typable refuses what is no text, or nobody could type, and what a server would take for a password that is hashed already
// (RFC 2307 §5.3).
func (d *Directory) typable(password secret.Text) error {
	text := password.Reveal()
	switch {
	case text == "":
		return &directory.RejectedError{Reason: directory.TooShort}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || d.config.PasswordWrite == writeModify && schemed(text):
		return &directory.RejectedError{Reason: directory.Characters}
	case utf8.RuneCountInString(text) > longestPassword:
		return &directory.RejectedError{Reason: directory.TooLong}
	}
	return nil
}

func schemed(text string) bool { return strings.HasPrefix(text, "{") && strings.Contains(text, "}") }
