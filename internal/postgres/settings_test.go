package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/fault"
	"rekey/internal/site"
)

func TestSettings(t *testing.T) {
	s := newRaceTrack(t)
	ev := audit.Event{Name: audit.SettingsApplied, At: start(), Actor: audit.Operator, Outcome: audit.OK}
	v := site.Version{At: start(), Author: "root", Reason: "first", Document: []byte("brand:\n  name: Ä\n")}
	_, err := s.LatestSettings(t.Context())
	wantKind(t, "none yet", err, fault.NotFound)
	_, err = s.AppendSettings(t.Context(), v, 7, ev)
	wantKind(t, "after one that is not there", err, fault.Conflict)
	if n, err := s.AppendSettings(t.Context(), v, 0, ev); err != nil || n != 1 {
		t.Fatalf("version %d, error %v", n, err)
	}
	got, err := s.LatestSettings(t.Context())
	if err != nil || got.Number != 1 || got.Author != "root" || got.Reason != "first" || !got.At.Equal(start()) || string(got.Document) != string(v.Document) {
		t.Errorf("got %+v, error %v", got, err)
	}
	oneWinner(t, race(racers, func(int) error {
		_, err := s.AppendSettings(t.Context(), v, 1, ev)
		return err
	}))
	if n := s.count(t, `SELECT count(*) FROM audit_event WHERE name = 'settings.applied'`); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
	if got, err := s.SettingsVersion(t.Context(), 1); err != nil || got.Number != 1 {
		t.Errorf("version %d, error %v", got.Number, err)
	}
	_, err = s.SettingsVersion(t.Context(), 3)
	wantKind(t, "unknown version", err, fault.NotFound)
	history, err := s.SettingsHistory(t.Context(), 5)
	if err != nil || len(history) != 2 || history[0].Number != 2 || len(history[1].Document) != 0 {
		t.Errorf("history %v, error %v", history, err)
	}
	before, err := s.SettingsBefore(t.Context(), 2, 5)
	if err != nil || len(before) != 1 || before[0].Number != 1 {
		t.Errorf("before the second: %v, error %v", before, err)
	}
}

func TestWatchSettings(t *testing.T) {
	s := newStore(t)
	appendTo := func(after int64) {
		t.Helper()
		if _, err := s.AppendSettings(t.Context(), site.Version{At: start(), Document: []byte("x")}, after, audit.Event{
			Name: audit.SettingsApplied, At: start(), Actor: audit.Operator, Outcome: audit.OK,
		}); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(0)
	ctx, stop := context.WithCancel(t.Context())
	versions, done := make(chan int64), make(chan error, 1)
	go func() { done <- s.WatchSettings(ctx, func(n int64) { versions <- n }) }()
	next := func(want int64) {
		t.Helper()
		select {
		case got := <-versions:
			if got != want {
				t.Errorf("told of version %d, want %d", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("never told of version %d", want)
		}
	}
	next(1)
	appendTo(1)
	next(2)
	s.exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity 
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query LIKE '%max(number)%')`)
	appendTo(2)
	next(3)
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
