package samba

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"rekey/internal/lab/ca"
)

// Flaw is what is wrong with an impostor's certificate.
type Flaw int

// The flaws. Each certificate is right in every other respect.
const (
	WrongName Flaw = iota
	Expired
	UnknownCA
)

// Impostor stands in front of a real server with a flawed certificate. A client that does not verify would get all it
// asks for, and the impostor would read it.
type Impostor struct {
	listener net.Listener
	received atomic.Int64
	stop     context.CancelFunc
	work     sync.WaitGroup
}

// Impostor starts one in front of the domain's first server.
func (d *Domain) Impostor(flaw Flaw) (*Impostor, error) {
	l := ca.Leaf{
		Names: []string{d.dcs[0].fqdn(), d.Name()}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().AddDate(0, 3, 0),
	}
	issuer := d.spec.CA
	var err error
	switch flaw {
	case WrongName:
		l.Names, l.IPs = []string{"dc1.elsewhere.test"}, nil
	case Expired:
		l.NotAfter = time.Now().AddDate(0, 0, -1)
	case UnknownCA:
		issuer, err = ca.New()
	}
	if err != nil {
		return nil, err
	}
	certPEM, keyPEM, err := issuer.Issue(l)
	if err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("load the impostor's certificate: %w", err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, fmt.Errorf("start impostor: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	i := &Impostor{listener: listener, stop: stop}
	real := &tls.Dialer{Config: &tls.Config{RootCAs: d.CAPool(), MinVersion: tls.VersionTLS12}}
	addr := net.JoinHostPort(d.dcs[0].addr.ip, "636")
	i.work.Go(func() { i.serve(ctx, func() (net.Conn, error) { return real.DialContext(ctx, "tcp", addr) }) })
	return i, nil
}

// URL is the impostor's LDAPS address.
func (i *Impostor) URL() string { return "ldaps://" + i.listener.Addr().String() }

// Received counts the bytes that clients sent after accepting the certificate.
func (i *Impostor) Received() int64 { return i.received.Load() }

// Close ends the impostor and its connections.
func (i *Impostor) Close() error {
	i.stop()
	err := i.listener.Close()
	i.work.Wait()
	return err
}

func (i *Impostor) serve(ctx context.Context, dial func() (net.Conn, error)) {
	for {
		victim, err := i.listener.Accept()
		if err != nil {
			return // closed
		}
		i.work.Go(func() { i.relay(ctx, victim, dial) })
	}
}

func (i *Impostor) relay(ctx context.Context, victim net.Conn, dial func() (net.Conn, error)) {
	defer victim.Close()
	unhook := context.AfterFunc(ctx, func() { victim.Close() })
	defer unhook()
	first := make([]byte, 4096)
	n, err := victim.Read(first) // handshakes
	i.received.Add(int64(n))
	if err != nil {
		return
	}
	server, err := dial()
	if err != nil {
		return
	}
	i.work.Go(func() {
		defer victim.Close()
		_, _ = io.Copy(victim, server) // ends when either side closes
	})
	defer server.Close()
	if _, err := server.Write(first[:n]); err != nil {
		return
	}
	sent, _ := io.Copy(server, victim) // ends when either side closes
	i.received.Add(sent)
}
