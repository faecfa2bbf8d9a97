package ad

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/secret"
)

// server is one domain controller with its idle connections, newest last.
type server struct {
	index   int
	url     string
	address string
	tls     *tls.Config

	mu   sync.Mutex
	idle []*conn
}

// pool lends connections bound as the service account, made when they are wanted. A person's sign-in is never tried on one of
// them: whoever borrowed it next would be that person.
type pool struct {
	config   Config
	root     string
	password secret.Text
	servers  []*server
	failover *failover
	slots    chan struct{}
	now      func() time.Time
	log      *slog.Logger

	mu      sync.Mutex
	closed  bool
	refused error     // why the service account may not sign in
	hold    time.Time // no bind is tried before
}

// holdRefused is how long a refused service account is not tried again: more tries would lock it.
const holdRefused = time.Minute

func newPool(c Config, password secret.Text, deps Deps) (*pool, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	p := &pool{
		config: c, root: rootDN(c.Domain), password: password, slots: make(chan struct{}, c.Connections), now: deps.Now, log: deps.Log,
		failover: newFailover(len(c.Servers), deps.Now),
	}
	for i, text := range c.Servers {
		address, err := serverAddress(text)
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		p.servers = append(p.servers, &server{
			index: i, url: text, address: address, tls: &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12},
		})
	}
	return p, nil
}

// want says what a connection has to be good for.
type want struct {
	fresh  bool    // not one that lay idle
	write  bool    // to a server that takes writes
	server *server // this one only; nil: any
}

// with lends a connection to f. Errors: f's own, those of acquire.
func (p *pool) with(ctx context.Context, w want, f func(*conn) error) error {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return unavailable(fmt.Errorf("all connections are in use: %w", ctx.Err()))
	}
	c, err := p.acquire(ctx, w)
	if err != nil {
		return unavailable(err)
	}
	defer p.release(c)
	err = f(c)
	var lost *lostError
	if errors.As(err, &lost) && (lost.late || lost.busy) { // a connection that just ended may only have been an old one
		p.judge(ctx, c.server, err)
	}
	return err
}

// read runs f, and once more on a fresh connection when the first failed: a pooled one may have died unnoticed. f must not write.
func (p *pool) read(ctx context.Context, f func(*conn) error) error {
	err := p.with(ctx, want{}, f)
	if isLost(err) && !errors.Is(err, directory.ErrUnavailable) && ctx.Err() == nil {
		err = p.with(ctx, want{fresh: true}, f)
	}
	return failed(err)
}

func (p *pool) acquire(ctx context.Context, w want) (*conn, error) {
	if err := p.barred(); err != nil {
		return nil, err
	}
	if w.server != nil {
		return p.from(ctx, w.server, w)
	}
	var errs []error
	for _, i := range p.failover.order() {
		c, err := p.from(ctx, p.servers[i], w)
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
		if !isLost(err) || ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// barred says why no connection may be made at all.
func (p *pool) barred() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.New("closed")
	}
	if p.now().Before(p.hold) {
		return p.refused
	}
	return nil
}

// from gives a connection to one server.
func (p *pool) from(ctx context.Context, s *server, w want) (*conn, error) {
	c := (*conn)(nil)
	if !w.fresh {
		c = s.pop(p.now())
	}
	if c == nil {
		var err error
		if c, err = p.dial(ctx, s); err != nil {
			p.judge(ctx, s, err)
			return nil, err
		}
		p.failover.good(s.index)
	}
	if w.write && !c.root.writable() {
		p.release(c)
		return nil, &lostError{server: s.url, cause: errors.New("takes no writes: " + c.root.condition())}
	}
	return c, nil
}

// dial makes a connection bound as the service account.
func (p *pool) dial(ctx context.Context, s *server) (*conn, error) {
	c, err := connect(ctx, s, p.config.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	if err := p.bind(ctx, c); err != nil {
		c.close()
		return nil, err
	}
	if c.root, err = readRootDSE(ctx, c, p.config.ReadTimeout, p.now); err != nil {
		c.close()
		return nil, err
	}
	if !sameDN(c.root.domain, p.root) {
		c.close()
		return nil, &lostError{server: s.url, cause: fmt.Errorf("serves %s, not %s", c.root.domain, p.root)}
	}
	return c, nil
}

// bind signs the service account in. A refusal is kept for a while, any other answer counts as a failed connection.
func (p *pool) bind(ctx context.Context, c *conn) error {
	err := c.do(ctx, p.config.ReadTimeout, func(l *ldap.Conn) error { return l.Bind(p.config.User, p.password.Reveal()) })
	if err == nil || isLost(err) {
		return err
	}
	if !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		return &lostError{server: c.server.url, cause: err}
	}
	refused := fmt.Errorf("%s: the service account may not sign in: %w", c.server.url, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused, p.hold = refused, p.now().Add(holdRefused)
	return refused
}

// judge tells the failover of a failed connection, but not of a caller who gave up.
func (p *pool) judge(ctx context.Context, s *server, err error) {
	if !isLost(err) || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	p.log.WarnContext(ctx, "domain controller failed", "directory", p.config.Domain, "error", err)
	p.failover.bad(s.index)
	s.drop()
}

// release takes a connection back. A broken one takes its idle fellows along: they are likely to be dead too.
func (p *pool) release(c *conn) {
	if c.broken {
		c.close()
		c.server.drop()
		return
	}
	c.used = p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.close()
		return
	}
	c.server.push(c, cap(p.slots))
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for _, s := range p.servers {
		s.drop()
	}
}

// pop gives an idle connection that is still alive; nil when there is none.
func (s *server) pop(now time.Time) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		c := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if c.alive(now) {
			return c
		}
		c.close()
	}
	return nil
}

// push keeps a connection, and lets go of the ones that lay there too long.
func (s *server) push(c *conn, limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 && (len(s.idle) >= limit || !s.idle[0].alive(c.used)) {
		s.idle[0].close()
		s.idle = s.idle[1:]
	}
	s.idle = append(s.idle, c)
}

func (s *server) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.idle {
		c.close()
	}
	s.idle = nil
}
