package openldap

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory/ldapconn"
	"rekey/internal/secret"
)

// Config is one directory.
type Config struct {
	// Domain is a DNS name to call it by, and the directory's key. Nothing is looked up under it.
	Domain string `yaml:"domain"`
	// Servers are ldaps URLs, or ldap ones, which are protected with StartTLS first; those that take writes, the preferred one first.
	Servers []string `yaml:"servers"`
	// CAFile holds the certificates to verify the servers with, in PEM; empty: those of the system.
	CAFile string `yaml:"ca_file,omitempty"`
	// BaseDN is where accounts are looked for.
	BaseDN string `yaml:"base_dn"`
	// GroupBaseDN is where groups are looked for; empty: as BaseDN.
	GroupBaseDN string `yaml:"group_base_dn,omitempty"`
	// User is the DN of the service account.
	User     string     `yaml:"user"`
	Password secret.Ref `yaml:"password"`
	// PersonFilter tells accounts from other objects; empty: (objectClass=person).
	PersonFilter string `yaml:"person_filter,omitempty"`
	// IDAttribute names an account for ever; empty: entryUUID.
	IDAttribute string `yaml:"id_attribute,omitempty"`
	// NameAttributes hold the names people type; empty: uid.
	NameAttributes []string `yaml:"name_attributes,omitempty"`
	// MailAttributes hold addresses, which people may type too; empty: mail.
	MailAttributes []string `yaml:"mail_attributes,omitempty"`
	// PrincipalAttribute holds a name with an @ that is no address; empty: there is none.
	PrincipalAttribute string `yaml:"principal_attribute,omitempty"`
	// DisabledAttribute is TRUE for accounts that may not sign in; empty: there is none.
	DisabledAttribute string `yaml:"disabled_attribute,omitempty"`
	// PasswordSetAttribute is when the password was last set; empty: pwdChangedTime.
	PasswordSetAttribute string `yaml:"password_set_attribute,omitempty"`
	// DefaultPolicy is the DN of the password policy of accounts without pwdPolicySubentry, which the server does not tell, or "none".
	// Empty: not known, so no rule is shown and no password is tried on them.
	DefaultPolicy string `yaml:"default_policy,omitempty"`
	// PasswordWrite is "extended", the Password Modify operation (RFC 3062), or "modify": userPassword is replaced, which the server
	// must hash by itself. Empty: extended.
	PasswordWrite string `yaml:"password_write,omitempty"`
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

const (
	noPolicy      = "none"
	writeExtended = "extended"
	writeModify   = "modify"
)

// Validate names the key that is wrong.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if !ldapconn.DNSName(c.Domain) {
		bad("domain", "want a DNS name such as people.example.com, got %q", c.Domain)
	}
	for _, dn := range []struct{ key, value string }{
		{"base_dn", c.BaseDN}, {"group_base_dn", c.GroupBaseDN}, {"user", c.User}, {"default_policy", c.DefaultPolicy},
	} {
		if dn.key == "default_policy" && (dn.value == "" || dn.value == noPolicy) {
			continue
		}
		if parsed, err := ldap.ParseDN(dn.value); err != nil || len(parsed.RDNs) == 0 {
			bad(dn.key, "want a DN such as ou=people,dc=example,dc=com, got %q", dn.value)
		}
	}
	if _, err := ldap.CompileFilter(c.PersonFilter); err != nil {
		bad("person_filter", "%q is not a filter", c.PersonFilter)
	}
	if c.Password.IsZero() {
		errs = append(errs, errors.New("password: want a file, env or sealed"))
	}
	if c.PasswordWrite != writeExtended && c.PasswordWrite != writeModify {
		bad("password_write", "want %s or %s, got %q", writeExtended, writeModify, c.PasswordWrite)
	}
	return errors.Join(append(errs, c.limits().Validate(), ldapconn.CheckServers(c.Servers, true), c.checkAttributes())...)
}

func (c Config) checkAttributes() error {
	var errs []error
	for _, one := range []struct{ key, name string }{
		{"id_attribute", c.IDAttribute},
		{"principal_attribute", c.PrincipalAttribute},
		{"disabled_attribute", c.DisabledAttribute},
		{"password_set_attribute", c.PasswordSetAttribute},
	} {
		if one.name != "" && !ldapconn.AttributeName(one.name) {
			errs = append(errs, fmt.Errorf("%s: %q is not the name of an attribute", one.key, one.name))
		}
	}
	for key, names := range map[string][]string{"name_attributes": c.NameAttributes, "mail_attributes": c.MailAttributes, "attributes": c.Attributes} {
		for i, name := range names {
			if !ldapconn.AttributeName(name) {
				errs = append(errs, fmt.Errorf("%s[%d]: %q is not the name of an attribute", key, i, name))
			}
			if strings.EqualFold(name, passwordAttribute) {
				errs = append(errs, fmt.Errorf("%s[%d]: passwords are not read", key, i))
			}
		}
	}
	return errors.Join(errs...)
}

const passwordAttribute = "userPassword"

func (c Config) withDefaults() Config {
	c.Domain = strings.ToLower(c.Domain)
	for _, d := range []struct {
		value *string
		empty string
	}{
		{&c.GroupBaseDN, c.BaseDN},
		{&c.PersonFilter, "(objectClass=person)"},
		{&c.IDAttribute, "entryUUID"},
		{&c.PasswordSetAttribute, "pwdChangedTime"},
		{&c.PasswordWrite, writeExtended},
	} {
		if *d.value == "" {
			*d.value = d.empty
		}
	}
	if len(c.NameAttributes) == 0 {
		c.NameAttributes = []string{"uid"}
	}
	if len(c.MailAttributes) == 0 {
		c.MailAttributes = []string{"mail"}
	}
	l := c.limits()
	c.ConnectTimeout, c.ReadTimeout, c.WriteTimeout, c.Connections = l.Connect, l.Read, l.Write, l.Connections
	return c
}

func (c Config) limits() ldapconn.Limits {
	return ldapconn.Limits{Connect: c.ConnectTimeout, Read: c.ReadTimeout, Write: c.WriteTimeout, Connections: c.Connections}.WithDefaults()
}
