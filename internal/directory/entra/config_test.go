package entra

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"rekey/internal/secret"
)

const (
	tenantID = "0a0b0c0d-0000-4000-8000-00000000000a"
	clientID = "0a0b0c0d-0000-4000-8000-00000000000b"
)

func working() Config {
	return Config{Domain: "Contoso.OnMicrosoft.com", Tenant: strings.ToUpper(tenantID), ClientID: clientID, Secret: secret.Ref{Env: "X"}}
}

func TestConfigFromYAML(t *testing.T) {
	const text = `
domain: contoso.onmicrosoft.com
tenant: 0a0b0c0d-0000-4000-8000-00000000000a
short_name: CONTOSO
cloud: usgov-l5
authority: https://127.0.0.1:8443/
graph: https://127.0.0.1:8444
ca_file: /etc/ca.pem
client_id: 0a0b0c0d-0000-4000-8000-00000000000b
certificate: {file: /etc/rekey/entra.pem}
write_synced: true
ordinary_roles: [88d8e3e3-8f55-4a1e-953a-9b9898b8876b]
banned_words: [contoso, fabrikam]
names: [Contoso]
attributes: [department, extensionAttribute1]
connect_timeout: 2s
read_timeout: 3s
write_timeout: 8s
`
	var c Config
	if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if c.Certificate.File != "/etc/rekey/entra.pem" || !c.WriteSynced || c.WriteTimeout != 8*time.Second || len(c.BannedWords) != 2 {
		t.Errorf("%+v", c)
	}
}

func TestClouds(t *testing.T) {
	for _, want := range []cloud{
		{"", "https://login.microsoftonline.com", "https://graph.microsoft.com"},
		{"usgov-l4", "https://login.microsoftonline.us", "https://graph.microsoft.us"},
		{"usgov-l5", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
		{"china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"},
	} {
		c := working()
		c.Cloud = want.name
		if got := c.withDefaults(); got.Authority != want.authority || got.Graph != want.graph {
			t.Errorf("%s: %s, %s", want.name, got.Authority, got.Graph)
		}
	}
	c := working()
	c.Cloud, c.Graph = "china", "https://graph.example/"
	if got := c.withDefaults(); got.Graph != "https://graph.example" || got.Authority != clouds()[3].authority {
		t.Errorf("one host of our own: %s, %s", got.Authority, got.Graph)
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
		{"domain:", func(c *Config) { c.Domain = "contoso" }},
		{"domain:", func(c *Config) { c.Domain = "contoso.com/x" }},
		{"tenant:", func(c *Config) { c.Tenant = "contoso.com" }},
		{"tenant:", func(c *Config) { c.Tenant = tenantID + "/../" }},
		{"short_name:", func(c *Config) { c.ShortName = `CONTOSO\` }},
		{"cloud:", func(c *Config) { c.Cloud = "germany" }},
		{"authority:", func(c *Config) { c.Authority = "http://127.0.0.1" }},
		{"authority:", func(c *Config) { c.Authority = "https://login.example/common" }},
		{"graph:", func(c *Config) { c.Graph = "http://graph.microsoft.com" }},
		{"graph:", func(c *Config) { c.Graph = "https://user:secret@graph.example" }},
		{"client_id:", func(c *Config) { c.ClientID = "rekey" }},
		{"client_id:", func(c *Config) { c.ClientID = "" }},
		{"certificate:", func(c *Config) { c.Secret = secret.Ref{} }},
		{"certificate:", func(c *Config) { c.TokenFile = "/var/run/token" }},
		{"certificate:", func(c *Config) { c.ManagedIdentity = &ManagedIdentity{} }},
		{"secret_expires:", func(c *Config) { c.SecretExpires = "31.5.2027" }},
		{"secret_expires:", func(c *Config) {
			c.Secret, c.Certificate, c.SecretExpires = secret.Ref{}, secret.Ref{Env: "X"}, "2027-05-31"
		}},
		{"managed_identity.endpoint:", func(c *Config) {
			c.Secret, c.ManagedIdentity = secret.Ref{}, &ManagedIdentity{Endpoint: "http://10.0.0.1/token"}
		}},
		{"managed_identity.endpoint:", func(c *Config) {
			c.Secret, c.ManagedIdentity = secret.Ref{}, &ManagedIdentity{Endpoint: "ftp://127.0.0.1/token"}
		}},
		{"ordinary_roles[1]:", func(c *Config) { c.OrdinaryRoles = []string{ordinaryRoles()[0], "Global Reader"} }},
		{"ordinary_roles[0]:", func(c *Config) { c.OrdinaryRoles = []string{none, ordinaryRoles()[0]} }},
		{"attributes[0]:", func(c *Config) { c.Attributes = []string{"a,passwordProfile"} }},
		{"banned_words:", func(c *Config) { c.BannedWords = make([]string, 1001) }},
		{"connect_timeout:", func(c *Config) { c.ConnectTimeout = time.Millisecond }},
		{"read_timeout:", func(c *Config) { c.ReadTimeout = time.Minute }},
		{"write_timeout:", func(c *Config) { c.WriteTimeout = -time.Second }},
	} {
		bad := working()
		c.change(&bad)
		if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.key) {
			t.Errorf("want %s, got %v", c.key, err)
		}
	}
}

func TestManagedIdentityMayHaveNoClient(t *testing.T) {
	c := working()
	c.Secret, c.ClientID, c.ManagedIdentity = secret.Ref{}, "", &ManagedIdentity{}
	if err := c.Validate(); err != nil || c.withDefaults().ManagedIdentity.Endpoint != imds {
		t.Errorf("%v", err)
	}
	c.ManagedIdentity = &ManagedIdentity{Endpoint: "http://127.0.0.1:40342/token"}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestOrdinaryRoles(t *testing.T) {
	c := working()
	if got := c.withDefaults().OrdinaryRoles; !slices.Equal(got, ordinaryRoles()) {
		t.Errorf("%v", got)
	}
	c.OrdinaryRoles = []string{none}
	if _, privileged := (memberships{roles: []group{{Template: ordinaryRoles()[0]}}}).of(c.withDefaults().OrdinaryRoles); !privileged {
		t.Error("none leaves one")
	}
}
