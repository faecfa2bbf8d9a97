// Package slapd runs OpenLDAP for the lab: own folder, own loopback address, own certificate, gone with its owner. It has a password
// policy for everybody, which an administrator may change, and an account for the portal with the rights it needs.
package slapd

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/lab/ca"
	"rekey/internal/lab/process"
	"rekey/internal/lab/workdir"
)

//go:embed slapd.conf.tmpl
var confTemplate string

//go:embed init.ldif.tmpl
var initTemplate string

const (
	binary          = "/usr/sbin/slapd"
	adminPassword   = "Admin-Passw0rd!"
	servicePassword = "Service-Passw0rd!"
	protected       = "1636" // ports on the server's own address; slapd lets one choose
	upgradable      = "1389"
)

// Domain is the suffix as a DNS name.
const Domain = "people.example.test"

// Suffix is what every server holds.
const Suffix = "dc=people,dc=example,dc=test"

// Server is a running slapd. Its methods are not for concurrent use.
type Server struct {
	id      int
	ip      string
	partner string // URL of the server it replicates with
	ca      *ca.CA
	dir     *workdir.Dir
	proc    *process.Process
}

// Start makes a directory of one server and waits until it answers.
func Start(ctx context.Context) (*Server, error) {
	authority, err := ca.New()
	if err != nil {
		return nil, err
	}
	s, err := newServer(1, authority)
	if err != nil {
		return nil, err
	}
	if err := s.launch(ctx, true); err != nil {
		return nil, errors.Join(fmt.Errorf("start slapd: %w", err), s.Close())
	}
	return s, nil
}

// StartPair makes two servers that replicate to each other, as providers both.
func StartPair(ctx context.Context) (first, second *Server, err error) {
	authority, err := ca.New()
	if err != nil {
		return nil, nil, err
	}
	if first, err = newServer(1, authority); err != nil {
		return nil, nil, err
	}
	if second, err = newServer(2, authority); err != nil {
		return nil, nil, errors.Join(err, first.Close())
	}
	first.partner, second.partner = second.URL(), first.URL()
	err = first.launch(ctx, true)
	if err == nil {
		err = second.launch(ctx, false) // it gets everything from the first
	}
	if err == nil {
		err = second.Await(ctx, first.PolicyDN())
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start slapd: %w", err), first.Close(), second.Close())
	}
	return first, second, nil
}

func newServer(id int, authority *ca.CA) (*Server, error) {
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("slapd is not installed (tools/install-peers.sh does it): %w", err)
	}
	dir, err := workdir.New("ldap")
	if err != nil {
		return nil, err
	}
	ip, err := freeAddress()
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return &Server{id: id, ip: ip, ca: authority, dir: dir}, nil
}

// freeAddress finds a loopback address whose ports nobody uses.
func freeAddress() (string, error) {
	const tries = 100
	var err error
	for range tries {
		ip := fmt.Sprintf("127.78.%d.%d", 1+rand.IntN(250), 1+rand.IntN(250))
		if err = free(ip, protected, upgradable); err == nil {
			return ip, nil
		}
	}
	return "", fmt.Errorf("find a free address: %w", err)
}

func free(ip string, ports ...string) error {
	for _, port := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort(ip, port))
		if err != nil {
			return err
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) launch(ctx context.Context, fill bool) error {
	if err := s.configure(); err != nil {
		return err
	}
	if fill {
		_, err := process.Run(ctx, process.Spec{Path: "/usr/sbin/slapadd", Args: []string{"-q", "-f", s.dir.Join("slapd.conf"), "-l", s.dir.Join("init.ldif")}})
		if err != nil {
			return err
		}
	}
	return s.StartAgain(ctx)
}

func (s *Server) configure() error {
	cert, key, err := s.ca.Issue(ca.Leaf{
		Names: []string{fmt.Sprintf("ldap%d.%s", s.id, Domain)}, IPs: []net.IP{net.ParseIP(s.ip)}, NotAfter: time.Now().AddDate(0, 3, 0),
	})
	if err != nil {
		return err
	}
	admin, _ := s.Admin()
	service, _ := s.Service()
	reader, _ := s.Reader()
	label, _, _ := strings.Cut(Domain, ".")
	values := map[string]any{
		"Dir": s.dir.Path(), "ID": s.id, "Suffix": Suffix, "Label": label, "Partner": s.partner, "Policy": s.PolicyDN(),
		"Admin": admin, "AdminPassword": adminPassword, "Service": service, "Reader": reader, "ServicePassword": servicePassword,
	}
	conf, err := filled(confTemplate, values)
	if err != nil {
		return err
	}
	content, err := filled(initTemplate, values)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"ca.pem": s.ca.PEM(), "cert.pem": cert, "key.pem": key, "slapd.conf": conf, "init.ldif": content} {
		if err := os.WriteFile(s.dir.Join(name), content, 0o600); err != nil {
			return err
		}
	}
	return os.Mkdir(s.dir.Join("data"), 0o700)
}

func filled(text string, values map[string]any) ([]byte, error) {
	t, err := template.New("").Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, values)
	return b.Bytes(), err
}

// URL is the server's LDAPS address. Its certificate names the address.
func (s *Server) URL() string { return "ldaps://" + net.JoinHostPort(s.ip, protected) }

// PlainURL is where StartTLS is offered; nobody can sign in there without it.
func (s *Server) PlainURL() string { return "ldap://" + net.JoinHostPort(s.ip, upgradable) }

// CAFile is the PEM file of the authority that signed the certificate.
func (s *Server) CAFile() string { return s.dir.Join("ca.pem") }

// CAPool holds what CAFile holds.
func (s *Server) CAPool() *x509.CertPool { return s.ca.Pool() }

// PeopleDN is where people live; they have the attributes of inetOrgPerson, and of labPerson if wanted.
func (s *Server) PeopleDN() string { return "ou=people," + Suffix }

// GroupsDN is where groups live.
func (s *Server) GroupsDN() string { return "ou=groups," + Suffix }

// PolicyDN is the password policy of everybody without another: eight bytes or more, three remembered, locked for half an hour by three
// wrong ones within half an hour. Others live beside it, or in ou=hidden, where the portal's account may not read them.
func (s *Server) PolicyDN() string { return "cn=default,ou=policies," + Suffix }

// Service is the account of the portal.
func (s *Server) Service() (dn, password string) { return "cn=svc-rekey," + Suffix, servicePassword }

// Reader is an account that may read what Service may, and write nothing.
func (s *Server) Reader() (dn, password string) { return "cn=reader," + Suffix, servicePassword }

// Admin is the account that may do everything, whatever the policy says.
func (s *Server) Admin() (dn, password string) { return "cn=admin," + Suffix, adminPassword }

// Dial connects to the server; the caller binds and closes.
func (s *Server) Dial() (*ldap.Conn, error) {
	const limit = 5 * time.Second
	conn, err := ldap.DialURL(s.URL(), ldap.DialWithDialer(&net.Dialer{Timeout: limit}),
		ldap.DialWithTLSConfig(&tls.Config{RootCAs: s.CAPool(), MinVersion: tls.VersionTLS12}))
	if err != nil {
		return nil, err
	}
	conn.SetTimeout(limit)
	return conn, nil
}

// StartAgain starts the server, unless it runs, and waits until it answers.
func (s *Server) StartAgain(ctx context.Context) error {
	if s.proc == nil {
		proc, err := process.Start(process.Spec{
			Path: binary, Args: []string{"-d", "none", "-f", s.dir.Join("slapd.conf"), "-h", s.URL() + "/ " + s.PlainURL() + "/"}, Log: s.dir.Join("log"),
		})
		if err != nil {
			return err
		}
		s.proc = proc
	}
	return s.await(ctx, func() error {
		conn, err := s.Dial()
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// Await waits until the server holds an object.
func (s *Server) Await(ctx context.Context, dn string) error {
	return s.await(ctx, func() error {
		conn, err := s.Dial()
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.Bind(s.Admin()); err != nil {
			return err
		}
		_, err = conn.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"1.1"}, nil))
		return err
	})
}

func (s *Server) await(ctx context.Context, ready func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.proc.Done():
			return s.proc.Failure()
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", s.URL(), err)
		}
	}
}

// Stop asks the server to end and waits for it. It keeps its address and data.
func (s *Server) Stop() {
	if s.proc == nil {
		return
	}
	s.proc.Stop(syscall.SIGTERM, 10*time.Second)
	s.proc = nil
}

// Pause freezes the server: the kernel still accepts connections for it.
func (s *Server) Pause() error { return s.proc.Pause() }

// Resume ends a Pause.
func (s *Server) Resume() error { return s.proc.Resume() }

// Close ends the server and removes all it had.
func (s *Server) Close() error {
	if s.proc != nil {
		s.proc.Kill()
		s.proc = nil
	}
	return s.dir.Close()
}
