package app

import (
	"strings"
	"testing"
	"time"

	"rekey/internal/sync"
)

func TestSyncFinding(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	fresh, old := now.Add(-time.Minute), now.Add(-time.Hour)
	for _, c := range []struct {
		state sync.State
		every time.Duration
		ok    bool
		text  string
	}{
		{sync.State{}, time.Minute, true, "not read to the end"},
		{sync.State{Current: fresh}, time.Minute, true, "1m0s old"},
		{sync.State{Current: old}, time.Minute, false, "1h0m0s old"},
		{sync.State{Current: old}, time.Hour, true, "1h0m0s old"},
		{sync.State{Current: fresh, Error: "no answer"}, time.Minute, false, "no answer"},
		{sync.State{Current: fresh, Held: sync.Held{At: fresh, Gone: 50, Of: 100}}, time.Minute, false, "50 of 100 people"},
	} {
		if f := syncFinding(c.state, c.every, now); f.OK != c.ok || !strings.Contains(f.Text, c.text) {
			t.Errorf("%+v: %+v", c.state, f)
		}
	}
}
