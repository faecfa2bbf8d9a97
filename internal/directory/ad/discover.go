package ad

import (
	"cmp"
	"context"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

var _ directory.Discoverer = (*Directory)(nil)

const (
	atOnce      = 8   // domains that are looked for at the same time
	mostServers = 500 // of one domain that are kept
	triedInTurn = 3   // servers of a domain that are asked before it counts as not reached
)

// Discover implements directory.Discoverer. One server tells of the whole forest and of the trusts of its own domain; DNS of the
// servers of others. Of a trusted forest the root of ours knows the domains that were there when the trust was made or last looked at;
// all others know the root domain alone, which has to be asked itself.
func (d *Directory) Discover(ctx context.Context) (directory.Discovered, error) {
	var s survey
	err := d.pool.Read(ctx, func(c *conn) (err error) {
		s, err = d.survey(ctx, c)
		return err
	})
	if err != nil {
		return directory.Discovered{}, err
	}
	found := s.domains()
	d.askOurs(ctx, &found[0])
	var work sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range found {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			d.locate(ctx, &found[i])
		})
	}
	work.Wait()
	if err := ctx.Err(); err != nil {
		return directory.Discovered{}, ldapconn.Unavailable(err)
	}
	slices.SortFunc(found[1:], func(a, b directory.FoundDomain) int { return cmp.Compare(a.Domain, b.Domain) })
	return directory.Discovered{From: d.Key(), Domains: found}, nil
}

// askOurs asks every server of the settings for its name.
func (d *Directory) askOurs(ctx context.Context, own *directory.FoundDomain) {
	own.Reached = true
	for _, s := range d.pool.Servers() {
		host := s.Name
		err := d.pool.With(ctx, want{Server: s}, func(c *conn) error {
			e, err := c.Read(ctx, d.config.ReadTimeout, "", ldapconn.Anything, "dnsHostName")
			if err == nil && e != nil {
				host = text(e, "dnsHostName")
			}
			return err
		})
		if err != nil {
			note(own, ldapconn.OneLine(err))
		}
		if server := meet(own, host); server != nil {
			server.URL = s.URL
			if err == nil {
				learn(server, directory.FromItself)
			}
		}
	}
}

// locate asks DNS for a domain's servers, and one of them who it is.
func (d *Directory) locate(ctx context.Context, f *directory.FoundDomain) {
	if f.Unusable = !usable(f); f.Unusable {
		return
	}
	d.lookUp(ctx, f)
	slices.SortFunc(f.Servers, func(a, b directory.FoundServer) int { return cmp.Compare(a.Host, b.Host) })
	if !f.Reached {
		d.reach(ctx, f)
	}
}

// usable refuses names that DNS and the settings have no use for.
func usable(f *directory.FoundDomain) bool {
	switch {
	case f.Trust != nil && slices.Contains([]directory.TrustKind{directory.TrustOld, directory.TrustRealm, directory.TrustUnknown}, f.Trust.Kind):
		note(f, "it is not an Active Directory domain")
	case !hostName(f.Domain):
		note(f, "its name is not that of a domain in DNS")
	case f.BaseDN != "" && !sameDN(f.BaseDN, rootDN(f.Domain)):
		note(f, "its name in DNS is not that of its root")
	default:
		return true
	}
	return false
}

// hostName reports whether a text is a name that DNS can be asked about.
func hostName(s string) bool { return ldapconn.DNSName(s) && net.ParseIP(s) == nil }

// meet gives a server of a domain by its name, added when it is new; nil when the name is none or there are too many.
func meet(f *directory.FoundDomain, host string) *directory.FoundServer {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for i := range f.Servers {
		if f.Servers[i].Host == host {
			return &f.Servers[i]
		}
	}
	if !hostName(host) || len(f.Servers) == mostServers {
		return nil
	}
	f.Servers = append(f.Servers, directory.FoundServer{Host: host})
	return &f.Servers[len(f.Servers)-1]
}

func learn(s *directory.FoundServer, from directory.ServerSource) {
	if !slices.Contains(s.Sources, from) {
		s.Sources = append(s.Sources, from)
	}
}

func note(f *directory.FoundDomain, problem string) {
	if f.Problem != "" {
		problem = f.Problem + "; " + problem
	}
	f.Problem = problem
}

// domainOf gives the DNS name of a naming context, which is made of DC components (RFC 2247); empty when it is not.
func domainOf(root string) string {
	dn, err := ldap.ParseDN(root)
	if err != nil {
		return ""
	}
	var labels []string
	for _, rdn := range dn.RDNs {
		if len(rdn.Attributes) != 1 || !strings.EqualFold(rdn.Attributes[0].Type, "DC") {
			return ""
		}
		labels = append(labels, rdn.Attributes[0].Value)
	}
	return strings.ToLower(strings.Join(labels, "."))
}
