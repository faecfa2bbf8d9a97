package admin_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/directory/memory"
	"rekey/internal/fault"
	"rekey/internal/role"
	"rekey/internal/secret"
)

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.Of(err).Kind != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// race does the same thing by sixteen at once, and counts those that got through. The others must fail as want says.
func race(t *testing.T, do func(n int) error, want ...fault.Kind) int {
	t.Helper()
	var won atomic.Int32
	var wait sync.WaitGroup
	gate := make(chan struct{})
	for n := range racers {
		wait.Go(func() {
			<-gate
			switch err := do(n); {
			case err == nil:
				won.Add(1)
			case !slices.Contains(want, fault.Of(err).Kind):
				t.Errorf("lost by %v", err)
			}
		})
	}
	close(gate)
	wait.Wait()
	return int(won.Load())
}

// TestTheWayIn: an invitation, a passkey, later both halves of a sign-in, a step-up, and everything recorded under who did it.
func TestTheWayIn(t *testing.T) {
	h := newHouse(t)
	var seq int64 = -1
	h.recorded(&seq)
	first, key := h.enter(h.owner)
	a := h.admitted(first)
	if a.Session.Account != h.owner || !slices.Equal(a.Grants.Roles(), []role.Role{role.Owner}) || a.Role() != "owner" || a.Session.Display != "Olga" {
		t.Errorf("in as %+v", a)
	}
	token, err := h.signIn("olga")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Admit(t.Context(), token); !errors.Is(err, admin.ErrProve) {
		t.Errorf("half signed in: %v", err)
	}
	at, _ := h.question(token)
	moved, err := h.Prove(t.Context(), token, at, h.code(key), "", from())
	if err != nil || moved.Return != "/admin/audit" || moved.Token == token {
		t.Fatalf("%+v, %v", moved, err)
	}
	if _, err := h.Session(t.Context(), token); !errors.Is(err, admin.ErrSignIn) {
		t.Errorf("the token of before the proof: %v", err)
	}
	if err := h.SignOut(t.Context(), moved.Token, from()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Admit(t.Context(), moved.Token); !errors.Is(err, admin.ErrSignIn) {
		t.Errorf("signed out: %v", err)
	}
	name := a.Name()
	want := []record{
		{"console.invited", "ok", "", "operator", "an operator"},
		{"proof.requested", "ok", "", "operator", ""},
		{"console.passkey-added", "ok", "", "operator", name},
		{"console.started", "ok", "", "operator", name},
		{"proof.requested", "ok", "", "operator", ""},
		{"console.started", "ok", "", "operator", name},
		{"console.ended", "ok", "", "operator", name},
	}
	if got := h.recorded(&seq); !slices.Equal(got, want) {
		t.Errorf("recorded %v", got)
	}
}

// TestAttack16SignInTellsNothingAboutNames: a wrong password, an unknown name and somebody without a role get one answer; each is
// recorded, and counted until the account is held.
func TestAttack16SignInTellsNothingAboutNames(t *testing.T) {
	h := newHouse(t)
	_, key := h.enter(h.owner)
	var seq int64 = -1
	h.recorded(&seq)
	try := func(name string) error {
		_, err := h.SignIn(t.Context(), admin.SignIn{Typed: name, Password: secret.New("wrong"), Source: from()})
		return err
	}
	first := try("olga")
	wantKind(t, "wrong password", first, fault.Invalid)
	for _, name := range []string{"ben", "nobody", `CORP\nobody`} {
		if err := try(name); err == nil || fault.Of(err).Text != fault.Of(first).Text || fault.Of(err).Field != fault.Of(first).Field {
			t.Errorf("%s: %v, want %v", name, err, first)
		}
	}
	refused := h.recorded(&seq)
	if len(refused) != 4 {
		t.Errorf("recorded %v", refused)
	}
	for _, r := range refused {
		if r.Name != "console.refused" || r.Outcome != "refused" || r.Actor != "visitor" || r.By != "" {
			t.Errorf("recorded %v", r)
		}
	}
	for range 20 { // the directory's own lock is never run into, ours holds
		h.advance(time.Minute)
		if err := try("olga"); err == nil {
			t.Fatal("a wrong password got in")
		}
	}
	h.advance(time.Minute)
	if _, err := h.signIn("olga"); err == nil || fault.Of(err).Text != fault.Of(first).Text {
		t.Errorf("held, with the right password: %v", err)
	}
	h.advance(48 * time.Hour)
	h.in(key)
}

func TestNobodyGetsInWithoutAPasskey(t *testing.T) {
	h := newHouse(t)
	_, err := h.signIn("anna")
	wantKind(t, "no passkey yet", err, fault.Invalid)
	if open, err := h.Sessions(t.Context(), account.ID{}); err != nil || len(open) != 0 {
		t.Errorf("%d sessions, %v", len(open), err)
	}
	h.enter(h.anna)
	if _, err := h.signIn("anna"); err != nil {
		t.Errorf("with one: %v", err)
	}
}

// TestAttack08FiveWrongAnswersEndASession: at a sign-in, and at a step-up, however often it is asked for anew.
func TestAttack08FiveWrongAnswersEndASession(t *testing.T) {
	h := newHouse(t)
	open, key := h.enter(h.owner)
	token, err := h.signIn("olga")
	if err != nil {
		t.Fatal(err)
	}
	before, _ := h.question(token)
	if _, err := h.Prove(t.Context(), token, before, wrongCode(), "", from()); fault.Of(err).Field != "credential" {
		t.Errorf("a wrong answer: %v", err)
	}
	_, err = h.Prove(t.Context(), token, before, h.code(key), "", from())
	wantKind(t, "a form of before the wrong answer", err, fault.Conflict)
	var seq int64 = -1
	h.recorded(&seq)
	for n := 2; n <= 5; n++ {
		at, _ := h.question(token)
		_, err = h.Prove(t.Context(), token, at, wrongCode(), "", from())
	}
	if !errors.Is(err, admin.ErrSignIn) {
		t.Errorf("the fifth: %v", err)
	}
	if _, err := h.Session(t.Context(), token); !errors.Is(err, admin.ErrSignIn) {
		t.Errorf("afterwards: %v", err)
	}
	if got := h.recorded(&seq); len(got) != 4 || got[3] != (record{"proof.rejected", "refused", "wrong-code", "operator", ""}) {
		t.Errorf("recorded %v", got)
	}

	a := h.admitted(open)
	for n := 1; n <= 5; n++ {
		if err := h.StepUp(t.Context(), a, "/admin", from()); err != nil {
			t.Fatal(err)
		}
		at, _ := h.question(open)
		_, err = h.Prove(t.Context(), open, at, wrongCode(), "", from())
	}
	if _, left := h.Admit(t.Context(), open); !errors.Is(err, admin.ErrSignIn) || !errors.Is(left, admin.ErrSignIn) {
		t.Errorf("five wrong answers to five questions: %v, then %v", err, left)
	}
}

// TestAttack10TwoAnswersToOneQuestion: of sixteen right answers that come at once, one is taken.
func TestAttack10TwoAnswersToOneQuestion(t *testing.T) {
	h := newHouse(t)
	_, key := h.enter(h.owner)
	token, err := h.signIn("olga")
	if err != nil {
		t.Fatal(err)
	}
	at, _ := h.question(token)
	code := h.code(key)
	won := race(t, func(int) error {
		_, err := h.Prove(t.Context(), token, at, code, "", from())
		return err
	}, fault.Conflict, fault.NotFound)
	if won != 1 {
		t.Errorf("%d answers were taken", won)
	}
}

func TestStepUp(t *testing.T) {
	h := newHouse(t)
	token, key := h.enter(h.owner)
	a := h.admitted(token)
	if !h.Fresh(a) {
		t.Error("a passkey proven just now is not fresh")
	}
	h.advance(5*time.Minute + time.Second)
	if h.Fresh(a) {
		t.Error("it stays fresh")
	}
	if err := h.StepUp(t.Context(), a, "/admin/policies", from()); err != nil {
		t.Fatal(err)
	}
	h.admitted(token) // the session goes on meanwhile
	at, _ := h.question(token)
	var seq int64 = -1
	h.recorded(&seq)
	moved, err := h.Prove(t.Context(), token, at, h.code(key), "", from())
	if err != nil || moved.Return != "/admin/policies" {
		t.Fatalf("%+v, %v", moved, err)
	}
	if a = h.admitted(moved.Token); !h.Fresh(a) || a.Session.Pending != nil {
		t.Errorf("after the step-up: %+v", a.Session)
	}
	if got := h.recorded(&seq); len(got) != 1 || got[0].Name != "console.stepped-up" || got[0].By != a.Name() {
		t.Errorf("recorded %v", got)
	}
}

// TestAttack12AnInvitationWorksOnce: of sixteen browsers that hold the link and know the password, one gets a passkey.
func TestAttack12AnInvitationWorksOnce(t *testing.T) {
	h := newHouse(t)
	link := h.invited(h.owner)
	var tokens, ats [racers]string
	var keys [racers]app
	for n := range racers {
		token := h.accepted(link)
		at, key := h.question(token)
		tokens[n], ats[n], keys[n] = string(token), at, key
	}
	h.advance(30 * time.Second)
	won := race(t, func(n int) error {
		_, err := h.Prove(t.Context(), admin.Token(tokens[n]), ats[n], h.codeNow(keys[n]), "key", from())
		return err
	}, fault.NotFound)
	made, err := h.Passkeys(t.Context(), h.owner)
	if err != nil || won != 1 || len(made) != 1 {
		t.Errorf("%d got in, %d passkeys, %v", won, len(made), err)
	}
	_, err = h.Invited(t.Context(), link)
	wantKind(t, "the link afterwards", err, fault.NotFound)
	_, err = h.Accept(t.Context(), link, secret.New(password), from())
	wantKind(t, "the link afterwards", err, fault.NotFound)
}

// TestAnInvitationDiesWithTheNext: also for a browser that was half way through it.
func TestAnInvitationDiesWithTheNext(t *testing.T) {
	h := newHouse(t)
	old := h.invited(h.owner)
	half := h.accepted(old)
	next := h.invited(h.owner)
	_, err := h.Invited(t.Context(), old)
	wantKind(t, "the old link", err, fault.NotFound)
	at, key := h.question(half)
	_, err = h.Prove(t.Context(), half, at, h.code(key), "key", from())
	wantKind(t, "half way through the old one", err, fault.NotFound)
	if keys, err := h.Passkeys(t.Context(), h.owner); err != nil || len(keys) != 0 {
		t.Errorf("%d passkeys, %v", len(keys), err)
	}
	if _, err := h.Invited(t.Context(), next); err != nil {
		t.Errorf("the new link: %v", err)
	}
	if open, err := h.Invitations(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("%d invitations are open, %v", len(open), err)
	}
}

func TestAnInvitationExpiresAndAsksForThePassword(t *testing.T) {
	h := newHouse(t)
	link := h.invited(h.owner)
	_, err := h.Accept(t.Context(), link, secret.New("wrong"), from())
	wantKind(t, "a wrong password", err, fault.Invalid)
	token := h.accepted(link)
	at, key := h.question(token)
	_, err = h.Prove(t.Context(), token, at, h.code(key), strings.Repeat("x", 61), from())
	if fault.Of(err).Field != "label" {
		t.Errorf("a bad label: %v", err)
	}
	h.advance(admin.InvitedFor + time.Second)
	_, err = h.Invited(t.Context(), link)
	wantKind(t, "a day later", err, fault.NotFound)
	_, err = h.Accept(t.Context(), link, secret.New(password), from())
	wantKind(t, "a day later", err, fault.NotFound)
	if open, err := h.Invitations(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%d invitations are open, %v", len(open), err)
	}
}

// TestAttack39AdministratorsWhoLostTheirAccess are let out no later than half a minute after the directory says so.
func TestAttack39AdministratorsWhoLostTheirAccess(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *house)
		want   fault.Kind
	}{
		"disabled":       {func(h *house) { h.corp.Update(h.owner, func(a *memory.Account) { a.State.Disabled = true }) }, fault.Denied},
		"out of a group": {func(h *house) { h.corp.Update(h.owner, func(a *memory.Account) { a.Groups = nil }) }, fault.Denied},
		"deleted":        {func(h *house) { h.corp.Remove(h.owner) }, fault.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			token, _ := h.enter(h.owner)
			h.admitted(token)
			c.change(h)
			h.advance(31 * time.Second)
			_, err := h.Admit(t.Context(), token)
			wantKind(t, name, err, c.want)
		})
	}
	h := newHouse(t)
	token, _ := h.enter(h.ben) // invited, and bound to nothing
	_, err := h.Admit(t.Context(), token)
	wantKind(t, "without a role", err, fault.Denied)
}

// TestASilentDirectory is bridged for as long as a session may be idle, and no longer.
func TestASilentDirectory(t *testing.T) {
	h := newHouse(t)
	token, _ := h.enter(h.owner)
	h.admitted(token)
	h.corp.Fail(memory.Unavailable)
	h.advance(14 * time.Minute)
	h.admitted(token)
	h.advance(2 * time.Minute)
	_, err := h.Admit(t.Context(), token)
	wantKind(t, "silent for longer", err, fault.Unavailable)
	h.corp.Fail(memory.None)
	h.admitted(token)
}

func TestSessionsEndIdleAndAbsolutely(t *testing.T) {
	h := newHouse(t)
	idle, key := h.enter(h.owner)
	busy := h.in(key)
	begun := h.clock()
	h.advance(14 * time.Minute)
	if left := h.Left(h.admitted(busy).Session); left != 15*time.Minute {
		t.Errorf("%s left", left)
	}
	h.advance(2 * time.Minute)
	if _, err := h.Admit(t.Context(), idle); !errors.Is(err, admin.ErrSignIn) {
		t.Errorf("idle: %v", err)
	}
	if open, err := h.Sessions(t.Context(), h.owner); err != nil || len(open) != 1 {
		t.Errorf("%d open, %v", len(open), err)
	}
	for h.clock().Sub(begun) < 11*time.Hour+50*time.Minute {
		if _, err := h.Extend(t.Context(), busy); err != nil {
			t.Fatalf("after %s: %v", h.clock().Sub(begun), err)
		}
		h.advance(10 * time.Minute)
	}
	h.advance(begun.Add(12 * time.Hour).Sub(h.clock()))
	if _, err := h.Admit(t.Context(), busy); !errors.Is(err, admin.ErrSignIn) {
		t.Errorf("after twelve hours: %v", err)
	}
}

func TestEnd(t *testing.T) {
	h := newHouse(t)
	mine, key := h.enter(h.owner)
	other := h.in(key)
	hers, _ := h.enter(h.anna)
	anna, olga := h.admitted(hers), h.admitted(mine)
	err := h.End(t.Context(), anna, olga.Session.ID, false, from())
	wantKind(t, "somebody else's", err, fault.NotFound)
	var seq int64 = -1
	h.recorded(&seq)
	if err := h.End(t.Context(), olga, h.admitted(other).Session.ID, false, from()); err != nil {
		t.Fatal(err)
	}
	if err := h.End(t.Context(), olga, anna.Session.ID, true, from()); err != nil {
		t.Fatal(err)
	}
	for _, token := range []admin.Token{other, hers} {
		if _, err := h.Admit(t.Context(), token); !errors.Is(err, admin.ErrSignIn) {
			t.Errorf("ended: %v", err)
		}
	}
	h.admitted(mine)
	if got, want := h.recorded(&seq), (record{"console.ended", "ok", "ended-by", "operator", olga.Name()}); !slices.Equal(got, []record{want, want}) {
		t.Errorf("recorded %v", got)
	}
	err = h.End(t.Context(), olga, anna.Session.ID, true, from())
	wantKind(t, "twice", err, fault.NotFound)
}

func TestRemovePasskey(t *testing.T) {
	h := newHouse(t)
	first, _ := h.enter(h.owner)
	only, err := h.Passkeys(t.Context(), h.owner)
	if err != nil || len(only) != 1 || only[0].Label != "My key" {
		t.Fatalf("%+v, %v", only, err)
	}
	err = h.RemovePasskey(t.Context(), h.admitted(first), h.owner, only[0].ID, from())
	wantKind(t, "the only one", err, fault.Conflict)
	second, key := h.enter(h.owner)
	hers, _ := h.enter(h.anna)
	olga := h.admitted(second)
	var seq int64 = -1
	h.recorded(&seq)
	if err := h.RemovePasskey(t.Context(), olga, h.owner, only[0].ID, from()); err != nil {
		t.Fatal(err)
	}
	for _, token := range []admin.Token{first, second} {
		if _, err := h.Admit(t.Context(), token); !errors.Is(err, admin.ErrSignIn) {
			t.Errorf("a session of its owner goes on: %v", err)
		}
	}
	h.admitted(hers)
	want := []record{{"console.passkey-removed", "ok", "", "operator", olga.Name()}}
	if got := h.recorded(&seq); !slices.Equal(got, want) {
		t.Errorf("recorded %v", got)
	}
	h.in(key)
	err = h.RemovePasskey(t.Context(), olga, h.owner, only[0].ID, from())
	wantKind(t, "twice", err, fault.Conflict) // the other one is the only one now
}

// TestNothingHappensThatIsNotRecorded: where the audit log takes nothing, nobody gets in.
func TestNothingHappensThatIsNotRecorded(t *testing.T) {
	h := newHouse(t)
	token := h.accepted(h.invited(h.owner))
	at, key := h.question(token)
	if _, err := h.pool.Exec(context.Background(), `ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK (name <> 'console.started') NOT VALID`); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Prove(t.Context(), token, at, h.code(key), "key", from()); err == nil {
		t.Error("in without a record")
	}
	if keys, err := h.Passkeys(t.Context(), h.owner); err != nil || len(keys) != 0 {
		t.Errorf("%d passkeys, %v", len(keys), err)
	}
	if _, err := h.Admit(t.Context(), token); !errors.Is(err, admin.ErrProve) {
		t.Errorf("afterwards: %v", err)
	}
}
