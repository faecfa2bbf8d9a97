package preview

import (
	"context"
	"slices"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/site"
)

// pageSize is how many accounts are in memory at a time.
const pageSize = 1000

// Service compares versions of the settings.
type Service struct {
	Store Store
	Now   func() time.Time
}

// Options say what is wanted besides numbers.
type Options struct {
	// Names is how many people to name in each group.
	Names int
	// From is where people are taken to be; the zero value: nothing is known of it.
	From audit.Source
	// At is the moment decided about; zero: now. Policies and rules with dates count within them alone.
	At time.Time
	// Each is told everybody for whom something differs; nil: nobody asks.
	Each func(Person) error
	// Progress is told how many accounts have been read, of so many; nil: nobody asks.
	Progress func(done, all int64)
}

// Person is somebody for whom something differs.
type Person struct {
	Account string   `json:"account"` // "directory/object"
	Name    string   `json:"name"`
	Changes []Change `json:"changes"`
}

// Change is what differs for one action.
type Change struct {
	Action policy.Action `json:"action"`
	Was    Standing      `json:"was"`
	Will   Standing      `json:"will"`
	Lost   []factor.Kind `json:"methods_lost,omitempty"`
	Gained []factor.Kind `json:"methods_gained,omitempty"`
}

// Standing is what one version decides.
type Standing struct {
	Policy  string `json:"policy,omitempty"`
	Outcome string `json:"outcome"` // allowed, not-enrolled or denied
	Reason  string `json:"reason,omitempty"`
}

// Compare decides about everybody by both versions. Errors are of the store, of Options.Each, or ctx's.
func (s *Service) Compare(ctx context.Context, before, after *site.Snapshot, o Options) (Report, error) {
	r := &run{Service: s, Options: o, sides: [2]side{{snap: before}, {snap: after}}, now: o.At}
	if r.now.IsZero() {
		r.now = s.Now()
	}
	for _, a := range actions() {
		r.tallies = append(r.tallies, newTally(a))
	}
	r.each = r.person
	if err := r.everybody(ctx); err != nil {
		return Report{}, err
	}
	for _, t := range r.tallies {
		r.report.Effects = append(r.report.Effects, t.effect())
	}
	return r.report, nil
}

func actions() []policy.Action { return []policy.Action{policy.Reset, policy.Unlock, policy.Change} }

// run is one comparison.
type run struct {
	*Service
	Options
	sides     [2]side
	now       time.Time
	report    Report
	tallies   []*tally
	done, all int64
	// each is told everybody, with what is known of them.
	each func(owner, map[account.ID]Known) error
}

// everybody goes through all directories.
func (r *run) everybody(ctx context.Context) error {
	if err := r.copies(ctx); err != nil {
		return err
	}
	for _, c := range r.report.Copies {
		if err := r.directory(ctx, c.Directory); err != nil {
			return err
		}
	}
	return nil
}

// copies notes how old the copy of each directory is, in the order of the new version, and then of the old one.
func (r *run) copies(ctx context.Context) error {
	known, err := r.Store.Copies(ctx)
	if err != nil {
		return err
	}
	byKey := map[string]Copy{}
	for _, c := range known {
		byKey[c.Directory] = c
	}
	r.report.Copies = []Copy{}
	for _, d := range slices.Concat(r.sides[1].snap.Directories, r.sides[0].snap.Directories) {
		if slices.ContainsFunc(r.report.Copies, func(c Copy) bool { return c.Directory == d.Key() }) {
			continue
		}
		c := byKey[d.Key()]
		c.Directory = d.Key()
		r.report.Copies = append(r.report.Copies, c)
		r.all += c.People
	}
	return nil
}

// directory goes through the accounts of one directory.
func (r *run) directory(ctx context.Context, key string) error {
	after := ""
	for {
		page, err := r.Store.People(ctx, key, after, pageSize)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := r.page(ctx, key, page); err != nil {
			return err
		}
		r.done += int64(len(page))
		if r.Progress != nil {
			r.Progress(r.done, max(r.done, r.all))
		}
		if len(page) < pageSize {
			return nil
		}
		after = page[len(page)-1].ID.Object
	}
}

// owner is whose an account is, by each version.
type owner struct {
	account.Account
	by [2]directory.Person
}

// page decides about a page of accounts.
func (r *run) page(ctx context.Context, key string, page []account.Account) error {
	joined, err := r.join(ctx, key, page)
	if err != nil {
		return err
	}
	known, err := r.known(ctx, joined)
	if err != nil {
		return err
	}
	for _, o := range joined {
		if err := r.each(o, known); err != nil {
			return err
		}
	}
	return nil
}

// known reads what belongs to the accounts that are decided about.
func (r *run) known(ctx context.Context, all []owner) (map[account.ID]Known, error) {
	objects := map[string][]string{}
	for _, o := range all {
		for _, p := range o.by {
			if of := objects[p.ID.Directory]; len(of) == 0 || of[len(of)-1] != p.ID.Object {
				objects[p.ID.Directory] = append(of, p.ID.Object)
			}
		}
	}
	known := map[account.ID]Known{}
	for key, of := range objects {
		found, err := r.Store.Known(ctx, key, of)
		if err != nil {
			return nil, err
		}
		for object, k := range found {
			known[account.ID{Directory: key, Object: object}] = k
		}
	}
	return known, nil
}

// person counts what differs for somebody.
func (r *run) person(o owner, known map[account.ID]Known) error {
	r.report.People++
	var verdicts [2][]verdict
	for i, s := range r.sides {
		verdicts[i] = s.decide(o.by[i], known[o.by[i].ID], r.From, r.now, actions()...)
	}
	who := Person{Account: o.ID.String(), Name: o.Name()}
	for i, t := range r.tallies {
		was, will := verdicts[0][i], verdicts[1][i]
		var lost, gained []factor.Kind
		if was.let() && will.let() {
			lost, gained = less(was.methods, will.methods), less(will.methods, was.methods)
		}
		if c, differs := t.see(who.Name, was, will, lost, gained, r.Names); differs {
			who.Changes = append(who.Changes, c)
		}
	}
	if len(who.Changes) == 0 {
		return nil
	}
	r.report.Changed++
	if r.Each == nil {
		return nil
	}
	return r.Each(who)
}

// less gives what is in the one list and not in the other.
func less(one, other []factor.Kind) []factor.Kind {
	var left []factor.Kind
	for _, k := range one {
		if !slices.Contains(other, k) {
			left = append(left, k)
		}
	}
	return left
}
