package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/flow"
	"rekey/internal/recovery"
	"rekey/internal/throttle"
)

func TestAttack10EveryFailureIsCounted(t *testing.T) {
	s := newRaceTrack(t)
	const each = 4
	for i := range racers {
		s.create(t, newFlow(flow.ID(fmt.Sprint("f", i)), bob()))
	}
	fail := func(c throttle.Counter) throttle.Counter { c.Failures++; return c }
	for _, err := range race(racers, func(i int) error {
		for range each {
			if err := s.Adjust(t.Context(), "account:alice", flow.Effects{}, fail); err != nil {
				return err
			}
			_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: flow.ID(fmt.Sprint("f", i))}, func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
				c, err := tx.Counter(t.Context(), "account:alice")
				if err != nil {
					return f, flow.Effects{}, err
				}
				return f, flow.Effects{}, tx.SetCounter(t.Context(), "account:alice", fail(c))
			})
			if err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	st, err := s.Standing(t.Context(), "account:alice", alice())
	if err != nil || st.Counter.Failures != 2*racers*each {
		t.Errorf("counted %d of %d, error %v", st.Counter.Failures, 2*racers*each, err)
	}
}

func TestAdjust(t *testing.T) {
	s := newStore(t)
	want := throttle.Counter{Failures: 3, Since: start(), Holds: 1, HeldUntil: start().Add(time.Hour)}
	effects := flow.Effects{Audit: []audit.Event{event(audit.AccountUnblocked, alice(), "x")}}
	if err := s.Adjust(t.Context(), "k", effects, func(throttle.Counter) throttle.Counter { return want }); err != nil {
		t.Fatal(err)
	}
	st, err := s.Standing(t.Context(), "k", alice())
	if err != nil || st.Counter != want {
		t.Errorf("got %+v, error %v: want %+v", st.Counter, err, want)
	}
	if n := s.count(t, `SELECT count(*) FROM audit_event`); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
	if st, err := s.Standing(t.Context(), "other", alice()); err != nil || st != (recovery.Standing{}) {
		t.Errorf("an unknown key stands at %+v, error %v", st, err)
	}
}

func TestBuckets(t *testing.T) {
	s := newStore(t)
	bucket := throttle.Bucket{Burst: 3, Every: time.Hour}
	take := func(key string) (bool, time.Duration) {
		t.Helper()
		ok, wait, err := s.Take(t.Context(), key, bucket)
		if err != nil {
			t.Fatal(err)
		}
		return ok, wait
	}
	for i := range bucket.Burst {
		if ok, wait := take("k"); !ok || wait != 0 {
			t.Fatalf("take %d refused, wait %s", i, wait)
		}
	}
	if ok, wait := take("k"); ok || wait <= 59*time.Minute || wait > time.Hour {
		t.Errorf("allowed %v, wait %s: want refused for an hour", ok, wait)
	}
	if ok, _ := take("other"); !ok {
		t.Error("another key is refused too")
	}
	s.exec(t, `UPDATE bucket SET tat = tat - interval '1 hour' WHERE key = 'k'`) // an hour passes
	if ok, _ := take("k"); !ok {
		t.Error("refused after the wait")
	}
	if ok, _ := take("k"); ok {
		t.Error("one hour gave two")
	}
	for _, off := range []throttle.Bucket{{}, {Burst: 1}, {Every: time.Hour}, {Burst: -1, Every: time.Hour}} {
		if ok, _, err := s.Take(t.Context(), "off", off); ok || err == nil {
			t.Errorf("bucket %v allows: %v, error %v", off, ok, err)
		}
	}
}

func TestAttack10BucketIsExact(t *testing.T) {
	s := newRaceTrack(t)
	bucket := throttle.Bucket{Burst: 20, Every: time.Hour}
	const each, keys = 10, 4
	allowed := make([]int, racers)
	for _, err := range race(racers, func(i int) error {
		for n := range each {
			ok, _, err := s.Take(t.Context(), fmt.Sprint("k", n%keys), bucket)
			if err != nil {
				return err
			}
			if ok {
				allowed[i]++
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	sum := 0
	for _, n := range allowed {
		sum += n
	}
	if want := keys * bucket.Burst; sum != want {
		t.Errorf("allowed %d, want %d", sum, want)
	}
}
