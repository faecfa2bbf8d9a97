package ad

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
)

const (
	certificateLeft = 14 * 24 * time.Hour // of a certificate's life, below which it is a finding
	clockSlack      = 30 * time.Second    // how far a server's clock may be off ours
	samples         = 50                  // accounts whose rights are looked at
)

// Check implements directory.Checker: each server by itself, then the domain.
func (d *Directory) Check(ctx context.Context) []directory.Finding {
	var all []directory.Finding
	var services []string
	for _, s := range d.pool.servers {
		findings, root := d.checkServer(ctx, s)
		all = append(all, findings...)
		services = append(services, root.service)
	}
	err := d.pool.read(ctx, func(c *conn) error {
		all = append(all, d.checkDomain(ctx, c, services)...)
		return nil
	})
	if err != nil {
		all = append(all, bad("domain", "no server can be asked: %s", oneLine(err)))
	}
	return all
}

func good(name, format string, args ...any) directory.Finding {
	return directory.Finding{Name: name, OK: true, Text: fmt.Sprintf(format, args...)}
}

func bad(name, format string, args ...any) directory.Finding {
	return directory.Finding{Name: name, Text: fmt.Sprintf(format, args...)}
}

// checkServer goes the way of a connection, and stops where it ends.
func (d *Directory) checkServer(ctx context.Context, s *server) (findings []directory.Finding, root rootDSE) {
	name := func(what string) string { return what + " " + s.tls.ServerName }
	if net.ParseIP(s.tls.ServerName) == nil {
		addresses, err := net.DefaultResolver.LookupHost(ctx, s.tls.ServerName)
		if err != nil {
			return []directory.Finding{bad(name("resolve"), "the name has no address: %v", err)}, root
		}
		findings = append(findings, good(name("resolve"), "%s", strings.Join(addresses, ", ")))
	}
	c, err := connect(ctx, s, d.config.ConnectTimeout)
	if err != nil {
		return append(findings, bad(name("tls"), "%s", explainTLS(err))), root
	}
	findings = append(findings, d.checkCertificate(name("tls"), c))
	c.close()
	if err := d.pool.barred(); err != nil {
		return append(findings, bad(name("bind"), "not tried: %v", err)), root
	}
	c, err = d.pool.dial(ctx, s)
	if err != nil {
		return append(findings, bad(name("bind"), "the service account cannot be used: %v", err)), root
	}
	defer c.close()
	findings = append(findings, good(name("bind"), "%s signs in", d.config.User))
	writes := directory.Finding{Name: name("writable"), OK: c.root.writable(), Text: c.root.condition()}
	clock := good(name("clock"), "differs by %v", c.root.ahead.Round(time.Second))
	if c.root.ahead.Abs() > clockSlack {
		clock.OK, clock.Text = false, clock.Text+": synchronise both with NTP"
	}
	return append(findings, writes, clock), c.root
}

func explainTLS(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "the certificate is signed by nobody in ca_file: " + err.Error()
	case errors.As(err, &name):
		return "the certificate is good for other names: " + err.Error()
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired: " + err.Error()
	}
	return "no protected connection: " + err.Error()
}

func (d *Directory) checkCertificate(name string, c *conn) directory.Finding {
	until := time.Time{}
	for _, cert := range c.line.ConnectionState().VerifiedChains[0] {
		if until.IsZero() || cert.NotAfter.Before(until) {
			until = cert.NotAfter
		}
	}
	if until.Sub(d.now()) < certificateLeft {
		return bad(name, "a certificate of the chain ends on %s", until.Format(time.DateOnly))
	}
	return good(name, "verified; the first certificate of the chain to end does so on %s", until.Format(time.DateOnly))
}

// checkDomain looks at what one server says of the domain.
func (d *Directory) checkDomain(ctx context.Context, c *conn, services []string) []directory.Finding {
	findings := []directory.Finding{d.checkLevel(c), d.checkHistory(c)}
	for _, check := range []func(context.Context, *conn) directory.Finding{d.checkRules, d.checkPSOs, d.checkGroups, d.checkRights} {
		findings = append(findings, check(ctx, c))
	}
	return append(findings, d.checkPDC(ctx, c, services))
}

func (d *Directory) checkLevel(c *conn) directory.Finding {
	const of2008 = 3 // MS-ADTS 6.1.4.3: fine-grained password policies
	if c.root.level < of2008 {
		return bad("level", "functional level %d is older than Windows Server 2008 (3)", c.root.level)
	}
	return good("level", "functional level %d", c.root.level)
}

func (d *Directory) checkHistory(c *conn) directory.Finding {
	if c.root.hints == "" {
		return good("history", "the server cannot check history on a reset (no policy hints): only a change does")
	}
	return good("history", "the server checks history on a reset when asked to")
}

func (d *Directory) checkRules(ctx context.Context, c *conn) directory.Finding {
	f, err := d.facts(ctx, c)
	if err != nil {
		return bad("rules", "the domain's password policy cannot be read: %v", err)
	}
	return good("rules", "at least %d characters, history %d, locks after %d wrong passwords", f.policy.minLength, f.policy.history, f.policy.lockAfter)
}

func (d *Directory) checkPSOs(ctx context.Context, c *conn) directory.Finding {
	const grant = "grant the service account read access, or their rules cannot be shown and their people cannot sign in here"
	container := "CN=Password Settings Container,CN=System," + d.root
	e, err := c.read(ctx, d.config.ReadTimeout, container, anything, "cn")
	if err != nil || e == nil {
		return bad("fine-grained rules", "%s cannot be read: %s", container, grant)
	}
	found, err := c.search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(container, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=msDS-PasswordSettings)", psoAttributes(), nil))
	if err != nil {
		return bad("fine-grained rules", "%v", err)
	}
	for _, e := range found {
		if text(e, "msDS-LockoutThreshold") == "" {
			return bad("fine-grained rules", "%s cannot be read: %s", e.DN, grant)
		}
	}
	if len(found) == 0 { // the directory does not tell none from none that may be read
		return good("fine-grained rules", "none can be seen below %s; if there are any, %s", container, grant)
	}
	return good("fine-grained rules", "%d can be seen", len(found))
}

// sample gives some plain accounts.
func (d *Directory) sample(ctx context.Context, c *conn, attributes ...string) ([]*ldap.Entry, error) {
	const plain = "(!(adminCount=1))(!(isCriticalSystemObject=TRUE))(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
	return c.search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(d.config.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(&"+people+plain+")", attributes, []ldap.Control{ldap.NewControlPaging(samples)}))
}

func (d *Directory) checkGroups(ctx context.Context, c *conn) directory.Finding {
	found, err := d.sample(ctx, c, "cn")
	if err != nil || len(found) == 0 {
		return bad("groups", "no account is found below %s", d.config.BaseDN)
	}
	e, err := c.read(ctx, d.config.ReadTimeout, found[0].DN, anything, "tokenGroups")
	if err != nil || e == nil || len(e.GetEqualFoldRawAttributeValues("tokenGroups")) == 0 {
		return bad("groups", "tokenGroups of %s cannot be read: add the service account to Windows Authorization Access Group", found[0].DN)
	}
	return good("groups", "nested groups can be read")
}

// checkRights looks at what the service account may write on some accounts. Whether it may reset a password is not told by the
// directory before it is tried.
func (d *Directory) checkRights(ctx context.Context, c *conn) directory.Finding {
	found, err := d.sample(ctx, c, "allowedAttributesEffective")
	if err != nil {
		return bad("rights", "%v", err)
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
	e, err := c.read(ctx, d.config.ReadTimeout, d.root, anything, "fSMORoleOwner")
	if err != nil || e == nil {
		return bad("pdc", "the PDC emulator is not known: %v", err)
	}
	owner := text(e, "fSMORoleOwner")
	if !slices.ContainsFunc(services, func(s string) bool { return sameDN(s, owner) }) {
		return bad("pdc", "the PDC emulator is not among the servers that answer: %s; it alone knows all wrong passwords, so a sign-in here could be the one that locks", owner)
	}
	return good("pdc", "the PDC emulator is among the servers")
}
