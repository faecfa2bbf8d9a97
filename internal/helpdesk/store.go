package helpdesk

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/flow"
	"rekey/internal/throttle"
)

// Copy searches the copy of the directories.
type Copy interface {
	// FindPeople lists people in whose name, sign-in names or addresses all words occur, those whose name begins with the first word
	// first, from a place on. They come with groups, and without credentials.
	FindPeople(ctx context.Context, words []string, after Place, most int) ([]Hit, error)
}

// Accounts is what is kept of people. Every method is one transaction; effects are committed with the change.
type Accounts interface {
	Credentials(ctx context.Context, who account.ID) ([]authenticator.Credential, error)
	// TakeAway deletes a credential by compare-and-set; a lost race is a fault of kind Conflict.
	TakeAway(ctx context.Context, c authenticator.Credential, e flow.Effects) error
	// HandOut adds a credential, in the place of those of its kind.
	HandOut(ctx context.Context, c authenticator.Credential, e flow.Effects) error
	// Commit commits effects that come with no change of ours.
	Commit(ctx context.Context, who account.ID, e flow.Effects) error
	// Acts lists what the audit log has of an account before a record, the newest first; before 0 stands for the end.
	Acts(ctx context.Context, who account.ID, before int64, most int) ([]Record, error)
}

// Blocks is what holds recovery of an account.
type Blocks interface {
	Frozen(ctx context.Context, who account.ID) (bool, error)
	Holds(ctx context.Context, key string, now time.Time) ([]throttle.Hold, error)
	// Clear forgets the failures of an account; false, and nothing written, when there were none.
	Clear(ctx context.Context, key string, e flow.Effects) (bool, error)
	// Release lifts a freeze; false, and nothing written, when there was none.
	Release(ctx context.Context, who account.ID, at time.Time, e flow.Effects) (bool, error)
}

// Requests keeps requests for approval.
type Requests interface {
	CreateRequest(ctx context.Context, r Request, e flow.Effects) error
	// HelpRequest errors: a fault of kind NotFound.
	HelpRequest(ctx context.Context, id string) (Request, error)
	// UpdateRequest locks a request and stores what change makes of it. change may be called more than once.
	UpdateRequest(ctx context.Context, id string, change func(Request) (Request, flow.Effects, error)) (Request, error)
	// RequestsSince lists requests made since then, the newest first; of one person, or of everybody where who is zero.
	RequestsSince(ctx context.Context, who account.ID, since time.Time, most int) ([]Request, error)
}

// Calls keeps verifications of callers.
type Calls interface {
	CreateCall(ctx context.Context, c Call, e flow.Effects) error
	// Call errors: a fault of kind NotFound.
	Call(ctx context.Context, id string) (Call, error)
	// UpdateCall locks a verification and stores what change makes of it. save, when change sets it, is a credential to save by
	// compare-and-set in the same transaction.
	UpdateCall(ctx context.Context, id string, change func(Call) (next Call, save *authenticator.Credential, e flow.Effects, err error)) (Call, error)
	// CallsSince lists verifications of a person that were passed since then, the newest first.
	CallsSince(ctx context.Context, who account.ID, since time.Time) ([]Call, error)
}

// Limiter takes from rate buckets shared by all replicas.
type Limiter interface {
	Take(ctx context.Context, key string, b throttle.Bucket) (ok bool, wait time.Duration, err error)
}

// Record is one line of the audit log.
type Record struct {
	Seq   int64
	Event audit.Event
}

// Hit is somebody a search found.
type Hit struct {
	account.Account
	Place Place
}

// Place is where a search goes on: behind the person it names. The zero value is the beginning.
type Place struct {
	Rank   int    // 0: the name begins with the first word
	Name   string // folded display name
	SAM    string
	Object string
}
