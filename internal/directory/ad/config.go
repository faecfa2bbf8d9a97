package ad

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory/ldapconn"
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
	// DNSServer is asked where other domains are (address, or address:port), when domains are discovered; empty: whom the system asks.
	DNSServer string `yaml:"dns_server,omitempty"`
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

// Validate names the key that is wrong.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if !ldapconn.DNSName(c.Domain) {
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
	if _, err := netip.ParseAddrPort(dnsAddress(c.DNSServer)); c.DNSServer != "" && err != nil {
		errs = append(errs, fmt.Errorf("dns_server: want an address such as 10.1.2.3, or 10.1.2.3:53, got %q", c.DNSServer))
	}
	return errors.Join(append(errs, c.limits().Validate(), ldapconn.CheckServers(c.Servers, false), c.checkBase(), c.checkAttributes())...)
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
	for i, a := range c.Attributes {
		if !ldapconn.AttributeName(a) {
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
	l := c.limits()
	c.ConnectTimeout, c.ReadTimeout, c.WriteTimeout, c.Connections = l.Connect, l.Read, l.Write, l.Connections
	return c
}

func (c Config) limits() ldapconn.Limits {
	return ldapconn.Limits{Connect: c.ConnectTimeout, Read: c.ReadTimeout, Write: c.WriteTimeout, Connections: c.Connections}.WithDefaults()
}

// rootDN is a domain's naming context.
func rootDN(domain string) string { return "DC=" + strings.ReplaceAll(domain, ".", ",DC=") }

// within reports whether a DN is another or below it.
func within(root, dn *ldap.DN) bool { return root.EqualFold(dn) || root.AncestorOfFold(dn) }
