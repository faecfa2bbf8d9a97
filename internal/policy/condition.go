package policy

import (
	"time"

	"rekey/internal/factor"
)

// Condition is what must hold for a rule. Every key that is given must hold; of a key with several values, any one of them. The
// zero value always holds.
type Condition struct {
	All []Condition `yaml:"all,omitempty" json:"all,omitempty"`
	Any []Condition `yaml:"any,omitempty" json:"any,omitempty"`
	Not *Condition  `yaml:"not,omitempty" json:"not,omitempty"`
	// Is names a condition of Document.Conditions.
	Is string `yaml:"is,omitempty" json:"is,omitempty"`

	// Networks and Schedules are names; the address is in one, the moment within one.
	Networks  []string `yaml:"networks,omitempty" json:"networks,omitempty"`
	Schedules []string `yaml:"schedules,omitempty" json:"schedules,omitempty"`
	// Countries are ISO 3166-1 alpha-2 codes of the address.
	Countries []string `yaml:"countries,omitempty" json:"countries,omitempty"`
	// ASNs are numbers of the networks that addresses are announced from (RFC 6793).
	ASNs []uint32 `yaml:"asns,omitempty" json:"asns,omitempty"`
	// Device is known (this browser finished an attempt of this account before) or managed (by the firm).
	Device []DeviceState `yaml:"device,omitempty" json:"device,omitempty"`
	// Platforms as the browser tells them, which anybody can make up: windows, macos, linux, android, ios, chromeos, other.
	Platforms []string `yaml:"platforms,omitempty" json:"platforms,omitempty"`
	// AccountFailures and SourceFailures are met by as many wrong answers, or more, in the last hour.
	AccountFailures int `yaml:"account_failures,omitempty" json:"account_failures,omitempty"`
	SourceFailures  int `yaml:"source_failures,omitempty" json:"source_failures,omitempty"`
	// FactorAddedWithin holds when a way to prove oneself was added so short a time ago.
	FactorAddedWithin time.Duration `yaml:"factor_added_within,omitempty" json:"factor_added_within,omitempty"`
	// NewCountry holds when the account was never used from this country.
	NewCountry bool `yaml:"new_country,omitempty" json:"new_country,omitempty"`
	// ImpossibleTravel holds when nobody could have come here since the account was last used.
	ImpossibleTravel bool `yaml:"impossible_travel,omitempty" json:"impossible_travel,omitempty"`
	// Privileged holds for accounts that the floor is for.
	Privileged bool `yaml:"privileged,omitempty" json:"privileged,omitempty"`
}

// DeviceState is what is known of a device.
type DeviceState string

// The states.
const (
	KnownDevice   DeviceState = "known"
	ManagedDevice DeviceState = "managed"
)

// Schedule is a set of hours of the week.
type Schedule struct {
	// TimeZone is an IANA name; empty: UTC.
	TimeZone string `yaml:"time_zone,omitempty" json:"time_zone,omitempty"`
	// ZoneOf takes the zone from the account instead, where it tells one.
	ZoneOf *ZoneOf `yaml:"zone_of,omitempty" json:"zone_of,omitempty"`
	// Hours that are within.
	Hours []Hours `yaml:"hours" json:"hours"`
	// Holidays are outside: 2026-12-25, or 12-25 for every year.
	Holidays []string `yaml:"holidays,omitempty" json:"holidays,omitempty"`
}

// ZoneOf gives an account's time zone by an attribute, such as its office.
type ZoneOf struct {
	Attribute string            `yaml:"attribute" json:"attribute"`
	Zones     map[string]string `yaml:"zones" json:"zones"` // value, without regard to case → IANA name
}

// Hours are the same on several days. To is not within; 24:00 is the end of the day. From after To goes past midnight, and the
// hours after it belong to the day they began on.
type Hours struct {
	Days []string `yaml:"days" json:"days"` // mon, tue, wed, thu, fri, sat, sun
	From string   `yaml:"from" json:"from"` // 08:00
	To   string   `yaml:"to" json:"to"`     // 18:00
}

// Rule changes what the policy that won asks for, where its condition holds.
type Rule struct {
	Name    string   `yaml:"name" json:"name"`
	Scope   Scope    `yaml:"scope,omitempty" json:"scope,omitempty"`
	Actions []Action `yaml:"actions,omitempty" json:"actions,omitempty"` // empty: all
	// When it holds. What cannot be told counts as holding where the rule asks for more, and as not holding where it grants.
	When Condition `yaml:"when,omitempty" json:"when,omitempty"`
	Then Effect    `yaml:"then" json:"then"`
	// From and Until bound the rule's life; zero: no bound. Until is not within.
	From  time.Time `yaml:"from,omitempty" json:"from,omitzero"`
	Until time.Time `yaml:"until,omitempty" json:"until,omitzero"`
	// ReportOnly rules are evaluated and reported, and change nothing.
	ReportOnly bool `yaml:"report_only,omitempty" json:"report_only,omitempty"`
}

// Effect is what a rule does. Allow, Deny and Policy stand alone; the others add up, within a rule and over rules.
type Effect struct {
	// Allow: no later rule is looked at.
	Allow bool `yaml:"allow,omitempty" json:"allow,omitempty"`
	// Deny refuses, and says why, by language ("en"); the house's language first where the visitor's is missing.
	Deny map[string]string `yaml:"deny,omitempty" json:"deny,omitempty"`
	// Policy takes the place of the one that won; the first rule that names one decides. Where the condition cannot be told, what
	// both ask for is asked.
	Policy string `yaml:"use_policy,omitempty" json:"use_policy,omitempty"`
	// Factors are asked in addition; in all no more than MostFactors.
	Factors int `yaml:"add_factors,omitempty" json:"add_factors,omitempty"`
	// Require kinds to be among them.
	Require []factor.Kind `yaml:"require,omitempty" json:"require,omitempty"`
	// PhishingResistant asks that one of them is (NIST SP 800-63B-4 §3.2.5).
	PhishingResistant bool `yaml:"phishing_resistant,omitempty" json:"phishing_resistant,omitempty"`
	// Drop kinds: they are not offered and do not count.
	Drop []factor.Kind `yaml:"drop,omitempty" json:"drop,omitempty"`
	// HoldNew leaves out what was added so short a time ago.
	HoldNew time.Duration `yaml:"hold_new,omitempty" json:"hold_new,omitempty"`
}

// MostFactors is the most that can be asked.
const MostFactors = 5

// Floor raises what privileged accounts have to prove beyond the built-in floor. Nothing lowers that.
type Floor struct {
	// Groups whose members are privileged too: SID or DOMAIN\name; nested membership counts.
	Groups []string `yaml:"groups,omitempty" json:"groups,omitempty"`
	// Count of independent factors; 0 and less than 2: 2.
	Count int `yaml:"count,omitempty" json:"count,omitempty"`
	// Deny sends privileged people to the help desk for a reset or an unlock.
	Deny bool `yaml:"deny,omitempty" json:"deny,omitempty"`
}

// Limits bound how often and how long. Zero values bound nothing but what holds for all flows.
type Limits struct {
	// Times the action may be done within Within.
	Times  int           `yaml:"times,omitempty" json:"times,omitempty"`
	Within time.Duration `yaml:"within,omitempty" json:"within,omitempty"`
	// Life of an attempt from start to end, instead of the general one.
	Life time.Duration `yaml:"life,omitempty" json:"life,omitempty"`
	// Retries of a password that was refused, without proving again.
	Retries int `yaml:"retries,omitempty" json:"retries,omitempty"`
}

// Threat is how alarmed the house is: one switch for all policies.
type Threat string

// The levels.
const (
	Calm              Threat = ""
	RaisedByOne       Threat = "raise"      // one factor more for everybody
	PrivilegedStopped Threat = "privileged" // nothing for privileged accounts
	Stopped           Threat = "stop"       // nothing at all
)

// Count is a number that may be unknown. The zero value is unknown.
type Count struct {
	N     int
	Known bool
}
