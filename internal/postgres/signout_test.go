package postgres_test

import (
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/flow"
	"rekey/internal/recovery"
)

// TestSignOutsAreQueuedWithTheResult, each for its time, and not at all when the result is not stored.
func TestSignOutsAreQueuedWithTheResult(t *testing.T) {
	s := newStore(t)
	cloud := account.ID{Directory: "cloud.example.test", Object: "1"}
	later := time.Now().Add(time.Hour)
	f := s.create(t, newFlow("f", alice()))
	e := flow.Effects{SignOut: []flow.SignOut{{Account: cloud}, {Account: cloud, At: later}}}
	_, err := s.UpdateFlow(t.Context(), f, func(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) { return f, e, nil })
	if err != nil {
		t.Fatal(err)
	}
	const queued = `SELECT count(*) FROM river_job WHERE kind = 'sign-out' AND queue = 'sign-out' AND args->>'object' = '1' AND state = `
	if now, then := s.count(t, queued+`'available'`), s.count(t, queued+`'scheduled'`); now != 1 || then != 1 {
		t.Errorf("%d now, %d later", now, then)
	}
}
