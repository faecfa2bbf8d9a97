package sync

import (
	"context"
	"time"

	"rekey/internal/audit"
	"rekey/internal/directory"
)

// Store keeps the copy.
type Store interface {
	// Hold makes this process the one that works on a directory, until the lease is let go or its connection ends. It is false when
	// another process is that. It also tells where the directory stands.
	Hold(ctx context.Context, directory string) (Lease, State, bool, error)
	// Request asks for a pass, Full or Changes, with the next turn; it is false for a directory that was never read. With approve
	// the pass that is held may mark as many as it likes; it is false when none is held.
	Request(ctx context.Context, directory string, k Kind, approve bool, events ...audit.Event) (bool, error)
	// Pause lets no pass begin that nobody asks for, since a moment; the zero time lets them go on. It is false for a directory that was
	// never read.
	Pause(ctx context.Context, directory string, since time.Time, events ...audit.Event) (bool, error)
	// SyncStates tells where every directory stands.
	SyncStates(ctx context.Context) ([]State, error)
	// CountResidents counts the people of each directory that have names in a domain, unless that was done after a time.
	CountResidents(ctx context.Context, links []directory.Link, now, unless time.Time) error
}

// Lease is the right to work on one directory. One caller uses it.
type Lease interface {
	// Begin stores what a turn or a pass begins with: what somebody asked for is being done. Nothing else changes State.Wanted.
	Begin(ctx context.Context, s State) error
	// Save stores where the directory stands, and records the events.
	Save(ctx context.Context, s State, events ...audit.Event) error
	// Take stores a page with the state behind it, unless judge, which is told what it would come to, gives an error.
	Take(ctx context.Context, s State, p directory.Page, at Moment, judge Judge) error
	// End stores the state after a pass. Of a full one it marks people as gone that the pass did not tell of, and drops everything
	// else it did not tell of, unless judge gives an error.
	End(ctx context.Context, s State, at Moment, judge Judge) error
	// Drop removes everything held of the directory and records the event, unless there is a newer version of the settings than this
	// one; false then.
	Drop(ctx context.Context, settings int64, e audit.Event) (bool, error)
	// Close lets go.
	Close()
}

// Moment is when a step is taken.
type Moment struct {
	Now    time.Time
	Since  time.Time // losses after it count
	Forget time.Time // people gone before it are forgotten
}

// Judge decides whether a step may be taken.
type Judge func(Losses) error

// Census is how a directory stands and what is held of it.
type Census struct {
	State
	People, Gone, Groups, Members, Units int64
}
