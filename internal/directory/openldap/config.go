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
	Domain string `yaml:"domain" label:"Name" help:"A DNS name to call the directory by, such as people.example.com. Nothing is looked up under it."`
	// Servers are ldaps URLs, or ldap ones, which are protected with StartTLS first; those that take writes, the preferred one first.
	Servers []string `yaml:"servers" label:"Servers" help:"One on each line: ldaps://…, or ldap://…, which is protected with StartTLS first. Those that take writes, the preferred one first."`
	// CA is the certificates to verify the servers with, in PEM, in place of a file.
	CA string `yaml:"ca,omitempty" label:"Certificates" help:"Those that vouch for the servers, in PEM. The guided test shows them." default:"see the file" lines:"true"`
	// CAFile holds the certificates to verify the servers with, in PEM; empty: those of the system.
	CAFile string `yaml:"ca_file,omitempty" label:"Certificate file" help:"The file, on the portal's machines, with the certificates that vouch for the servers, in PEM." default:"what the system trusts"`
	// BaseDN is where accounts are looked for.
	BaseDN string `yaml:"base_dn" label:"Where accounts are" help:"The DN below which accounts are looked for." free:"true"`
	// GroupBaseDN is where groups are looked for; empty: as BaseDN.
	GroupBaseDN string `yaml:"group_base_dn,omitempty" label:"Where groups are" help:"The DN below which groups are looked for." default:"where accounts are" free:"true"`
	// User is the DN of the service account.
	User     string     `yaml:"user" label:"Service account" help:"Its DN."`
	Password secret.Ref `yaml:"password" label:"Password of the service account" help:"Sealed as soon as you save, and never shown again."`
	// PersonFilter tells accounts from other objects; empty: (objectClass=person).
	PersonFilter string `yaml:"person_filter,omitempty" label:"Filter" help:"Tells accounts from other objects." default:"(objectClass=person)" free:"true"`
	// IDAttribute names an account for ever; empty: entryUUID.
	IDAttribute string `yaml:"id_attribute,omitempty" label:"Attribute of the ID" help:"Names an account for ever, even when it is renamed." default:"entryUUID" free:"true"`
	// NameAttributes hold the names people type; empty: uid.
	NameAttributes []string `yaml:"name_attributes,omitempty" label:"Attributes of names" help:"What people type; one on each line." default:"uid" free:"true"`
	// MailAttributes hold addresses, which people may type too; empty: mail.
	MailAttributes []string `yaml:"mail_attributes,omitempty" label:"Attributes of addresses" help:"What people may type too; one on each line." default:"mail" free:"true"`
	// PrincipalAttribute holds a name with an @ that is no address; empty: there is none.
	PrincipalAttribute string `yaml:"principal_attribute,omitempty" label:"Attribute of the sign-in name" help:"Holds a name with an @ that is no address." default:"none" free:"true"`
	// DisabledAttribute is TRUE for accounts that may not sign in; empty: there is none.
	DisabledAttribute string `yaml:"disabled_attribute,omitempty" label:"Attribute of disabled accounts" help:"TRUE for accounts that may not sign in." default:"none" free:"true"`
	// PasswordSetAttribute is when the password was last set; empty: pwdChangedTime.
	PasswordSetAttribute string `yaml:"password_set_attribute,omitempty" label:"Attribute of the last change" help:"When the password was last set." default:"pwdChangedTime" free:"true"`
	// DefaultPolicy is the DN of the password policy of accounts without pwdPolicySubentry, which the server does not tell, or "none".
	// Empty: not known, so no rule is shown and no password is tried on them.
	DefaultPolicy string `yaml:"default_policy,omitempty" label:"Default password policy" help:"The DN of the password policy of accounts that name none themselves, or “none”. The server does not tell it; while it is not known, no rule is shown beforehand." free:"true"`
	// PasswordWrite is "extended", the Password Modify operation (RFC 3062), or "modify": userPassword is replaced, which the server
	// must hash by itself. Empty: extended.
	PasswordWrite string `yaml:"password_write,omitempty" label:"How passwords are written" help:"“extended” is the operation for it (RFC 3062). “modify” replaces userPassword, which the server then has to hash by itself." default:"extended" options:"extended,modify" free:"true"`
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
