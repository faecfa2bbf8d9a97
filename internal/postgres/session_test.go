package postgres_test

import (
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/enrollment"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
)

func TestSessions(t *testing.T) {
	s := newStore(t)
	first := newSession("first", alice())
	first.Agent = "bad\x00agent\xff"
	first.Pending = &enrollment.Pending{Enroll: true, Kind: factor.TOTP, State: []byte("state"), Made: start(), Expires: start().Add(time.Minute), Tries: 1}
	if err := s.CreateSession(t.Context(), first, hash("first"), flow.Effects{Audit: []audit.Event{event(audit.SignedIn, alice(), "x")}}); err != nil {
		t.Fatal(err)
	}
	read := func(t *testing.T, token string) enrollment.Session {
		t.Helper()
		sess, err := s.SessionByToken(t.Context(), hash(token))
		if err != nil {
			t.Fatal(err)
		}
		return sess
	}
	t.Run("read back as stored", func(t *testing.T) {
		got := read(t, "first")
		if got.Version != 1 || got.Account != alice() || got.Display != "Alice" || got.Address != "192.0.2.7" || got.Agent != "badagent\uFFFD" ||
			!got.Expires.Equal(first.Expires) || !got.Proven.IsZero() || !got.Ended.IsZero() {
			t.Errorf("got %+v", got)
		}
		if p := got.Pending; p == nil || !p.Enroll || string(p.State) != "state" || !p.Made.Equal(start()) || p.Tries != 1 {
			t.Errorf("pending %+v", got.Pending)
		}
	})
	t.Run("unknown is not found", func(t *testing.T) {
		_, err := s.SessionByToken(t.Context(), hash("guess"))
		wantKind(t, "read", err, fault.NotFound)
		_, err = s.UpdateSession(t.Context(), "none", func(_ enrollment.Tx, sess enrollment.Session) (enrollment.Session, flow.Effects, error) {
			return sess, flow.Effects{}, nil
		})
		wantKind(t, "update", err, fault.NotFound)
	})
	t.Run("update and rotate", func(t *testing.T) {
		got, err := s.UpdateSession(t.Context(), "first", func(tx enrollment.Tx, sess enrollment.Session) (enrollment.Session, flow.Effects, error) {
			sess.Proven, sess.Pending, sess.Notice = start().Add(time.Minute), nil, "added:totp"
			return sess, flow.Effects{}, tx.RotateToken(t.Context(), hash("fresh"))
		})
		if err != nil || got.Version != 2 {
			t.Fatalf("version %d, error %v", got.Version, err)
		}
		_, err = s.SessionByToken(t.Context(), hash("first"))
		wantKind(t, "old token", err, fault.NotFound)
		if again := read(t, "fresh"); again.Version != 2 || again.Pending != nil || again.Notice != "added:totp" || !again.Proven.Equal(start().Add(time.Minute)) {
			t.Errorf("stored %+v", again)
		}
	})
	t.Run("credentials as the change sees them", func(t *testing.T) {
		s.signIn(t, newSession("adding", alice()))
		_, err := s.UpdateSession(t.Context(), "adding", func(tx enrollment.Tx, sess enrollment.Session) (enrollment.Session, flow.Effects, error) {
			before, err := tx.Credentials(t.Context(), alice())
			if err != nil || len(before) != 0 {
				t.Errorf("before: %v, error %v", before, err)
			}
			if err := tx.AddCredential(t.Context(), credential("c", alice())); err != nil {
				return sess, flow.Effects{}, err
			}
			after, err := tx.Credentials(t.Context(), alice())
			if err != nil || len(after) != 1 || string(after[0].Data) != "seed of c" {
				t.Errorf("after: %v, error %v", after, err)
			}
			sess.Ended = start()
			return sess, flow.Effects{}, err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	t.Run("list and end others", func(t *testing.T) {
		second, over := newSession("second", alice()), newSession("over", alice())
		second.SignedIn = start().Add(time.Minute)
		over.Expires = start().Add(-time.Second)
		s.signIn(t, second)
		s.signIn(t, over)
		s.signIn(t, newSession("bobs", bob()))
		open, err := s.OpenSessions(t.Context(), alice(), start())
		if err != nil || len(open) != 2 || open[0].ID != "second" || open[1].ID != "first" {
			t.Fatalf("open %v, error %v", open, err)
		}
		n, err := s.EndOthers(t.Context(), alice(), "first", start(), flow.Effects{Audit: []audit.Event{event(audit.SignedOut, alice(), "x")}})
		if err != nil || n != 2 {
			t.Errorf("ended %d, error %v: want 2", n, err)
		}
		if got := read(t, "second"); got.Ended.IsZero() || got.Version != 2 {
			t.Errorf("the other session is open: %+v", got)
		}
		if !read(t, "fresh").Ended.IsZero() || !read(t, "bobs").Ended.IsZero() {
			t.Error("ended one too many")
		}
		if n, err := s.EndOthers(t.Context(), alice(), "", start(), flow.Effects{}); err != nil || n != 1 {
			t.Errorf("ended %d, error %v: want the last", n, err)
		}
	})
	t.Run("history", func(t *testing.T) {
		past, err := s.History(t.Context(), alice(), 9)
		if err != nil || len(past) != 2 || past[0].Name != audit.SignedOut || past[1].Name != audit.SignedIn {
			t.Fatalf("past %v, error %v", past, err)
		}
		if p := past[0]; !p.At.Equal(start()) || p.Detail["name"] != "x" || len(p.Factors) != 1 || p.Purpose != "reset" {
			t.Errorf("got %+v", p)
		}
		if past, err := s.History(t.Context(), alice(), 1); err != nil || len(past) != 1 {
			t.Errorf("%d lines, error %v: want 1", len(past), err)
		}
	})
}
