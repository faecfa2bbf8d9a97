package ad_test

import (
	"errors"
	"slices"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/directory/directorytest"
	"rekey/internal/lab/ldaptap"
	"rekey/internal/secret"
)

const (
	oldPassword = seeded
	newPassword = "New-Passw0rd!2"
)

func add(t testing.TB, p *peer, sam string) account.ID {
	t.Helper()
	return p.Add(t, directorytest.Person{SAM: sam, Password: oldPassword})
}

func count(ops []ber.Tag, op ber.Tag) int {
	n := 0
	for _, o := range ops {
		if o == op {
			n++
		}
	}
	return n
}

// tapped is the shared domain through a tap.
func tapped(t testing.TB) (*ad.Directory, *ldaptap.Tap, *peer) {
	t.Helper()
	dc := domain(t)
	p := newTap(t, dc, dc.URLs()[0])
	return open(t, dc, through(p)), p, newPeer(dc)
}

// TestLostAnswerIsResolved: the connection ends at a write, the server stays, so it can be asked at once. The write is sent once.
func TestLostAnswerIsResolved(t *testing.T) {
	d, tap, peer := tapped(t)
	for _, c := range []struct {
		sam   string
		reach bool // whether the write reaches the server
		write directory.Write
	}{
		{"lost-done", true, directory.Write{}}, {"lost-must", true, directory.Write{MustChange: true}}, {"lost-not", false, directory.Write{}},
	} {
		id := add(t, peer, c.sam)
		tap.Operations()
		tap.On(func(send, await func()) {
			if c.reach {
				send()
				await()
			}
			tap.Cut()
		})
		err := d.SetPassword(t.Context(), id, secret.New(newPassword), c.write)
		tap.On(nil)
		if n := count(tap.Operations(), ldaptap.Modify); n != 1 {
			t.Errorf("%s: %d writes", c.sam, n)
		}
		if c.reach && err != nil || !c.reach && !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: %v", c.sam, err)
		}
		if want := map[bool]string{true: newPassword, false: oldPassword}[c.reach]; !c.write.MustChange && !peer.Accepts(t, id, want) {
			t.Errorf("%s: %s is not taken", c.sam, want)
		}
	}
}

func TestLostAnswerToUnlockAndChange(t *testing.T) {
	d, tap, peer := tapped(t)
	id := add(t, peer, "lost-unlock")
	peer.Lock(t, id)
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
	if !peer.Accepts(t, id, newPassword) {
		t.Error("the change is lost")
	}
}

// TestDeadConnectionsAreReplaced: what lay idle was cut, by a firewall or a restart, and nobody notices.
func TestDeadConnectionsAreReplaced(t *testing.T) {
	d, tap, peer := tapped(t)
	id := add(t, peer, "cut")
	for range 3 {
		if _, err := d.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		tap.Cut()
		if _, err := d.Lookup(t.Context(), directory.Identifier{Name: "cut"}); err != nil {
			t.Errorf("lookup: %v", err)
		}
		tap.Cut()
		tap.Operations()
		if err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); err != nil {
			t.Errorf("set: %v", err)
		}
		if n := count(tap.Operations(), ldaptap.Modify); n != 1 {
			t.Errorf("%d writes", n)
		}
	}
}

// TestAttack16NotFoundAsksAsMuch compares what goes over the wire: a name somebody has, and ones nobody or two people have.
func TestAttack16NotFoundAsksAsMuch(t *testing.T) {
	d, tap, peer := tapped(t)
	id := peer.Add(t, directorytest.Person{SAM: "asks1", Mail: "asks@mail.example", Password: oldPassword})
	peer.Add(t, directorytest.Person{SAM: "asks2", Mail: "asks@mail.example", Password: oldPassword})
	ask := func(who directory.Identifier) []ber.Tag {
		tap.Operations()
		_, _ = d.Lookup(t.Context(), who)
		return tap.Operations()
	}
	if _, err := d.Get(t.Context(), id); err != nil { // learns the names of groups
		t.Fatal(err)
	}
	want := ask(directory.Identifier{Name: "asks1"})
	for name, who := range map[string]directory.Identifier{
		"nobody": {Name: "asks-nobody"}, "nobody's mail": {Mail: "nobody@mail.example"}, "two people": {Mail: "asks@mail.example"},
	} {
		if got := ask(who); !slices.Equal(got, want) {
			t.Errorf("%s: %v, found: %v", name, got, want)
		}
	}
}

func TestAttack16UnknownSignInAsksAsMuch(t *testing.T) {
	d, tap, peer := tapped(t)
	id := add(t, peer, "unknown")
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
	for name, id := range map[string]account.ID{
		"would lock": id, "decoy": {Directory: id.Directory, Object: "decoy:x"}, "gone": {Directory: id.Directory, Object: object},
		"elsewhere": {Directory: "elsewhere.test", Object: object},
	} {
		if got := try(id); !slices.Equal(got, want) {
			t.Errorf("%s: %v, wrong password: %v", name, got, want)
		}
	}
}
