package sync

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/fault"
)

// By is an administrator who has a say in the copies.
type By struct {
	Name    string
	Session string
	Source  audit.Source
}

var (
	errNever   = fault.New(fault.Conflict, "This directory was never read yet: the first pass begins by itself.")
	errNotHeld = fault.New(fault.Conflict, "Nothing is held any more: somebody decided, or the people are back.")
)

// Ask wants a pass now, which a replica that serves begins within seconds; also of a directory that is paused. Errors: a fault of kind
// Conflict for a directory that was never read.
func (s *Service) Ask(ctx context.Context, by By, directory string, k Kind) error {
	ok, err := s.Store.Request(ctx, directory, k, false, s.said(audit.SyncAsked, by, directory, string(k), ""))
	return answered(ok, err, errNever)
}

// Pause keeps passes that nobody asks for from beginning, or lets them go on. One that is under way ends first. Errors as Ask.
func (s *Service) Pause(ctx context.Context, by By, directory string, paused bool) error {
	since, what := time.Time{}, "resumed"
	if paused {
		since, what = s.Now(), "paused"
	}
	ok, err := s.Store.Pause(ctx, directory, since, s.said(audit.SyncPaused, by, directory, what, ""))
	return answered(ok, err, errNever)
}

// Confirm says that the people are gone whom the pass that is held found missing; Refuse that they are not, and everything is read
// again. Errors: a fault of kind Conflict when none is held.
func (s *Service) Confirm(ctx context.Context, by By, directory, reason string) error {
	ok, err := s.Store.Request(ctx, directory, Changes, true, s.said(audit.SyncApproved, by, directory, "", reason))
	return answered(ok, err, errNotHeld)
}

// Refuse is told at Confirm.
func (s *Service) Refuse(ctx context.Context, by By, directory, reason string) error {
	states, err := s.Store.SyncStates(ctx)
	if err != nil {
		return err
	}
	for _, st := range states {
		if st.Directory == directory && !st.Held.At.IsZero() {
			ok, err := s.Store.Request(ctx, directory, Full, false, s.said(audit.SyncRefused, by, directory, "", reason))
			return answered(ok, err, errNotHeld)
		}
	}
	return errNotHeld
}

func answered(ok bool, err error, otherwise error) error {
	if err == nil && !ok {
		return otherwise
	}
	return err
}

func (s *Service) said(name audit.Name, by By, directory, code, reason string) audit.Event {
	return audit.Event{
		Name: name, At: s.Now(), Actor: audit.Operator, Outcome: audit.OK, Reason: code, Subject: account.ID{Directory: directory}, By: by.Name,
		Flow: by.Session, Source: by.Source, Detail: map[string]string{"operator": by.Name, "reason": reason},
	}
}
