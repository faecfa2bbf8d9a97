package ad_test

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"

	"rekey/internal/directory/ad"
	"rekey/internal/lab/samba"
)

// Operations of the protocol (RFC 4511 §4.2 and on).
const (
	opBind   ber.Tag = 0
	opSearch ber.Tag = 3
	opModify ber.Tag = 6
)

// hook is called instead of passing a modification on. It may send it, and await its answer, which is kept back.
type hook func(send, await func())

// tap stands between the directory and a server, verified by the one and trusted by the other, and sees each operation.
type tap struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	caFile   string

	mu      sync.Mutex
	seen    []ber.Tag
	onWrite hook
	muted   bool
	dead    bool
	open    map[net.Conn]struct{}
	wg      sync.WaitGroup
}

func newTap(t testing.TB, d *samba.Domain, url string) *tap {
	t.Helper()
	cert := httptest.NewTLSServer(nil) // for its certificate, which is good for 127.0.0.1
	defer cert.Close()
	p := &tap{caFile: filepath.Join(t.TempDir(), "ca.pem"), open: map[net.Conn]struct{}{}}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate().Raw})
	if err := os.WriteFile(p.caFile, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(url, "ldaps://")
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "636")
	}
	p.dial = func() (net.Conn, error) {
		return tls.Dial("tcp", address, &tls.Config{RootCAs: d.CAPool(), MinVersion: tls.VersionTLS12})
	}
	var err error
	p.listener, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: cert.TLS.Certificates, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		p.kill()
		p.wg.Wait()
	})
	return p
}

// through points a configuration to the tap.
func (p *tap) through(c *ad.Config) {
	c.Servers, c.CAFile = []string{"ldaps://" + p.listener.Addr().String()}, p.caFile
}

// kill ends the tap: nobody answers at its address any more.
func (p *tap) kill() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.cut()
}

// cut ends all connections.
func (p *tap) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
	clear(p.open)
}

// on sets what happens at a modification; nil lets it pass.
func (p *tap) on(h hook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onWrite = h
}

// operations gives what was asked since the last call.
func (p *tap) operations() []ber.Tag {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.seen
	p.seen = nil
	return seen
}

func (p *tap) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

func (p *tap) serve(client net.Conn) {
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
func (p *tap) ask(m *ber.Packet, forward func(), answers <-chan struct{}) bool {
	op := m.Children[1].Tag
	p.mu.Lock()
	p.seen = append(p.seen, op)
	f := p.onWrite
	if op != opModify {
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

func (p *tap) heard() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.muted
}
