// Package methods is what administrators see of the ways to prove who you are: each with its state, where policies use it, who has it,
// what the linter says of it, and a trial against the real peer.
//
// Settings are changed by package configure: Change gives the draft. Nothing here stores anything; who has what is read from the
// credentials, and names from the copy of the directories.
package methods

import (
	"context"
	"slices"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/configure"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/message"
	"rekey/internal/policy"
	"rekey/internal/site"
)

// Lately is how far back a use counts as one.
const Lately = 90 * 24 * time.Hour

// trialFor is how long a trial may take.
const trialFor = 45 * time.Second

// Service tells of methods. It is safe for concurrent use.
type Service struct {
	Store     Store
	Site      site.Source
	Configure *configure.Service
	Known     []factor.Traits // every kind there is, strongest first
	Now       func() time.Time
	// Clock asks the database for the time.
	Clock func(ctx context.Context) (time.Time, error)
	// Send delivers a message at once, and records that it was a trial of the author's.
	Send func(ctx context.Context, by configure.Author, m message.Message) error
}

// Store reads who has what.
type Store interface {
	// Holdings counts by kind; whoever used one since then counts as Used.
	Holdings(ctx context.Context, since time.Time) (map[factor.Kind]Holding, error)
	// Holders lists who has a kind set up.
	Holders(ctx context.Context, w Which) ([]Holder, error)
}

// Holding is how many have a method.
type Holding struct {
	People      int64
	Credentials int64
	Used        int64 // people who used it lately
}

// Order is what a list of holders is sorted by.
type Order string

// The orders. By name they rise, by time the latest comes first.
const (
	ByName  Order = ""
	ByAdded Order = "added"
	ByUsed  Order = "used"
)

// Standing narrows a list of holders.
type Standing string

// The standings.
const (
	Anybody Standing = ""
	Used    Standing = "used"   // lately
	Unused  Standing = "unused" // not lately
	Gone    Standing = "gone"   // the account is not in its directory any more
)

// Which says which holders are listed.
type Which struct {
	Kind     factor.Kind
	Name     string // part of a name or sign-in name
	Standing Standing
	Since    time.Time // what lately means; set by Service
	Order    Order
	After    Cursor
	Most     int
}

// Cursor is a place in a list. The zero value is its beginning.
type Cursor struct{ Key, Directory, Object string }

// Holder is somebody who has a method set up.
type Holder struct {
	Account     account.ID
	Name        string
	SignIn      string // empty: not known
	Gone        bool
	Credentials int64
	Added       time.Time // the first
	Used        time.Time // the last time; zero: never
	Cursor      Cursor
}

// Method is one way with its state.
type Method struct {
	factor.Traits
	On       bool
	Uses     []Use
	Holding  Holding
	Findings []configure.Finding
}

// Path is where its settings stand.
func (m Method) Path() string { return Path(m.Kind) }

// Path is where the settings of a kind stand.
func Path(k factor.Kind) string { return "authenticators." + string(k) }

// ErrUnknown says that there is no such kind.
var ErrUnknown = fault.New(fault.NotFound, "There is no such method.")

// All lists every kind there is, strongest first, as the newest settings have it.
func (s *Service) All(ctx context.Context) ([]Method, configure.Current, error) {
	now, err := s.Configure.Read(ctx)
	if err != nil {
		return nil, now, err
	}
	holdings, err := s.Store.Holdings(ctx, s.Now().Add(-Lately))
	if err != nil {
		return nil, now, err
	}
	uses, err := readUses(now)
	if err != nil {
		return nil, now, err
	}
	findings := s.Configure.Findings(now)
	all := make([]Method, 0, len(s.Known))
	for _, t := range s.Known {
		m := Method{Traits: t, Holding: holdings[t.Kind], Findings: about(t, findings)}
		if _, m.On = now.Value(Path(t.Kind)); m.On {
			m.Uses = uses.of(t.Kind)
		}
		all = append(all, m)
	}
	return all, now, nil
}

// One gives a kind. Errors: ErrUnknown.
func (s *Service) One(ctx context.Context, k factor.Kind) (Method, configure.Current, error) {
	all, now, err := s.All(ctx)
	if err != nil {
		return Method{}, now, err
	}
	for _, m := range all {
		if m.Kind == k {
			return m, now, nil
		}
	}
	return Method{}, now, ErrUnknown
}

// about picks the findings that a kind gives rise to.
func about(t factor.Traits, all []configure.Finding) []configure.Finding {
	path := Path(t.Kind)
	return slices.DeleteFunc(slices.Clone(all), func(f configure.Finding) bool {
		return f.Path != path && !strings.HasPrefix(f.Path, path+".") && (!t.Mailbox || !strings.HasPrefix(f.Code, "mail-alone"))
	})
}

// Holders lists who has a kind set up. Errors: ErrUnknown.
func (s *Service) Holders(ctx context.Context, w Which) ([]Holder, error) {
	if !slices.ContainsFunc(s.Known, func(t factor.Traits) bool { return t.Kind == w.Kind }) {
		return nil, ErrUnknown
	}
	w.Since = s.Now().Add(-Lately)
	return s.Store.Holders(ctx, w)
}

// ErrOff says that a kind is not in force, so that it cannot be tried.
var ErrOff = fault.New(fault.Conflict, "This method is switched off. Switch it on to try it.")

// Try tries a kind as it is in force, for the author, whose own addresses get what is sent. Errors: ErrUnknown, ErrOff.
func (s *Service) Try(ctx context.Context, by configure.Author, k factor.Kind) ([]authenticator.Step, error) {
	if !slices.ContainsFunc(s.Known, func(t factor.Traits) bool { return t.Kind == k }) {
		return nil, ErrUnknown
	}
	snap := s.Site()
	m, on := snap.Methods[k]
	if !on {
		return nil, ErrOff
	}
	tried, ok := m.(authenticator.Tried)
	if !ok {
		return []authenticator.Step{{Title: "In force", Text: "Its settings are read and used. There is nothing else to try.", Result: authenticator.Worked}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, trialFor)
	defer cancel()
	return tried.Try(ctx, authenticator.Trial{
		Subject: s.subject(ctx, snap, by), Now: s.Now, Clock: s.Clock,
		Send: func(ctx context.Context, m message.Message) error { return s.Send(ctx, by, m) },
	}), nil
}

// subject reads the author's own account; without an answer there are no addresses.
func (s *Service) subject(ctx context.Context, snap *site.Snapshot, by configure.Author) authenticator.Subject {
	out := authenticator.Subject{Account: by.Account, Name: by.Name, DisplayName: by.Name, Locale: "en"}
	d, ok := snap.Directory(by.Account.Directory)
	if !ok {
		return out
	}
	a, err := d.Get(ctx, by.Account)
	if err != nil {
		return out
	}
	for _, address := range append([]string{a.Mail}, a.Mails...) {
		if address != "" && !slices.Contains(out.Mails, address) {
			out.Mails = append(out.Mails, address)
		}
	}
	return out
}

// Change is the draft that switches a kind on or off, or gives it other settings; nil values are the defaults.
func Change(now configure.Current, k factor.Kind, on bool, values map[string]any) configure.Draft {
	d := configure.Draft{After: now.Number}
	is, there := now.Value(Path(k))
	switch {
	case !on && there:
		d.Changes = []configure.Change{{Path: Path(k), Do: configure.Delete}}
	case !on:
	case len(values) == 0 && there && is == nil: // it says nothing, and still does
	case len(values) == 0:
		d.Changes = []configure.Change{{Path: Path(k), Value: map[string]any{}}}
	default:
		d.Changes = []configure.Change{{Path: Path(k), Value: values}}
	}
	return d
}

// Use is a policy in which a kind can prove something.
type Use struct {
	Policy  string
	Default bool // of a domain, behind all policies
	Actions []Action
}

// Action is something people do, and whether they cannot without the kind.
type Action struct {
	Action    policy.Action
	Mandatory bool
}
