package bench

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/entra"
	"rekey/internal/secret"
)

// TestPlainReadAsksWhatThePortalAsks: else the two could not be compared.
func TestPlainReadAsksWhatThePortalAsks(t *testing.T) {
	sams := names(450)
	of, err := newTenant(t.Context(), sams)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := of.server.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := of.read(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	plain := of.asked()
	d, err := entra.Open(entra.Config{
		Domain: tenantDomain, Tenant: of.ID(), Authority: of.server.Authority(), Graph: of.server.Graph(), CAFile: of.server.CAFile(),
		ClientID: of.id, Secret: secret.Ref{Env: "SECRET"},
	}, entra.Deps{
		Resolve: func(secret.Ref) (secret.Text, error) { return secret.New(of.secret), nil }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	people, cursor := 0, directory.Cursor(nil)
	read := func(from directory.Cursor) {
		err := d.(directory.Syncer).Changes(t.Context(), from, func(p directory.Page) error {
			people, cursor = people+len(p.People), p.Next
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read(nil)
	if portal := of.asked(); people != len(sams) || len(plain) < 6 || !slices.Equal(plain, portal) {
		t.Errorf("%d people; the plain read asks\n%s\nthe portal\n%s", people, strings.Join(plain, "\n"), strings.Join(portal, "\n"))
	}
	people = 0
	of.touch(sams[100:200]...)
	if read(cursor); people != 100 {
		t.Errorf("%d have changed", people)
	}
}

// asked lists and forgets what was asked for pages; of those after a first one, only of what kind.
func (t tenant) asked() []string {
	var all []string
	for _, r := range t.server.Requests() {
		if before, _, later := strings.Cut(r.Query, "token="); later {
			all = append(all, r.Path+"?"+before)
		} else if strings.HasSuffix(r.Path, "/delta") {
			all = append(all, r.Path+"?"+r.Query)
		}
	}
	t.server.ForgetRequests()
	return all
}
