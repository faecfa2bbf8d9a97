package lab

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/lab/graph"
	"rekey/internal/lab/people"
	"rekey/internal/lab/samba"
)

// Tenant is an Entra tenant, imitated, with the application registered in it for the portal.
type Tenant struct {
	*graph.Tenant
	Server *graph.Server
	App    *graph.Principal
	secret string
}

// startTenant makes a tenant whose people come from the cloud and from Corp.
func startTenant(ctx context.Context) (*Tenant, error) {
	server, err := graph.Start(ctx, graph.Options{})
	if err != nil {
		return nil, err
	}
	t := &Tenant{Server: server, secret: "lab-8Q~application.secret"}
	t.Tenant = server.AddTenant(graph.TenantSpec{
		Name: "Example Corp", Domains: []string{people.Cloud.Name, people.Corp.Name}, Banned: []string{"oktoberfest"},
	})
	t.App = t.AddApp(graph.App{
		Name: "Rekey", Secrets: []graph.Secret{{Value: t.secret}}, Roles: []string{graph.UserAdministrator}, AuthTime: true,
		Permissions: []string{
			"User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory", "User-PasswordProfile.ReadWrite.All",
			"User.RevokeSessions.All", "UserAuthenticationMethod.Read.All",
		},
	})
	return t, nil
}

// meet lets the tenant's sign-in page send browsers back to the portal.
func (t *Tenant) meet(portal string) {
	t.App.SetRedirectURIs(portal+"/flow/return", portal+"/account/return")
}

// settings adds the tenant and its link with Corp to a document.
func (t *Tenant) settings(document, secretFile string) string {
	return strings.NewReplacer("\nauthenticators:\n", fmt.Sprintf(`
  - entra:
      domain: %s
      tenant: %s
      authority: %s
      graph: %s
      ca_file: %s
      client_id: %s
      secret: {file: %s}
      write_synced: true
      banned_words: [oktoberfest]

links:
  - {ad: %s, entra: %s, mode: ad+entra}
labels: {%s: Windows, %s: Microsoft 365}

authenticators:
`, people.Cloud.Name, t.ID(), t.Server.Authority(), t.Server.Graph(), t.Server.CAFile(), t.App.ID(), secretFile,
		people.Corp.Name, people.Cloud.Name, people.Corp.Name, people.Cloud.Name),
		"\ndefaults:\n", fmt.Sprintf(`
defaults:
  %s:
    name: Everybody in Microsoft 365
    reset: {count: 2}
`, people.Cloud.Name)).Replace(document)
}

// Client gives the application's ID and secret.
func (t *Tenant) Client() (id, secret string) { return t.App.ID(), t.secret }

// fill makes the accounts of people who have one in the cloud. Those who have one in Active Directory too are synchronized: with the
// anchor and the SID that synchronization would take from there.
func (t *Tenant) fill(ctx context.Context, domains []*samba.Domain, all []people.Person) error {
	for _, p := range all {
		switch {
		case p.Domain == people.Cloud:
			t.AddUser(cloudUser(p))
		case p.Synced && p.Domain == people.Corp:
			u, err := synced(ctx, domains, p)
			if err != nil {
				return fmt.Errorf("%s: %w", p.UPN(), err)
			}
			t.AddUser(u)
		}
	}
	return nil
}

func cloudUser(p people.Person) graph.User {
	return graph.User{
		UserPrincipalName: p.UPN(), DisplayName: p.Display(), GivenName: p.Given, Surname: p.Surname, Mail: p.Address(),
		ProxyAddresses: []string{"SMTP:" + p.Address()}, Password: p.Secret(), PreferredLanguage: p.Language,
		Disabled: p.State == people.Disabled,
	}
}

func synced(ctx context.Context, domains []*samba.Domain, p people.Person) (graph.User, error) {
	for _, d := range domains {
		if d.Name() != p.Domain.Name {
			continue
		}
		dn := d.UserDN(samba.User{SAM: p.SAM, OU: p.OU})
		e, err := readOctets(ctx, d, dn)
		if err != nil {
			return graph.User{}, err
		}
		u := cloudUser(p)
		u.OnPremises = &graph.OnPremises{
			ImmutableID: base64.StdEncoding.EncodeToString(e.GetRawAttributeValue("objectGUID")),
			SID:         sidText(e.GetRawAttributeValue("objectSid")), SAM: p.SAM, Domain: d.Name(), UPN: p.UPN(), DN: dn,
		}
		return u, nil
	}
	return graph.User{}, fmt.Errorf("no domain %s", p.Domain.Name)
}

func readOctets(ctx context.Context, d *samba.Domain, dn string) (*ldap.Entry, error) {
	c, err := ldap.DialURL(d.URLs()[0], ldap.DialWithTLSConfig(&tls.Config{RootCAs: d.CAPool(), MinVersion: tls.VersionTLS12}))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	if err := c.Bind(d.Admin()); err != nil {
		return nil, err
	}
	found, err := c.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=user)",
		[]string{"objectGUID", "objectSid"}, nil))
	if err != nil {
		return nil, err
	}
	if len(found.Entries) == 0 {
		return nil, fmt.Errorf("%s is not there", dn)
	}
	return found.Entries[0], nil
}

// sidText writes a SID as people do (MS-DTYP 2.4.2.1).
func sidText(b []byte) string {
	if len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return ""
	}
	var authority uint64
	for _, x := range b[2:8] {
		authority = authority<<8 | uint64(x)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "S-%d-%d", b[0], authority)
	for sub := b[8:]; len(sub) > 0; sub = sub[4:] {
		fmt.Fprintf(&s, "-%d", uint32(sub[0])|uint32(sub[1])<<8|uint32(sub[2])<<16|uint32(sub[3])<<24)
	}
	return s.String()
}
