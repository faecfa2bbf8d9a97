package lint

import (
	"fmt"
	"slices"
	"strings"
)

// Code names a kind of finding.
type Code string

// The codes.
const (
	MailAlone          Code = "mail-alone"
	MailAloneUnlock    Code = "mail-alone-unlock"
	SingleFactor       Code = "single-factor"
	SingleFactorUnlock Code = "single-factor-unlock"
	IssuedOnly         Code = "issued-only"
	SameClass          Code = "same-class"
	Phishable          Code = "no-phishing-resistant"
	Questions          Code = "questions"
	OwnMailbox         Code = "own-mailbox"
	MailDomains        Code = "mail-domains"
	CodeLife           Code = "code-life"
	FailuresOver10     Code = "failures-over-10"
	FailuresOver5      Code = "failures-over-5"
	ShortHold          Code = "hold-under-30m"
	SessionIdle        Code = "session-idle"
	LengthUnder8       Code = "length-under-8"
	LengthUnder12      Code = "length-under-12"
	LengthUnder15      Code = "length-under-15"
	CommonPasswords    Code = "common-passwords"
	HistoryIgnored     Code = "history-ignored"
	PrivilegedStuck    Code = "privileged-stuck"
	Nobody             Code = "nobody"
	Shadowed           Code = "shadowed"
	ByRuleUnused       Code = "by-rule-unused"
	PolicyOver         Code = "policy-over"
	PilotEverybody     Code = "pilot-everybody"
	PilotEndless       Code = "pilot-endless"
	BuiltInDefault     Code = "built-in-default"
	RuleOver           Code = "rule-over"
	RuleReportsOnly    Code = "rule-reports-only"
	RuleNeverHolds     Code = "rule-never-holds"
	RuleNeverMatters   Code = "rule-never-matters"
	AllowEverybody     Code = "allow-everybody"
	DenyLanguage       Code = "deny-language"
	GeoMissing         Code = "geo-missing"
	NetworkEverywhere  Code = "network-everywhere"
	NetworkProxy       Code = "network-proxy"
	NetworkPrivate     Code = "network-private"
	SMSNoCap           Code = "sms-no-cap"
	SMSCountries       Code = "sms-many-countries"
)

// Profile is a set of levels.
type Profile string

// The profiles. Own is the house's: it stops at what is plainly unsafe only.
const (
	Own  Profile = "own"
	NIST Profile = "nist" // SP 800-63B-4, for accounts at AAL2
	PCI  Profile = "pci"  // PCI DSS 4.0.1
	CJIS Profile = "cjis" // CJIS Security Policy
)

// Profiles lists them.
func Profiles() []Profile { return []Profile{Own, NIST, PCI, CJIS} }

// levels of each code, in the order of Profiles. What makes a document pointless is the same in all.
var levels = map[Code][4]Level{ //nolint:gochecknoglobals // a table
	MailAlone:          {Error, Error, Error, Error},
	MailAloneUnlock:    {Warning, Error, Warning, Error},
	SingleFactor:       {Warning, Error, Warning, Error},
	SingleFactorUnlock: {Info, Warning, Info, Warning},
	IssuedOnly:         {Warning, Error, Warning, Error},
	SameClass:          {Warning, Error, Warning, Warning},
	Phishable:          {Warning, Warning, Info, Warning},
	Questions:          {Warning, Error, Warning, Error},
	OwnMailbox:         {Error, Error, Error, Error},
	MailDomains:        {Warning, Warning, Warning, Warning},
	CodeLife:           {Warning, Warning, Warning, Warning},
	FailuresOver10:     {Warning, Off, Error, Off},
	FailuresOver5:      {Off, Off, Off, Error},
	ShortHold:          {Warning, Off, Error, Off},
	SessionIdle:        {Warning, Off, Error, Off},
	LengthUnder8:       {Warning, Error, Off, Error},
	LengthUnder12:      {Off, Off, Error, Off},
	LengthUnder15:      {Info, Warning, Off, Off},
	CommonPasswords:    {Warning, Error, Warning, Error},
	HistoryIgnored:     {Warning, Off, Error, Off},
	PrivilegedStuck:    always(Warning),
	Nobody:             always(Warning),
	Shadowed:           always(Warning),
	ByRuleUnused:       always(Warning),
	PolicyOver:         always(Warning),
	PilotEverybody:     always(Warning),
	PilotEndless:       always(Warning),
	BuiltInDefault:     always(Info),
	RuleOver:           always(Warning),
	RuleReportsOnly:    always(Warning),
	RuleNeverHolds:     always(Warning),
	RuleNeverMatters:   always(Warning),
	AllowEverybody:     always(Warning),
	DenyLanguage:       always(Warning),
	GeoMissing:         always(Warning),
	NetworkEverywhere:  always(Warning),
	NetworkProxy:       always(Warning),
	NetworkPrivate:     always(Info),
	SMSNoCap:           always(Warning),
	SMSCountries:       always(Warning),
}

func always(l Level) [4]Level { return [4]Level{l, l, l, l} }

// clauses that each code breaks.
var clauses = map[Code][]string{ //nolint:gochecknoglobals // a table
	MailAlone:          {"NIST SP 800-63B-4 §3.1.3.1", "NIST SP 800-63B-4 §4.2.2.2", "OWASP ASVS 5.0.0 6.3.6"},
	MailAloneUnlock:    {"NIST SP 800-63B-4 §3.1.3.1", "OWASP ASVS 5.0.0 6.3.6"},
	SingleFactor:       {"NIST SP 800-63B-4 §4.2.2.2", "OWASP ASVS 5.0.0 6.4.3"},
	SingleFactorUnlock: {"OWASP ASVS 5.0.0 6.3.4"},
	IssuedOnly:         {"NIST SP 800-63B-4 §4.2.2.2"},
	SameClass:          {"NIST SP 800-63B-4 §2.2.1", "Essential Eight (Nov 2023) multi-factor authentication ML1"},
	Phishable:          {"NIST SP 800-63B-4 §2.2.3", "Essential Eight (Nov 2023) multi-factor authentication ML2"},
	Questions:          {"NIST SP 800-63B-4 §3.1.1.2", "OWASP ASVS 5.0.0 6.4.2", "CJIS SECPOL IA-5(1)(a)"},
	OwnMailbox:         {"NIST SP 800-63B-4 §4.2.2.2"},
	MailDomains:        {"NIST SP 800-63B-4 §4.2.2.2"},
	CodeLife:           {"OWASP ASVS 5.0.0 6.5.5", "NIST SP 800-63B-4 §3.1.3"},
	FailuresOver10:     {"PCI DSS 4.0.1 8.3.4"},
	FailuresOver5:      {"CJIS SECPOL AC-7"},
	ShortHold:          {"PCI DSS 4.0.1 8.3.4"},
	SessionIdle:        {"PCI DSS 4.0.1 8.2.8"},
	LengthUnder8:       {"NIST SP 800-63B-4 §3.1.1.2", "CJIS SECPOL IA-5(1)(a)", "OWASP ASVS 5.0.0 6.2.1"},
	LengthUnder12:      {"PCI DSS 4.0.1 8.3.6"},
	LengthUnder15:      {"NIST SP 800-63B-4 §3.1.1.2"},
	CommonPasswords:    {"NIST SP 800-63B-4 §3.1.1.2", "OWASP ASVS 5.0.0 6.2.4", "CJIS SECPOL IA-5(1)(a)"},
	HistoryIgnored:     {"PCI DSS 4.0.1 8.3.7"},
}

// Codes lists all, in order.
func Codes() []Code {
	all := make([]Code, 0, len(levels))
	for c := range levels {
		all = append(all, c)
	}
	slices.Sort(all)
	return all
}

// LevelIn gives how serious a code is in a profile; Off for one there is not.
func (c Code) LevelIn(p Profile) Level {
	i := slices.Index(Profiles(), p)
	if i < 0 {
		return Off
	}
	return levels[c][i]
}

// Level is how serious a finding is.
type Level uint8

// The levels. Errors keep a document from being taken.
const (
	Off Level = iota
	Info
	Warning
	Error
)

// String gives the word.
func (l Level) String() string { return [...]string{"off", "info", "warning", "error"}[min(l, Error)] }

// MarshalText implements encoding.TextMarshaler.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Rules are what the settings say of findings.
type Rules struct {
	// Profile of levels; empty: own.
	Profile Profile `yaml:"profile,omitempty" json:"profile,omitempty"`
	// Errors are codes that count as errors, whatever the profile says.
	Errors []Code `yaml:"errors,omitempty" json:"errors,omitempty"`
	// Ignore are codes that are not reported: the house accepts the risk.
	Ignore []Code `yaml:"ignore,omitempty" json:"ignore,omitempty"`
}

// Validate gives all that is wrong, each beginning with its key below path.
func (r Rules) Validate(path string) []error {
	var errs []error
	if p := r.profile(); !slices.Contains(Profiles(), p) {
		errs = append(errs, fmt.Errorf("%s.profile: want one of %s, got %q", path, profileNames(), p))
	}
	for _, list := range []struct {
		key   string
		codes []Code
	}{{"errors", r.Errors}, {"ignore", r.Ignore}} {
		for i, c := range list.codes {
			if _, ok := levels[c]; !ok {
				errs = append(errs, fmt.Errorf("%s.%s[%d]: no code %q", path, list.key, i, c))
			}
		}
	}
	return errs
}

func profileNames() string {
	var names []string
	for _, p := range Profiles() {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

func (r Rules) profile() Profile {
	if r.Profile == "" {
		return Own
	}
	return r.Profile
}

func (r Rules) level(c Code) Level {
	switch {
	case slices.Contains(r.Ignore, c):
		return Off
	case slices.Contains(r.Errors, c):
		return Error
	}
	return c.LevelIn(r.profile())
}
