package bench

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"rekey/internal/lab/graph"
	"rekey/internal/lab/people"
)

const tenantDomain = "bench.onmicrosoft.test"

// tenant is an imitated Entra tenant with people in groups.
type tenant struct {
	*graph.Tenant
	server  *graph.Server
	id      string // of the application
	secret  string
	objects int // that a plain read must find: each person, and each as a member
}

func newTenant(ctx context.Context, sams []string) (tenant, error) {
	server, err := graph.Start(ctx, graph.Options{})
	if err != nil {
		return tenant{}, err
	}
	t := tenant{
		Tenant: server.AddTenant(graph.TenantSpec{Name: "Bench", Domains: []string{tenantDomain}}), server: server,
		secret: "bench-8Q~application.secret", objects: 2 * len(sams),
	}
	t.id = t.AddApp(graph.App{
		Name: "Rekey", Secrets: []graph.Secret{{Value: t.secret}}, Roles: []string{graph.UserAdministrator},
		Permissions: []string{
			"User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory", "User-PasswordProfile.ReadWrite.All",
			"User.RevokeSessions.All", "UserAuthenticationMethod.Read.All",
		},
	}).ID()
	t.fill(sams)
	return t, nil
}

// inTenant makes a tenant for the portal.
func inTenant(ctx context.Context, _ string, sams []string) (place, error) {
	t, err := newTenant(ctx, sams)
	if err != nil {
		return place{}, err
	}
	return place{
		title: "an imitated Entra tenant", domain: people.Domain{Name: tenantDomain, NetBIOS: fmt.Sprintf("TENANT%d", len(sams))},
		password: t.secret, close: t.server.Close, touch: t.touch, read: t.read, entra: t.entry,
	}, nil
}

// entry is the tenant in the portal's settings.
func (t tenant) entry(secretFile string) string {
	return fmt.Sprintf("entra: {domain: %s, tenant: %s, authority: %q, graph: %q, ca_file: %s, client_id: %s, secret: {file: %s}}",
		tenantDomain, t.ID(), t.server.Authority(), t.server.Graph(), t.server.CAFile(), t.id, secretFile)
}

func (t tenant) touch(sams ...string) {
	for _, sam := range sams {
		t.UpdateUser(sam+"@"+tenantDomain, func(u *graph.User) { u.DisplayName += "." })
	}
}

// fill adds people and their teams.
func (t tenant) fill(sams []string) {
	ids := make(map[string]string, len(sams)) // by name, of people and groups
	t.AddUsers(len(sams), func(i int) graph.User {
		mail := sams[i] + "@" + tenantDomain
		ids[sams[i]] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		return graph.User{
			ID: ids[sams[i]], UserPrincipalName: mail, DisplayName: given + " " + surname, GivenName: given, Surname: surname, Mail: mail,
			ProxyAddresses: []string{"SMTP:" + mail},
		}
	})
	for _, team := range teams(sams) {
		members := make([]string, len(team.Members))
		for i, name := range team.Members {
			members[i] = ids[name]
		}
		ids[team.Name] = t.AddGroup(graph.Group{DisplayName: team.Name, Members: members}).ID
	}
}

// read reads what is copied, page by page, makes values of the JSON and forgets them. It gives the seconds of each run.
func (t tenant) read(ctx context.Context, runs int) ([]float64, error) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: t.server.Pool(), MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	credentials := clientcredentials.Config{
		ClientID: t.id, ClientSecret: t.secret, TokenURL: t.server.Authority() + "/" + t.ID() + "/oauth2/v2.0/token",
		Scopes: []string{t.server.Graph() + "/.default"}, AuthStyle: oauth2.AuthStyleInParams,
	}
	client := credentials.Client(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: transport}))
	return timed(runs, t.objects, func() (int, error) {
		found := 0
		for _, link := range t.starts() {
			for link != "" {
				p, err := page(ctx, client, link)
				if err != nil {
					return 0, err
				}
				for _, o := range p.Value {
					found += 1 + len(o.Members)
				}
				link = p.Next
			}
		}
		return found, nil
	})
}

// starts are where the portal starts, with the properties it reads.
func (t tenant) starts() [2]string {
	const (
		ofPeople = "id,userPrincipalName,userType,displayName,givenName,surname,mail,proxyAddresses,preferredLanguage,accountEnabled," +
			"lastPasswordChangeDateTime,onPremisesSyncEnabled,onPremisesImmutableId,onPremisesSecurityIdentifier,onPremisesSamAccountName,manager"
		ofGroups = "id,displayName,members"
	)
	at := func(path, properties string) string {
		return t.server.Graph() + "/v1.0" + path + "?" + url.Values{"$select": {properties}}.Encode()
	}
	return [2]string{at("/users/delta", ofPeople), at("/groups/delta", ofGroups)}
}

// delta is a page of people or groups as the tenant writes it.
type delta struct {
	Next  string `json:"@odata.nextLink"`
	Value []struct {
		ID, UserPrincipalName, UserType, DisplayName, GivenName, Surname, Mail, PreferredLanguage                 string
		OnPremisesImmutableID, OnPremisesSecurityIdentifier, OnPremisesSamAccountName, LastPasswordChangeDateTime string
		AccountEnabled, OnPremisesSyncEnabled                                                                     bool
		ProxyAddresses                                                                                            []string
		Manager                                                                                                   []struct{ ID string } `json:"manager@delta"`
		Members                                                                                                   []struct{ ID string } `json:"members@delta"`
	}
}

func page(ctx context.Context, client *http.Client, link string) (p delta, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return p, err
	}
	resp, err := client.Do(r)
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return p, fmt.Errorf("the tenant answers %s", resp.Status)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(body, &p)
}
