package postgres_test

import (
	"strings"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/enrollment"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/recovery"
)

func TestCredentials(t *testing.T) {
	s := newStore(t)
	s.create(t, newFlow("f", alice()))
	second := credential("second", alice())
	second.Created = start().Add(time.Minute)
	s.enroll(t, second)
	s.enroll(t, credential("first", alice()))
	s.enroll(t, credential("bobs", bob()))
	list := func(t *testing.T) []authenticator.Credential {
		t.Helper()
		cs, err := s.Credentials(t.Context(), alice())
		if err != nil {
			t.Fatal(err)
		}
		return cs
	}
	change := func(do func(recovery.Tx) error) error {
		_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
			return f, flow.Effects{}, do(tx)
		})
		return err
	}
	t.Run("an account's own, oldest first", func(t *testing.T) {
		cs := list(t)
		if len(cs) != 2 || cs[0].ID != "first" || cs[1].ID != "second" {
			t.Fatalf("got %v", cs)
		}
		c := cs[0]
		if c.Version != 1 || c.Account != alice() || c.Label != "Phone" || string(c.Data) != "seed of first" || c.Channel != "device:first" ||
			!c.Created.Equal(start()) || !c.LastUsed.IsZero() {
			t.Errorf("got %+v", c)
		}
	})
	t.Run("save", func(t *testing.T) {
		c := list(t)[0]
		c.Data, c.Label, c.LastUsed = []byte("next"), "New phone", start().Add(time.Hour)
		if err := change(func(tx recovery.Tx) error { return tx.SaveCredential(t.Context(), c) }); err != nil {
			t.Fatal(err)
		}
		got := list(t)[0]
		if got.Version != 2 || string(got.Data) != "next" || got.Label != "New phone" || !got.LastUsed.Equal(c.LastUsed) {
			t.Errorf("got %+v", got)
		}
		err := change(func(tx recovery.Tx) error { return tx.SaveCredential(t.Context(), c) })
		wantKind(t, "save an old version", err, fault.Conflict)
	})
	t.Run("of another account", func(t *testing.T) {
		stolen := credential("bobs", alice())
		stolen.Version = 1
		err := change(func(tx recovery.Tx) error { return tx.SaveCredential(t.Context(), stolen) })
		wantKind(t, "save", err, fault.Conflict)
		err = change(func(tx recovery.Tx) error { return tx.DeleteCredential(t.Context(), stolen) })
		wantKind(t, "delete", err, fault.Conflict)
	})
	t.Run("delete", func(t *testing.T) {
		c := list(t)[1]
		if err := change(func(tx recovery.Tx) error { return tx.DeleteCredential(t.Context(), c) }); err != nil {
			t.Fatal(err)
		}
		if got := list(t); len(got) != 1 {
			t.Errorf("%d are left", len(got))
		}
		err := change(func(tx recovery.Tx) error { return tx.DeleteCredential(t.Context(), c) })
		wantKind(t, "delete twice", err, fault.Conflict)
	})
	t.Run("a row moved to another account does not open", func(t *testing.T) {
		s.exec(t, `UPDATE credential SET object = $1 WHERE id = 'bobs'`, alice().Object)
		if _, err := s.Credentials(t.Context(), alice()); err == nil || !strings.Contains(err.Error(), "open credential") {
			t.Errorf("got %v, want refused", err)
		}
	})
}

func TestAttack10OneOfSixteenSpendsTheCredential(t *testing.T) {
	s := newRaceTrack(t)
	s.enroll(t, credential("c", alice()))
	for i := range racers {
		s.create(t, newFlow(flow.ID(rune('a'+i)), alice()))
	}
	spent, err := s.Credentials(t.Context(), alice())
	if err != nil {
		t.Fatal(err)
	}
	for name, spend := range map[string]func(recovery.Tx) error{
		"save":   func(tx recovery.Tx) error { return tx.SaveCredential(t.Context(), spent[0]) },
		"delete": func(tx recovery.Tx) error { return tx.DeleteCredential(t.Context(), spent[0]) },
	} {
		t.Run(name, func(t *testing.T) {
			s.exec(t, `UPDATE credential SET version = 1`)
			oneWinner(t, race(racers, func(i int) error {
				_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: flow.ID(rune('a' + i))}, func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
					return f, flow.Effects{}, spend(tx)
				})
				return err
			}))
			s.exec(t, `DELETE FROM credential`)
			s.enroll(t, credential("c", alice()))
		})
	}
}

func TestImport(t *testing.T) {
	s := newStore(t)
	cs := []authenticator.Credential{credential("b1", bob()), credential("a1", alice()), credential("a2", alice())}
	effects := flow.Effects{Audit: []audit.Event{event(audit.MethodAdded, alice(), "x")}}
	if err := s.Import(t.Context(), cs, effects); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Credentials(t.Context(), alice()); err != nil || len(got) != 2 || string(got[1].Data) != "seed of a2" {
		t.Errorf("alice has %v, error %v", got, err)
	}
	if err := s.Import(t.Context(), cs, effects); err == nil {
		t.Error("imported twice")
	}
	if n := s.count(t, `SELECT count(*) FROM audit_event`); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// TestAttack10FlowAndSessionSpendTheCredentialOnce lets recovery and "My account" use one code.
func TestAttack10FlowAndSessionSpendTheCredentialOnce(t *testing.T) {
	s := newRaceTrack(t)
	s.enroll(t, credential("c", alice()))
	s.create(t, newFlow("f", alice()))
	s.signIn(t, newSession("s", alice()))
	spent, err := s.Credentials(t.Context(), alice())
	if err != nil {
		t.Fatal(err)
	}
	oneWinner(t, race(2, func(i int) error {
		if i == 0 {
			_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, func(tx recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
				return f, flow.Effects{}, tx.SaveCredential(t.Context(), spent[0])
			})
			return err
		}
		_, err := s.UpdateSession(t.Context(), "s", func(tx enrollment.Tx, sess enrollment.Session) (enrollment.Session, flow.Effects, error) {
			return sess, flow.Effects{}, tx.SaveCredential(t.Context(), spent[0])
		})
		return err
	}))
}
