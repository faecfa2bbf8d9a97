package postgres_test

import (
	"fmt"
	"strings"
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
	fail := func(c throttle.Tally) throttle.Tally { c.Own.Failures++; c.Account.Failures++; return c }
	lane := func(i int) throttle.Lane { return throttle.From("account:alice", fmt.Sprint("192.0.2.", i%4)) }
	for _, err := range race(racers, func(i int) error {
		for range each {
			if err := s.Adjust(t.Context(), lane(i), flow.Effects{}, fail); err != nil {
				return err
			}
			_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: flow.ID(fmt.Sprint("f", i))}, func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
				c, err := tx.Tally(t.Context(), lane(i))
				if err != nil {
					return f, flow.Effects{}, err
				}
				return f, flow.Effects{}, tx.SetTally(t.Context(), lane(i), fail(c))
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
	for i := range 4 {
		st, err := s.Standing(t.Context(), lane(i), alice())
		if err != nil || st.Tally.Account.Failures != 2*racers*each || st.Tally.Own.Failures != 2*racers*each/4 {
			t.Errorf("counted %d of %d, and %d from one source, error %v", st.Tally.Account.Failures, 2*racers*each, st.Tally.Own.Failures, err)
		}
	}
}

func TestAdjust(t *testing.T) {
	s := newStore(t)
	want := throttle.Tally{
		Own:     throttle.Counter{Failures: 3, Since: start(), Holds: 1, HeldUntil: start().Add(time.Hour)},
		Account: throttle.Counter{Failures: 7, Since: start().Add(-time.Hour)},
	}
	here, there := throttle.From("k", "192.0.2.1"), throttle.From("k", "192.0.2.2")
	effects := flow.Effects{Audit: []audit.Event{event(audit.AccountUnblocked, alice(), "x")}}
	if err := s.Adjust(t.Context(), here, effects, func(throttle.Tally) throttle.Tally { return want }); err != nil {
		t.Fatal(err)
	}
	for lane, want := range map[throttle.Lane]throttle.Tally{
		here: want, there: {Account: want.Account}, throttle.Browser("k", start()): {}, throttle.From("other", "192.0.2.1"): {},
	} {
		if st, err := s.Standing(t.Context(), lane, alice()); err != nil || st.Tally != want || st.Frozen {
			t.Errorf("%+v stands at %+v, error %v: want %+v", lane, st, err, want)
		}
	}
	if n := s.count(t, `SELECT count(*) FROM audit_event`); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// TestAKnownBrowserCountsAlone: what is written in the lane of a known browser touches nothing of the account's.
func TestAKnownBrowserCountsAlone(t *testing.T) {
	s := newStore(t)
	browser := throttle.Browser("k", start())
	full := throttle.Counter{Holds: 1, Since: start(), HeldUntil: start().Add(time.Hour)}
	if err := s.Adjust(t.Context(), browser, flow.Effects{}, func(throttle.Tally) throttle.Tally { return throttle.Tally{Own: full, Account: full} }); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Standing(t.Context(), browser, alice()); err != nil || st.Tally != (throttle.Tally{Own: full}) {
		t.Errorf("the browser stands at %+v, error %v", st.Tally, err)
	}
	if st, err := s.Standing(t.Context(), throttle.From("k", "192.0.2.1"), alice()); err != nil || st.Tally != (throttle.Tally{}) {
		t.Errorf("everybody else stands at %+v, error %v", st.Tally, err)
	}
}

// TestClear: an operator sees every hold of an account, and lifts them all with the caps of its messages; nobody else's.
func TestClear(t *testing.T) {
	s := newStore(t)
	held := func(d time.Duration) throttle.Counter {
		return throttle.Counter{Holds: 1, Since: start(), HeldUntil: start().Add(d)}
	}
	for lane, tally := range map[throttle.Lane]throttle.Tally{
		throttle.From("k", "192.0.2.1"):  {Own: held(time.Hour), Account: held(2 * time.Hour)},
		throttle.Browser("k", start()):   {Own: held(3 * time.Hour)},
		throttle.From("k2", "192.0.2.1"): {Own: held(time.Hour)},
	} {
		if err := s.Adjust(t.Context(), lane, flow.Effects{}, func(throttle.Tally) throttle.Tally { return tally }); err != nil {
			t.Fatal(err)
		}
		for _, c := range lane.Sends(throttle.Limits{}.WithDefaults()) {
			if ok, _, err := s.Take(t.Context(), c.Key, c.Bucket); err != nil || !ok {
				t.Fatalf("take %s: %v, error %v", c.Key, ok, err)
			}
		}
	}
	holds, err := s.Holds(t.Context(), "k", start())
	var seen []string
	for _, h := range holds {
		seen = append(seen, fmt.Sprintf("%s %s", h.Until.Sub(start()), h.Lane))
	}
	if got, want := strings.Join(seen, "; "), "3h0m0s "+throttle.Browser("k", start()).Own+"; 2h0m0s ; 1h0m0s from 192.0.2.1"; err != nil || got != want {
		t.Errorf("holds %q, error %v: want %q", got, err, want)
	}
	effects := flow.Effects{Audit: []audit.Event{event(audit.AccountUnblocked, alice(), "x")}}
	for i, want := range []bool{true, false} {
		if cleared, err := s.Clear(t.Context(), "k", effects); err != nil || cleared != want {
			t.Errorf("clear %d: %v, error %v", i, cleared, err)
		}
	}
	if n := s.count(t, `SELECT count(*) FROM audit_event`); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
	var left string
	err = s.pool.QueryRow(t.Context(), `SELECT string_agg(key, '; ' ORDER BY key) FROM (SELECT key FROM bucket UNION SELECT key || ' ' || lane FROM counter) AS k`).Scan(&left)
	if want := "k2 ; k2 from 192.0.2.1; send:k2; send:k2 from 192.0.2.1; send:k2 from 192.0.2.1 day"; err != nil || left != want {
		t.Errorf("left %q, error %v: want %q", left, err, want)
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
