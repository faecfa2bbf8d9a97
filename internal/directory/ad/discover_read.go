package ad

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

// mostFound bounds what is read of a kind; no forest has as many.
const mostFound = 20_000

// survey is what one server tells.
type survey struct {
	own, forest string // roots of its domain and of its forest
	pdc         string // of its domain: DN of the PDC emulator's settings
	partitions  []*ldap.Entry
	trusts      []*ldap.Entry
	servers     []controller
}

// controller is a domain controller as CN=Sites describes it.
type controller struct {
	host, site string
	settings   string   // DN
	roots      []string // naming contexts it holds in full
	readOnly   bool
}

func (d *Directory) survey(ctx context.Context, c *conn) (survey, error) {
	s := survey{own: c.Root.domain}
	root, err := c.Read(ctx, d.config.ReadTimeout, "", ldapconn.Anything, "rootDomainNamingContext")
	if err == nil && root == nil {
		err = errors.New("no rootDSE")
	}
	if err != nil {
		return s, err
	}
	s.forest = text(root, "rootDomainNamingContext")
	own, err := c.Read(ctx, d.config.ReadTimeout, s.own, ldapconn.Anything, "fSMORoleOwner")
	if err != nil {
		return s, err
	}
	if own != nil {
		s.pdc = text(own, "fSMORoleOwner")
	}
	// FLAG_CR_NTDS_NC and FLAG_CR_NTDS_DOMAIN, and not one that was only announced (MS-ADTS 6.1.1.2.1.1).
	s.partitions, err = d.list(ctx, c, "CN=Partitions,"+c.Root.configuration, ldap.ScopeSingleLevel,
		"(&(objectClass=crossRef)(systemFlags:1.2.840.113556.1.4.803:=3)(!(enabled=FALSE)))", "nCName", "dnsRoot", "nETBIOSName")
	if err != nil {
		return s, err
	}
	s.trusts, err = d.list(ctx, c, "CN=System,"+s.own, ldap.ScopeSingleLevel, "(objectClass=trustedDomain)",
		"trustPartner", "flatName", "trustDirection", "trustType", "trustAttributes", "msDS-TrustForestTrustInfo")
	if err != nil {
		return s, err
	}
	sites, err := d.list(ctx, c, "CN=Sites,"+c.Root.configuration, ldap.ScopeWholeSubtree, "(|(objectClass=server)(objectClass=nTDSDSA))",
		"objectClass", "dNSHostName", "hasMasterNCs", "msDS-hasMasterNCs", "msDS-hasFullReplicaNCs", "msDS-isRODC")
	s.servers = controllers(sites)
	return s, err
}

// list reads what a search finds, page by page. A container that is not there holds nothing.
func (d *Directory) list(ctx context.Context, c *conn, base string, scope int, filter string, attributes ...string) ([]*ldap.Entry, error) {
	paging := ldap.NewControlPaging(pageSize)
	var all []*ldap.Entry
	for {
		var res *ldap.SearchResult
		err := c.Do(ctx, d.config.ReadTimeout, func(l *ldap.Conn) (err error) {
			res, err = l.Search(ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, mostFound, 0, false, filter, attributes, []ldap.Control{paging}))
			return err
		})
		if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if all = append(all, res.Entries...); len(all) > mostFound {
			return nil, fmt.Errorf("%s holds more than %d objects", base, mostFound)
		}
		answer, ok := ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok || len(answer.Cookie) == 0 {
			return all, nil
		}
		paging.SetCookie(answer.Cookie)
	}
}

// controllers puts the two objects together that describe a domain controller: CN=NTDS Settings,CN=DC1,CN=Servers,CN=Berlin,CN=Sites,…
func controllers(entries []*ldap.Entry) []controller {
	hosts := map[string]string{} // by folded DN
	for _, e := range entries {
		hosts[strings.ToLower(e.DN)] = text(e, "dNSHostName")
	}
	var all []controller
	for _, e := range entries {
		dn, err := ldap.ParseDN(e.DN)
		if err != nil || len(dn.RDNs) < 4 || !slices.Contains(e.GetEqualFoldAttributeValues("objectClass"), "nTDSDSA") {
			continue
		}
		_, server, _ := strings.Cut(strings.ToLower(e.DN), ",")
		all = append(all, controller{
			host: hosts[server], site: dn.RDNs[3].Attributes[0].Value, settings: e.DN,
			roots: slices.Concat(e.GetEqualFoldAttributeValues("hasMasterNCs"), e.GetEqualFoldAttributeValues("msDS-hasMasterNCs"),
				e.GetEqualFoldAttributeValues("msDS-hasFullReplicaNCs")),
			readOnly: strings.EqualFold(text(e, "msDS-isRODC"), "TRUE"),
		})
	}
	return all
}

// domains puts together what was read, the server's own domain first.
func (s survey) domains() []directory.FoundDomain {
	forest := domainOf(s.forest)
	all := []directory.FoundDomain{{Domain: domainOf(s.own), BaseDN: s.own, Forest: forest, SameForest: true}}
	of := func(name string) *directory.FoundDomain {
		for i := range all {
			if all[i].Domain == name {
				return &all[i]
			}
		}
		all = append(all, directory.FoundDomain{Domain: name})
		return &all[len(all)-1]
	}
	for _, e := range s.partitions {
		f := of(strings.ToLower(text(e, "dnsRoot")))
		f.NetBIOS, f.BaseDN, f.Forest, f.SameForest = text(e, "nETBIOSName"), text(e, "nCName"), forest, true
	}
	for _, e := range s.trusts {
		f := of(strings.ToLower(text(e, "trustPartner")))
		f.Trust = trust(e, domainOf(s.own), forest)
		if f.NetBIOS == "" {
			f.NetBIOS = text(e, "flatName")
		}
		switch number(text(e, "trustAttributes")) & (trustWithinForest | trustForestTransitive) {
		case trustWithinForest:
			f.Forest, f.SameForest = forest, true
		case trustForestTransitive:
			f.Forest = f.Domain
		}
	}
	for _, e := range s.trusts { // when all trusts of our own are known
		beyond(e, *of(strings.ToLower(text(e, "trustPartner"))), of)
	}
	for i := range all {
		s.staff(&all[i])
	}
	return all
}

// staff gives a domain its servers.
func (s survey) staff(f *directory.FoundDomain) {
	for _, p := range s.servers {
		if f.BaseDN == "" || !slices.ContainsFunc(p.roots, func(root string) bool { return sameDN(root, f.BaseDN) }) {
			continue
		}
		if server := meet(f, p.host); server != nil {
			server.Site, server.ReadOnly, server.PDC = p.site, p.readOnly, sameDN(p.settings, s.pdc)
			learn(server, directory.FromSites)
		}
	}
}

// Of a trusted domain (MS-ADTS 6.1.6.7.9, .12 and .15).
const (
	trustInbound, trustOutbound = 1, 2

	typeDownlevel, typeUplevel, typeMIT = 1, 2, 3

	trustNonTransitive     = 0x01
	trustForestTransitive  = 0x08
	trustCrossOrganization = 0x10 // selective authentication
	trustWithinForest      = 0x20
)

func trust(e *ldap.Entry, own, forest string) *directory.Trust {
	direction, flags := number(text(e, "trustDirection")), number(text(e, "trustAttributes"))
	t := &directory.Trust{
		Inbound: direction&trustInbound != 0, Outbound: direction&trustOutbound != 0, Selective: flags&trustCrossOrganization != 0,
		Transitive: flags&trustNonTransitive == 0 && flags&(trustWithinForest|trustForestTransitive) != 0,
	}
	partner := strings.ToLower(text(e, "trustPartner"))
	switch kind := number(text(e, "trustType")); {
	case kind == typeDownlevel:
		t.Kind = directory.TrustOld
	case kind == typeMIT:
		t.Kind = directory.TrustRealm
	case kind != typeUplevel:
		t.Kind = directory.TrustUnknown
	case flags&trustWithinForest != 0:
		t.Kind = kin(own, partner, forest)
	case flags&trustForestTransitive != 0:
		t.Kind = directory.TrustForest
	default:
		t.Kind = directory.TrustExternal
	}
	return t
}

// kin says how a domain of the same forest stands to ours.
func kin(own, other, forest string) directory.TrustKind {
	_, above, _ := strings.Cut(own, ".")
	_, aboveOther, _ := strings.Cut(other, ".")
	switch {
	case other == above:
		return directory.TrustParent
	case own == aboveOther:
		return directory.TrustChild
	case own == forest || other == forest:
		return directory.TrustTree
	}
	return directory.TrustShortcut
}
