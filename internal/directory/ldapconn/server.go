package ldapconn

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// Server is one server with its idle connections, newest last.
type Server[R Root] struct {
	Index int    // in the order of the settings
	URL   string // as in the settings
	Name  string // host name or address that its certificate must have

	address  string
	startTLS bool
	tls      *tls.Config
	busy     func(error) bool
	dial     func(ctx context.Context, network, address string) (net.Conn, error)

	mu   sync.Mutex
	idle []*Conn[R]
}

// pop gives an idle connection that is still alive; nil when there is none.
func (s *Server[R]) pop(now time.Time) *Conn[R] {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		c := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if c.alive(now) {
			return c
		}
		c.Close()
	}
	return nil
}

// push keeps a connection, and lets go of the ones that lay there too long.
func (s *Server[R]) push(c *Conn[R], limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 && (len(s.idle) >= limit || !s.idle[0].alive(c.used)) {
		s.idle[0].Close()
		s.idle = s.idle[1:]
	}
	s.idle = append(s.idle, c)
}

func (s *Server[R]) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.idle {
		c.Close()
	}
	s.idle = nil
}
