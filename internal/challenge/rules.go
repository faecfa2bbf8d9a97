package challenge

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"rekey/internal/secret"
)

// Show says when forms that anybody may send ask for something.
type Show string

// The occasions.
const (
	AfterFailures Show = "after-failures" // once a source has used up what is free
	Always        Show = "always"
	Never         Show = "never"
)

// Provider is who judges browsers.
type Provider string

// The providers. Work is ours: a proof of work, and nobody else hears of it.
const (
	Work      Provider = "work"
	Turnstile Provider = "turnstile"
	HCaptcha  Provider = "hcaptcha"
	ReCAPTCHA Provider = "recaptcha" // v2, with a checkbox
)

// Config is the part of the settings that says who is asked. Zero values take the defaults named.
type Config struct {
	Show           Show       `yaml:"show,omitempty" json:"show,omitempty"`                       // after-failures
	After          int        `yaml:"after,omitempty" json:"after,omitempty"`                     // 3; starts and failed proofs of one source that are free in an hour
	ExceptNetworks []string   `yaml:"except_networks,omitempty" json:"except_networks,omitempty"` // addresses, prefixes, names of networks
	Provider       Provider   `yaml:"provider,omitempty" json:"provider,omitempty"`               // work
	Bits           int        `yaml:"bits,omitempty" json:"bits,omitempty"`                       // 16; each one more doubles the work
	SiteKey        string     `yaml:"site_key,omitempty" json:"site_key,omitempty"`               // of the provider
	Secret         secret.Ref `yaml:"secret,omitempty" json:"secret,omitzero"`                    // of the provider
	VerifyURL      string     `yaml:"verify_url,omitempty" json:"verify_url,omitempty"`           // instead of the provider's own
}

// Window is the time in which Config.After counts.
const Window = time.Hour

// Rules are a compiled Config. The zero value asks nobody.
type Rules struct {
	Show     Show
	After    int
	Bits     int
	Provider Provider
	SiteKey  string
	Secret   secret.Text
	// VerifyURL is where the provider's tokens are checked; empty: where the provider says.
	VerifyURL string

	except []netip.Prefix
	named  []string
}

// Compile checks the settings. known tells whether a network has that name. Errors name the key.
func (c Config) Compile(resolve secret.Resolver, known func(network string) bool) (Rules, error) {
	r := Rules{
		Show: or(c.Show, AfterFailures), After: or(c.After, 3), Bits: or(c.Bits, 16), Provider: or(c.Provider, Work),
		SiteKey: c.SiteKey, VerifyURL: c.VerifyURL,
	}
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("challenge."+key+": "+format, args...))
	}
	if !slices.Contains([]Show{AfterFailures, Always, Never}, r.Show) {
		bad("show", "want after-failures, always or never, got %q", r.Show)
	}
	if r.After < 1 || r.After > 1000 {
		bad("after", "want 1 to 1000, got %d", r.After)
	}
	if r.Bits < 12 || r.Bits > 22 {
		bad("bits", "want 12 to 22, got %d", r.Bits)
	}
	for i, text := range c.ExceptNetworks {
		switch p, ok := prefix(text); {
		case ok:
			r.except = append(r.except, p)
		case known(text):
			r.named = append(r.named, text)
		default:
			bad(fmt.Sprintf("except_networks[%d]", i), "%q is no address, no prefix such as 10.0.0.0/8 and no network that has a name", text)
		}
	}
	r.judge(c, resolve, bad)
	return r, errors.Join(errs...)
}

// judge checks what belongs to a provider.
func (r *Rules) judge(c Config, resolve secret.Resolver, bad func(key, format string, args ...any)) {
	switch {
	case !slices.Contains([]Provider{Work, Turnstile, HCaptcha, ReCAPTCHA}, r.Provider):
		bad("provider", "want work, turnstile, hcaptcha or recaptcha, got %q", r.Provider)
		return
	case r.Provider == Work:
		for key, given := range map[string]bool{"site_key": c.SiteKey != "", "secret": !c.Secret.IsZero(), "verify_url": c.VerifyURL != ""} {
			if given {
				bad(key, "is of no use with provider work")
			}
		}
		return
	}
	if c.SiteKey == "" {
		bad("site_key", "is missing")
	}
	if c.Secret.IsZero() {
		bad("secret", "is missing")
	} else if text, err := resolve(c.Secret); err != nil {
		bad("secret", "%w", err)
	} else {
		r.Secret = text
	}
	if c.VerifyURL != "" && !askable(c.VerifyURL) {
		bad("verify_url", "want an https URL, or http to this machine, got %q", c.VerifyURL)
	}
}

// askable reports whether a secret may be sent to a URL.
func askable(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	a, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && err == nil && a.IsLoopback()
}

func prefix(text string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// Asks reports whether visitors from an address are asked at all. within tells whether it is in the network of a name.
func (r Rules) Asks(from netip.Addr, within func(network string, a netip.Addr) bool) bool {
	if r.Show != Always && r.Show != AfterFailures {
		return false
	}
	from = from.Unmap()
	return !slices.ContainsFunc(r.except, func(p netip.Prefix) bool { return p.Contains(from) }) &&
		!slices.ContainsFunc(r.named, func(name string) bool { return within(name, from) })
}
