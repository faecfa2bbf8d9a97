package ad_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"go.uber.org/goleak"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/directory/directorytest"
	"rekey/internal/lab/samba"
	"rekey/internal/secret"
)

// TestAttack31UnverifiedTLS: an impostor in front of the real server gets not a byte past the handshake.
func TestAttack31UnverifiedTLS(t *testing.T) {
	dc := domain(t)
	id := add(t, newPeer(dc), "tls")
	for name, flaw := range map[string]samba.Flaw{
		"good for other names": samba.WrongName, "has expired": samba.Expired, "signed by nobody in ca_file": samba.UnknownCA,
	} {
		i, err := dc.Impostor(flaw)
		if err != nil {
			t.Fatal(err)
		}
		d := open(t, dc, func(c *ad.Config) { c.Servers = []string{i.URL()} })
		if _, err := d.Get(t.Context(), id); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: get: %v", name, err)
		}
		if err := d.Authenticate(t.Context(), id, secret.New(oldPassword)); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: sign in: %v", name, err)
		}
		if err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: set: %v", name, err)
		}
		if f := finding(t, d, "tls"); f.OK || !strings.Contains(f.Text, name) {
			t.Errorf("%s: %+v", name, f)
		}
		if n := i.Received(); n != 0 {
			t.Errorf("%s: %d bytes were sent", name, n)
		}
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	}
}

func finding(t testing.TB, d *ad.Directory, name string) directory.Finding {
	t.Helper()
	for _, f := range d.Check(t.Context()) {
		if strings.HasPrefix(f.Name, name) {
			return f
		}
	}
	t.Fatalf("no finding %s", name)
	return directory.Finding{}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	dc := domain(t)
	wrong := config(dc)
	wrong.User = "nobody@" + dc.Name()
	d := opened(t, wrong, deps(t, "wrong"))
	if f := finding(t, d, "bind"); f.OK || !strings.Contains(f.Text, "data 52e") || strings.Contains(f.Text, "wrong\"") {
		t.Errorf("%+v", f)
	}
	plain := add(t, newPeer(dc), "plain")
	weak := config(dc)
	weak.User = "plain@" + dc.Name()
	d = opened(t, weak, deps(t, oldPassword))
	if f := finding(t, d, "rights"); f.OK {
		t.Errorf("rights of a plain account: %+v", f)
	}
	if f := finding(t, d, "fine-grained"); f.OK && !strings.Contains(f.Text, "none can be seen") {
		t.Errorf("rules a plain account may not read: %+v", f)
	}
	if err := d.SetPassword(t.Context(), plain, secret.New(newPassword), directory.Write{}); !errors.Is(err, directory.ErrDenied) {
		t.Errorf("set: %v", err)
	}
	d = open(t, dc, func(c *ad.Config) { c.Servers = []string{"ldaps://dc1.no-such-domain.test"} })
	if f := finding(t, d, "resolve"); f.OK {
		t.Errorf("%+v", f)
	}
}

// TestGuardedAccountIsDenied: what AdminSDHolder protects does not inherit the delegated rights.
func TestGuardedAccountIsDenied(t *testing.T) {
	dc := domain(t)
	d, peer := open(t, dc, nil), newPeer(dc)
	id := add(t, peer, "guarded")
	peer.Lock(t, id)
	if err := dc.Apply(t.Context(), samba.Guard{DN: peer.dns[id.Object]}); err != nil {
		t.Fatal(err)
	}
	a, err := d.Get(t.Context(), id)
	if err != nil || !a.State.Privileged {
		t.Errorf("%+v, %v", a.State, err)
	}
	if err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{Unlock: true}); !errors.Is(err, directory.ErrDenied) {
		t.Errorf("set: %v", err)
	}
	if done, err := d.Unlock(t.Context(), id); !errors.Is(err, directory.ErrDenied) || done {
		t.Errorf("unlock: %v, %v", done, err)
	}
}

// TestHiddenRulesAreNotGuessed: the account cannot be tried either, since one wrong password might lock it.
func TestHiddenRulesAreNotGuessed(t *testing.T) {
	dc := domain(t)
	peer := newPeer(dc)
	add(t, peer, "reader")
	id := peer.Add(t, directorytest.Person{SAM: "hidden", Password: oldPassword, Rules: &directorytest.Rules{MinLength: 12, Lockout: 10}})
	c := config(dc)
	c.User = "reader@" + dc.Name()
	d := opened(t, c, deps(t, oldPassword))
	r, err := d.Rules(t.Context(), id)
	if err != nil || !r.Unreadable || r.MinLength != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	var refused *directory.SignInError
	if err := d.Authenticate(t.Context(), id, secret.New(oldPassword)); !errors.As(err, &refused) || refused.Reason != directory.SignInWouldLock {
		t.Errorf("sign in: %v", err)
	}
}

// TestOnlyPeopleBelowTheBase: neither computers nor contacts nor accounts elsewhere, by name or by ID.
func TestOnlyPeopleBelowTheBase(t *testing.T) {
	dc := domain(t)
	peer := newPeer(dc)
	inside := add(t, peer, "inside")
	peer.admin(t, func(c *ldap.Conn) error {
		contact := ldap.NewAddRequest("CN=contact,"+dc.UnitDN(""), nil)
		contact.Attribute("objectClass", []string{"contact"})
		contact.Attribute("mail", []string{"contact@mail.example"})
		computer := ldap.NewAddRequest("CN=pc,"+dc.UnitDN(""), nil)
		computer.Attribute("objectClass", []string{"computer"})
		computer.Attribute("sAMAccountName", []string{"pc$"})
		return errors.Join(c.Add(contact), c.Add(computer))
	})
	admin, _ := dc.Admin()
	outside := account.ID{Directory: dc.Name(), Object: peer.guid(t, admin)}
	machine := account.ID{Directory: dc.Name(), Object: peer.guid(t, "CN=pc,"+dc.UnitDN(""))}

	d := open(t, dc, func(c *ad.Config) { c.BaseDN = strings.ToUpper(dc.UnitDN("")) })
	if _, err := d.Get(t.Context(), inside); err != nil {
		t.Errorf("inside: %v", err)
	}
	for _, who := range []directory.Identifier{{Name: "Administrator"}, {Name: "pc$"}, {Mail: "contact@mail.example"}, {Name: "svc-rekey"}} {
		if a, err := d.Lookup(t.Context(), who); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%+v: %s, %v", who, a.Path, err)
		}
	}
	for _, id := range []account.ID{outside, machine} {
		if _, err := d.Get(t.Context(), id); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%v: %v", id, err)
		}
		if err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("set %v: %v", id, err)
		}
	}
	if _, err := open(t, dc, nil).Get(t.Context(), outside); err != nil {
		t.Errorf("without a base: %v", err)
	}
}

func TestConfiguredAttributesAreRead(t *testing.T) {
	dc := domain(t)
	if err := dc.Apply(t.Context(), samba.User{SAM: "attrs", Password: oldPassword, Attributes: map[string][]string{"department": {"Sales"}, "otherTelephone": {"1", "2"}}}); err != nil {
		t.Fatal(err)
	}
	d := open(t, dc, func(c *ad.Config) { c.Attributes = []string{"department", "otherTelephone", "l"} })
	a, err := d.Lookup(t.Context(), directory.Identifier{Name: "attrs"})
	if err != nil || len(a.Attributes) != 2 || a.Attributes["department"][0] != "Sales" || len(a.Attributes["otherTelephone"]) != 2 {
		t.Errorf("%v, %v", a.Attributes, err)
	}
}

// TestLookupLearnsNamesOfGroups beside the first lookup.
func TestLookupLearnsNamesOfGroups(t *testing.T) {
	dc := domain(t)
	add(t, newPeer(dc), "learner")
	d := open(t, dc, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		a, err := d.Lookup(ctx, directory.Identifier{Name: "learner"})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range a.Groups {
			if g.Name == "Domain Users" {
				return
			}
		}
	}
}

// TestFewConnectionsServeMany: callers wait for their turn, and not longer than they want.
func TestFewConnectionsServeMany(t *testing.T) {
	dc := domain(t)
	id := add(t, newPeer(dc), "many")
	d := open(t, dc, func(c *ad.Config) { c.Connections = 1 })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := d.Get(t.Context(), id); err != nil {
				t.Error(err)
			}
			if err := d.Authenticate(t.Context(), id, secret.New(oldPassword)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestNothingIsLeftAfterClose(t *testing.T) {
	dc := domain(t)
	id := add(t, newPeer(dc), "leak")
	before := goleak.IgnoreCurrent()
	_, password := dc.Service()
	d, err := ad.Open(config(dc), deps(t, password))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Lookup(t.Context(), directory.Identifier{Name: "leak"}); err != nil {
		t.Fatal(err)
	}
	closed(t, d)
	if _, err := d.Get(t.Context(), id); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("after Close: %v", err)
	}
	goleak.VerifyNone(t, before)
}
