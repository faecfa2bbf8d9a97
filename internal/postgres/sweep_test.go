package postgres_test

import (
	"errors"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/throttle"
)

func TestSweeper(t *testing.T) {
	s := newStore(t)
	early, late := newFlow("early", alice()), newFlow("late", bob())
	early.Touched, early.Expires = start().Add(-time.Hour), start().Add(time.Minute)
	s.create(t, early)
	s.create(t, late)
	s.create(t, applying(newFlow("writing", alice())))
	ended := newFlow("ended", alice())
	ended.Stage, ended.Ended = flow.Expired, start()
	s.create(t, ended)
	ids := func(fs []flow.Flow, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		out := ""
		for _, f := range fs {
			out += string(f.ID) + " "
		}
		return out
	}
	idle, now := start().Add(-time.Minute), start()
	for name, c := range map[string]struct{ got, want string }{
		"stuck, none yet":   {ids(s.Stuck(t.Context(), start().Add(time.Minute), 9)), ""},
		"stuck":             {ids(s.Stuck(t.Context(), start().Add(time.Hour), 9)), "writing "},
		"overdue, idle":     {ids(s.Overdue(t.Context(), idle, now, 9)), "early "},
		"overdue, all":      {ids(s.Overdue(t.Context(), idle, now.Add(2*time.Hour), 9)), "early late "},
		"overdue, one only": {ids(s.Overdue(t.Context(), idle, now.Add(2*time.Hour), 1)), "early "},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	s.signIn(t, newSession("old", alice()))
	if n, err := s.Forget(t.Context(), start()); err != nil || n != 0 {
		t.Errorf("forgot %d, error %v: too early", n, err)
	}
	if n, err := s.Forget(t.Context(), start().Add(24*time.Hour)); err != nil || n != 1 {
		t.Errorf("forgot %d, error %v: want the ended one", n, err)
	}
	if n := s.count(t, `SELECT count(*) FROM flow`); n != 3 {
		t.Errorf("%d flows are left, want 3", n)
	}
	if n := s.count(t, `SELECT count(*) FROM session`); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

func TestForgetTidiesBucketsAndCounters(t *testing.T) {
	s := newStore(t)
	s.exec(t, `INSERT INTO bucket VALUES ('empty', now() - interval '1 s'), ('full', now() + interval '1 h')`)
	for key, c := range map[string]throttle.Counter{
		"clean": {}, "failing": {Failures: 1, Since: start()}, "held": {Holds: 1, Since: start().AddDate(0, -2, 0), HeldUntil: start().Add(time.Hour)},
		"old": {Failures: 1, Since: start().AddDate(0, -2, 0)},
	} {
		if err := s.Adjust(t.Context(), throttle.Lane{Account: key, Own: "from 192.0.2.1", Alone: true}, flow.Effects{}, func(throttle.Tally) throttle.Tally { return throttle.Tally{Own: c} }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Forget(t.Context(), start()); err != nil {
		t.Fatal(err)
	}
	var left string
	err := s.pool.QueryRow(t.Context(), `SELECT string_agg(key, ' ' ORDER BY key) FROM (SELECT key FROM bucket UNION SELECT key FROM counter) AS k`).Scan(&left)
	if err != nil || left != "failing full held" {
		t.Errorf("left %q, error %v", left, err)
	}
}

func TestFreeze(t *testing.T) {
	s := newRaceTrack(t)
	s.create(t, newFlow("open", alice()))
	s.signIn(t, newSession("in", alice()))
	effects := flow.Effects{Audit: []audit.Event{event(audit.RecoveryFrozen, alice(), "x")}, Send: []message.Message{mail("frozen")}, CloseOthers: true}
	frozen := func(want bool) {
		t.Helper()
		got, err := s.Frozen(t.Context(), alice())
		st, err2 := s.Standing(t.Context(), throttle.From("account:none", "192.0.2.1"), alice())
		if err != nil || err2 != nil || got != want || st.Frozen != want {
			t.Errorf("frozen %v and %v, errors %v %v: want %v", got, st.Frozen, err, err2, want)
		}
	}
	frozen(false)
	winners := 0
	for _, err := range race(racers, func(int) error {
		ok, err := s.Freeze(t.Context(), alice(), start(), effects)
		if err == nil && !ok {
			return errors.New("already")
		}
		return err
	}) {
		if err == nil {
			winners++
		}
	}
	frozen(true)
	if n := s.count(t, `SELECT count(*) FROM audit_event WHERE name = 'recovery.frozen'`); winners != 1 || n != 1 {
		t.Errorf("%d froze, %d records: want 1", winners, n)
	}
	if got := s.read(t, "open").Stage; got != flow.Expired {
		t.Errorf("the open flow stands at %s", got)
	}
	if open, err := s.OpenSessions(t.Context(), alice(), start()); err != nil || len(open) != 0 {
		t.Errorf("%d sessions are open, error %v", len(open), err)
	}
	if other, err := s.Frozen(t.Context(), bob()); err != nil || other {
		t.Errorf("bob is frozen too: %v, error %v", other, err)
	}
	for _, want := range []bool{true, false} {
		if ok, err := s.Release(t.Context(), alice(), start(), flow.Effects{}); err != nil || ok != want {
			t.Errorf("released %v, error %v: want %v", ok, err, want)
		}
	}
	frozen(false)
}
