package ad

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

// Resolver answers from DNS; a *net.Resolver does. It is safe for concurrent use.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// resolver asks one server, or whom the system asks.
func resolver(server string) Resolver {
	if server == "" {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, dnsAddress(server))
	}}
}

// dnsAddress adds the port that DNS has unless another is given.
func dnsAddress(server string) string {
	if _, _, err := net.SplitHostPort(server); err == nil {
		return server
	}
	return net.JoinHostPort(server, "53")
}

// lookUp adds the domain controllers that registered themselves (MS-ADTS 6.3.2.3).
func (d *Directory) lookUp(ctx context.Context, f *directory.FoundDomain) {
	ctx, cancel := context.WithTimeout(ctx, d.config.ReadTimeout)
	defer cancel()
	records, err := d.services(ctx, "dc._msdcs."+f.Domain)
	if err != nil {
		note(f, err.Error())
	}
	for _, r := range records {
		if server := meet(f, r.Target); server != nil {
			server.Port = int(r.Port)
			learn(server, directory.FromDNS)
		}
	}
	if slices.ContainsFunc(f.Servers, func(s directory.FoundServer) bool { return s.PDC }) {
		return // the directory itself says so
	}
	if records, err = d.services(ctx, "pdc._msdcs."+f.Domain); err != nil || len(records) != 1 {
		return
	}
	if server := meet(f, records[0].Target); server != nil {
		server.PDC = true
		learn(server, directory.FromDNS)
	}
}

// services gives the records of LDAP below a name. Those with a name that is none come with no error: the others are good.
func (d *Directory) services(ctx context.Context, name string) ([]*net.SRV, error) {
	_, records, err := d.resolver.LookupSRV(ctx, "ldap", "tcp", name+".") // the dot keeps the search list of this machine out
	if len(records) > 0 {
		return records, nil
	}
	var failed *net.DNSError
	switch {
	case errors.As(err, &failed) && failed.IsNotFound:
		return nil, fmt.Errorf("DNS has no domain controllers at _ldap._tcp.%s", name)
	case err != nil:
		return nil, fmt.Errorf("DNS does not answer for _ldap._tcp.%s: %w", name, err)
	}
	return nil, nil
}

// reach asks one of a domain's servers who it is, without signing in.
func (d *Directory) reach(ctx context.Context, f *directory.FoundDomain) {
	if len(f.Servers) == 0 {
		note(f, "no server of it is known")
	}
	problem := ""
	for i := range f.Servers[:min(triedInTurn, len(f.Servers))] {
		server := &f.Servers[i]
		forest, err := d.introduce(ctx, server.Host, rootDN(f.Domain))
		if err == nil {
			f.Reached, f.Forest, f.BaseDN = true, forest, rootDN(f.Domain)
			learn(server, directory.FromItself)
			return
		}
		problem = ldapconn.OneLine(err)
	}
	if problem != "" {
		note(f, problem)
	}
}

// introduce reads whose server it is, and its forest. The certificate has to be good for its name; nobody is signed in.
func (d *Directory) introduce(ctx context.Context, host, root string) (forest string, err error) {
	pool, err := ldapconn.NewPool(ldapconn.Spec[rootDSE]{
		Directory: d.config.Domain, Servers: []string{"ldaps://" + host}, CAFile: d.config.CAFile, Limits: d.config.limits(), Dial: d.dial,
		Now: d.now, Log: d.log,
	})
	if err != nil {
		return "", err
	}
	defer pool.Close()
	c, err := pool.Servers()[0].Connect(ctx, d.config.ConnectTimeout)
	if err != nil {
		return "", err
	}
	defer c.Close()
	e, err := c.Read(ctx, d.config.ReadTimeout, "", ldapconn.Anything, "defaultNamingContext", "rootDomainNamingContext")
	if err != nil {
		return "", err
	}
	if e == nil || !sameDN(text(e, "defaultNamingContext"), root) {
		return "", fmt.Errorf("ldaps://%s serves another domain", host)
	}
	return domainOf(text(e, "rootDomainNamingContext")), nil
}

// dial finds a server's addresses where its records were found, and tries one after the other.
func (d *Directory) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := d.resolver.LookupHost(ctx, host+".")
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, a := range addresses {
		c, err := new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(a, port))
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
