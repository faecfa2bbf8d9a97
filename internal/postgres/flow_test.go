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
		_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "none"}, keep(flow.Effects{}))
		wantKind(t, "update", err, fault.NotFound)
	})
	t.Run("update moves the version by one", func(t *testing.T) {
		got, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "open"}, func(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
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
	t.Run("a flow that has moved on since it was read is read again", func(t *testing.T) {
		known := s.create(t, newFlow("moved", alice()))
		for _, notice := range []string{"first", "second"} { // both from what was read at the start
			got, err := s.UpdateFlow(t.Context(), known, func(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
				f.Notice += notice
				return f, flow.Effects{Audit: []audit.Event{event(audit.ProofRejected, alice(), notice)}}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if again := s.read(t, "moved"); again.Version != got.Version || again.Notice != got.Notice {
				t.Errorf("given %+v, stored %+v", got, again)
			}
		}
		if got := s.read(t, "moved"); got.Version != 3 || got.Notice != "firstsecond" {
			t.Errorf("version %d, notice %q: an update is lost", got.Version, got.Notice)
		}
		if n := s.count(t, `SELECT count(*) FROM audit_event WHERE name = 'proof.rejected'`); n != 2 {
			t.Errorf("%d records, want 2", n)
		}
	})
	t.Run("a flow that was deleted since it was read is not found, and leaves no record", func(t *testing.T) {
		known := s.create(t, newFlow("deleted", alice()))
		s.exec(t, `DELETE FROM flow WHERE id = 'deleted'`)
		records := s.count(t, `SELECT size FROM audit_head`)
		_, err := s.UpdateFlow(t.Context(), known, keep(flow.Effects{Audit: []audit.Event{event(audit.ProofRejected, alice(), "x")}}))
		wantKind(t, "update", err, fault.NotFound)
		if n := s.count(t, `SELECT size FROM audit_head`); n != records {
			t.Errorf("%d records, want %d", n, records)
		}
	})
	t.Run("rotated token: the old one opens nothing", func(t *testing.T) {
		s.create(t, newFlow("rotated", alice()))
		_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "rotated"}, func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
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
		got, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "kept"}, func(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
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
			c, err := tx.Tally(t.Context(), throttle.From("account:alice", "192.0.2.1"))
			if err != nil {
				return f, flow.Effects{}, err
			}
			c.Own.Failures++
			return f, effects, errors.Join(tx.SetTally(t.Context(), throttle.From("account:alice", "192.0.2.1"), c), tx.SaveCredential(t.Context(), cs[0]),
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
		if st, err := s.Standing(t.Context(), throttle.From("account:alice", "192.0.2.1"), alice()); err != nil || st.Tally.Own.Failures != 0 {
			t.Errorf("counted %d, error %v", st.Tally.Own.Failures, err)
		}
		if n := s.count(t, `SELECT (SELECT count(*) FROM river_job) + (SELECT count(*) FROM audit_event) + (SELECT size FROM audit_head)`); n != 0 {
			t.Errorf("%d messages or records are left", n)
		}
	}
	t.Run("an error of the change", func(t *testing.T) {
		broken := errors.New("broken")
		if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, everything(broken)); !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
		untouched(t)
	})
	t.Run("an audit record that cannot be written", func(t *testing.T) {
		s.exec(t, `ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK (name <> 'proof.accepted')`)
		if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, everything(nil)); err == nil {
			t.Fatal("the change was accepted")
		}
		s.exec(t, `ALTER TABLE audit_event DROP CONSTRAINT full_disk`)
		untouched(t)
	})
	t.Run("a message that cannot be queued", func(t *testing.T) {
		s.exec(t, `ALTER TABLE river_job ADD CONSTRAINT full_disk CHECK (kind <> 'deliver')`)
		if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, everything(nil)); err == nil {
			t.Fatal("the change was accepted")
		}
		s.exec(t, `ALTER TABLE river_job DROP CONSTRAINT full_disk`)
		untouched(t)
	})
	t.Run("success", func(t *testing.T) {
		if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, everything(nil)); err != nil {
			t.Fatal(err)
		}
		st, err := s.Standing(t.Context(), throttle.From("account:alice", "192.0.2.1"), alice())
		if err != nil {
			t.Fatal(err)
		}
		now, err := s.Credentials(t.Context(), alice())
		if err != nil {
			t.Fatal(err)
		}
		jobs, records := s.count(t, `SELECT count(*) FROM river_job`), s.count(t, `SELECT count(*) FROM audit_event`)
		if st.Tally.Own.Failures != 1 || len(now) != 1 || now[0].Version != 2 || jobs != 1 || records != 1 {
			t.Errorf("failures %d, credentials %v, %d jobs, %d records", st.Tally.Own.Failures, now, jobs, records)
		}
	})
	t.Run("the same message is queued once", func(t *testing.T) {
		if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, keep(flow.Effects{Send: []message.Message{mail("m1"), mail("m2")}})); err != nil {
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
	if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, keep(flow.Effects{Send: []message.Message{mail("m1"), mail("m2")}})); err != nil {
		t.Fatal(err)
	}
	s.exec(t, `UPDATE river_job SET state = 'discarded', finalized_at = now() WHERE args->>'id' = 'm1'`)
	if n, err := s.DeadMessages(t.Context()); err != nil || n != 1 {
		t.Errorf("%d dead messages, error %v: want 1", n, err)
	}
}

func TestAttack10OneOfSixteenMovesTheFlow(t *testing.T) {
	s := newRaceTrack(t)
	s.create(t, newFlow("f", alice()))
	oneWinner(t, race(racers, func(i int) error {
		_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
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
	if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "mine"}, finish); err != nil {
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
		if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "decoy"}, finish); err != nil {
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
	s := newRaceTrack(t)
	for i := range racers {
		s.create(t, newFlow(flow.ID(fmt.Sprint("f", i)), alice()))
		s.signIn(t, newSession(fmt.Sprint("s", i), alice()))
	}
	var runs atomic.Int32
	var flows []error
	_ = race(2, func(kind int) error {
		if kind == 0 {
			flows = race(racers, func(i int) error {
				_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: flow.ID(fmt.Sprint("f", i))}, func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
					runs.Add(1)
					if _, err := tx.Tally(t.Context(), throttle.From("account:alice", "192.0.2.1")); err != nil {
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
				_, err := tx.Tally(t.Context(), throttle.From("account:alice", "192.0.2.1"))
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
