package systemtest

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"rekey/internal/lab"
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
	t.Parallel()
	conn := connect(t, l)
	second := watchedReplica(t, l, "crash")
	actors := make([]*actor, flowCommits)
	for i := range actors {
		actors[i] = play(t, l, "crash"+strconv.Itoa(i+1))
	}
	for commit := flowCommits; commit >= 1; commit-- { // the last first: what it leaves behind takes longest
		for _, phase := range []wire.Phase{wire.Before, wire.After} {
			t.Run(fmt.Sprintf("commit %d %s", commit, []string{"not sent", "not heard of"}[phase]), func(t *testing.T) {
				second.crashDuring(t, conn, actors[commit-1], commit, phase)
			})
		}
	}
	delivered(t, conn)
	for _, a := range actors {
		if got := a.notices(); got != a.told {
			t.Errorf("%s: %d notices of %d resets", a.SAM, got, a.told)
		}
	}
	verifyAudit(t, l)
}

// replica is a second portal process on a lab's database, behind a proxy that sees its commits.
type replica struct {
	lab   *lab.Lab
	proxy *wire.Proxy
	*portal.Portal
}

func watchedReplica(t testing.TB, l *lab.Lab, name string) *replica {
	t.Helper()
	proxy, database, err := wire.Start(t.Context(), l.Portal.Config().Database, "flow")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	return &replica{lab: l, proxy: proxy, Portal: prepareReplica(t, l, name, database)}
}

// prepareReplica makes another portal on a lab's database; it does not run yet.
func prepareReplica(t testing.TB, l *lab.Lab, name, database string, env ...string) *portal.Portal {
	t.Helper()
	p, err := portal.Prepare(t.Context(), portal.Spec{
		Binary: l.Binary, Dir: filepath.Join(l.Dir(), name), Database: database, KeyFile: l.Portal.Config().KeyFile, Env: append(trusting(), env...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// crashDuring resets through the replica, kills it at one commit, finishes on the first portal and checks what must hold.
func (r *replica) crashDuring(t *testing.T, conn *pgx.Conn, a *actor, commit int, phase wire.Phase) {
	fetched(t, conn)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := events(t, conn, a)
	r.killAt(commit, phase)
	v := browse(r.URL())
	code, password := a.nextSheet(t), a.fresh()
	proofs := a.proofs
	proofs.Sheet = []string{code}
	_, err := v.Reset(t.Context(), a.UPN, password, proofs, "backup-code", "mail")
	if err == nil {
		t.Fatal("the portal was not killed: the flow has fewer commits than the test thinks")
	}
	r.proxy.On(nil)
	r.Kill()
	v.Move(r.lab.Portal.URL())
	a.finish(t, v, &proofs, password)
	a.checkAfterCrash(t, code, password)
	after := events(t, conn, a)
	grown := func(name string) int { return after[name] - before[name] }
	if i, d := grown("write.intended"), grown("write.done")+grown("write.rejected"); i != d || grown("write.done") != 1 {
		t.Errorf("%d intents, %d results (%d done)", i, d, grown("write.done"))
	}
	a.told++
}

// killAt kills the process at a commit of a flow.
func (r *replica) killAt(commit int, phase wire.Phase) {
	var seen atomic.Int32
	r.proxy.On(func(p wire.Phase) bool {
		if p != phase || int(seen.Add(1)) != commit {
			return false
		}
		r.Kill()
		return true
	})
}

// finish goes on with the same cookie until the reset is done, starting again when there is nothing to go on with.
func (a *actor) finish(t *testing.T, v *visitor.Visitor, p *visitor.Proofs, password string) {
	t.Helper()
	ctx := t.Context()
	sweepLater(t, a.lab)
	page, err := v.Open(ctx, "/flow")
	for range 8 {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case isDone(page):
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

func isDone(p *visitor.Page) bool { return strings.Contains(p.Text, "Your password is changed") }

// proveNext proves with what is left: a backup code that may have been used is replaced by another when it is refused, and codes that
// were on their way before the crash are tried before the one just asked for.
func (a *actor) proveNext(t *testing.T, v *visitor.Visitor, p *visitor.Proofs) (*visitor.Page, error) {
	t.Helper()
	for _, k := range v.Page().Options("method") {
		if k == "backup-code" {
			page, err := v.Prove(t.Context(), k, *p)
			if err == nil && len(page.Problems) > 0 {
				p.Sheet = []string{a.nextSheet(t)}
			}
			return page, err
		}
	}
	page, err := v.Prove(t.Context(), "mail", *p)
	for err == nil && has(page, "/flow/answer") {
		var code string
		if code, err = p.Code(t.Context()); err == nil {
			page, err = v.Submit(t.Context(), "/flow/answer", visitor.Fields{"code": code})
		}
	}
	return page, err
}

func (a *actor) checkAfterCrash(t *testing.T, code, password string) {
	t.Helper()
	if !a.binds(t, password) {
		t.Error("the new password does not open the account")
	}
	if a.binds(t, a.password) {
		t.Error("the old password still opens the account")
	}
	a.password = password
	v := browse(a.lab.Portal.URL())
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
}
