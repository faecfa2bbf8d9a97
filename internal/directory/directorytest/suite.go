// Package directorytest is what every directory has to pass.
package directorytest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/secret"
)

// State is the condition an account is made in.
type State string

// The states.
const (
	Active          State = ""
	Disabled        State = "disabled"
	AccountExpired  State = "account-expired"
	PasswordExpired State = "password-expired"
	MustChange      State = "must-change"
)

// Person is an account to make. SAM and Password are needed.
type Person struct {
	SAM       string
	UPN       string // empty: SAM@domain
	NoUPN     bool
	Mail      string
	Addresses []string // further ones, as the directory stores them: with smtp: or SMTP: before
	Display   string
	Language  string
	Password  string
	State     State
	Rules     *Rules // of this account alone; nil: DomainRules
}

// Rules are what a directory demands of passwords.
type Rules struct {
	MinLength, History, Lockout int
	Complexity                  bool
	MinAge                      time.Duration
}

// DomainRules hold for everybody without rules of their own. Wrong passwords are counted for half an hour.
func DomainRules() Rules { return Rules{MinLength: 8, History: 3, Lockout: 3, Complexity: true} }

// Peer is the directory's other side: what an administrator and the persons themselves do.
type Peer interface {
	Add(t testing.TB, p Person) account.ID
	Remove(t testing.TB, id account.ID)
	// Group makes a group of accounts, given by SAM, and of groups made before, and gives the ID its members show.
	Group(t testing.TB, name string, members ...string) string
	// Accepts reports whether a password is right and nothing else stands against signing in.
	Accepts(t testing.TB, id account.ID, password string) bool
	// Lock locks an account as wrong passwords do.
	Lock(t testing.TB, id account.ID)
}

// Failure is a way to fail.
type Failure string

// The failures.
const (
	Down        Failure = "down"         // nobody answers
	Silent      Failure = "silent"       // connections are accepted, and that is all
	LostWritten Failure = "lost-written" // the next write happens, and from then on nobody answers
	LostNot     Failure = "lost-not"     // the next write does not happen, and from then on nobody answers
)

// Differences are what a directory does otherwise than Active Directory, and rightly so.
type Differences struct {
	NoWindowsNames bool // it has no NetBIOS name, no SIDs, and nobody a principal name that is not written down
	NoComplexity   bool // it asks for no classes of characters
	ResetUnlocks   bool // every new password lifts a lock
	Unjudged       bool // the password of a disabled or expired account is not looked at
}

// Fixture is a directory under test.
type Fixture struct {
	// Directory has every capability.
	Directory directory.Directory
	NetBIOS   string
	Peer      Peer
	Differs   Differences
	// Broken gives another view of the same directory that fails.
	Broken func(t testing.TB, how Failure) directory.Directory
	// Limit is how long a call to a directory that fails may take.
	Limit time.Duration
}

// Run tests a directory. It makes accounts with names from "dt-" on.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, Fixture)
	}{
		{"Attack09EveryFormIsOneAccount", testForms},
		{"NotFound", testNotFound},
		{"Ambiguous", testAmbiguous},
		{"Attack26LDAPInjection", testInjection},
		{"Attributes", testAttributes},
		{"States", testStates},
		{"Attack34NestedGroups", testGroups},
		{"Attack38RecreatedAccount", testRecreated},
		{"SetPassword", testSetPassword},
		{"MustChangeAfterReset", testMustChange},
		{"UnlockWithReset", testUnlockWithReset},
		{"Unlock", testUnlock},
		{"UnlockWhenNothingIsLocked", testUnlockNothing},
		{"RefusedReset", testRefusedReset},
		{"Change", testChange},
		{"ChangeOfAnExpiredPassword", testChangeExpired},
		{"RefusedChange", testRefusedChange},
		{"ChangeWithAWrongPassword", testChangeWrong},
		{"Attack32EmptyPassword", testEmpty},
		{"Authenticate", testAuthenticate},
		{"Attack15NeverLocks", testNeverLocks},
		{"Attack10ParallelGuessesNeverLock", testParallelGuesses},
		{"Rules", testRules},
		{"Health", testHealth},
		{"Unavailable", testUnavailable},
		{"LostAnswer", testLost},
		{"GivenUp", testGivenUp},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, f) })
	}
}

// The passwords every account starts with, and two that meet DomainRules.
const (
	password = "Old-Passw0rd!1"
	next     = "New-Passw0rd!2"
	third    = "Third-Passw0rd!3"
)

// everything is all that the contract offers.
type everything interface {
	directory.Directory
	directory.Unlocker
	directory.Changer
	directory.Authenticator
	directory.RuleReader
	directory.PasswordDater
	directory.Checker
}

func (f Fixture) all(t testing.TB) everything {
	t.Helper()
	return whole(t, f.Directory)
}

func whole(t testing.TB, d directory.Directory) everything {
	t.Helper()
	e, ok := d.(everything)
	if !ok {
		t.Fatalf("%T lacks capabilities", d)
	}
	return e
}

func (f Fixture) add(t testing.TB, p Person) account.ID {
	t.Helper()
	if p.Password == "" {
		p.Password = password
	}
	id := f.Peer.Add(t, p)
	if id.Directory != f.Directory.Key() || id.Object == "" || id.Object != strings.ToLower(id.Object) {
		t.Fatalf("%s has ID %v", p.SAM, id)
	}
	return id
}

func (f Fixture) get(t testing.TB, id account.ID) account.Account {
	t.Helper()
	a, err := f.Directory.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return a
}

// accepts checks which of two passwords is the account's. The wrong one is not tried: it would count.
func (f Fixture) accepts(t testing.TB, id account.ID, password string) {
	t.Helper()
	if !f.Peer.Accepts(t, id, password) {
		t.Errorf("the directory does not take %s", password)
	}
}

func parse(t testing.TB, typed string) directory.Identifier {
	t.Helper()
	who, err := directory.Parse(typed)
	if err != nil {
		t.Fatalf("%q: %v", typed, err)
	}
	return who
}

func text(s string) secret.Text { return secret.New(s) }

// reason is why a directory refused, in one word, or the error.
func reason(err error) string {
	var rejected *directory.RejectedError
	var refused *directory.SignInError
	switch {
	case errors.As(err, &rejected):
		return string(rejected.Reason)
	case errors.As(err, &refused):
		return string(refused.Reason)
	}
	return fmt.Sprint(err)
}

func wantReason[R ~string](t testing.TB, what string, err error, want R) {
	t.Helper()
	if got := reason(err); got != string(want) {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}
