package preview

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
)

// Store reads the copy of the directories.
type Store interface {
	// Copies tells how the copy of every directory stands that was ever read.
	Copies(ctx context.Context) ([]Copy, error)
	// People reads accounts that are there, without their groups, in the order of their identifiers from behind one on; empty: from
	// the first. Fewer than most are the last.
	People(ctx context.Context, directory, after string, most int) ([]account.Account, error)
	// Anchored reads the accounts of a directory that have one of these anchors, as People does.
	Anchored(ctx context.Context, directory string, anchors []string) ([]account.Account, error)
	// Known reads what else decisions look at, by object identifier.
	Known(ctx context.Context, directory string, objects []string) (map[string]Known, error)
}

// Copy is how the copy of one directory stands.
type Copy struct {
	Directory string    `json:"directory"`
	At        time.Time `json:"at,omitzero"` // it holds everything up to here; zero: never read to the end
	People    int64     `json:"people"`
}

// Known is what belongs to an account.
type Known struct {
	Groups      []account.Group            // direct and nested
	Credentials []authenticator.Credential // without Data
}
