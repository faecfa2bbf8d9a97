package ldapconn

import (
	"context"
	"errors"
	"time"

	"rekey/internal/directory"
)

// refusedAfter is when a refusal is given at the earliest. A server hashes a password, writes down a wrong one, and may ask or tell
// another server (for AD: MS-ADTS 5.1.1.1.1): without this the time would tell that the account exists.
const refusedAfter = 200 * time.Millisecond

// Slowly runs a sign-in and gives its refusal, a *directory.SignInError, not before a certain time has passed.
func Slowly(ctx context.Context, signIn func() error) error {
	earliest := time.NewTimer(refusedAfter)
	defer earliest.Stop()
	err := signIn()
	var refused *directory.SignInError
	if errors.As(err, &refused) {
		select {
		case <-earliest.C:
		case <-ctx.Done():
		}
	}
	return err
}

// Most asks the other servers for a number too, and gives the highest. A server that does not answer is left out. Errors: the
// context's.
func (p *Pool[R]) Most(ctx context.Context, from *Server[R], most int, count func(*Conn[R]) (int, error)) (int, error) {
	for _, s := range p.servers {
		if s == from || p.Failed(s) {
			continue
		}
		err := p.With(ctx, Want[R]{Server: s}, func(c *Conn[R]) error {
			n, err := count(c)
			most = max(most, n)
			return err
		})
		if err != nil {
			p.spec.Log.WarnContext(ctx, "count of wrong passwords not read", "directory", p.spec.Directory, "server", s.URL, "error", err)
		}
		if ctx.Err() != nil {
			return most, ctx.Err()
		}
	}
	return most, nil
}
