package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/policy"
	"rekey/internal/threat"
)

// alarm is a change behind the newest one.
func alarm(newest threat.State) ([]threat.State, []audit.Event, error) {
	s := threat.State{
		Number: newest.Number + 1, Level: policy.Stopped, At: start(), Since: start(), Until: start().Add(time.Hour), Author: "r\x00oot", Reason: "why",
	}
	return []threat.State{s}, []audit.Event{{Name: audit.ThreatSet, At: start(), Actor: audit.Operator, Outcome: audit.OK}}, nil
}

func TestThreatIsKept(t *testing.T) {
	s := newStore(t)
	if got, err := s.LatestThreat(t.Context()); err != nil || got != (threat.State{}) {
		t.Errorf("none yet: %+v, %v", got, err)
	}
	told := s.notified(t, "rekey_threat")
	if err := s.UpdateThreat(t.Context(), alarm); err != nil {
		t.Fatal(err)
	}
	told()
	want := threat.State{
		Number: 1, Level: policy.Stopped, At: start(), Since: start(), Until: start().Add(time.Hour), Author: "root", Reason: "why",
	}
	if got, err := s.LatestThreat(t.Context()); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	refused := errors.New("refused")
	err := s.UpdateThreat(t.Context(), func(newest threat.State) ([]threat.State, []audit.Event, error) {
		if newest != want {
			t.Errorf("the newest is %+v", newest)
		}
		states, events, _ := alarm(newest)
		return states, events, refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if all, err := s.ThreatHistory(t.Context(), 5); err != nil || len(all) != 1 {
		t.Errorf("history %+v, %v", all, err)
	}
}

// notified listens; what it gives waits for a notification.
func (f fixture) notified(t *testing.T, channel string) (wait func()) {
	t.Helper()
	conn, err := f.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Hijack().Close(context.Background()) }) // the test's own context has ended
	if _, err := conn.Exec(t.Context(), `LISTEN `+channel); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := conn.Conn().WaitForNotification(ctx); err != nil {
			t.Errorf("nobody is told: %v", err)
		}
	}
}

// TestThreatWithoutItsRecord: a level that cannot be recorded is not set.
func TestThreatWithoutItsRecord(t *testing.T) {
	s := newStore(t)
	s.exec(t, `ALTER TABLE audit_head RENAME TO away`)
	if err := s.UpdateThreat(t.Context(), alarm); err == nil {
		t.Error("set without a record")
	}
	s.exec(t, `ALTER TABLE away RENAME TO audit_head`)
	if got, err := s.LatestThreat(t.Context()); err != nil || got != (threat.State{}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestWatchThreat: it tells of what is there at first and of changes, also after its connection was cut.
func TestWatchThreat(t *testing.T) {
	s := newStore(t)
	ctx, stop := context.WithCancel(t.Context())
	seen, done := make(chan int64), make(chan error, 1)
	go func() {
		var last int64 = -1
		done <- s.WatchThreat(ctx, func(st threat.State, err error) {
			if err == nil && st.Number != last {
				last = st.Number
				seen <- last
			}
		})
	}()
	next := func(want int64) {
		t.Helper()
		select {
		case got := <-seen:
			if got != want {
				t.Errorf("told of change %d, want %d", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("never told of change %d", want)
		}
	}
	next(0)
	if err := s.UpdateThreat(t.Context(), alarm); err != nil {
		t.Fatal(err)
	}
	next(1)
	s.exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity 
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%FROM threat%'`)
	if err := s.UpdateThreat(t.Context(), alarm); err != nil {
		t.Fatal(err)
	}
	next(2)
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
