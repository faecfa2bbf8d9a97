package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"os"
	"strings"
	"time"

	"rekey/internal/secret"
)

// How the connection to the mail server is protected.
const (
	StartTLS  = "starttls"  // begins in the clear and insists on TLS (RFC 3207)
	TLS       = "tls"       // TLS from the first byte (RFC 8314)
	Plaintext = "plaintext" // to this machine only
)

const (
	defaultTimeout = 10 * time.Second
	minTimeout     = time.Second
	maxTimeout     = 30 * time.Second
)

// Config is the mail part of the settings.
type Config struct {
	Host     string        `yaml:"host" label:"Mail server" help:"Its certificate must name it."`                                                                                                             // of the mail server; its certificate must name it
	Port     int           `yaml:"port,omitempty" label:"Port" help:"587 with StartTLS, 465 with TLS, 25 on this machine." default:"by the kind of protection" min:"1" max:"65535"`                           // 587, with tls 465, with plaintext 25
	Security string        `yaml:"security,omitempty" label:"Protection" help:"StartTLS insists on TLS. Plaintext is for a mail server on this machine." default:"starttls" options:"starttls,tls,plaintext"` // starttls (default), tls or plaintext
	From     string        `yaml:"from" label:"Sender" help:"As Example Corp <noreply@example.com>." free:"true"`                                                                                             // "Example Corp <noreply@example.com>"
	User     string        `yaml:"user,omitempty" label:"User" help:"Leave it empty when the server wants no sign-in." default:"no sign-in"`                                                                  // empty: no sign-in
	Password secret.Ref    `yaml:"password,omitempty" label:"Password" help:"Goes with the user. Sealed as soon as you save, and never shown again."`
	CAFile   string        `yaml:"ca_file,omitempty" label:"Certificate file" help:"The file, on the portal's machines, with the certificates that vouch for the server, in PEM." default:"what the system trusts"` // PEM of who may sign the server's certificate; empty: who the system trusts
	Timeout  time.Duration `yaml:"timeout,omitempty" label:"Time to wait" help:"For the connection, and again for one message." default:"10s" min:"1s" max:"30s" free:"true"`                                       // 10s: for connecting, and again for one message
}

// Validate checks what can be checked without the network. Errors name the key.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("mail."+key+": "+format, args...))
	}
	if c.Host == "" || strings.ContainsAny(c.Host, " \t\r\n/:@") && !isIP(c.Host) {
		bad("host", "want a host name, got %q", c.Host)
	}
	if c.Port < 0 || c.Port > 65535 {
		bad("port", "want 1 to 65535, got %d", c.Port)
	}
	switch c.Security {
	case StartTLS, TLS:
	case Plaintext:
		if !isLoopback(c.Host) {
			bad("security", "plaintext is for a mail server on this machine; use starttls or tls for %s", c.Host)
		}
		if c.User != "" {
			bad("user", "a password is not sent in plaintext; use starttls or tls")
		}
	default:
		bad("security", "want starttls, tls or plaintext, got %q", c.Security)
	}
	if _, err := parseFrom(c.From); err != nil {
		bad("from", `want an address such as Example Corp <noreply@example.com>, got %q`, c.From)
	}
	if (c.User == "") != c.Password.IsZero() {
		bad("password", "user and password go together")
	}
	if c.Timeout < minTimeout || c.Timeout > maxTimeout {
		bad("timeout", "want %v to %v, got %v", minTimeout, maxTimeout, c.Timeout)
	}
	if _, err := c.roots(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.Security == "" {
		c.Security = StartTLS
	}
	if c.Port == 0 {
		c.Port = map[string]int{StartTLS: 587, TLS: 465, Plaintext: 25}[c.Security]
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	return c
}

// roots gives who may sign the server's certificate; nil means who the system trusts.
func (c Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("mail.ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("mail.ca_file: no certificate in %s", c.CAFile)
	}
	return pool, nil
}

// tls is the one way TLS is spoken: the certificate is always checked.
func (c Config) tls() (*tls.Config, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	const sessions = 4 // resumed sessions save most of a handshake
	return &tls.Config{
		ServerName: c.Host, RootCAs: roots, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
	}, nil
}

func parseFrom(s string) (*mail.Address, error) {
	from, err := mail.ParseAddress(s)
	if err != nil {
		return nil, err
	}
	return from, checkAddress(from.Address)
}

func isIP(host string) bool { _, err := netip.ParseAddr(host); return err == nil }

// isLoopback reports whether a host is this machine, whatever a name server says.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
