package pilot

import (
	"context"
	"slices"
	"strings"
	"time"

	"rekey/internal/flow"
)

// Pilot is a policy that is tried.
type Pilot struct {
	Name   string
	Groups []string
	From   time.Time // zero: with the first attempt
	Until  time.Time // zero: no end
	// Gone: the settings mark no such policy as a pilot any more.
	Gone bool
}

// State is how far a pilot is.
type State string

// The states.
const (
	Planned State = "planned"
	Running State = "running"
	Ended   State = "ended"
	Gone    State = "gone" // from the settings
)

// State says how far the pilot is at a moment.
func (p Pilot) State(now time.Time) State {
	switch {
	case p.Gone:
		return Gone
	case now.Before(p.From):
		return Planned
	case !p.Until.IsZero() && !now.Before(p.Until):
		return Ended
	}
	return Running
}

// ahead is how far clocks are ahead of UTC where the pilot's dates were written: its days are theirs.
func (p Pilot) ahead() time.Duration {
	if p.From.IsZero() {
		return 0
	}
	_, seconds := p.From.Zone()
	return time.Duration(seconds) * time.Second
}

// Attempts are those that began on one day and went alike.
type Attempts struct {
	Day    Day
	Action string
	Ended  flow.Stage // empty: open
	Half   bool       // with Done: one directory was written and the other not
	Left   flow.Stage // where it ended
	Why    string     // as flow.Flow says
	Count  int
}

// Times say how long attempts took that were done.
type Times struct {
	Action      string // empty: all
	Median, P90 time.Duration
}

// Query asks for attempts under a policy.
type Query struct {
	Policy      string
	From, Until time.Time     // when they began; zero ones bound nothing, Until is not within
	Ahead       time.Duration // of UTC: whose days are counted
}

// Tickets are those the help desk had on one day.
type Tickets struct {
	Of    string // a pilot's name; empty: the whole help desk
	Day   Day
	Count int
}

// Store keeps what pilots are judged by. internal/postgres implements it.
type Store interface {
	// Attempts counts attempts and says how long those took that were done, both of one moment.
	Attempts(ctx context.Context, q Query) ([]Attempts, []Times, error)
	// Tickets lists the figures of a pilot, or of the whole help desk, in the order of days.
	Tickets(ctx context.Context, of string) ([]Tickets, error)
	// PutTickets keeps figures, all or none, in place of those that are there, which it gives. No day comes twice.
	PutTickets(ctx context.Context, all []Tickets) (before []Tickets, err error)
	// DropTickets forgets a figure, and reports whether there was one.
	DropTickets(ctx context.Context, of string, d Day) (bool, error)
	// Pilots names those that anything is kept of.
	Pilots(ctx context.Context) ([]string, error)
}

// Service reports on pilots.
type Service struct {
	Store Store
	Now   func() time.Time
}

// All adds to the pilots of the settings those that something is kept of.
func (s *Service) All(ctx context.Context, inSettings []Pilot) ([]Pilot, error) {
	kept, err := s.Store.Pilots(ctx)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(inSettings)
	for _, name := range kept {
		if _, ok := Find(all, name); !ok {
			all = append(all, Pilot{Name: name, Gone: true})
		}
	}
	return all, nil
}

// Find gives the pilot of a name.
func Find(all []Pilot, name string) (Pilot, bool) {
	i := slices.IndexFunc(all, func(p Pilot) bool { return p.Name == name })
	if i < 0 {
		return Pilot{}, false
	}
	return all[i], true
}

// names lists them for people.
func names(all []Pilot) string {
	if len(all) == 0 {
		return "there is none"
	}
	list := make([]string, len(all))
	for i, p := range all {
		list[i] = p.Name
	}
	return "there are " + strings.Join(list, ", ")
}
