package graphtest_test

import (
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/lab/graph"
	"rekey/internal/lab/graph/graphtest"
)

// TestFacts asks the tenant of the environment if there is one, else the emulator.
func TestFacts(t *testing.T) {
	if os.Getenv("REKEY_GRAPH_TENANT") != "" {
		graphtest.Run(t, graphtest.Target{
			Authority: os.Getenv("REKEY_GRAPH_AUTHORITY"), Graph: os.Getenv("REKEY_GRAPH_URL"), Tenant: os.Getenv("REKEY_GRAPH_TENANT"),
			ClientID: os.Getenv("REKEY_GRAPH_CLIENT_ID"), Secret: os.Getenv("REKEY_GRAPH_CLIENT_SECRET"), Domain: os.Getenv("REKEY_GRAPH_DOMAIN"),
			Client: &http.Client{Timeout: time.Minute}, Person: os.Getenv("REKEY_GRAPH_PERSON"), Throwaway: os.Getenv("REKEY_GRAPH_THROWAWAY"),
			Administrator: os.Getenv("REKEY_GRAPH_ADMINISTRATOR"), Synced: os.Getenv("REKEY_GRAPH_SYNCED"),
			ThrowawayGiven: os.Getenv("REKEY_GRAPH_THROWAWAY_GIVEN"), WeakBanned: os.Getenv("REKEY_GRAPH_BANNED"),
		})
		return
	}
	graphtest.Run(t, emulated(t))
}

func emulated(t *testing.T) graphtest.Target {
	var seconds atomic.Int64 // each look at the clock is a second later: times in the directory have whole seconds
	start := time.Now().Truncate(time.Second)
	s, err := graph.Start(t.Context(), graph.Options{Now: func() time.Time { return start.Add(time.Duration(seconds.Add(1)) * time.Second / 10) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	tenant := s.AddTenant(graph.TenantSpec{Domains: []string{"contoso.test"}})
	app := tenant.AddApp(graph.App{
		Secrets: []graph.Secret{{Value: "a secret"}}, Roles: []string{graph.UserAdministrator}, Permissions: []string{
			"User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory", "User-PasswordProfile.ReadWrite.All", "User.RevokeSessions.All",
			"Domain.Read.All", "UserAuthenticationMethod.Read.All", "AuditLog.Read.All",
		},
	})
	person := tenant.AddUser(graph.User{UserPrincipalName: "person@contoso.test", DisplayName: "Person"})
	throwaway := tenant.AddUser(graph.User{UserPrincipalName: "throwaway@contoso.test", GivenName: "Thrown"})
	admin := tenant.AddUser(graph.User{UserPrincipalName: "admin@contoso.test"})
	tenant.AssignRole(admin.ID, graph.GlobalAdministrator, "/")
	synced := tenant.AddUser(graph.User{UserPrincipalName: "synced@contoso.test", OnPremises: &graph.OnPremises{ImmutableID: "RDMiEWZViHeZqrvM3e7/AA="}})
	tenant.AddGroup(graph.Group{DisplayName: "Everybody", Members: []string{person.ID}})
	return graphtest.Target{
		Authority: s.Authority(), Graph: s.Graph(), Tenant: tenant.ID(), ClientID: app.ID(), Secret: "a secret", Domain: "contoso.test", Client: s.Client(),
		Person: person.ID, Throwaway: throwaway.ID, Administrator: admin.ID, Synced: synced.ID, ThrowawayGiven: "Thrown", WeakBanned: "P@ssw0rd1",
	}
}
