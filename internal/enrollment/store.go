package enrollment

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/throttle"
)

// TokenHash is the SHA-256 of the random token a browser holds.
type TokenHash [32]byte

// Session is one signed-in person on "My account".
type Session struct {
	ID       string
	Version  int64 // compare-and-set
	Account  account.ID
	Name     string // sign-in name
	Display  string
	Locale   string
	SignedIn time.Time
	Proven   time.Time // last time an enrolled method was proven; zero: never in this session
	Touched  time.Time
	Expires  time.Time // absolute
	Ended    time.Time // zero: open
	Pending  *Pending
	Notice   string // short code of what the next page should say once
	Address  string // client address at sign-in, for the list of sessions
	Agent    string
}

// Pending is the one thing a session is in the middle of: choosing or proving an enrolled method, or enrolling a new one.
type Pending struct {
	ID          string      `json:"id"`                    // random: names this step in forms
	Enroll      bool        `json:"enroll"`                // else: step-up with an enrolled method
	Kind        factor.Kind `json:"kind"`                  // empty: the method for the step-up is still to be chosen
	Ref         string      `json:"ref"`                   // offer it belongs to
	Credentials []string    `json:"credentials,omitempty"` // step-up: ids
	State       []byte      `json:"state,omitempty"`
	Prompt      []byte      `json:"prompt,omitempty"`
	Input       string      `json:"input,omitempty"` // enrollment: the typed address, for another code
	Made        time.Time   `json:"made"`
	Expires     time.Time   `json:"expires"`
	Tries       int         `json:"tries"`
	Sends       int         `json:"sends"`
	Then        string      `json:"then,omitempty"` // what to do after a step-up: "add:totp", "remove:<id>"
}

// Stage is what a session is in the middle of. What a person sees depends on nothing else.
type Stage uint8

// The stages.
const (
	Idle   Stage = iota // nothing
	Choose              // which enrolled method to prove before a change
	Prove               // the proof of that method
	Enroll              // the set-up of a new one
)

// Stage tells what the session is in the middle of.
func (s Session) Stage() Stage {
	switch p := s.Pending; {
	case p == nil:
		return Idle
	case p.Enroll:
		return Enroll
	case p.Kind == "":
		return Choose
	}
	return Prove
}

// Store keeps sessions and what accounts enrolled. Rules as for recovery.Store.
type Store interface {
	CreateSession(ctx context.Context, s Session, token TokenHash, e flow.Effects) error
	SessionByToken(ctx context.Context, token TokenHash) (Session, error)
	UpdateSession(ctx context.Context, id string, change Change) (Session, error)
	Credentials(ctx context.Context, who account.ID) ([]authenticator.Credential, error)
	History(ctx context.Context, who account.ID, limit int) ([]Past, error)
}

// Sessions is the list of an account's open sessions.
type Sessions interface {
	// EndOthers ends every open session of the account but the one named ("" for all) and reports how many.
	EndOthers(ctx context.Context, who account.ID, keep string, at time.Time, e flow.Effects) (int64, error)
	// OpenSessions lists open sessions, newest first.
	OpenSessions(ctx context.Context, who account.ID, now time.Time) ([]Session, error)
}

// Change computes the next session.
type Change func(tx Tx, s Session) (Session, flow.Effects, error)

// Tx is what a change may do besides moving the session.
type Tx interface {
	// Credentials lists what the account has enrolled at this moment; nobody else changes it until the change is committed.
	Credentials(ctx context.Context, who account.ID) ([]authenticator.Credential, error)
	AddCredential(ctx context.Context, c authenticator.Credential) error
	SaveCredential(ctx context.Context, c authenticator.Credential) error
	DeleteCredential(ctx context.Context, c authenticator.Credential) error
	Tally(ctx context.Context, lane throttle.Lane) (throttle.Tally, error)
	SetTally(ctx context.Context, lane throttle.Lane, t throttle.Tally) error
	RotateToken(ctx context.Context, token TokenHash) error
}

// Past is one line of an account's history, from the audit log.
type Past struct {
	Name    audit.Name
	At      time.Time
	Outcome audit.Outcome
	Reason  string
	Factors []factor.Kind
	Purpose string
	Address string
	Detail  map[string]string
}
