package rulebook

import "context"

// Found is something of the directories that a scope can name.
type Found struct {
	Value string // as the settings name it
	Label string
	Below string // what tells two of a name apart
}

// Kind is what a search is for.
type Kind string

// The kinds.
const (
	Groups Kind = "groups" // by identifier: a SID, an object id, a DN
	Units  Kind = "units"  // by DN
	People Kind = "people" // by directory/object
)

// Scopes searches the copy of the directories.
type Scopes interface {
	// Find lists what has a text in its name, those first whose name begins with it.
	Find(ctx context.Context, what Kind, text string, most int) ([]Found, error)
	// Named tells what those are that a scope names, as far as the copy has them.
	Named(ctx context.Context, what Kind, values []string) (map[string]Found, error)
}
