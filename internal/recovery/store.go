package recovery

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/flow"
	"rekey/internal/throttle"
)

// TokenHash is the SHA-256 of the random token a browser holds. The token itself is never stored.
type TokenHash [32]byte

// Store keeps flows. Every method is one transaction; what it is given is committed together or not at all.
// Not-found is a *fault.Error of kind NotFound, a lost race one of kind Conflict.
type Store interface {
	// CreateFlow stores a new flow (version 1) with its effects.
	CreateFlow(ctx context.Context, f flow.Flow, token TokenHash, e flow.Effects) error
	// FlowByToken reads the flow a browser holds the token of.
	FlowByToken(ctx context.Context, token TokenHash) (flow.Flow, error)
	// UpdateFlow locks a flow, hands it to change and commits what it returns with version+1. An error from change rolls
	// everything back. It returns the flow as stored. known is the flow as the caller has it: it saves reading it again unless it
	// has moved on; with a version of 0 only its ID counts. A transaction that lost a race is run again, so change must have no
	// effect but through its results and Tx.
	UpdateFlow(ctx context.Context, known flow.Flow, change Change) (flow.Flow, error)
	// Credentials lists what an account enrolled, oldest first.
	Credentials(ctx context.Context, who account.ID) ([]authenticator.Credential, error)
	// Residents tells how many people of each directory have names in a domain, which is given in lower case.
	Residents(ctx context.Context, domain string) ([]directory.Share, error)
	// Standing reads what holds for an account now in a lane: its failures and whether recovery is frozen.
	Standing(ctx context.Context, lane throttle.Lane, who account.ID) (Standing, error)
}

// Change computes the next flow. It may be called more than once.
type Change func(tx Tx, f flow.Flow) (flow.Flow, flow.Effects, error)

// Tx is what a change may do besides moving the flow.
type Tx interface {
	// SaveCredential replaces a credential by compare-and-set on its Version; a lost race is fault Conflict, which may come from
	// what is called after it, or from the commit.
	SaveCredential(ctx context.Context, c authenticator.Credential) error
	// DeleteCredential removes one, likewise.
	DeleteCredential(ctx context.Context, c authenticator.Credential) error
	// Tally reads and locks the failures that count in a lane; SetTally writes them.
	Tally(ctx context.Context, lane throttle.Lane) (throttle.Tally, error)
	SetTally(ctx context.Context, lane throttle.Lane, t throttle.Tally) error
	// Standing reads what Store.Standing does, and locks the failures.
	Standing(ctx context.Context, lane throttle.Lane, who account.ID) (Standing, error)
	// RotateToken makes another token the one that opens the flow.
	RotateToken(ctx context.Context, token TokenHash) error
}

// Standing is an account's condition in Rekey.
type Standing struct {
	Tally  throttle.Tally
	Frozen bool
}

// Limiter takes from rate buckets shared by all replicas.
type Limiter interface {
	// Take reports whether one more is allowed for key, and if not how long to wait.
	Take(ctx context.Context, key string, b throttle.Bucket) (ok bool, wait time.Duration, err error)
}

// Counters looks at, and forgets, what counts against an account.
type Counters interface {
	// Holds lists what holds an account now, the longest first.
	Holds(ctx context.Context, account string, now time.Time) ([]throttle.Hold, error)
	// Clear forgets the failures and the used-up caps of messages of an account, in every lane, and commits that with the effects;
	// false, and nothing written, when there was nothing to forget.
	Clear(ctx context.Context, account string, e flow.Effects) (bool, error)
}

// Freezer keeps who has frozen their recovery.
type Freezer interface {
	// Freeze is idempotent: it reports false, and writes nothing, when recovery was frozen already.
	Freeze(ctx context.Context, who account.ID, at time.Time, e flow.Effects) (bool, error)
	// Release lifts it again; false, and nothing written, when nothing was frozen.
	Release(ctx context.Context, who account.ID, at time.Time, e flow.Effects) (bool, error)
}

// Sweeper finds flows nobody is working on.
type Sweeper interface {
	// Stuck lists flows in Applying since before the given time, oldest first.
	Stuck(ctx context.Context, before time.Time, limit int) ([]flow.Flow, error)
	// Overdue lists open flows that have outlived their time, oldest first.
	Overdue(ctx context.Context, idleSince, now time.Time, limit int) ([]flow.Flow, error)
	// Forget deletes ended flows older than the given time and reports how many.
	Forget(ctx context.Context, before time.Time) (int64, error)
}
