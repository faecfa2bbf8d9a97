package entra_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/directorytest"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
	"rekey/internal/secret"
)

func TestConformance(t *testing.T) {
	b := benchOn(t, own(t), nil)
	directorytest.RunCloud(t, directorytest.Fixture{
		Directory: b.open(nil), NetBIOS: "CONTOSO", Peer: &peer{b: b, ids: map[string]string{}}, Limit: 5 * time.Second,
		Broken: func(t testing.TB, how directorytest.Failure) directory.Directory {
			if how == directorytest.Down || how == directorytest.Silent {
				return b.open(func(c *entra.Config) {
					c.ConnectTimeout = 300 * time.Millisecond
					c.Graph = "https://" + listener(t, how == directorytest.Down)
					c.Authority = c.Graph
				})
			}
			view := b.open(func(c *entra.Config) { c.WriteTimeout = time.Second })
			return lossy{Directory: view, server: b.server, written: how == directorytest.LostWritten}
		},
	})
}

// lossy is a directory whose next write is cut off, and which then answers nothing until it has given up.
type lossy struct {
	directory.Directory
	server  *graph.Server
	written bool
}

func (l lossy) SetPassword(ctx context.Context, id account.ID, password secret.Text, w directory.Write) error {
	defer l.server.Fail(graph.Fault{Method: http.MethodPatch, Times: 1, Apply: l.written, Cut: true})()
	defer l.server.Limit(http.MethodGet, 1, time.Hour)() // the read before the write
	return l.Directory.SetPassword(ctx, id, password, w)
}

// peer is an administrator's view of the tenant.
type peer struct {
	b   *bench
	ids map[string]string // of people and groups by name
}

func (p *peer) Add(t testing.TB, who directorytest.Person) account.ID {
	t.Helper()
	u := graph.User{
		UserPrincipalName: who.UPN, DisplayName: who.Display, Mail: who.Mail, ProxyAddresses: who.Addresses, Password: who.Password,
		PreferredLanguage: who.Language, Disabled: who.State == directorytest.Disabled,
	}
	if u.UserPrincipalName == "" {
		u.UserPrincipalName = who.SAM + "@" + domainOf(p.b.t)
	}
	u = p.b.add(u)
	p.ids[who.SAM] = u.ID
	return p.b.id(u)
}

func (p *peer) Remove(_ testing.TB, id account.ID) { p.b.tenant.DeleteUser(id.Object) }

func (p *peer) Group(_ testing.TB, name string, members ...string) string {
	g := graph.Group{DisplayName: name}
	for _, m := range members {
		g.Members = append(g.Members, p.ids[m])
	}
	p.ids[name] = p.b.tenant.AddGroup(g).ID
	return strings.ToLower(p.ids[name])
}

func (p *peer) Accepts(_ testing.TB, id account.ID, password string) bool {
	u, _ := p.b.tenant.User(id.Object)
	_, err := p.b.tenant.SignIn(u.UserPrincipalName, password)
	return err == nil
}

func (p *peer) Lock(testing.TB, account.ID) {}
