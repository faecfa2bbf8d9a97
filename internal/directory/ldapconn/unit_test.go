package ldapconn

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
)

type nothing struct{}

func (nothing) Writable() bool    { return true }
func (nothing) Condition() string { return "it takes writes" }

func TestFailover(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f := newFailover(3, func() time.Time { return now })
	order := func(want ...int) {
		t.Helper()
		if got := f.order(); !slices.Equal(got, want) {
			t.Errorf("order %v, want %v", got, want)
		}
	}
	order(0, 1, 2)
	f.bad(0)
	order(1, 2, 0)
	f.bad(0) // a second caller that failed with the first server
	order(1, 2, 0)
	f.bad(1)
	f.good(2)
	order(2, 0, 1)
	if !f.failed(0) || !f.failed(1) || f.failed(2) {
		t.Error("failed servers are not known")
	}
	now = now.Add(preferAgain)
	order(0, 2, 1) // one caller tries the first again
	order(2, 0, 1) // the others go on
	f.bad(0)       // in vain
	order(2, 0, 1)
	now = now.Add(preferAgain)
	order(0, 2, 1)
	f.good(0)
	order(0, 1, 2)
	if f.failed(0) {
		t.Error("a server that answers counts as failed")
	}
}

func TestWritersAreBoundedAndForgotten(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var w Writers[nothing]
	s := &Server[nothing]{}
	id := func(n int) account.ID { return account.ID{Directory: "d", Object: string(rune('a' + n))} }
	w.Remember(id(0), s, now)
	if w.Of(id(0), now) != s || w.Of(id(1), now) != nil || w.Of(id(0), now.Add(writerLife)) != nil {
		t.Error("the writer is not remembered, or for ever")
	}
	for n := range maxWriters + 10 {
		w.Remember(account.ID{Object: string(rune(n + 1000))}, s, now)
	}
	if len(w.last) > maxWriters {
		t.Errorf("%d writers are kept", len(w.last))
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"ldaps://dc1.corp.example.test": "dc1.corp.example.test:636", "ldaps://127.0.0.1:1636": "127.0.0.1:1636", "ldaps://[::1]/": "[::1]:636",
		"ldap://dc1.corp.example.test": "", "http://dc1": "", "dc1:636": "",
	} {
		got, upgrade, err := Address(text, false)
		if got != want || upgrade || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, %v", text, got, upgrade, err)
		}
	}
	if got, upgrade, err := Address("ldap://ldap1.example.test", true); got != "ldap1.example.test:389" || !upgrade || err != nil {
		t.Errorf("with StartTLS: %q, %v, %v", got, upgrade, err)
	}
}

func TestBusyServersDidNothing(t *testing.T) {
	c := &Conn[nothing]{Server: &Server[nothing]{busy: func(err error) bool { return ldap.IsErrorWithCode(err, 1) }}}
	for code, want := range map[uint16]bool{51: true, 52: true, 1: true, 53: false} {
		if got := c.busy(ldap.NewError(code, errors.New("x"))); got != want {
			t.Errorf("%d: %v", code, got)
		}
	}
	if c.busy(errors.New("cut")) {
		t.Error("a connection that ended says nothing")
	}
}

func TestLanguage(t *testing.T) {
	for in, want := range map[string]string{"": "", "de": "de", "de_AT": "de-AT", " fr-CH, fr;q=0.9, en;q=0.8": "fr-CH", "ar;q=1": "ar"} {
		if got := Language(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
