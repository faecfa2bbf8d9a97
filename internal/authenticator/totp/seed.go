package totp

import (
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"rekey/internal/authenticator"
)

// version is that of the credential format.
const version = 1

// secretSize is 160 bits, as RFC 4226 §4 R6 recommends; NIST SP 800-63B-4 §3.1.4.1 asks for 112.
const secretSize = 20

// skew is how many steps a code may be early or late: one, for clocks and slow typing (RFC 6238 §5.2 recommends at most one).
const skew = 1

// never is the last step of a seed that nothing was proven with yet.
const never = -1

// seed is what a credential holds.
type seed struct {
	Version   int    `json:"v"`
	Secret    []byte `json:"secret"`
	Digits    int    `json:"digits"`
	Period    int64  `json:"period"` // seconds
	Algorithm string `json:"algorithm"`
	// Last is the step of the last accepted code. No code of this step or an earlier one is accepted again (RFC 6238 §5.2).
	Last  int64 `json:"last"`
	Decoy bool  `json:"decoy,omitempty"`
}

func (s seed) check() error {
	_, known := algorithm(s.Algorithm)
	if s.Version != version || len(s.Secret) < 14 || s.Digits != 6 && s.Digits != 8 || s.Period < 1 || !known {
		return errors.New("not a seed of this version")
	}
	return nil
}

func decode(c authenticator.Credential) (seed, error) {
	var s seed
	if err := json.Unmarshal(c.Data, &s); err != nil {
		return seed{}, fmt.Errorf("totp credential %s: %w", c.ID, err)
	}
	if err := s.check(); err != nil {
		return seed{}, fmt.Errorf("totp credential %s: %w", c.ID, err)
	}
	return s, nil
}

// key is the secret as apps write it.
func (s seed) key() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.Secret)
}

// code is the code of one step (RFC 6238 §4.2).
func (s seed) code(step int64) (string, error) {
	a, _ := algorithm(s.Algorithm)
	counter := uint64(step) //nolint:gosec // steps of times before 1970 are not tried
	return hotp.GenerateCodeCustom(s.key(), counter, hotp.ValidateOpts{Digits: otp.Digits(s.Digits), Algorithm: a})
}

// match compares a code with every step it could be of, in time that does not depend on which it is. It gives the step of
// an unused code, or reports that the code was right but of a used step.
func (s seed) match(code string, now time.Time) (step int64, used bool, err error) {
	step = never
	current := now.Unix() / s.Period
	for at := max(0, current-skew); at <= current+skew; at++ {
		want, err := s.code(at)
		if err != nil {
			return never, false, err
		}
		equal := subtle.ConstantTimeCompare([]byte(code), []byte(want)) == 1
		if equal && at > s.Last {
			step = at
		}
		used = used || equal && at <= s.Last
	}
	return step, used, nil
}
