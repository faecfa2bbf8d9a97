package postgres_test

import (
	"errors"
	"testing"
	"time"

	"rekey/internal/challenge"
	"rekey/internal/throttle"
)

// TestAttack10AnAnswerIsSpentOnce: sixteen requests, each on a connection of its own as on sixteen replicas, spend one answer.
func TestAttack10AnAnswerIsSpentOnce(t *testing.T) {
	s := newRaceTrack(t)
	once := challenge.Once{ID: "one", Until: start().Add(time.Minute)}
	won := 0
	for _, err := range race(racers, func(int) error {
		ok, err := s.Spend(t.Context(), once)
		if err == nil && !ok {
			return errors.New("spent already")
		}
		return err
	}) {
		if err == nil {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won", won, racers)
	}
	if ok, err := s.Spend(t.Context(), challenge.Once{ID: "other", Until: once.Until}); err != nil || !ok {
		t.Errorf("another one: %v, %v", ok, err)
	}
}

func TestWhatWasSpentIsForgottenWhenItIsNoUseAnyMore(t *testing.T) {
	s := newStore(t)
	for id, until := range map[string]time.Time{"over": start().Add(-time.Hour), "just over": start().Add(-time.Minute), "open": start().Add(time.Minute)} {
		if ok, err := s.Spend(t.Context(), challenge.Once{ID: id, Until: until}); err != nil || !ok {
			t.Fatalf("%s: %v, %v", id, ok, err)
		}
	}
	if _, err := s.Forget(t.Context(), start()); err != nil {
		t.Fatal(err)
	}
	var left string
	err := s.pool.QueryRow(t.Context(), `SELECT string_agg(id, ', ' ORDER BY id) FROM spent`).Scan(&left)
	if err != nil || left != "just over, open" { // another replica's clock may be behind
		t.Errorf("left %q, error %v", left, err)
	}
}

func TestRoomTakesNothing(t *testing.T) {
	s := newStore(t)
	bucket := throttle.Bucket{Burst: 2, Every: time.Hour}
	for i, want := range []bool{true, true, false, false} {
		for range 3 {
			if got, err := s.Room(t.Context(), "k", bucket); err != nil || got != want {
				t.Errorf("after %d: room %v, error %v", i, got, err)
			}
		}
		if got, _, err := s.Take(t.Context(), "k", bucket); err != nil || got != want {
			t.Errorf("after %d: taken %v, error %v", i, got, err)
		}
	}
}
