package openldap_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/directorytest"
	"rekey/internal/directory/openldap"
	"rekey/internal/lab/slapd"
	"rekey/internal/secret"
)

const (
	oldPassword = "Old-Passw0rd!1"
	newPassword = "New-Passw0rd!2"
)

func add(t testing.TB, p *peer, sam string) account.ID {
	t.Helper()
	return p.Add(t, directorytest.Person{SAM: sam, Password: oldPassword})
}

// under gives somebody a policy of their own, made of the domain's rules and changes to them.
func under(t testing.TB, p *peer, sam string, changes ...string) account.ID {
	t.Helper()
	id := add(t, p, sam)
	values := rules(directorytest.DomainRules())
	for i := 0; i < len(changes); i += 2 {
		values = append(values, changes[i], changes[i+1])
	}
	merged := map[string]string{}
	for i := 0; i < len(values); i += 2 {
		merged[values[i]] = values[i+1]
	}
	values = values[:0]
	for name, value := range merged {
		values = append(values, name, value)
	}
	p.set(t, p.dns[id.Object], "pwdPolicySubentry", p.policy(t, sam, "ou=policies", values))
	return id
}

func reason(err error) string {
	var rejected *directory.RejectedError
	var refused *directory.SignInError
	switch {
	case errors.As(err, &rejected):
		return string(rejected.Reason)
	case errors.As(err, &refused):
		return string(refused.Reason)
	case errors.Is(err, directory.ErrDenied):
		return "denied"
	}
	return fmt.Sprint(err)
}

// TestEveryRefusalOfThePolicy: what the server says in its control is what the person is told.
func TestEveryRefusalOfThePolicy(t *testing.T) {
	p := newPeer(server(t))
	d := open(t, p.s, nil)
	set := func(password string) func(account.ID) error {
		return func(id account.ID) error {
			return d.SetPassword(t.Context(), id, secret.New(password), directory.Write{})
		}
	}
	signIn := func(id account.ID) error { return d.Authenticate(t.Context(), id, secret.New(oldPassword)) }
	change := func(id account.ID) error {
		return d.Change(t.Context(), id, secret.New(oldPassword), secret.New(newPassword))
	}
	for i, c := range []struct {
		rules []string
		do    func(account.ID) error
		want  string
	}{
		{nil, set("aB1!"), "too-short"},
		{nil, set(strings.Repeat("Long-Passw0rd!", 10)), "too-long"},
		{nil, set(oldPassword), "in-history"},
		{[]string{"pwdMinAge", "86400"}, set(newPassword), "too-young"},
		{[]string{"pwdMinAge", "86400"}, change, "too-young"},
		{[]string{"pwdSafeModify", "TRUE"}, set(newPassword), "denied"}, // it wants the old one
		{[]string{"pwdSafeModify", "TRUE"}, change, "<nil>"},
		{[]string{"pwdMaxAge", "1"}, signIn, "expired"},
		{[]string{"pwdMaxAge", "1"}, change, "<nil>"},
		{[]string{"pwdMaxAge", "1", "pwdGraceAuthNLimit", "3"}, signIn, "<nil>"},
		{[]string{"pwdMaxAge", "3600", "pwdExpireWarning", "3600"}, signIn, "<nil>"},
		{[]string{"pwdAllowUserChange", "FALSE"}, change, "<nil>"}, // it is the service account that writes
	} {
		sam := fmt.Sprintf("refused%d", i)
		var id account.ID
		if c.rules == nil {
			id = add(t, p, sam)
		} else {
			id = under(t, p, sam, append([]string{"pwdMaxLength", "128"}, c.rules...)...)
		}
		if got := reason(c.do(id)); got != c.want {
			t.Errorf("%d %v: %s, want %s", i, c.rules, got, c.want)
		}
	}
}

// TestAdministratorsLockStays: OpenLDAP would lift it with any new password.
func TestAdministratorsLockStays(t *testing.T) {
	p := newPeer(server(t))
	d := open(t, p.s, nil)
	for sam, how := range map[string][2]string{"shut-lock": {"pwdAccountLockedTime", "000001010000Z"}, "shut-flag": {"labDisabled", "TRUE"}} {
		id := add(t, p, sam)
		p.set(t, p.dns[id.Object], how[0], how[1])
		if a, err := d.Get(t.Context(), id); err != nil || !a.State.Disabled || a.State.Locked || a.State.Usable() {
			t.Errorf("%s: %+v, %v", sam, a.State, err)
		}
		for what, err := range map[string]error{
			"set":    d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{Unlock: true}),
			"change": d.Change(t.Context(), id, secret.New(oldPassword), secret.New(newPassword)),
		} {
			if !errors.Is(err, directory.ErrDenied) {
				t.Errorf("%s: %s: %v", sam, what, err)
			}
		}
		if done, err := d.Unlock(t.Context(), id); err != nil || done {
			t.Errorf("%s: unlock: %v, %v", sam, done, err)
		}
		if got := p.read(t, p.dns[id.Object], how[0]).GetAttributeValue(how[0]); got != how[1] {
			t.Errorf("%s: %s is %q now", sam, how[0], got)
		}
		if got := reason(d.Authenticate(t.Context(), id, secret.New(oldPassword))); got != "disabled" {
			t.Errorf("%s: sign in: %s", sam, got)
		}
	}
}

func TestUnlockForgetsWrongPasswords(t *testing.T) {
	p := newPeer(server(t))
	d := open(t, p.s, nil)
	id := add(t, p, "forgotten")
	p.Lock(t, id)
	if done, err := d.Unlock(t.Context(), id); err != nil || !done {
		t.Fatalf("%v, %v", done, err)
	}
	if left := p.read(t, p.dns[id.Object], "pwdFailureTime").GetAttributeValues("pwdFailureTime"); len(left) > 0 {
		t.Errorf("still counted: %v", left)
	}
	p.set(t, p.dns[id.Object], "pwdAccountLockedTime", "20200101000000Z") // has run out long ago
	if done, err := d.Unlock(t.Context(), id); err != nil || done {
		t.Errorf("a lock that has run out: %v, %v", done, err)
	}
}

// TestLocksOfThePolicy: for how long, and whether at all, the policy says.
func TestLocksOfThePolicy(t *testing.T) {
	p := newPeer(server(t))
	d := open(t, p.s, nil)
	since := time.Now().Add(-time.Hour)
	for sam, c := range map[string]struct {
		rules  []string
		locked bool
		until  bool
	}{
		"lock-out":  {[]string{"pwdLockoutDuration", "1800"}, false, false},
		"lock-long": {[]string{"pwdLockoutDuration", "86400"}, true, true},
		"lock-ever": {[]string{"pwdLockoutDuration", "0"}, true, false},
		"lock-not":  {[]string{"pwdLockout", "FALSE"}, false, false},
	} {
		id := under(t, p, sam, c.rules...)
		p.set(t, p.dns[id.Object], "pwdAccountLockedTime", stamp(since))
		a, err := d.Get(t.Context(), id)
		if err != nil || a.State.Locked != c.locked || a.State.LockedUntil.IsZero() == c.until {
			t.Errorf("%s: %+v, %v", sam, a.State, err)
		}
		if p.Accepts(t, id, oldPassword) == c.locked {
			t.Errorf("%s: the server thinks otherwise", sam)
		}
	}
}

// TestHiddenRulesAreNotGuessed: the account cannot be tried either, since one wrong password might lock it.
func TestHiddenRulesAreNotGuessed(t *testing.T) {
	p := newPeer(server(t))
	id := add(t, p, "hidden")
	p.set(t, p.dns[id.Object], "pwdPolicySubentry", p.policy(t, "hidden", "ou=hidden", rules(directorytest.DomainRules())))
	plain := add(t, p, "unknown-default")
	for name, c := range map[string]struct {
		d  *openldap.Directory
		id account.ID
	}{
		"a policy that may not be read": {open(t, p.s, nil), id},
		"no default policy in settings": {open(t, p.s, func(c *openldap.Config) { c.DefaultPolicy = "" }), plain},
		"a default policy that is not there": {
			open(t, p.s, func(c *openldap.Config) { c.DefaultPolicy = "cn=gone,ou=policies," + slapd.Suffix }), plain,
		},
	} {
		r, err := c.d.Rules(t.Context(), c.id)
		if err != nil || !r.Unreadable || r.MinLength != 0 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if got := reason(c.d.Authenticate(t.Context(), c.id, secret.New(oldPassword))); got != "would-lock" {
			t.Errorf("%s: %s", name, got)
		}
		if c.id == plain {
			if f := finding(t, c.d, "rules"); f.OK {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
	none := open(t, p.s, func(c *openldap.Config) { c.DefaultPolicy = "none" })
	if r, err := none.Rules(t.Context(), plain); err != nil || r.Unreadable || r.MinLength != 0 {
		t.Errorf("none: %+v, %v", r, err)
	}
}

// TestModifyIsHashedByTheServer, and what looks hashed is refused: it would be stored as it is.
func TestModifyIsHashedByTheServer(t *testing.T) {
	p := newPeer(server(t))
	d := open(t, p.s, func(c *openldap.Config) { c.PasswordWrite = "modify" })
	id := add(t, p, "modified")
	if err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); err != nil {
		t.Fatal(err)
	}
	stored := p.read(t, p.dns[id.Object], "userPassword").GetAttributeValue("userPassword")
	if !strings.HasPrefix(stored, "{SSHA}") || !p.Accepts(t, id, newPassword) {
		t.Errorf("stored as %.7s…", stored)
	}
	if got := reason(d.SetPassword(t.Context(), id, secret.New("{CLEARTEXT}Other-Passw0rd!"), directory.Write{})); got != "characters" {
		t.Errorf("what looks hashed: %s", got)
	}
	if err := open(t, p.s, nil).SetPassword(t.Context(), id, secret.New("{CLEARTEXT}Other-Passw0rd!"), directory.Write{}); err != nil || !p.Accepts(t, id, "{CLEARTEXT}Other-Passw0rd!") {
		t.Errorf("the operation takes it for what it is: %v", err)
	}
}

// TestWithoutTheRight: a service account that may only read, one that may not even do that, and one with another password.
func TestWithoutTheRight(t *testing.T) {
	p := newPeer(server(t))
	id := add(t, p, "victim")
	as := func(user, password string) *openldap.Directory {
		c := config(p.s)
		c.User = user
		return opened(t, c, deps(t, password))
	}
	d := as(p.s.Reader())
	if err := d.SetPassword(t.Context(), id, secret.New(newPassword), directory.Write{}); !errors.Is(err, directory.ErrDenied) {
		t.Errorf("set: %v", err)
	}
	if err := d.Change(t.Context(), id, secret.New(oldPassword), secret.New(newPassword)); !errors.Is(err, directory.ErrDenied) {
		t.Errorf("change: %v", err)
	}
	if !p.Accepts(t, id, oldPassword) {
		t.Error("the password has changed")
	}
	d = as(p.dns[id.Object], oldPassword)
	if _, err := d.Get(t.Context(), id); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("the base may not be read, and get: %v", err)
	}
	if f := finding(t, d, "bind"); f.OK || !strings.Contains(f.Text, "may not be read") {
		t.Errorf("%+v", f)
	}
	user, _ := p.s.Service()
	if f := finding(t, as(user, "certainly-wrong"), "bind"); f.OK || strings.Contains(f.Text, "certainly-wrong") {
		t.Errorf("%+v", f)
	}
}

func finding(t testing.TB, d *openldap.Directory, name string) directory.Finding {
	t.Helper()
	for _, f := range d.Check(t.Context()) {
		if strings.HasPrefix(f.Name, name) {
			return f
		}
	}
	t.Fatalf("no finding %s", name)
	return directory.Finding{}
}
