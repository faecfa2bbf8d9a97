package report

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Look finds out how some parts are.
type Look struct {
	Name  string // tells looks apart
	Every time.Duration
	// See may ask over the network. It gives its parts when ctx ends at the latest: what did not answer until then fails.
	See func(ctx context.Context) []Part
}

// Pulse looks at parts on one replica, in the background, and remembers what it saw, so that whoever asks does not wait. It is safe for
// concurrent use.
type Pulse struct {
	looks func() []Look
	now   func() time.Time

	mu    sync.Mutex
	sight []sighting           // in the order of the looks
	past  map[string]*workings // by name of a part
}

// sighting is what a look came to.
type sighting struct {
	look  string
	began time.Time
	busy  bool // it is under way
	parts []Part
}

// workings is what is remembered of a part.
type workings struct {
	success time.Time
	took    []time.Duration
}

const (
	// patience is how long a look may take.
	patience = 15 * time.Second
	// remembered is how many answers P95 is of.
	remembered = 100
	// outdated is after how long without news a part is not vouched for.
	outdated = 2 * time.Minute
	// recalled is within what time an answer came from memory: nothing is asked over a network as fast as that.
	recalled = 200 * time.Microsecond
)

// NewPulse makes one. looks lists what there is to look at now.
func NewPulse(looks func() []Look, now func() time.Time) *Pulse {
	return &Pulse{looks: looks, now: now, past: map[string]*workings{}}
}

// Beat has every look made that is due, all at the same time, and waits for them; what each sees is known as soon as it is done. A look that
// is still under way since another beat is left alone.
func (p *Pulse) Beat(ctx context.Context) {
	looks := p.looks()
	var work sync.WaitGroup
	for _, l := range p.due(looks) {
		work.Go(func() {
			within, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			parts := l.See(within)
			p.take(l, parts, ctx.Err() == nil)
		})
	}
	work.Wait()
}

// due puts sightings in the order of looks, forgets those of others, and gives the looks to make.
func (p *Pulse) due(looks []Look) []Look {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	var next []sighting
	var due []Look
	for _, l := range looks {
		s := sighting{look: l.Name}
		if i := p.at(l.Name); i >= 0 {
			s = p.sight[i]
		}
		if !s.busy && (s.began.IsZero() || now.Sub(s.began) >= l.Every) {
			s.began, s.busy = now, true
			due = append(due, l)
		}
		next = append(next, s)
	}
	p.sight = next
	return due
}

func (p *Pulse) at(look string) int {
	return slices.IndexFunc(p.sight, func(s sighting) bool { return s.look == look })
}

// take remembers what a look saw. One that was stopped with the process says nothing.
func (p *Pulse) take(l Look, parts []Part, counts bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.at(l.Name)
	if i < 0 {
		return // it is not looked at any more
	}
	p.sight[i].busy = false
	if !counts {
		return
	}
	for j := range parts {
		p.remember(&parts[j])
	}
	p.sight[i].parts = parts
}

func (p *Pulse) remember(t *Part) {
	w := p.past[t.Name]
	if w == nil {
		w = &workings{}
		p.past[t.Name] = w
	}
	t.Seen = p.now()
	if t.State != Bad && t.Success.IsZero() {
		t.Success = t.Seen
	}
	if t.Success.After(w.success) {
		w.success = t.Success
	}
	t.Success = w.success
	if t.State != Bad && t.Took > recalled {
		w.took = append(w.took[max(0, len(w.took)-remembered+1):], t.Took)
	}
	t.P95 = p95(w.took)
}

func p95(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[(len(sorted)*19-1)/20]
}

// Parts tells how everything was when it was last looked at. Of what nobody has looked at for long, nobody knows.
func (p *Pulse) Parts() []Part {
	looks := p.looks()
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	var all []Part
	for _, l := range looks {
		i := p.at(l.Name)
		if i < 0 {
			continue
		}
		for _, t := range p.sight[i].parts {
			if age := now.Sub(t.Seen); age > l.Every+outdated {
				t.State, t.Word = Warn, "not known"
				t.Note = fmt.Sprintf("Nobody has looked for %d minutes: this replica is busy, or was asleep.", int(age.Minutes()))
			}
			all = append(all, t)
		}
	}
	return all
}
