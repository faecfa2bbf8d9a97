package postgres_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/recovery"
)

func TestThePastOfAnAccount(t *testing.T) {
	s := newStore(t)
	n := 0
	berlin := flow.Place{Country: "DE", Located: true, Latitude: 52.5, Longitude: 13.4}
	now := time.Now().UTC().Truncate(time.Millisecond)
	completed := func(who account.ID, action policy.Action, at time.Time, p flow.Place) {
		t.Helper()
		n++
		f := newFlow(flow.ID(fmt.Sprint("f", n)), who)
		e := flow.Effects{Completed: &flow.Completed{Account: who, Action: action, At: at, Place: p}}
		if err := s.CreateFlow(t.Context(), f, hash(string(f.ID)), e); err != nil {
			t.Fatal(err)
		}
	}
	completed(alice(), policy.Reset, now.Add(-2*time.Hour), berlin)
	completed(alice(), policy.Unlock, now.Add(-time.Hour), flow.Place{})
	completed(alice(), policy.Reset, now.Add(-90*24*time.Hour), berlin)
	completed(bob(), policy.Reset, now.Add(-time.Hour), flow.Place{Country: "FR"})

	past := func(q recovery.Query) recovery.Past {
		t.Helper()
		q.Now = now
		p, err := s.Past(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := past(recovery.Query{Account: alice(), Since: now.Add(-24 * time.Hour), Country: "FR"})
	if len(p.Done) != 2 || p.Done[0].Action != policy.Unlock || p.Done[0].Place.Located || p.Done[1].Place != berlin || !p.Done[1].At.Equal(now.Add(-2*time.Hour)) {
		t.Errorf("of the last day: %+v", p.Done)
	}
	if !p.CountryInUse {
		t.Error("somebody was there, and it is not told")
	}
	if p := past(recovery.Query{Account: alice(), Country: "IS"}); len(p.Done) != 3 || p.CountryInUse {
		t.Errorf("since ever: %+v", p)
	}
	if p := past(recovery.Query{}); len(p.Done) != 0 || p.CountryInUse || p.AccountFailures+p.SourceFailures != 0 {
		t.Errorf("of nobody: %+v", p)
	}
}

// TestWrongAnswersAreCountedForAnHour for the account and for the source, with what they belong to, and by all at once.
func TestWrongAnswersAreCountedForAnHour(t *testing.T) {
	s := newStore(t)
	f := s.create(t, newFlow("f1", alice()))
	var racers sync.WaitGroup
	for range 16 {
		racers.Go(func() {
			_, err := s.UpdateFlow(t.Context(), f, func(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
				return f, flow.Effects{Failed: []string{"account:a", "source:10.0.0.1"}}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	racers.Wait()
	for _, c := range []struct {
		key, source      string
		later            time.Duration
		account, source2 int
	}{
		{"account:a", "source:10.0.0.1", time.Minute, 16, 16},
		{"account:a", "source:10.0.0.2", time.Minute, 16, 0},
		{"account:b", "source:10.0.0.1", time.Minute, 0, 16},
		{"account:a", "source:10.0.0.1", 61 * time.Minute, 0, 0},
	} {
		p, err := s.Past(t.Context(), recovery.Query{Key: c.key, Source: c.source, Now: start().Add(c.later)})
		if err != nil || p.AccountFailures != c.account || p.SourceFailures != c.source2 {
			t.Errorf("%s from %s after %v: %+v, %v", c.key, c.source, c.later, p, err)
		}
	}
}
