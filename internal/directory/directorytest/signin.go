package directorytest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"rekey/internal/directory"
)

func testAuthenticate(t *testing.T, f Fixture) {
	d := f.all(t)
	for i, c := range []struct {
		state State
		want  directory.SignInReason
	}{
		{Disabled, directory.SignInDisabled},
		{AccountExpired, directory.SignInAccountExpired},
		{PasswordExpired, directory.SignInExpired},
		{MustChange, directory.SignInMustChange},
	} {
		id := f.add(t, Person{SAM: fmt.Sprintf("dt-a%d", i), State: c.state})
		wantReason(t, string(c.state), d.Authenticate(t.Context(), id, text(password)), c.want)
		wrong := directory.SignInWrong
		if f.Differs.Unjudged && (c.state == Disabled || c.state == AccountExpired) {
			wrong = c.want
		}
		wantReason(t, string(c.state)+", wrong", d.Authenticate(t.Context(), id, text("Not-The-Passw0rd!")), wrong)
	}
	id := f.add(t, Person{SAM: "dt-a-active"})
	if err := d.Authenticate(t.Context(), id, text(password)); err != nil {
		t.Error(err)
	}
	wantReason(t, "wrong", d.Authenticate(t.Context(), id, text(password+"x")), directory.SignInWrong)
	f.Peer.Lock(t, id)
	wantReason(t, "locked", d.Authenticate(t.Context(), id, text(password)), directory.SignInLocked)
	wantReason(t, "locked, wrong", d.Authenticate(t.Context(), id, text(next)), directory.SignInLocked)
}

// testNeverLocks: two of three wrong passwords may be typed here, the third is not tried.
func testNeverLocks(t *testing.T, f Fixture) {
	d := f.all(t)
	id := f.add(t, Person{SAM: "dt-guessed"})
	strict := f.add(t, Person{SAM: "dt-once", Rules: &Rules{MinLength: 8, Lockout: 2}})
	wrong := text("Not-The-Passw0rd!")
	wantReason(t, "first", d.Authenticate(t.Context(), id, wrong), directory.SignInWrong)
	wantReason(t, "second", d.Authenticate(t.Context(), id, wrong), directory.SignInWrong)
	for range 3 {
		wantReason(t, "third", d.Authenticate(t.Context(), id, wrong), directory.SignInWouldLock)
	}
	wantReason(t, "right, but not tried", d.Authenticate(t.Context(), id, text(password)), directory.SignInWouldLock)
	wantReason(t, "own rules, first", d.Authenticate(t.Context(), strict, wrong), directory.SignInWrong)
	wantReason(t, "own rules, second", d.Authenticate(t.Context(), strict, wrong), directory.SignInWouldLock)
	if f.get(t, id).State.Locked || f.get(t, strict).State.Locked {
		t.Error("locked by passwords typed here")
	}
	f.accepts(t, id, password)
	if err := d.Authenticate(t.Context(), id, text(password)); err != nil {
		t.Errorf("after the person signed in elsewhere: %v", err)
	}
}

func testParallelGuesses(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-parallel"})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() { _ = f.all(t).Authenticate(t.Context(), id, text("Not-The-Passw0rd!")) })
	}
	wg.Wait()
	if f.get(t, id).State.Locked {
		t.Error("sixteen guesses at a time locked the account")
	}
	f.accepts(t, id, password)
}

func testRules(t *testing.T, f Fixture) {
	d := f.all(t)
	own := Rules{MinLength: 14, History: 5, Lockout: 7, MinAge: 24 * time.Hour, Complexity: true}
	plain, strict := f.add(t, Person{SAM: "dt-rules", Display: "Rula Lenz-Ow, 3"}), f.add(t, Person{SAM: "dt-own", Rules: &own})
	domain := f.Directory.Key()
	nobody := plain
	nobody.Object = ""
	r, err := d.Rules(t.Context(), nobody)
	if err != nil || r.MinLength != 8 || r.History != 3 || r.Lockout != 3 || (r.Classes != 3) != f.Differs.NoComplexity || r.MinAge != 0 || len(r.NoNameParts) != 0 {
		t.Errorf("rules of %s: %+v, %v", domain, r, err)
	}
	if r, err = d.Rules(t.Context(), plain); err != nil || r.MinLength != 8 || !r.PasswordSet.Equal(f.get(t, plain).State.PasswordSet) {
		t.Errorf("plain: %+v, %v", r, err)
	}
	if want := []string{"dt-rules", "Rula", "Lenz"}; !slices.Equal(r.NoNameParts, want) && !f.Differs.NoComplexity {
		t.Errorf("name parts %q, want %q", r.NoNameParts, want)
	}
	r, err = d.Rules(t.Context(), strict)
	if err != nil || r.MinLength != 14 || r.History != 5 || r.Lockout != 7 || r.MinAge != 24*time.Hour || r.Unreadable || r.Source == "" || r.Source == "domain" {
		t.Errorf("own: %+v, %v", r, err)
	}
	nobody.Object = "unknown"
	_, err = d.Rules(t.Context(), nobody)
	wantError(t, "unknown", err, directory.ErrNotFound)
}
