package config_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/config"
)

// good is a configuration that starts.
func good() config.Config {
	return config.Config{
		Listen: "127.0.0.1:8080", PublicURL: "https://reset.example.com", Database: "postgres://rekey@db.example.com/rekey",
		DatabaseConns: 16, KeyFile: "/etc/rekey/rekey.key", LogLevel: "info", KeepFlows: time.Hour,
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rekey.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const least = "public_url: https://reset.example.com\ndatabase: postgres://rekey:hunter2@db.example.com/rekey\nkey_file: /etc/rekey/rekey.key\n"

func TestTheExampleLoads(t *testing.T) {
	c, err := config.Load("../../configs/rekey.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	proxies, err := c.Proxies()
	if err != nil || len(proxies) != 1 || c.Origin() != "https://reset.example.com" || c.KeepFlows != 30*24*time.Hour {
		t.Errorf("got %+v, %v", c, err)
	}
	text, err := os.ReadFile("../../configs/rekey.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys() {
		if !bytes.Contains(text, []byte("\n"+key+":")) {
			t.Errorf("the example does not show %s", key)
		}
	}
}

// keys lists the names in YAML.
func keys() []string {
	var all []string
	for f := range reflect.TypeFor[config.Config]().Fields() {
		all = append(all, f.Tag.Get("yaml"))
	}
	return all
}

func TestEveryKeyHasItsVariable(t *testing.T) {
	for f := range reflect.TypeFor[config.Config]().Fields() {
		if want := "REKEY_" + strings.ToUpper(f.Tag.Get("yaml")); f.Tag.Get("env") != want {
			t.Errorf("%s: %q, want %q", f.Name, f.Tag.Get("env"), want)
		}
	}
}

func TestDefaults(t *testing.T) {
	for name, text := range map[string]string{"left out": least, "zero": least + "database_conns: 0\nkeep_flows: 0s\nlisten: ''\nlog_level: ''\n"} {
		c, err := config.Load(file(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if c.Listen != "127.0.0.1:8080" || c.LogLevel != "info" || c.DatabaseConns != 16 || c.KeepFlows != 30*24*time.Hour || c.MetricsListen != "" {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestTheEnvironmentWins(t *testing.T) {
	t.Setenv("REKEY_LISTEN", "0.0.0.0:80")
	t.Setenv("REKEY_TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.1/32")
	t.Setenv("REKEY_KEEP_FLOWS", "48h")
	t.Setenv("REKEY_DATABASE_CONNS", "4")
	t.Setenv("REKEY_SETTINGS_LOCKED", "true")
	c, err := config.Load(file(t, least+"listen: 127.0.0.1:1\nlog_level: debug\nkeep_flows: 1h\ntrusted_proxies: [172.16.0.0/12]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "0.0.0.0:80" || len(c.TrustedProxies) != 2 || c.KeepFlows != 48*time.Hour || c.DatabaseConns != 4 || !c.SettingsLocked {
		t.Errorf("the file won: %+v", c)
	}
	if c.LogLevel != "debug" || c.PublicURL != "https://reset.example.com" {
		t.Errorf("what the environment does not name is lost: %+v", c)
	}
	t.Setenv("REKEY_DATABASE_CONNS", "many")
	if _, err := config.Load(file(t, least)); err == nil || !strings.Contains(err.Error(), "environment") {
		t.Errorf("got %v", err)
	}
}

func TestTheEnvironmentIsEnough(t *testing.T) {
	t.Setenv("REKEY_PUBLIC_URL", "https://reset.example.com")
	t.Setenv("REKEY_DATABASE", "postgres://db")
	if _, err := config.Load(""); err == nil || !strings.HasPrefix(err.Error(), "environment: key_file: is missing") {
		t.Errorf("got %v", err)
	}
	t.Setenv("REKEY_KEY_FILE", "/etc/rekey/rekey.key")
	if _, err := config.Load(""); err != nil {
		t.Error(err)
	}
}

func TestErrorsNameFileLineAndKey(t *testing.T) {
	for _, c := range []struct{ name, text, line, key string }{
		{"unknown key", least + "listn: 127.0.0.1:1\n", ":4:", "listn: unknown field"},
		{"wrong type", least + "\ndatabase_conns: many\n", ":5:", "database_conns: want int, got string"},
		{"twice", least + "key_file: /other\n", ":4:", "key_file"},
		{"a bad duration", least + "keep_flows: 3 days\n", ":4:", "keep_flows: want a time such as"},
		{"not YAML", least + "\t- x\n", ":4:", ""},
		{"a wrong value", least + "log_level: loud\n", ": ", "log_level: want debug, info, warn or error"},
		{"an empty file", "", ": ", "public_url: is missing"},
	} {
		path := file(t, c.text)
		_, err := config.Load(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+c.line) || !strings.Contains(err.Error(), c.key) {
			t.Errorf("%s: got %v", c.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the database's password: %v", c.name, err)
		}
	}
	if _, err := config.Load("/nowhere/rekey.yaml"); err == nil || !strings.Contains(err.Error(), "/nowhere/rekey.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestValidate(t *testing.T) {
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*config.Config){
		"listen: want host:port":                   func(c *config.Config) { c.Listen = "8080" },
		"metrics_listen: want host:port":           func(c *config.Config) { c.MetricsListen = "localhost" },
		"public_url: is missing":                   func(c *config.Config) { c.PublicURL = "" },
		"database: is missing":                     func(c *config.Config) { c.Database = "" },
		"database_conns: want 2 to 1000, got 1":    func(c *config.Config) { c.DatabaseConns = 1 },
		"database_conns: want 2 to 1000, got 1001": func(c *config.Config) { c.DatabaseConns = 1001 },
		"key_file: is missing":                     func(c *config.Config) { c.KeyFile = "" },
		`trusted_proxies: "10.0.0.1" is not a net`: func(c *config.Config) { c.TrustedProxies = []string{"10.0.0.0/8", "10.0.0.1"} },
		"log_level: want debug":                    func(c *config.Config) { c.LogLevel = "loud" },
		"keep_flows: want an hour or more":         func(c *config.Config) { c.KeepFlows = time.Minute },
	} {
		c := good()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if err := (config.Config{}).Validate(); strings.Count(err.Error(), "\n") < 6 {
		t.Errorf("not all problems at once: %v", err)
	}
}

func TestGeoFiles(t *testing.T) {
	t.Setenv("REKEY_GEO_FILES", "/var/lib/GeoIP/GeoLite2-City.mmdb,/var/lib/GeoIP/GeoLite2-ASN.mmdb")
	c, err := config.Load(file(t, least+"geo_files: [/other.mmdb]\n"))
	if err != nil || !slices.Equal(c.GeoFiles, []string{"/var/lib/GeoIP/GeoLite2-City.mmdb", "/var/lib/GeoIP/GeoLite2-ASN.mmdb"}) {
		t.Errorf("the environment does not win: %q, %v", c.GeoFiles, err)
	}
	for want, files := range map[string][]string{
		`geo_files: want an unpacked .mmdb file, got "b.mmdb.gz"`: {"a.mmdb", "b.mmdb.gz"},
		`geo_files: want an unpacked .mmdb file, got ""`:          {""},
		`geo_files: "/b/../a.mmdb" is named twice`:                {"/a.mmdb", "/b/../a.mmdb"},
	} {
		c := good()
		c.GeoFiles = files
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestAttack20NobodyTrustsEverybodysHeaders: a proxy list of everybody would let each visitor choose an address.
func TestAttack20NobodyTrustsEverybodysHeaders(t *testing.T) {
	for _, everybody := range []string{"0.0.0.0/0", "::/0"} {
		c := good()
		c.TrustedProxies = []string{everybody}
		if err := c.Validate(); err == nil {
			t.Errorf("%s is taken", everybody)
		}
	}
}

// TestAttack19ThePublicURLIsFixedAndPlain: links are made from it alone, so it has to be there and to be nothing but an origin.
func TestAttack19ThePublicURLIsFixedAndPlain(t *testing.T) {
	for public, origin := range map[string]string{
		"https://reset.example.com":      "https://reset.example.com",
		"https://reset.example.com/":     "https://reset.example.com",
		"https://reset.example.com:8443": "https://reset.example.com:8443",
		"https://reset.example.com:443":  "https://reset.example.com",
		"HTTPS://Reset.Example.com":      "https://reset.example.com",
		"http://localhost:8080":          "http://localhost:8080",
		"http://localhost:80/":           "http://localhost",
		"https://[2001:db8::1]":          "https://[2001:db8::1]",
	} {
		c := good()
		c.PublicURL = public
		if err := c.Validate(); err != nil || c.Origin() != origin || c.Secure() != strings.HasPrefix(origin, "https") {
			t.Errorf("%s: origin %q, secure %v, %v", public, c.Origin(), c.Secure(), err)
		}
	}
	for _, public := range []string{
		"", "reset.example.com", "//reset.example.com", "https:reset.example.com", "https://", "https:///", "https://:443", "ftp://reset.example.com",
		"http://reset.example.com", "http://127.0.0.1", "http://localhost.example.com", "http://localhost@evil.example", "https://me:pw@reset.example.com",
		"https://reset.example.com/portal", "https://reset.example.com?x=1", "https://reset.example.com?", "https://reset.example.com#x",
		"https://reset.example.com\nevil.example", "https://bücher.example", "javascript:alert(1)", "https://reset.example.com:port",
	} {
		c := good()
		c.PublicURL = public
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "public_url: ") {
			t.Errorf("%q: %v", public, err)
		}
	}
}

// TestAttack35EveryInstallationHasAKeyOfItsOwn: there is no built-in key, and a short or empty file is none.
func TestAttack35EveryInstallationHasAKeyOfItsOwn(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	encoded := base64.StdEncoding.EncodeToString(key)
	for name, text := range map[string]string{"plain": encoded, "with a line end": encoded + "\n", "from Windows": encoded + "\r\n"} {
		c := config.Config{KeyFile: file(t, text)}
		if got, err := c.Key(); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%s: %v", name, err)
		}
	}
	short := base64.StdEncoding.EncodeToString(key[:31])
	for name, text := range map[string]string{"empty": "", "short": short, "long": base64.StdEncoding.EncodeToString(append(key, 1)), "not base64": "?" + encoded[1:]} {
		c := config.Config{KeyFile: file(t, text)}
		got, err := c.Key()
		if err == nil || got != nil || !strings.Contains(err.Error(), "key_file: ") || !strings.Contains(err.Error(), c.KeyFile) {
			t.Errorf("%s: %v", name, err)
		}
		if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
	if _, err := (config.Config{KeyFile: "/nowhere/rekey.key"}).Key(); err == nil {
		t.Error("no file, and yet a key")
	}
}
