package sync_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/postgres"
	"rekey/internal/site"
	"rekey/internal/sync"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// bench is the use case on a real database, with a clock that only tests move.
type bench struct {
	*sync.Service
	store *postgres.Store
	pool  *pgxpool.Pool
	rules site.SyncRules
	links []directory.Link

	version     int64
	directories []directory.Directory

	now   time.Time
	waits []time.Duration
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{
		now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), pool: pgtest.New(t, postgres.Migrate),
		rules: site.SyncRules{Every: time.Minute, Full: 7 * 24 * time.Hour, PagesPerSecond: 10, KeepGone: 30 * 24 * time.Hour, GuardPercent: 10, GuardLeast: 20},
	}
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(b.pool), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	if b.store, err = postgres.New(b.pool, keys, func() time.Time { return b.now }); err != nil {
		t.Fatal(err)
	}
	b.Service = &sync.Service{
		Store: b.store, Site: b.snapshot, Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler),
		Wait: func(_ context.Context, d time.Duration) error {
			b.waits, b.now = append(b.waits, d), b.now.Add(d)
			return nil
		},
	}
	return b
}

// snapshot is the settings in force.
func (b *bench) snapshot() *site.Snapshot {
	return &site.Snapshot{Version: b.version, Sync: b.rules, Directories: b.directories, Links: b.links}
}

// turn lets time pass and takes a turn.
func (b *bench) turn(t testing.TB, s *shelf, after time.Duration) sync.Census {
	t.Helper()
	b.now = b.now.Add(after)
	if err := b.Turn(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return b.census(t, s.key)
}

func (b *bench) census(t testing.TB, key string) sync.Census {
	t.Helper()
	all, err := b.store.Census(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Directory == key {
			return c
		}
	}
	t.Fatalf("nothing is known of %s", key)
	return sync.Census{}
}

// rows gives a query's rows as text.
func (b *bench) rows(t testing.TB, query string, args ...any) []string {
	t.Helper()
	rows, err := b.pool.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Trim(fmt.Sprint(values), "[]"))
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return all
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// compare checks that the copy is what the directory holds.
func (b *bench) compare(t testing.TB, s *shelf) {
	t.Helper()
	var people, groups, members []string
	for object, o := range s.objects {
		switch {
		case o.person != nil:
			people = append(people, object+" "+o.person.SAM+" "+o.person.Path)
		case o.group != nil:
			groups = append(groups, object+" "+o.group.Name)
			for _, m := range o.group.Members.Added {
				members = append(members, object+" "+m)
			}
		}
	}
	same(t, "people", b.rows(t, `SELECT object::text, sam, path FROM person WHERE gone IS NULL`), people)
	same(t, "groups", b.rows(t, `SELECT object::text, name FROM grp`), groups)
	same(t, "members", b.rows(t, `SELECT grp::text, child::text FROM member`), members)
}

func TestFirstAndFurtherPasses(t *testing.T) {
	b, s := newBench(t), newShelf()
	var people []string
	for i := range 30 {
		people = append(people, s.person(fmt.Sprintf("p%d", i), nil))
	}
	s.group("all", people...)
	c := b.turn(t, s, 0)
	if c.Kind != sync.Idle || c.People != 30 || c.Groups != 1 || c.Members != 30 || c.Told != 31 || c.Total != 31 || !c.Full.Equal(c.Begun) {
		t.Errorf("%+v", c)
	}
	b.compare(t, s)
	if len(b.waits) != 4 || b.waits[0] != 100*time.Millisecond {
		t.Errorf("ten pages a second were allowed: waited %v", b.waits)
	}

	before := c.Pass
	if c = b.turn(t, s, 10*time.Second); c.Pass != before {
		t.Errorf("asked again before it was due: %+v", c)
	}
	s.change(people[3], func(a *account.Account) { a.SAM, a.State.Disabled = "renamed", true })
	s.person("new", nil)
	if c = b.turn(t, s, time.Minute); c.Told != 2 || c.People != 31 || !c.Current.Equal(c.Begun) || c.Full.Equal(c.Begun) {
		t.Errorf("%+v", c)
	}
	b.compare(t, s)
	if got := b.rows(t, `SELECT sam, disabled, attributes->'department'->>0 FROM person WHERE object = $1`, people[3]); got[0] != "renamed true Sales\uFFFD" {
		t.Errorf("%q", got)
	}
}

// TestRecreatedAndRenamed: another object under the same name is another row; enrollments belong to the object and are not touched.
func TestRecreatedAndRenamed(t *testing.T) {
	b, s := newBench(t), newShelf()
	first := s.person("jdoe", nil)
	s.group("staff", first)
	enrol := `INSERT INTO credential (id, version, directory, object, kind, label, channel, data, created) VALUES ('c', 1, 'd', $1, 'totp', '', '', '', now())`
	if _, err := b.pool.Exec(t.Context(), enrol, first); err != nil {
		t.Fatal(err)
	}
	b.turn(t, s, 0)
	s.remove(first)
	second := s.person("jdoe", nil)
	if c := b.turn(t, s, time.Minute); c.People != 1 || c.Gone != 1 {
		t.Errorf("%+v", c)
	}
	same(t, "rows", b.rows(t, `SELECT object::text, gone IS NOT NULL FROM person WHERE sam = 'jdoe'`), []string{first + " true", second + " false"})
	same(t, "enrollments", b.rows(t, `SELECT object FROM credential`), []string{first})
	for _, who := range []string{first, second} {
		groups, _, err := b.store.CachedGroups(t.Context(), account.ID{Directory: "d", Object: who})
		if len(groups) > 0 || who == first && !errors.Is(err, directory.ErrNotFound) || who == second && err != nil {
			t.Errorf("%s: %v, %v", who, groups, err)
		}
	}
	// Brought back from the recycle bin, it is the same object.
	s.put(first, thing{person: &account.Account{ID: account.ID{Directory: "d", Object: first}, SAM: "jdoe2"}})
	if c := b.turn(t, s, time.Minute); c.People != 2 || c.Gone != 0 {
		t.Errorf("%+v", c)
	}
	// Gone for longer than settings keep it.
	s.remove(second)
	b.turn(t, s, time.Minute)
	if c := b.turn(t, s, b.rules.KeepGone+time.Hour); c.People != 1 || c.Gone != 0 {
		t.Errorf("%+v", c)
	}
	same(t, "enrollments", b.rows(t, `SELECT object FROM credential`), []string{first})
}

// TestUnitMoves: what is below a unit moves with it, though nobody tells.
func TestUnitMoves(t *testing.T) {
	b, s := newBench(t), newShelf()
	unit := func(object, path string) {
		s.put(object, thing{unit: &directory.SyncedUnit{Object: object, Path: path}})
	}
	top, below := "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
	unit(top, "OU=A,DC=x")
	unit(below, "OU=B,OU=A,DC=x")
	in := s.person("in", func(a *account.Account) { a.Path = "CN=in,OU=B,OU=A,DC=x" })
	out := s.person("out", func(a *account.Account) { a.Path = "CN=out,OU=AA,DC=x" })
	b.turn(t, s, 0)
	unit(top, "OU=Z,OU=New,DC=x")
	b.turn(t, s, time.Minute)
	same(t, "paths", b.rows(t, `SELECT object::text, path FROM person UNION ALL SELECT object::text, path FROM unit`), []string{
		in + " CN=in,OU=B,OU=Z,OU=New,DC=x", out + " CN=out,OU=AA,DC=x", top + " OU=Z,OU=New,DC=x", below + " OU=B,OU=Z,OU=New,DC=x",
	})
}

// TestBrokenOffAnywhere breaks passes at every page, forgets cursors and changes everything at random: in the end the copy is what
// the directory holds, and what was stored is not asked for again.
func TestBrokenOffAnywhere(t *testing.T) {
	b, s := newBench(t), newShelf()
	b.rules.GuardPercent, b.rules.PagesPerSecond = 100, 1000
	b.rules.GuardLeast = 1000
	r := rand.New(rand.NewPCG(1, 2))
	people, groups := []string(nil), []string(nil)
	for round := range 40 {
		for range r.IntN(20) {
			switch r.IntN(6) {
			case 0, 1:
				people = append(people, s.person(fmt.Sprintf("p%d", r.IntN(50)), nil))
			case 2:
				groups = append(groups, s.group(fmt.Sprintf("g%d", len(groups)), some(r, people)...))
			case 3:
				if o := one(r, groups); o != "" {
					s.members(o, s.objects[o].group.Name, some(r, append(slices.Clone(people), groups...))...)
				}
			case 4:
				if o := one(r, people); o != "" {
					s.change(o, func(a *account.Account) { a.SAM += "x" })
				}
			case 5:
				if o := one(r, people); o != "" {
					s.remove(o)
					people = slices.DeleteFunc(people, func(p string) bool { return p == o })
					for _, g := range groups { // as directories do
						old := s.objects[g].group
						s.members(g, old.Name, slices.DeleteFunc(slices.Clone(old.Members.Added), func(m string) bool { return m == o })...)
					}
				}
			}
		}
		if r.IntN(8) == 0 {
			s.forget()
		}
		at := r.IntN(4)
		s.breaks = func(page int) error {
			if page == at {
				return errCut
			}
			return nil
		}
		stood := b.turn(t, s, time.Hour)
		if stood.Kind != sync.Idle && stood.Error != errCut.Error() {
			t.Fatalf("round %d: %+v", round, stood)
		}
		s.breaks = nil
		if c := b.turn(t, s, time.Hour); c.Kind != sync.Idle || c.Error != "" || stood.Kind != sync.Idle && c.Pass != stood.Pass {
			t.Fatalf("round %d: %+v after %+v", round, c, stood)
		}
		b.compare(t, s)
		for _, p := range people {
			found, _, err := b.store.CachedGroups(t.Context(), account.ID{Directory: "d", Object: p})
			if err != nil {
				t.Fatal(err)
			}
			same(t, "groups of "+p, namesOf(found), s.groupsOf(p))
		}
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
}

func one(r *rand.Rand, from []string) string {
	if len(from) == 0 {
		return ""
	}
	return from[r.IntN(len(from))]
}

func some(r *rand.Rand, from []string) []string {
	var picked []string
	for _, o := range from {
		if r.IntN(3) == 0 {
			picked = append(picked, o)
		}
	}
	return picked
}
