package postgres_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
)

func newAdminSession(id string) admin.Session {
	return admin.Session{
		ID: id, Account: alice(), Name: "alice@corp.example.test", Display: "Alice", SignedIn: start(), Touched: start(),
		Expires: start().Add(12 * time.Hour), Address: "192.0.2.1", Agent: "bad\x00agent\xff",
		Pending: &admin.Pending{ID: "q", State: []byte("state"), Prompt: []byte("prompt"), Expires: start().Add(time.Minute), Return: "/admin"},
	}
}

func adminToken(text string) admin.TokenHash { return admin.Token(text).Hash() }

func adminIn(t *testing.T, s fixture, id string) {
	t.Helper()
	sess := newAdminSession(id)
	if err := s.CreateAdminSession(t.Context(), sess, adminToken(id), event(audit.ProofRequested, alice(), id)); err != nil {
		t.Fatal(err)
	}
}

func adminPasskey(id string) authenticator.Credential {
	return authenticator.Credential{
		ID: id, Version: 1, Account: alice(), Kind: factor.Passkey, Label: "key", Channel: "device:1", Data: []byte("public"), Created: start(),
	}
}

func invite(t *testing.T, s fixture, id string) {
	t.Helper()
	i := admin.Invitation{ID: id, Account: alice(), Name: "alice", By: "an operator", Made: start(), Expires: start().Add(time.Hour)}
	if err := s.Invite(t.Context(), i, adminToken(id), event(audit.ConsoleInvited, alice(), id)); err != nil {
		t.Fatal(err)
	}
}

func TestAdminSessions(t *testing.T) {
	s := newStore(t)
	adminIn(t, s, "one")
	got, err := s.AdminSession(t.Context(), adminToken("one"))
	if err != nil || got.Account != alice() || got.Agent != "badagent\uFFFD" || got.Pending == nil || string(got.Pending.State) != "state" || !got.Proven.IsZero() {
		t.Fatalf("%+v, %v", got, err)
	}
	if open, err := s.OpenAdminSessions(t.Context(), account.ID{}, start()); err != nil || len(open) != 0 {
		t.Errorf("one that proved nothing is listed: %v, %v", open, err)
	}
	fresh := adminToken("fresh")
	_, err = s.UpdateAdminSession(t.Context(), "one", func(cur admin.Session) (admin.Session, admin.Effects, error) {
		cur.Proven, cur.Pending = start(), nil
		return cur, admin.Effects{Token: &fresh, Audit: []audit.Event{event(audit.ConsoleStarted, alice(), "one")}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.AdminSession(t.Context(), adminToken("one"))
	wantKind(t, "old token", err, fault.NotFound)
	for who, want := range map[account.ID]int{{}: 1, alice(): 1, {Directory: alice().Directory, Object: "else"}: 0} {
		if open, err := s.OpenAdminSessions(t.Context(), who, start()); err != nil || len(open) != want {
			t.Errorf("%v: %d open, want %d, %v", who, len(open), want, err)
		}
	}
	if _, err := s.Forget(t.Context(), start().Add(13*time.Hour)); err != nil {
		t.Fatal(err)
	}
	_, err = s.AdminSession(t.Context(), fresh)
	wantKind(t, "forgotten", err, fault.NotFound)
}

func TestAnInvitationIsReplacedByTheNext(t *testing.T) {
	s := newStore(t)
	invite(t, s, "first")
	invite(t, s, "second")
	_, err := s.InvitationBy(t.Context(), adminToken("first"))
	wantKind(t, "replaced", err, fault.NotFound)
	if i, err := s.InvitationBy(t.Context(), adminToken("second")); err != nil || i.ID != "second" || i.Account != alice() {
		t.Errorf("%+v, %v", i, err)
	}
	if open, err := s.OpenInvitations(t.Context(), start()); err != nil || len(open) != 1 {
		t.Errorf("%d open, %v", len(open), err)
	}
}

// TestAnInvitationWorksOnce: of sixteen who use one at once, one gets a passkey, and nobody else's session moves.
func TestAnInvitationWorksOnce(t *testing.T) {
	s := newStore(t)
	invite(t, s, "link")
	const browsers = 16
	for n := range browsers {
		adminIn(t, s, string(rune('a'+n)))
	}
	var won atomic.Int32
	var wait sync.WaitGroup
	for n := range browsers {
		wait.Go(func() {
			id := string(rune('a' + n))
			key := adminPasskey("key of " + id)
			_, err := s.UpdateAdminSession(t.Context(), id, func(cur admin.Session) (admin.Session, admin.Effects, error) {
				cur.Proven, cur.Pending = start(), nil
				return cur, admin.Effects{Add: &key, Use: "link", Audit: []audit.Event{event(audit.ConsolePasskeyAdded, alice(), id)}}, nil
			})
			if err == nil {
				won.Add(1)
			} else if fault.Of(err).Kind != fault.Conflict {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	keys, err := s.Passkeys(t.Context(), alice())
	if err != nil || won.Load() != 1 || len(keys) != 1 || string(keys[0].Data) != "public" {
		t.Errorf("%d won, passkeys %+v, %v", won.Load(), keys, err)
	}
	if open, err := s.OpenAdminSessions(t.Context(), alice(), start()); err != nil || len(open) != 1 {
		t.Errorf("%d sessions are open, %v", len(open), err)
	}
}

func TestRemovingAPasskeyEndsTheSessions(t *testing.T) {
	s := newStore(t)
	invite(t, s, "link")
	adminIn(t, s, "one")
	key := adminPasskey("key")
	_, err := s.UpdateAdminSession(t.Context(), "one", func(cur admin.Session) (admin.Session, admin.Effects, error) {
		cur.Proven, cur.Pending = start(), nil
		return cur, admin.Effects{Add: &key, Use: "link"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	other := account.ID{Directory: alice().Directory, Object: "else"}
	wantKind(t, "another's", s.RemovePasskey(t.Context(), other, "key", false, start(), event(audit.ConsolePasskeyRemoved, other, "x")), fault.NotFound)
	if err := s.RemovePasskey(t.Context(), alice(), "key", false, start(), event(audit.ConsolePasskeyRemoved, alice(), "x")); err != nil {
		t.Fatal(err)
	}
	keys, err := s.Passkeys(t.Context(), account.ID{})
	if err != nil || len(keys) != 0 {
		t.Errorf("%v, %v", keys, err)
	}
	if open, err := s.OpenAdminSessions(t.Context(), alice(), start()); err != nil || len(open) != 0 {
		t.Errorf("%d sessions are open, %v", len(open), err)
	}
}

// TestAttack10TheLastPasskeyStays: of sixteen that remove one of two at once, one does.
func TestAttack10TheLastPasskeyStays(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"one", "two"} {
		invite(t, s, "link "+id)
		adminIn(t, s, id)
		key := adminPasskey(id)
		_, err := s.UpdateAdminSession(t.Context(), id, func(cur admin.Session) (admin.Session, admin.Effects, error) {
			cur.Proven, cur.Pending = start(), nil
			return cur, admin.Effects{Add: &key, Use: "link " + id}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var gone atomic.Int32
	var wait sync.WaitGroup
	for n := range 16 {
		wait.Go(func() {
			id := []string{"one", "two"}[n%2]
			err := s.RemovePasskey(t.Context(), alice(), id, true, start(), event(audit.ConsolePasskeyRemoved, alice(), "x"))
			if err == nil {
				gone.Add(1)
			} else if fault.Of(err).Kind != fault.NotFound {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if keys, err := s.Passkeys(t.Context(), alice()); err != nil || len(keys) != 1 || gone.Load() != 1 {
		t.Errorf("%d were removed, %d are left, %v", gone.Load(), len(keys), err)
	}
}
