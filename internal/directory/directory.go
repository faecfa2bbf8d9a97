package directory

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"rekey/internal/account"
	"rekey/internal/secret"
)

// The errors. ErrRejected and SignInError carry more; match these with errors.Is, those with errors.As.
var (
	ErrNotFound       = errors.New("no such account")
	ErrAmbiguous      = errors.New("more than one account matches")
	ErrDenied         = errors.New("the service account lacks a right")
	ErrUnavailable    = errors.New("the directory does not answer")
	ErrOutcomeUnknown = errors.New("the directory's answer to a write was lost")
	// ErrGroupsUnread comes with the account, which is whole but for its groups, and counts as privileged. It wraps why.
	ErrGroupsUnread  = errors.New("the groups of the account were not read")
	ErrWrongPassword = errors.New("the current password is wrong")
	ErrSignInRefused = errors.New("the sign-in over there was not accepted")
)

// Directory is one domain, tenant or suffix. Implementations are safe for concurrent use.
type Directory interface {
	// Key is the directory's name in settings and in account.ID.Directory.
	Key() string
	// Lookup finds the account a person means. It reads groups, state and attributes live.
	// Errors: ErrNotFound, ErrAmbiguous, ErrUnavailable.
	Lookup(ctx context.Context, who Identifier) (account.Account, error)
	// Get reads an account by its ID. Errors: ErrNotFound, ErrUnavailable.
	Get(ctx context.Context, id account.ID) (account.Account, error)
	// SetPassword replaces the password. Errors: *RejectedError, ErrDenied, ErrNotFound, ErrUnavailable (nothing was
	// written), ErrOutcomeUnknown (it may have been).
	SetPassword(ctx context.Context, id account.ID, password secret.Text, w Write) error
	// Health tells whether the directory can be read and written now. It is cheap and may be up to 30 s old.
	Health(ctx context.Context) Health
	// Close releases connections.
	Close() error
}

// Write says what goes along with a new password, in the same modification.
type Write struct {
	Unlock         bool // clear the lock
	MustChange     bool // the person must choose another at the next sign-in
	EnforceHistory bool // ask the directory to check its history and minimum age on a reset, where it can
}

// Unlocker can clear a lock without touching the password.
type Unlocker interface {
	// Unlock reports false when nothing was locked. Errors as SetPassword.
	Unlock(ctx context.Context, id account.ID) (bool, error)
}

// Changer can change a password given the old one, also when it has expired or must be changed.
type Changer interface {
	// Change never falls back to SetPassword. Errors: ErrWrongPassword, a *SignInError with SignInWouldLock (not tried: one more
	// wrong password could lock the account in the directory), and those of SetPassword.
	Change(ctx context.Context, id account.ID, old, new secret.Text) error
}

// Authenticator can check a directory password.
type Authenticator interface {
	// Authenticate returns nil or a *SignInError, ErrUnavailable. It refuses, with SignInWouldLock, a try that could lock the
	// account in the directory. An account that does not exist costs the same and gives SignInWrong.
	Authenticate(ctx context.Context, id account.ID, password secret.Text) error
}

// RuleReader can say beforehand what the directory will demand of a new password.
type RuleReader interface {
	// Rules reads the rules that hold for this account. Errors: ErrNotFound, ErrUnavailable.
	Rules(ctx context.Context, id account.ID) (Rules, error)
}

// PasswordDater can tell when a password was last set: how a lost answer to a write is resolved.
type PasswordDater interface {
	// PasswordSet reads it from the writer the last write went to when that is up, else from any.
	PasswordSet(ctx context.Context, id account.ID) (time.Time, error)
	// PasswordMoved reports whether any server has another date than before. When none has and one did not answer it is not sure:
	// that one may be the one that was written to. Errors: ErrNotFound, ErrUnavailable when nobody answered.
	PasswordMoved(ctx context.Context, id account.ID, before time.Time) (moved, sure bool, err error)
}

// GroupNamer is told which groups policies name, so that Lookup knows the names of those groups without asking account by account:
// a policy that missed its members would be one that fails open.
type GroupNamer interface {
	// NameGroups replaces the list of names, each as policies write it: NETBIOS\name. Those of other domains are left alone. It
	// asks nobody.
	NameGroups(names []string)
}

// Named has a short name besides its key, as in CORP\jdoe.
type Named interface {
	// NetBIOS is empty while it is not known.
	NetBIOS() string
}

// Spreader knows how long its servers take to tell each other of a new password.
type Spreader interface {
	Spread() time.Duration
}

// Checker can test its own configuration: reachability, certificates, rights. For doctor and settings.
type Checker interface {
	Check(ctx context.Context) []Finding
}

// Prober is a Checker that tells each result as soon as it is known.
type Prober interface {
	Probe(ctx context.Context, tell func(Finding))
}

// Reachable names the servers that a directory connects to. It asks nobody.
type Reachable interface {
	Endpoints() []Endpoint
}

// Endpoint is one of them.
type Endpoint struct {
	URL      string         // as the settings name it
	Address  string         // host:port
	Name     string         // that its certificate must have
	StartTLS bool           // the connection begins in the clear and is protected by RFC 4511 §4.14
	Roots    *x509.CertPool // who may vouch for it; nil: whom the system trusts
}

// Finding is one result of a check.
type Finding struct {
	Name string // "tls", "bind", "rights", …
	OK   bool
	Text string // plain English for an operator; no secrets
}

// Health is a directory's condition.
type Health struct {
	Readable bool
	Writable bool
	Server   string // the one in use
	Detail   string // for operators
	Since    time.Time
}

// Identifier is what a person typed, taken apart. Parse makes it.
type Identifier struct {
	Raw    string // as typed, trimmed
	Domain string // DNS or NetBIOS name given with DOMAIN\name, empty otherwise
	Name   string // sAMAccountName part of DOMAIN\name or a bare name
	Mail   string // the whole text when it holds an @: a UPN or an address
}

// Reason says why a directory rejected a password.
type Reason string

// The reasons.
const (
	TooShort      Reason = "too-short"
	TooLong       Reason = "too-long"
	Complexity    Reason = "complexity"
	InHistory     Reason = "in-history"
	TooYoung      Reason = "too-young" // changed too recently
	HoldsName     Reason = "holds-name"
	Characters    Reason = "characters" // characters the directory cannot take
	Banned        Reason = "banned"     // a common or forbidden word
	PolicyRefused Reason = "policy"     // refused, and it did not say why
)

// RejectedError is a password refused by the directory's own policy. Nothing was changed.
type RejectedError struct{ Reason Reason }

// Error implements error.
func (e *RejectedError) Error() string { return "password rejected: " + string(e.Reason) }

// SignInReason says why a directory password check failed.
type SignInReason string

// The reasons. Those marked right mean the password itself was right.
const (
	SignInWrong          SignInReason = "wrong" // or no such account
	SignInLocked         SignInReason = "locked"
	SignInWouldLock      SignInReason = "would-lock" // not tried: one more failure could lock the account
	SignInDisabled       SignInReason = "disabled"
	SignInAccountExpired SignInReason = "account-expired"
	SignInExpired        SignInReason = "expired"     // right
	SignInMustChange     SignInReason = "must-change" // right
	SignInRestricted     SignInReason = "restricted"  // hours or workstation
)

// SignInError is a refused directory sign-in.
type SignInError struct{ Reason SignInReason }

// Error implements error.
func (e *SignInError) Error() string { return "sign-in refused: " + string(e.Reason) }

// Rules is what a directory will demand of a new password, as far as it can be known beforehand.
type Rules struct {
	MinLength    int // in UTF-16 units for AD; 0: none
	MaxLength    int // 0: none known
	Classes      int // how many character classes are demanded; 0: none
	OfClasses    int // of how many (AD: 5, Entra: 4)
	NoNameParts  []string
	History      int           // passwords remembered; 0: none
	MinAge       time.Duration // 0: none
	EnforcesHist bool          // the directory checks history on a reset, not only on a change
	PasswordSet  time.Time     // when the present one was set, for MinAge
	ASCIIOnly    bool
	Lockout      int          // wrong tries until the directory locks; 0: never
	Source       string       // "domain", the name of the PSO, "tenant"
	Unreadable   bool         // a rule set applies that the service account may not read: say so, do not guess
	Banned       *BannedWords // words that count little, and names; nil: no such rule
}

// BannedWords are what Entra ID's password protection looks for, as far as it is known.
type BannedWords struct {
	Words []string // of the tenant's own list
	Names []string // of the person and the tenant
}
