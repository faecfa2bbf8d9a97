package postgres_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/enrollment"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/recovery"
	"rekey/internal/throttle"
)

// keep stores a flow as it is, with effects.
func keep(e flow.Effects) recovery.Change {
	return func(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) { return f, e, nil }
}

// finish ends a flow the way a written password does.
func finish(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
	if f.Stage.Final() {
		return f, flow.Effects{}, fault.New(fault.Conflict, "problem.stale")
	}
	f.Stage, f.Ended = flow.Done, start()
	return f, flow.Effects{Audit: []audit.Event{event(audit.WriteDone, f.Account, "alice")}, CloseOthers: true}, nil
}

func applying(f flow.Flow) flow.Flow {
	f.Stage, f.Writing = flow.Applying, &flow.Writing{Claim: "mine", Since: start().Add(time.Minute)}
	return f
}

func TestFlows(t *testing.T) {
	s := newStore(t)
	open := newFlow("open", alice())
	open.Stage = flow.Prove
	open.Challenge = &flow.Challenge{Ref: "totp", State: []byte("state"), Prompt: []byte("prompt"), Made: start(), Expires: start().Add(time.Minute), Tries: 2}
	t.Run("read back as stored", func(t *testing.T) {
		got := s.create(t, open)
		if got.Version != 1 || got.Stage != flow.Prove || got.Account != alice() || !got.Expires.Equal(open.Expires) ||
			string(got.Challenge.State) != "state" || string(got.Challenge.Prompt) != "prompt" || got.Challenge.Tries != 2 || len(got.Offers) != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("unknown token is not found", func(t *testing.T) {
		_, err := s.FlowByToken(t.Context(), hash("guess"))
		wantKind(t, "read", err, fault.NotFound)
	})
	t.Run("unknown flow is not found", func(t *testing.T) {
		_, err := s.UpdateFlow(t.Context(), "none", keep(flow.Effects{}))
		wantKind(t, "update", err, fault.NotFound)
	})
	t.Run("update moves the version by one", func(t *testing.T) {
		got, err := s.UpdateFlow(t.Context(), "open", func(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
			f.Notice, f.Challenge, f.Stage, f.Version = "wrong-code", nil, flow.Choose, 99
			return f, flow.Effects{}, nil
		})
		if err != nil || got.Version != 2 {
			t.Fatalf("version %d, error %v: want 2", got.Version, err)
		}
		if again := s.read(t, "open"); again.Version != 2 || again.Notice != "wrong-code" || again.Challenge != nil {
			t.Errorf("stored %+v", again)
		}
	})
	t.Run("rotated token: the old one opens nothing", func(t *testing.T) {
		s.create(t, newFlow("rotated", alice()))
		_, err := s.UpdateFlow(t.Context(), "rotated", func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
			return f, flow.Effects{}, tx.RotateToken(t.Context(), hash("fresh"))
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.FlowByToken(t.Context(), hash("rotated"))
		wantKind(t, "old token", err, fault.NotFound)
		if got, err := s.FlowByToken(t.Context(), hash("fresh")); err != nil || got.ID != "rotated" {
			t.Errorf("new token opens %q, error %v", got.ID, err)
		}
	})
	t.Run("a flow keeps its account", func(t *testing.T) {
		s.create(t, newFlow("kept", alice()))
		got, err := s.UpdateFlow(t.Context(), "kept", func(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
			f.Account = bob()
			return f, flow.Effects{}, nil
		})
		if err != nil || got.Account != alice() {
			t.Errorf("account %v, error %v", got.Account, err)
		}
	})
}

func TestEverythingCommitsTogetherOrNotAtAll(t *testing.T) {
	s := newStore(t)
	s.create(t, newFlow("f", alice()))
	s.enroll(t, credential("c1", alice()))
	s.enroll(t, credential("c2", alice()))
	cs, err := s.Credentials(t.Context(), alice())
	if err != nil {
		t.Fatal(err)
	}
	effects := flow.Effects{Audit: []audit.Event{event(audit.ProofAccepted, alice(), "alice")}, Send: []message.Message{mail("m1")}}
	everything := func(fail error) recovery.Change {
		return func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
			f.Notice = "moved"
			c, err := tx.Counter(t.Context(), "account:alice")
			if err != nil {
				return f, flow.Effects{}, err
			}
			c.Failures++
			return f, effects, errors.Join(tx.SetCounter(t.Context(), "account:alice", c), tx.SaveCredential(t.Context(), cs[0]),
				tx.DeleteCredential(t.Context(), cs[1]), tx.RotateToken(t.Context(), hash("fresh")), fail)
		}
	}
	untouched := func(t *testing.T) {
		t.Helper()
		if f := s.read(t, "f"); f.Version != 1 || f.Notice != "" {
			t.Errorf("the flow moved: %+v", f)
		}
		if now, err := s.Credentials(t.Context(), alice()); err != nil || len(now) != 2 || now[0].Version != 1 {
			t.Errorf("credentials changed: %v, error %v", now, err)
		}
		if st, err := s.Standing(t.Context(), "account:alice", alice()); err != nil || st.Counter.Failures != 0 {
			t.Errorf("counted %d, error %v", st.Counter.Failures, err)
		}
		if n := s.count(t, `SELECT (SELECT count(*) FROM river_job) + (SELECT count(*) FROM audit_event) + (SELECT size FROM audit_head)`); n != 0 {
			t.Errorf("%d messages or records are left", n)
		}
	}
	t.Run("an error of the change", func(t *testing.T) {
		broken := errors.New("broken")
		if _, err := s.UpdateFlow(t.Context(), "f", everything(broken)); !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
		untouched(t)
	})
	t.Run("an audit record that cannot be written", func(t *testing.T) {
		s.exec(t, `ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK (name <> 'proof.accepted')`)
		if _, err := s.UpdateFlow(t.Context(), "f", everything(nil)); err == nil {
			t.Fatal("the change was accepted")
		}
		s.exec(t, `ALTER TABLE audit_event DROP CONSTRAINT full_disk`)
		untouched(t)
	})
	t.Run("a message that cannot be queued", func(t *testing.T) {
		s.exec(t, `ALTER TABLE river_job ADD CONSTRAINT full_disk CHECK (kind <> 'deliver')`)
		if _, err := s.UpdateFlow(t.Context(), "f", everything(nil)); err == nil {
			t.Fatal("the change was accepted")
		}
		s.exec(t, `ALTER TABLE river_job DROP CONSTRAINT full_disk`)
		untouched(t)
	})
	t.Run("success", func(t *testing.T) {
		if _, err := s.UpdateFlow(t.Context(), "f", everything(nil)); err != nil {
			t.Fatal(err)
		}
		st, err := s.Standing(t.Context(), "account:alice", alice())
		if err != nil {
			t.Fatal(err)
		}
		now, err := s.Credentials(t.Context(), alice())
		if err != nil {
			t.Fatal(err)
		}
		jobs, records := s.count(t, `SELECT count(*) FROM river_job`), s.count(t, `SELECT count(*) FROM audit_event`)
		if st.Counter.Failures != 1 || len(now) != 1 || now[0].Version != 2 || jobs != 1 || records != 1 {
			t.Errorf("failures %d, credentials %v, %d jobs, %d records", st.Counter.Failures, now, jobs, records)
		}
	})
	t.Run("the same message is queued once", func(t *testing.T) {
		if _, err := s.UpdateFlow(t.Context(), "f", keep(flow.Effects{Send: []message.Message{mail("m1"), mail("m2")}})); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, `SELECT count(*) FROM river_job`); n != 2 {
			t.Errorf("%d jobs, want 2", n)
		}
	})
}

func TestDeadMessagesAreCounted(t *testing.T) {
	s := newStore(t)
	s.create(t, newFlow("f", alice()))
	if _, err := s.UpdateFlow(t.Context(), "f", keep(flow.Effects{Send: []message.Message{mail("m1"), mail("m2")}})); err != nil {
		t.Fatal(err)
	}
	s.exec(t, `UPDATE river_job SET state = 'discarded', finalized_at = now() WHERE args->>'id' = 'm1'`)
	if n, err := s.DeadMessages(t.Context()); err != nil || n != 1 {
		t.Errorf("%d dead messages, error %v: want 1", n, err)
	}
}

func TestAttack10OneOfSixteenMovesTheFlow(t *testing.T) {
	s := newStore(t)
	s.create(t, newFlow("f", alice()))
	oneWinner(t, race(racers, func(i int) error {
		_, err := s.UpdateFlow(t.Context(), "f", func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
			if f.Version != 1 {
				return f, flow.Effects{}, fault.New(fault.Conflict, "problem.stale")
			}
			return f, flow.Effects{Audit: []audit.Event{event(audit.ProofAccepted, alice(), "x")}}, tx.RotateToken(t.Context(), hash(fmt.Sprint(i)))
		})
		return err
	}))
	if n := s.count(t, `SELECT count(*) FROM audit_event`); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

func TestCloseOthers(t *testing.T) {
	s := newStore(t)
	for _, id := range []flow.ID{"mine", "second", "third"} {
		s.create(t, newFlow(id, alice()))
	}
	s.create(t, applying(newFlow("writing", alice())))
	s.create(t, newFlow("bobs", bob()))
	s.create(t, newFlow("decoy", account.ID{}))
	s.signIn(t, newSession("alices", alice()))
	s.signIn(t, newSession("bobs", bob()))
	if _, err := s.UpdateFlow(t.Context(), "mine", finish); err != nil {
		t.Fatal(err)
	}
	want := map[flow.ID]flow.Stage{
		"mine": flow.Done, "second": flow.Expired, "third": flow.Expired, "writing": flow.Applying, "bobs": flow.Choose, "decoy": flow.Choose,
	}
	for id, stage := range want {
		if got := s.read(t, id).Stage; got != stage {
			t.Errorf("flow %s stands at %s, want %s", id, got, stage)
		}
	}
	if n := s.count(t, `SELECT count(*) FROM audit_event WHERE name = 'flow.expired' AND reason = 'superseded' AND object = $1`, alice().Object); n != 2 {
		t.Errorf("%d records of superseded flows, want 2", n)
	}
	for id, open := range map[string]bool{"alices": false, "bobs": true} {
		sess, err := s.SessionByToken(t.Context(), hash(id))
		if err != nil || sess.Ended.IsZero() != open {
			t.Errorf("session %s: ended %v, error %v", id, sess.Ended, err)
		}
	}
	t.Run("a decoy closes nothing", func(t *testing.T) {
		if _, err := s.UpdateFlow(t.Context(), "decoy", finish); err != nil {
			t.Fatal(err)
		}
		if got := s.read(t, "bobs").Stage; got != flow.Choose {
			t.Errorf("bob's flow stands at %s", got)
		}
	})
}

// TestCloseOthersNeverDeadlocks lets flows and sessions of one account end each other. Every transaction must run once: one
// that the database broke off would run again.
func TestCloseOthersNeverDeadlocks(t *testing.T) {
	s := newStore(t)
	for i := range racers {
		s.create(t, newFlow(flow.ID(fmt.Sprint("f", i)), alice()))
		s.signIn(t, newSession(fmt.Sprint("s", i), alice()))
	}
	var runs atomic.Int32
	var flows []error
	_ = race(2, func(kind int) error {
		if kind == 0 {
			flows = race(racers, func(i int) error {
				_, err := s.UpdateFlow(t.Context(), flow.ID(fmt.Sprint("f", i)), func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
					runs.Add(1)
					if _, err := tx.Counter(t.Context(), "account:alice"); err != nil {
						return f, flow.Effects{}, err
					}
					return finish(tx, f)
				})
				return err
			})
			return nil
		}
		for i, err := range race(racers, func(i int) error {
			_, err := s.UpdateSession(t.Context(), fmt.Sprint("s", i), func(tx enrollment.Tx, sess enrollment.Session) (enrollment.Session, flow.Effects, error) {
				runs.Add(1)
				_, err := tx.Counter(t.Context(), "account:alice")
				return sess, flow.Effects{Audit: []audit.Event{event(audit.SteppedUp, alice(), "x")}}, err
			})
			return err
		}) {
			if err != nil {
				t.Errorf("session %d: %v", i, err)
			}
		}
		return nil
	})
	oneWinner(t, flows)
	if runs.Load() != 2*racers {
		t.Errorf("%d runs, want %d: some were broken off", runs.Load(), 2*racers)
	}
}

func TestSweeper(t *testing.T) {
	s := newStore(t)
	early, late := newFlow("early", alice()), newFlow("late", bob())
	early.Touched, early.Expires = start().Add(-time.Hour), start().Add(time.Minute)
	s.create(t, early)
	s.create(t, late)
	s.create(t, applying(newFlow("writing", alice())))
	ended := newFlow("ended", alice())
	ended.Stage, ended.Ended = flow.Expired, start()
	s.create(t, ended)
	ids := func(fs []flow.Flow, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		out := ""
		for _, f := range fs {
			out += string(f.ID) + " "
		}
		return out
	}
	idle, now := start().Add(-time.Minute), start()
	for name, c := range map[string]struct{ got, want string }{
		"stuck, none yet":   {ids(s.Stuck(t.Context(), start().Add(time.Minute), 9)), ""},
		"stuck":             {ids(s.Stuck(t.Context(), start().Add(time.Hour), 9)), "writing "},
		"overdue, idle":     {ids(s.Overdue(t.Context(), idle, now, 9)), "early "},
		"overdue, all":      {ids(s.Overdue(t.Context(), idle, now.Add(2*time.Hour), 9)), "early late "},
		"overdue, one only": {ids(s.Overdue(t.Context(), idle, now.Add(2*time.Hour), 1)), "early "},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	s.signIn(t, newSession("old", alice()))
	if n, err := s.Forget(t.Context(), start()); err != nil || n != 0 {
		t.Errorf("forgot %d, error %v: too early", n, err)
	}
	if n, err := s.Forget(t.Context(), start().Add(24*time.Hour)); err != nil || n != 1 {
		t.Errorf("forgot %d, error %v: want the ended one", n, err)
	}
	if n := s.count(t, `SELECT count(*) FROM flow`); n != 3 {
		t.Errorf("%d flows are left, want 3", n)
	}
	if n := s.count(t, `SELECT count(*) FROM session`); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

func TestForgetTidiesBucketsAndCounters(t *testing.T) {
	s := newStore(t)
	s.exec(t, `INSERT INTO bucket VALUES ('empty', now() - interval '1 s'), ('full', now() + interval '1 h')`)
	for key, c := range map[string]throttle.Counter{
		"clean": {}, "failing": {Failures: 1, Since: start()}, "held": {Holds: 1, Since: start().AddDate(0, -2, 0), HeldUntil: start().Add(time.Hour)},
		"old": {Failures: 1, Since: start().AddDate(0, -2, 0)},
	} {
		if err := s.Adjust(t.Context(), key, flow.Effects{}, func(throttle.Counter) throttle.Counter { return c }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Forget(t.Context(), start()); err != nil {
		t.Fatal(err)
	}
	var left string
	err := s.pool.QueryRow(t.Context(), `SELECT string_agg(key, ' ' ORDER BY key) FROM (SELECT key FROM bucket UNION SELECT key FROM counter) AS k`).Scan(&left)
	if err != nil || left != "failing full held" {
		t.Errorf("left %q, error %v", left, err)
	}
}

func TestFreeze(t *testing.T) {
	s := newStore(t)
	s.create(t, newFlow("open", alice()))
	s.signIn(t, newSession("in", alice()))
	effects := flow.Effects{Audit: []audit.Event{event(audit.RecoveryFrozen, alice(), "x")}, Send: []message.Message{mail("frozen")}, CloseOthers: true}
	frozen := func(want bool) {
		t.Helper()
		got, err := s.Frozen(t.Context(), alice())
		st, err2 := s.Standing(t.Context(), "account:none", alice())
		if err != nil || err2 != nil || got != want || st.Frozen != want {
			t.Errorf("frozen %v and %v, errors %v %v: want %v", got, st.Frozen, err, err2, want)
		}
	}
	frozen(false)
	winners := 0
	for _, err := range race(racers, func(int) error {
		ok, err := s.Freeze(t.Context(), alice(), start(), effects)
		if err == nil && !ok {
			return errors.New("already")
		}
		return err
	}) {
		if err == nil {
			winners++
		}
	}
	frozen(true)
	if n := s.count(t, `SELECT count(*) FROM audit_event WHERE name = 'recovery.frozen'`); winners != 1 || n != 1 {
		t.Errorf("%d froze, %d records: want 1", winners, n)
	}
	if got := s.read(t, "open").Stage; got != flow.Expired {
		t.Errorf("the open flow stands at %s", got)
	}
	if open, err := s.OpenSessions(t.Context(), alice(), start()); err != nil || len(open) != 0 {
		t.Errorf("%d sessions are open, error %v", len(open), err)
	}
	if other, err := s.Frozen(t.Context(), bob()); err != nil || other {
		t.Errorf("bob is frozen too: %v, error %v", other, err)
	}
	for _, want := range []bool{true, false} {
		if ok, err := s.Release(t.Context(), alice(), start(), flow.Effects{}); err != nil || ok != want {
			t.Errorf("released %v, error %v: want %v", ok, err, want)
		}
	}
	frozen(false)
}
