package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
)

// Token is what the browser holds, or what an invitation's link carries.
type Token string

// TokenHash is its SHA-256: what is stored.
type TokenHash [32]byte

// Hash gives what the store keeps.
func (t Token) Hash() TokenHash { return sha256.Sum256([]byte(t)) }

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand since Go 1.24)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Session is one administrator's sign-in.
type Session struct {
	ID       string
	Version  int64 // compare-and-set
	Account  account.ID
	Name     string // sign-in name
	Display  string
	SignedIn time.Time
	Proven   time.Time // last time a passkey was proven; zero: the password alone was given, nothing is open
	Touched  time.Time
	Expires  time.Time // absolute
	Ended    time.Time // zero: open
	Pending  *Pending
	// Elsewhere is set where the firm's sign-in page answers for the administrator, in place of password and passkey.
	Elsewhere bool
	Address   string // client address at sign-in, for the list of sessions
	Agent     string
}

// Pending is the question a session has open.
type Pending struct {
	ID         string    `json:"id"`                   // random: names the question in forms
	Invitation string    `json:"invitation,omitempty"` // id of the invitation by which a passkey is made; empty: one is proven
	State      []byte    `json:"state"`
	Prompt     []byte    `json:"prompt"`
	Expires    time.Time `json:"expires"`
	Tries      int       `json:"tries"`
	Return     string    `json:"return,omitempty"` // where to go afterwards
}

// At names the question a form was made for.
func At(s Session) string {
	if s.Pending == nil {
		return s.ID
	}
	return s.ID + "." + s.Pending.ID + "." + strconv.Itoa(s.Pending.Tries)
}

// Invitation lets one account make a passkey for these pages.
type Invitation struct {
	ID      string
	Account account.ID
	Name    string
	By      string // who made it
	Made    time.Time
	Expires time.Time
	Used    time.Time // zero: open
}

// Store keeps sessions, invitations and passkeys. Errors are faults of kind NotFound where there is no such thing, Conflict where
// somebody else was faster.
type Store interface {
	CreateAdminSession(ctx context.Context, s Session, token TokenHash, ev audit.Event) error
	AdminSession(ctx context.Context, token TokenHash) (Session, error)
	// UpdateAdminSession locks the session, and saves what change gives with its effects, or nothing where it fails.
	UpdateAdminSession(ctx context.Context, id string, change Change) (Session, error)
	// OpenAdminSessions lists open sessions, the last used first; of everybody where who is zero.
	OpenAdminSessions(ctx context.Context, who account.ID, now time.Time) ([]Session, error)
	Passkeys(ctx context.Context, who account.ID) ([]authenticator.Credential, error)
}

// Invitations keeps invitations, and what they led to.
type Invitations interface {
	// Invite saves an invitation in place of those that are still open for the account.
	Invite(ctx context.Context, i Invitation, token TokenHash, ev audit.Event) error
	// InvitationBy gives the one behind a link. NotFound: none, used, or replaced.
	InvitationBy(ctx context.Context, token TokenHash) (Invitation, error)
	// OpenInvitations lists those that can be used, newest first.
	OpenInvitations(ctx context.Context, now time.Time) ([]Invitation, error)
	// RemovePasskey takes a passkey away and ends the sessions of its account. With keepLast the last one of the account counts as not
	// there.
	RemovePasskey(ctx context.Context, who account.ID, id string, keepLast bool, at time.Time, ev audit.Event) error
}

// Change computes the next session.
type Change func(s Session) (Session, Effects, error)

// Effects is what is committed with a change of a session.
type Effects struct {
	Audit []audit.Event
	Token *TokenHash                // the browser's next token
	Add   *authenticator.Credential // the passkey made by the invitation Use
	Save  *authenticator.Credential // the passkey that was proven
	Use   string                    // id of an invitation; used by somebody else: Conflict
}
