package graph_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"rekey/internal/lab/graph"
)

const newPassword = "Qv7#tunnel-Maple"

func number(err error) int {
	e := &graph.AADSTS{}
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

func TestPasswordIsWrittenAndTheOldOneIsDead(t *testing.T) {
	b := setup(t)
	before, err := b.t.SignIn("bob@contoso.test", bobPassword)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.pass(time.Minute)
	if status, body := b.write(b.bob.ID, newPassword); status != http.StatusNoContent || body != nil {
		t.Fatalf("%d %v", status, body)
	}
	if _, err := b.t.SignIn("bob@contoso.test", bobPassword); number(err) != 50126 {
		t.Errorf("old password: %v", err)
	}
	after, err := b.t.SignIn("bob@contoso.test", newPassword)
	if err != nil {
		t.Errorf("new password: %v", err)
	}
	if b.s.Alive(before.Refresh) || !b.s.Alive(before.Access) || !b.s.Alive(after.Refresh) {
		t.Error("writing a password ends the refresh tokens from before, and nothing else")
	}
	_, body := b.ask(http.MethodGet, "/users/bob@contoso.test?$select=lastPasswordChangeDateTime,signInSessionsValidFromDateTime", nil)
	if body["lastPasswordChangeDateTime"] != "2026-11-24T10:01:00Z" || body["signInSessionsValidFromDateTime"] != "2026-11-24T10:00:00Z" {
		t.Errorf("%v", body)
	}
}

func TestRevokedSessions(t *testing.T) {
	b := setup(t)
	before, err := b.t.SignIn("bob@contoso.test", bobPassword)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.pass(time.Minute)
	if status, body := b.ask(http.MethodPost, "/users/"+b.bob.ID+"/revokeSignInSessions", nil); status != http.StatusOK || body["value"] != true {
		t.Fatalf("%d %v", status, body)
	}
	after, err := b.t.SignIn("bob@contoso.test", bobPassword)
	if err != nil || b.s.Alive(before.Access) || b.s.Alive(before.Refresh) || !b.s.Alive(after.Access) {
		t.Errorf("tokens from before must be dead, those from after alive (%v)", err)
	}
	u, _ := b.t.User(b.bob.ID)
	if !u.SessionsFrom.Equal(b.clock.Now()) {
		t.Errorf("sessions are valid from %s", u.SessionsFrom)
	}
}
