package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"rekey/internal/challenge"
	"rekey/internal/flow"
	"rekey/internal/lint"
	"rekey/internal/mail"
	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/site"
	"rekey/internal/strictyaml"
	"rekey/internal/throttle"
)

// Document is the whole settings document, as Parse reads it. Parts that belong to a plug-in are kept as nodes until the plug-in reads them.
type Document struct {
	Brand Brand `yaml:"brand"`
	// Directories in the order they are asked; each is one key naming its type with the type's own settings below.
	Directories []map[string]ast.Node `yaml:"directories"`
	// Links tie directories whose accounts belong to the same people.
	Links []Link `yaml:"links,omitempty"`
	// Labels are what people call the sign-ins of directories, by key: "Windows", "Microsoft 365".
	Labels map[string]string `yaml:"labels,omitempty"`
	// Authenticators that are switched on, by kind.
	Authenticators map[string]ast.Node `yaml:"authenticators"`
	// Policies in order, and the defaults behind them.
	policy.Document `yaml:",inline"`
	// Mail is how messages leave.
	Mail mail.Config `yaml:"mail"`
	// SMS is how text messages leave; nil: none do.
	SMS *SMS `yaml:"sms,omitempty"`
	// Messages are texts of the firm's own, and who is told what.
	Messages Messages        `yaml:"messages,omitempty"`
	Throttle throttle.Limits `yaml:"throttle,omitempty"`
	Flow     Flow            `yaml:"flow,omitempty"`
	Session  Session         `yaml:"session,omitempty"`
	Sync     Sync            `yaml:"sync,omitempty"`
	Devices  Devices         `yaml:"devices,omitempty"`
	// Challenge says who has to show that they are no flood.
	Challenge challenge.Config `yaml:"challenge,omitempty"`
	// Discovery says what "rekey discover" leaves out.
	Discovery Discovery `yaml:"discovery,omitempty"`
	// Lint says how serious the linter's findings are.
	Lint lint.Rules `yaml:"lint,omitempty"`
	// Roles say who may do what in the administrators' pages.
	Roles []role.Binding `yaml:"roles,omitempty"`
	// Console are the times of the administrators' pages.
	Console Console `yaml:"console,omitempty"`
	// GuideNetworks are where a person without enough methods is told so; elsewhere they see what an unknown name sees.
	GuideNetworks []string `yaml:"guide_networks,omitempty"`

	source *strictyaml.Source
}

// Flow are the times and counts of one attempt. Zero values take the defaults named.
type Flow struct {
	Idle           time.Duration `yaml:"idle,omitempty"`             // 10m
	Life           time.Duration `yaml:"life,omitempty"`             // 30m
	TriesPerCode   int           `yaml:"tries_per_code,omitempty"`   // 5
	SendsPerMethod int           `yaml:"sends_per_method,omitempty"` // 3
}

// Discovery is what people decided about domains that were found.
type Discovery struct {
	Ignore []string `yaml:"ignore,omitempty"` // domains that are not proposed
}

func (d Discovery) validate() error {
	for i, name := range d.Ignore {
		if name == "" || strings.ContainsFunc(name, unicode.IsSpace) {
			return fmt.Errorf("discovery.ignore[%d]: want the name of a domain, got %q", i, name)
		}
	}
	return nil
}

// Session are the times of "My account". Zero values take the defaults named.
type Session struct {
	Idle   time.Duration `yaml:"idle,omitempty"`    // 10m
	Life   time.Duration `yaml:"life,omitempty"`    // 1h
	StepUp time.Duration `yaml:"step_up,omitempty"` // 10m
}

// Console are the times of the administrators' pages. Zero values take the defaults named; the longest idle time is that of PCI DSS
// 8.2.8, the longest life that of CJIS IA-11.
type Console struct {
	Idle   time.Duration `yaml:"idle,omitempty"`    // 15m
	Life   time.Duration `yaml:"life,omitempty"`    // 12h
	StepUp time.Duration `yaml:"step_up,omitempty"` // 10m
	OIDC   *ConsoleOIDC  `yaml:"oidc,omitempty"`
}

func (c Console) limits() (site.ConsoleLimits, error) {
	l := site.ConsoleLimits{
		Idle: or(c.Idle, 15*time.Minute), Life: or(c.Life, 12*time.Hour), StepUp: or(c.StepUp, 10*time.Minute),
	}
	return l, errors.Join(
		between("console.idle", l.Idle, time.Minute, 15*time.Minute),
		between("console.life", l.Life, l.Idle, 12*time.Hour),
		between("console.step_up", l.StepUp, time.Minute, time.Hour),
	)
}

// Parse reads a document strictly. Errors name file, line and key.
func Parse(name string, text []byte) (Document, error) {
	source, err := strictyaml.Parse(name, text)
	if err != nil {
		return Document{}, err
	}
	d := Document{source: source}
	if err := source.Decode(&d); err != nil {
		return Document{}, err
	}
	return d, nil
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

func (f Flow) limits() (flow.Limits, error) {
	l := flow.Limits{
		Idle: or(f.Idle, 10*time.Minute), Life: or(f.Life, 30*time.Minute),
		TriesPerCode: or(f.TriesPerCode, 5), SendsPerMethod: or(f.SendsPerMethod, 3), ApplyingFor: time.Minute,
	}
	return l, errors.Join(
		between("flow.idle", l.Idle, time.Minute, time.Hour),
		between("flow.life", l.Life, l.Idle, 24*time.Hour),
		between("flow.tries_per_code", l.TriesPerCode, 1, 10),
		between("flow.sends_per_method", l.SendsPerMethod, 1, 10),
	)
}

func (s Session) limits() (site.SessionLimits, error) {
	l := site.SessionLimits{
		Idle: or(s.Idle, 10*time.Minute), Life: or(s.Life, time.Hour), StepUp: or(s.StepUp, 10*time.Minute),
	}
	return l, errors.Join(
		between("session.idle", l.Idle, time.Minute, time.Hour),
		between("session.life", l.Life, l.Idle, 24*time.Hour),
		between("session.step_up", l.StepUp, time.Minute, time.Hour),
	)
}

func between[T int | time.Duration](key string, v, low, high T) error {
	if v < low || v > high {
		return fmt.Errorf("%s: want %v to %v, got %v", key, low, high, v)
	}
	return nil
}

func (d Document) guide() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for i, s := range d.GuideNetworks {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("guide_networks[%d]: %q is not a network such as 10.0.0.0/8", i, s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
