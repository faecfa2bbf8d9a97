package ad

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

// Authenticate implements directory.Authenticator.
func (d *Directory) Authenticate(ctx context.Context, id account.ID, password secret.Text) error {
	return ldapconn.Slowly(ctx, func() error { return d.authenticate(ctx, id, password) })
}

// authenticate has one try of an account at a time under way, since what decides is a count that a try moves.
func (d *Directory) authenticate(ctx context.Context, id account.ID, password secret.Text) error {
	if password.Empty() { // an empty one would be an unauthenticated bind, which succeeds (RFC 4513 §5.1.2)
		return &directory.SignInError{Reason: directory.SignInWrong}
	}
	p, leave, err := d.approach(ctx, id)
	if err != nil {
		return err
	}
	defer leave()
	return d.try(ctx, p, password)
}

// approach waits for the account's turn and reads what decides whether its password may be tried. leave must be called after the try.
func (d *Directory) approach(ctx context.Context, id account.ID) (p prospect, leave func(), err error) {
	leave = func() {}
	if isGUID(id.Object) { // the others exist nowhere: nothing of theirs is counted
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

// wouldLock reports whether one more wrong password could lock the account.
func (p prospect) wouldLock() bool { return p.policy.lockAfter > 0 && p.wrong >= p.policy.lockAfter-1 }

// prospect is an account before its password is tried.
type prospect struct {
	dn     string // what is read again at the other servers
	user   string // what is signed in with
	exists bool
	locked bool
	policy passwordPolicy
	wrong  int // wrong passwords that count
	at     *server
}

func signInAttributes() []string {
	return []string{"badPwdCount", "badPasswordTime", "msDS-User-Account-Control-Computed", "msDS-ResultantPSO"}
}

// prospect reads what decides. An account that does not exist is read as somebody else and tried under a name nobody has.
func (d *Directory) prospect(ctx context.Context, c *conn, id account.ID) (prospect, error) {
	f, err := d.facts(ctx, c)
	if err != nil {
		return prospect{}, err
	}
	e, err := d.object(ctx, c, id, signInAttributes()...)
	if err != nil && !errors.Is(err, directory.ErrNotFound) {
		return prospect{}, err
	}
	dn, _ := d.absent(f, id.Object)
	p := prospect{at: c.Server, dn: dn, user: d.nobody(), policy: f.policy}
	if e == nil {
		if !isGUID(id.Object) || id.Directory != d.Key() { // not asked for yet
			_, err = c.Read(ctx, d.config.ReadTimeout, p.dn, ldapconn.Anything, signInAttributes()...)
			if ldapconn.IsLost(err) {
				return p, err
			}
		}
		return p, nil
	}
	p.exists, p.dn, p.user = true, guidDN(id.Object), e.DN
	p.locked = number(text(e, "msDS-User-Account-Control-Computed"))&bitLocked != 0
	if p.policy, err = d.policyOf(ctx, c, f, e); err != nil {
		return p, err
	}
	p.wrong = d.counted(e, p.policy)
	return p, nil
}

// nobody is a UPN that no account has.
func (d *Directory) nobody() string { return "rekey-nobody@" + d.config.Domain }

// counted is how many wrong passwords count towards a lock. The count stays after the window has passed, until the next try.
func (d *Directory) counted(e *ldap.Entry, p passwordPolicy) int {
	last := point(text(e, "badPasswordTime"))
	if p.window > 0 && p.window < never-countSlack && d.now().After(last.Add(p.window+countSlack)) {
		return 0
	}
	return int(number(text(e, "badPwdCount")))
}

// mostWrong asks the other servers for their counts, which are not replicated. The highest is that of the PDC emulator, which hears of
// every wrong password and locks; a server that does not answer is left out.
func (d *Directory) mostWrong(ctx context.Context, p prospect) (int, error) {
	return d.pool.Most(ctx, p.at, p.wrong, func(c *conn) (int, error) {
		e, err := c.Read(ctx, d.config.ReadTimeout, p.dn, ldapconn.Anything, signInAttributes()...)
		if err != nil || e == nil {
			return 0, err
		}
		return d.counted(e, p.policy), nil
	})
}

// try signs in on a connection of its own. What is refused here without trying the password costs a try under nobody's name.
func (d *Directory) try(ctx context.Context, p prospect, password secret.Text) error {
	refusal := error(nil)
	switch {
	case !p.exists:
		refusal = &directory.SignInError{Reason: directory.SignInWrong}
	case p.locked:
		refusal = &directory.SignInError{Reason: directory.SignInLocked}
	case p.wouldLock():
		refusal = &directory.SignInError{Reason: directory.SignInWouldLock}
	}
	user := p.user
	if refusal != nil {
		user = d.nobody()
	}
	_, err := d.pool.SignIn(ctx, p.at, user, password)
	switch {
	case ldapconn.IsLost(err):
		return ldapconn.Unavailable(err)
	case refusal != nil:
		return refusal
	case err != nil:
		return &directory.SignInError{Reason: signInReason(err)}
	}
	return nil
}
