package directorytest

import (
	"strings"
	"testing"
	"time"

	"rekey/internal/directory"
)

func testSetPassword(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-set"})
	before := f.get(t, id).State.PasswordSet
	for _, p := range []string{next, `Qu"oted-Passw0rd!`, "Pässwörd-漢字-😀1"} {
		if err := f.Directory.SetPassword(t.Context(), id, text(p), directory.Write{}); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		f.accepts(t, id, p)
	}
	set, err := f.all(t).PasswordSet(t.Context(), id)
	if err != nil || !set.After(before) {
		t.Errorf("password set at %v, %v; before: %v", set, err, before)
	}
	s := f.get(t, id).State
	if s.MustChange || s.PasswordExpired || !s.PasswordSet.Equal(set) {
		t.Errorf("%+v", s)
	}
	for _, state := range []State{PasswordExpired, MustChange} {
		id := f.add(t, Person{SAM: "dt-set-" + string(state[:4]), State: state})
		if err := f.Directory.SetPassword(t.Context(), id, text(next), directory.Write{}); err != nil {
			t.Errorf("%s: %v", state, err)
		}
		f.accepts(t, id, next)
	}
}

func testMustChange(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-must"})
	if err := f.Directory.SetPassword(t.Context(), id, text(next), directory.Write{MustChange: true}); err != nil {
		t.Fatal(err)
	}
	wantReason(t, "sign in", f.all(t).Authenticate(t.Context(), id, text(next)), directory.SignInMustChange)
	set, err := f.all(t).PasswordSet(t.Context(), id)
	if s := f.get(t, id).State; err != nil || !set.IsZero() || !s.MustChange {
		t.Errorf("password set at %v, %v; %+v", set, err, s)
	}
}

func testUnlockWithReset(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-setlock"})
	f.Peer.Lock(t, id)
	if err := f.Directory.SetPassword(t.Context(), id, text(next), directory.Write{}); err != nil {
		t.Fatal(err)
	}
	if f.get(t, id).State.Locked == f.Differs.ResetUnlocks {
		t.Errorf("after a reset that was not asked to unlock: %+v", f.get(t, id).State)
	}
	if !f.Differs.ResetUnlocks {
		wantReason(t, "sign in", f.all(t).Authenticate(t.Context(), id, text(next)), directory.SignInLocked)
	}
	if err := f.Directory.SetPassword(t.Context(), id, text(third), directory.Write{Unlock: true}); err != nil {
		t.Fatal(err)
	}
	if f.get(t, id).State.Locked {
		t.Error("still locked")
	}
	f.accepts(t, id, third)
}

func testUnlock(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-unlock"})
	before := f.get(t, id).State.PasswordSet
	f.Peer.Lock(t, id)
	if done, err := f.all(t).Unlock(t.Context(), id); err != nil || !done {
		t.Fatalf("%v, %v", done, err)
	}
	if s := f.get(t, id).State; s.Locked || !s.LockedUntil.IsZero() || !s.PasswordSet.Equal(before) {
		t.Errorf("%+v", s)
	}
	f.accepts(t, id, password)
}

func testUnlockNothing(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-unlocked"})
	if done, err := f.all(t).Unlock(t.Context(), id); err != nil || done {
		t.Errorf("%v, %v", done, err)
	}
	f.accepts(t, id, password)
}

func testRefusedReset(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-refused"})
	strict := f.add(t, Person{SAM: "dt-strict", Rules: &Rules{MinLength: 20, Complexity: true, Lockout: 3}})
	f.Peer.Lock(t, id)
	w := directory.Write{Unlock: true, MustChange: true}
	wantReason(t, "too short", f.Directory.SetPassword(t.Context(), id, text("aB1!"), w), directory.TooShort)
	if !f.Differs.NoComplexity {
		wantReason(t, "one class", f.Directory.SetPassword(t.Context(), id, text("onlysmallletters"), w), directory.Complexity)
	}
	wantReason(t, "endless", f.Directory.SetPassword(t.Context(), id, text("aB1!"+strings.Repeat("x", 300)), w), directory.TooLong)
	wantReason(t, "own rules", f.Directory.SetPassword(t.Context(), strict, text(next), w), directory.TooShort)
	if s := f.get(t, id).State; !s.Locked || s.MustChange {
		t.Errorf("a refused password changed the account: %+v", s)
	}
	f.accepts(t, strict, password)
}

func testChange(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-change"})
	before := f.get(t, id).State.PasswordSet
	if err := f.all(t).Change(t.Context(), id, text(password), text(next)); err != nil {
		t.Fatal(err)
	}
	f.accepts(t, id, next)
	if set, err := f.all(t).PasswordSet(t.Context(), id); err != nil || !set.After(before) {
		t.Errorf("password set at %v, %v; before: %v", set, err, before)
	}
}

// testChangeExpired: such a person cannot sign in, so a change cannot rest on that.
func testChangeExpired(t *testing.T, f Fixture) {
	for _, state := range []State{PasswordExpired, MustChange} {
		id := f.add(t, Person{SAM: "dt-c-" + string(state[:4]), State: state})
		if err := f.all(t).Change(t.Context(), id, text(password), text(next)); err != nil {
			t.Errorf("%s: %v", state, err)
		}
		f.accepts(t, id, next)
	}
}

func testRefusedChange(t *testing.T, f Fixture) {
	d := f.all(t)
	id := f.add(t, Person{SAM: "dt-history"})
	if err := d.Change(t.Context(), id, text(password), text(next)); err != nil {
		t.Fatal(err)
	}
	refused := map[string]directory.Reason{password: directory.InHistory, next: directory.InHistory, "aB1!": directory.TooShort}
	if !f.Differs.NoComplexity {
		refused["onlysmallletters"] = directory.Complexity
	}
	for new, want := range refused {
		wantReason(t, new, d.Change(t.Context(), id, text(next), text(new)), want)
	}
	f.accepts(t, id, next)
	young := f.add(t, Person{SAM: "dt-young", Rules: &Rules{MinLength: 8, Complexity: true, History: 3, MinAge: 24 * time.Hour}})
	wantReason(t, "young", d.Change(t.Context(), young, text(password), text(next)), directory.TooYoung)
	f.accepts(t, young, password)
}

func testChangeWrong(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-wrong"})
	d, wrong := f.all(t), text("Not-The-Passw0rd!")
	wantError(t, "wrong", d.Change(t.Context(), id, wrong, text(next)), directory.ErrWrongPassword)
	f.accepts(t, id, password) // ends the count
	for range DomainRules().Lockout - 1 {
		wantError(t, "wrong again", d.Change(t.Context(), id, wrong, text(next)), directory.ErrWrongPassword)
	}
	wantReason(t, "the one that would lock", d.Change(t.Context(), id, wrong, text(next)), directory.SignInWouldLock)
	wantReason(t, "right, but not tried", d.Change(t.Context(), id, text(password), text(next)), directory.SignInWouldLock)
	if f.get(t, id).State.Locked {
		t.Error("wrong passwords typed here locked the account")
	}
}

func testEmpty(t *testing.T, f Fixture) {
	d := f.all(t)
	id := f.add(t, Person{SAM: "dt-empty"})
	for range 5 { // more than lock an account
		wantReason(t, "sign in", d.Authenticate(t.Context(), id, text("")), directory.SignInWrong)
		wantError(t, "change", d.Change(t.Context(), id, text(""), text(next)), directory.ErrWrongPassword)
		wantReason(t, "set", d.SetPassword(t.Context(), id, text(""), directory.Write{}), directory.TooShort)
	}
	if f.get(t, id).State.Locked {
		t.Error("empty passwords locked the account")
	}
	f.accepts(t, id, password)
}
