package settings

import (
	"errors"

	"rekey/internal/lint"
	"rekey/internal/secret"
	"rekey/internal/sms"
	"rekey/internal/spend"
)

// SMS is how text messages leave, to where, and what they may cost.
type SMS struct {
	Gateway      sms.Config `yaml:"gateway"`
	spend.Config `yaml:",inline"`
}

// sms checks what the sender will use once the version is in force.
func (c *Compiled) sms(d Document, resolve secret.Resolver) error {
	if d.SMS == nil {
		return nil
	}
	var caps error
	c.Snapshot.SMS, caps = d.SMS.Compile("sms")
	return errors.Join(sms.Check(d.SMS.Gateway, resolve), caps)
}

// smsLint is what the linter looks at.
func smsLint(r spend.Rules) *lint.SMS {
	if !r.On {
		return nil
	}
	return &lint.SMS{Countries: len(r.Countries), Capped: r.Caps.Capped()}
}
