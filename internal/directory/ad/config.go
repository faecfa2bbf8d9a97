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
	Domain string `yaml:"domain" label:"Domain" help:"Its DNS name, such as corp.example.com. It is the directory's name here, too."`
	// NetBIOS is its short name; empty: read from the directory.
	NetBIOS string `yaml:"netbios,omitempty" label:"Short name" help:"As in CORP\\anna." default:"read from the directory" free:"true"`
	// Servers are domain controllers as ldaps URLs, the preferred one first. The PDC emulator should be among them.
	Servers []string `yaml:"servers" label:"Domain controllers" help:"One on each line, such as ldaps://dc1.corp.example.com; the preferred one first, the PDC emulator among them."`
	// CA is the certificates to verify the servers with, in PEM, in place of a file.
	CA string `yaml:"ca,omitempty" label:"Certificates" help:"Those that vouch for the servers, in PEM. The guided test shows them." default:"see the file" lines:"true"`
	// CAFile holds the certificates to verify the servers with, in PEM; empty: those of the system.
	CAFile string `yaml:"ca_file,omitempty" label:"Certificate file" help:"The file, on the portal's machines, with the certificates that vouch for the servers, in PEM." default:"what the system trusts"`
	// BaseDN is where accounts are looked for; empty: the whole domain.
	BaseDN string `yaml:"base_dn,omitempty" label:"Where accounts are" help:"The DN below which accounts are looked for." default:"the whole domain" free:"true"`
	// User is the service account: a UPN, DOMAIN\name or DN.
	User     string     `yaml:"user" label:"Service account" help:"As name@corp.example.com, CORP\\name or DN. It needs the rights that docs/administration/directories.md lists, and no more."`
	Password secret.Ref `yaml:"password" label:"Password of the service account" help:"Sealed as soon as you save, and never shown again."`
	// DNSServer is asked where other domains are (address, or address:port), when domains are discovered; empty: whom the system asks.
	DNSServer string `yaml:"dns_server,omitempty" label:"DNS server" help:"Who is asked where other domains are, when domains are discovered: an address, or address:port." default:"the system's"`
	// Attributes are read besides those Rekey needs, for policies to match on.
	Attributes []string `yaml:"attributes,omitempty" label:"More attributes" help:"Read besides those that Rekey needs, for policies to match on; one on each line." free:"true"`
	// ConnectTimeout bounds the way to a server and its TLS handshake; 0: 3s.
	ConnectTimeout time.Duration `yaml:"connect_timeout,omitempty" label:"Time to connect" help:"For the way to a server and its TLS handshake." default:"3s" min:"100ms" max:"15s" free:"true"`
	// ReadTimeout bounds one search or bind; 0: 5s.
	ReadTimeout time.Duration `yaml:"read_timeout,omitempty" label:"Time to read" help:"For one search or bind." default:"5s" min:"100ms" max:"15s" free:"true"`
	// WriteTimeout bounds one write; 0: 10s.
	WriteTimeout time.Duration `yaml:"write_timeout,omitempty" label:"Time to write" help:"For one change of a password." default:"10s" min:"100ms" max:"15s" free:"true"`
	// Connections is how many there are at a time, from 1 to 100; 0: 8.
	Connections int `yaml:"connections,omitempty" label:"Connections" help:"At a time, to all servers." default:"8" min:"1" max:"100" free:"true"`
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
