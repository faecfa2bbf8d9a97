package openldap

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"rekey/internal/secret"
)

func working() Config {
	return Config{
		Domain: "People.Example.Test", Servers: []string{"ldaps://ldap1.example.test", "ldap://[::1]:1389"}, BaseDN: "ou=people,dc=example,dc=test",
		User: "cn=svc,dc=example,dc=test", Password: secret.Ref{Env: "X"},
	}
}

func TestConfigFromYAML(t *testing.T) {
	const text = `
domain: people.example.test
servers: [ldaps://ldap1.example.test, "ldap://127.0.0.1:1389/"]
ca_file: /etc/ca.pem
base_dn: ou=people,dc=example,dc=test
group_base_dn: ou=groups,dc=example,dc=test
user: cn=svc-rekey,dc=example,dc=test
password: {file: /run/secrets/ldap}
person_filter: (objectClass=inetOrgPerson)
id_attribute: ipaUniqueID
name_attributes: [uid, employeeNumber]
mail_attributes: [mail, mailLocalAddress]
principal_attribute: krbPrincipalName
disabled_attribute: nsAccountLock
password_set_attribute: krbLastPwdChange
default_policy: none
password_write: modify
attributes: [departmentNumber, l]
connect_timeout: 2s
read_timeout: 3s
write_timeout: 8s
connections: 4
`
	var c Config
	if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if c.Password.File != "/run/secrets/ldap" || c.WriteTimeout != 8*time.Second || len(c.MailAttributes) != 2 || c.DefaultPolicy != "none" {
		t.Errorf("%+v", c)
	}
}

func TestValidateNamesTheKey(t *testing.T) {
	if err := working().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key    string
		change func(*Config)
	}{
		{"domain:", func(c *Config) { c.Domain = "people" }},
		{"servers:", func(c *Config) { c.Servers = nil }},
		{"servers[0]:", func(c *Config) { c.Servers[0] = "http://ldap1.example.test" }},
		{"servers[1]:", func(c *Config) { c.Servers[1] = c.Servers[0] }},
		{"base_dn:", func(c *Config) { c.BaseDN = "people" }},
		{"base_dn:", func(c *Config) { c.BaseDN, c.GroupBaseDN = "", "dc=x" }},
		{"group_base_dn:", func(c *Config) { c.GroupBaseDN = "groups" }},
		{"user:", func(c *Config) { c.User = "svc@example.test" }},
		{"password:", func(c *Config) { c.Password = secret.Ref{} }},
		{"person_filter:", func(c *Config) { c.PersonFilter = "(objectClass=person" }},
		{"id_attribute:", func(c *Config) { c.IDAttribute = "a)(b" }},
		{"principal_attribute:", func(c *Config) { c.PrincipalAttribute = "a b" }},
		{"disabled_attribute:", func(c *Config) { c.DisabledAttribute = "1x" }},
		{"password_set_attribute:", func(c *Config) { c.PasswordSetAttribute = "*" }},
		{"name_attributes[0]:", func(c *Config) { c.NameAttributes = []string{"u=d"} }},
		{"mail_attributes[1]:", func(c *Config) { c.MailAttributes = []string{"mail", ""} }},
		{"attributes[0]:", func(c *Config) { c.Attributes = []string{"userpassword"} }},
		{"default_policy:", func(c *Config) { c.DefaultPolicy = "default" }},
		{"password_write:", func(c *Config) { c.PasswordWrite = "hash" }},
		{"connect_timeout:", func(c *Config) { c.ConnectTimeout = -time.Second }},
		{"read_timeout:", func(c *Config) { c.ReadTimeout = time.Hour }},
		{"write_timeout:", func(c *Config) { c.WriteTimeout = time.Millisecond }},
		{"connections:", func(c *Config) { c.Connections = math.MaxInt }},
	} {
		bad := working()
		c.change(&bad)
		if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.key) {
			t.Errorf("%+v: %v, want %s …", bad, err, c.key)
		}
	}
	for _, policy := range []string{"none", "cn=default,dc=example,dc=test"} {
		c := working()
		c.DefaultPolicy = policy
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", policy, err)
		}
	}
}

func TestOpenWantsItsFiles(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	deps := func(password string) Deps {
		return Deps{Now: time.Now, Resolve: func(secret.Ref) (secret.Text, error) { return secret.New(password), nil }}
	}
	for name, c := range map[string]struct{ file, password string }{
		"no such file": {empty + "x", "x"}, "no certificate": {empty, "x"}, "an empty password": {"", ""},
	} {
		config := working()
		config.CAFile = c.file
		if _, err := Open(config, deps(c.password)); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if _, err := Open(Config{}, deps("x")); err == nil {
		t.Error("opened without a configuration")
	}
}
