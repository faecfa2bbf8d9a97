package systemtest

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/app"
	"rekey/internal/lab"
	"rekey/internal/lab/people"
	"rekey/internal/lab/portal"
	"rekey/internal/lab/visitor"
	"rekey/internal/lab/wire"
)

// flowCommits is how many transactions move a flow in a whole reset with two codes: created, (chosen, tried, judged) twice, claimed,
// written.
const flowCommits = 9

// TestKilledAtEveryCommit does a whole reset once per commit of the flow and side of it, and kills the portal there. Another replica
// on the same database goes on. Whatever the moment: no code works twice, every write has its intent and its result, the owner is
// told once, and exactly one of the two passwords opens the account.
func TestKilledAtEveryCommit(t *testing.T) {
	l := theLab(t)
	second := newReplica(t, l)
	crowd := withSheets(t, l)
	n := 0
	for commit := 1; commit <= flowCommits; commit++ {
		for _, phase := range []wire.Phase{wire.Before, wire.After} {
			sam := crowd[n%len(crowd)]
			n++
			t.Run(fmt.Sprintf("commit %d %s", commit, []string{"not sent", "not heard of"}[phase]), func(t *testing.T) {
				second.crashDuring(t, newSheetActor(t, l, sam), commit, phase)
			})
		}
	}
	toldOnce(t, l)
	verifyAudit(t, l)
}

// withSheets are plain people of one domain who have backup codes.
func withSheets(t *testing.T, l *lab.Lab) []string {
	t.Helper()
	var sams []string
	for _, p := range l.People {
		if p.Note == "" && p.Domain == people.Corp.Name && len(p.Methods.Sheet) > 0 {
			sams = append(sams, p.SAM)
		}
	}
	if len(sams) < 4 {
		t.Fatalf("only %v have backup codes", sams)
	}
	return sams
}

// replica is a second portal process on the lab's database, behind a proxy that sees its commits.
type replica struct {
	lab   *lab.Lab
	proxy *wire.Proxy
	*portal.Portal
}

func newReplica(t *testing.T, l *lab.Lab) *replica {
	t.Helper()
	proxy, database, err := wire.Start(t.Context(), l.Portal.Config().Database, "flow")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(l.Dir(), "replica")
	p, err := portal.Prepare(t.Context(), portal.Spec{Binary: l.Binary, Dir: dir, Database: database, KeyFile: l.Portal.Config().KeyFile})
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{lab: l, proxy: proxy, Portal: p}
	t.Cleanup(func() {
		r.Kill()
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// sheets remembers codes over the subtests of one binary: a sheet has ten.
var sheets = map[string]*actor{}

func newSheetActor(t *testing.T, l *lab.Lab, sam string) *actor {
	t.Helper()
	if a, ok := sheets[sam]; ok {
		return a
	}
	for _, d := range []people.Domain{people.Corp, people.Sales} {
		if p, ok := l.Person(sam, d); ok && len(p.Methods.Sheet) > 0 {
			sheets[sam] = newActor(t, l, sam, d)
			return sheets[sam]
		}
	}
	t.Fatalf("nobody named %s has backup codes", sam)
	return nil
}

// crashDuring resets through the replica, kills it at one commit, finishes on the first portal and checks what must hold.
func (r *replica) crashDuring(t *testing.T, a *actor, commit int, phase wire.Phase) {
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := countEvents(t, r.lab, a)
	r.killAt(commit, phase)
	v := browse(r.URL())
	code, password := a.nextSheet(t), fmt.Sprintf("Crash-%d-%d-%d-Passw0rd", commit, phase, time.Now().UnixNano())
	proofs := a.proofs
	proofs.Sheet = []string{code}
	_, err := v.Reset(t.Context(), a.UPN, password, proofs, "backup-code", "mail")
	if err == nil {
		t.Fatal("the portal was not killed: the flow has fewer commits than the test thinks")
	}
	r.proxy.On(nil)
	r.Kill()
	a.finishElsewhere(t, r.lab, v, &proofs, password)
	a.checkAfterCrash(t, r.lab, code, password, before)
}

// killAt kills the process at a commit of a flow.
func (r *replica) killAt(commit int, phase wire.Phase) {
	var seen atomic.Int32
	r.proxy.On(func(p wire.Phase) {
		if p == phase && int(seen.Add(1)) == commit {
			r.Kill()
		}
	})
}

// finishElsewhere goes on with the same cookie at the other portal until the reset is done, starting again when there is nothing to go on with.
func (a *actor) finishElsewhere(t *testing.T, l *lab.Lab, v *visitor.Visitor, p *visitor.Proofs, password string) {
	t.Helper()
	v.Move(l.Portal.URL())
	ctx := t.Context()
	sweepLater(t, l)
	page, err := v.Open(ctx, "/flow")
	for range 8 {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.Contains(page.Text, "Your password is changed"):
			return
		case has(page, "/flow/finish"):
			page, err = v.Finish(ctx, password)
		case has(page, "/flow/answer"):
			page, err = v.Submit(ctx, "/flow/back", nil)
		case len(page.Options("method")) > 0:
			page, err = a.proveNext(t, v, p)
		default:
			page, err = v.Start(ctx, "reset", a.UPN)
		}
	}
	t.Fatalf("not done; the last page is %q: %s", page.H1, page.Text)
}

// proveNext proves with what is left: a code that may have been used is replaced by a fresh one when it is refused.
func (a *actor) proveNext(t *testing.T, v *visitor.Visitor, p *visitor.Proofs) (*visitor.Page, error) {
	t.Helper()
	kind := "mail"
	for _, k := range v.Page().Options("method") {
		if k == "backup-code" {
			kind = k
		}
	}
	page, err := v.Prove(t.Context(), kind, *p)
	if err == nil && kind == "backup-code" && len(page.Problems) > 0 { // refused: it was used before the crash
		p.Sheet = []string{a.nextSheet(t)}
	}
	return page, err
}

func has(p *visitor.Page, action string) bool {
	_, ok := p.Form(action)
	return ok
}

func (a *actor) checkAfterCrash(t *testing.T, l *lab.Lab, code, password string, before map[string]int) {
	t.Helper()
	if !a.binds(t, password) {
		t.Error("the new password does not open the account")
	}
	v := browse(l.Portal.URL())
	if _, err := v.Start(t.Context(), "reset", a.UPN); err != nil {
		t.Fatal(err)
	}
	page, err := v.Prove(t.Context(), "backup-code", visitor.Proofs{Sheet: []string{code}})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Problems) == 0 {
		t.Error("the backup code was accepted twice")
	}
	after := countEvents(t, l, a)
	grown := func(name string) int { return after[name] - before[name] }
	if i, d := grown("write.intended"), grown("write.done")+grown("write.rejected"); i != d || grown("write.done") < 1 {
		t.Errorf("%d intents, %d results (%d done)", i, d, grown("write.done"))
	}
	a.told += grown("write.done")
}

// toldOnce waits for the notices of all resets and checks that nobody got more or fewer. A message whose worker was killed is taken up
// again after two minutes.
func toldOnce(t *testing.T, l *lab.Lab) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	jobs(ctx, t, l)
	for sam, a := range sheets {
		n := 0
		for _, m := range l.Inbox.Messages(a.Mail) {
			if strings.Contains(m.Subject, "reset") {
				n++
			}
		}
		if n != a.told {
			t.Errorf("%s: %d notices of %d resets", sam, n, a.told)
		}
	}
}

// jobs waits until every queued message has been worked on.
func jobs(ctx context.Context, t *testing.T, l *lab.Lab) {
	t.Helper()
	conn := connect(t, l)
	for {
		var open int
		if err := conn.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND finalized_at IS NULL`).Scan(&open); err != nil {
			t.Fatal(err)
		}
		if open == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d messages are still waiting", open)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func connect(t *testing.T, l *lab.Lab) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), l.Portal.Config().Database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// countEvents counts audit events of an account by name.
func countEvents(t *testing.T, l *lab.Lab, a *actor) map[string]int {
	t.Helper()
	rows, err := connect(t, l).Query(t.Context(), `
		SELECT name, count(*) FROM audit_event WHERE directory = $1 AND object = $2 GROUP BY name`, a.Domain, a.object(t))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		counts[name] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return counts
}

// sweepLater does what a replica does by itself two minutes from now: it asks the directory what became of writes without a result.
func sweepLater(t *testing.T, l *lab.Lab) {
	t.Helper()
	a, err := app.Open(t.Context(), l.Portal.Config(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Recovery(func() time.Time { return time.Now().Add(2 * time.Minute) }).Sweep(t.Context(), 24*time.Hour); err != nil {
		t.Fatal(err)
	}
}

// verifyAudit exports the audit log and verifies it with nothing but the public key.
func verifyAudit(t *testing.T, l *lab.Lab) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	key, err := l.Portal.Command(t.Context(), "audit", "key")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Portal.Command(t.Context(), "audit", "export", "--out", file); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Portal.Command(t.Context(), "audit", "verify", file, "--key", key); err != nil {
		t.Error(err)
	}
}
