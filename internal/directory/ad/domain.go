package ad

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory/ldapconn"
)

// policyLife is how long the domain's password policy and password settings objects are believed.
const policyLife = time.Minute

// domainFacts are what holds for the whole domain.
type domainFacts struct {
	netbios string
	sid     []byte
	policy  passwordPolicy
	groups  map[string]string // that policies name: name by SID
}

// guest is the SID of an object that every domain has and that cannot be deleted: what is read when a name is nobody's.
func (f domainFacts) guest() string {
	const guestRID = "-501"
	return "<SID=" + sidText(f.sid) + guestRID + ">"
}

type domainCache struct {
	mu    sync.Mutex
	facts domainFacts
	until time.Time
	psos  map[string]cachedPSO
}

type cachedPSO struct {
	policy passwordPolicy
	until  time.Time
}

// facts reads them, or gives what was read within policyLife.
func (d *Directory) facts(ctx context.Context, c *conn) (domainFacts, error) {
	d.domain.mu.Lock()
	f, until := d.domain.facts, d.domain.until
	d.domain.mu.Unlock()
	if d.now().Before(until) {
		return f, nil
	}
	e, err := c.Read(ctx, d.config.ReadTimeout, d.root, ldapconn.Anything, append([]string{"objectSid"}, domainPolicyAttributes()...)...)
	if err == nil && (e == nil || text(e, "lockoutThreshold") == "") {
		err = fmt.Errorf("the service account may not read %s", d.root)
	}
	if err != nil {
		return f, err
	}
	f.sid, f.policy = e.GetEqualFoldRawAttributeValue("objectSid"), domainPolicy(e)
	if f.netbios == "" {
		if f.netbios, err = d.readNetBIOS(ctx, c); err != nil {
			return f, err
		}
	}
	if f.groups, err = d.named(ctx, c, f.netbios); err != nil {
		return f, err
	}
	d.domain.mu.Lock()
	defer d.domain.mu.Unlock()
	d.domain.facts, d.domain.until = f, d.now().Add(policyLife)
	return f, nil
}

// readNetBIOS finds the domain's short name, which is not derived from the DNS name but chosen.
func (d *Directory) readNetBIOS(ctx context.Context, c *conn) (string, error) {
	if d.config.NetBIOS != "" {
		return d.config.NetBIOS, nil
	}
	found, err := c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest("CN=Partitions,"+c.Root.configuration, ldap.ScopeSingleLevel,
		ldap.NeverDerefAliases, 0, 0, false, "(&(objectClass=crossRef)(nCName="+ldap.EscapeFilter(d.root)+"))", []string{"nETBIOSName"}, nil))
	if err != nil || len(found) == 0 {
		return "", err
	}
	return text(found[0], "nETBIOSName"), nil
}

// NetBIOS implements directory.Named: the domain's short name as far as it is known without asking.
func (d *Directory) NetBIOS() string {
	if d.config.NetBIOS != "" {
		return d.config.NetBIOS
	}
	d.domain.mu.Lock()
	defer d.domain.mu.Unlock()
	return d.domain.facts.netbios
}

// pso reads a password settings object, or gives what was read within policyLife. Not readable is a policy too: one to be careful with.
func (d *Directory) pso(ctx context.Context, c *conn, dn string) (passwordPolicy, error) {
	if p, ok := d.knownPSO(dn); ok {
		return p, nil
	}
	e, err := c.Read(ctx, d.config.ReadTimeout, dn, ldapconn.Anything, psoAttributes()...)
	if ldapconn.IsLost(err) {
		return passwordPolicy{}, err
	}
	p := hiddenPolicy(dn)
	if err == nil && e != nil && text(e, "msDS-LockoutThreshold") != "" {
		p = psoPolicy(e)
	}
	d.domain.mu.Lock()
	defer d.domain.mu.Unlock()
	if d.domain.psos == nil || len(d.domain.psos) > maxPSOs {
		d.domain.psos = map[string]cachedPSO{}
	}
	d.domain.psos[dn] = cachedPSO{p, d.now().Add(policyLife)}
	return p, nil
}

const maxPSOs = 1000 // more than any domain has

func (d *Directory) knownPSO(dn string) (passwordPolicy, bool) {
	d.domain.mu.Lock()
	defer d.domain.mu.Unlock()
	p, ok := d.domain.psos[dn]
	return p.policy, ok && d.now().Before(p.until)
}
