package ad

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
		Domain: "Corp.Example.Test", Servers: []string{"ldaps://dc1.corp.example.test", "ldaps://[::1]:3269"}, User: "svc@corp.example.test",
		Password: secret.Ref{Env: "X"},
	}
}

func TestConfigFromYAML(t *testing.T) {
	const text = `
domain: corp.example.test
netbios: CORP
servers: [ldaps://dc1.corp.example.test, "ldaps://127.0.0.1:1636/"]
ca_file: /etc/ca.pem
base_dn: OU=People,DC=corp,DC=example,DC=test
user: CORP\svc-rekey
password: {file: /run/secrets/ad}
dns_server: 10.1.2.3
attributes: [department, l, extensionAttribute1]
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
	if c.Password.File != "/run/secrets/ad" || c.WriteTimeout != 8*time.Second || len(c.Attributes) != 3 {
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
		{"domain:", func(c *Config) { c.Domain = "CORP" }},
		{"dns_server:", func(c *Config) { c.DNSServer = "dc1.corp.example.test" }},
		{"dns_server:", func(c *Config) { c.DNSServer = "10.1.2.3:x" }},
		{"domain:", func(c *Config) { c.Domain = "corp..test" }},
		{"domain:", func(c *Config) { c.Domain = "corp.test,DC=x" }},
		{"netbios:", func(c *Config) { c.NetBIOS = `CORP\` }},
		{"servers:", func(c *Config) { c.Servers = nil }},
		{"servers[0]:", func(c *Config) { c.Servers[0] = "ldap://dc1.corp.example.test" }},
		{"servers[0]:", func(c *Config) { c.Servers[0] = "dc1.corp.example.test:636" }},
		{"servers[1]:", func(c *Config) { c.Servers[1] = "ldaps://" }},
		{"servers[1]:", func(c *Config) { c.Servers[1] = "ldaps://user:secret@dc1" }},
		{"servers[1]:", func(c *Config) { c.Servers[1] = "ldaps://dc1/DC=x" }},
		{"servers[1]:", func(c *Config) { c.Servers[1] = c.Servers[0] }},
		{"base_dn:", func(c *Config) { c.BaseDN = "people" }},
		{"base_dn:", func(c *Config) { c.BaseDN = "OU=People,DC=elsewhere,DC=test" }},
		{"user:", func(c *Config) { c.User = "svc" }},
		{"password:", func(c *Config) { c.Password = secret.Ref{} }},
		{"attributes[1]:", func(c *Config) { c.Attributes = []string{"l", "a)(b=*"} }},
		{"attributes[0]:", func(c *Config) { c.Attributes = []string{""} }},
		{"connect_timeout:", func(c *Config) { c.ConnectTimeout = -time.Second }},
		{"read_timeout:", func(c *Config) { c.ReadTimeout = time.Hour }},
		{"write_timeout:", func(c *Config) { c.WriteTimeout = time.Millisecond }},
		{"connections:", func(c *Config) { c.Connections = -1 }},
		{"connections:", func(c *Config) { c.Connections = math.MaxInt }},
	} {
		bad := working()
		c.change(&bad)
		if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.key) {
			t.Errorf("%+v: %v, want %s …", bad, err, c.key)
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
	for name, c := range map[string]struct {
		file, password string
	}{
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
