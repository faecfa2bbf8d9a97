package sync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/site"
)

// Service keeps the copy of the directories. It is safe for concurrent use.
type Service struct {
	Store Store
	Site  site.Source
	Now   func() time.Time
	Wait  func(ctx context.Context, d time.Duration) error
	Log   *slog.Logger
}

// Source is a directory that can be read whole.
type Source interface {
	Key() string
	directory.Syncer
}

// Turn does what is due on one directory, unless another process is about it. It ends with the pass, or with what stopped it: the
// next turn goes on there. Errors are of the database, or ctx's; what the directory answers is kept in the state.
func (s *Service) Turn(ctx context.Context, d Source) error {
	lease, was, ours, err := s.Store.Hold(ctx, d.Key())
	if err != nil || !ours {
		return err
	}
	defer lease.Close()
	t := &turn{Service: s, lease: lease, source: d, rules: s.Site().Sync}
	var due bool
	if t.state, due = was.next(t.rules, s.Now()); !due {
		return nil
	}
	if err := lease.Begin(ctx, t.state); err != nil {
		return err
	}
	err = t.pass(ctx)
	if errors.Is(err, directory.ErrCursorGone) && ctx.Err() == nil {
		s.Log.InfoContext(ctx, "the directory has forgotten where we were: everything is read again", "directory", d.Key())
		t.state = t.state.begin(Full, s.Now())
		if err := lease.Begin(ctx, t.state); err != nil {
			return err
		}
		err = t.pass(ctx)
	}
	return t.close(ctx, err)
}

// turn is one process's work on one directory.
type turn struct {
	*Service
	lease  Lease
	source Source
	rules  site.SyncRules
	state  State     // what is stored
	paced  time.Time // when the next page may be taken
}

var errHeld = errors.New("more people would be marked as gone than settings allow")

// storeError is one of the database's: it is no fault of the directory.
type storeError struct{ error }

func (e storeError) Unwrap() error { return e.error }

// pass reads to the end and closes the pass.
func (t *turn) pass(ctx context.Context) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	at := t.moment(t.Now())
	end := t.state.ended(at.Now)
	if err := t.lease.End(ctx, end, at, t.judge); err != nil {
		return stored(err)
	}
	t.state = end
	return t.count(ctx, at.Now)
}

// countEvery is how often what changes leads to a new count of names by domain.
const countEvery = 5 * time.Minute

// count looks anew which domains people have names in, after a pass that can have changed it. With one directory nobody asks.
func (t *turn) count(ctx context.Context, now time.Time) error {
	if len(t.Site().Directories) < 2 {
		return nil
	}
	unless := now.Add(-countEvery)
	switch full := t.state.Full.Equal(t.state.Begun); {
	case full:
		unless = now
	case t.state.Told == 0:
		return nil
	}
	if err := t.Store.CountResidents(ctx, t.Site().Links, now, unless); err != nil {
		return storeError{err}
	}
	return nil
}

// read takes page after page. The directory is asked for the next one while one is stored.
func (t *turn) read(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pages, done := make(chan directory.Page), make(chan error, 1)
	go func() {
		defer close(pages)
		done <- t.source.Changes(ctx, t.state.Cursor, func(p directory.Page) error {
			select {
			case pages <- p:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	}()
	var failed error
	for p := range pages {
		if failed != nil {
			continue // until the directory has noticed
		}
		if failed = t.take(ctx, p); failed != nil {
			cancel(failed)
		}
	}
	err := <-done
	if failed != nil {
		return failed
	}
	return err
}

// take stores a page, no faster than settings allow.
func (t *turn) take(ctx context.Context, p directory.Page) error {
	now := t.Now()
	if wait := t.paced.Sub(now); wait > 0 {
		if err := t.Wait(ctx, wait); err != nil {
			return err
		}
		now = t.Now()
	}
	t.paced = now.Add(time.Second / time.Duration(t.rules.PagesPerSecond))
	next := t.state.took(p)
	if err := t.lease.Take(ctx, next, p, t.moment(now), t.judge); err != nil {
		return stored(err)
	}
	t.state = next
	return nil
}

func (t *turn) moment(now time.Time) Moment {
	return Moment{Now: now, Since: t.state.since(now), Forget: now.Add(-t.rules.KeepGone)}
}

func (t *turn) judge(l Losses) error {
	if t.state.tooMany(l, t.rules) {
		return heldError{l}
	}
	return nil
}

// heldError carries what a step would have come to.
type heldError struct{ Losses }

func (heldError) Error() string { return errHeld.Error() }

func stored(err error) error {
	if errors.As(err, new(heldError)) {
		return err
	}
	return storeError{err}
}

// close records how a turn ended.
func (t *turn) close(ctx context.Context, err error) error {
	var held heldError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err() // the process ends: the next one goes on
	case errors.As(err, new(storeError)):
		return err
	case errors.As(err, &held):
		return t.hold(ctx, held.Losses)
	}
	t.Log.WarnContext(ctx, "directory not read", "directory", t.source.Key(), "error", err)
	return t.lease.Save(ctx, t.state.failed(err.Error(), t.Now()))
}

// hold stops a pass until somebody has looked, and says so once.
func (t *turn) hold(ctx context.Context, l Losses) error {
	now := t.Now()
	s := t.state.held(l, now)
	if !t.state.Held.At.IsZero() {
		return t.lease.Save(ctx, s)
	}
	t.Log.ErrorContext(ctx, errHeld.Error(), "directory", t.source.Key(), "gone", l.Gone, "of", l.Of)
	return t.lease.Save(ctx, s, audit.Event{
		Name: audit.SyncHeld, At: now, Actor: audit.System, Outcome: audit.Refused, Subject: account.ID{Directory: t.source.Key()},
		Detail: map[string]string{"gone": strconv.FormatInt(l.Gone, 10), "of": strconv.FormatInt(l.Of, 10)},
	})
}

// DropRemoved forgets directories that the settings no longer name, once they have not been read for as long as people are remembered
// who are gone: whoever takes one out by mistake loses nothing. Enrollments are not touched. What this process holds to be the newest
// settings must be that, so that one that cannot read a newer version drops nothing. Errors are of the database, or ctx's.
func (s *Service) DropRemoved(ctx context.Context) error {
	snap := s.Site()
	states, err := s.Store.SyncStates(ctx)
	if err != nil {
		return err
	}
	for _, st := range states {
		if _, named := snap.Directory(st.Directory); named || !st.forgotten(snap.Sync, s.Now()) {
			continue
		}
		if err := s.drop(ctx, snap, st.Directory); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) drop(ctx context.Context, snap *site.Snapshot, key string) error {
	lease, st, ours, err := s.Store.Hold(ctx, key)
	if err != nil || !ours {
		return err
	}
	defer lease.Close()
	if !st.forgotten(snap.Sync, s.Now()) { // read again meanwhile
		return nil
	}
	dropped, err := lease.Drop(ctx, snap.Version, audit.Event{
		Name: audit.SyncDropped, At: s.Now(), Actor: audit.System, Outcome: audit.OK, Subject: account.ID{Directory: key}, Settings: snap.Version,
	})
	if err == nil && dropped {
		s.Log.InfoContext(ctx, "the copy of a directory that left the settings is dropped", "directory", key)
	}
	return err
}

// Approve lets the pass that is held go on. It reports false when none is.
func (s *Service) Approve(ctx context.Context, directory, operator, reason string) (bool, error) {
	ok, err := s.Store.Request(ctx, directory, Changes, true, audit.Event{
		Name: audit.SyncApproved, At: s.Now(), Actor: audit.Operator, Outcome: audit.OK, Subject: account.ID{Directory: directory},
		Detail: map[string]string{"operator": operator, "reason": reason},
	})
	if err != nil {
		return false, fmt.Errorf("approve: %w", err)
	}
	return ok, nil
}
