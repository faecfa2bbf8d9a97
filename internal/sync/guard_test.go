package sync_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/sync"
)

func staffed(t testing.TB, n int) (*bench, *shelf, []string) {
	t.Helper()
	b, s := newBench(t), newShelf()
	var people []string
	for i := range n {
		people = append(people, s.person(fmt.Sprintf("p%d", i), nil))
	}
	b.turn(t, s, 0)
	return b, s, people
}

func (b *bench) events(t testing.TB, name string) int {
	t.Helper()
	return len(b.rows(t, `SELECT seq FROM audit_event WHERE name = $1`, name))
}

// TestTooManyGoneStops: nobody more than allowed is marked, what is said is said once, and somebody's word lets it go on.
func TestTooManyGoneStops(t *testing.T) {
	b, s, people := staffed(t, 100)
	for _, p := range people[:40] {
		s.remove(p)
	}
	c := b.turn(t, s, time.Minute)
	if c.Held.At.IsZero() || c.Held.Gone < 20 || c.Held.Of != 100 || c.Gone >= 20 || c.Kind != sync.Changes {
		t.Errorf("%+v", c)
	}
	was := c
	if c = b.turn(t, s, time.Minute); c.Gone != was.Gone || !c.Held.At.Equal(was.Held.At) || c.Pass != was.Pass || b.events(t, "sync.held") != 1 {
		t.Errorf("%+v, %d events", c, b.events(t, "sync.held"))
	}
	ok, err := b.Approve(t.Context(), "d", "root", "a department was sold")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if c = b.turn(t, s, 0); !c.Held.At.IsZero() || c.Gone != 40 || c.People != 60 || c.Kind != sync.Idle || b.events(t, "sync.approved") != 1 {
		t.Errorf("%+v", c)
	}
	if ok, err = b.Approve(t.Context(), "d", "root", "again"); err != nil || ok {
		t.Errorf("approved what is not held: %v, %v", ok, err)
	}
	// The word was for that pass.
	for _, p := range people[40:70] {
		s.remove(p)
	}
	if c = b.turn(t, s, time.Minute); c.Held.At.IsZero() || c.Gone >= 60 {
		t.Errorf("%+v", c)
	}
}

// TestTooManyGoneInSteps: a few at a time add up.
func TestTooManyGoneInSteps(t *testing.T) {
	b, s, people := staffed(t, 100)
	for i := range 4 {
		for _, p := range people[6*i : 6*i+6] {
			s.remove(p)
		}
		if c := b.turn(t, s, time.Minute); c.Held.At.IsZero() != (i < 3) {
			t.Errorf("after %d: %+v", 6*i+6, c)
		}
	}
	// A day later the eighteen do not count any more.
	if c := b.turn(t, s, 24*time.Hour); !c.Held.At.IsZero() || c.Gone != 24 {
		t.Errorf("%+v", c)
	}
}

// TestTooManyMissingInAFullPass: changes are still taken over while it is held, and it goes on by itself when they are back.
func TestTooManyMissingInAFullPass(t *testing.T) {
	b, s, people := staffed(t, 100)
	hidden := map[string]thing{}
	for _, p := range people[:50] { // the service account may not read them any more: nobody tells
		hidden[p] = s.objects[p]
		delete(s.objects, p)
		delete(s.log, p)
	}
	if c := b.turn(t, s, b.rules.Full); c.Held != (sync.Held{At: b.now, Gone: 50, Of: 100}) || c.Gone != 0 || c.Kind != sync.Full {
		t.Errorf("%+v", c)
	}
	s.person("new", nil)
	if c := b.turn(t, s, time.Minute); c.Held.At.IsZero() || c.People != 101 {
		t.Errorf("%+v", c)
	}
	for p, h := range hidden {
		s.put(p, h)
	}
	if c := b.turn(t, s, 2*time.Hour); !c.Held.At.IsZero() || c.Gone != 0 || c.People != 101 || c.Kind != sync.Idle {
		t.Errorf("%+v", c)
	}
	b.compare(t, s)
}

// TestOneAtATime: another process finds the directory taken, until the first is gone, however it went.
func TestOneAtATime(t *testing.T) {
	b, s, _ := staffed(t, 3)
	lease, _, ok, err := b.store.Hold(t.Context(), s.key)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	s.person("late", nil)
	if c := b.turn(t, s, time.Hour); c.People != 3 {
		t.Errorf("two work on one directory: %+v", c)
	}
	other, _, ok, err := b.store.Hold(t.Context(), "other")
	if err != nil || !ok {
		t.Fatalf("the other directory is held up: %v, %v", ok, err)
	}
	other.Close()
	if _, err = b.pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	if err := lease.Save(t.Context(), sync.State{Directory: s.key}); err == nil {
		t.Error("stored without the lock")
	}
	lease.Close()
	if c := b.turn(t, s, time.Hour); c.People != 4 {
		t.Errorf("%+v", c)
	}
}

// TestCycles: a group in itself, through others, ends.
func TestCycles(t *testing.T) {
	b, s := newBench(t), newShelf()
	who := s.person("who", func(a *account.Account) { a.Groups = []account.Group{{ID: "S-primary"}} })
	c := s.group("c", who)
	d := s.group("d", c)
	s.members(c, "c", who, d)
	e := s.group("primary")
	f := s.group("above", e)
	s.members(f, "above", e, f)
	s.group("unrelated", d+"x")
	id := account.ID{Directory: "d", Object: who}
	if _, _, err := b.store.CachedGroups(t.Context(), id); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("before the first pass: %v", err)
	}
	b.turn(t, s, 0)
	groups, at, err := b.store.CachedGroups(t.Context(), id)
	if err != nil || !at.Equal(b.now) {
		t.Errorf("%v, %v", at, err)
	}
	same(t, "groups", namesOf(groups), []string{"c", "d", "primary", "above"})
}

// TestLargeGroupsInSeveralPages: what was told before with this pass counts for the whole.
func TestLargeGroupsInSeveralPages(t *testing.T) {
	b, s := newBench(t), newShelf()
	x, y, z := s.person("x", nil), s.person("y", nil), s.person("z", nil)
	g := s.group("g", z)
	b.turn(t, s, 0)
	part := func(whole bool, members ...string) thing {
		return thing{group: &directory.SyncedGroup{Object: g, Name: "g", Members: directory.Members{Added: members, Whole: whole}}}
	}
	s.page = 1
	s.put(g, part(false, x))
	b.turn(t, s, time.Minute)
	same(t, "some", b.rows(t, `SELECT child::text FROM member`), []string{x, z})
	s.put(g, part(false, x))
	s.breaks = func(page int) error {
		if page == 1 {
			s.put(g, part(true, y))
		}
		return nil
	}
	s.person("filler", nil) // makes a second page
	b.turn(t, s, time.Minute)
	b.turn(t, s, time.Minute)
	same(t, "whole", b.rows(t, `SELECT child::text FROM member`), []string{x, y})
	s.breaks = nil
	s.put(g, thing{group: &directory.SyncedGroup{Object: g, Name: "g", Members: directory.Members{Dropped: []string{x, "no identifier"}}}})
	b.turn(t, s, time.Minute)
	same(t, "dropped", b.rows(t, `SELECT child::text FROM member`), []string{y})
}
