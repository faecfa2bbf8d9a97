package settings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/fault"
	"rekey/internal/site"
)

// Store keeps versions.
type Store interface {
	// LatestSettings gives the newest version; a *fault.Error of kind NotFound when there is none.
	LatestSettings(ctx context.Context) (site.Version, error)
	// AppendSettings saves a new version after the given one and tells the other replicas; a lost race is fault Conflict.
	AppendSettings(ctx context.Context, v site.Version, after int64, ev audit.Event) (int64, error)
	// WatchSettings calls changed with every new version number until ctx ends.
	WatchSettings(ctx context.Context, changed func(version int64)) error
}

// closeAfter is how long a directory that left the settings stays open for requests that still hold its snapshot.
const closeAfter = time.Minute

// Manager keeps the snapshot in force. It is safe for concurrent use.
type Manager struct {
	store    Store
	registry Registry
	deps     Deps
	log      *slog.Logger
	// Switched is called after every switch, before the next one; may be nil.
	Switched func(*Compiled)
	// Locked takes versions from operators alone: version control owns the settings, and pages may only show them. Set it before use.
	Locked bool

	mu      sync.Mutex // one switch at a time
	retired []func()   // close, once, what earlier versions used alone
	current atomic.Pointer[Compiled]
}

// NewManager makes a manager. Call Load before Snapshot.
func NewManager(store Store, r Registry, deps Deps) *Manager {
	return &Manager{store: store, registry: r, deps: deps, log: deps.Log}
}

// Snapshot gives the snapshot in force. It is a site.Source.
func (m *Manager) Snapshot() *site.Snapshot { return m.current.Load().Snapshot }

// Current gives the compiled version in force.
func (m *Manager) Current() *Compiled { return m.current.Load() }

// Load puts the newest version in force. With none saved, first (text and its name) becomes version 1.
func (m *Manager) Load(ctx context.Context, firstName string, first []byte) error {
	v, err := m.store.LatestSettings(ctx)
	if err != nil && fault.Of(err).Kind == fault.NotFound {
		if first == nil {
			return errors.New("no settings are saved yet: name a settings_file for the first start")
		}
		err = m.Check(firstName, first)
		if err == nil { // as version 1 or not at all: of replicas that start together one imports
			_, err = m.save(ctx, first, 0, Change{Author: "first start", Reason: "imported from " + firstName})
		}
		if err != nil && fault.Of(err).Kind != fault.Conflict {
			return err
		}
		v, err = m.store.LatestSettings(ctx)
	}
	if err != nil {
		return err
	}
	return m.use(v)
}

// Change says who saves a version and why.
type Change struct {
	Author, Reason string
	Origin         Origin
	// After is the version that the document was made from or compared with; 0: whatever is the newest.
	After int64
	// Notes are kept in the audit log beside author and reason.
	Notes map[string]string
	// Account, Session and Source are those of who changed it in a page.
	Account account.ID
	Session string
	Source  audit.Source
}

// Origin is where a version comes from. The zero value may least.
type Origin uint8

// The origins.
const (
	FromPages    Origin = iota // somebody changed it in the portal, or it took it over by itself
	FromOperator               // a command, as a rule of the pipeline that owns the settings
)

// ErrLocked refuses a version from pages.
var ErrLocked = errors.New("settings_locked: the settings are kept in version control: change them there, and rekey settings apply puts them in force")

// Apply checks a document and saves it as the next version. It is in force here when Apply returns, on other replicas within
// seconds. Errors: ErrLocked; a *fault.Error of kind Conflict when Change.After is not the newest any more or somebody else was faster;
// what Check gives.
func (m *Manager) Apply(ctx context.Context, name string, text []byte, ch Change) (int64, error) {
	if m.Locked && ch.Origin != FromOperator {
		return 0, ErrLocked
	}
	if err := m.Check(name, text); err != nil {
		return 0, err
	}
	if ch.After != 0 {
		return m.save(ctx, text, ch.After, ch)
	}
	after := int64(0)
	switch last, err := m.store.LatestSettings(ctx); {
	case err == nil:
		after = last.Number
	case fault.Of(err).Kind != fault.NotFound:
		return 0, err
	}
	return m.save(ctx, text, after, ch)
}

// save makes a checked document the version behind after and puts it in force.
func (m *Manager) save(ctx context.Context, text []byte, after int64, ch Change) (int64, error) {
	now := m.deps.Now()
	v := site.Version{At: now, Author: ch.Author, Reason: ch.Reason, Document: text}
	detail := map[string]string{"author": ch.Author, "reason": ch.Reason}
	maps.Copy(detail, ch.Notes)
	ev := audit.Event{
		Name: audit.SettingsApplied, At: now, Actor: audit.Operator, Outcome: audit.OK, Settings: after + 1, Detail: detail,
		Subject: ch.Account, Flow: ch.Session, Source: ch.Source,
	}
	number, err := m.store.AppendSettings(ctx, v, after, ev)
	if err != nil {
		return 0, err
	}
	v.Number = number
	return number, m.use(v)
}

// Check parses, compiles and judges a document without saving it or keeping anything open. Errors name file, line and key; what the
// linter calls an error is one.
func (m *Manager) Check(name string, text []byte) error {
	v, err := m.Lint(name, text, "")
	return errors.Join(err, v.Err())
}

// Try parses and compiles a document, whatever the linter says of it, and gives what it compiles into, to decide by: its directories
// are closed.
func (m *Manager) Try(name string, text []byte) (*site.Snapshot, error) {
	d, err := Parse(name, text)
	if err != nil {
		return nil, err
	}
	c, err := Compile(d, 0, m.registry, m.deps, nil)
	if err != nil {
		return nil, err
	}
	c.closeBut(nil)
	return c.Snapshot, nil
}

// use compiles a version and switches to it.
func (m *Manager) use(v site.Version) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.current.Load()
	if before != nil && before.Snapshot.Version >= v.Number {
		return nil
	}
	d, err := Parse(fmt.Sprintf("settings version %d", v.Number), v.Document)
	if err != nil {
		return err
	}
	c, err := Compile(d, v.Number, m.registry, m.deps, before)
	if err != nil {
		return err
	}
	if codes := c.lint(m.deps, "").codes(); codes != "" { // it was taken once, so it is used whatever is found now
		m.log.Warn("weak settings in force: rekey settings lint says what", "version", v.Number, "codes", codes)
	}
	m.current.Store(c)
	if before != nil && len(before.unused(c)) > 0 {
		closing := sync.OnceFunc(func() { before.closeBut(c) })
		time.AfterFunc(closeAfter, closing)
		m.retired = append(m.retired, closing)
	}
	if m.Switched != nil {
		m.Switched(c)
	}
	return nil
}

// Watch follows new versions until ctx ends. A version this replica cannot compile is logged and the last good one stays.
func (m *Manager) Watch(ctx context.Context) error {
	return m.store.WatchSettings(ctx, func(version int64) {
		if m.Snapshot().Version >= version {
			return
		}
		v, err := m.store.LatestSettings(ctx)
		if err == nil {
			err = m.use(v)
		}
		if err != nil {
			m.log.ErrorContext(ctx, "new settings not used", "version", version, "error", err)
			return
		}
		m.log.InfoContext(ctx, "settings switched", "version", v.Number)
	})
}

// Close closes the directories in force and those that still wait to be closed.
func (m *Manager) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, closing := range m.retired {
		closing()
	}
	if c := m.current.Load(); c != nil {
		c.closeBut(nil)
	}
}
