package throttle

import "time"

// Limits are settings; a zero value takes the default named. Validate refuses ranges that would switch a limit off.
type Limits struct {
	// Failures until recovery of the account is held; 3 to 100 (NIST SP 800-63B-4 §3.2.2 ends at 100). 0: 10.
	Failures int `yaml:"failures,omitempty" json:"failures,omitempty"`
	// Window in which failures add up. 0: 24 h.
	Window time.Duration `yaml:"window,omitempty" json:"window,omitempty"`
	// Hold is the first hold; each further one within the window doubles, up to MaxHold. 0: 30 min.
	Hold time.Duration `yaml:"hold,omitempty" json:"hold,omitempty"`
	// MaxHold ends the doubling. 0: 24 h.
	MaxHold time.Duration `yaml:"max_hold,omitempty" json:"max_hold,omitempty"`

	// Starts of flows from one address. Zero: 30 at once and one more every 10 s.
	Starts Bucket `yaml:"starts_per_source,omitempty" json:"starts_per_source,omitempty"`
	// Sends of codes to one account. Zero: 5 at once and one more every 5 min.
	Sends Bucket `yaml:"sends_per_account,omitempty" json:"sends_per_account,omitempty"`
	// SignIns to "My account" from one address. Zero: 20 at once and one more every 15 s.
	SignIns Bucket `yaml:"sign_ins_per_source,omitempty" json:"sign_ins_per_source,omitempty"`
}

// Bucket allows Burst at once and one more every Every.
type Bucket struct {
	Burst int           `yaml:"burst" json:"burst"`
	Every time.Duration `yaml:"every" json:"every"`
}

// Counter is one account's failures. The zero value is a clean one.
type Counter struct {
	Failures  int
	Since     time.Time // first failure of the window
	Holds     int       // holds in this window
	HeldUntil time.Time
}
