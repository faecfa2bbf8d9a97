package entra_test

import (
	"errors"
	"net/http"
	"testing"

	"rekey/internal/directory"
	"rekey/internal/lab/graph"
)

// TestGroupsThatCannotBeReadNow: the account comes along, and counts as privileged, since nobody can tell what it is in.
func TestGroupsThatCannotBeReadNow(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	if a, err := d.Get(t.Context(), b.id(b.anna)); err != nil || a.State.Privileged {
		t.Fatalf("before: privileged %v, %v", a.State.Privileged, err)
	}
	b.fail(graph.Fault{Method: http.MethodGet, Path: "transitiveMemberOf", Status: http.StatusTooManyRequests, RetryAfter: "60"})
	a, err := d.Get(t.Context(), b.id(b.anna))
	if !errors.Is(err, directory.ErrGroupsUnread) || !errors.Is(err, directory.ErrUnavailable) || a.ID != b.id(b.anna) || !a.State.Privileged || len(a.Groups) > 0 {
		t.Errorf("get: %+v, %v", a, err)
	}
	a, err = lookup(t, d, b.anna.UserPrincipalName)
	if !errors.Is(err, directory.ErrGroupsUnread) || a.ID != b.id(b.anna) {
		t.Errorf("lookup: %+v, %v", a.ID, err)
	}
	if _, err = lookup(t, d, "nobody@contoso.example"); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}
