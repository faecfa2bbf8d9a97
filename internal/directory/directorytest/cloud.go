package directorytest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// cloud is what a directory offers that lets nobody check a password or lift a lock, and whose people sign in with addresses alone.
type cloud interface {
	directory.Directory
	directory.RuleReader
	directory.PasswordDater
	directory.Checker
}

// RunCloud tests such a directory. Of the fixture it uses Directory, NetBIOS (the short name, which stands for the key's domain), Peer
// without Lock, Broken and Limit. It makes accounts with names from "dt-" on, whose principal names end in the key.
func RunCloud(t *testing.T, f Fixture) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, Fixture)
	}{
		{"Attack09EveryFormIsOneAccount", testCloudForms},
		{"NotFound", testCloudNotFound},
		{"Ambiguous", testCloudAmbiguous},
		{"Attack26Injection", testInjection},
		{"Attack34NestedGroups", testCloudGroups},
		{"Attack38RecreatedAccount", testRecreated},
		{"SetPassword", testCloudSetPassword},
		{"RefusedReset", testCloudRefused},
		{"Rules", testCloudRules},
		{"Health", testCloudHealth},
		{"Unavailable", testCloudUnavailable},
		{"LostAnswer", testCloudLost},
		{"GivenUp", testCloudGivenUp},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, f) })
	}
}

func asCloud(t testing.TB, d directory.Directory) cloud {
	t.Helper()
	c, ok := d.(cloud)
	if !ok {
		t.Fatalf("%T lacks capabilities", d)
	}
	return c
}

func testCloudForms(t *testing.T, f Fixture) {
	key := f.Directory.Key()
	id := f.add(t, Person{
		SAM: "dt-forms", UPN: "dt.forms@" + key, Mail: "forms@mail.example", Addresses: []string{"SMTP:forms@mail.example", "smtp:alias@mail.example"},
	})
	for _, typed := range []string{
		"dt.forms@" + key, "DT.FORMS@" + strings.ToUpper(key), " dt.forms@" + key + " ", "forms@mail.example", "Alias@Mail.Example",
		f.NetBIOS + `\dt.forms`, strings.ToLower(f.NetBIOS) + `\DT.Forms`, key + `\dt.forms`,
	} {
		a, err := f.Directory.Lookup(t.Context(), parse(t, typed))
		if err != nil || a.ID != id {
			t.Errorf("%q: %v, %v, want %v", typed, a.ID, err, id)
		}
	}
	got, err := f.Directory.Get(t.Context(), id)
	if err != nil || got.UPN != "dt.forms@"+key || got.Mail != "forms@mail.example" || strings.Join(got.Mails, " ") != "forms@mail.example alias@mail.example" {
		t.Errorf("%+v, %v", got, err)
	}
}

func testCloudNotFound(t *testing.T, f Fixture) {
	key := f.Directory.Key()
	there := f.add(t, Person{SAM: "dt-here", UPN: "dt.here@" + key})
	for _, typed := range []string{
		"dt-nobody", "dt.here", "dt-nobody@" + key, "nobody@mail.example", f.NetBIOS + `\dt-nobody`, `ELSEWHERE\dt.here`, "dt.here@elsewhere.example",
		"smtp:dt.here@" + key, f.NetBIOS + `\dt.here@` + key,
	} {
		_, err := f.Directory.Lookup(t.Context(), parse(t, typed))
		wantError(t, typed, err, directory.ErrNotFound)
	}
	d := asCloud(t, f.Directory)
	for _, id := range []account.ID{
		{},
		{Directory: key, Object: "unknown"},
		{Directory: key, Object: "decoy:dt.here"},
		{Directory: key, Object: "00000000-0000-4000-8000-ffffffffffff"},
		{Directory: "elsewhere.example", Object: there.Object},
	} {
		_, err := d.Get(t.Context(), id)
		wantError(t, id.String(), err, directory.ErrNotFound)
		wantError(t, "set "+id.String(), d.SetPassword(t.Context(), id, text(next), directory.Write{}), directory.ErrNotFound)
		_, err = d.PasswordSet(t.Context(), id)
		wantError(t, "date "+id.String(), err, directory.ErrNotFound)
	}
}

func testCloudAmbiguous(t *testing.T, f Fixture) {
	key := f.Directory.Key()
	f.add(t, Person{SAM: "dt-twin1", Mail: "twins@mail.example"})
	f.add(t, Person{SAM: "dt-twin2", Mail: "twins@mail.example"})
	f.add(t, Person{SAM: "dt-cross1", UPN: "cross@" + key})
	f.add(t, Person{SAM: "dt-cross2", Mail: "cross@" + key})
	f.add(t, Person{SAM: "dt-other1", Mail: "other@mail.example"})
	f.add(t, Person{SAM: "dt-other2", Addresses: []string{"smtp:other@mail.example"}})
	for _, typed := range []string{"twins@mail.example", "Cross@" + key, "other@mail.example"} {
		_, err := f.Directory.Lookup(t.Context(), parse(t, typed))
		wantError(t, typed, err, directory.ErrAmbiguous)
	}
}

func testCloudGroups(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-member"})
	inner := f.Peer.Group(t, "dt-inner", "dt-member")
	outer := f.Peer.Group(t, "dt-outer", "dt-inner")
	other := f.Peer.Group(t, "dt-elsewhere")
	names := map[string]string{}
	for _, g := range f.get(t, id).Groups {
		names[g.ID] = g.Name
	}
	if _, in := names[other]; in || names[inner] != "dt-inner" || names[outer] != "dt-outer" {
		t.Errorf("groups %v: want %s and, nested, %s", names, inner, outer)
	}
	found, err := f.Directory.Lookup(t.Context(), parse(t, "dt-member@"+f.Directory.Key()))
	if err != nil || len(found.Groups) != len(names) {
		t.Errorf("Lookup gives groups %v, %v; Get %v", found.Groups, err, names)
	}
}

func testCloudSetPassword(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-set"})
	before := f.get(t, id).State.PasswordSet
	for _, p := range []string{next, `Qu"oted\-Phrase-77!`, "With a blank 9"} {
		if err := f.Directory.SetPassword(t.Context(), id, text(p), directory.Write{Unlock: true, EnforceHistory: true}); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		f.accepts(t, id, p)
	}
	set, err := asCloud(t, f.Directory).PasswordSet(t.Context(), id)
	if err != nil || !set.After(before) || !f.get(t, id).State.PasswordSet.Equal(set) {
		t.Errorf("password set at %v, %v; before: %v", set, err, before)
	}
}

func testCloudRefused(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-refused"})
	for p, want := range map[string]directory.Reason{
		"": directory.TooShort, "aB1!": directory.TooShort, "onlysmallletters": directory.Complexity, "aB1!" + strings.Repeat("x", 300): directory.TooLong,
	} {
		wantReason(t, p, f.Directory.SetPassword(t.Context(), id, text(p), directory.Write{MustChange: true}), want)
	}
	f.accepts(t, id, password)
}

func testCloudRules(t *testing.T, f Fixture) {
	d := asCloud(t, f.Directory)
	id := f.add(t, Person{SAM: "dt-rules"})
	all, err := d.Rules(t.Context(), account.ID{Directory: id.Directory})
	if err != nil || all.MinLength == 0 || all.Source == "" || !all.PasswordSet.IsZero() {
		t.Errorf("for everybody: %+v, %v", all, err)
	}
	own, err := d.Rules(t.Context(), id)
	if err != nil || own.MinLength != all.MinLength || !own.PasswordSet.Equal(f.get(t, id).State.PasswordSet) {
		t.Errorf("for one: %+v, %v", own, err)
	}
	_, err = d.Rules(t.Context(), account.ID{Directory: id.Directory, Object: "unknown"})
	wantError(t, "unknown", err, directory.ErrNotFound)
}

func testCloudHealth(t *testing.T, f Fixture) {
	if h := f.Directory.Health(t.Context()); !h.Readable || !h.Writable || h.Server == "" || h.Detail == "" || h.Since.IsZero() {
		t.Errorf("%+v", h)
	}
	for _, finding := range asCloud(t, f.Directory).Check(t.Context()) {
		if !finding.OK || finding.Name == "" || finding.Text == "" {
			t.Errorf("finding %+v", finding)
		}
	}
}

func cloudCalls(d cloud, id account.ID) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Lookup": func(ctx context.Context) error {
			_, err := d.Lookup(ctx, directory.Identifier{Raw: "dt-x@" + id.Directory, Mail: "dt-x@" + id.Directory})
			return err
		},
		"Get":         func(ctx context.Context) error { _, err := d.Get(ctx, id); return err },
		"SetPassword": func(ctx context.Context) error { return d.SetPassword(ctx, id, text(next), directory.Write{}) },
		"Rules":       func(ctx context.Context) error { _, err := d.Rules(ctx, id); return err },
		"PasswordSet": func(ctx context.Context) error { _, err := d.PasswordSet(ctx, id); return err },
		"PasswordMoved": func(ctx context.Context) error {
			_, _, err := d.PasswordMoved(ctx, id, time.Time{})
			return err
		},
	}
}

func testCloudUnavailable(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-down"})
	for _, how := range []Failure{Down, Silent} {
		d := asCloud(t, f.Broken(t, how))
		for name, call := range cloudCalls(d, id) {
			began := time.Now()
			wantError(t, string(how)+" "+name, call(t.Context()), directory.ErrUnavailable)
			if took := time.Since(began); took > f.Limit {
				t.Errorf("%s: %s took %v, limit %v", how, name, took, f.Limit)
			}
		}
		if h := d.Health(t.Context()); h.Readable || h.Writable || h.Detail == "" {
			t.Errorf("%s: %+v", how, h)
		}
	}
	f.accepts(t, id, password)
}

func testCloudLost(t *testing.T, f Fixture) {
	for how, want := range map[Failure]string{LostWritten: next, LostNot: password} {
		id := f.add(t, Person{SAM: "dt-" + string(how)})
		before := f.get(t, id).State.PasswordSet
		err := f.Broken(t, how).SetPassword(t.Context(), id, text(next), directory.Write{})
		wantError(t, string(how), err, directory.ErrOutcomeUnknown)
		if errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: %v also says that nothing was written", how, err)
		}
		moved, sure, err := asCloud(t, f.Directory).PasswordMoved(t.Context(), id, before)
		if err != nil || !sure || moved != (how == LostWritten) {
			t.Errorf("%s: moved %v, sure %v, %v", how, moved, sure, err)
		}
		f.accepts(t, id, want)
	}
}

func testCloudGivenUp(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-gone"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range cloudCalls(asCloud(t, f.Directory), id) {
		wantError(t, name, call(ctx), directory.ErrUnavailable)
	}
	f.accepts(t, id, password)
}
