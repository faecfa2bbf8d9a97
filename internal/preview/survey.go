package preview

import (
	"context"
	"slices"

	"rekey/internal/account"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/site"
)

// Surveyed is what one version decides about somebody's reset.
type Surveyed struct {
	Account account.Account // the home account, with its groups
	policy.Decision
	Set       []factor.Kind // set up and switched on, whether they count or not
	Counts    []factor.Kind // those that do, where the policy lets them
	Resistant bool          // one that is set up resists phishing
}

// Survey decides about everybody by one version. Accounts come directory by directory. It gives the copies it read. Errors are of the
// store, of each, or ctx's.
func (s *Service) Survey(ctx context.Context, snap *site.Snapshot, o Options, each func(Surveyed) error) ([]Copy, error) {
	r := &run{Service: s, Options: o, sides: [2]side{{snap: snap}, {snap: snap}}, now: o.At}
	if r.now.IsZero() {
		r.now = s.Now()
	}
	r.each = func(p owner, known map[account.ID]Known) error { return each(r.surveyed(p, known)) }
	err := r.everybody(ctx)
	return r.report.Copies, err
}

func (r *run) surveyed(o owner, known map[account.ID]Known) Surveyed {
	p := o.by[0]
	k := known[p.ID]
	v := r.sides[0].decide(p, k, r.From, r.now, policy.Reset)[0]
	found := Surveyed{Account: p.Account, Decision: v.Decision, Counts: v.methods}
	found.Account.Groups = k.Groups
	for _, c := range k.Credentials {
		m, ok := r.sides[0].snap.Methods[c.Kind]
		if !ok || slices.Contains(found.Set, c.Kind) {
			continue
		}
		found.Set = append(found.Set, c.Kind)
		found.Resistant = found.Resistant || m.Traits().PhishingResistant
	}
	return found
}
