package fastldap

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf16"
)

// Options say what the directory holds.
type Options struct {
	Domain         string // DNS name
	User, Password string // of the service account
	People         []Person
	Groups         []Group
}

// Server is a running directory. It is safe for concurrent use.
type Server struct {
	domain, base   string
	user, password string
	listener       net.Listener
	certificate    []byte
	stop           context.CancelFunc
	work           sync.WaitGroup
	writes         atomic.Int64

	mu    sync.RWMutex
	index map[string]*entry // by "<guid=…>", "<sid=…>" and "attribute=value", in lower case
	order []*entry          // by their last changes
	last  int64             // number of the newest change
}

// Start runs a directory on a free loopback port until Close.
func Start(ctx context.Context, o Options) (*Server, error) {
	pair, public, err := certificate()
	if err != nil {
		return nil, fmt.Errorf("start stand-in directory: %w", err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start stand-in directory: %w", err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{
		domain: o.Domain, base: "DC=" + strings.ReplaceAll(o.Domain, ".", ",DC="), user: o.User, password: o.Password, stop: stop,
		listener: tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), certificate: public,
		index: map[string]*entry{},
	}
	s.fill(o.People, o.Groups)
	s.work.Go(func() { s.accept(ctx) })
	return s, nil
}

// certificate makes one for loopback, signed by itself.
func certificate() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "stand-in directory"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 7), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// URL is the LDAPS address.
func (s *Server) URL() string { return "ldaps://" + s.listener.Addr().String() }

// CertificatePEM is what a client verifies the server with.
func (s *Server) CertificatePEM() []byte { return s.certificate }

// Writes counts the passwords that were written.
func (s *Server) Writes() int64 { return s.writes.Load() }

// Password is what was last written for a person; empty before the first write.
func (s *Server) Password(sam string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.index["samaccountname="+strings.ToLower(sam)]
	if e == nil || len(e.attributes["unicodepwd"]) == 0 {
		return ""
	}
	raw := e.attributes["unicodepwd"][0]
	units := make([]uint16, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])|uint16(raw[i+1])<<8)
	}
	text := string(utf16.Decode(units))
	return text[1 : len(text)-1]
}

// Close ends the directory and its connections.
func (s *Server) Close() error {
	s.stop()
	err := s.listener.Close()
	s.work.Wait()
	return err
}

func (s *Server) accept(ctx context.Context) {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		s.work.Go(func() {
			defer c.Close()
			defer context.AfterFunc(ctx, func() { _ = c.Close() })()
			_ = s.talk(c) // ends when either side closes, or says what is not LDAP
		})
	}
}

// talk answers one connection's requests, one after the other.
func (s *Server) talk(c net.Conn) error {
	in := bufio.NewReaderSize(c, 4096)
	var message []byte
	var w writer
	bound := false
	for {
		var err error
		if message, err = receive(in, message); err != nil {
			return err
		}
		w.reset()
		more, err := s.answer(&w, message, &bound)
		if err != nil || !more {
			return err
		}
		if _, err := c.Write(w.b); err != nil {
			return err
		}
	}
}

// answer writes the answer to one message; false when the talk is over.
func (s *Server) answer(w *writer, message []byte, bound *bool) (bool, error) {
	whole, _, err := cut(message)
	if err != nil {
		return false, err
	}
	parts, err := whole.fields(2) // number, operation, and perhaps controls
	if err != nil {
		return false, err
	}
	id, op := parts[0].number(), parts[1]
	switch {
	case op.tag == unbindRequest:
		return false, nil
	case op.tag == bindRequest:
		*bound, err = s.bind(w, id, op)
	case op.tag == searchRequest && (*bound || isRootDSE(op)):
		err = s.search(w, id, parts)
	case op.tag == searchRequest:
		writeResult(w, id, searchDone, insufficientRights)
	case op.tag == modifyRequest && *bound:
		err = s.modify(w, id, op)
	case op.tag == modifyRequest:
		writeResult(w, id, modifyResponse, insufficientRights)
	default:
		writeResult(w, id, extendedResponse, protocolError)
	}
	return true, err
}

func isRootDSE(op element) bool {
	q, err := readQuery(op)
	return err == nil && q.base == "" && !q.subtree
}

// bind takes the service account's name and password.
func (s *Server) bind(w *writer, id int, op element) (bool, error) {
	f, err := op.fields(3) // version, name, password
	if err != nil {
		return false, err
	}
	right := f[2].tag == simpleAuth && strings.EqualFold(f[1].text(), s.user) && f[2].text() == s.password
	code := success
	if !right {
		code = invalidCredentials
	}
	writeResult(w, id, bindResponse, code)
	return right, nil
}
