// Package ldaptap stands between a client and an LDAP server, sees each operation, and lets a test act exactly at a write: before the
// server hears of it, or after it has answered and before the client hears.
package ldaptap

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// Operations of the protocol (RFC 4511 §4.2 and on).
const (
	Bind     ber.Tag = ldap.ApplicationBindRequest
	Search   ber.Tag = ldap.ApplicationSearchRequest
	Modify   ber.Tag = ldap.ApplicationModifyRequest
	Extended ber.Tag = ldap.ApplicationExtendedRequest
)

// Hook is called instead of passing a write on: Modify or Extended. It may send it, and await its answer, which is kept back.
type Hook func(send, await func())

// Tap is verified by the client and trusted by the server. It is safe for concurrent use.
type Tap struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	caFile   string

	mu      sync.Mutex
	seen    []ber.Tag
	onWrite Hook
	at      []ber.Tag // the operations it is called at
	muted   bool
	dead    bool
	open    map[net.Conn]struct{}
	wg      sync.WaitGroup
}

// Start listens on a free loopback port, in front of the server of an ldaps URL whose certificate verifies against roots. The
// certificate that verifies the tap is written to the folder.
func Start(url string, roots *x509.CertPool, folder string) (*Tap, error) {
	cert := httptest.NewTLSServer(nil) // for its certificate, which is good for 127.0.0.1
	defer cert.Close()
	p := &Tap{caFile: filepath.Join(folder, "tap-ca.pem"), open: map[net.Conn]struct{}{}}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate().Raw})
	if err := os.WriteFile(p.caFile, ca, 0o600); err != nil {
		return nil, err
	}
	address := strings.TrimPrefix(url, "ldaps://")
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "636")
	}
	p.dial = func() (net.Conn, error) {
		return tls.Dial("tcp", address, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
	}
	var err error
	p.listener, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: cert.TLS.Certificates, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, fmt.Errorf("start tap: %w", err)
	}
	p.wg.Go(p.accept)
	return p, nil
}

// URL is the tap's LDAPS address.
func (p *Tap) URL() string { return "ldaps://" + p.listener.Addr().String() }

// CAFile is the PEM file that verifies the tap.
func (p *Tap) CAFile() string { return p.caFile }

// Close ends the tap and waits for what it was doing.
func (p *Tap) Close() {
	p.Kill()
	p.wg.Wait()
}

// Kill ends the tap: nobody answers at its address any more.
func (p *Tap) Kill() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.Cut()
}

// Cut ends all connections.
func (p *Tap) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
	clear(p.open)
}

// On sets what happens at writes, or at those of some kinds only; nil lets them pass.
func (p *Tap) On(h Hook, kinds ...ber.Tag) {
	if len(kinds) == 0 {
		kinds = []ber.Tag{Modify, Extended}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onWrite, p.at = h, kinds
}

// Operations gives what was asked since the last call.
func (p *Tap) Operations() []ber.Tag {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.seen
	p.seen = nil
	return seen
}

func (p *Tap) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

func (p *Tap) serve(client net.Conn) {
	defer client.Close()
	server, err := p.dial()
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	if p.dead {
		p.mu.Unlock()
		return
	}
	p.open[client], p.open[server] = struct{}{}, struct{}{}
	p.mu.Unlock()
	answers := make(chan struct{}, 1000) // one for each message of the server
	p.wg.Go(func() {
		defer client.Close()
		relay(server, client, func(*ber.Packet, func()) bool { return p.heard() }, answers)
	})
	relay(client, server, func(m *ber.Packet, forward func()) bool { return p.ask(m, forward, answers) }, nil)
}

// relay passes messages on until a side ends, those that each lets.
func relay(from, to net.Conn, each func(m *ber.Packet, forward func()) bool, passed chan<- struct{}) {
	in := bufio.NewReader(from)
	for {
		m, err := ber.ReadPacket(in)
		if err != nil {
			return
		}
		if passed != nil {
			passed <- struct{}{}
		}
		forward := func() { _, _ = to.Write(m.Bytes()) }
		if each(m, forward) {
			forward()
		}
	}
}

// ask notes an operation and reports whether to pass it on.
func (p *Tap) ask(m *ber.Packet, forward func(), answers <-chan struct{}) bool {
	op := m.Children[1].Tag
	p.mu.Lock()
	p.seen = append(p.seen, op)
	f := p.onWrite
	if !slices.Contains(p.at, op) {
		f = nil
	}
	p.muted = f != nil
	p.mu.Unlock()
	if f == nil {
		return true
	}
	for len(answers) > 0 {
		<-answers
	}
	f(forward, func() { <-answers })
	return false
}

func (p *Tap) heard() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.muted
}
