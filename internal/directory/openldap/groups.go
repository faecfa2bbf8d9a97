package openldap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
)

const (
	deepest   = 20   // groups in groups
	mostOf    = 1000 // groups of one account
	atOnce    = 50   // members in one search
	rdnOfName = "cn"
)

// groupsOf finds the groups an account is in, directly or nested: those that name it or one of its groups as member (groupOfNames),
// uniqueMember (groupOfUniqueNames) or memberUid (posixGroup), and those of memberOf. It fails as a whole when there are too many:
// policies would take the account for a member of fewer.
func (d *Directory) groupsOf(ctx context.Context, c *conn, e *ldap.Entry) ([]account.Group, error) {
	known := map[string]account.Group{}
	level := fresh(known, e.GetEqualFoldAttributeValues("memberOf"))
	filters := d.membership(append([]string{e.DN}, level...), e.GetEqualFoldAttributeValues("uid"))
	for depth := 0; len(filters) > 0; depth++ {
		found, err := d.parents(ctx, c, filters)
		if err != nil {
			return nil, err
		}
		level = fresh(known, found)
		if len(known) > mostOf || depth > deepest {
			return nil, fmt.Errorf("%s: more than %d groups, or nested deeper than %d", e.DN, mostOf, deepest)
		}
		filters = d.membership(level, nil)
	}
	groups := make([]account.Group, 0, len(known))
	for _, g := range known {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b account.Group) int { return strings.Compare(a.ID, b.ID) })
	return groups, nil
}

// fresh adds groups to those known and gives the DNs of those that were not.
func fresh(known map[string]account.Group, dns []string) []string {
	var added []string
	for _, dn := range dns {
		g, ok := groupOf(dn)
		if _, seen := known[strings.ToLower(g.ID)]; ok && !seen {
			known[strings.ToLower(g.ID)] = g
			added = append(added, dn)
		}
	}
	return added
}

// groupOf gives a group by its DN, in one spelling, and by the name in it.
func groupOf(dn string) (account.Group, bool) {
	parsed, err := ldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 {
		return account.Group{}, false
	}
	g := account.Group{ID: parsed.String()}
	if first := parsed.RDNs[0].Attributes[0]; strings.EqualFold(first.Type, rdnOfName) {
		g.Name = first.Value
	}
	return g, true
}

// membership makes the filters for the groups that these are in: all questions of one level, in batches.
func (d *Directory) membership(dns, uids []string) []string {
	var terms []string
	for _, dn := range dns {
		dn = ldap.EscapeFilter(dn)
		terms = append(terms, "(member="+dn+")(uniqueMember="+dn+")")
	}
	for _, uid := range uids {
		terms = append(terms, "(memberUid="+ldap.EscapeFilter(uid)+")")
	}
	var filters []string
	for batch := range slices.Chunk(terms, atOnce) {
		filters = append(filters, "(|"+strings.Join(batch, "")+")")
	}
	return filters
}

// parents gives the DNs of the groups that match.
func (d *Directory) parents(ctx context.Context, c *conn, filters []string) ([]string, error) {
	var dns []string
	for _, filter := range filters {
		found, err := c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(d.config.GroupBaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
			0, 0, false, filter, []string{noAttributes}, nil))
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			dns = append(dns, e.DN)
		}
	}
	return dns, nil
}
