package totp

import (
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
)

// Config says what new enrollments look like. The zero value is what every app understands. Each credential remembers its own
// digits, period and algorithm, so a change touches new ones only.
type Config struct {
	// Issuer is the name shown in the app; empty: "Rekey".
	Issuer string `yaml:"issuer,omitempty" label:"Name in the app" help:"What people see above the code in their authenticator app. No colon." default:"the firm's name"`
	// Digits of a code: 6 or 8; 0: 6.
	Digits int `yaml:"digits,omitempty" label:"Digits of a code" help:"6 or 8. Some apps show 6 digits whatever is asked. Apps that are set up already keep what they have." default:"6" min:"6" max:"8"`
	// Period is how long one code is shown, in whole seconds from 15s to 60s; 0: 30s. NIST SP 800-63B-4 §3.1.4.1 wants a new
	// code every two minutes at least.
	Period time.Duration `yaml:"period,omitempty" label:"Time a code is shown" help:"In whole seconds. Many apps know 30 seconds only. Apps that are set up already keep what they have." default:"30s" min:"15s" max:"60s"`
	// Algorithm is SHA1, SHA256 or SHA512; empty: SHA1, the only one some apps know. HMAC-SHA-1 is not weakened by
	// collisions (RFC 6238 §1.2 allows all three).
	Algorithm string `yaml:"algorithm,omitempty" label:"Hash" help:"Many apps know SHA1 only, and are none the weaker for it here. Apps that are set up already keep what they have." default:"SHA1" options:"SHA1,SHA256,SHA512"`
}

// Validate names the key that is wrong.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case strings.ContainsRune(c.Issuer, ':'): // separates issuer and account in an otpauth label
		return fmt.Errorf("issuer: %q has a colon", c.Issuer)
	case c.Digits != 6 && c.Digits != 8:
		return fmt.Errorf("digits: want 6 or 8, got %d", c.Digits)
	case c.Period < 15*time.Second || c.Period > time.Minute || c.Period%time.Second != 0:
		return fmt.Errorf("period: want whole seconds from 15s to 60s, got %v", c.Period)
	}
	if _, ok := algorithm(c.Algorithm); !ok {
		return fmt.Errorf("algorithm: want SHA1, SHA256 or SHA512, got %q", c.Algorithm)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Issuer == "" {
		c.Issuer = "Rekey"
	}
	if c.Digits == 0 {
		c.Digits = 6
	}
	if c.Period == 0 {
		c.Period = 30 * time.Second
	}
	if c.Algorithm == "" {
		c.Algorithm = otp.AlgorithmSHA1.String()
	}
	return c
}

func algorithm(name string) (otp.Algorithm, bool) {
	for _, a := range []otp.Algorithm{otp.AlgorithmSHA1, otp.AlgorithmSHA256, otp.AlgorithmSHA512} {
		if a.String() == name {
			return a, true
		}
	}
	return 0, false
}
