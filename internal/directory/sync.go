package directory

import (
	"context"
	"errors"
	"time"

	"rekey/internal/account"
)

// ErrCursorGone means the directory no longer knows where we were: start over with an empty cursor.
var ErrCursorGone = errors.New("the directory has forgotten the cursor")

// Syncer can tell everything it holds, and afterwards what changed.
type Syncer interface {
	// Changes hands over page after page, from the cursor on; an empty cursor means everything there is. It stops when there is
	// nothing more, with the first error of take, and with ErrCursorGone, ErrDenied, ErrUnavailable. Pages may repeat what was
	// told before, in any order: what they say is taken over by object. Memory does not grow with the number of objects. take may
	// return before a page is stored; the caller remembers the Next of the last one that is.
	Changes(ctx context.Context, from Cursor, take func(Page) error) error
}

// Cursor is where a pass stands. Only the directory that made it understands it; it holds no secret.
type Cursor []byte

// Page is one step of a pass, some thousand objects and members at most. Object identifiers are UUIDs as in account.ID; others are
// left out.
type Page struct {
	People  []account.Account // Groups holds only those that do not list the account as a member: AD's primary group, by ID
	Groups  []SyncedGroup
	Units   []SyncedUnit
	Removed []string // object identifiers of anything that is gone
	Next    Cursor   // where to go on after this page, also after a restart
	Total   int      // how many objects there are about; 0: unknown
}

// SyncedGroup is a group with its direct members, or some of them: a large group comes in several pages.
type SyncedGroup struct {
	Object  string // identifier of the object, as in account.ID
	Policy  string // what account.Group.ID has: SID or group id
	Name    string
	Members Members
}

// Members says how the direct members of a group change, by object identifier. What a pass from an empty cursor does not tell is
// dropped at its end, as with objects.
type Members struct {
	Added, Dropped []string
	// Whole says that what this call of Changes told of the group's members, up to and with this page, is all there is.
	Whole bool
}

// SyncedUnit is an organizational unit. A new path of one is that of everything below it.
type SyncedUnit struct {
	Object string
	Path   string // DN
	Name   string
}

// GroupCache remembers memberships.
type GroupCache interface {
	// CachedGroups gives the groups of an account, direct and nested, as they were at a time. Errors: ErrNotFound when the account
	// is not known, or its directory has never been read to the end.
	CachedGroups(ctx context.Context, id account.ID) ([]account.Group, time.Time, error)
}
