package helpdesk_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/delivery"
	"rekey/internal/directory/memory"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/helpdesk"
	"rekey/internal/lab/pgtest"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/secret"
	"rekey/internal/server"
	"rekey/internal/server/consoletest"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const racers = 16

// desk is a help desk on a real database, with real methods and a directory in memory.
type desk struct {
	*consoletest.Desk
	*helpdesk.Service
	t    *testing.T
	anna account.ID // of the staff
	ben  account.ID // out of scope of the scoped help desk
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Desk: consoletest.WithSettings(t, strings.Replace(consoletest.Document, "  mail:\nmail:", "  mail:\n  pass:\nmail:", 1), func(*consoletest.Desk) []server.Area { return nil }), t: t}
	d.Service = &helpdesk.Service{
		Site: d.Settings.Snapshot, Copy: d.Store, Accounts: d.Store, Blocks: d.Store, Requests: d.Store, Calls: d.Store, Limiter: d.Store,
		Owner:     &notice.Owner{Site: d.Settings.Snapshot, Store: d.Store, Keys: d.Keys, Now: d.Desk.Now, Log: slog.New(slog.DiscardHandler), PublicURL: consoletest.Origin},
		PublicURL: consoletest.Origin, Now: d.Desk.Now, Log: slog.New(slog.DiscardHandler),
	}
	d.anna, d.ben = d.ID("anna"), d.ID("ben")
	d.Corp.Update(d.anna, func(a *memory.Account) { a.Path = "CN=anna,OU=Staff,DC=corp,DC=example,DC=test" })
	return d
}

// by is an administrator with one role; a help desk's scope is the unit Staff.
func (d *desk) by(sam string, r role.Role) helpdesk.By {
	d.t.Helper()
	b := role.Binding{Role: r, People: []string{d.ID(sam).String()}}
	if r == role.HelpDesk {
		b.Scope = policy.Scope{OUs: []policy.OU{{DN: "OU=Staff,DC=corp,DC=example,DC=test"}}}
	}
	bound, errs := role.Compile([]role.Binding{b}, policy.Registry{Directories: []string{consoletest.Domain}})
	if len(errs) > 0 {
		d.t.Fatal(errs)
	}
	a, err := d.Corp.Get(d.t.Context(), d.ID(sam))
	if err != nil {
		d.t.Fatal(err)
	}
	f := site.Facts(d.Settings.Snapshot(), policy.Reset, a, nil, audit.Source{}, d.Desk.Now())
	return helpdesk.By{Account: a.ID, Name: `CORP\` + sam, Role: string(r), Grants: bound.Of(&f)}
}

func (d *desk) hugo() helpdesk.By  { return d.by("help-desk", role.HelpDesk) }
func (d *desk) owner() helpdesk.By { return d.by("owner", role.Owner) }

func (d *desk) order(a helpdesk.Action) helpdesk.Order {
	return helpdesk.Order{Action: a, Who: d.anna, Reason: "Lost the phone", Ticket: "INC-1"}
}

// mailbox gives a person a code by mail.
func (d *desk) mailbox(who account.ID) string {
	d.t.Helper()
	c := authenticator.Credential{
		ID: "mail-of-" + who.Object, Account: who, Kind: factor.Mail, Label: "private", Channel: "mail:anna@home.example.test",
		Data: []byte(`{"v":1,"address":"anna@home.example.test"}`), Created: d.Desk.Now().Add(-time.Hour),
	}
	if err := d.Store.Import(d.t.Context(), []authenticator.Credential{c}, flow.Effects{}); err != nil {
		d.t.Fatal(err)
	}
	return c.ID
}

// sent are the messages on their way, oldest first.
func (d *desk) sent() []message.Message {
	d.t.Helper()
	rows, err := d.Pool.Query(d.t.Context(), `SELECT args FROM river_job WHERE kind = $1 ORDER BY id`, delivery.Job{}.Kind())
	if err != nil {
		d.t.Fatal(err)
	}
	jobs, err := pgx.CollectRows(rows, pgx.RowTo[delivery.Job])
	if err != nil {
		d.t.Fatal(err)
	}
	var out []message.Message
	for _, j := range jobs {
		text, err := d.Keys.Open(delivery.SealPurpose, j.Sealed, []byte(j.ID))
		if err != nil {
			d.t.Fatal(err)
		}
		var m message.Message
		if err := json.Unmarshal(text, &m); err != nil {
			d.t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

func (d *desk) told(t message.Template) int {
	n := 0
	for _, m := range d.sent() {
		if m.Template == t {
			n++
		}
	}
	return n
}

func (d *desk) recorded(want ...string) {
	d.t.Helper()
	got := d.Audit()
	if len(got) < len(want) || !slices.Equal(got[len(got)-len(want):], want) {
		d.t.Errorf("recorded %q, want %q at the end", got, want)
	}
}

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.Of(err).Kind != want {
		t.Errorf("%s: %v, want kind %v", what, err, want)
	}
}

// race does the same thing by sixteen at once, and counts those that got through.
func race(do func() error) int {
	var won atomic.Int32
	var wait sync.WaitGroup
	gate := make(chan struct{})
	for range racers {
		wait.Go(func() {
			<-gate
			if do() == nil {
				won.Add(1)
			}
		})
	}
	close(gate)
	wait.Wait()
	return int(won.Load())
}

// TestHelp: every act does what it says, records who did it in which role, why and on which ticket, and tells the person.
func TestHelp(t *testing.T) {
	d := newDesk(t)
	ctx, hugo := t.Context(), d.hugo()
	mail := d.mailbox(d.anna)
	for range 12 {
		if err := d.Store.Adjust(ctx, throttle.From("account:"+d.anna.String(), "192.0.2.9"), flow.Effects{}, func(c throttle.Tally) throttle.Tally {
			return c.Fail(d.Settings.Snapshot().Throttle, d.Desk.Now())
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Store.Freeze(ctx, d.anna, d.Desk.Now(), flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		d.Corp.Mistyped(d.anna)
	}
	sheet, err := d.Person(ctx, hugo, d.anna)
	if err != nil || !sheet.Frozen || len(sheet.Holds) == 0 || !sheet.Account.State.Locked || sheet.Why.Do != helpdesk.Release {
		t.Fatalf("%+v, %v", sheet.Why, err)
	}
	remove := d.order(helpdesk.Remove)
	remove.Method = mail
	for _, c := range []struct {
		o        helpdesk.Order
		template message.Template
		recorded string
		twice    bool // doing it again does nothing
	}{
		{d.order(helpdesk.Release), message.RecoveryReleased, "recovery.released", true},
		{d.order(helpdesk.Unblock), message.RecoveryUnblocked, "account.unblocked", true},
		{d.order(helpdesk.Unlock), message.AccountUnlocked, "help.unlocked", true},
		{d.order(helpdesk.Invite), message.Invitation, "help.invited", false},
		{d.order(helpdesk.Begin), message.Begin, "help.begun", false},
		{remove, message.MethodRemoved, "method.removed", false},
	} {
		// Buckets go by the database's clock: this test is no burst.
		if _, err := d.Pool.Exec(ctx, `DELETE FROM bucket`); err != nil {
			t.Fatal(err)
		}
		done, err := d.Do(ctx, hugo, c.o, "")
		if err != nil || done.Nothing || done.Asked != nil {
			t.Fatalf("%s: %+v, %v", c.o.Action, done, err)
		}
		d.recorded(c.recorded)
		if n := d.told(c.template); n != 2 && (c.o.Action != helpdesk.Remove || n != 2) {
			t.Errorf("%s: told %d addresses", c.o.Action, n)
		}
		if !c.twice {
			continue
		}
		if again, err := d.Do(ctx, hugo, c.o, ""); err != nil || !again.Nothing {
			t.Errorf("%s again: %+v, %v", c.o.Action, again, err)
		}
	}
	past, err := d.Store.Acts(ctx, d.anna, 0, 1)
	if ev := past[0].Event; err != nil || ev.By != `CORP\help-desk` || ev.Role != "help-desk" || ev.Ticket != "INC-1" || ev.Detail["reason"] != "Lost the phone" || ev.Detail["caller"] != "not verified" {
		t.Errorf("recorded %+v, %v", past, err)
	}
	if sheet, err = d.Person(ctx, hugo, d.anna); err != nil || sheet.Frozen || len(sheet.Holds) > 0 || sheet.Account.State.Locked || len(sheet.Methods) > 0 {
		t.Errorf("afterwards: %+v, %v", sheet, err)
	}
}

func TestAnActWantsAReasonAndATicket(t *testing.T) {
	d := newDesk(t)
	for field, o := range map[string]helpdesk.Order{"reason": {Ticket: "1"}, "ticket": {Reason: "x"}} {
		o.Action, o.Who = helpdesk.Invite, d.anna
		_, err := d.Do(t.Context(), d.hugo(), o, "")
		if wantKind(t, field, err, fault.Invalid); fault.Of(err).Field != field {
			t.Errorf("the problem is with %q, want %q", fault.Of(err).Field, field)
		}
	}
	if n := len(d.sent()); n > 0 {
		t.Errorf("%d messages", n)
	}
}

// TestAPass: shown once, good once and for an hour, told to the person, and it stands in the place of the one before.
func TestAPass(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	var passes []secret.Text
	for range 2 {
		done, err := d.Do(ctx, d.hugo(), d.order(helpdesk.Pass), "")
		if err != nil || len(done.Pass.Reveal()) != 23 || done.Until.Sub(d.Desk.Now()) != time.Hour {
			t.Fatalf("%+v, %v", done, err)
		}
		passes = append(passes, done.Pass)
	}
	d.recorded("help.pass-issued")
	cs, err := d.Store.Credentials(ctx, d.anna)
	if err != nil || len(cs) != 1 {
		t.Fatalf("%d passes, %v", len(cs), err)
	}
	m := d.Settings.Snapshot().Methods[factor.Pass]
	for i, want := range []authenticator.Outcome{authenticator.Wrong, authenticator.Accepted} {
		r, err := m.Verify(ctx, authenticator.Request{Credentials: cs}, nil, authenticator.CodeResponse{Code: passes[i]}, d.Desk.Now())
		if err != nil || r.Outcome != want || r.Delete != (want == authenticator.Accepted) {
			t.Errorf("pass %d: %+v, %v", i, r, err)
		}
	}
	d.Advance(time.Hour + time.Second)
	if cs, err := d.Store.Credentials(ctx, d.anna); err != nil || len(cs) != 0 {
		t.Errorf("an hour later: %d passes, %v", len(cs), err)
	}
}

// TestAttack39ScopeEscapeByID: whoever is out of scope is nobody, by every door, and the try is recorded.
func TestAttack39ScopeEscapeByID(t *testing.T) {
	d := newDesk(t)
	ctx, hugo := t.Context(), d.hugo()
	mail := d.mailbox(d.ben)
	_, nobody := d.Person(ctx, hugo, account.ID{Directory: consoletest.Domain, Object: "00000000-0000-0000-0000-000000000000"})
	o := d.order(helpdesk.Invite)
	o.Who, o.Method = d.ben, mail
	for door, try := range map[string]func() error{
		"person": func() error { _, err := d.Person(ctx, hugo, d.ben); return err },
		"plan":   func() error { _, err := d.Plan(ctx, hugo, o, ""); return err },
		"act":    func() error { _, err := d.Do(ctx, hugo, o, ""); return err },
		"verify": func() error { _, err := d.Verify(ctx, hugo, o); return err },
	} {
		if err := try(); fault.Of(err).Text != fault.Of(nobody).Text || fault.Of(err).Kind != fault.NotFound {
			t.Errorf("%s: %v, want %v", door, err, nobody)
		}
		d.recorded("help.refused out-of-reach")
	}
	if n := len(d.sent()); n > 0 {
		t.Errorf("%d messages", n)
	}
	if _, err := d.Do(ctx, d.by("auditor", role.Auditor), o, ""); fault.Of(err).Kind != fault.Denied {
		t.Errorf("an auditor acts: %v", err)
	}
}

// TestAttack39EnumerationBySearch: somebody out of scope and nobody give one answer.
func TestAttack39EnumerationBySearch(t *testing.T) {
	d := newDesk(t)
	d.copied("anna", "ben")
	for text, want := range map[string]int{"anna": 1, "ANNA corp": 1, "ben": 0, "nobody-at-all": 0, "dora": 0, "%": 0, "_": 0} {
		found, err := d.Search(t.Context(), d.hugo(), text, helpdesk.Place{})
		if err != nil || len(found.People) != want || found.More || found.Next != (helpdesk.Place{}) {
			t.Errorf("%q: %+v, %v, want %d", text, found, err, want)
		}
	}
	if found, err := d.Search(t.Context(), d.owner(), "dora", helpdesk.Place{}); err != nil || len(found.People) != 1 || !found.Live {
		t.Errorf("somebody the copy does not know: %+v, %v", found, err)
	}
}

// copied puts people into the copy.
func (d *desk) copied(sams ...string) {
	d.t.Helper()
	ctx := d.t.Context()
	var dir int16
	if err := d.Pool.QueryRow(ctx, `INSERT INTO sync_state (directory) VALUES ($1) RETURNING dir`, consoletest.Domain).Scan(&dir); err != nil {
		d.t.Fatal(err)
	}
	for _, sam := range sams {
		a, err := d.Corp.Get(ctx, d.ID(sam))
		if err != nil {
			d.t.Fatal(err)
		}
		if _, err := d.Pool.Exec(ctx, `
			INSERT INTO person (dir, object, seen, disabled, expired, locked, password_expired, must_change, cannot_change, privileged, synced, sam, upn, netbios,
				path, sid, anchor, display_name, given_name, mail, mails, language, own_groups, attributes)
			VALUES ($1, $2, 1, false, false, false, false, false, false, false, false, $3, $4, 'CORP', $5, $6, '', $7, '', $8, $9, '', '{}', '{}')`,
			dir, a.ID.Object, a.SAM, a.UPN, a.Path, a.SID, a.DisplayName, a.Mail, []string{a.Mail}); err != nil {
			d.t.Fatal(err)
		}
	}
}

func TestAttack39SelfHelp(t *testing.T) {
	d := newDesk(t)
	owner := d.owner()
	for _, a := range helpdesk.Actions() {
		o := d.order(a)
		o.Who = owner.Account
		_, err := d.Do(t.Context(), owner, o, "")
		wantKind(t, string(a), err, fault.Denied)
	}
	d.recorded("help.refused self")
	if sheet, err := d.Person(t.Context(), owner, owner.Account); err != nil || !sheet.Self || len(sheet.May) > 0 || sheet.MayRemove {
		t.Errorf("%+v, %v", sheet.May, err)
	}
}

// privileged makes anna one whom a second administrator has to agree to.
func (d *desk) privileged() {
	d.Corp.Update(d.anna, func(a *memory.Account) { a.State.Privileged = true })
}

func (d *desk) asked() helpdesk.Request {
	d.t.Helper()
	done, err := d.Do(d.t.Context(), d.hugo(), d.order(helpdesk.Pass), "")
	if err != nil || done.Asked == nil || !done.Pass.Empty() {
		d.t.Fatalf("%+v, %v", done, err)
	}
	return *done.Asked
}

// TestAttack39PrivilegedWithoutApproval: nothing happens without it, and an approval is for one act by one user.
func TestAttack39PrivilegedWithoutApproval(t *testing.T) {
	d := newDesk(t)
	d.privileged()
	ctx, hugo := t.Context(), d.hugo()
	r := d.asked()
	d.recorded("help.requested pass")
	_, err := d.Do(ctx, hugo, d.order(helpdesk.Pass), r.ID)
	wantKind(t, "before anybody agreed", err, fault.Conflict)
	_, err = d.Do(ctx, hugo, d.order(helpdesk.Pass), "made-up")
	wantKind(t, "made up", err, fault.NotFound)
	if _, err := d.Decide(ctx, d.owner(), r.ID, true, ""); err != nil {
		t.Fatal(err)
	}
	_, err = d.Do(ctx, hugo, d.order(helpdesk.Invite), r.ID)
	wantKind(t, "for another act", err, fault.Denied)
	_, err = d.Do(ctx, d.owner(), d.order(helpdesk.Pass), r.ID)
	wantKind(t, "by another user", err, fault.Denied)
	d.recorded("help.refused unapproved")
	d.Advance(helpdesk.RequestLife)
	_, err = d.Do(ctx, hugo, d.order(helpdesk.Pass), r.ID)
	wantKind(t, "half an hour later", err, fault.Conflict)
	if cs, err := d.Store.Credentials(ctx, d.anna); err != nil || len(cs) > 0 {
		t.Errorf("%d passes, %v", len(cs), err)
	}
}

// TestAttack39AdministratorsArePrivileged: whoever has a role in these pages is, whatever the directory says.
func TestAttack39AdministratorsArePrivileged(t *testing.T) {
	d := newDesk(t)
	o := d.order(helpdesk.Pass)
	o.Who = d.ID("reporter")
	if done, err := d.Do(t.Context(), d.owner(), o, ""); err != nil || done.Asked == nil {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestAttack39SelfApproval(t *testing.T) {
	d := newDesk(t)
	d.privileged()
	r := d.asked()
	_, err := d.Decide(t.Context(), d.hugo(), r.ID, true, "")
	wantKind(t, "by whoever asked", err, fault.Denied)
	d.recorded("help.refused own-request")
	anna := d.owner()
	anna.Account = d.anna
	_, err = d.Decide(t.Context(), anna, r.ID, true, "")
	wantKind(t, "by the person", err, fault.Denied)
	scoped := d.by("owner", role.HelpDesk)
	d.Corp.Update(d.anna, func(a *memory.Account) { a.Path = "CN=anna,OU=Board,DC=corp,DC=example,DC=test" })
	_, err = d.Decide(t.Context(), scoped, r.ID, true, "")
	wantKind(t, "by a help desk that does not reach the person", err, fault.NotFound)
	if _, err := d.Decide(t.Context(), d.owner(), r.ID, false, ""); fault.Of(err).Field != "note" {
		t.Errorf("refused without a word: %v", err)
	}
}

// TestAttack12ReplayOfAnApproval: by sixteen at once, it works once.
func TestAttack12ReplayOfAnApproval(t *testing.T) {
	d := newDesk(t)
	d.privileged()
	r := d.asked()
	if n := race(func() error { _, err := d.Decide(t.Context(), d.owner(), r.ID, true, ""); return err }); n != 1 {
		t.Errorf("decided %d times", n)
	}
	hugo, o := d.hugo(), d.order(helpdesk.Pass)
	if n := race(func() error { _, err := d.Do(t.Context(), hugo, o, r.ID); return err }); n != 1 {
		t.Errorf("used %d times", n)
	}
	if n := d.told(message.PassIssued); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// call sends a code to the caller's mailbox, and reads it.
func (d *desk) call() (helpdesk.Call, string) {
	d.t.Helper()
	o := d.order("")
	o.Method = "mail-of-" + d.anna.Object
	c, err := d.Verify(d.t.Context(), d.hugo(), o)
	if err != nil {
		d.t.Fatal(err)
	}
	m := d.sent()
	last := m[len(m)-1]
	if last.Template != message.CallerCode || last.To != "anna@home.example.test" || c.Label != "a•••@home.example.test" {
		d.t.Fatalf("sent %+v, said %q", last, c.Label)
	}
	return c, last.Data["code"]
}

// TestAttack10ACallersCodeIsUsedOnce: by sixteen at once it verifies once, and it counts for a quarter of an hour.
func TestAttack10ACallersCodeIsUsedOnce(t *testing.T) {
	d := newDesk(t)
	d.mailbox(d.anna)
	c, code := d.call()
	hugo := d.hugo()
	_, err := d.Answer(t.Context(), d.owner(), c.ID, secret.New(code))
	wantKind(t, "somebody else's", err, fault.NotFound)
	if n := race(func() error { _, err := d.Answer(t.Context(), hugo, c.ID, secret.New(code)); return err }); n != 1 {
		t.Errorf("verified %d times", n)
	}
	sheet, err := d.Person(t.Context(), hugo, d.anna)
	if err != nil || len(sheet.Verified) != 1 || sheet.Verified[0].ByName != hugo.Name {
		t.Errorf("%+v, %v", sheet.Verified, err)
	}
	if _, err := d.Do(t.Context(), hugo, d.order(helpdesk.Invite), ""); err != nil {
		t.Fatal(err)
	}
	if past, err := d.Store.Acts(t.Context(), d.anna, 0, 1); err != nil || past[0].Event.Detail["caller"] != "verified by mail" {
		t.Errorf("%+v, %v", past, err)
	}
	d.Advance(helpdesk.VerifiedFor + time.Second)
	if sheet, err := d.Person(t.Context(), hugo, d.anna); err != nil || len(sheet.Verified) != 0 {
		t.Errorf("later: %+v, %v", sheet.Verified, err)
	}
}

func TestAttack08GuessingACallersCode(t *testing.T) {
	d := newDesk(t)
	d.mailbox(d.anna)
	c, code := d.call()
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for n := 1; n <= helpdesk.CallTries; n++ {
		want := fault.Invalid
		if n == helpdesk.CallTries {
			want = fault.Conflict
		}
		_, err := d.Answer(t.Context(), d.hugo(), c.ID, secret.New(wrong))
		wantKind(t, "wrong", err, want)
		d.recorded("help.caller-failed wrong-code")
	}
	_, err := d.Answer(t.Context(), d.hugo(), c.ID, secret.New(code))
	wantKind(t, "right, after five wrong ones", err, fault.Conflict)
	old, first := d.call()
	fresh, _ := d.call()
	_, err = d.Answer(t.Context(), d.hugo(), old.ID, secret.New(first))
	wantKind(t, "one that another took the place of", err, fault.Conflict)
	_, err = d.Answer(t.Context(), d.hugo(), fresh.ID, secret.New(first))
	wantKind(t, "another verification's", err, fault.Invalid)
}

// TestAttack03ACallersCodeOpensNoFlow: an app's codes, which would, are not asked for at all.
func TestAttack03ACallersCodeOpensNoFlow(t *testing.T) {
	d := newDesk(t)
	d.mailbox(d.anna)
	app := authenticator.Credential{ID: "app", Account: d.anna, Kind: factor.TOTP, Channel: "device:1", Data: []byte("{}"), Created: d.Desk.Now()}
	if err := d.Store.Import(t.Context(), []authenticator.Credential{app}, flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	o := d.order("")
	o.Method = "app"
	_, err := d.Verify(t.Context(), d.hugo(), o)
	wantKind(t, "an app's code", err, fault.Invalid)
	c, code := d.call()
	cs, _ := d.Store.Credentials(t.Context(), d.anna)
	stored, err := d.Store.Call(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	mail := slices.IndexFunc(cs, func(c authenticator.Credential) bool { return c.Kind == factor.Mail })
	r := authenticator.Request{Subject: authenticator.Subject{Account: d.anna}, Credentials: cs[mail : mail+1], Purpose: "reset", Flow: c.ID}
	got, err := d.Settings.Snapshot().Methods[factor.Mail].Verify(t.Context(), r, stored.State, authenticator.CodeResponse{Code: secret.New(code)}, d.Desk.Now())
	if err != nil || got.Outcome == authenticator.Accepted {
		t.Errorf("taken by a reset: %+v, %v", got, err)
	}
}

// TestBurst: twenty acts at once by one user, or six for one person, are no work but a rampage; that is recorded once.
func TestBurst(t *testing.T) {
	d := newDesk(t)
	hugo, refused := d.hugo(), 0
	for range 12 {
		_, err := d.Do(t.Context(), hugo, d.order(helpdesk.Begin), "")
		if fault.Of(err).Kind == fault.Throttled {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if refused != 6 {
		t.Errorf("%d refused", refused)
	}
	n := 0
	for _, r := range d.Audit() {
		if r == "help.refused too-many" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("recorded %d times", n)
	}
}
