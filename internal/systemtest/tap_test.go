package systemtest

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"

	"rekey/internal/lab/samba"
)

// modify is the tag of a modification (RFC 4511 §4.6).
const modify ber.Tag = 6

// tap stands between the portal and a domain controller, verified by the one and trusted by the other, and lets a test act when a
// modification is on its way.
type tap struct {
	listener net.Listener
	dial     func() (net.Conn, error)

	mu      sync.Mutex
	next    func(send func())
	writes  int
	open    map[net.Conn]struct{}
	closing bool
	wg      sync.WaitGroup
}

// tapped puts a tap before each server of a domain. It gives the servers' URLs for the settings; the taps' certificate goes to caFile.
func tapped(t testing.TB, d *samba.Domain, caFile string) (taps []*tap, urls []string) {
	t.Helper()
	own := httptest.NewTLSServer(nil) // for its certificate, which is good for 127.0.0.1
	own.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate().Raw})
	if err := os.WriteFile(caFile, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range d.URLs() {
		p := &tap{open: map[net.Conn]struct{}{}}
		address := net.JoinHostPort(strings.TrimPrefix(url, "ldaps://"), "636")
		p.dial = func() (net.Conn, error) {
			return tls.Dial("tcp", address, &tls.Config{RootCAs: d.CAPool(), MinVersion: tls.VersionTLS12})
		}
		var err error
		p.listener, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: own.TLS.Certificates, MinVersion: tls.VersionTLS12})
		if err != nil {
			t.Fatal(err)
		}
		p.wg.Go(p.accept)
		t.Cleanup(p.close)
		taps, urls = append(taps, p), append(urls, "ldaps://"+p.listener.Addr().String())
	}
	return taps, urls
}

// atNext sets what happens at the next modification in the place of passing it on; send passes it on.
func (p *tap) atNext(act func(send func())) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = act
}

// written is how many modifications came by.
func (p *tap) written() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.writes
}

func (p *tap) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closing = true
	for c := range p.open {
		_ = c.Close() // either side may have gone
	}
	p.mu.Unlock()
	p.wg.Wait()
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
	if p.closing {
		p.mu.Unlock()
		return
	}
	p.open[client], p.open[server] = struct{}{}, struct{}{}
	p.mu.Unlock()
	p.wg.Go(func() {
		defer client.Close()
		_, _ = io.Copy(client, server) // ends with either side
	})
	in := bufio.NewReader(client)
	for {
		message, err := ber.ReadPacket(in)
		if err != nil {
			return
		}
		p.pass(message, func() { _, _ = server.Write(message.Bytes()) }) // a server that has gone ends the other direction
	}
}

func (p *tap) pass(message *ber.Packet, send func()) {
	if len(message.Children) < 2 || message.Children[1].Tag != modify {
		send()
		return
	}
	p.mu.Lock()
	act := p.next
	p.next = nil
	p.writes++
	p.mu.Unlock()
	if act == nil {
		send()
		return
	}
	act(send)
}
