package evidence

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"
	"unicode/utf8"

	"rekey/internal/account"
	"rekey/internal/fault"
)

// Saved is a search that is kept under a name.
type Saved struct {
	ID     string
	Owner  account.ID
	Name   string
	Query  string // as in the page's address
	By     string // sign-in name of the owner
	Shared bool   // everybody who may search sees it
	Made   time.Time
}

// Searches keeps searches.
type Searches interface {
	// SavedSearches lists an administrator's own and those that are shared, by name.
	SavedSearches(ctx context.Context, who account.ID) ([]Saved, error)
	SaveSearch(ctx context.Context, s Saved) error
	// DropSearch takes away one of the owner's; a fault of kind NotFound where there is none.
	DropSearch(ctx context.Context, who account.ID, id string) error
}

// Limits of saved searches.
const (
	mostSaved  = 50
	nameLimit  = 80
	queryLimit = 2000
)

// Saved lists the searches a reader can use.
func (s *Service) Saved(ctx context.Context, rd Reader) ([]Saved, error) {
	return s.deps.Searches.SavedSearches(ctx, rd.Account)
}

// Save keeps a search under a name. Errors: faults of kind Invalid, and Conflict where somebody has too many.
func (s *Service) Save(ctx context.Context, rd Reader, name, query string, shared bool) error {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return fault.New(fault.Invalid, "Give the search a name.").On("name")
	case utf8.RuneCountInString(name) > nameLimit:
		return fault.New(fault.Invalid, "The name is too long: 80 letters are the most.").On("name")
	case len(query) > queryLimit:
		return fault.New(fault.Invalid, "The search is too long to be kept.")
	}
	all, err := s.Saved(ctx, rd)
	if err != nil {
		return err
	}
	own := 0
	for _, o := range all {
		if o.Owner != rd.Account {
			continue
		}
		if own++; o.Name == name {
			return fault.New(fault.Invalid, "You have a search of this name already.").On("name")
		}
	}
	if own >= mostSaved {
		return fault.New(fault.Conflict, "You keep fifty searches already. Remove one first.")
	}
	return s.deps.Searches.SaveSearch(ctx, Saved{
		ID: randomID(), Owner: rd.Account, Name: name, Query: query, By: rd.Name, Shared: shared, Made: s.deps.Now(),
	})
}

// Drop takes away one of the reader's searches. Errors: a fault of kind NotFound.
func (s *Service) Drop(ctx context.Context, rd Reader, id string) error {
	return s.deps.Searches.DropSearch(ctx, rd.Account, id)
}

func randomID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand since Go 1.24)
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}
