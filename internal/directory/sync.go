package directory

import (
	"context"
	"errors"

	"rekey/internal/account"
)

// ErrCursorGone means the directory no longer knows where we were: start over with an empty cursor.
var ErrCursorGone = errors.New("the directory has forgotten the cursor")

// Syncer can tell everything it holds, and afterwards what changed.
type Syncer interface {
	// Changes hands over page after page, from the cursor on; an empty cursor means everything there is. It stops when there is
	// nothing more, with the first error of take, and with ErrCursorGone, ErrDenied, ErrUnavailable. Pages may repeat what was
	// told before, in any order: what they say is taken over by object. Memory does not grow with the number of objects.
	Changes(ctx context.Context, from Cursor, take func(Page) error) error
}

// Cursor is where a pass stands. Only the directory that made it understands it; it holds no secret.
type Cursor []byte

// Page is one step of a pass.
type Page struct {
	People  []account.Account // without Groups
	Groups  []SyncedGroup
	Units   []SyncedUnit
	Removed []string // object identifiers of anything that is gone
	Next    Cursor   // where to go on after this page, also after a restart
	Total   int      // how many objects there are about; 0: unknown
}

// SyncedGroup is a group with its direct members.
type SyncedGroup struct {
	Object  string // identifier of the object, as in account.ID
	Policy  string // what account.Group.ID has: SID or group id
	Name    string
	Members Members
}

// Members says who is directly in a group, by object identifier. All replaces the list when Whole is set; otherwise Added and
// Dropped change it.
type Members struct {
	Whole          bool
	All            []string
	Added, Dropped []string
}

// SyncedUnit is an organizational unit.
type SyncedUnit struct {
	Object string
	Path   string // DN
	Name   string
}
