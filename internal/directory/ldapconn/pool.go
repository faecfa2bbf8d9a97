package ldapconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/secret"
)

// Pool lends connections signed in as the service account, made when they are wanted. A person's sign-in is never tried on one of
// them: whoever borrowed it next would be that person. It is safe for concurrent use.
type Pool[R Root] struct {
	spec     Spec[R]
	servers  []*Server[R]
	failover *failover
	slots    chan struct{}
	health   healthCache

	mu      sync.Mutex
	closed  bool
	refused error     // why the service account may not sign in
	hold    time.Time // no bind is tried before
}

// holdRefused is how long a refused service account is not tried again: more tries would lock it.
const holdRefused = time.Minute

// NewPool reads the certificates and connects to nothing. The settings have been validated.
func NewPool[R Root](spec Spec[R]) (*Pool[R], error) {
	certificates, err := Roots(spec.CA, spec.CAFile)
	if err != nil {
		return nil, err
	}
	if spec.Dial == nil {
		spec.Dial = new(net.Dialer).DialContext
	}
	p := &Pool[R]{spec: spec, slots: make(chan struct{}, spec.Limits.Connections), failover: newFailover(len(spec.Servers), spec.Now)}
	for i, text := range spec.Servers {
		address, upgrade, err := Address(text, true)
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		p.servers = append(p.servers, &Server[R]{
			Index: i, URL: text, Name: host, address: address, startTLS: upgrade, busy: spec.Busy, dial: spec.Dial,
			tls: &tls.Config{ServerName: host, RootCAs: certificates, MinVersion: tls.VersionTLS12},
		})
	}
	return p, nil
}

// Servers are those of the settings, in their order.
func (p *Pool[R]) Servers() []*Server[R] { return p.servers }

// Endpoints are the servers as directory.Reachable tells them.
func (p *Pool[R]) Endpoints() []directory.Endpoint {
	var all []directory.Endpoint
	for _, s := range p.servers {
		all = append(all, directory.Endpoint{URL: s.URL, Address: s.address, Name: s.Name, StartTLS: s.startTLS, Roots: s.tls.RootCAs})
	}
	return all
}

// Failed reports whether a server failed lately and has not answered since.
func (p *Pool[R]) Failed(s *Server[R]) bool { return p.failover.failed(s.Index) }

// Want says what a connection has to be good for.
type Want[R Root] struct {
	Fresh  bool       // not one that lay idle
	Write  bool       // to a server that takes writes
	Server *Server[R] // this one only; nil: any
}

// With lends a connection to f. Errors: f's own, ErrUnavailable when there is no connection to be had.
func (p *Pool[R]) With(ctx context.Context, w Want[R], f func(*Conn[R]) error) error {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return Unavailable(fmt.Errorf("all connections are in use: %w", ctx.Err()))
	}
	c, err := p.acquire(ctx, w)
	if err != nil {
		return Unavailable(err)
	}
	defer p.release(c)
	err = f(c)
	var lost *LostError
	if errors.As(err, &lost) && (lost.Late || lost.Busy) { // a connection that just ended may only have been an old one
		p.judge(ctx, c.Server, err)
	}
	return err
}

// Read runs f, and once more on a fresh connection when the first failed: a pooled one may have died unnoticed. f must not write.
func (p *Pool[R]) Read(ctx context.Context, f func(*Conn[R]) error) error {
	err := p.With(ctx, Want[R]{}, f)
	if IsLost(err) && !errors.Is(err, directory.ErrUnavailable) && ctx.Err() == nil {
		err = p.With(ctx, Want[R]{Fresh: true}, f)
	}
	return Failed(err)
}

func (p *Pool[R]) acquire(ctx context.Context, w Want[R]) (*Conn[R], error) {
	if err := p.Barred(); err != nil {
		return nil, err
	}
	if w.Server != nil {
		return p.from(ctx, w.Server, w)
	}
	var errs []error
	for _, i := range p.failover.order() {
		c, err := p.from(ctx, p.servers[i], w)
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
		if !IsLost(err) || ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// Barred says why no connection may be made at all.
func (p *Pool[R]) Barred() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.New("closed")
	}
	if p.spec.Now().Before(p.hold) {
		return p.refused
	}
	return nil
}

// from gives a connection to one server.
func (p *Pool[R]) from(ctx context.Context, s *Server[R], w Want[R]) (*Conn[R], error) {
	c := (*Conn[R])(nil)
	if !w.Fresh {
		c = s.pop(p.spec.Now())
	}
	if c == nil {
		var err error
		if c, err = p.Dial(ctx, s); err != nil {
			p.judge(ctx, s, err)
			return nil, err
		}
		p.failover.good(s.Index)
	}
	if w.Write && !c.Root.Writable() {
		p.release(c)
		return nil, &LostError{Server: s.URL, Cause: errors.New("takes no writes: " + c.Root.Condition())}
	}
	return c, nil
}

// Dial makes a connection bound as the service account.
func (p *Pool[R]) Dial(ctx context.Context, s *Server[R]) (*Conn[R], error) {
	c, err := s.Connect(ctx, p.spec.Limits.Connect)
	if err != nil {
		return nil, err
	}
	if err := p.bind(ctx, c); err != nil {
		c.Close()
		return nil, err
	}
	if c.Root, err = p.spec.Greet(ctx, c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// bind signs the service account in. A refusal is kept for a while, any other answer counts as a failed connection.
func (p *Pool[R]) bind(ctx context.Context, c *Conn[R]) error {
	err := c.Do(ctx, p.spec.Limits.Read, func(l *ldap.Conn) error { return l.Bind(p.spec.User, p.spec.Password.Reveal()) })
	if err == nil || IsLost(err) {
		return err
	}
	if !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		return &LostError{Server: c.Server.URL, Cause: err}
	}
	refused := fmt.Errorf("%s: the service account may not sign in: %w", c.Server.URL, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused, p.hold = refused, p.spec.Now().Add(holdRefused)
	return refused
}

// judge tells the failover of a failed connection, but not of a caller who gave up.
func (p *Pool[R]) judge(ctx context.Context, s *Server[R], err error) {
	if !IsLost(err) || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	p.spec.Log.WarnContext(ctx, "directory server failed", "directory", p.spec.Directory, "error", err)
	p.failover.bad(s.Index)
	s.drop()
}

// release takes a connection back. A broken one takes its idle fellows along: they are likely to be dead too.
func (p *Pool[R]) release(c *Conn[R]) {
	if c.broken {
		c.Close()
		c.Server.drop()
		return
	}
	c.used = p.spec.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
		return
	}
	c.Server.push(c, cap(p.slots))
}

// Close ends idle connections; those that are lent end when they come back.
func (p *Pool[R]) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for _, s := range p.servers {
		s.drop()
	}
}

// SignIn binds as somebody on a connection that nobody else uses, before or after, with controls if any. Errors: *LostError when the
// password was not judged, else the server's refusal (an *ldap.Error). The answer's controls are given with both.
func (p *Pool[R]) SignIn(ctx context.Context, s *Server[R], user string, password secret.Text, controls ...ldap.Control) ([]ldap.Control, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, &LostError{Server: s.URL, Cause: ctx.Err()}
	}
	c, err := s.Connect(ctx, p.spec.Limits.Connect)
	if err != nil {
		p.judge(ctx, s, err)
		return nil, err
	}
	defer c.Close()
	var told []ldap.Control
	err = c.Do(ctx, p.spec.Limits.Read, func(l *ldap.Conn) error {
		answer, err := l.SimpleBind(ldap.NewSimpleBindRequest(user, password.Reveal(), controls))
		if answer != nil {
			told = answer.Controls
		}
		return err
	})
	if err != nil && !IsLost(err) && !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		return told, &LostError{Server: s.URL, Sent: true, Cause: err} // no judgement of the password
	}
	return told, err
}

// Unavailable says that nothing was done.
func Unavailable(err error) error {
	if err == nil || errors.Is(err, directory.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
}

// Failed translates what went wrong with a read: all but the two answers a caller can do something about is the directory's failure.
func Failed(err error) error {
	if errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrAmbiguous) {
		return err
	}
	return Unavailable(err)
}
