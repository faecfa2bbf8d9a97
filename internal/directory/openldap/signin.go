package openldap

import (
	"context"
	"errors"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
	"rekey/internal/secret"
)

// countSlack is how much longer wrong passwords are taken to count than the directory says: clocks differ.
const countSlack = time.Minute

// Authenticate implements directory.Authenticator. The password of an account that is locked or disabled is not judged by the directory,
// so nothing is said of it.
func (d *Directory) Authenticate(ctx context.Context, id account.ID, password secret.Text) error {
	return ldapconn.Slowly(ctx, func() error { return d.authenticate(ctx, id, password) })
}

// authenticate has one try of an account at a time under way, since what decides is a count that a try moves.
func (d *Directory) authenticate(ctx context.Context, id account.ID, password secret.Text) error {
	if password.Empty() { // an empty one would be an unauthenticated bind, which may succeed (RFC 4513 §5.1.2)
		return &directory.SignInError{Reason: directory.SignInWrong}
	}
	p, leave, err := d.approach(ctx, id)
	if err != nil {
		return err
	}
	defer leave()
	return d.try(ctx, p, password)
}

// prospect is an account before its password is tried.
type prospect struct {
	dn     string // what is signed in with
	exists bool
	state  account.State
	policy policy
	wrong  int // wrong passwords that count
	at     *server
}

// wouldLock reports whether one more wrong password could lock the account.
func (p prospect) wouldLock() bool { return p.policy.lockAfter > 0 && p.wrong >= p.policy.lockAfter-1 }

// approach waits for the account's turn and reads what decides whether its password may be tried. leave must be called after the try.
func (d *Directory) approach(ctx context.Context, id account.ID) (p prospect, leave func(), err error) {
	leave = func() {}
	if d.mine(id) { // the others exist nowhere: nothing of theirs is counted
		if leave, err = d.signIns.Enter(ctx, id); err != nil {
			return p, nil, ldapconn.Unavailable(err)
		}
	}
	err = d.pool.Read(ctx, func(c *conn) error {
		var err error
		p, err = d.prospect(ctx, c, id)
		return err
	})
	if err == nil {
		p.wrong, err = d.mostWrong(ctx, p)
	}
	if err != nil {
		leave()
		return p, nil, ldapconn.Failed(err)
	}
	return p, leave, nil
}

// prospect reads what decides. An account that does not exist is looked for all the same, and tried under a name nobody has.
func (d *Directory) prospect(ctx context.Context, c *conn, id account.ID) (prospect, error) {
	object := id.Object
	if !d.mine(id) {
		object = nobodysObject
	}
	p := prospect{dn: d.nobody(), at: c.Server}
	e, err := d.entry(ctx, c, object, append(d.stateAttributes(), "pwdFailureTime")...)
	if errors.Is(err, directory.ErrNotFound) {
		p.policy, err = d.policy(ctx, c, d.config.DefaultPolicy)
		return p, err
	}
	if err != nil {
		return p, err
	}
	if p.policy, err = d.policyOf(ctx, c, e); err != nil {
		return p, err
	}
	p.exists, p.dn, p.state, p.wrong = true, e.DN, d.state(p.policy, e), d.counted(p.policy, e)
	return p, nil
}

// counted is how many wrong passwords count towards a lock: those within the window.
func (d *Directory) counted(p policy, e *ldap.Entry) int {
	n := 0
	for _, s := range e.GetEqualFoldAttributeValues("pwdFailureTime") {
		if at := point(s); p.window == always || at.IsZero() || d.now().Before(at.Add(p.window+countSlack)) {
			n++
		}
	}
	return n
}

// mostWrong asks the other servers for their counts, which are not replicated. A server that does not answer is left out.
func (d *Directory) mostWrong(ctx context.Context, p prospect) (int, error) {
	return d.pool.Most(ctx, p.at, p.wrong, func(c *conn) (int, error) {
		e, err := c.Read(ctx, d.config.ReadTimeout, p.dn, ldapconn.Anything, "pwdFailureTime")
		if err != nil || e == nil {
			return 0, err
		}
		return d.counted(p.policy, e), nil
	})
}

// try signs in on a connection of its own. What is refused here without trying the password costs a try under nobody's name.
func (d *Directory) try(ctx context.Context, p prospect, password secret.Text) error {
	why := p.untried()
	dn := p.dn
	if why != "" {
		dn = d.nobody()
	}
	said, err := d.pool.SignIn(ctx, p.at, dn, password, ldap.NewControlBeheraPasswordPolicy())
	switch code := verdictIn(said).code; {
	case ldapconn.IsLost(err):
		return ldapconn.Unavailable(err)
	case why != "":
		return &directory.SignInError{Reason: why}
	case err != nil && code == passwordExpired:
		return &directory.SignInError{Reason: directory.SignInExpired}
	case err != nil && code == accountLocked:
		return &directory.SignInError{Reason: directory.SignInLocked}
	case err != nil:
		return &directory.SignInError{Reason: directory.SignInWrong}
	case code == changeAfterReset || p.state.MustChange:
		return &directory.SignInError{Reason: directory.SignInMustChange}
	}
	return nil // also with an expired password while sign-ins are left to it
}

// untried is why the password is not tried; empty: it is.
func (p prospect) untried() directory.SignInReason {
	switch {
	case !p.exists:
		return directory.SignInWrong
	case p.state.Disabled:
		return directory.SignInDisabled
	case p.state.Expired:
		return directory.SignInAccountExpired
	case p.state.Locked:
		return directory.SignInLocked
	case p.wouldLock():
		return directory.SignInWouldLock
	}
	return ""
}
