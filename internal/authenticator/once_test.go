package authenticator_test

import (
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
)

func TestSpent(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var none authenticator.Spent
	one := none.With([]byte("a"), now.Add(time.Minute), now)
	two := one.With([]byte("b"), now.Add(3*time.Minute), now.Add(30*time.Second))
	late := two.With([]byte("c"), now.Add(5*time.Minute), now.Add(2*time.Minute))
	for _, c := range []struct {
		list  authenticator.Spent
		value string
		want  bool
	}{
		{none, "a", false},
		{one, "a", true},
		{one, "b", false},
		{two, "a", true},
		{two, "b", true},
		{late, "a", false}, // expired by itself
		{late, "c", true},
		{late, "", false},
	} {
		if got := c.list.Has([]byte(c.value)); got != c.want {
			t.Errorf("%v has %q: %v", c.list, c.value, got)
		}
	}
}

// TestAttack03PurposeMix: no request, whatever its purpose and flow, is bound as an enrollment of the same session is.
func TestAttack03PurposeMix(t *testing.T) {
	who := authenticator.Subject{Account: account.ID{Directory: "corp.example.test", Object: "1"}}
	e := authenticator.Enrollment{Subject: who, Session: "s"}
	for _, purpose := range []string{"reset", "unlock", "change", "enroll", "sign-in", "step-up", ""} {
		r := authenticator.Request{Subject: who, Flow: "s", Purpose: purpose}
		if r.Binding() == e.Binding() {
			t.Errorf("purpose %q is bound as an enrollment", purpose)
		}
	}
}
