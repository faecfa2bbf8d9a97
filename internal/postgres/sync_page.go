package postgres

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/sync"
)

// book writes what one page tells.
type book struct {
	*tx
	dir  int16
	pass int64
}

// key is an object identifier as the database keeps it.
type key = [16]byte

// keyOf reads an identifier; false for what is none.
func keyOf(object string) (key, bool) {
	id, err := uuid.Parse(object)
	return id, err == nil
}

func keysOf(objects []string) []key {
	ks := make([]key, 0, len(objects))
	for _, o := range objects {
		if k, ok := keyOf(o); ok {
			ks = append(ks, k)
		}
	}
	return ks
}

// clean makes text that PostgreSQL takes of what a directory holds.
func clean(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "") }

// remove marks people as gone and drops everything else.
func (b book) remove(ctx context.Context, removed []string, at sync.Moment, judge sync.Judge) error {
	objects := keysOf(removed)
	if len(objects) == 0 {
		return nil
	}
	if err := b.ask(ctx, at, judge, `object = ANY($2::uuid[])`, objects); err != nil {
		return err
	}
	b.batch.Queue(`UPDATE person SET gone = $3, seen = $4 WHERE dir = $1 AND object = ANY($2::uuid[]) AND gone IS NULL`, b.dir, objects, at.Now, b.pass)
	b.batch.Queue(`DELETE FROM member WHERE dir = $1 AND child = ANY($2::uuid[])`, b.dir, objects)
	b.batch.Queue(`DELETE FROM member WHERE dir = $1 AND grp = ANY($2::uuid[])`, b.dir, objects)
	b.batch.Queue(`DELETE FROM grp WHERE dir = $1 AND object = ANY($2::uuid[])`, b.dir, objects)
	b.batch.Queue(`DELETE FROM unit WHERE dir = $1 AND object = ANY($2::uuid[])`, b.dir, objects)
	return nil
}

// ask tells judge what marking those would come to.
func (b book) ask(ctx context.Context, at sync.Moment, judge sync.Judge, those string, arg any) error {
	var lately, would, present int64
	b.batch.Queue(`
		SELECT count(*) FILTER (WHERE gone > $3), count(*) FILTER (WHERE gone IS NULL AND `+those+`), count(*) FILTER (WHERE gone IS NULL)
		FROM person WHERE dir = $1`, b.dir, arg, at.Since).QueryRow(func(row pgx.Row) error { return row.Scan(&lately, &would, &present) })
	if err := b.send(ctx); err != nil || would == 0 {
		return err
	}
	return judge(sync.Losses{Gone: lately + would, Of: lately + present})
}

// sweep marks and drops what a full pass did not tell of.
func (b book) sweep(ctx context.Context, at sync.Moment, judge sync.Judge) error {
	if err := b.ask(ctx, at, judge, `seen <> $2`, b.pass); err != nil {
		return err
	}
	b.batch.Queue(`UPDATE person SET gone = $3 WHERE dir = $1 AND seen <> $2 AND gone IS NULL`, b.dir, b.pass, at.Now)
	for _, table := range []string{"member", "grp", "unit"} {
		b.batch.Queue(`DELETE FROM `+table+` WHERE dir = $1 AND seen <> $2`, b.dir, b.pass)
	}
	return nil
}

// units takes units over. Directories do not tell again of what is below a unit that was renamed or moved (in AD its uSNChanged
// stays): its paths are written here.
func (b book) units(ctx context.Context, units []directory.SyncedUnit) error {
	byKey := map[key]directory.SyncedUnit{}
	for _, u := range units {
		if k, ok := keyOf(u.Object); ok {
			byKey[k] = u
		}
	}
	if len(byKey) == 0 {
		return nil
	}
	keys := slices.Collect(maps.Keys(byKey))
	paths, names := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		paths[i], names[i] = clean(byKey[k].Path), clean(byKey[k].Name)
	}
	moved, err := b.moved(ctx, keys, paths)
	if err != nil {
		return err
	}
	for _, m := range moved {
		for _, table := range []string{"person", "unit"} {
			b.batch.Queue(`UPDATE `+table+` SET path = left(path, length(path) - length($2)) || $3
				WHERE dir = $1 AND right(path, length($2) + 1) = ',' || $2`, b.dir, m.from, m.to)
		}
	}
	b.batch.Queue(`
		INSERT INTO unit (dir, object, seen, path, name) SELECT $1, object, $2, path, name FROM unnest($3::uuid[], $4::text[], $5::text[]) AS n (object, path, name)
		ON CONFLICT (dir, object) DO UPDATE SET seen = excluded.seen, path = excluded.path, name = excluded.name`, b.dir, b.pass, keys, paths, names)
	return nil
}

type move struct{ from, to string }

// moved lists units whose path is another than before, the highest first.
func (b book) moved(ctx context.Context, keys []key, paths []string) (all []move, err error) {
	b.batch.Queue(`
		SELECT u.path, n.path FROM unnest($2::uuid[], $3::text[]) AS n (object, path) JOIN unit u ON u.dir = $1 AND u.object = n.object
		WHERE u.path <> n.path ORDER BY length(u.path)`, b.dir, keys, paths).Query(func(rows pgx.Rows) error {
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m move, err error) { return m, row.Scan(&m.from, &m.to) })
		return err
	})
	return all, b.send(ctx)
}

// groups takes groups and their members over.
func (b book) groups(groups []directory.SyncedGroup) {
	byKey, whole := map[key]directory.SyncedGroup{}, []key(nil)
	var added, dropped edges
	for _, g := range groups {
		k, ok := keyOf(g.Object)
		if !ok {
			continue
		}
		byKey[k] = g
		added.add(k, g.Members.Added)
		dropped.add(k, g.Members.Dropped)
		if g.Members.Whole {
			whole = append(whole, k)
		}
	}
	if len(byKey) == 0 {
		return
	}
	keys := slices.Collect(maps.Keys(byKey))
	policies, names := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		policies[i], names[i] = clean(byKey[k].Policy), clean(byKey[k].Name)
	}
	b.batch.Queue(`
		INSERT INTO grp (dir, object, seen, policy, name) SELECT $1, object, $2, policy, name FROM unnest($3::uuid[], $4::text[], $5::text[]) AS n (object, policy, name)
		ON CONFLICT (dir, object) DO UPDATE SET seen = excluded.seen, policy = excluded.policy, name = excluded.name`, b.dir, b.pass, keys, policies, names)
	if len(dropped.child) > 0 {
		b.batch.Queue(`DELETE FROM member m USING unnest($2::uuid[], $3::uuid[]) AS n (child, grp) WHERE m.dir = $1 AND m.child = n.child AND m.grp = n.grp`,
			b.dir, dropped.child, dropped.grp)
	}
	if len(added.child) > 0 {
		b.batch.Queue(`
			INSERT INTO member (dir, child, grp, seen) SELECT DISTINCT $1::smallint, child, grp, $2::bigint FROM unnest($3::uuid[], $4::uuid[]) AS n (child, grp)
			ON CONFLICT (dir, child, grp) DO UPDATE SET seen = excluded.seen`, b.dir, b.pass, added.child, added.grp)
	}
	if len(whole) > 0 {
		b.batch.Queue(`DELETE FROM member WHERE dir = $1 AND grp = ANY($2::uuid[]) AND seen <> $3`, b.dir, whole, b.pass)
	}
}

// edges are memberships, column by column.
type edges struct{ child, grp []key }

func (e *edges) add(grp key, children []string) {
	for _, k := range keysOf(children) {
		e.child, e.grp = append(e.child, k), append(e.grp, grp)
	}
}

// people takes accounts over. One that was gone is back.
func (b book) people(accounts []account.Account) error {
	byKey := map[key]int{}
	for i, a := range accounts {
		if k, ok := keyOf(a.ID.Object); ok {
			byKey[k] = i
		}
	}
	if len(byKey) == 0 {
		return nil
	}
	var c columns
	for k, i := range byKey {
		if err := c.add(k, accounts[i]); err != nil {
			return err
		}
	}
	b.batch.Queue(`
		INSERT INTO person AS p (dir, seen, object, manager, password_set, password_expires, locked_until, disabled, expired, locked, password_expired,
			must_change, cannot_change, privileged, synced, sam, upn, netbios, path, sid, anchor, display_name, given_name, mail, mails, language,
			own_groups, attributes)
		SELECT $1, $2, object, manager, password_set, password_expires, locked_until, flags & 1 <> 0, flags & 2 <> 0, flags & 4 <> 0, flags & 8 <> 0,
			flags & 16 <> 0, flags & 32 <> 0, flags & 64 <> 0, flags & 128 <> 0, sam, upn, netbios, path, sid, anchor, display_name, given_name, mail,
			string_to_array(mails, E'\n'), language, string_to_array(own_groups, E'\n'), attributes::jsonb
		FROM unnest($3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::int[], $9::text[], $10::text[], $11::text[],
			$12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[])
			AS n (object, manager, password_set, password_expires, locked_until, flags, sam, upn, netbios, path, sid, anchor, display_name, given_name,
				mail, mails, language, own_groups, attributes)
		ON CONFLICT (dir, object) DO UPDATE SET seen = excluded.seen, gone = NULL, manager = excluded.manager, password_set = excluded.password_set,
			password_expires = excluded.password_expires, locked_until = excluded.locked_until, disabled = excluded.disabled, expired = excluded.expired,
			locked = excluded.locked, password_expired = excluded.password_expired, must_change = excluded.must_change,
			cannot_change = excluded.cannot_change, privileged = excluded.privileged, synced = excluded.synced, sam = excluded.sam, upn = excluded.upn,
			netbios = excluded.netbios, path = excluded.path, sid = excluded.sid, anchor = excluded.anchor, display_name = excluded.display_name,
			given_name = excluded.given_name, mail = excluded.mail, mails = excluded.mails, language = excluded.language,
			own_groups = excluded.own_groups, attributes = excluded.attributes`,
		b.dir, b.pass, c.object, c.manager, c.passwordSet, c.passwordExpires, c.lockedUntil, c.flags, c.sam, c.upn, c.netbios, c.path, c.sid, c.anchor,
		c.display, c.given, c.mail, c.mails, c.language, c.own, c.attributes)
	return nil
}

// columns are accounts, column by column.
type columns struct {
	object                                                                                       []key
	manager                                                                                      []*key
	passwordSet, passwordExpires, lockedUntil                                                    []*time.Time
	flags                                                                                        []int32
	sam, upn, netbios, path, sid, anchor, display, given, mail, mails, language, own, attributes []string
}

func (c *columns) add(k key, a account.Account) error {
	attributes, err := json.Marshal(cleaned(a.Attributes))
	if err != nil {
		return err
	}
	var manager *key
	if m, ok := keyOf(a.Manager); ok {
		manager = &m
	}
	own := make([]string, len(a.Groups))
	for i, g := range a.Groups {
		own[i] = g.ID
	}
	s := a.State
	c.object, c.manager, c.flags = append(c.object, k), append(c.manager, manager), append(c.flags,
		bits(s.Disabled, s.Expired, s.Locked, s.PasswordExpired, s.MustChange, s.CannotChange, s.Privileged, s.Synced))
	c.passwordSet, c.passwordExpires = append(c.passwordSet, orNull(s.PasswordSet)), append(c.passwordExpires, orNull(s.PasswordExpires))
	c.lockedUntil = append(c.lockedUntil, orNull(s.LockedUntil))
	for _, f := range []struct {
		column *[]string
		value  string
	}{
		{&c.sam, a.SAM},
		{&c.upn, a.UPN},
		{&c.netbios, a.NetBIOS},
		{&c.path, a.Path},
		{&c.sid, a.SID},
		{&c.anchor, a.Anchor},
		{&c.display, a.DisplayName},
		{&c.given, a.GivenName},
		{&c.mail, a.Mail},
		{&c.mails, strings.Join(a.Mails, "\n")},
		{&c.language, a.Language},
		{&c.own, strings.Join(own, "\n")},
	} {
		*f.column = append(*f.column, clean(f.value))
	}
	c.attributes = append(c.attributes, string(attributes))
	return nil
}

// cleaned gives attributes as jsonb takes them, which refuses the character zero. Nothing is an object too.
func cleaned(attributes map[string][]string) map[string][]string {
	out := make(map[string][]string, len(attributes))
	for name, values := range attributes {
		for _, v := range values {
			out[clean(name)] = append(out[clean(name)], clean(v))
		}
	}
	return out
}

func bits(flags ...bool) int32 {
	var n int32
	for i, f := range flags {
		if f {
			n |= 1 << i
		}
	}
	return n
}
