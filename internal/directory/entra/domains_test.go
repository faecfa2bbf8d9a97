package entra_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rekey/internal/directory"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
)

func discover(t *testing.T, d directory.Directory) directory.Discovered {
	t.Helper()
	found, err := d.(directory.Discoverer).Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if found.From != d.Key() || len(found.Domains) == 0 || found.Domains[0].Domain != d.Key() {
		t.Fatalf("its own comes first: %+v", found)
	}
	return found
}

// TestDiscoverTellsTheVerifiedDomains, each a name of the tenant, and which of them sign in elsewhere.
func TestDiscoverTellsTheVerifiedDomains(t *testing.T) {
	b := newBench(t, func(s *graph.TenantSpec) {
		s.Domains = append(s.Domains, "Adfs.discover.example", "promised.discover.example")
		s.Federated, s.Unverified = []string{"Adfs.discover.example"}, []string{"promised.discover.example"}
	})
	found := discover(t, b.open(nil))
	want := []directory.FoundDomain{
		{Domain: domainOf(t), Alias: true, Reached: true},
		{Domain: "adfs.discover.example", Alias: true, Reached: true, Federated: true},
		{Domain: "contoso.example", Alias: true, Reached: true},
	}
	if !slices.EqualFunc(found.Domains, want, func(a, b directory.FoundDomain) bool {
		return a.Domain == b.Domain && a.Alias == b.Alias && a.Reached == b.Reached && a.Federated == b.Federated && a.Problem == b.Problem
	}) {
		t.Errorf("%+v", found.Domains)
	}
	other := discover(t, b.open(func(c *entra.Config) { c.Domain = "typo.onmicrosoft.example" }))
	if !strings.Contains(other.Domains[0].Problem, "no verified domain of this name") || len(other.Domains) != 4 {
		t.Errorf("a name the tenant does not have: %+v", other.Domains)
	}
}

// TestDiscoverSaysWhichRightIsMissing, whether the token tells or Graph does, and gives no list that is short.
func TestDiscoverSaysWhichRightIsMissing(t *testing.T) {
	server := own(t)
	b := benchOn(t, server, nil)
	refused := b.open(nil)
	restored := server.Fail(graph.Fault{Method: http.MethodGet, Path: "/domains", Status: http.StatusForbidden})
	if found := discover(t, refused); len(found.Domains) != 1 || !strings.Contains(found.Domains[0].Problem, "lacks the permission Domain.Read.All") {
		t.Errorf("refused: %+v", found.Domains)
	}
	restored()
	b.app.SetPermissions("User.Read.All")
	if found := discover(t, b.open(nil)); len(found.Domains) != 1 || !strings.Contains(found.Domains[0].Problem, "lacks the permission Domain.Read.All") {
		t.Errorf("not granted: %+v", found.Domains)
	}
	down := b.open(nil)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := down.Discover(t.Context()); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("down: %v", err)
	}
}
