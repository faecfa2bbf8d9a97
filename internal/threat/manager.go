package threat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rekey/internal/audit"
	"rekey/internal/policy"
)

const (
	// Shortest a level may be set for: less is a slip of the finger.
	Shortest = 5 * time.Minute
	// Longest a level may be set for: what is to stay is a policy.
	Longest = 30 * 24 * time.Hour

	// StaleAfter is how old what a replica last read may be.
	StaleAfter = 10 * time.Second

	// recordAfter is how long after its end a level is written down as ended: the clocks of no two replicas are further apart, so
	// that a fast one ends nothing early for the others.
	recordAfter = 10 * time.Second
)

var (
	// ErrInvalid refuses a change that makes no sense; what it wraps says why.
	ErrInvalid = errors.New("the threat level stays as it is")
	// ErrCalm refuses to end what does not hold.
	ErrCalm = errors.New("no threat level is set")
)

// Store keeps the changes.
type Store interface {
	// LatestThreat gives the newest change; the zero State when there is none.
	LatestThreat(ctx context.Context) (State, error)
	// ThreatHistory lists changes, newest first.
	ThreatHistory(ctx context.Context, limit int) ([]State, error)
	// UpdateThreat hands change the newest one and saves those that it gives, in order, with their records, and tells the other
	// replicas. Nobody else changes anything meanwhile. Without any, or with an error, nothing is saved. It may call change again.
	UpdateThreat(ctx context.Context, change func(newest State) ([]State, []audit.Event, error)) error
	// WatchThreat tells of the newest change, or that it could not be read, at first, every two seconds and whenever there is a newer
	// one, until ctx ends.
	WatchThreat(ctx context.Context, told func(State, error)) error
}

// Change is what somebody wants.
type Change struct {
	Level  policy.Threat
	For    time.Duration
	Author string
	Reason string
}

func (c Change) check() error {
	switch {
	case c.Level != policy.RaisedByOne && c.Level != policy.PrivilegedStopped && c.Level != policy.Stopped:
		return fmt.Errorf("%w: there is no level %q", ErrInvalid, c.Level)
	case c.For < Shortest || c.For > Longest:
		return fmt.Errorf("%w: it can be set for 5 minutes to 30 days, not for %s", ErrInvalid, c.For)
	}
	return named(c.Author, c.Reason)
}

func named(author, reason string) error {
	if strings.TrimSpace(author) == "" || strings.TrimSpace(reason) == "" {
		return fmt.Errorf("%w: say who changes it, and why", ErrInvalid)
	}
	return nil
}

// Manager knows the level in force. It is safe for concurrent use.
type Manager struct {
	store Store
	now   func() time.Time
	log   *slog.Logger

	mu      sync.Mutex // one switch at a time
	deaf    bool       // it was logged that nothing can be read
	current atomic.Pointer[reading]
}

// reading is what was read, and when.
type reading struct {
	state State
	at    time.Time
}

// NewManager makes a manager that has read nothing yet.
func NewManager(store Store, now func() time.Time, log *slog.Logger) *Manager {
	return &Manager{store: store, now: now, log: log}
}

// Now gives what is in force. It reads memory only.
func (m *Manager) Now() State {
	r := m.current.Load()
	if r == nil {
		return State{Level: policy.Stopped, Reason: "the level was never read"}
	}
	return r.state.at(m.now())
}

// Level is the level of Now, as policies take it.
func (m *Manager) Level() policy.Threat { return m.Now().Level }

// Ready reports whether the level was read within StaleAfter. A replica that is not would go on by what may have changed.
func (m *Manager) Ready() bool {
	r := m.current.Load()
	return r != nil && m.now().Sub(r.at) <= StaleAfter
}

// Load reads the level once, so that Now can be asked before Run. Errors are of the database.
func (m *Manager) Load(ctx context.Context) error {
	s, err := m.store.LatestThreat(ctx)
	if err != nil {
		return err
	}
	m.use(ctx, s)
	return nil
}

// History lists the changes, newest first, ends among them.
func (m *Manager) History(ctx context.Context, limit int) ([]State, error) {
	return m.store.ThreatHistory(ctx, limit)
}

// Set puts a level in force for a time that begins now, whatever holds; the same level again is longer or shorter from then on. It
// holds here when Set returns and on other replicas within five seconds. Errors: ErrInvalid, or of the database.
func (m *Manager) Set(ctx context.Context, c Change) (State, error) {
	if err := c.check(); err != nil {
		return State{}, err
	}
	return m.change(ctx, func(newest State, now time.Time) (step, error) { return newest.set(now, c), nil })
}

// End ends the level in force before its time. Errors: ErrCalm, ErrInvalid, or of the database.
func (m *Manager) End(ctx context.Context, author, reason string) (State, error) {
	if err := named(author, reason); err != nil {
		return State{}, err
	}
	return m.change(ctx, func(newest State, now time.Time) (step, error) {
		if newest.Level == policy.Calm {
			return step{}, ErrCalm
		}
		return newest.end(now, author, reason), nil
	})
}

// change saves what next makes of the newest change. An end that nobody wrote down yet comes first.
func (m *Manager) change(ctx context.Context, next func(newest State, now time.Time) (step, error)) (State, error) {
	var last State
	err := m.store.UpdateThreat(ctx, func(newest State) ([]State, []audit.Event, error) {
		now := m.moment()
		var states []State
		var events []audit.Event
		if newest.over(now) {
			ended := newest.expire(now)
			states, events, newest = append(states, ended.state), append(events, ended.event), ended.state
		}
		s, err := next(newest, now)
		last = s.state
		return append(states, s.state), append(events, s.event), err
	})
	if err != nil {
		return State{}, err
	}
	m.use(ctx, last)
	return last, nil
}

// moment is the time as the database keeps it.
func (m *Manager) moment() time.Time { return m.now().UTC().Truncate(time.Microsecond) }

// Run follows changes until ctx ends, and writes down what ended by itself.
func (m *Manager) Run(ctx context.Context) error {
	return m.store.WatchThreat(ctx, func(s State, err error) {
		if err != nil {
			m.missed(ctx, err)
			return
		}
		m.use(ctx, s)
		if s.over(m.now().Add(-recordAfter)) {
			m.record(ctx)
		}
	})
}

// use puts what was read in force, unless something newer is.
func (m *Manager) use(ctx context.Context, s State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deaf {
		m.deaf = false
		m.log.InfoContext(ctx, "the threat level can be read again")
	}
	before := m.current.Load()
	if before != nil && before.state.Number > s.Number {
		s = before.state // this was read before that was saved
	}
	m.current.Store(&reading{state: s, at: m.now()})
	if before != nil && before.state.Number != s.Number || before == nil && s.Level != policy.Calm {
		m.log.InfoContext(ctx, "threat level switched", "level", s.Level, "until", s.Until, "author", s.Author, "reason", s.Reason)
	}
}

// missed says once that this replica hears of no changes.
func (m *Manager) missed(ctx context.Context, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deaf || m.Ready() || ctx.Err() != nil {
		return
	}
	m.deaf = true
	m.log.ErrorContext(ctx, "the threat level cannot be read: the last one known stays", "error", err)
}

// record writes down that the time of the newest level was up, unless somebody has. A failure is repeated with the next look.
func (m *Manager) record(ctx context.Context) {
	err := m.store.UpdateThreat(ctx, func(newest State) ([]State, []audit.Event, error) {
		now := m.moment()
		if !newest.over(now.Add(-recordAfter)) {
			return nil, nil, nil
		}
		ended := newest.expire(now)
		return []State{ended.state}, []audit.Event{ended.event}, nil
	})
	if err != nil && ctx.Err() == nil {
		m.log.ErrorContext(ctx, "the end of a threat level could not be recorded", "error", err)
	}
}
