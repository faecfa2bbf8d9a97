package directorytest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
)

func testForms(t *testing.T, f Fixture) {
	key := f.Directory.Key()
	id := f.add(t, Person{
		SAM: "dt-forms", UPN: "dt.forms@" + key, Mail: "forms@mail.example", Addresses: []string{"SMTP:forms@mail.example", "smtp:alias@mail.example"},
	})
	plain := f.add(t, Person{SAM: "dt-noupn", NoUPN: true})
	forms := map[string]account.ID{
		"dt-forms":                         id,
		"DT-Forms":                         id,
		"  dt-forms ":                      id,
		key + `\dt-forms`:                  id,
		"dt.forms@" + key:                  id,
		"DT.FORMS@" + strings.ToUpper(key): id,
		"forms@mail.example":               id,
		"Alias@Mail.Example":               id,
	}
	if !f.Differs.NoWindowsNames {
		forms[f.NetBIOS+`\dt-forms`] = id
		forms[strings.ToLower(f.NetBIOS)+`\DT-FORMS`] = id
		forms["dt-noupn@"+key] = plain
	}
	for typed, want := range forms {
		a, err := f.Directory.Lookup(t.Context(), parse(t, typed))
		if err != nil || a.ID != want {
			t.Errorf("%q: %v, %v, want %v", typed, a.ID, err, want)
		}
	}
}

func testNotFound(t *testing.T, f Fixture) {
	key := f.Directory.Key()
	f.add(t, Person{SAM: "dt-here", UPN: "dt.here@" + key})
	for _, typed := range []string{
		"dt-nobody", "dt-nobody@" + key, "nobody@mail.example", key + `\dt-nobody`, `ELSEWHERE\dt-here`, `elsewhere.example\dt-here`,
		"dt-here@elsewhere.example",
		"dt-here@" + key,        // its UPN is another: no implicit one then
		"smtp:dt.here@" + key,   // a prefix is no part of a name
		key + `\dt.here@` + key, // not a name of this kind
	} {
		_, err := f.Directory.Lookup(t.Context(), parse(t, typed))
		wantError(t, typed, err, directory.ErrNotFound)
	}
	for _, id := range []account.ID{
		{},
		{Directory: key},
		{Directory: key, Object: "unknown"},
		{Directory: key, Object: "decoy:dt-here"},
		{Directory: key, Object: "00000000-0000-4000-8000-ffffffffffff"},
		{Directory: "elsewhere.example", Object: f.add(t, Person{SAM: "dt-there"}).Object},
	} {
		_, err := f.Directory.Get(t.Context(), id)
		wantError(t, id.String(), err, directory.ErrNotFound)
		wantError(t, "set "+id.String(), f.Directory.SetPassword(t.Context(), id, text(next), directory.Write{}), directory.ErrNotFound)
		wantError(t, "change "+id.String(), f.all(t).Change(t.Context(), id, text(password), text(next)), directory.ErrNotFound)
		_, err = f.all(t).Unlock(t.Context(), id)
		wantError(t, "unlock "+id.String(), err, directory.ErrNotFound)
		wantReason(t, "sign in "+id.String(), f.all(t).Authenticate(t.Context(), id, text(password)), directory.SignInWrong)
	}
}

func testAmbiguous(t *testing.T, f Fixture) {
	f.add(t, Person{SAM: "dt-twin1", Mail: "twins@mail.example"})
	f.add(t, Person{SAM: "dt-twin2", Mail: "twins@mail.example"})
	f.add(t, Person{SAM: "dt-cross1", UPN: "cross@" + f.Directory.Key()})
	f.add(t, Person{SAM: "dt-cross2", Mail: "cross@" + f.Directory.Key()})
	f.add(t, Person{SAM: "dt-other1", Mail: "other@mail.example"})
	f.add(t, Person{SAM: "dt-other2", Addresses: []string{"smtp:other@mail.example"}})
	for _, typed := range []string{"twins@mail.example", "Cross@" + f.Directory.Key(), "other@mail.example"} {
		_, err := f.Directory.Lookup(t.Context(), parse(t, typed))
		wantError(t, typed, err, directory.ErrAmbiguous)
	}
	if a, err := f.Directory.Lookup(t.Context(), parse(t, "dt-twin2")); err != nil || a.SAM != "dt-twin2" {
		t.Errorf("by its own name: %q, %v", a.SAM, err)
	}
}

func testInjection(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-target", Mail: "target@mail.example"})
	for _, name := range []string{
		"*", "dt-targe*", "*target", "dt-target)(objectClass=*", "dt-target))(|(objectClass=*", "*)(sAMAccountName=dt-target",
		`\64t-target`, `dt-target\00`, "dt-target\x00", "(dt-target)", "dt-target)(!(cn=x", "\xff", strings.Repeat("(", 200), strings.Repeat("*", 200),
	} {
		for _, who := range []directory.Identifier{{Raw: name, Name: name}, {Raw: name, Mail: name}, {Raw: name, Mail: name + "@mail.example"}} {
			a, err := f.Directory.Lookup(t.Context(), who)
			if err == nil {
				t.Errorf("%+v finds %s", who, a.SAM)
			}
		}
	}
	for _, object := range []string{"*", id.Object + ">,DC=x", "<SID=S-1-5-32-544>", strings.ToUpper(id.Object) + "\x00", "{" + id.Object + "}"} {
		_, err := f.Directory.Get(t.Context(), account.ID{Directory: id.Directory, Object: object})
		wantError(t, object, err, directory.ErrNotFound)
	}
}

func testAttributes(t *testing.T, f Fixture) {
	key := f.Directory.Key()
	id := f.add(t, Person{
		SAM: "dt-attrs", Mail: "First@mail.example", Display: "Attila Attribute", Language: "de-DE",
		Addresses: []string{"smtp:second@mail.example", "SMTP:first@mail.example"},
	})
	a := f.get(t, id)
	if a.ID != id || a.SAM != "dt-attrs" || a.UPN != "dt-attrs@"+key || a.NetBIOS != f.NetBIOS || a.DisplayName != "Attila Attribute" || a.Language != "de-DE" {
		t.Errorf("%+v", a)
	}
	if strings.HasPrefix(a.SID, "S-1-5-21-") == f.Differs.NoWindowsNames {
		t.Errorf("SID %q", a.SID)
	}
	if a.Mail != "First@mail.example" || !slices.Equal(a.Mails, []string{"First@mail.example", "second@mail.example"}) {
		t.Errorf("mail %q, %q", a.Mail, a.Mails)
	}
	found, err := f.Directory.Lookup(t.Context(), parse(t, "dt-attrs"))
	if err != nil || found.ID != id || found.SID != a.SID || found.Mail != a.Mail || found.State != a.State {
		t.Errorf("Lookup gives %+v, %v", found, err)
	}
	primary := f.get(t, f.add(t, Person{SAM: "dt-proxy", Addresses: []string{"smtp:b@mail.example", "SMTP:a@mail.example", "X400:c=x"}}))
	if primary.Mail != "a@mail.example" || !slices.Equal(primary.Mails, []string{"a@mail.example", "b@mail.example"}) {
		t.Errorf("mail %q, %q", primary.Mail, primary.Mails)
	}
}

func testStates(t *testing.T, f Fixture) {
	began := time.Now()
	for i, c := range []struct {
		state State
		want  account.State
		set   bool // whether the time the password was set is known
	}{
		{Active, account.State{}, true},
		{Disabled, account.State{Disabled: true}, true},
		{AccountExpired, account.State{Expired: true}, true},
		{PasswordExpired, account.State{PasswordExpired: true}, true},
		{MustChange, account.State{MustChange: true}, false},
	} {
		s := f.get(t, f.add(t, Person{SAM: fmt.Sprintf("dt-s%d", i), State: c.state})).State
		if s.PasswordSet.IsZero() == c.set {
			t.Errorf("%s: password set at %v", c.state, s.PasswordSet)
		}
		if c.state == Active && s.PasswordSet.Sub(began).Abs() > time.Minute {
			t.Errorf("password set at %v, made at %v", s.PasswordSet, began)
		}
		s.PasswordSet, s.PasswordExpires = time.Time{}, time.Time{}
		if s != c.want {
			t.Errorf("%q: %+v", c.state, s)
		}
	}
	id := f.add(t, Person{SAM: "dt-s-locked"})
	f.Peer.Lock(t, id)
	if s := f.get(t, id).State; !s.Locked || s.LockedUntil.Sub(began.Add(30*time.Minute)).Abs() > time.Minute {
		t.Errorf("locked: %+v", s)
	}
}

func testGroups(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-member"})
	inner := f.Peer.Group(t, "dt-inner", "dt-member")
	outer := f.Peer.Group(t, "dt-outer", "dt-inner")
	other := f.Peer.Group(t, "dt-elsewhere")
	names := map[string]string{}
	for _, g := range f.get(t, id).Groups {
		names[g.ID] = g.Name
	}
	if names[inner] != "dt-inner" || names[outer] != "dt-outer" {
		t.Errorf("groups %v: want %s and, nested, %s", names, inner, outer)
	}
	if _, in := names[other]; in {
		t.Error("a group it is no member of")
	}
	found, err := f.Directory.Lookup(t.Context(), parse(t, "dt-member"))
	if err != nil || len(found.Groups) != len(names) {
		t.Errorf("Lookup gives groups %v, %v; Get %v", found.Groups, err, names)
	}
}

func testRecreated(t *testing.T, f Fixture) {
	p := Person{SAM: "dt-again", Mail: "again@mail.example"}
	old := f.add(t, p)
	f.Peer.Remove(t, old)
	now := f.add(t, p)
	if old == now {
		t.Fatal("a new account has the old one's ID")
	}
	if _, err := f.Directory.Get(t.Context(), old); err == nil {
		t.Error("the removed account is found")
	}
	wantError(t, "set", f.Directory.SetPassword(t.Context(), old, text(next), directory.Write{Unlock: true}), directory.ErrNotFound)
	if a, err := f.Directory.Lookup(t.Context(), parse(t, "again@mail.example")); err != nil || a.ID != now {
		t.Errorf("found %v, %v, want %v", a.ID, err, now)
	}
	f.accepts(t, now, password)
}
