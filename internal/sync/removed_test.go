package sync_test

import (
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
)

func (b *bench) drop(t testing.TB) {
	t.Helper()
	if err := b.DropRemoved(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) held(t testing.TB) []string {
	t.Helper()
	return b.rows(t, `SELECT directory, (SELECT count(*) FROM person p WHERE p.dir = s.dir) FROM sync_state s`)
}

// TestRemovedDirectoriesAreDropped: what is held of a directory goes some time after the settings no longer name it, and its
// enrollments stay.
func TestRemovedDirectoriesAreDropped(t *testing.T) {
	b, stays, goes := newBench(t), newShelf(), newShelf()
	goes.key = "old"
	someone := goes.person("someone", nil)
	goes.group("all", someone)
	stays.person("other", nil)
	b.version, b.directories = 1, []directory.Directory{memory.New("d", ""), memory.New("old", "")}
	b.turn(t, goes, 0)
	b.turn(t, stays, 0)
	enrol := `INSERT INTO credential (id, version, directory, object, kind, label, channel, data, created) VALUES ('c', 1, 'old', $1, 'totp', '', '', '', now())`
	if _, err := b.pool.Exec(t.Context(), enrol, someone); err != nil {
		t.Fatal(err)
	}

	b.now = b.now.Add(b.rules.KeepGone + time.Hour)
	b.drop(t)
	same(t, "named by the settings", b.held(t), []string{"d 1", "old 1"})

	b.version, b.directories = 2, b.directories[:1]
	b.now = b.now.Add(-2 * time.Hour)
	b.drop(t)
	same(t, "removed not long ago", b.held(t), []string{"d 1", "old 1"})

	b.now = b.now.Add(2 * time.Hour)
	newer := `INSERT INTO settings_version (number, at, author, reason, document) VALUES (3, now(), '', '', 'cannot be read here')`
	if _, err := b.pool.Exec(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	b.drop(t)
	same(t, "with a version of the settings that is not the newest", b.held(t), []string{"d 1", "old 1"})

	b.version = 3
	lease, _, ok, err := b.store.Hold(t.Context(), "old")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	b.drop(t)
	same(t, "while it is read", b.held(t), []string{"d 1", "old 1"})
	lease.Close()

	b.drop(t)
	b.drop(t)
	same(t, "removed long ago", b.held(t), []string{"d 1"})
	same(t, "left of it", b.rows(t, `SELECT grp::text FROM member UNION ALL SELECT name FROM grp UNION ALL SELECT directory FROM resident WHERE directory = 'old'`), nil)
	same(t, "enrollments", b.rows(t, `SELECT object FROM credential`), []string{someone})
	if n := b.events(t, "sync.dropped"); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestNamesAreCountedByDomain: each person once where recovery takes them from, in every domain they have a name in.
func TestNamesAreCountedByDomain(t *testing.T) {
	b, home, cloud := newBench(t), newShelf(), newShelf()
	home.key, cloud.key = "corp.test", "cloud.test"
	b.directories = []directory.Directory{memory.New("corp.test", ""), memory.New("cloud.test", "")}
	b.links = []directory.Link{{Home: "corp.test", Other: "cloud.test", Mode: directory.LinkSeparate}}
	home.person("plain", func(a *account.Account) {
		a.Mails, a.Anchor, a.SID = []string{"plain@Firm.test", "p@firm.test", "p@old.firm.test"}, "AAAA", "S-1"
	})
	home.person("implicit", func(a *account.Account) { a.UPN, a.Mails = "", []string{"no address"} })
	home.person("off", func(a *account.Account) { a.UPN, a.State.Disabled = "off@off.test", true })
	gone := home.person("gone", func(a *account.Account) { a.UPN = "gone@gone.test" })
	for _, sam := range []string{"c1", "c2"} {
		cloud.person(sam, func(a *account.Account) { a.UPN, a.Mails = sam+"@firm.test", []string{sam + "@branch.test"} })
	}
	cloud.person("tied", func(a *account.Account) { a.UPN, a.Anchor, a.SID = "plain@firm.test", "AAAA", "S-1" })
	cloud.person("lookalike", func(a *account.Account) { a.UPN, a.Anchor, a.SID = "look@alike.test", "AAAA", "S-2" })
	cloud.person("copied", func(a *account.Account) { a.UPN, a.State.Synced = "copied@firm.test", true })
	b.turn(t, home, 0)
	home.remove(gone)
	b.turn(t, home, 10*time.Minute)
	b.turn(t, cloud, 0)

	counted := `SELECT domain, directory, people FROM resident`
	same(t, "by domain", b.rows(t, counted), []string{
		"corp.test corp.test 2", "firm.test corp.test 1", "old.firm.test corp.test 1",
		"firm.test cloud.test 2", "branch.test cloud.test 2", "alike.test cloud.test 1",
	})
	shares, err := b.store.Residents(t.Context(), "firm.test")
	if err != nil || len(shares) != 2 || shares[0] != (directory.Share{Directory: "cloud.test", People: 2}) {
		t.Errorf("%v, %v", shares, err)
	}

	// Not with every change, but soon.
	cloud.person("new", func(a *account.Account) { a.UPN = "new@new.test" })
	b.turn(t, cloud, time.Minute)
	if got := b.rows(t, counted+` WHERE domain = 'new.test'`); len(got) != 0 {
		t.Errorf("counted a minute after the last time: %q", got)
	}
	b.turn(t, cloud, 5*time.Minute) // tells of nothing
	cloud.person("newer", func(a *account.Account) { a.UPN = "newer@new.test" })
	b.turn(t, cloud, time.Minute)
	same(t, "soon", b.rows(t, counted+` WHERE domain = 'new.test'`), []string{"new.test cloud.test 2"})
}
