// Package config reads what one process needs to start: where to listen, the database, the keys. Everything an administrator
// decides about recovery is in the settings document instead (package settings).
package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/caarlos0/env/v11"

	"rekey/internal/strictyaml"
)

// Config is the process configuration. Every key can be set by the environment variable named beside it, which wins.
type Config struct {
	// Listen is the address pages are served on; empty: 127.0.0.1:8080.
	Listen string `yaml:"listen" env:"REKEY_LISTEN"`
	// PublicURL is how browsers reach Rekey. It must be https, but for http://localhost. Links in mails and the passkeys'
	// relying party come from it, never from a request.
	PublicURL string `yaml:"public_url" env:"REKEY_PUBLIC_URL"`
	// MetricsListen serves /metrics, /healthz and /readyz for machines; empty: no metrics.
	MetricsListen string `yaml:"metrics_listen" env:"REKEY_METRICS_LISTEN"`
	// Database is a PostgreSQL URL or key=value string.
	Database string `yaml:"database" env:"REKEY_DATABASE"`
	// DatabaseConns is the size of the connection pool; 0: 16.
	DatabaseConns int `yaml:"database_conns" env:"REKEY_DATABASE_CONNS"`
	// KeyFile holds the 32-byte key that wraps all others, in base64. Every replica needs the same one.
	KeyFile string `yaml:"key_file" env:"REKEY_KEY_FILE"`
	// SettingsFile is the settings document used at the very first start only.
	SettingsFile string `yaml:"settings_file" env:"REKEY_SETTINGS_FILE"`
	// SettingsLocked leaves the settings to version control: pages may show them, only commands save versions.
	SettingsLocked bool `yaml:"settings_locked" env:"REKEY_SETTINGS_LOCKED"`
	// TrustedProxies are networks whose X-Forwarded-For is believed; empty: nobody's.
	TrustedProxies []string `yaml:"trusted_proxies" env:"REKEY_TRUSTED_PROXIES"`
	// GeoFiles are databases of MaxMind or DB-IP (.mmdb) that say where an address is; empty: nobody knows.
	GeoFiles []string `yaml:"geo_files" env:"REKEY_GEO_FILES"`
	// LogLevel is debug, info, warn or error; empty: info.
	LogLevel string `yaml:"log_level" env:"REKEY_LOG_LEVEL"`
	// KeepFlows is how long ended flows stay in the database; 0: 30 days. The audit log is kept regardless.
	KeepFlows time.Duration `yaml:"keep_flows" env:"REKEY_KEEP_FLOWS"`
}

// Load reads the file, overlays the environment and validates. Errors name the file, line and key. An empty path reads the
// environment alone.
func Load(path string) (Config, error) {
	var c Config
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("read config: %w", err)
		}
		source, err := strictyaml.Parse(path, text)
		if err != nil {
			return Config{}, err
		}
		if err := source.Decode(&c); err != nil {
			return Config{}, err
		}
	}
	if err := env.Parse(&c); err != nil {
		return Config{}, fmt.Errorf("environment: %w", err)
	}
	c = c.withDefaults()
	if err := c.Validate(); err != nil {
		if path == "" {
			path = "environment"
		}
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	if c.LogLevel == "" {
		c.LogLevel = "info"
	}
	if c.DatabaseConns == 0 {
		c.DatabaseConns = 16
	}
	if c.KeepFlows == 0 {
		c.KeepFlows = 30 * 24 * time.Hour
	}
	return c
}

// Validate reports every problem at once, each with its key.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		bad("listen", "want host:port, got %q", c.Listen)
	}
	if _, _, err := net.SplitHostPort(c.MetricsListen); c.MetricsListen != "" && err != nil {
		bad("metrics_listen", "want host:port, got %q", c.MetricsListen)
	}
	if err := checkPublicURL(c.PublicURL); err != nil {
		bad("public_url", "%v", err)
	}
	if c.Database == "" {
		bad("database", "is missing")
	}
	if c.DatabaseConns < 2 || c.DatabaseConns > 1000 {
		bad("database_conns", "want 2 to 1000, got %d", c.DatabaseConns)
	}
	if c.KeyFile == "" {
		bad("key_file", "is missing; make one with: head -c 32 /dev/urandom | base64 > rekey.key")
	}
	if _, err := c.Proxies(); err != nil {
		bad("trusted_proxies", "%v", err)
	}
	if err := checkGeoFiles(c.GeoFiles); err != nil {
		bad("geo_files", "%v", err)
	}
	if _, err := c.Level(); err != nil {
		bad("log_level", "want debug, info, warn or error, got %q", c.LogLevel)
	}
	if c.KeepFlows < time.Hour {
		bad("keep_flows", "want an hour or more, got %s", c.KeepFlows)
	}
	return errors.Join(errs...)
}

// checkPublicURL refuses anything a passkey or a Secure cookie would not work on, and what browsers would spell otherwise.
func checkPublicURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return errors.New("is missing; Rekey never trusts a request's Host header")
	case err != nil || u.Hostname() == "" || u.User != nil || u.ForceQuery || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return fmt.Errorf("want https://host, got %q", s)
	case strings.ContainsFunc(u.Host, func(c rune) bool { return c >= utf8.RuneSelf }):
		return fmt.Errorf("want the host as browsers send it (xn--…), got %q", s)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && u.Hostname() == "localhost":
		return nil
	}
	return fmt.Errorf("want https (http is for localhost alone), got %q", s)
}

// checkGeoFiles refuses what can never become a database: one still packed, or named twice. One that is not there yet is no reason
// not to start.
func checkGeoFiles(paths []string) error {
	seen := map[string]bool{}
	for _, p := range paths {
		if filepath.Ext(p) != ".mmdb" {
			return fmt.Errorf("want an unpacked .mmdb file, got %q", p)
		}
		if seen[filepath.Clean(p)] {
			return fmt.Errorf("%q is named twice", p)
		}
		seen[filepath.Clean(p)] = true
	}
	return nil
}

// Origin gives the public URL as browsers write it in the Origin header: lower case, no default port, no slash at the end.
func (c Config) Origin() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// Secure reports whether cookies may be marked Secure.
func (c Config) Secure() bool { return strings.HasPrefix(c.Origin(), "https:") }

// Level gives the log level.
func (c Config) Level() (slog.Level, error) {
	var l slog.Level
	err := l.UnmarshalText([]byte(c.LogLevel))
	return l, err
}

// Proxies gives the trusted networks.
func (c Config) Proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range c.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", s)
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("%q is everybody", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Key reads the key file.
func (c Config) Key() ([]byte, error) {
	b, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("key_file: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("key_file: %s does not hold 32 bytes in base64", c.KeyFile)
	}
	return key, nil
}
