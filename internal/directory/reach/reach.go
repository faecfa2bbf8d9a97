// Package reach goes the way to a server for the guided test, one part at a time. Certificates are verified as everywhere; what the
// server showed is given when they are not trusted, too.
package reach

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"rekey/internal/connect"
	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

const (
	patience = 5 * time.Second // for one part of the way
	longest  = 200             // characters of a name in a certificate
	deepest  = 10              // certificates of a chain that are shown
)

// Network is the machine's own network. The zero value works.
type Network struct{}

var _ connect.Network = Network{}

// Addresses implements connect.Network.
func (Network) Addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// Connect implements connect.Network.
func (Network) Connect(ctx context.Context, to netip.AddrPort) error {
	c, err := dial(ctx, to)
	if err != nil {
		return err
	}
	return c.Close()
}

func dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", to.String())
	var timeout net.Error
	switch {
	case err == nil:
		return c, nil
	case errors.As(err, &timeout) && timeout.Timeout():
		return nil, errors.New("does not answer")
	}
	return nil, errors.New("refuses the connection")
}

// Handshake implements connect.Network. Errors: *connect.DistrustError.
func (Network) Handshake(ctx context.Context, to netip.AddrPort, e directory.Endpoint) ([]connect.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	raw, err := dial(ctx, to)
	if err != nil {
		return nil, err
	}
	defer func() { _ = raw.Close() }()
	if e.StartTLS {
		if err := ldapconn.StartTLS(ctx, raw); err != nil {
			return nil, fmt.Errorf("no protected connection: %w", err)
		}
	}
	c := tls.Client(raw, &tls.Config{ServerName: e.Name, RootCAs: e.Roots, MinVersion: tls.VersionTLS12})
	err = c.HandshakeContext(ctx)
	if err == nil {
		return shown(c.ConnectionState().PeerCertificates), nil
	}
	var verification *tls.CertificateVerificationError
	if errors.As(err, &verification) {
		return shown(verification.UnverifiedCertificates), distrust(verification.Err, verification.UnverifiedCertificates)
	}
	return nil, fmt.Errorf("no protected connection: %w", err)
}

// distrust says why a chain does not verify. Go looks for who vouches first, so that a server's own date is looked at here.
func distrust(err error, chain []*x509.Certificate) error {
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	why := connect.UnknownCA
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		why = connect.Expired
	case errors.As(err, &name):
		why = connect.WrongName
	case errors.As(err, new(x509.UnknownAuthorityError)):
	default:
		return fmt.Errorf("the certificate cannot be used: %w", err)
	}
	text := map[connect.Distrust]string{
		connect.UnknownCA: "Nobody who is trusted vouches for the certificate", connect.WrongName: "The certificate is good for other names",
		connect.Expired: "The certificate is not valid now",
	}[why]
	if why == connect.WrongName && len(chain) > 0 {
		text += ": " + strings.Join(names(chain[0]), ", ")
	}
	return &connect.DistrustError{Why: why, Cause: errors.New(text)}
}

func shown(chain []*x509.Certificate) []connect.Certificate {
	var all []connect.Certificate
	for _, c := range chain[:min(deepest, len(chain))] {
		all = append(all, connect.Certificate{
			Subject: cut(c.Subject.String()), Issuer: cut(c.Issuer.String()), From: c.NotBefore, Until: c.NotAfter, Names: names(c),
			Fingerprint: fingerprint(c.Raw), Authority: c.IsCA || len(chain) == 1 && c.CheckSignatureFrom(c) == nil,
			PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
		})
	}
	return all
}

func names(c *x509.Certificate) []string {
	const most = 20
	var all []string
	for _, n := range c.DNSNames {
		all = append(all, cut(n))
	}
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	return all[:min(most, len(all))]
}

// cut keeps a text that somebody else wrote to one line of bearable length.
func cut(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}
