// Package site is what one version of the settings compiles into: an immutable snapshot that use cases read once per
// request and keep for its length. settings builds it; a new version replaces it whole.
package site

import (
	"context"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/challenge"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/picture"
	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/spend"
	"rekey/internal/throttle"
	"rekey/internal/wording"
)

// Snapshot is one compiled version. It is never changed after it was published.
type Snapshot struct {
	Version     int64
	Policies    *policy.Policies
	Directories []directory.Directory // in the order of the settings
	Links       []directory.Link
	Groups      directory.GroupCache // nil: groups are always read live
	Labels      map[string]string    // what people call a directory's sign-in, by key: "Windows", "Microsoft 365"
	Methods     map[factor.Kind]authenticator.Method
	Order       []factor.Kind // kinds switched on, strongest first
	Throttle    throttle.Limits
	Flow        flow.Limits
	Session     SessionLimits
	Sync        SyncRules
	Devices     DeviceRules
	Challenge   challenge.Rules
	SMS         spend.Rules    // off where the settings name no gateway
	Guide       []netip.Prefix // where people without enough methods are told so; elsewhere they see a decoy
	Brand       Brand
	Texts       wording.Texts    // of messages, in place of the built-in ones
	Audience    wording.Audience // who is told besides an account's owner
	Roles       role.Bindings    // of administrators
	Console     ConsoleLimits
}

// ConsoleLimits are the times of the administrators' pages.
type ConsoleLimits struct {
	Idle   time.Duration
	Life   time.Duration
	StepUp time.Duration // how long a proven passkey opens what asks for a fresh one
	SignIn SignInPage    // in place of password and passkey; nil: none
}

// SignInPage is a sign-in page of the firm's own, which answers for how surely somebody signed in. It is safe for concurrent use.
type SignInPage interface {
	// Label is what the way there is called.
	Label() string
	// StartSignIn gives where to send the browser, and what FinishSignIn needs then. Errors: directory.ErrUnavailable.
	StartSignIn(ctx context.Context, in directory.SignIn) (where string, pending []byte, err error)
	// FinishSignIn gives the name, as a directory knows it, of who came back. Errors: directory.ErrSignInRefused, also where the
	// authentication was not strong enough; directory.ErrUnavailable.
	FinishSignIn(ctx context.Context, pending []byte, answer url.Values) (name string, err error)
}

// SessionLimits are the times of "My account".
type SessionLimits struct {
	Idle   time.Duration
	Life   time.Duration
	StepUp time.Duration // how long a proven method opens changes
}

// DeviceRules say how browsers and devices are known again.
type DeviceRules struct {
	Remember      time.Duration // how long a browser that finished an attempt is known; 0: not at all
	ManagedHeader string        // by which a trusted proxy says that the firm manages the device; empty: nobody says
	ManagedValue  string
}

// Brand is what the firm makes its own.
type Brand struct {
	Name       string // "Example Corp password help"
	Firm       string // "Example Corp"
	HelpText   string // "Help desk: 4357 · Mon–Fri 7–19"
	HelpLink   string // tel:, mailto: or https: URL; may be empty
	HelpPhone  string // for people to read; may be empty, as the next
	HelpHours  string
	Color      string // #rrggbb; empty: the house colour
	ColorDark  string // on dark pages; empty: made of Color
	Locale     string // default language
	Product    string // what the password opens, for the password page: "Windows, mail and Microsoft 365"
	Logo, Icon picture.Picture
	Texts      map[string]map[string]string // of pages, in the firm's own words: by language and key
	Disclaimer Disclaimer
	Links      []BrandLink // at the foot of every page
}

// Disclaimer is what people read before they begin.
type Disclaimer struct {
	Text   map[string]string // by language; empty: there is none
	Accept bool
}

// BrandLink leads out of the portal.
type BrandLink struct {
	Label map[string]string // by language
	URL   string
}

// Said picks a text for a language: its own, else that of the default language, else any.
func (b Brand) Said(texts map[string]string, language string) string {
	for _, tag := range append([]string{language, b.Locale}, slices.Sorted(maps.Keys(texts))...) {
		if said := texts[tag]; said != "" {
			return said
		}
	}
	return ""
}

// Directory finds a directory by its key.
func (s *Snapshot) Directory(key string) (directory.Directory, bool) {
	for _, d := range s.Directories {
		if d.Key() == key {
			return d, true
		}
	}
	return nil, false
}

// Label is what people call a directory's sign-in; its key when nobody gave it another name.
func (s *Snapshot) Label(key string) string {
	if l := s.Labels[key]; l != "" {
		return l
	}
	return key
}

// rememberedFor is how old remembered groups may be.
const rememberedFor = 24 * time.Hour

// Finder finds people by these settings.
func (s *Snapshot) Finder(now time.Time) directory.Finder {
	return directory.Finder{Directories: s.Directories, Links: s.Links, Groups: s.Groups, OldestGroups: now.Add(-rememberedFor)}
}

// Source gives the snapshot in force.
type Source func() *Snapshot

// Version is one saved settings document.
type Version struct {
	Number   int64
	At       time.Time
	Author   string
	Reason   string
	Document []byte // canonical YAML
}
