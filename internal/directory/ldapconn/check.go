package ldapconn

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"rekey/internal/directory"
)

// certificateLeft is of a certificate's life, below which it is a finding.
const certificateLeft = 14 * 24 * time.Hour

// Good is a finding that all is well.
func Good(name, format string, args ...any) directory.Finding {
	return directory.Finding{Name: name, OK: true, Text: fmt.Sprintf(format, args...)}
}

// Bad is a finding that something is wrong.
func Bad(name, format string, args ...any) directory.Finding {
	return directory.Finding{Name: name, Text: fmt.Sprintf(format, args...)}
}

// CheckServer goes the way of a connection and tells each step: name, TLS, certificate, sign-in. It stops where that ends; at the end
// of it the connection is given, for the caller to close, else nil.
func (p *Pool[R]) CheckServer(ctx context.Context, s *Server[R], tell func(directory.Finding)) *Conn[R] {
	name := func(what string) string { return what + " " + s.Name }
	if net.ParseIP(s.Name) == nil {
		addresses, err := net.DefaultResolver.LookupHost(ctx, s.Name)
		if err != nil {
			tell(Bad(name("resolve"), "the name has no address: %v", err))
			return nil
		}
		tell(Good(name("resolve"), "%s", strings.Join(addresses, ", ")))
	}
	c, err := s.Connect(ctx, p.spec.Limits.Connect)
	if err != nil {
		tell(Bad(name("tls"), "%s", explainTLS(err)))
		return nil
	}
	tell(certificate(name("tls"), c.VerifiedUntil(), p.spec.Now()))
	c.Close()
	if err := p.Barred(); err != nil {
		tell(Bad(name("bind"), "not tried: %v", err))
		return nil
	}
	c, err = p.Dial(ctx, s)
	if err != nil {
		tell(Bad(name("bind"), "the service account cannot be used: %v", err))
		return nil
	}
	tell(Good(name("bind"), "%s signs in", p.spec.User))
	return c
}

func explainTLS(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "the certificate is signed by nobody in ca_file: " + err.Error()
	case errors.As(err, &name):
		return "the certificate is good for other names: " + err.Error()
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired: " + err.Error()
	}
	return "no protected connection: " + err.Error()
}

func certificate(name string, until, now time.Time) directory.Finding {
	if until.Sub(now) < certificateLeft {
		return Bad(name, "a certificate of the chain ends on %s", until.Format(time.DateOnly))
	}
	return Good(name, "verified; the first certificate of the chain to end does so on %s", until.Format(time.DateOnly))
}
