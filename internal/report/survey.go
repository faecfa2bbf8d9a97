package report

import (
	"context"
	"errors"
	"slices"
	"time"

	"rekey/internal/account"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/preview"
	"rekey/internal/site"
)

// Surveys gives what surveys found. internal/postgres implements it.
type Surveys interface {
	// Coverage gives the last survey of a side that came to an end; false: there is none.
	Coverage(ctx context.Context, side string) (Coverage, bool, error)
	// Progress tells of the survey of a side that was begun last; the zero value when there was none.
	Progress(ctx context.Context, side string) (Progress, error)
	// Covered lists people of the last survey that came to an end, in the order of names.
	Covered(ctx context.Context, w Which) ([]Covered, error)
}

// Desk is where a survey writes down what it finds. internal/postgres implements it.
type Desk interface {
	// BeginSurvey gives the survey a number.
	BeginSurvey(ctx context.Context, side string, at time.Time) (int64, error)
	// Used tells by what kinds somebody did something from a moment on, by object identifier.
	Used(ctx context.Context, directory string, objects []string, since time.Time) (map[string][]factor.Kind, error)
	// PutSurveyed adds people of one directory, and how far the survey is.
	PutSurveyed(ctx context.Context, number int64, people []Surveyed, done, all int64) error
	// EndSurvey puts a survey in the place of the last of its side, or says why it failed.
	EndSurvey(ctx context.Context, number int64, c Coverage, failed string) error
}

// Surveyed is somebody as a survey sees them.
type Surveyed struct {
	Covered
	Account account.ID
	Groups  []string // those that policies name
	Counts  []factor.Kind
	UsedBy  []factor.Kind
}

// Asked is a survey somebody wants.
type Asked struct {
	Side string // Live, or a forecast's name
	Snap *site.Snapshot
	// Groups are those that policies name, as they write them.
	Groups []string
}

// Coverage gives the last survey of a side that came to an end; false: there is none. Errors are of the store.
func (s *Service) Coverage(ctx context.Context, side string) (Coverage, bool, error) {
	return s.Surveys.Coverage(ctx, side)
}

// Progress tells of the survey of a side that was begun last; the zero value when there was none.
func (s *Service) Progress(ctx context.Context, side string) (Progress, error) {
	return s.Surveys.Progress(ctx, side)
}

// mostListed is how long a page of people is at most.
const mostListed = 200

// Covered lists people of the last survey that came to an end, in the order of names. Errors: fault.Invalid for a cursor, a dimension or a
// standing that is none; of the store.
func (s *Service) Covered(ctx context.Context, w Which) ([]Covered, error) {
	w.Most = min(max(w.Most, 1), mostListed)
	return s.Surveys.Covered(ctx, w)
}

// Ask has a survey made in the background, by Run on this replica. It is false when as many wait already as may.
func (s *Service) Ask(a Asked) bool {
	select {
	case s.asked <- a:
		return true
	default:
		return false
	}
}

// Run makes the surveys that are asked for, one at a time, until ctx ends. One that fails says so in its Progress.
func (s *Service) Run(ctx context.Context) error {
	for {
		select {
		case a := <-s.asked:
			_ = s.Survey(ctx, a) // its progress says so
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// freshFor is how old a survey may be before the next is due.
const freshFor = time.Hour

// Keep makes a survey of the settings in force when none was made of this version within the last hour. A periodic job calls it. As long
// as no directory was copied there is nobody to decide about, and nothing is done. Errors are those of Survey.
func (s *Service) Keep(ctx context.Context, a Asked) error {
	last, ok, err := s.Surveys.Coverage(ctx, Live)
	if err != nil || ok && last.Settings == a.Snap.Version && s.now().Sub(last.At) < freshFor {
		return err
	}
	copies, err := s.copies.Copies(ctx)
	if err != nil || !slices.ContainsFunc(copies, func(c preview.Copy) bool { return c.People > 0 }) {
		return err
	}
	a.Side = Live
	return s.Survey(ctx, a)
}

// Survey decides about everybody and keeps what came of it. Errors are of the store, or ctx's.
func (s *Service) Survey(ctx context.Context, a Asked) error {
	now := s.now()
	number, err := s.desk.BeginSurvey(ctx, a.Side, now)
	if err != nil {
		return err
	}
	v := &survey{Service: s, number: number, now: now, count: newCounter(), groups: named(a.Groups)}
	v.count.result.Side, v.count.result.Settings, v.count.result.At = a.Side, a.Snap.Version, now
	copies, err := s.preview.Survey(ctx, a.Snap, preview.Options{At: now, Progress: v.progress}, func(p preview.Surveyed) error { return v.add(ctx, p) })
	if err == nil {
		err = v.flush(ctx)
	}
	failed := ""
	if err != nil {
		failed = "the survey could not be finished"
	}
	c := v.count.coverage(copies, s.now())
	// A survey that was stopped is noted as such, too.
	return errors.Join(err, s.desk.EndSurvey(context.WithoutCancel(ctx), number, c, failed))
}

// atOnce is how many people are written at a time.
const atOnce = 1000

// survey is one under way.
type survey struct {
	*Service
	number    int64
	now       time.Time
	groups    map[string]string // names as policies write them, by folded name
	done, all int64
	count     *counter
	page      []Surveyed
}

func named(groups []string) map[string]string {
	m := make(map[string]string, len(groups))
	for _, g := range groups {
		m[policy.Fold(g)] = g
	}
	return m
}

func (v *survey) progress(done, all int64) { v.done, v.all = done, all }

func (v *survey) add(ctx context.Context, p preview.Surveyed) error {
	if len(v.page) > 0 && (len(v.page) == atOnce || v.page[0].Directory != p.Account.ID.Directory) {
		if err := v.flush(ctx); err != nil {
			return err
		}
	}
	v.page = append(v.page, v.surveyed(p))
	return nil
}

func (v *survey) surveyed(p preview.Surveyed) Surveyed {
	a := p.Account
	s := Surveyed{
		Covered: Covered{
			Directory: a.ID.Directory, Object: a.ID.Object, SignIn: a.UPN, Policy: p.Policy, Unit: unit(a.Path), Methods: p.Set, Reason: p.Reason,
			Eligible: p.Outcome != policy.Denied, Able: p.Outcome == policy.Allowed, Resistant: p.Resistant,
		},
		Account: a.ID, Counts: p.Counts,
	}
	for _, g := range a.Groups {
		for _, name := range []string{a.NetBIOS + `\` + g.Name, g.ID} {
			if as, ok := v.groups[policy.Fold(name)]; ok && !slices.Contains(s.Groups, as) {
				s.Groups = append(s.Groups, as)
			}
		}
	}
	return s
}

// flush writes the people who are gathered.
func (v *survey) flush(ctx context.Context) error {
	if len(v.page) == 0 {
		return nil
	}
	objects := make([]string, len(v.page))
	for i, p := range v.page {
		objects[i] = p.Object
	}
	used, err := v.desk.Used(ctx, v.page[0].Directory, objects, v.now.Add(-UsedWithin))
	if err != nil {
		return err
	}
	for i := range v.page {
		p := &v.page[i]
		kinds, ok := used[p.Object]
		p.Used, p.UsedBy = ok, kinds
		v.count.add(*p)
	}
	err = v.desk.PutSurveyed(ctx, v.number, v.page, v.done, v.all)
	v.page = v.page[:0]
	return err
}
