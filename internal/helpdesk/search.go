package helpdesk

import (
	"context"
	"slices"
	"strings"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/site"
)

const (
	perPage   = 25
	perRead   = 200
	mostRead  = 5000 // people of the copy that one search looks at, most of them out of reach
	mostWords = 6
)

// Found is one page of a search.
type Found struct {
	People []account.Account // of the copy: their state is as old as it is; live when Live
	Next   Place             // zero: that was all
	More   bool              // too many match to look at: more words help
	Live   bool              // the copy has nobody; a directory does
}

// Search finds people within reach by parts of their names, sign-in names and addresses. Somebody the copy does not know yet is found
// by a whole sign-in name. It is a fault of kind Unavailable when a directory that had to be asked did not answer.
func (s *Service) Search(ctx context.Context, by By, text string, from Place) (Found, error) {
	words := strings.Fields(text)
	if len(words) == 0 || len(text) > 256 {
		return Found{}, nil
	}
	if len(words) > mostWords {
		words = words[:mostWords]
	}
	found, err := s.searchCopy(ctx, by, words, from)
	if err != nil || len(found.People) > 0 || found.More || from != (Place{}) {
		return found, err
	}
	// Asked too when the copy knows somebody out of reach: nobody is to be told apart by it.
	found.People, err = s.searchLive(ctx, by, text)
	found.Live = len(found.People) > 0
	return found, err
}

func (s *Service) searchCopy(ctx context.Context, by By, words []string, from Place) (Found, error) {
	var out Found
	snap := s.Site()
	for read := 0; ; read += perRead {
		if read >= mostRead {
			out.More = true
			return out, nil
		}
		page, err := s.Copy.FindPeople(ctx, words, from, perRead)
		if err != nil {
			return Found{}, err
		}
		for _, h := range page {
			in := s.reaches(snap, by.Grants, h.Account) && !known(out.People, h.Account)
			if in && len(out.People) == perPage {
				out.Next = from
				return out, nil
			}
			if in {
				out.People = append(out.People, h.Account)
			}
			from = h.Place
		}
		if len(page) < perRead {
			return out, nil
		}
	}
}

// reaches asks the scope with the groups that the account comes with.
func (s *Service) reaches(snap *site.Snapshot, g role.Grants, a account.Account) bool {
	if _, ok := snap.Directory(a.ID.Directory); !ok {
		return false
	}
	f := site.Facts(snap, policy.Reset, a, nil, audit.Source{}, s.Now())
	return g.Reaches(&f)
}

// known reports whether the account's person is listed by another account.
func known(all []account.Account, a account.Account) bool {
	return slices.ContainsFunc(all, func(b account.Account) bool { return directory.Same(a, b) })
}

func (s *Service) searchLive(ctx context.Context, by By, text string) ([]account.Account, error) {
	who, err := directory.Parse(text)
	if err != nil {
		return nil, nil //nolint:nilerr // it is no sign-in name
	}
	snap := s.Site()
	people, err := snap.Finder(s.Now()).People(ctx, who)
	if err != nil && len(people) == 0 {
		return nil, fault.Wrap(fault.Unavailable, errDown.Text, err)
	}
	var out []account.Account
	for _, p := range people {
		if s.reaches(snap, by.Grants, p.Account) {
			out = append(out, p.Account)
		}
	}
	return out, nil
}
