// Package wire stands between a client and PostgreSQL, understands enough of the protocol to see transactions end, and lets a test act
// exactly there: before the server hears of a commit, or after it has confirmed one and before the client hears.
package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
)

// Phase says on which side of a commit a hook is called.
type Phase uint8

// The phases.
const (
	Before Phase = iota // the server has not been asked yet
	After               // the server has confirmed, the client does not know
)

// Hook is called at every commit of a transaction that touched the watched text, before anything is passed on. When it returns true
// nothing is, and the connection ends: what the server has not been asked to commit it rolls back.
type Hook func(Phase) (cut bool)

// Proxy forwards connections to a PostgreSQL server.
type Proxy struct {
	listener net.Listener
	target   string
	watch    string

	mu   sync.Mutex
	hook Hook
	open map[net.Conn]struct{}
	wg   sync.WaitGroup
}

// Start listens on a free loopback port. Transactions are watched that run a statement whose text holds watch.
func Start(ctx context.Context, databaseURL, watch string) (*Proxy, string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, "", err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("listen: %w", err)
	}
	p := &Proxy{listener: l, target: u.Host, watch: watch, open: map[net.Conn]struct{}{}}
	p.wg.Go(p.accept)
	u.Host = l.Addr().String()
	return p, u.String(), nil
}

// On sets what happens at commits; nil lets them pass.
func (p *Proxy) On(h Hook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = h
}

// Close ends every connection.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	for c := range p.open {
		_ = c.Close() // the other side may have gone
	}
	p.mu.Unlock()
	p.wg.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.track(client, server)
		s := &session{proxy: p, client: client, server: server, statements: map[string]string{}}
		p.wg.Go(s.fromClient)
		p.wg.Go(s.fromServer)
	}
}

func (p *Proxy) track(cs ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range cs {
		p.open[c] = struct{}{}
	}
}

func (p *Proxy) cuts(at Phase) bool {
	p.mu.Lock()
	h := p.hook
	p.mu.Unlock()
	return h != nil && h(at)
}

// session is one client's connection.
type session struct {
	proxy          *Proxy
	client, server net.Conn

	mu         sync.Mutex
	statements map[string]string // texts of prepared statements, by name
	watched    bool              // the open transaction ran one with the watched text
	committing bool              // a commit of a watched transaction is on its way
}

func (s *session) close() {
	_ = s.client.Close()
	_ = s.server.Close()
}

// fromClient passes the startup message, then typed messages (PostgreSQL protocol 3.0, message formats).
func (s *session) fromClient() {
	defer s.close()
	if err := copyStartup(s.server, s.client); err != nil {
		return
	}
	for {
		kind, body, err := read(s.client)
		if err != nil {
			return
		}
		if s.sees(kind, body) && s.proxy.cuts(Before) {
			return
		}
		if err := write(s.server, kind, body); err != nil {
			return
		}
	}
}

// sees follows statements and reports whether the message commits a watched transaction. A commit may come alone, or at the end of
// a pipeline that holds the statements too.
func (s *session) sees(kind byte, body []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind {
	case 'P': // Parse: name, text
		name, rest := cut(body)
		s.statements[name], _ = cut(rest)
	case 'B': // Bind: portal, statement
		_, rest := cut(body)
		name, _ := cut(rest)
		return s.runs(s.statements[name])
	case 'Q': // Query: text
		text, _ := cut(body)
		return s.runs(text)
	}
	return false
}

func (s *session) runs(text string) (commits bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "commit":
		s.committing, s.watched = s.watched, false
		return s.committing
	case "rollback":
		s.watched = false
	default:
		s.watched = s.watched || strings.Contains(text, s.proxy.watch)
	}
	return false
}

func (s *session) fromServer() {
	defer s.close()
	for {
		kind, body, err := read(s.server)
		if err != nil {
			return
		}
		if kind == 'C' && s.confirmed(body) && s.proxy.cuts(After) {
			return
		}
		if err := write(s.client, kind, body); err != nil {
			return
		}
	}
}

func (s *session) confirmed(body []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	tag, _ := cut(body)
	if !s.committing || tag != "COMMIT" {
		return false
	}
	s.committing = false
	return true
}

func cut(b []byte) (string, []byte) {
	text, rest, _ := bytes.Cut(b, []byte{0})
	return string(text), rest
}

const maxMessage = 64 << 20

func copyStartup(to io.Writer, from io.Reader) error {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 8 || n > maxMessage {
		return errors.New("not a startup message")
	}
	if _, err := to.Write(size[:]); err != nil {
		return err
	}
	_, err := io.CopyN(to, from, int64(n)-4)
	return err
}

func read(from io.Reader) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n < 4 || n > maxMessage {
		return 0, nil, errors.New("not a message")
	}
	body = make([]byte, n-4)
	_, err = io.ReadFull(from, body)
	return head[0], body, err
}

func write(to io.Writer, kind byte, body []byte) error {
	out := make([]byte, 5, 5+len(body))
	out[0] = kind
	binary.BigEndian.PutUint32(out[1:], uint32(len(body)+4))
	_, err := to.Write(append(out, body...))
	return err
}
