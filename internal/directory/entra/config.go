package entra

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"rekey/internal/secret"
)

// Config is one Microsoft Entra tenant, and the application registered in it for Rekey.
type Config struct {
	// Domain is one of the tenant's verified domains, and the directory's key: best its initial one, contoso.onmicrosoft.com, which no
	// Active Directory domain has as its name.
	Domain string `yaml:"domain" label:"Domain" help:"A verified domain of the tenant, best its first one, such as contoso.onmicrosoft.com. It is the directory's name here, too."`
	// Tenant is the tenant's ID.
	Tenant string `yaml:"tenant" label:"Tenant ID" help:"As the tenant's overview shows it."`
	// ShortName is what people may type before a backslash: CONTOSO\anna is then anna@ followed by Domain or, where the tenant is
	// synchronized, the account with that sAMAccountName. Empty: names with a backslash are nobody's here.
	ShortName string `yaml:"short_name,omitempty" label:"Short name" help:"What people may type before a backslash, as in CONTOSO\\anna." default:"none" free:"true"`
	// Cloud is global (the default), usgov-l4, usgov-l5 or china.
	Cloud string `yaml:"cloud,omitempty" label:"Cloud" help:"Which of Microsoft's clouds the tenant is in." default:"global" options:"global,usgov-l4,usgov-l5,china"`
	// Authority and Graph are https URLs in place of the cloud's own hosts.
	Authority string `yaml:"authority,omitempty" label:"Sign-in address" help:"An https URL in place of the cloud's own." default:"the cloud's"`
	Graph     string `yaml:"graph,omitempty" label:"Graph address" help:"An https URL in place of the cloud's own." default:"the cloud's"`
	// CA is the certificates to verify both with, in PEM, in place of a file.
	CA string `yaml:"ca,omitempty" label:"Certificates" help:"Those that vouch for both, in PEM. The guided test shows them." default:"see the file" lines:"true"`
	// CAFile holds the certificates to verify both with, in PEM; empty: those of the system.
	CAFile string `yaml:"ca_file,omitempty" label:"Certificate file" help:"The file, on the portal's machines, with the certificates that vouch for both, in PEM." default:"what the system trusts"`
	// ClientID is the application's ID; with ManagedIdentity that of a user-assigned identity, or empty.
	ClientID string `yaml:"client_id,omitempty" label:"Application ID" help:"Of the app registration; with a managed identity, that of a user-assigned one."`
	// One of the following four proves the application. Certificate is a certificate with its RSA key, both in PEM.
	Certificate     secret.Ref       `yaml:"certificate,omitempty" label:"Certificate with key" help:"A certificate with its RSA key, both in PEM. The best of the four ways to prove the application outside of Azure."`
	Secret          secret.Ref       `yaml:"secret,omitempty" label:"Client secret" help:"Sealed as soon as you save, and never shown again."`
	TokenFile       string           `yaml:"token_file,omitempty" label:"Token file" help:"Of a workload identity: the file, on the portal's machines, that Kubernetes writes. Pages keep the one that is there." credential:"true"` // of a workload identity: what is in it changes
	ManagedIdentity *ManagedIdentity `yaml:"managed_identity,omitempty" label:"Managed identity" help:"The identity that Azure gives the portal's machines. Pages keep the one that is there." credential:"true"`
	// SecretExpires is the day Secret ends, as 2027-05-31, for the warning; empty: read from the application where that is permitted.
	SecretExpires string `yaml:"secret_expires,omitempty" label:"Client secret ends" help:"The day, as 2027-05-31, so that you are warned before." default:"read from the application where that is permitted" free:"true"`
	// WriteSynced allows to set passwords of accounts that are mastered in Active Directory. The next change there overwrites them: it
	// is meant for accounts of two linked directories that are both written.
	WriteSynced bool `yaml:"write_synced,omitempty" label:"Write accounts mastered in Active Directory, too" help:"For linked directories that are both written. The next change in Active Directory overwrites the password here." free:"true"`
	// OrdinaryRoles are template ids of directory roles that do not make an account privileged; empty: Directory Readers, Guest Inviter,
	// Message Center Reader, Reports Reader and Usage Summary Reports Reader. `[none]` leaves not one.
	OrdinaryRoles []string `yaml:"ordinary_roles,omitempty" label:"Roles that make nobody privileged" help:"Template IDs of directory roles, one on each line, or “none”." default:"reader roles and Guest Inviter" free:"true"`
	// BannedWords is the tenant's own list of banned passwords, to tell people beforehand. Graph does not give it away.
	BannedWords []string `yaml:"banned_words,omitempty" label:"Banned words" help:"The tenant's own list, one on each line, to tell people beforehand. It cannot be read from the tenant." free:"true"`
	// Names are those of the firm, which the tenant does not take in a password.
	Names []string `yaml:"names,omitempty" label:"Names of the firm" help:"Which the tenant takes in no password; one on each line." free:"true"`
	// Attributes are read besides those Rekey needs, for policies to match on.
	Attributes []string `yaml:"attributes,omitempty" label:"More attributes" help:"Read besides those that Rekey needs, for policies to match on; one on each line." free:"true"`
	// ConnectTimeout bounds the way to a server and its TLS handshake; 0: 3s.
	ConnectTimeout time.Duration `yaml:"connect_timeout,omitempty" label:"Time to connect" help:"For the way to a server and its TLS handshake." default:"3s" min:"100ms" max:"15s" free:"true"`
	// ReadTimeout bounds what is read for one call, repetitions included; 0: 8s.
	ReadTimeout time.Duration `yaml:"read_timeout,omitempty" label:"Time to read" help:"For what is read for one call, repetitions included." default:"8s" min:"100ms" max:"15s" free:"true"`
	// WriteTimeout bounds one write, repetitions included; 0: 10s.
	WriteTimeout time.Duration `yaml:"write_timeout,omitempty" label:"Time to write" help:"For one change of a password, repetitions included." default:"10s" min:"100ms" max:"15s" free:"true"`
}

// ManagedIdentity is the identity that Azure gives a machine.
type ManagedIdentity struct {
	// Endpoint is where tokens are asked for; empty: the instance metadata service. Plain HTTP goes to that one's address and to
	// loopback only.
	Endpoint string `yaml:"endpoint,omitempty" label:"Endpoint" help:"Where tokens are asked for." default:"the instance metadata service"`
}

const (
	longestTimeout = 15 * time.Second // keeps a write and what is read around it within the time a use case gives it
	imds           = "http://169.254.169.254/metadata/identity/oauth2/token"
	none           = "none"
)

// cloud is a national cloud's hosts (Microsoft Graph documentation, "National cloud deployments").
type cloud struct{ name, authority, graph string }

func clouds() []cloud {
	return []cloud{
		{"global", "https://login.microsoftonline.com", "https://graph.microsoft.com"},
		{"usgov-l4", "https://login.microsoftonline.us", "https://graph.microsoft.us"},
		{"usgov-l5", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
		{"china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"},
	}
}

func cloudNames() []string {
	var names []string
	for _, c := range clouds() {
		names = append(names, c.name)
	}
	return names
}

var (
	guidForm      = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	attributeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	domainForm    = regexp.MustCompile(`^([a-z0-9_-]{1,63}\.)+[a-z0-9-]{2,63}$`)
)

// Validate names the key that is wrong.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !domainForm.MatchString(c.Domain) || len(c.Domain) > 253 {
		wrong("domain: want a verified domain such as contoso.onmicrosoft.com, got %q", c.Domain)
	}
	if !guidForm.MatchString(c.Tenant) {
		wrong("tenant: want the tenant's ID, such as 00000000-0000-4000-8000-000000000000, got %q", c.Tenant)
	}
	if strings.ContainsAny(c.ShortName, `\/@ `) || len(c.ShortName) > 63 {
		wrong("short_name: want a name such as CONTOSO, got %q", c.ShortName)
	}
	if !slices.Contains(cloudNames(), c.Cloud) {
		wrong("cloud: want one of %s, got %q", strings.Join(cloudNames(), ", "), c.Cloud)
	}
	for _, u := range []struct{ key, value string }{{"authority", c.Authority}, {"graph", c.Graph}} {
		if err := checkBase(u.value); err != nil && u.value != "" {
			wrong("%s: %w", u.key, err)
		}
	}
	for _, t := range []struct {
		key   string
		value time.Duration
	}{{"connect_timeout", c.ConnectTimeout}, {"read_timeout", c.ReadTimeout}, {"write_timeout", c.WriteTimeout}} {
		if t.value < 100*time.Millisecond || t.value > longestTimeout {
			wrong("%s: want 100ms to %v, got %v", t.key, longestTimeout, t.value)
		}
	}
	return errors.Join(append(errs, c.checkCredential(), c.checkLists())...)
}

func (c Config) checkCredential() error {
	given := 0
	for _, has := range []bool{!c.Certificate.IsZero(), !c.Secret.IsZero(), c.TokenFile != "", c.ManagedIdentity != nil} {
		if has {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("certificate: want exactly one of certificate, secret, token_file and managed_identity, got %d", given)
	}
	if (c.ManagedIdentity == nil || c.ClientID != "") && !guidForm.MatchString(c.ClientID) {
		return fmt.Errorf("client_id: want the application's ID, got %q", c.ClientID)
	}
	if c.SecretExpires != "" {
		if _, err := time.Parse(time.DateOnly, c.SecretExpires); err != nil || c.Secret.IsZero() {
			return fmt.Errorf("secret_expires: want the day the secret ends, as 2027-05-31, got %q", c.SecretExpires)
		}
	}
	if c.ManagedIdentity != nil && c.ManagedIdentity.Endpoint != "" {
		if err := checkIdentity(c.ManagedIdentity.Endpoint); err != nil {
			return fmt.Errorf("managed_identity.endpoint: %w", err)
		}
	}
	return nil
}

func (c Config) checkLists() error {
	for i, r := range c.OrdinaryRoles {
		if !guidForm.MatchString(r) && (r != none || len(c.OrdinaryRoles) > 1) {
			return fmt.Errorf("ordinary_roles[%d]: want the template ID of a role, or none alone, got %q", i, r)
		}
	}
	for i, a := range c.Attributes {
		if !attributeForm.MatchString(a) {
			return fmt.Errorf("attributes[%d]: %q is not the name of a property", i, a)
		}
	}
	const mostWords = 1000 // as many as the tenant's list holds
	if len(c.BannedWords) > mostWords {
		return fmt.Errorf("banned_words: want %d at the most, got %d", mostWords, len(c.BannedWords))
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Domain, c.Tenant, c.ClientID = strings.ToLower(c.Domain), strings.ToLower(c.Tenant), strings.ToLower(c.ClientID)
	if c.Cloud == "" {
		c.Cloud = clouds()[0].name
	}
	for _, cloud := range clouds() {
		if cloud.name == c.Cloud && c.Authority == "" {
			c.Authority = cloud.authority
		}
		if cloud.name == c.Cloud && c.Graph == "" {
			c.Graph = cloud.graph
		}
	}
	c.Authority, c.Graph = strings.TrimRight(c.Authority, "/"), strings.TrimRight(c.Graph, "/")
	if c.ManagedIdentity != nil && c.ManagedIdentity.Endpoint == "" {
		c.ManagedIdentity = &ManagedIdentity{Endpoint: imds}
	}
	roles := c.OrdinaryRoles
	c.OrdinaryRoles = nil
	for _, r := range roles {
		c.OrdinaryRoles = append(c.OrdinaryRoles, strings.ToLower(r))
	}
	if len(c.OrdinaryRoles) == 0 {
		c.OrdinaryRoles = ordinaryRoles()
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 3 * time.Second
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = 8 * time.Second
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = 10 * time.Second
	}
	return c
}

// roots are the certificates to verify servers with; nil: those of the system.
func (c Config) roots() (*x509.CertPool, error) {
	switch {
	case c.CA != "" && c.CAFile != "":
		return nil, errors.New("ca: want one of ca and ca_file")
	case c.CA != "":
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(c.CA)) {
			return nil, errors.New("ca: holds no certificate in PEM")
		}
		return pool, nil
	case c.CAFile == "":
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

// checkBase wants a host, and nothing else: there is no unprotected way to one.
func checkBase(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("want https://host or https://host:port, got %q", text)
	}
	return nil
}

// checkIdentity lets plain HTTP through to what does not leave the machine.
func checkIdentity(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("want a URL such as %s, got %q", imds, text)
	}
	here := u.Hostname() == "localhost" || u.Hostname() == "169.254.169.254"
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() {
		here = true
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return fmt.Errorf("want https, or http on this machine, got %q", text)
	}
	return nil
}
