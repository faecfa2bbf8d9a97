package hybridtest

import (
	"net/http"
	"testing"

	"rekey/internal/lab/people"
)

// TestActiveDirectoryIsDown for people who are in both: nobody is asked for anything while it is, and when it goes down after the proofs
// nothing is written in the tenant either. It runs before the tests that run side by side.
func TestActiveDirectoryIsDown(t *testing.T) {
	a, password := play(t, "fallen", people.Corp), fresh()
	proven := a.prove(t)
	corp := shared.Domain(people.Corp)
	corp.Stop()
	up := false
	start := func() {
		if err := corp.StartAgain(t.Context()); err != nil {
			t.Fatal(err)
		}
		up = true
	}
	defer func() {
		if !up {
			start()
		}
	}()

	p, err := browse().Start(t.Context(), "reset", a.UPN)
	if err != nil {
		t.Fatal(err)
	}
	if p.Status != http.StatusServiceUnavailable {
		t.Errorf("a new visitor: status %d, %q", p.Status, p.H1)
	}
	if p, err = proven.Finish(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	has(t, p, "Nothing was changed")
	if !a.signsIn(t, a.Password) || a.writes(t) != 0 {
		t.Error("the tenant was written")
	}
	start()
	if _, err = proven.Open(t.Context(), "/flow"); err != nil {
		t.Fatal(err)
	}
	if p, err = proven.Finish(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed")
	a.opens(t, password, password, a.Password)
}
