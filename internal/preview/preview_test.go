package preview_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/authenticator/backupcode"
	"rekey/internal/authenticator/mailcode"
	"rekey/internal/authenticator/totp"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/policy"
	"rekey/internal/postgres"
	"rekey/internal/preview"
	"rekey/internal/site"
	"rekey/internal/sync"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

const corp, cloud = "corp.example.test", "cloud.example.test"

// house is a database with a copy of directories.
type house struct {
	*postgres.Store
	pool *pgxpool.Pool
	preview.Service
	pass int64
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{pool: pgtest.New(t, postgres.Migrate)}
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(h.pool), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	if h.Store, err = postgres.New(h.pool, keys, noon); err != nil {
		t.Fatal(err)
	}
	h.Service = preview.Service{Store: h.Store, Now: noon}
	return h
}

// copied takes over what a directory tells, as a full pass does.
func (h *house) copied(t testing.TB, key string, p directory.Page) {
	t.Helper()
	lease, s, ok, err := h.Hold(t.Context(), key)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	defer lease.Close()
	h.pass++
	s.Pass, s.Kind, s.Begun = h.pass, sync.Full, noon()
	judge := func(sync.Losses) error { return nil }
	at := sync.Moment{Now: noon(), Since: noon(), Forget: noon().Add(-time.Hour)}
	err = lease.Begin(t.Context(), s)
	if err == nil {
		err = lease.Take(t.Context(), s, p, at, judge)
	}
	s.Kind, s.Current, s.Full = sync.Idle, noon(), noon()
	if err == nil {
		err = lease.End(t.Context(), s, at, judge)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// person is somebody in Corp or in the cloud.
func person(key, name string, change ...func(*account.Account)) account.Account {
	a := account.Account{
		ID: account.ID{Directory: key, Object: uuid.NewSHA1(uuid.Nil, []byte(key+name)).String()}, SAM: name, UPN: name + "@" + key, NetBIOS: "CORP",
		Path: "CN=" + name + ",OU=Staff,DC=corp,DC=example,DC=test",
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func tied(anchor string) func(*account.Account) {
	return func(a *account.Account) { a.Anchor, a.SID = anchor, "S-1-5-21-1-1-1-"+anchor }
}

// enroll sets up ways, each over a channel of its own.
func (h *house) enroll(t testing.TB, who account.Account, kinds ...factor.Kind) {
	t.Helper()
	var cs []authenticator.Credential
	for i, k := range kinds {
		id := fmt.Sprint(who.ID, k, i)
		cs = append(cs, authenticator.Credential{ID: id, Account: who.ID, Kind: k, Channel: factor.Channel(id), Data: []byte("sealed"), Created: noon()})
	}
	if err := h.Import(t.Context(), cs, flow.Effects{}); err != nil {
		t.Fatal(err)
	}
}

// version compiles policies for Corp and the cloud, or for those directories that are named.
func version(t testing.TB, d policy.Document, links []directory.Link, keys ...string) *site.Snapshot {
	t.Helper()
	s := &site.Snapshot{Methods: map[factor.Kind]authenticator.Method{}, Links: links}
	code, err := totp.Open(totp.Config{}, totp.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := backupcode.Open(backupcode.Config{}, backupcode.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	mail, err := mailcode.Open(mailcode.Config{}, mailcode.Deps{MAC: func(string, []byte) []byte { return make([]byte, 32) }})
	if err != nil {
		t.Fatal(err)
	}
	var r policy.Registry
	for _, m := range []authenticator.Method{code, sheet, mail} {
		k := m.Traits().Kind
		s.Methods[k], s.Order, r.Kinds = m, append(s.Order, k), append(r.Kinds, m.Traits())
	}
	if len(keys) == 0 {
		keys = []string{corp, cloud}
	}
	for _, key := range keys {
		s.Directories, r.Directories = append(s.Directories, memory.New(key, "CORP")), append(r.Directories, key)
	}
	if s.Policies, err = policy.Compile(d, r); err != nil {
		t.Fatal(err)
	}
	return s
}

// one asks for one way of any kind, or of these.
func one(kinds ...factor.Kind) policy.Requirement {
	return policy.Requirement{Count: 1, Allowed: kinds}
}

func staff(q policy.Requirement, more ...policy.Policy) policy.Document {
	return policy.Document{
		Policies: more,
		Defaults: map[string]policy.Policy{corp: {Name: "Staff", Reset: q}, cloud: {Name: "Cloud", Reset: q}},
	}
}

func (h *house) compare(t testing.TB, before, after *site.Snapshot) (preview.Report, map[string]preview.Person) {
	t.Helper()
	told := map[string]preview.Person{}
	r, err := h.Compare(t.Context(), before, after, preview.Options{Names: 10, Each: func(p preview.Person) error {
		if _, twice := told[p.Name]; twice {
			t.Errorf("%s is told twice", p.Name)
		}
		told[p.Name] = p
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(told)) != r.Changed {
		t.Errorf("%d people are told, %d counted", len(told), r.Changed)
	}
	return r, told
}

func effect(t testing.TB, r preview.Report, a policy.Action) preview.Effect {
	t.Helper()
	for _, e := range r.Effects {
		if e.Action == a {
			return e
		}
	}
	t.Fatalf("nothing about %s", a)
	return preview.Effect{}
}

// named checks a group's number and names, which are given without the domain.
func named(t testing.TB, what string, g preview.Group, want ...string) {
	t.Helper()
	var got []string
	for _, n := range g.Names {
		got = append(got, strings.Split(n, "@")[0])
	}
	slices.Sort(got)
	slices.Sort(want)
	if g.Count != int64(len(want)) || !slices.Equal(got, want) {
		t.Errorf("%s: %d, %q; want %q", what, g.Count, got, want)
	}
}

// TestWhoIsAffected: everything policies look at is taken from the copy, and every kind of change is told apart.
func TestWhoIsAffected(t *testing.T) {
	h := newHouse(t)
	nested, berlin, contractor := person(corp, "nested"), person(corp, "berlin", func(a *account.Account) {
		a.Attributes = map[string][]string{"l": {"Berlin"}}
	}), person(corp, "contractor", func(a *account.Account) { a.Path = "CN=c,OU=Contractors,DC=corp,DC=example,DC=test" })
	plain, bare, off := person(corp, "plain"), person(corp, "bare"), person(corp, "off", func(a *account.Account) { a.State.Disabled = true })
	primary := person(corp, "primary", func(a *account.Account) { a.Groups = []account.Group{{ID: "S-1-5-21-9-9-9-513"}} })
	ids := func(as ...account.Account) (objects []string) {
		for _, a := range as {
			objects = append(objects, a.ID.Object)
		}
		return objects
	}
	team, board, users := uuid.NewString(), uuid.NewString(), uuid.NewString()
	h.copied(t, corp, directory.Page{
		People: []account.Account{nested, berlin, contractor, plain, bare, off, primary},
		Groups: []directory.SyncedGroup{
			{Object: team, Policy: "S-1-5-21-9-9-9-1000", Name: "Team", Members: directory.Members{Added: ids(nested), Whole: true}},
			{Object: board, Policy: "S-1-5-21-9-9-9-1001", Name: "Board", Members: directory.Members{Added: []string{team, board}, Whole: true}},
			{Object: users, Policy: "S-1-5-21-9-9-9-513", Name: "Domain Users", Members: directory.Members{Whole: true}},
		},
	})
	for _, a := range []account.Account{nested, berlin, contractor, plain, primary} {
		h.enroll(t, a, factor.TOTP)
	}
	h.enroll(t, berlin, factor.Mail)

	before := version(t, staff(one()), nil)
	after := version(t, staff(
		one(),
		policy.Policy{Name: "Board", Scope: policy.Scope{Groups: []string{`CORP\Board`}}, Reset: policy.Requirement{Count: 2}},
		policy.Policy{Name: "Berlin", Scope: policy.Scope{Attributes: []policy.Attribute{{Name: "L", Values: []string{"berlin"}}}}, Reset: one(factor.Mail)},
		policy.Policy{Name: "Contractors", Scope: policy.Scope{OUs: []policy.OU{{DN: "OU=Contractors,DC=corp,DC=example,DC=test"}}}, Actions: []policy.Action{policy.Unlock}, Reset: one()},
		policy.Policy{Name: "Primary", Scope: policy.Scope{Groups: []string{"S-1-5-21-9-9-9-513"}}, Reset: one(factor.Mail)},
	), nil)
	r, told := h.compare(t, before, after)
	if r.People != 6 || r.LeftOut != 1 || r.Changed != 4 {
		t.Errorf("%+v", r)
	}
	e := effect(t, r, policy.Reset)
	if e.Able != 5 || e.Then != 2 {
		t.Errorf("able: %d, then %d", e.Able, e.Then)
	}
	named(t, "unable", e.Unable, "nested", "contractor", "primary")
	named(t, "enabled", e.Enabled)
	named(t, "refused", e.Refused, "contractor")
	if len(e.Moves) != 4 || e.Moves[0].From != "Staff" || e.Moves[0].To != "Berlin" {
		t.Errorf("moves: %+v", e.Moves)
	}
	if len(e.Lost) != 1 || e.Lost[0].Kind != factor.TOTP || len(e.Gained) != 0 {
		t.Errorf("ways: %+v, %+v", e.Lost, e.Gained)
	}
	named(t, "lost the app", e.Lost[0].Group, "berlin", "primary")
	if u := effect(t, r, policy.Unlock); u.Unable.Count != 2 || u.Refused.Count != 0 {
		t.Errorf("unlock: %+v", u)
	}
	if c := effect(t, r, policy.Change); c.Unable.Count != 1 || c.Refused.Count != 1 || c.Able != 6 {
		t.Errorf("change: %+v", c)
	}
	c := told["contractor@"+corp].Changes
	if len(c) != 3 || c[0].Was != (preview.Standing{Policy: "Staff", Outcome: "allowed"}) || c[0].Will != (preview.Standing{Policy: "Contractors", Outcome: "denied", Reason: "action-not-allowed"}) {
		t.Errorf("%+v", c)
	}

	back, _ := h.compare(t, after, before)
	e = effect(t, back, policy.Reset)
	named(t, "enabled", e.Enabled, "nested", "contractor", "primary")
	named(t, "allowed", e.Allowed, "contractor")
	if len(e.Gained) != 1 || e.Gained[0].Count != 2 || e.Unable.Count != 0 {
		t.Errorf("the other way round: %+v", e)
	}
	if same, _ := h.compare(t, after, after); same.Changed != 0 || same.People != 6 || len(effect(t, same, policy.Reset).Moves) != 0 {
		t.Errorf("nothing changes: %+v", same)
	}
}

// TestAMomentThatIsNotNow: a policy with dates is looked at as of the moment that is asked for.
func TestAMomentThatIsNotNow(t *testing.T) {
	h := newHouse(t)
	anna := person(corp, "anna")
	h.copied(t, corp, directory.Page{People: []account.Account{anna}})
	h.enroll(t, anna, factor.TOTP)
	soon := noon().AddDate(0, 0, 7)
	before := version(t, staff(one()), nil)
	after := version(t, staff(one(), policy.Policy{Name: "Trial", From: soon, Until: soon.Add(time.Hour), Reset: policy.Requirement{Count: 2}}), nil)
	for at, unable := range map[time.Time]int64{{}: 0, soon.Add(-1): 0, soon: 1, soon.Add(time.Hour): 0} {
		r, err := h.Compare(t.Context(), before, after, preview.Options{At: at})
		if err != nil {
			t.Fatal(err)
		}
		if e := effect(t, r, policy.Reset); e.Unable.Count != unable {
			t.Errorf("at %s: %+v", at, e)
		}
	}
}

// TestPrivilegedComesFromTheCopy: of the account, or of the one in the linked directory.
func TestPrivilegedComesFromTheCopy(t *testing.T) {
	h := newHouse(t)
	root := func(a *account.Account) { a.State.Privileged = true }
	h.copied(t, corp, directory.Page{People: []account.Account{person(corp, "plain"), person(corp, "root", root), person(corp, "both", tied("1"))}})
	h.copied(t, cloud, directory.Page{People: []account.Account{person(cloud, "both", tied("1"), root)}})
	accounts, err := h.People(t.Context(), corp, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	privileged := map[string]bool{}
	for _, a := range accounts {
		privileged[a.SAM] = a.State.Privileged
	}
	if len(privileged) != 3 || !privileged["root"] || privileged["plain"] || privileged["both"] {
		t.Errorf("%v", privileged)
	}
}

// TestLinkedAccountsAreOnePerson: they are decided about once, as the home account, and a link that comes or goes is seen.
func TestLinkedAccountsAreOnePerson(t *testing.T) {
	h := newHouse(t)
	synced := func(a *account.Account) { a.State.Synced = true }
	anna, ben := person(corp, "anna", tied("1")), person(corp, "ben", tied("2"))
	h.copied(t, corp, directory.Page{People: []account.Account{anna, ben, person(corp, "carl", tied("3"))}})
	h.copied(t, cloud, directory.Page{People: []account.Account{
		person(cloud, "anna", tied("1"), synced), person(cloud, "carl", tied("3"), synced), person(cloud, "orphan", tied("4"), synced),
		person(cloud, "guest"),
	}})
	h.enroll(t, anna, factor.TOTP)
	h.enroll(t, ben, factor.TOTP)
	h.enroll(t, person(cloud, "guest"), factor.TOTP)
	link := []directory.Link{{Home: corp, Other: cloud, Mode: directory.LinkBoth}}

	r, _ := h.compare(t, version(t, staff(one()), link), version(t, staff(one(factor.Mail)), link))
	if r.People != 4 || r.LeftOut != 1 {
		t.Errorf("%+v", r)
	}
	named(t, "unable", effect(t, r, policy.Reset).Unable, "anna", "ben", "guest")

	r, told := h.compare(t, version(t, staff(one()), link), version(t, staff(one()), nil))
	named(t, "unable without the link", effect(t, r, policy.Reset).Unable, "anna")
	if c := told["anna@"+cloud].Changes; len(c) != 3 || c[0].Was.Policy != "Staff" || c[0].Will.Reason != "not-usable" {
		t.Errorf("%+v", c)
	}
	r, _ = h.compare(t, version(t, staff(one()), nil), version(t, staff(one()), link))
	named(t, "enabled by the link", effect(t, r, policy.Reset).Enabled, "anna")
}

// locking is a directory whose locks nobody can clear, as a tenant.
type locking struct{ directory.Directory }

// TestOnlySomeDirectoriesUnlock: who has an account in a tenant alone cannot unlock, whatever its policy says; who has one in a domain
// too can there.
func TestOnlySomeDirectoriesUnlock(t *testing.T) {
	h := newHouse(t)
	anna := person(corp, "anna", tied("1"))
	h.copied(t, corp, directory.Page{People: []account.Account{anna}})
	h.copied(t, cloud, directory.Page{People: []account.Account{person(cloud, "anna", tied("1")), person(cloud, "clara")}})
	h.enroll(t, anna, factor.TOTP)
	h.enroll(t, person(cloud, "anna"), factor.TOTP)
	h.enroll(t, person(cloud, "clara"), factor.TOTP)
	compiled := func(q policy.Requirement, links ...directory.Link) *site.Snapshot {
		s := version(t, staff(q), links)
		s.Directories[1] = locking{s.Directories[1]}
		return s
	}
	link := directory.Link{Home: corp, Other: cloud, Mode: directory.LinkBoth}

	r, told := h.compare(t, compiled(one(), link), compiled(one(factor.Mail), link))
	named(t, "unable to reset", effect(t, r, policy.Reset).Unable, "anna", "clara")
	u := effect(t, r, policy.Unlock)
	named(t, "unable to unlock", u.Unable, "anna")
	if u.Able != 1 || u.Then != 0 {
		t.Errorf("unlock: %+v", u)
	}
	if c := told["clara@"+cloud].Changes; len(c) != 1 || c[0].Action != policy.Reset {
		t.Errorf("nothing changes for an unlock that never was: %+v", c)
	}

	all := version(t, staff(one()), nil) // where the tenant could unlock
	r, told = h.compare(t, all, compiled(one()))
	named(t, "unable to reset", effect(t, r, policy.Reset).Unable)
	u = effect(t, r, policy.Unlock)
	named(t, "unable to unlock", u.Unable, "anna", "clara")
	if c := told["clara@"+cloud].Changes; len(c) != 1 || c[0].Will != (preview.Standing{Outcome: "denied", Reason: "no-unlock"}) {
		t.Errorf("%+v", c)
	}
}

// TestDirectoriesComeAndGo: one that leaves takes its people along, and of one that was never read nobody is known.
func TestDirectoriesComeAndGo(t *testing.T) {
	h := newHouse(t)
	anna, gone := person(corp, "anna"), person(corp, "gone")
	h.copied(t, corp, directory.Page{People: []account.Account{anna, gone}})
	h.enroll(t, anna, factor.TOTP)
	h.copied(t, corp, directory.Page{People: []account.Account{anna}})

	d := policy.Document{}
	d.Defaults = map[string]policy.Policy{cloud: {Name: "Cloud", Reset: one()}}
	r, _ := h.compare(t, version(t, staff(one()), nil), version(t, d, nil, cloud))
	if r.People != 1 || len(r.Copies) != 2 || r.Copies[0] != (preview.Copy{Directory: cloud}) || r.Copies[1].People != 1 || !r.Copies[1].At.Equal(noon()) {
		t.Errorf("%+v", r)
	}
	e := effect(t, r, policy.Reset)
	named(t, "unable", e.Unable, "anna")
	if len(e.Moves) != 1 || e.Moves[0].From != "Staff" || e.Moves[0].To != "" {
		t.Errorf("%+v", e.Moves)
	}
}

// TestManyPages: everybody is looked at once, whatever the size of a page, and errors end it.
func TestManyPages(t *testing.T) {
	h := newHouse(t)
	const many = 2*1000 + 1
	var p directory.Page
	for i := range many {
		p.People = append(p.People, person(corp, fmt.Sprintf("p%d", i)))
	}
	h.copied(t, corp, p)
	var last, all int64
	seen := map[string]bool{}
	o := preview.Options{
		Names:    3,
		From:     audit.Source{Address: netip.MustParseAddr("192.0.2.1")},
		Progress: func(done, of int64) { last, all = done, of },
		Each:     func(p preview.Person) error { seen[p.Account] = true; return nil },
	}
	before := version(t, staff(one()), nil)
	after := version(t, staff(one(), policy.Policy{Name: "All", Reset: one()}), nil)
	r, err := h.Compare(t.Context(), before, after, o)
	if err != nil || r.People != many || r.Changed != many || len(seen) != many || last != many || all != many {
		t.Errorf("%d people, %d changed, %d told, progress %d of %d, %v", r.People, r.Changed, len(seen), last, all, err)
	}
	if m := effect(t, r, policy.Reset).Moves; len(m) != 1 || m[0].Count != many || len(m[0].Names) != 3 {
		t.Errorf("%+v", m)
	}
	o.Each = func(preview.Person) error { return os.ErrClosed }
	if _, err := h.Compare(t.Context(), before, after, o); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	h.pool.Close()
	if _, err := h.Compare(t.Context(), before, after, o); err == nil {
		t.Error("no database, no error")
	}
}

func TestLimits(t *testing.T) {
	for able, want := range map[int64]int64{0: 0, 9: 0, 10: 1, 55: 5, 100: 10, 999: 10, 1000: 10, 5000: 50, 100_000: 1000} {
		if got := preview.Usual(able); got != want {
			t.Errorf("usual of %d: %d, want %d", able, got, want)
		}
	}
	for text, want := range map[string]int64{"0": 0, "12": 12, "0%": 0, "2%": 4, "100%": 200} {
		l, err := preview.ParseLimit(text)
		if err != nil || l(200) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "-1", "101%", "-1%", "1.5", "many", "%", "1 %"} {
		if _, err := preview.ParseLimit(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
