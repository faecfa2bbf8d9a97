package entra

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"rekey/internal/directory"
	"rekey/internal/secret"
)

// Discover implements directory.Discoverer: the domains that the tenant has proven to own. Each is a name that its people may have, and
// none is a directory besides the tenant.
func (d *Directory) Discover(ctx context.Context) (directory.Discovered, error) {
	ctx, cancel, err := limit(ctx, d.config.ReadTimeout)
	if err != nil {
		return directory.Discovered{}, err
	}
	defer cancel()
	t, err := d.tokens.get(ctx, secret.Text{})
	if err != nil {
		return directory.Discovered{}, err
	}
	own := directory.FoundDomain{Domain: strings.ToLower(d.Key()), Alias: true, Reached: true}
	verified, err := d.verified(ctx, t)
	switch {
	case errors.Is(err, directory.ErrDenied):
		own.Problem = "which domains the tenant has cannot be read: the application lacks the permission " + rightDomains
		return directory.Discovered{From: d.Key(), Domains: []directory.FoundDomain{own}}, nil
	case err != nil:
		return directory.Discovered{}, err
	}
	i := slices.IndexFunc(verified, func(f directory.FoundDomain) bool { return f.Domain == own.Domain })
	if i < 0 {
		own.Problem = "the tenant has no verified domain of this name"
	} else {
		own = verified[i]
		verified = slices.Delete(verified, i, i+1)
	}
	return directory.Discovered{From: d.Key(), Domains: append([]directory.FoundDomain{own}, verified...)}, nil
}

// verified lists the tenant's verified domains by name. Errors: ErrDenied, ErrUnavailable.
func (d *Directory) verified(ctx context.Context, t token) ([]directory.FoundDomain, error) {
	if !granted(t.roles, rightDomains) {
		return nil, directory.ErrDenied
	}
	type domain struct {
		Name     string `json:"id"`
		Type     string `json:"authenticationType"`
		Verified bool   `json:"isVerified"`
	}
	var all []directory.FoundDomain
	err := list(ctx, d.graph, call{kind: readTenant, path: "/domains"}, func(one domain) bool {
		if one.Verified {
			all = append(all, directory.FoundDomain{
				Domain: strings.ToLower(one.Name), Alias: true, Federated: strings.EqualFold(one.Type, "Federated"), Reached: true,
			})
		}
		return true
	})
	slices.SortFunc(all, func(a, b directory.FoundDomain) int { return cmp.Compare(a.Domain, b.Domain) })
	return all, err
}
