package settings_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rekey/internal/audit"
	"rekey/internal/fault"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/postgres"
	"rekey/internal/settings"
	"rekey/internal/site"
)

// replica is a manager over a real database, which several of them may share.
type replica struct {
	*settings.Manager
	farm  *farm
	store *postgres.Store
}

func replicas(t *testing.T, n int) []replica {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrate)
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(pool), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	var all []replica
	for range n {
		store, err := postgres.New(pool, keys, noon)
		if err != nil {
			t.Fatal(err)
		}
		f := &farm{}
		all = append(all, replica{settings.NewManager(store, f.registry(), deps(keys)), f, store})
	}
	return all
}

func by(author string) settings.Change { return settings.Change{Author: author, Reason: "because"} }

func TestTheFirstStartImportsTheFileOnce(t *testing.T) {
	rs := replicas(t, 2)
	r := rs[0]
	if err := r.Load(t.Context(), "", nil); err == nil || !strings.Contains(err.Error(), "settings_file") {
		t.Errorf("nothing saved and no file: %v", err)
	}
	if err := r.Load(t.Context(), "first.yaml", []byte("brand: {}\n")); err == nil || !strings.Contains(err.Error(), "first.yaml:1: brand.name: is missing") {
		t.Errorf("a bad file: %v", err)
	}
	if err := r.Load(t.Context(), "first.yaml", []byte(least)); err != nil {
		t.Fatal(err)
	}
	if r.Snapshot().Version != 1 || r.farm.still() != 1 {
		t.Errorf("version %d, %d directories open", r.Snapshot().Version, r.farm.still())
	}
	v, err := r.store.LatestSettings(t.Context())
	if err != nil || v.Author != "first start" || !strings.Contains(v.Reason, "first.yaml") || string(v.Document) != least {
		t.Errorf("got %+v, %v", v, err)
	}
	if err := rs[1].Load(t.Context(), "other.yaml", []byte("brand: {name: ignored}\n")); err != nil || rs[1].Snapshot().Version != 1 {
		t.Errorf("a later start reads the file: %v", err)
	}
}

// TestAttack10TwoFirstStartsAtOnce: replicas that start together import one version.
func TestAttack10TwoFirstStartsAtOnce(t *testing.T) {
	rs := replicas(t, 8)
	var wg sync.WaitGroup
	for _, r := range rs {
		wg.Go(func() {
			if err := r.Load(t.Context(), "first.yaml", []byte(least)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	history, err := rs[0].store.SettingsHistory(t.Context(), 10)
	if err != nil || len(history) != 1 {
		t.Errorf("%d versions, %v", len(history), err)
	}
	for _, r := range rs {
		if r.Snapshot().Version != 1 || r.farm.still() != 1 {
			t.Errorf("version %d, %d directories open", r.Snapshot().Version, r.farm.still())
		}
	}
}

func TestApplySavesAndSwitches(t *testing.T) {
	r := replicas(t, 1)[0]
	var switched []int64
	r.Switched = func(c *settings.Compiled) { switched = append(switched, c.Snapshot.Version) }
	if err := r.Load(t.Context(), "first.yaml", []byte(least)); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Apply(t.Context(), "next.yaml", []byte(with("flow: {idle: 5m}")), by("root")); err != nil || n != 2 {
		t.Fatalf("version %d, %v", n, err)
	}
	if r.Snapshot().Flow.Idle != 5*time.Minute || len(switched) != 2 || switched[1] != 2 || r.Current().Document.Flow.Idle != 5*time.Minute {
		t.Errorf("switched %v, idle %s", switched, r.Snapshot().Flow.Idle)
	}
	_, err := r.Apply(t.Context(), "bad.yaml", []byte(with("flow: {idle: 5s}")), by("root"))
	if err == nil || !strings.HasPrefix(err.Error(), "bad.yaml:14: flow.idle: want") {
		t.Errorf("got %v", err)
	}
	if v, _ := r.store.LatestSettings(t.Context()); v.Number != 2 || v.Author != "root" || v.Reason != "because" || r.Snapshot().Version != 2 {
		t.Errorf("a bad document was saved: %+v", v)
	}
	if err := r.Check("next.yaml", []byte(least)); err != nil || r.farm.still() != 1 {
		t.Errorf("a check leaves %d directories open, %v", r.farm.still(), err)
	}
}

// TestLockedSettingsAreTheOperators: with settings_locked whatever does not come from an operator's command is refused, nothing is
// saved, and the error says what to do.
func TestLockedSettingsAreTheOperators(t *testing.T) {
	r := replicas(t, 1)[0]
	r.Locked = true
	if err := r.Load(t.Context(), "first.yaml", []byte(least)); err != nil {
		t.Fatalf("the first start: %v", err)
	}
	next := []byte(with("flow: {idle: 5m}"))
	_, err := r.Apply(t.Context(), "page", next, by("an administrator"))
	if !errors.Is(err, settings.ErrLocked) || !strings.Contains(err.Error(), "settings_locked") {
		t.Errorf("got %v", err)
	}
	if v, err := r.store.LatestSettings(t.Context()); err != nil || v.Number != 1 {
		t.Errorf("version %d, %v", v.Number, err)
	}
	pipeline := by("pipeline")
	pipeline.Origin = settings.FromOperator
	if n, err := r.Apply(t.Context(), "next.yaml", next, pipeline); err != nil || n != 2 {
		t.Errorf("version %d, %v", n, err)
	}
}

// TestApplyOverWhatWasLookedAt: a document that was compared with one version is not saved over another.
func TestApplyOverWhatWasLookedAt(t *testing.T) {
	r := replicas(t, 1)[0]
	if err := r.Load(t.Context(), "first.yaml", []byte(least)); err != nil {
		t.Fatal(err)
	}
	over := by("root")
	over.After = 1
	for want, kind := range []fault.Kind{0, fault.Conflict} {
		if _, err := r.Apply(t.Context(), "next.yaml", []byte(with("flow: {idle: 5m}")), over); (err != nil) != (want == 1) || err != nil && fault.Of(err).Kind != kind {
			t.Errorf("%d: %v", want, err)
		}
	}
}

// TestNotesAreRecorded beside author and reason.
func TestNotesAreRecorded(t *testing.T) {
	s := &shelf{}
	f := &farm{}
	m := settings.NewManager(s, f.registry(), deps(plain{}))
	t.Cleanup(m.Close)
	ch := by("root")
	ch.Notes = map[string]string{"reverts": "1"}
	if _, err := m.Apply(t.Context(), "x.yaml", []byte(least), ch); err != nil {
		t.Fatal(err)
	}
	if d := s.events[0].Detail; d["author"] != "root" || d["reason"] != "because" || d["reverts"] != "1" {
		t.Errorf("recorded %v", d)
	}
}

// TestAttack10OneOfTwoEditorsWins: the other is told, and nothing of its document is in force.
func TestAttack10OneOfTwoEditorsWins(t *testing.T) {
	rs := replicas(t, 2)
	for _, r := range rs {
		if err := r.Load(t.Context(), "first.yaml", []byte(least)); err != nil {
			t.Fatal(err)
		}
	}
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = rs[i%2].Apply(t.Context(), "next.yaml", []byte(with("flow: {idle: 5m}")), by("editor"))
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if fault.Of(err).Kind != fault.Conflict {
			t.Error(err)
		}
	}
	v, err := rs[0].store.LatestSettings(t.Context())
	if err != nil || won == 0 || v.Number != int64(won)+1 {
		t.Errorf("%d won, the newest is version %d, %v", won, v.Number, err)
	}
}

// TestWatchFollowsWhatCompiles: a replica switches by itself, stays with the last good version when it cannot use a newer one, and
// goes on with the next.
func TestWatchFollowsWhatCompiles(t *testing.T) {
	rs := replicas(t, 2)
	editor, follower := rs[0], rs[1]
	for _, r := range rs {
		if err := r.Load(t.Context(), "first.yaml", []byte(least)); err != nil {
			t.Fatal(err)
		}
	}
	switched := make(chan int64, 8)
	follower.Switched = func(c *settings.Compiled) { switched <- c.Snapshot.Version }
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- follower.Watch(ctx) }()

	apply := func(idle string) {
		t.Helper()
		if _, err := editor.Apply(t.Context(), "next.yaml", []byte(with("flow: {idle: "+idle+"}")), by("root")); err != nil {
			t.Fatal(err)
		}
	}
	wait := func(want int64) {
		t.Helper()
		select {
		case got := <-switched:
			if got != want {
				t.Fatalf("switched to version %d, want %d", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("version %d was not noticed", want)
		}
	}
	apply("5m")
	wait(2)
	v := site.Version{At: noon(), Author: "a newer release", Document: []byte("unheard_of: true\n")}
	if _, err := editor.store.AppendSettings(t.Context(), v, 2, audit.Event{Name: audit.SettingsApplied, At: noon(), Actor: audit.Operator, Outcome: audit.OK}); err != nil {
		t.Fatal(err)
	}
	apply("6m")
	wait(4)
	if follower.Snapshot().Flow.Idle != 6*time.Minute || follower.farm.still() != 1 {
		t.Errorf("idle %s, %d directories open", follower.Snapshot().Flow.Idle, follower.farm.still())
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Watch ended with %v", err)
	}
}

// shelf keeps versions in memory, for the test that needs a clock of its own.
type shelf struct {
	versions []site.Version
	events   []audit.Event
}

func (s *shelf) LatestSettings(context.Context) (site.Version, error) {
	if len(s.versions) == 0 {
		return site.Version{}, fault.New(fault.NotFound, "problem.not-found")
	}
	return s.versions[len(s.versions)-1], nil
}

func (s *shelf) AppendSettings(_ context.Context, v site.Version, after int64, e audit.Event) (int64, error) {
	v.Number, s.events = after+1, append(s.events, e)
	s.versions = append(s.versions, v)
	return v.Number, nil
}

func (*shelf) WatchSettings(ctx context.Context, _ func(int64)) error { return ctx.Err() }

// TestDirectoriesThatLeaveAreClosedOnceAndLater: requests that still hold the old snapshot may finish, and nothing is closed that
// a newer version uses.
func TestDirectoriesThatLeaveAreClosedOnceAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &farm{}
		m := settings.NewManager(&shelf{}, f.registry(), deps(plain{}))
		both := strings.Replace(least, "authenticators:", "  - barn: {domain: sales.example.test}\nauthenticators:", 1)
		apply := func(text string) {
			t.Helper()
			if _, err := m.Apply(t.Context(), "x.yaml", []byte(text), by("root")); err != nil {
				t.Fatal(err)
			}
		}
		apply(both)
		old := m.Snapshot()
		sales := old.Directories[1].(*barn)
		apply(least)
		if old.Directories[0] != m.Snapshot().Directories[0] || sales.done.Load() {
			t.Fatal("closed under a request")
		}
		time.Sleep(59 * time.Second) // the bubble's clock
		if sales.done.Load() {
			t.Fatal("closed too early")
		}
		time.Sleep(2 * time.Second)
		if !sales.done.Load() || f.still() != 1 {
			t.Fatalf("%d directories open", f.still())
		}
		apply(both) // and away again, and closed before its time is over
		apply(least)
		m.Close()
		time.Sleep(2 * time.Minute)
		if f.still() != 0 || f.twice.Load() != 0 {
			t.Errorf("%d directories open, %d closed twice", f.still(), f.twice.Load())
		}
	})
}
