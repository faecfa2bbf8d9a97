package openldap_test

import (
	"errors"
	"slices"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/directorytest"
	"rekey/internal/directory/openldap"
	"rekey/internal/lab/ldaptap"
	"rekey/internal/secret"
)

func count(ops []ber.Tag, wanted ...ber.Tag) int {
	n := 0
	for _, o := range ops {
		if slices.Contains(wanted, o) {
			n++
		}
	}
	return n
}

func writes(ops []ber.Tag) int { return count(ops, ldaptap.Modify, ldaptap.Extended) }

// tapped is the shared server through a tap.
func tapped(t testing.TB) (*openldap.Directory, *ldaptap.Tap, *peer) {
	t.Helper()
	s := server(t)
	tap := newTap(t, s)
	return open(t, s, through(tap)), tap, newPeer(s)
}

// TestLostAnswerIsResolved: the connection ends at a write, the server stays, so it can be asked at once. The write is sent once.
func TestLostAnswerIsResolved(t *testing.T) {
	d, tap, p := tapped(t)
	for sam, reach := range map[string]bool{"lost-done": true, "lost-not": false} {
		id := add(t, p, sam)
		tap.Operations()
		tap.On(func(send, await func()) {
			if reach {
				send()
				await()
			}
			tap.Cut()
		})
		err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{})
		tap.On(nil)
		if n := writes(tap.Operations()); n != 1 {
			t.Errorf("%s: %d writes", sam, n)
		}
		if reach && err != nil || !reach && !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: %v", sam, err)
		}
		if want := map[bool]string{true: newPassword, false: oldPassword}[reach]; !p.Accepts(t, id, want) {
			t.Errorf("%s: %s is not taken", sam, want)
		}
	}
}

// TestLostAnswerInTheSameSecond: the date says nothing then, and nobody may claim to know.
func TestLostAnswerInTheSameSecond(t *testing.T) {
	s := server(t)
	tap, p := newTap(t, s), newPeer(s)
	d := open(t, s, through(tap))
	id := add(t, p, "lost-fresh")
	dn := p.dns[id.Object]
	tap.On(func(send, await func()) {
		send()
		await()
		p.set(t, dn, "pwdChangedTime", p.read(t, dn, "createTimestamp").GetAttributeValue("createTimestamp"))
		tap.Cut()
	})
	p.set(t, dn, "pwdChangedTime", p.read(t, dn, "createTimestamp").GetAttributeValue("createTimestamp"))
	if err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); !errors.Is(err, directory.ErrOutcomeUnknown) || errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestLostAnswerToUnlockAndChange(t *testing.T) {
	d, tap, p := tapped(t)
	id := add(t, p, "lost-unlock")
	p.Lock(t, id)
	tap.On(func(send, await func()) {
		send()
		await()
		tap.Cut()
	})
	if done, err := d.Unlock(t.Context(), id); err != nil || !done {
		t.Errorf("unlock: %v, %v", done, err)
	}
	if err := d.Change(t.Context(), id, secret.New(oldPassword), secret.New(newPassword)); err != nil {
		t.Errorf("change: %v", err)
	}
	tap.On(nil)
	if !p.Accepts(t, id, newPassword) {
		t.Error("the change is lost")
	}
}

// TestLostWhatGoesAlong: the password was set; that it must be changed was not. The whole is not known to be done, and is not repeated.
func TestLostWhatGoesAlong(t *testing.T) {
	d, tap, p := tapped(t)
	id := add(t, p, "lost-along")
	before, err := d.PasswordSet(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	tap.Operations()
	tap.On(func(_, _ func()) { tap.Cut() }, ldaptap.Modify) // the password goes through, by another operation
	err = d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{MustChange: true})
	tap.On(nil)
	if !errors.Is(err, directory.ErrOutcomeUnknown) || errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if ops := tap.Operations(); count(ops, ldaptap.Extended) != 1 || count(ops, ldaptap.Modify) != 1 {
		t.Errorf("%v", ops)
	}
	if moved, sure, err := d.PasswordMoved(t.Context(), id, before); !moved || !sure || err != nil {
		t.Errorf("moved %v, sure %v, %v", moved, sure, err)
	}
}

// TestDeadConnectionsAreReplaced: what lay idle was cut, by a firewall or a restart, and nobody notices.
func TestDeadConnectionsAreReplaced(t *testing.T) {
	d, tap, p := tapped(t)
	id := add(t, p, "cut")
	for _, password := range []string{"First-Passw0rd!1", "Second-Passw0rd!2"} {
		if _, err := d.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		tap.Cut()
		if _, err := d.Lookup(t.Context(), directory.Identifier{Name: "cut"}); err != nil {
			t.Errorf("lookup: %v", err)
		}
		tap.Cut()
		tap.Operations()
		if err := d.SetPassword(t.Context(), id, secret.New(password), directory.Write{}); err != nil {
			t.Errorf("set: %v", err)
		}
		if n := writes(tap.Operations()); n != 1 {
			t.Errorf("%d writes", n)
		}
	}
}

// TestAttack16NotFoundAsksAsMuch compares what goes over the wire: a name somebody has, and ones nobody or two people have.
func TestAttack16NotFoundAsksAsMuch(t *testing.T) {
	d, tap, p := tapped(t)
	p.Add(t, directorytest.Person{SAM: "asks1", Mail: "asks@mail.example", Password: oldPassword})
	p.Add(t, directorytest.Person{SAM: "asks2", Mail: "asks@mail.example", Password: oldPassword})
	p.Group(t, "asks-group", "asks1")
	ask := func(who directory.Identifier) []ber.Tag {
		tap.Operations()
		_, _ = d.Lookup(t.Context(), who)
		return tap.Operations()
	}
	ask(directory.Identifier{Name: "asks1"}) // warm
	want := ask(directory.Identifier{Name: "asks1"})
	for name, who := range map[string]directory.Identifier{
		"nobody": {Name: "asks-nobody"}, "nobody's mail": {Mail: "nobody@mail.example"}, "two people": {Mail: "asks@mail.example"},
	} {
		if got := ask(who); !slices.Equal(got, want) || len(want) < 3 {
			t.Errorf("%s: %v, found: %v", name, got, want)
		}
	}
}

func TestAttack16UnknownSignInAsksAsMuch(t *testing.T) {
	d, tap, p := tapped(t)
	id := add(t, p, "unknown")
	try := func(id account.ID) []ber.Tag {
		tap.Operations()
		_ = d.Authenticate(t.Context(), id, secret.New("Not-The-Passw0rd!"))
		return tap.Operations()
	}
	try(id) // warm
	want := try(id)
	if count(want, ldaptap.Bind) != 1 {
		t.Fatalf("%v", want)
	}
	const object = "00112233-4455-6677-8899-aabbccddeeff"
	for name, id := range map[string]account.ID{
		"would lock": id, "decoy": {Directory: id.Directory, Object: "decoy:x"}, "gone": {Directory: id.Directory, Object: object},
		"elsewhere": {Directory: "elsewhere.test", Object: object},
	} {
		if got := try(id); !slices.Equal(got, want) {
			t.Errorf("%s: %v, wrong password: %v", name, got, want)
		}
	}
}
