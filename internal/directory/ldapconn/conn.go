package ldapconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// LostError is a connection that failed: there is no answer, or none that can be used.
type LostError struct {
	Server string
	Sent   bool // whether the request may have reached the server
	Late   bool // whether time ran out, so that the server may still act on it
	Busy   bool // whether the server said that it can do nothing now
	Cause  error
}

// Error implements error.
func (e *LostError) Error() string { return e.Server + ": " + e.Cause.Error() }

// Unwrap gives the cause.
func (e *LostError) Unwrap() error { return e.Cause }

// IsLost reports whether an error is a *LostError.
func IsLost(err error) bool {
	var lost *LostError
	return errors.As(err, &lost)
}

// line is a network connection that knows whether anything was sent over it.
type line struct {
	*tls.Conn
	raw  net.Conn
	sent atomic.Bool
}

// Write implements net.Conn.
func (l *line) Write(b []byte) (int, error) {
	l.sent.Store(true)
	return l.Conn.Write(b)
}

// Conn is a connection to one server. One caller uses it at a time.
type Conn[R Root] struct {
	Server *Server[R]
	Root   R

	line   *line
	ldap   *ldap.Conn
	used   time.Time // when it was put back
	broken bool
}

// Connect reaches a server and verifies it; nobody is signed in yet. Errors: *LostError.
func (s *Server[R]) Connect(ctx context.Context, limit time.Duration) (*Conn[R], error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	raw, err := s.dial(ctx, "tcp", s.address)
	if err != nil {
		return nil, &LostError{Server: s.URL, Cause: err}
	}
	if s.startTLS {
		if err := StartTLS(ctx, raw); err != nil {
			_ = raw.Close() // the error tells more
			return nil, &LostError{Server: s.URL, Cause: err}
		}
	}
	t := tls.Client(raw, s.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error tells more
		return nil, &LostError{Server: s.URL, Cause: err}
	}
	l := &line{Conn: t, raw: raw}
	c := &Conn[R]{Server: s, line: l, ldap: ldap.NewConn(l, true)}
	c.ldap.Start()
	return c, nil
}

// Do runs one operation within a limit. A connection that fails, or is too late, is not used again. Errors: *LostError, the
// server's own *ldap.Error.
func (c *Conn[R]) Do(ctx context.Context, limit time.Duration, operation func(*ldap.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return &LostError{Server: c.Server.URL, Cause: err}
	}
	c.line.sent.Store(false)
	// Closing the socket ends a read and a write that hang, in the library too, which knows no contexts.
	stop := context.AfterFunc(ctx, func() { _ = c.line.raw.Close() })
	err := operation(c.ldap)
	late := !stop()
	if late {
		c.broken = true
	}
	if err == nil || answered(err) && !c.busy(err) {
		return err
	}
	c.broken = true
	if c.busy(err) {
		return &LostError{Server: c.Server.URL, Busy: true, Cause: err}
	}
	if late {
		err = fmt.Errorf("no answer: %w", context.Cause(ctx))
	}
	return &LostError{Server: c.Server.URL, Sent: c.line.sent.Load(), Late: late, Cause: err}
}

// answered reports whether an error is a server's answer. Results from 200 on are the library's own.
func answered(err error) bool {
	var e *ldap.Error
	return errors.As(err, &e) && e.ResultCode < ldap.ErrorNetwork
}

// busy reports whether the server says that it cannot serve anybody, or has forgotten who this connection is; then it did nothing.
func (c *Conn[R]) busy(err error) bool {
	return ldap.IsErrorAnyOf(err, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable) || c.Server.busy != nil && c.Server.busy(err)
}

// alive reports whether an idle connection can be used: not closed by the server, and not so old that a firewall or the
// server's MaxConnIdleTime (15 minutes) may have cut it.
func (c *Conn[R]) alive(now time.Time) bool {
	return !c.ldap.IsClosing() && now.Sub(c.used) < maxIdle
}

// maxIdle is how long a connection may lie unused.
const maxIdle = 5 * time.Minute

// Close ends the connection.
func (c *Conn[R]) Close() {
	_ = c.line.raw.Close() // first, so that the library has nothing to wait for
	_ = c.ldap.Close()
}

// Search gives what a search finds. References to other domains are never followed.
func (c *Conn[R]) Search(ctx context.Context, limit time.Duration, r *ldap.SearchRequest) ([]*ldap.Entry, error) {
	var found []*ldap.Entry
	err := c.Do(ctx, limit, func(l *ldap.Conn) error {
		res, err := l.Search(r)
		if res != nil {
			found = res.Entries
		}
		return err
	})
	return found, err
}

// Read gives one object, nil when there is none or it does not match.
func (c *Conn[R]) Read(ctx context.Context, limit time.Duration, dn, filter string, attributes ...string) (*ldap.Entry, error) {
	found, err := c.Search(ctx, limit, ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil))
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil, nil
	}
	if err != nil || len(found) != 1 {
		return nil, err
	}
	return found[0], nil
}

// Broken reports whether the connection will not be used again.
func (c *Conn[R]) Broken() bool { return c.broken }

// VerifiedUntil is when the first certificate of the server's verified chain ends.
func (c *Conn[R]) VerifiedUntil() time.Time {
	until := time.Time{}
	for _, cert := range c.line.ConnectionState().VerifiedChains[0] {
		if until.IsZero() || cert.NotAfter.Before(until) {
			until = cert.NotAfter
		}
	}
	return until
}

// Anything is a filter that every object matches.
const Anything = "(objectClass=*)"
