package ad

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

const (
	clockSlack = 30 * time.Second // how far a server's clock may be off ours
	samples    = 50               // accounts whose rights are looked at
)

// Check implements directory.Checker: each server by itself, then the domain.
func (d *Directory) Check(ctx context.Context) []directory.Finding {
	var all []directory.Finding
	d.Probe(ctx, func(f directory.Finding) { all = append(all, f) })
	return all
}

// Endpoints implements directory.Reachable.
func (d *Directory) Endpoints() []directory.Endpoint { return d.pool.Endpoints() }

// Probe implements directory.Prober.
func (d *Directory) Probe(ctx context.Context, tell func(directory.Finding)) {
	var services []string
	for _, s := range d.pool.Servers() {
		services = append(services, d.checkServer(ctx, s, tell).service)
	}
	err := d.pool.Read(ctx, func(c *conn) error {
		d.checkDomain(ctx, c, services, tell)
		return nil
	})
	if err != nil {
		tell(ldapconn.Bad("domain", "no server can be asked: %s", ldapconn.OneLine(err)))
	}
}

// checkServer goes the way of a connection, and stops where it ends.
func (d *Directory) checkServer(ctx context.Context, s *server, tell func(directory.Finding)) rootDSE {
	c := d.pool.CheckServer(ctx, s, tell)
	if c == nil {
		return rootDSE{}
	}
	defer c.Close()
	tell(directory.Finding{Name: "writable " + s.Name, OK: c.Root.Writable(), Text: c.Root.Condition()})
	clock := ldapconn.Good("clock "+s.Name, "differs by %v", c.Root.ahead.Round(time.Second))
	if c.Root.ahead.Abs() > clockSlack {
		clock.OK, clock.Text = false, clock.Text+": synchronise both with NTP"
	}
	tell(clock)
	return c.Root
}

// checkDomain looks at what one server says of the domain.
func (d *Directory) checkDomain(ctx context.Context, c *conn, services []string, tell func(directory.Finding)) {
	tell(d.checkLevel(c))
	tell(d.checkHistory(c))
	for _, check := range []func(context.Context, *conn) directory.Finding{
		d.checkRules, d.checkPSOs, d.checkGroups, d.checkRights, d.checkReset, d.checkDeleted,
	} {
		tell(check(ctx, c))
	}
	tell(d.checkPDC(ctx, c, services))
}

func (d *Directory) checkLevel(c *conn) directory.Finding {
	const of2008 = 3 // MS-ADTS 6.1.4.3: fine-grained password policies
	if c.Root.level < of2008 {
		return ldapconn.Bad("level", "functional level %d is older than Windows Server 2008 (3)", c.Root.level)
	}
	return ldapconn.Good("level", "functional level %d", c.Root.level)
}

func (d *Directory) checkHistory(c *conn) directory.Finding {
	if c.Root.hints == "" {
		return ldapconn.Good("history", "the server cannot check history on a reset (no policy hints): only a change does")
	}
	return ldapconn.Good("history", "the server checks history on a reset when asked to")
}

func (d *Directory) checkRules(ctx context.Context, c *conn) directory.Finding {
	f, err := d.facts(ctx, c)
	if err != nil {
		return ldapconn.Bad("rules", "the domain's password policy cannot be read: %v", err)
	}
	return ldapconn.Good("rules", "at least %d characters, history %d, locks after %d wrong passwords", f.policy.minLength, f.policy.history, f.policy.lockAfter)
}

func (d *Directory) checkPSOs(ctx context.Context, c *conn) directory.Finding {
	const grant = "grant the service account read access, or their rules cannot be shown and their people cannot sign in here"
	container := "CN=Password Settings Container,CN=System," + d.root
	e, err := c.Read(ctx, d.config.ReadTimeout, container, ldapconn.Anything, "cn")
	if err != nil || e == nil {
		return ldapconn.Bad("fine-grained rules", "%s cannot be read: %s", container, grant)
	}
	found, err := c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(container, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=msDS-PasswordSettings)", psoAttributes(), nil))
	if err != nil {
		return ldapconn.Bad("fine-grained rules", "%v", err)
	}
	for _, e := range found {
		if text(e, "msDS-LockoutThreshold") == "" {
			return ldapconn.Bad("fine-grained rules", "%s cannot be read: %s", e.DN, grant)
		}
	}
	if len(found) == 0 { // the directory does not tell none from none that may be read
		return ldapconn.Good("fine-grained rules", "none can be seen below %s; if there are any, %s", container, grant)
	}
	return ldapconn.Good("fine-grained rules", "%d can be seen", len(found))
}

// sample gives some plain accounts.
func (d *Directory) sample(ctx context.Context, c *conn, attributes ...string) ([]*ldap.Entry, error) {
	return d.search(ctx, c, nil, attributes...)
}

// search is sample with one more control.
func (d *Directory) search(ctx context.Context, c *conn, more ldap.Control, attributes ...string) ([]*ldap.Entry, error) {
	const plain = "(!(adminCount=1))(!(isCriticalSystemObject=TRUE))(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
	controls := []ldap.Control{ldap.NewControlPaging(samples)}
	if more != nil {
		controls = append(controls, more)
	}
	return c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(d.config.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(&"+people+plain+")", attributes, controls))
}

func (d *Directory) checkGroups(ctx context.Context, c *conn) directory.Finding {
	found, err := d.sample(ctx, c, "cn")
	if err != nil || len(found) == 0 {
		return ldapconn.Bad("groups", "no account is found below %s", d.config.BaseDN)
	}
	e, err := c.Read(ctx, d.config.ReadTimeout, found[0].DN, ldapconn.Anything, "tokenGroups")
	if err != nil || e == nil || len(e.GetEqualFoldRawAttributeValues("tokenGroups")) == 0 {
		return ldapconn.Bad("groups", "tokenGroups of %s cannot be read: add the service account to Windows Authorization Access Group", found[0].DN)
	}
	return ldapconn.Good("groups", "nested groups can be read")
}

// checkRights looks at what the service account may write on some accounts. Whether it may reset a password is not told by the
// directory before it is tried.
func (d *Directory) checkRights(ctx context.Context, c *conn) directory.Finding {
	found, err := d.sample(ctx, c, "allowedAttributesEffective")
	if err != nil {
		return ldapconn.Bad("rights", "%v", err)
	}
	var without []string
	for _, e := range found {
		allowed := e.GetEqualFoldAttributeValues("allowedAttributesEffective")
		if !slices.Contains(allowed, "lockoutTime") || !slices.Contains(allowed, "pwdLastSet") {
			without = append(without, e.DN)
		}
	}
	text := fmt.Sprintf("lockoutTime and pwdLastSet may be written on %d of %d accounts looked at", len(found)-len(without), len(found))
	if len(without) > 0 {
		text += "; not on " + strings.Join(without[:min(3, len(without))], "; ")
	}
	return directory.Finding{Name: "rights", OK: len(found) > len(without), Text: text}
}

// checkPDC looks whether the server that counts every wrong password is one of ours.
func (d *Directory) checkPDC(ctx context.Context, c *conn, services []string) directory.Finding {
	e, err := c.Read(ctx, d.config.ReadTimeout, d.root, ldapconn.Anything, "fSMORoleOwner")
	if err != nil || e == nil {
		return ldapconn.Bad("pdc", "the PDC emulator is not known: %v", err)
	}
	owner := text(e, "fSMORoleOwner")
	if !slices.ContainsFunc(services, func(s string) bool { return sameDN(s, owner) }) {
		return ldapconn.Bad("pdc", "the PDC emulator is not among the servers that answer: %s; it alone knows all wrong passwords, so a sign-in here could be the one that locks", owner)
	}
	return ldapconn.Good("pdc", "the PDC emulator is among the servers")
}
