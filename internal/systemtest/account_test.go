package systemtest

import (
	"context"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/lab/inbox"
	"rekey/internal/lab/people"
	"rekey/internal/lab/samba"
)

// notice waits for the next mail to the address in the directory.
func (a *actor) notice(t testing.TB) inbox.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m, err := a.lab.Inbox.Next(ctx, a.Mail)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestAttack34GuardedAccountsAreNotWritten: the directory refuses an account that became protected meanwhile, the person is told so,
// and nothing changed. Who begins anew is privileged: no way but a passkey, which they have not, leads on.
func TestAttack34GuardedAccountsAreNotWritten(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	conn := connect(t, l)
	a := play(t, l, "shielded1")
	version, before := a.attribute(t, "msDS-KeyVersionNumber"), events(t, conn, a)
	w := walkIn(t, l.Portal.URL())
	w.proven(a)
	a.guard(t)
	password := a.fresh()
	if page := w.finish(password); !strings.Contains(page.Text, "This cannot be done here") {
		t.Errorf("told: %s", page.Text)
	}
	if a.attribute(t, "msDS-KeyVersionNumber") != version || !a.binds(t, a.Password) {
		t.Error("the password was written")
	}
	after := events(t, conn, a)
	if after["write.intended"]-before["write.intended"] != 1 || after["write.rejected"]-before["write.rejected"] != 1 || after["write.done"] != 0 {
		t.Errorf("recorded %v", after)
	}
	if n := a.notices(); n != 0 {
		t.Errorf("the owner was told %d times of a reset that was none", n)
	}
	again := walkIn(t, l.Portal.URL())
	again.start("reset", a.UPN)
	out, err := l.Portal.Command(t.Context(), "explain", "--user", a.UPN)
	if err != nil || !strings.Contains(out, "not enrolled") || !strings.Contains(out, "the floor is laid") {
		t.Errorf("%v: %s", err, out)
	}
	if n := events(t, conn, a)["write.intended"] - after["write.intended"]; n != 0 {
		t.Errorf("%d more writes were begun", n)
	}
}

// TestAttack38ANewAccountOfAnOldNameHasNoMethods: what somebody set up does not pass on to who gets their name.
func TestAttack38ANewAccountOfAnOldNameHasNoMethods(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "twice1")
	old := a.id(t)
	d := l.Domain(people.Corp)
	user := samba.User{SAM: a.SAM, Mail: a.Mail, Password: a.Password}
	admin := a.dial(t)
	defer admin.Close()
	if err := admin.Bind(d.Admin()); err != nil {
		t.Fatal(err)
	}
	if err := admin.Del(ldap.NewDelRequest(d.UserDN(user), nil)); err != nil {
		t.Fatal(err)
	}
	if err := d.Apply(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	again := play(t, l, "twice1")
	if again.id(t) == old {
		t.Fatal("the account is the old one")
	}
	if cs, err := open(t, l).Store.Credentials(t.Context(), again.id(t)); err != nil || len(cs) > 0 {
		t.Errorf("the new account has %d methods, %v", len(cs), err)
	}
	inside := walk{browseFrom(l.Portal.URL(), "192.0.2.38"), t}
	if page := inside.start("reset", a.UPN); page.Path != "/stopped/reset" {
		t.Errorf("in the office: %s", page.Text)
	}
	w := walkIn(t, l.Portal.URL()) // elsewhere it looks like a name nobody has, and no code of the old account is right
	page := w.start("reset", a.UPN)
	if !has(page, "/flow/choose") {
		t.Fatal(page.Text)
	}
	method := typable(page)
	code := map[string]string{"totp": a.code(t), "backup-code": a.nextSheet(t), "mail": "00000000"}[method]
	w.choose(method)
	if page := w.answer(code); len(page.Problems) == 0 {
		t.Errorf("%s of the old account was accepted", method)
	}
	if n := len(l.Inbox.Messages(a.Methods.Mail.Address)); n > 0 {
		t.Errorf("%d codes went to the old owner's mailbox", n)
	}
}
