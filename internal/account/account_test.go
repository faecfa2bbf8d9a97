package account_test

import (
	"strings"
	"testing"

	"rekey/internal/account"
)

func TestParseIDReadsWhatStringWrote(t *testing.T) {
	for _, c := range []struct {
		text string
		want account.ID
		ok   bool
	}{
		{"corp.example.test/0b1e", account.ID{Directory: "corp.example.test", Object: "0b1e"}, true},
		{"corp.example.test/a/b", account.ID{Directory: "corp.example.test", Object: "a/b"}, true},
		{"corp.example.test", account.ID{}, false},
		{"/0b1e", account.ID{}, false},
		{"corp.example.test/", account.ID{}, false},
		{"", account.ID{}, false},
	} {
		got, ok := account.ParseID(c.text)
		if ok != c.ok || ok && (got != c.want || got.String() != c.text) {
			t.Errorf("%q: %+v, %v", c.text, got, ok)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("corp.example.test/0b1e")
	f.Add("a//b")
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := account.ParseID(text)
		if ok && (id.String() != text || id.IsZero() || strings.Contains(id.Directory, "/")) {
			t.Errorf("%q: %+v", text, id)
		}
	})
}

func TestNameIsWhatPeopleSignInWith(t *testing.T) {
	if got := (account.Account{SAM: "jdoe", UPN: "jdoe@corp.example.test"}).Name(); got != "jdoe@corp.example.test" {
		t.Errorf("got %q", got)
	}
	if got := (account.Account{SAM: "jdoe"}).Name(); got != "jdoe" {
		t.Errorf("got %q", got)
	}
}

func TestUsable(t *testing.T) {
	for _, c := range []struct {
		s    account.State
		want bool
	}{
		{account.State{}, true},
		{account.State{Locked: true, PasswordExpired: true, MustChange: true}, true},
		{account.State{Disabled: true}, false},
		{account.State{Expired: true}, false},
	} {
		if got := c.s.Usable(); got != c.want {
			t.Errorf("%+v: %v", c.s, got)
		}
	}
}
