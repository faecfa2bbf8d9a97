package passkey

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Config says for which site passkeys are made. Origin comes from the wiring, the rest from the settings document.
type Config struct {
	// Origin is the public URL pages are served at: https, or http on localhost. A passkey answers at exactly this origin.
	Origin string `yaml:"-"`
	// Name of the site, as the device shows it; empty: "Rekey".
	Name string `yaml:"name,omitempty" label:"Name of the site" help:"What a phone or browser shows when it asks for the passkey." default:"the portal's name"`
	// RPID is the domain passkeys belong to: the origin's host or a parent domain of it; empty: the host. Passkeys made for
	// another domain stop working when it changes.
	RPID string `yaml:"rp_id,omitempty" label:"Domain of the passkeys" help:"The host of the portal's address, or a parent domain of it. Passkeys that were made for another domain stop working when this changes." default:"the host of the portal's address"`
}

// Validate names the key that is wrong.
func (c Config) Validate() error {
	_, host, err := origin(c.Origin)
	if err != nil {
		return fmt.Errorf("origin: %w", err)
	}
	if err := checkRPID(c.withDefaults(host).RPID, host); err != nil {
		return fmt.Errorf("rp_id: %w", err)
	}
	return nil
}

func (c Config) withDefaults(host string) Config {
	if c.Name == "" {
		c.Name = "Rekey"
	}
	if c.RPID == "" {
		c.RPID = host
	}
	return c
}

// origin gives a URL's origin as browsers write it (WHATWG HTML §7.1.1: lower case, no default port), and its host.
func origin(raw string) (serialized, host string, err error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", "", err
	}
	host = strings.ToLower(u.Hostname())
	switch {
	case host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return "", "", fmt.Errorf("want https://host, got %q", raw)
	case u.Scheme != "https" && (u.Scheme != "http" || host != "localhost"):
		return "", "", fmt.Errorf("browsers offer passkeys over https alone, and on http://localhost, got %q", raw)
	}
	serialized = u.Scheme + "://" + host
	if p := u.Port(); p != "" && (u.Scheme != "https" || p != "443") && (u.Scheme != "http" || p != "80") {
		serialized += ":" + p
	}
	return serialized, host, nil
}

// checkRPID holds a relying party's id to WebAuthn L3 §5.1.3: the host or a parent of it, cut where a label begins. A single
// label is a top-level domain, which browsers refuse; localhost is for trying things out.
func checkRPID(id, host string) error {
	if _, err := netip.ParseAddr(id); err == nil {
		return fmt.Errorf("passkeys need a domain name, got the address %q", id)
	}
	if strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || strings.HasPrefix(id, ".") || strings.HasSuffix(id, ".") {
		return fmt.Errorf("want a domain name in lower case, in ASCII (xn--…), got %q", id)
	}
	if !strings.Contains(id, ".") && id != "localhost" {
		return fmt.Errorf("want a domain name with a dot in it, got %q", id)
	}
	if id != host && !strings.HasSuffix(host, "."+id) {
		return errors.New("want " + host + " or a parent domain of it, got " + id)
	}
	return nil
}
