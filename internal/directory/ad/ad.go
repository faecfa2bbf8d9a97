// Package ad is an Active Directory domain, reached over LDAPS with a service account.
//
//   - Servers are tried in order; only a failed connection goes on to the next, never a refusal.
//   - A write is sent once. When its answer is lost, pwdLastSet tells what became of it.
//   - Reads are live. What is cached is small and brief: the domain's password policy, names of groups, health.
//   - A name nobody has costs as many questions to the directory as one somebody has.
//
// "MS-ADTS" in comments is Microsoft's specification of Active Directory, "MS-SAMR" that of its account database.
package ad

import (
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
	_ directory.Named         = (*Directory)(nil)
	_ directory.Checker       = (*Directory)(nil)
	_ directory.Prober        = (*Directory)(nil)
	_ directory.Reachable     = (*Directory)(nil)
	_ directory.Anchored      = (*Directory)(nil)
	_ directory.Spreader      = (*Directory)(nil)
	_ directory.GroupNamer    = (*Directory)(nil)
)

// What ldapconn offers, for servers of Active Directory.
type (
	pool   = ldapconn.Pool[rootDSE]
	conn   = ldapconn.Conn[rootDSE]
	server = ldapconn.Server[rootDSE]
	want   = ldapconn.Want[rootDSE]
)

// Deps is what the directory needs from outside.
type Deps struct {
	Resolve secret.Resolver
	Now     func() time.Time
	Log     *slog.Logger
	// Resolver finds other domains; nil: the settings say whom to ask.
	Resolver Resolver
}

// Directory is one domain. It is safe for concurrent use.
type Directory struct {
	config   Config
	root     string // the domain's naming context
	base     *ldap.DN
	now      func() time.Time
	log      *slog.Logger
	pool     *pool
	domain   domainCache
	groups   groupNames
	standIns ldapconn.StandIns
	writers  ldapconn.Writers[rootDSE]
	signIns  ldapconn.Turns
	resolver Resolver
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
	base, err := ldap.ParseDN(c.BaseDN)
	if err != nil {
		return nil, fmt.Errorf("base_dn: %w", err)
	}
	d := &Directory{config: c, root: rootDN(c.Domain), base: base, now: deps.Now, log: deps.Log, standIns: ldapconn.NewStandIns(), resolver: deps.Resolver}
	if d.resolver == nil {
		d.resolver = resolver(c.DNSServer)
	}
	d.pool, err = ldapconn.NewPool(ldapconn.Spec[rootDSE]{
		Directory: c.Domain, Servers: c.Servers, CA: c.CA, CAFile: c.CAFile, User: c.User, Password: password, Limits: c.limits(), Greet: d.greet, Busy: forgotten,
		Now: deps.Now, Log: deps.Log,
	})
	if err != nil {
		return nil, err
	}
	d.groups.start()
	return d, nil
}

// Key implements directory.Directory: the domain's DNS name.
func (d *Directory) Key() string { return d.config.Domain }

// Close implements directory.Directory. Calls under way end first; later ones get ErrUnavailable.
func (d *Directory) Close() error {
	d.groups.stop()
	d.pool.Close()
	return nil
}
