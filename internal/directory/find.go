package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rekey/internal/account"
)

// Find asks every directory that could hold a name, all at once, and gives every account that matches: it never picks.
// A directory named by key in who.Domain is asked alone. Errors: ErrAmbiguous when one directory has several matches,
// ErrUnavailable when a directory did not answer, since its match would be missed.
func Find(ctx context.Context, all []Directory, who Identifier) ([]account.Account, error) {
	found, failed := find(ctx, all, who, func(_ context.Context, a account.Account, err error) (account.Account, error) { return a, err })
	var errs error
	for _, d := range all {
		if err := failed[d.Key()]; err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s: %w", d.Key(), err))
		}
	}
	return found, errs
}

// find gives what was found, and the errors by directory. mend may make the best of an error.
func find(ctx context.Context, all []Directory, who Identifier, mend func(context.Context, account.Account, error) (account.Account, error)) ([]account.Account, map[string]error) {
	asked := candidates(all, who)
	answers := make([]chan answer, len(asked))
	for i, d := range asked {
		answers[i] = make(chan answer, 1)
		go func(c chan<- answer) {
			a, err := d.Lookup(ctx, who)
			a, err = mend(ctx, a, err)
			c <- answer{a, err}
		}(answers[i])
	}
	var found []account.Account
	failed := map[string]error{}
	for i, c := range answers {
		a := <-c
		switch {
		case a.err == nil:
			found = append(found, a.account)
		case !errors.Is(a.err, ErrNotFound):
			failed[asked[i].Key()] = a.err
		}
	}
	return found, failed
}

type answer struct {
	account account.Account
	err     error
}

func candidates(all []Directory, who Identifier) []Directory {
	for _, d := range all {
		if who.Domain != "" && strings.EqualFold(d.Key(), who.Domain) {
			return []Directory{d}
		}
	}
	return all
}
