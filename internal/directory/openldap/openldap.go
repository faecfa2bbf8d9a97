// Package openldap is a directory reached over LDAP that is not Active Directory: OpenLDAP with the password policy overlay, and
// others that speak the same protocols.
//
//   - Accounts are addressed by entryUUID, or another attribute that never changes.
//   - Passwords are written with the Password Modify operation (RFC 3062), sent once; pwdChangedTime tells what became of one whose
//     answer was lost.
//   - An account that an administrator has locked stays locked: every new password would lift that, so none is written.
//   - Reads are live. What is cached is small and brief: password policies and health.
//   - A name nobody has costs as many questions to the directory as one somebody has.
//
// "Behera" in comments is draft-behera-ldap-password-policy-10, which the overlay implements.
package openldap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
	"rekey/internal/secret"
)

var (
	_ directory.Directory     = (*Directory)(nil)
	_ directory.Unlocker      = (*Directory)(nil)
	_ directory.Changer       = (*Directory)(nil)
	_ directory.Authenticator = (*Directory)(nil)
	_ directory.RuleReader    = (*Directory)(nil)
	_ directory.PasswordDater = (*Directory)(nil)
	_ directory.Checker       = (*Directory)(nil)
	_ directory.Prober        = (*Directory)(nil)
	_ directory.Reachable     = (*Directory)(nil)
)

// What ldapconn offers, for the servers of this package.
type (
	pool   = ldapconn.Pool[root]
	conn   = ldapconn.Conn[root]
	server = ldapconn.Server[root]
	want   = ldapconn.Want[root]
)

// Deps is what the directory needs from outside.
type Deps struct {
	Resolve secret.Resolver
	Now     func() time.Time
	Log     *slog.Logger
}

// Directory is one suffix. It is safe for concurrent use.
type Directory struct {
	config   Config
	now      func() time.Time
	log      *slog.Logger
	pool     *pool
	policies policyCache
	standIns ldapconn.StandIns
	writers  ldapconn.Writers[root]
	signIns  ldapconn.Turns
}

// Open checks the configuration and reads the certificates and the service account's password. It connects to nothing: a
// server that is down is no error.
func Open(c Config, deps Deps) (directory.Directory, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	password, err := deps.Resolve(c.Password)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	if password.Empty() {
		return nil, errors.New("password: it is empty") // an empty one would be an anonymous bind (RFC 4513 §5.1.2)
	}
	d := &Directory{config: c, now: deps.Now, log: deps.Log, standIns: ldapconn.NewStandIns()}
	d.pool, err = ldapconn.NewPool(ldapconn.Spec[root]{
		Directory: c.Domain, Servers: c.Servers, CA: c.CA, CAFile: c.CAFile, User: c.User, Password: password, Limits: c.limits(), Greet: d.greet,
		Now: deps.Now, Log: deps.Log,
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Key implements directory.Directory: the domain's DNS name.
func (d *Directory) Key() string { return d.config.Domain }

// Close implements directory.Directory. Calls under way end first; later ones get ErrUnavailable.
func (d *Directory) Close() error {
	d.pool.Close()
	return nil
}

// Health implements directory.Directory.
func (d *Directory) Health(ctx context.Context) directory.Health { return d.pool.Health(ctx) }

// root is what a server says of itself in its rootDSE (RFC 4512 §5.1).
type root struct {
	policies bool // it knows the password policy control
	extended bool // it knows the Password Modify operation
}

// Writable implements ldapconn.Root: LDAP has no way to tell before a write. One that is referred elsewhere was not done.
func (root) Writable() bool { return true }

// Condition implements ldapconn.Root.
func (root) Condition() string { return "it answers; whether it takes writes is told by the first one" }

const passwordModify = "1.3.6.1.4.1.4203.1.11.1" // RFC 3062

// greet reads the rootDSE of a new connection and refuses a server that does not hold the base.
func (d *Directory) greet(ctx context.Context, c *conn) (root, error) {
	lost := func(err error) error {
		if ldapconn.IsLost(err) {
			return err
		}
		return &ldapconn.LostError{Server: c.Server.URL, Cause: err}
	}
	e, err := c.Read(ctx, d.config.ReadTimeout, "", ldapconn.Anything, "supportedControl", "supportedExtension")
	if err == nil && e == nil {
		err = errors.New("no rootDSE")
	}
	if err != nil {
		return root{}, lost(err)
	}
	base, err := c.Read(ctx, d.config.ReadTimeout, d.config.BaseDN, ldapconn.Anything, noAttributes)
	if err == nil && base == nil {
		err = fmt.Errorf("%s is not there, or may not be read", d.config.BaseDN)
	}
	if err != nil {
		return root{}, lost(err)
	}
	return root{policies: lists(e, "supportedControl", ldap.ControlTypeBeheraPasswordPolicy), extended: lists(e, "supportedExtension", passwordModify)}, nil
}

// noAttributes asks for none (RFC 4511 §4.5.1.8).
const noAttributes = "1.1"
