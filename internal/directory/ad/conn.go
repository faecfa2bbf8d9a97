package ad

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

// lostError is a connection that failed: there is no answer, or none that can be used.
type lostError struct {
	server string
	sent   bool // whether the request may have reached the server
	late   bool // whether time ran out, so that the server may still act on it
	busy   bool // whether the server said that it can do nothing now
	cause  error
}

// Error implements error.
func (e *lostError) Error() string { return e.server + ": " + e.cause.Error() }

// Unwrap gives the cause.
func (e *lostError) Unwrap() error { return e.cause }

func isLost(err error) bool {
	var lost *lostError
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

// conn is a connection to one server. One caller uses it at a time.
type conn struct {
	server *server
	line   *line
	ldap   *ldap.Conn
	root   rootDSE
	used   time.Time // when it was put back
	broken bool
}

// connect reaches a server and verifies it.
func connect(ctx context.Context, s *server, limit time.Duration) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, &lostError{server: s.url, cause: err}
	}
	t := tls.Client(raw, s.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error tells more
		return nil, &lostError{server: s.url, cause: err}
	}
	l := &line{Conn: t, raw: raw}
	c := &conn{server: s, line: l, ldap: ldap.NewConn(l, true)}
	c.ldap.Start()
	return c, nil
}

// do runs one operation within a limit. A connection that fails, or is too late, is not used again. Errors: *lostError, the
// server's own *ldap.Error.
func (c *conn) do(ctx context.Context, limit time.Duration, operation func(*ldap.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return &lostError{server: c.server.url, cause: err}
	}
	c.line.sent.Store(false)
	// Closing the socket ends a read and a write that hang, in the library too, which knows no contexts.
	stop := context.AfterFunc(ctx, func() { _ = c.line.raw.Close() })
	err := operation(c.ldap)
	late := !stop()
	if late {
		c.broken = true
	}
	if err == nil || answered(err) && !busy(err) {
		return err
	}
	c.broken = true
	if busy(err) {
		return &lostError{server: c.server.url, busy: true, cause: err}
	}
	if late {
		err = fmt.Errorf("no answer: %w", context.Cause(ctx))
	}
	return &lostError{server: c.server.url, sent: c.line.sent.Load(), late: late, cause: err}
}

// answered reports whether an error is a server's answer. Results from 200 on are the library's own.
func answered(err error) bool {
	var e *ldap.Error
	return errors.As(err, &e) && e.ResultCode < ldap.ErrorNetwork
}

// busy reports whether the server says that it cannot serve anybody, or has forgotten who this connection is; then it did nothing.
func busy(err error) bool {
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable) {
		return true
	}
	code := win32(err)
	return ldap.IsErrorWithCode(err, ldap.LDAPResultOperationsError) && (code == notBound || code == notBoundSamba)
}

// alive reports whether an idle connection can be used: not closed by the server, and not so old that a firewall or the
// server's MaxConnIdleTime (15 minutes) may have cut it.
func (c *conn) alive(now time.Time) bool {
	return !c.ldap.IsClosing() && now.Sub(c.used) < maxIdle
}

// maxIdle is how long a connection may lie unused.
const maxIdle = 5 * time.Minute

func (c *conn) close() {
	_ = c.line.raw.Close() // first, so that the library has nothing to wait for
	_ = c.ldap.Close()
}

// search gives what a search finds. References to other domains are never followed.
func (c *conn) search(ctx context.Context, limit time.Duration, r *ldap.SearchRequest) ([]*ldap.Entry, error) {
	var found []*ldap.Entry
	err := c.do(ctx, limit, func(l *ldap.Conn) error {
		res, err := l.Search(r)
		if res != nil {
			found = res.Entries
		}
		return err
	})
	return found, err
}

// read gives one object, nil when there is none or it does not match.
func (c *conn) read(ctx context.Context, limit time.Duration, dn, filter string, attributes ...string) (*ldap.Entry, error) {
	found, err := c.search(ctx, limit, ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil))
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil, nil
	}
	if err != nil || len(found) != 1 {
		return nil, err
	}
	return found[0], nil
}

const anything = "(objectClass=*)"
