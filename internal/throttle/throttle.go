package throttle

import "time"

// Limits are settings; a zero value takes the default named. Validate refuses ranges that would switch a limit off.
type Limits struct {
	// Failures in one lane until recovery of the account is held there; 3 to 50. 0: 10.
	Failures int `yaml:"failures,omitempty" json:"failures,omitempty"`
	// AccountFailures in all lanes together until recovery is held everywhere but in browsers known to be the owner's; Failures to
	// 50, so that two rounds are the hundred of NIST SP 800-63B-4 §3.2.2. 0: 50.
	AccountFailures int `yaml:"account_failures,omitempty" json:"account_failures,omitempty"`
	// Window in which failures add up. 0: 24 h.
	Window time.Duration `yaml:"window,omitempty" json:"window,omitempty"`
	// Hold is the first hold; each further one of a lane within the window doubles, up to MaxHold, and the second one of an account
	// lasts MaxHold. 0: 30 min.
	Hold time.Duration `yaml:"hold,omitempty" json:"hold,omitempty"`
	// MaxHold ends the doubling. 0: 24 h.
	MaxHold time.Duration `yaml:"max_hold,omitempty" json:"max_hold,omitempty"`

	// Starts of flows from one address. Zero: 30 at once and one more every 10 s.
	Starts Bucket `yaml:"starts_per_source,omitempty" json:"starts_per_source,omitempty"`
	// Sends of codes to one account that are asked for in one lane. Zero: 5 at once and one more every 5 min.
	Sends Bucket `yaml:"sends_per_source,omitempty" json:"sends_per_source,omitempty"`
	// SendsPerDay bounds them further: as many at once, and as many more over a day. 0: 15.
	SendsPerDay int `yaml:"sends_per_source_and_day,omitempty" json:"sends_per_source_and_day,omitempty"`
	// AccountSendsPerDay bounds the codes to one account from everywhere but browsers known to be the owner's. 0: 45.
	AccountSendsPerDay int `yaml:"sends_per_account_and_day,omitempty" json:"sends_per_account_and_day,omitempty"`
	// SignIns to "My account" from one address. Zero: 20 at once and one more every 15 s.
	SignIns Bucket `yaml:"sign_ins_per_source,omitempty" json:"sign_ins_per_source,omitempty"`
}

// Bucket allows Burst at once and one more every Every.
type Bucket struct {
	Burst int           `yaml:"burst" json:"burst"`
	Every time.Duration `yaml:"every" json:"every"`
}

// Counter is the failures of one lane, or of an account in all of them. The zero value is a clean one.
type Counter struct {
	Failures  int
	Since     time.Time // first failure of the window
	Holds     int       // holds in this window
	HeldUntil time.Time
}
