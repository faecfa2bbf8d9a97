package authenticator

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/factor"
	"rekey/internal/message"
	"rekey/internal/secret"
)

// Credential is what an account enrolled for one method.
type Credential struct {
	ID       string // random; never reused
	Version  int64  // set by the store; compare-and-set on update
	Account  account.ID
	Kind     factor.Kind
	Label    string         // what the owner calls it
	Channel  factor.Channel // what carries it, for independence
	Data     []byte         // the method's own format, sealed at rest
	Created  time.Time
	LastUsed time.Time // zero: never
	Expires  time.Time // zero: never; afterwards the store has it no more
}

// Subject is the person a challenge or an enrollment is for, as far as a method may know them.
type Subject struct {
	Account     account.ID
	Name        string // what they sign in with
	DisplayName string
	Locale      string
	Mails       []string // addresses of the directory: behind the lost password
	Known       []string // other addresses of the person that the directory has: to suggest, proof of nothing
}

// Request is what a challenge is made for.
type Request struct {
	Subject     Subject
	Credentials []Credential // at least one
	Purpose     string       // "reset", "unlock", "enroll", …: a code for one is refused in another
	Flow        string       // id the state is bound to
	Reveal      bool         // a proof has been accepted before: masked addresses may be shown
}

// Challenge is what the person has to do now.
type Challenge struct {
	Prompt  Prompt
	State   []byte // handed to Verify; nil when the method needs none
	Send    []message.Message
	Expires time.Time // zero: as long as the flow
}

// Outcome is how an answer was judged.
type Outcome uint8

// The outcomes. Wrong is the zero value.
const (
	Wrong    Outcome = iota
	Accepted         // proven
	Stale            // right once, but used or too old: ask for a new one; counts as a try
	Pending          // nothing to judge yet (push, manager): ask again later; does not count
	Another          // right so far, and one more question is asked (RADIUS challenge): see Next
)

// Result is the judgement of one answer.
type Result struct {
	Outcome Outcome
	Used    string      // id of the credential that proved it
	Update  *Credential // changed credential to save with the proof; nil when nothing changed
	Delete  bool        // the credential is used up: remove it
	Next    *Challenge  // with Another
	Reason  string      // short code for the audit log, for example "replayed"
}

// Method is one way to prove who you are. Implementations are safe for concurrent use.
type Method interface {
	// Traits are fixed for the life of the method.
	Traits() factor.Traits
	// Challenge starts one proof. It may call out; it never writes to the database.
	Challenge(ctx context.Context, r Request, now time.Time) (Challenge, error)
	// Verify judges one answer against the state its Challenge made.
	Verify(ctx context.Context, r Request, state []byte, answer Response, now time.Time) (Result, error)
	// Decoy makes a credential nobody owns from 32 bytes that are the same for the same typed name.
	Decoy(seed [32]byte) Credential
}

// Enroller is a method that people can set up themselves.
type Enroller interface {
	// Begin starts an enrollment. input is nil at first; a method that needs something typed (an address) answers with an
	// AddressPrompt and is called again with it.
	Begin(ctx context.Context, e Enrollment, input Response, now time.Time) (Challenge, error)
	// Finish judges the answer that proves the new credential works. On Accepted the credential is in Enrolled.Credential,
	// without ID, Account and Created, which the use case sets.
	Finish(ctx context.Context, e Enrollment, state []byte, answer Response, now time.Time) (Enrolled, error)
}

// Issuer is a method whose credentials the help desk hands out: people cannot set them up themselves.
type Issuer interface {
	// Issue makes a credential, without ID, Account and Created, and what its owner is told, once.
	Issue(ctx context.Context, now time.Time) (Credential, secret.Text, error)
}

// Enrollment is what an enrollment is for.
type Enrollment struct {
	Subject  Subject
	Existing []Credential // of the same kind
	Session  string       // id the state is bound to
}

// Enrolled is the judgement of an enrollment's answer.
type Enrolled struct {
	Outcome    Outcome
	Credential Credential
	Replaces   []string // ids of credentials the new one takes the place of (a fresh set of backup codes)
	Reason     string
}
