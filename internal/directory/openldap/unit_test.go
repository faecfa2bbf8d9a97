package openldap

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
	"rekey/internal/lab/slapd"
)

// TestTranslate holds refusals without the control of the password policy, as OpenLDAP, 389 Directory Server and FreeIPA word them.
func TestTranslate(t *testing.T) {
	for _, c := range []struct {
		code       uint16
		diagnostic string
		want       error
		reason     directory.Reason
	}{
		{19, "Password fails quality checking policy", nil, directory.PolicyRefused},
		{19, "Password is in history of old passwords", nil, directory.InHistory},
		{19, "Password is too young to change", nil, directory.TooYoung},
		{19, "invalid password syntax: password must be at least 8 characters long", nil, directory.TooShort},
		{19, "invalid password syntax: password based off of user entry", nil, directory.HoldsName},
		{19, "within password minimum age", nil, directory.TooYoung},
		{19, "password in history", nil, directory.InHistory},
		{19, "Password is too short", nil, directory.TooShort},
		{19, "Too soon to change password", nil, directory.TooYoung},
		{19, "Password does not contain enough character classes", nil, directory.Complexity},
		{50, "no write access to userPassword", directory.ErrDenied, ""},
		{53, "unwilling to verify old password", directory.ErrDenied, ""},
		{53, "shadow context; no update referral", directory.ErrUnavailable, ""},
		{10, "", directory.ErrUnavailable, ""},
		{32, "", directory.ErrNotFound, ""},
		{80, "", directory.ErrUnavailable, ""},
	} {
		err := translate(ldap.NewError(c.code, errors.New(c.diagnostic)))
		var rejected *directory.RejectedError
		if c.want == nil && (!errors.As(err, &rejected) || rejected.Reason != c.reason) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%d %q: %v", c.code, c.diagnostic, err)
		}
	}
}

func TestDecoded(t *testing.T) {
	for value, want := range map[string]verdict{
		"\x30\x00":                                     silent,
		"\x30\x03\x81\x01\x06":                         {code: passwordTooShort, expires: nothingSaid, grace: nothingSaid},
		"\x30\x03\x81\x01\x09":                         {code: passwordTooLong, expires: nothingSaid, grace: nothingSaid},
		"\x30\x03\x81\x01\x7f":                         silent,
		"\x30\x05\xa0\x03\x81\x01\x02":                 {code: nothingSaid, expires: nothingSaid, grace: 2},
		"\x30\x09\xa0\x04\x80\x02\x01\x00\x81\x01\x02": {code: changeAfterReset, expires: 256, grace: nothingSaid},
		"":          silent,
		"\x30\x84":  silent,
		"\x04\x01x": silent,
	} {
		if got := decoded([]byte(value)); got != want {
			t.Errorf("%x: %+v, want %+v", value, got, want)
		}
	}
}

func FuzzDecoded(f *testing.F) {
	f.Add([]byte("\x30\x09\xa0\x04\x80\x02\x01\x00\x81\x01\x02"))
	f.Fuzz(func(t *testing.T, value []byte) {
		if v := decoded(value); v.code < nothingSaid || v.code > lastOfThoseWeUse || v.expires < nothingSaid || v.grace < nothingSaid {
			t.Errorf("%+v", v)
		}
	})
}

// TestCodesAsTheServerSaysThem meets those a service account does not meet itself.
func TestCodesAsTheServerSaysThem(t *testing.T) {
	s, err := slapd.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	const first, password = "Old-Passw0rd!1", "Next-Passw0rd!1"
	dn := "uid=codes," + s.PeopleDN()
	as := func(user, password string) (*ldap.Conn, verdict) {
		c, err := s.Dial()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		answer, err := c.SimpleBind(ldap.NewSimpleBindRequest(user, password, []ldap.Control{ldap.NewControlBeheraPasswordPolicy()}))
		if said := verdictOf(err); said != silent {
			return c, said
		}
		return c, verdictIn(answer.Controls)
	}
	admin, _ := as(s.Admin())
	set := func(dn, attribute string, values ...string) {
		t.Helper()
		r := ldap.NewModifyRequest(dn, nil)
		r.Replace(attribute, values)
		if err := admin.Modify(r); err != nil {
			t.Fatal(err)
		}
	}
	person := ldap.NewAddRequest(dn, nil)
	for name, value := range map[string]string{"objectClass": "inetOrgPerson", "cn": "codes", "sn": "codes", "userPassword": first} {
		person.Attribute(name, []string{value})
	}
	if err := admin.Add(person); err != nil {
		t.Fatal(err)
	}
	replace := func(c *ldap.Conn, password string) verdict {
		r := ldap.NewModifyRequest(dn, []ldap.Control{ldap.NewControlBeheraPasswordPolicy()})
		r.Replace(passwordAttribute, []string{password})
		return verdictOf(c.Modify(r))
	}
	service, _ := as(s.Service())
	if said := replace(service, password); said != silent { // dates it; an administrator's does not
		t.Fatalf("%+v", said)
	}
	self, said := as(dn, password)
	if said != silent {
		t.Errorf("a plain sign-in: %+v", said)
	}
	if said := replace(service, "{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"); said.code != insufficientQuality {
		t.Errorf("one that cannot be checked: %+v", said)
	}
	set(s.PolicyDN(), "pwdAllowUserChange", "FALSE")
	if said := replace(self, "New-Passw0rd!2"); said.code != modNotAllowed {
		t.Errorf("by themselves: %+v", said)
	}
	set(s.PolicyDN(), "pwdMaxAge", "3600")
	set(s.PolicyDN(), "pwdExpireWarning", "7200")
	if _, said := as(dn, password); said.expires <= 0 || said.expires > 3600 {
		t.Errorf("ends soon: %+v", said)
	}
	set(dn, "pwdReset", "TRUE")
	if _, said := as(dn, password); said.code != changeAfterReset {
		t.Errorf("must change: %+v", said)
	}
	set(dn, "pwdAccountLockedTime", forEver)
	if _, said := as(dn, password); said.code != accountLocked {
		t.Errorf("locked: %+v", said)
	}
}

func TestPasswordWritten(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const long, young, next = "20260101000000Z", "20260301115950Z", "20260301120001Z"
	for _, c := range []struct {
		before, after condition
		want          ldapconn.Verdict
	}{
		{condition{set: long, csn: "1"}, condition{set: next, csn: "2"}, ldapconn.Written},
		{condition{set: long, csn: "1"}, condition{set: long, csn: "1"}, ldapconn.NotWritten},
		{condition{set: long, csn: "1"}, condition{set: long, csn: "2"}, ldapconn.NotWritten}, // something else was written
		{condition{set: young, csn: "1"}, condition{set: young, csn: "1"}, ldapconn.NotWritten},
		{condition{set: young, csn: "1"}, condition{set: young, csn: "2"}, ldapconn.Unclear},
		{condition{set: young}, condition{set: young}, ldapconn.Unclear},
		{condition{}, condition{}, ldapconn.Unclear}, // the server dates no passwords
		{condition{csn: "1"}, condition{csn: "1"}, ldapconn.NotWritten},
	} {
		if got := passwordWritten(now)(c.before, c.after); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestPoint(t *testing.T) {
	want := time.Date(2026, 11, 24, 21, 1, 19, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"20261124210119Z": want, "20261124210119.365512Z": want.Add(365512 * time.Microsecond), "20261124220119+0100": want,
		"": {}, forEver: {}, "yesterday": {},
	} {
		if got := point(in); !got.Equal(want) {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestAttack26FilterIsEscaped(t *testing.T) {
	d := &Directory{config: working().withDefaults()}
	for _, name := range []string{"a*", "a)(b=*", `a\2a`, "a\x00b"} {
		for _, who := range []directory.Identifier{{Name: name}, {Mail: name + "@example.test"}} {
			filter, _ := d.filter(who)
			if strings.Contains(filter, name) {
				t.Errorf("%q goes into the filter as it is: %s", name, filter)
			}
			if _, err := ldap.CompileFilter(filter); err != nil {
				t.Errorf("%s: %v", filter, err)
			}
		}
	}
}
