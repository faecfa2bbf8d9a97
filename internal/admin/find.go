package admin

import (
	"context"
	"errors"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/fault"
)

var (
	errNobody  = fault.New(fault.Invalid, "No directory has an account of this name.").On("name")
	errSeveral = fault.New(fault.Invalid, `Several accounts have this name. Write it with its domain: DOMAIN\name or name@domain.`).On("name")
)

// Find gives the one account a name means. Errors: a fault of kind Invalid on "name" when there is none, or more than one; Unavailable
// when a directory that could have it does not answer.
func (s *Service) Find(ctx context.Context, typed string) (account.ID, string, error) {
	who, err := directory.Parse(typed)
	if err != nil {
		return account.ID{}, "", errNobody
	}
	found, err := s.deps.Site().Finder(s.deps.Now()).People(ctx, who)
	switch {
	case errors.Is(err, directory.ErrNotFound), err == nil && len(found) == 0:
		return account.ID{}, "", errNobody
	case err != nil:
		return account.ID{}, "", fault.Wrap(fault.Unavailable, errDown.Text, err)
	case len(found) > 1:
		return account.ID{}, "", errSeveral
	}
	return found[0].ID, found[0].Name(), nil
}
