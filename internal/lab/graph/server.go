package graph

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options says how to start. The zero value is what tests want: free loopback ports and the real clock.
type Options struct {
	Login    string           // address of the identity platform; empty: a free loopback port
	Graph    string           // address of Microsoft Graph; empty: a free loopback port
	Identity string           // address of the managed identity endpoints, plain HTTP as in Azure; empty: a free loopback port
	Now      func() time.Time // nil: time.Now
}

// Server is a running emulator. It is safe for concurrent use.
type Server struct {
	now    func() time.Time
	dir    string
	ca     *authority
	key    *rsa.PrivateKey // signs tokens
	keyID  string
	login  *site
	graph  *site
	azure  *site
	ended  sync.WaitGroup
	closed sync.Once
	errs   error

	mu      sync.Mutex
	tenants map[string]*Tenant // by lower-case id and domain
	apps    []*Principal
	grants  map[string]*grant // by access or refresh token
	codes   map[string]*code
	pages   map[string]*signInPage
	cookies map[string]*session
	used    map[string]time.Time // client assertions seen, until they expire
	faults  []*fault
	limits  []*limit
	record  []Request
}

// site is one of the emulator's three addresses.
type site struct {
	listener net.Listener
	server   *http.Server
	base     string
}

// Start runs an emulator until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := prepare(o)
	if err != nil {
		return nil, err
	}
	pair, err := s.ca.leaf()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	for _, one := range []struct {
		at      **site
		address string
		scheme  string
		handler http.Handler
	}{
		{&s.login, o.Login, "https", s.loginHandler()},
		{&s.graph, o.Graph, "https", s.graphHandler()},
		{&s.azure, o.Identity, "http", s.identityHandler()},
	} {
		if *one.at, err = open(ctx, one.address, one.scheme, one.handler, pair); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	for _, one := range []*site{s.login, s.graph, s.azure} {
		s.ended.Go(func() { _ = one.serve() }) // ends with Close
	}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// signingKey is one for all emulators of a process: making it takes longer than all else at the start.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func prepare(o Options) (*Server, error) {
	s := &Server{
		now: o.Now, keyID: rand.Text()[:12], tenants: map[string]*Tenant{}, grants: map[string]*grant{}, codes: map[string]*code{},
		pages: map[string]*signInPage{}, cookies: map[string]*session{}, used: map[string]time.Time{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.key, err = signingKey(); err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	if s.ca, err = newAuthority(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "lab-graph-"); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if err := os.WriteFile(s.CAFile(), s.ca.pem(), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("write CA file: %w", err), s.Close())
	}
	return s, nil
}

func open(ctx context.Context, address, scheme string, handler http.Handler, pair tls.Certificate) (*site, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("start Graph emulator: %w", err)
	}
	base := scheme + "://" + l.Addr().String()
	if scheme == "https" { // HTTP/1.1 only: a cut connection shall look like one
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	}
	return &site{listener: l, base: base, server: &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0), // refused handshakes are the client's to tell
	}}, nil
}

func (x *site) serve() error { return x.server.Serve(x.listener) }

func (x *site) close() error {
	if x == nil {
		return nil
	}
	err := x.server.Close()
	_ = x.listener.Close() // the server knows of it only once its goroutine has run
	return err
}

// Close ends everything, hanging requests included. It may be called more than once.
func (s *Server) Close() error {
	s.closed.Do(func() {
		s.errs = errors.Join(s.login.close(), s.graph.close(), s.azure.close(), os.RemoveAll(s.dir))
	})
	s.ended.Wait()
	return s.errs
}

// Authority is the identity platform's base URL, without a slash at the end; the tenant follows it.
func (s *Server) Authority() string { return s.login.base }

// Graph is Microsoft Graph's base URL, without a slash at the end; "/v1.0" follows it. Tokens are asked for "{Graph}/.default".
func (s *Server) Graph() string { return s.graph.base }

// CAFile is the PEM file of the authority that signed the servers' certificates.
func (s *Server) CAFile() string { return filepath.Join(s.dir, "ca.pem") }

// Pool holds what CAFile holds.
func (s *Server) Pool() *x509.CertPool { return s.ca.pool() }

// Client verifies the servers with Pool, keeps no cookies and follows no redirect. Each call makes a new one.
func (s *Server) Client() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.Pool(), MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
