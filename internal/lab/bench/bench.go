package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// The parts of a run.
const (
	Decisions = "decisions"
	Fast      = "fast"    // on the stand-in directory: weight, first page, resets, processor time
	Samba     = "samba"   // on Active Directory: resets, processor time, start, memory
	Sync      = "sync"    // the copy of a directory: speed beside a plain read, changes, memory
	Audit     = "audit"   // searches of a long audit log
	Figures   = "figures" // what the overview is made of
)

// Options say what to measure.
type Options struct {
	Only     []string  // parts; empty: all
	Quick    bool      // a few of everything, to see that it works
	Progress io.Writer // told what is going on
}

func (o Options) wants(part string) bool { return len(o.Only) == 0 || slices.Contains(o.Only, part) }

func (o Options) say(format string, args ...any) { fmt.Fprintf(o.Progress, format+"\n", args...) }

// amounts are how much of everything is done.
type amounts struct {
	people              int // a multiple of the most clients
	decisions           int // runs
	pages               int // runs
	pageTime            time.Duration
	fast, samba         map[int]size // resets, by number of clients
	fastCost, sambaCost size
	starts              int
	idle                time.Duration
	copies              []int // people, fewest first
	copyRuns            int
	records             int // of the audit log
	searches            int // of each kind
	attempts            int // that figures are of
	looks               int
}

func (o Options) amounts() amounts {
	if o.Quick {
		few := map[int]size{1: {1, 4}, 4: {1, 8}, 16: {1, 16}}
		return amounts{
			people: 16, decisions: 1, pages: 1, pageTime: 200 * time.Millisecond, fast: few, samba: few,
			fastCost: size{1, 10}, sambaCost: size{1, 5}, starts: 2, idle: time.Second, copies: []int{500, 1500}, copyRuns: 1,
			records: 200_000, searches: 8, attempts: 2000, looks: 1,
		}
	}
	return amounts{
		people: 160, decisions: 5, pages: 7, pageTime: 3 * time.Second,
		fast:     map[int]size{1: {5, 300}, 4: {5, 1000}, 16: {5, 1000}},
		samba:    map[int]size{1: {5, 120}, 4: {5, 200}, 16: {5, 200}},
		fastCost: size{5, 400}, sambaCost: size{3, 200}, starts: 15, idle: 10 * time.Second, copies: []int{10_000, 100_000}, copyRuns: 3,
		records: 10_000_000, searches: 60, attempts: 100_000, looks: 9,
	}
}

// Run measures. What it started has ended when it returns.
func Run(ctx context.Context, o Options) (*Report, error) {
	for _, part := range o.Only {
		if !slices.Contains([]string{Decisions, Fast, Samba, Sync, Audit, Figures}, part) {
			return nil, fmt.Errorf("no part %q: want decisions, fast, samba, sync, audit or figures", part)
		}
	}
	r := &Report{
		At: time.Now(), Processors: runtime.NumCPU(), System: system(), Go: runtime.Version(), LoadBefore: loadAverage(), Quick: o.Quick,
	}
	n := o.amounts()
	if o.wants(Decisions) {
		o.say("Deciding …")
		if err := decide(r, n.decisions); err != nil {
			return nil, err
		}
	}
	if o.wants(Fast) || o.wants(Samba) || o.wants(Sync) {
		if err := o.stages(ctx, r, n); err != nil {
			return nil, err
		}
	}
	if o.wants(Figures) {
		o.say("Summing up attempts …")
		if err := o.figures(ctx, r, n); err != nil {
			return nil, err
		}
	}
	if o.wants(Audit) {
		o.say("Filling an audit log …")
		if err := o.audit(ctx, r, n); err != nil {
			return nil, err
		}
	}
	r.LoadAfter = loadAverage()
	return r, nil
}

func (o Options) stages(ctx context.Context, r *Report, n amounts) (err error) {
	o.say("Starting the database and building the portal …")
	g, err := newGround(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	if o.wants(Fast) {
		if err := o.fast(ctx, r, g, n); err != nil {
			return err
		}
	}
	if o.wants(Samba) {
		if err := o.samba(ctx, r, g, n); err != nil {
			return err
		}
	}
	if o.wants(Sync) {
		return o.sync(ctx, r, g, n)
	}
	return nil
}

// clients are how many work at the same time.
var clients = [...]int{1, 4, 16}

func (o Options) fast(ctx context.Context, r *Report, g *ground, n amounts) (err error) {
	sams := names(n.people)
	p, err := inMemory(ctx, g.dir.Path(), sams)
	if err != nil {
		return err
	}
	s, err := g.stage(ctx, p, sams)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	o.say("On %s: the first page …", p.title)
	if err := s.weigh(ctx, r); err != nil {
		return err
	}
	if err := s.startPage(ctx, r, n.pages, n.pageTime); err != nil {
		return err
	}
	return o.resets(ctx, r, s, n.fast, n.fastCost)
}

func (o Options) samba(ctx context.Context, r *Report, g *ground, n amounts) (err error) {
	sams := names(n.people)
	o.say("Starting Samba. The first time it makes %d people …", n.people)
	p, err := inSamba(ctx, sams)
	if err != nil {
		return err
	}
	s, err := g.stage(ctx, p, sams)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := o.resets(ctx, r, s, n.samba, n.sambaCost); err != nil {
		return err
	}
	if err := s.loaded(r); err != nil {
		return err
	}
	o.say("Starting the portal again and again …")
	if err := s.starts(ctx, r, n.starts); err != nil {
		return err
	}
	return s.idle(ctx, r, n.idle)
}

func (o Options) resets(ctx context.Context, r *Report, s *stage, rounds map[int]size, cost size) error {
	for _, c := range clients {
		o.say("On %s: resets, %d at a time …", s.place.title, c)
		if err := s.compare(ctx, r, c, rounds[c]); err != nil {
			return err
		}
	}
	o.say("On %s: processor time …", s.place.title)
	return s.cost(ctx, r, cost)
}
