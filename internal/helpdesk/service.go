package helpdesk

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"slices"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/notice"
	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Service is the help desk. It is safe for concurrent use.
type Service struct {
	Site     site.Source
	Copy     Copy
	Accounts Accounts
	Blocks   Blocks
	Requests Requests
	Calls    Calls
	Limiter  Limiter
	Owner    *notice.Owner
	// Signals tells what the live flow would know of a request of the account; nil: nothing.
	Signals   func(ctx context.Context, action policy.Action, who account.ID) (site.Signals, error)
	PublicURL string // origin, without a slash at the end
	Now       func() time.Time
	Log       *slog.Logger
}

// By is who acts.
type By struct {
	Account account.ID
	Name    string
	Role    string // the mightiest
	Grants  role.Grants
	Source  audit.Source
}

// What acts and verifications are limited to.
var (
	perUser   = throttle.Bucket{Burst: 20, Every: 30 * time.Second}
	perPerson = throttle.Bucket{Burst: 6, Every: 5 * time.Minute}
	perReport = throttle.Bucket{Burst: 1, Every: 10 * time.Minute} // of a burst
	perRefuse = throttle.Bucket{Burst: 20, Every: time.Minute}     // records of what was refused
)

// Faults a page may meet.
var (
	errNobody   = fault.New(fault.NotFound, "There is nobody like that within your reach.")
	errSelf     = fault.New(fault.Denied, "That is you. Somebody else has to help you.")
	errNotYours = fault.New(fault.Denied, "You may look at this person, but not act for them.")
	errDown     = fault.New(fault.Unavailable, "The person's directory does not answer. Try again in a moment.")
	errTooMany  = fault.New(fault.Throttled, "That was a lot in a short time. Wait a few minutes.")
)

// target is a person as read now, for somebody who may see them.
type target struct {
	directory.Person
	snap       *site.Snapshot
	facts      policy.Facts
	privileged string // why a second administrator has to agree; empty: none has to
	self       bool
}

// find reads a person live and refuses whoever is out of reach, as if there were nobody.
func (s *Service) find(ctx context.Context, by By, who account.ID) (target, error) {
	snap := s.Site()
	p, err := s.person(ctx, snap, who)
	if errors.Is(err, directory.ErrNotFound) {
		return target{}, s.refused(ctx, by, account.ID{}, "out-of-reach", errNobody) // made up: not to stand in the log as an account
	}
	if err != nil {
		return target{}, fault.Wrap(fault.Unavailable, errDown.Text, err)
	}
	t := target{Person: p, snap: snap, facts: site.Facts(snap, policy.Reset, p.Account, nil, audit.Source{}, s.Now())}
	if !by.Grants.Reaches(&t.facts) {
		return target{}, s.refused(ctx, by, who, "out-of-reach", errNobody)
	}
	t.self = t.is(by.Account)
	t.privileged = privileged(snap, &t.facts)
	return t, nil
}

// person reads somebody by any of their accounts.
func (s *Service) person(ctx context.Context, snap *site.Snapshot, who account.ID) (directory.Person, error) {
	d, ok := snap.Directory(who.Directory)
	if !ok || who.Object == "" {
		return directory.Person{}, directory.ErrNotFound
	}
	finder := snap.Finder(s.Now())
	a, err := finder.Get(ctx, d, who)
	if err != nil { // groups that were not read too: a scope may leave people out by them
		return directory.Person{}, err
	}
	return finder.Person(ctx, a)
}

// is reports whether an account is one of the person's.
func (t target) is(id account.ID) bool { return t.ID == id || t.Other != nil && t.Other.ID == id }

// privileged says why acts for somebody need a second administrator.
func privileged(snap *site.Snapshot, f *policy.Facts) string {
	if !snap.Roles.Of(f).None() {
		return "holds a role in these pages"
	}
	return policy.Explain(snap.Policies, *f).Floor
}

// open is find for somebody who is to be acted for.
func (s *Service) open(ctx context.Context, by By, who account.ID) (target, error) {
	t, err := s.find(ctx, by, who)
	switch {
	case err != nil:
		return t, err
	case t.self:
		return t, s.refused(ctx, by, t.ID, "self", errSelf)
	case !by.Grants.MayHelp(&t.facts):
		return t, s.refused(ctx, by, t.ID, "out-of-scope", errNotYours)
	}
	return t, nil
}

// refused records that somebody was refused, unless that was recorded very often just now, and gives the fault back.
func (s *Service) refused(ctx context.Context, by By, who account.ID, why string, is error) error {
	if ok, _, err := s.Limiter.Take(ctx, "help-refused:"+by.Account.String(), perRefuse); err != nil || !ok {
		return cmp.Or(err, is)
	}
	ev := s.event(audit.HelpRefused, by, who, Order{})
	ev.Outcome, ev.Reason = audit.Refused, why
	return cmp.Or(s.Accounts.Commit(ctx, who, flow.Effects{Audit: []audit.Event{ev}}), is)
}

// limit takes one act from what a user, and what a person, is limited to. A burst is recorded once in a while.
func (s *Service) limit(ctx context.Context, by By, who account.ID) error {
	for _, l := range []struct {
		key    string
		bucket throttle.Bucket
	}{{"help:" + by.Account.String(), perUser}, {"help-for:" + who.String(), perPerson}} {
		ok, _, err := s.Limiter.Take(ctx, l.key, l.bucket)
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		if first, _, err := s.Limiter.Take(ctx, "help-burst:"+l.key, perReport); err != nil || !first {
			return cmp.Or(err, error(errTooMany))
		}
		return s.refused(ctx, by, who, "too-many", errTooMany)
	}
	return nil
}

// event makes an audit record.
func (s *Service) event(name audit.Name, by By, who account.ID, o Order) audit.Event {
	ev := audit.Event{
		Name: name, At: s.Now(), Actor: audit.Operator, Outcome: audit.OK, Subject: who, By: by.Name, Role: by.Role, Ticket: o.Ticket,
		Purpose: "help", Settings: s.Site().Version, Source: by.Source,
	}
	if o.Action != "" {
		ev.Detail = map[string]string{"reason": o.Reason}
	}
	return ev
}

func accountKey(id account.ID) string { return "account:" + id.String() }

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand since Go 1.24)
	return base64.RawURLEncoding.EncodeToString(b)
}

// May lists what somebody may do for a person: nothing for themselves, or out of scope.
func (s *Service) may(by By, t target) []Action {
	if t.self || !by.Grants.MayHelp(&t.facts) {
		return nil
	}
	return slices.DeleteFunc(Actions(), func(a Action) bool {
		switch a {
		case Unlock:
			return !t.snap.Unlocks(t.Person)
		case Pass:
			_, ok := t.snap.Methods[passKind]
			return !ok
		case Remove:
			return true // goes by method
		}
		return false
	})
}
