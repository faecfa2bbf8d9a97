package admin

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/signin"
	"rekey/internal/site"
)

// Passkey is how administrators prove who they are.
type Passkey interface {
	authenticator.Method
	authenticator.Enroller
}

// Service lets administrators in. It is safe for concurrent use. Make it with New.
type Service struct {
	deps Deps

	mu   sync.Mutex
	seen map[account.ID]sighting // what directories told lately
}

// Deps is what a service works with.
type Deps struct {
	Site        site.Source
	Store       Store
	Invitations Invitations
	Passwords   *signin.Checker
	Passkey     Passkey
	Sealer      Sealer
	Recorder    Recorder
	PublicURL   string // origin, without a slash at the end
	Now         func() time.Time
	Log         *slog.Logger
}

// Recorder writes an audit record that goes with no other change.
type Recorder interface {
	Record(ctx context.Context, ev audit.Event) error
}

// New makes a service.
func New(d Deps) *Service { return &Service{deps: d, seen: map[account.ID]sighting{}} }

// Source is where a request came from.
type Source = audit.Source

// tries is how often one question may be answered wrongly.
const tries = 5

// InvitedFor is how long an invitation is good for.
const InvitedFor = 24 * time.Hour

// Faults a page may meet. Texts of these pages are English sentences.
var (
	// ErrSignIn asks for a sign-in: there is no session, or it ended.
	ErrSignIn = fault.New(fault.NotFound, "You are signed out. Sign in again.")
	// ErrProve asks for the passkey: the session has a question open that comes first.
	ErrProve = fault.New(fault.Conflict, "Prove your passkey first.")

	errStale      = fault.New(fault.Conflict, "This page is out of date.")
	errNoPasskey  = fault.New(fault.Invalid, "There is no passkey for these pages on your account. Ask an owner for an invitation.").On("name")
	errNoRole     = fault.New(fault.Denied, "Your account has no role here. Ask an owner to bind one to it.")
	errDisabled   = fault.New(fault.Denied, "Your account is disabled, or has expired.")
	errDown       = fault.New(fault.Unavailable, "problem.directory-down")
	errWrongKey   = fault.New(fault.Invalid, "That passkey was not accepted. Try again.").On("credential")
	errLabel      = fault.New(fault.Invalid, "Give the passkey a name of up to 60 characters.").On("label")
	errInvitation = fault.New(fault.NotFound, "This invitation was used, replaced or is older than a day. Ask for another.")
)

// Admin is who is at the pages, and what they may.
type Admin struct {
	Session Session
	Grants  role.Grants
	Facts   policy.Facts // of the administrator's own account
}

// Name is what others read in the audit log.
func (a Admin) Name() string { return a.Session.Name }

// Role is the mightiest of the administrator's roles, for the audit log.
func (a Admin) Role() string {
	if roles := a.Grants.Roles(); len(roles) > 0 {
		return string(roles[0])
	}
	return ""
}

// Fresh reports whether the passkey was proven lately enough for what asks for a step-up.
func (s *Service) Fresh(a Admin) bool {
	return s.deps.Now().Sub(a.Session.Proven) <= s.deps.Site().Console.StepUp
}

// sighting is an account as its directory told it.
type sighting struct {
	facts  policy.Facts
	usable bool
	at     time.Time
}

// freshFor is how old what is known of an administrator may be.
const freshFor = 30 * time.Second

// Admit gives who holds a session and what they may. Errors: ErrSignIn; ErrProve; a fault of kind Denied for an account without a role
// or that is disabled; Unavailable when its directory has been silent for too long.
func (s *Service) Admit(ctx context.Context, token Token) (Admin, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return Admin{}, err
	}
	if sess.Proven.IsZero() {
		return Admin{}, ErrProve
	}
	return s.admit(ctx, sess)
}

func (s *Service) admit(ctx context.Context, sess Session) (Admin, error) {
	seen, err := s.look(ctx, sess.Account)
	if err != nil {
		return Admin{}, err
	}
	if !seen.usable {
		return Admin{}, errDisabled
	}
	g := s.deps.Site().Roles.Of(&seen.facts)
	if g.None() {
		return Admin{}, errNoRole
	}
	return Admin{Session: sess, Grants: g, Facts: seen.facts}, nil
}

// look reads an account, or remembers what was read a moment ago. While the directory is silent it remembers for longer.
func (s *Service) look(ctx context.Context, who account.ID) (sighting, error) {
	now := s.deps.Now()
	s.mu.Lock()
	known, ok := s.seen[who]
	s.mu.Unlock()
	if ok && now.Sub(known.at) <= freshFor {
		return known, nil
	}
	p, err := s.person(ctx, who)
	switch {
	case errors.Is(err, directory.ErrNotFound):
		s.forget(who)
		return sighting{}, errDisabled
	case err != nil && ok && now.Sub(known.at) <= s.deps.Site().Console.Idle:
		s.deps.Log.WarnContext(ctx, "an administrator's groups are not read", "account", who.String(), "error", err)
		return known, nil
	case err != nil:
		return sighting{}, fault.Wrap(fault.Unavailable, errDown.Text, err)
	}
	fresh := sighting{facts: site.Facts(s.deps.Site(), "", p.Account, nil, audit.Source{}, now), usable: p.Usable(), at: now}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.seen { // administrators are few, and leave
		if now.Sub(old.at) > s.deps.Site().Console.Idle {
			delete(s.seen, id)
		}
	}
	s.seen[who] = fresh
	return fresh, nil
}

func (s *Service) forget(who account.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, who)
}

func (s *Service) person(ctx context.Context, who account.ID) (directory.Person, error) {
	snap := s.deps.Site()
	d, ok := snap.Directory(who.Directory)
	if !ok {
		return directory.Person{}, directory.ErrNotFound
	}
	finder := snap.Finder(s.deps.Now())
	a, err := finder.Get(ctx, d, who)
	if err != nil {
		return directory.Person{}, err
	}
	return finder.Person(ctx, a)
}

// event makes an audit record.
func (s *Service) event(name audit.Name, sess Session, from Source) audit.Event {
	return audit.Event{
		Name: name, At: s.deps.Now(), Actor: audit.Operator, Outcome: audit.OK, Subject: sess.Account, Flow: sess.ID,
		Purpose: "administer", Settings: s.deps.Site().Version, Source: from, Detail: map[string]string{"name": sess.Name},
	}
}
