package ad

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/secret"
)

// Config is one Active Directory domain.
type Config struct {
	// Domain is its DNS name, and the directory's key.
	Domain string `yaml:"domain"`
	// NetBIOS is its short name; empty: read from the directory.
	NetBIOS string `yaml:"netbios,omitempty"`
	// Servers are domain controllers as ldaps URLs, the preferred one first. The PDC emulator should be among them.
	Servers []string `yaml:"servers"`
	// CAFile holds the certificates to verify the servers with, in PEM; empty: those of the system.
	CAFile string `yaml:"ca_file,omitempty"`
	// BaseDN is where accounts are looked for; empty: the whole domain.
	BaseDN string `yaml:"base_dn,omitempty"`
	// User is the service account: a UPN, DOMAIN\name or DN.
	User     string     `yaml:"user"`
	Password secret.Ref `yaml:"password"`
	// Attributes are read besides those Rekey needs, for policies to match on.
	Attributes []string `yaml:"attributes,omitempty"`
	// ConnectTimeout bounds the way to a server and its TLS handshake; 0: 3s.
	ConnectTimeout time.Duration `yaml:"connect_timeout,omitempty"`
	// ReadTimeout bounds one search or bind; 0: 5s.
	ReadTimeout time.Duration `yaml:"read_timeout,omitempty"`
	// WriteTimeout bounds one write; 0: 10s.
	WriteTimeout time.Duration `yaml:"write_timeout,omitempty"`
	// Connections is how many there are at a time, from 1 to 100; 0: 8.
	Connections int `yaml:"connections,omitempty"`
}

// longestTimeout keeps a write and what is read around it within the time a use case gives it.
const longestTimeout = 15 * time.Second

// Validate names the key that is wrong.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if !dnsName(c.Domain) {
		errs = append(errs, fmt.Errorf("domain: want a DNS name such as corp.example.com, got %q", c.Domain))
	}
	if strings.ContainsAny(c.NetBIOS, `\/.@ `) || len(c.NetBIOS) > 15 {
		errs = append(errs, fmt.Errorf("netbios: want a name of up to 15 characters such as CORP, got %q", c.NetBIOS))
	}
	if !strings.ContainsAny(c.User, `@\=`) {
		errs = append(errs, fmt.Errorf(`user: want a UPN, DOMAIN\name or DN, got %q`, c.User))
	}
	if c.Password.IsZero() {
		errs = append(errs, errors.New("password: want a file, env or sealed"))
	}
	if c.Connections < 1 || c.Connections > 100 {
		errs = append(errs, fmt.Errorf("connections: want 1 to 100, got %d", c.Connections))
	}
	for _, t := range []struct {
		key   string
		value time.Duration
	}{{"connect_timeout", c.ConnectTimeout}, {"read_timeout", c.ReadTimeout}, {"write_timeout", c.WriteTimeout}} {
		if t.value < 100*time.Millisecond || t.value > longestTimeout {
			errs = append(errs, fmt.Errorf("%s: want 100ms to %v, got %v", t.key, longestTimeout, t.value))
		}
	}
	return errors.Join(append(errs, c.checkServers(), c.checkBase(), c.checkAttributes())...)
}

func (c Config) checkServers() error {
	if len(c.Servers) == 0 {
		return errors.New("servers: none given")
	}
	for i, s := range c.Servers {
		if _, err := serverAddress(s); err != nil {
			return fmt.Errorf("servers[%d]: %w", i, err)
		}
		if slices.Contains(c.Servers[:i], s) {
			return fmt.Errorf("servers[%d]: %s is there twice", i, s)
		}
	}
	return nil
}

func (c Config) checkBase() error {
	base, err := ldap.ParseDN(c.BaseDN)
	if err != nil {
		return fmt.Errorf("base_dn: %w", err)
	}
	root, err := ldap.ParseDN(rootDN(c.Domain))
	if err != nil || !within(root, base) {
		return fmt.Errorf("base_dn: %s is not in %s", c.BaseDN, c.Domain)
	}
	return nil
}

func (c Config) checkAttributes() error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for i, a := range c.Attributes {
		if a == "" || strings.Trim(a, letters+"0123456789-") != "" || !strings.ContainsAny(a[:1], letters) {
			return fmt.Errorf("attributes[%d]: %q is not the name of an attribute", i, a)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Domain = strings.ToLower(c.Domain)
	if c.BaseDN == "" {
		c.BaseDN = rootDN(c.Domain)
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 3 * time.Second
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = 5 * time.Second
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = 10 * time.Second
	}
	if c.Connections == 0 {
		c.Connections = 8
	}
	return c
}

// roots are the certificates to verify servers with; nil: those of the system.
func (c Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s holds no certificate", c.CAFile)
	}
	return pool, nil
}

// serverAddress gives host and port of an ldaps URL. Nothing else is allowed in one: there is no unprotected way to a server.
func serverAddress(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("%q is not a URL", text)
	}
	if u.Scheme != "ldaps" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("want ldaps://host or ldaps://host:port, got %q", text)
	}
	port := u.Port()
	if port == "" {
		port = "636"
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

func dnsName(s string) bool {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return len(labels) > 1 && len(s) < 254
}

// rootDN is a domain's naming context.
func rootDN(domain string) string { return "DC=" + strings.ReplaceAll(domain, ".", ",DC=") }

// within reports whether a DN is another or below it.
func within(root, dn *ldap.DN) bool { return root.EqualFold(dn) || root.AncestorOfFold(dn) }
