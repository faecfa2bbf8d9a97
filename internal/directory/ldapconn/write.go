package ldapconn

import (
	"context"
	"errors"
	"time"

	"rekey/internal/directory"
)

// Verdict is what the state of an account says of a write whose answer was lost.
type Verdict uint8

// The verdicts.
const (
	Unclear Verdict = iota
	Written
	NotWritten
)

// Reserve lends f a connection to a server that takes writes and has just answered show, a question that may be repeated: a dead
// connection is found out by it. f is called once at most.
func (p *Pool[R]) Reserve(ctx context.Context, show, f func(*Conn[R]) error) error {
	asked, shown := false, false
	attempt := func(w Want[R]) error {
		return p.With(ctx, w, func(c *Conn[R]) error {
			asked = true
			if err := show(c); err != nil {
				return Failed(err)
			}
			shown = true
			return f(c)
		})
	}
	err := attempt(Want[R]{Write: true})
	if asked && !shown && IsLost(err) && ctx.Err() == nil {
		err = attempt(Want[R]{Write: true, Fresh: true})
	}
	return err
}

// ReadFrom runs f at one server on a fresh connection, or at another when that one does not answer or is nil.
func (p *Pool[R]) ReadFrom(ctx context.Context, first *Server[R], f func(*Conn[R]) error) error {
	if first != nil && !p.Failed(first) {
		if err := p.With(ctx, Want[R]{Server: first, Fresh: true}, f); err == nil {
			return nil
		}
	}
	return p.Read(ctx, f)
}

const (
	settleTime = 5 * time.Second        // how long the directory is asked what became of a write, if a write may take as long
	settleWait = 250 * time.Millisecond // between two questions
)

// Settle finds out what became of a write whose answer was lost. judge asks the directory and tells which server answered. The server
// it went to knows; another one knows only that it did happen, since what is not there may yet be replicated. A server that was too
// slow may still do it.
func (p *Pool[R]) Settle(ctx context.Context, to *Server[R], lost *LostError, judge func(context.Context) (Verdict, *Server[R], error)) error {
	ctx, cancel := context.WithTimeout(ctx, min(settleTime, p.spec.Limits.Write))
	defer cancel()
	denials := 0
	for {
		verdict, by, err := judge(ctx)
		switch {
		case err != nil:
			denials = 0
		case verdict == Written:
			return nil
		case verdict == NotWritten && by == to && !lost.Late:
			denials++ // the server may have been at it still the first time
		}
		if denials > 1 {
			return Unavailable(lost)
		}
		select {
		case <-time.After(settleWait):
		case <-ctx.Done():
			return errors.Join(directory.ErrOutcomeUnknown, lost)
		}
	}
}

// AnyDiffers asks every server, those that failed lately too, until one says yes. When none does and one did not answer it is not
// sure: that one may be the one that was written to. Errors: ErrNotFound, ErrUnavailable when nobody answered.
func (p *Pool[R]) AnyDiffers(ctx context.Context, differs func(*Conn[R]) (bool, error)) (differ, sure bool, err error) {
	answered := false
	for _, s := range p.servers {
		silent := p.With(ctx, Want[R]{Server: s, Fresh: true}, func(c *Conn[R]) error {
			var err error
			differ, err = differs(c)
			return Failed(err)
		})
		if silent != nil {
			err = errors.Join(err, silent)
			continue
		}
		answered = true
		if differ {
			return true, true, nil
		}
	}
	if answered {
		return false, err == nil, nil
	}
	return false, false, err
}
