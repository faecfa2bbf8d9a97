package openldap

import (
	"context"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

// Check implements directory.Checker: each server by itself, then what one of them holds.
func (d *Directory) Check(ctx context.Context) []directory.Finding {
	var all []directory.Finding
	d.Probe(ctx, func(f directory.Finding) { all = append(all, f) })
	return all
}

// Endpoints implements directory.Reachable.
func (d *Directory) Endpoints() []directory.Endpoint { return d.pool.Endpoints() }

// Probe implements directory.Prober.
func (d *Directory) Probe(ctx context.Context, tell func(directory.Finding)) {
	for _, s := range d.pool.Servers() {
		if c := d.pool.CheckServer(ctx, s, tell); c != nil {
			tell(d.checkOperations("password operation "+s.Name, c))
			c.Close()
		}
	}
	err := d.pool.Read(ctx, func(c *conn) error {
		for _, check := range []func(context.Context, *conn) directory.Finding{d.checkPolicy, d.checkAccounts, d.checkGroups} {
			tell(check(ctx, c))
		}
		return nil
	})
	if err != nil {
		tell(ldapconn.Bad("base", "no server can be asked: %s", ldapconn.OneLine(err)))
	}
}

func (d *Directory) checkOperations(name string, c *conn) directory.Finding {
	if d.config.PasswordWrite == writeModify {
		return ldapconn.Good(name, "%s is replaced: make sure that the server hashes it (in OpenLDAP: ppolicy_hash_cleartext)", passwordAttribute)
	}
	if !c.Root.extended {
		return ldapconn.Bad(name, "the server does not know Password Modify (RFC 3062): set password_write to %s, if it hashes passwords itself", writeModify)
	}
	return ldapconn.Good(name, "the server knows Password Modify (RFC 3062)")
}

func (d *Directory) checkPolicy(ctx context.Context, c *conn) directory.Finding {
	const name = "rules"
	if d.config.DefaultPolicy == "" && c.Root.policies {
		return ldapconn.Bad(name, "the server has password policies: set default_policy to the DN of the default one, or to %s; until then its rules cannot be "+
			"shown, and nobody without a policy of their own can sign in here with the directory's password", noPolicy)
	}
	p, err := d.policy(ctx, c, d.config.DefaultPolicy)
	switch {
	case err != nil:
		return ldapconn.Bad(name, "the default policy cannot be read: %v", err)
	case p.hidden:
		return ldapconn.Bad(name, "%s is not there, or the service account may not read it", d.config.DefaultPolicy)
	case d.config.DefaultPolicy == noPolicy || d.config.DefaultPolicy == "":
		return ldapconn.Good(name, "there is no default policy")
	}
	return ldapconn.Good(name, "at least %d bytes, history %d, locks after %d wrong passwords", p.minLength, p.history, p.lockAfter)
}

// checkAccounts looks at some accounts. Whether the service account may set passwords, LDAP does not tell before it is tried.
func (d *Directory) checkAccounts(ctx context.Context, c *conn) directory.Finding {
	const name, samples = "accounts", 50
	found, err := c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(d.config.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		d.config.PersonFilter, d.accountAttributes(), []ldap.Control{ldap.NewControlPaging(samples)}))
	if err != nil || len(found) == 0 {
		return ldapconn.Bad(name, "none is found below %s: %v", d.config.BaseDN, err)
	}
	dated := 0
	for _, e := range found {
		if _, err := d.account(policy{}, e); err != nil {
			return ldapconn.Bad(name, "%v", err)
		}
		if !point(text(e, d.config.PasswordSetAttribute)).IsZero() {
			dated++
		}
	}
	if dated == 0 {
		return ldapconn.Bad(name, "none of %d shows %s: a write whose answer is lost cannot be resolved; load the ppolicy overlay, or let the service account "+
			"read the attribute", len(found), d.config.PasswordSetAttribute)
	}
	return ldapconn.Good(name, "%d of %d looked at show when their password was set; the right to set one shows when the first is set", dated, len(found))
}

func (d *Directory) checkGroups(ctx context.Context, c *conn) directory.Finding {
	const name = "groups"
	e, err := c.Read(ctx, d.config.ReadTimeout, d.config.GroupBaseDN, ldapconn.Anything, noAttributes)
	if err != nil || e == nil {
		return ldapconn.Bad(name, "%s is not there, or may not be read", d.config.GroupBaseDN)
	}
	return ldapconn.Good(name, "looked for below %s", d.config.GroupBaseDN)
}
