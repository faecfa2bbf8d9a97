package mailcode

import (
	"fmt"
	"time"
)

// Config says what codes look like and which addresses may be enrolled. The zero value is sound.
type Config struct {
	// Digits of a code, from 6 to 10; 0: 6 (NIST SP 800-63B-4 §4.2.1.2).
	Digits int `yaml:"digits,omitempty" label:"Digits of a code" help:"From 6 to 10." default:"6" min:"6" max:"10"`
	// Life is how long a code is good for, from 1m to 24h, the most that §4.2.1.2 allows; 0: 10m.
	Life time.Duration `yaml:"life,omitempty" label:"Time a code is good for" help:"Long enough for slow mail, and no longer." default:"10m" min:"1m" max:"24h"`
	// RefuseDomains are the firm's own mail domains: an address there is behind the very password that was lost. They are
	// compared exactly; a subdomain is another domain.
	RefuseDomains []string `yaml:"refuse_domains,omitempty" label:"Refused mail domains" help:"The firm's own domains, one on each line: a mailbox there is behind the very password that was lost. A subdomain is another domain."`
	// AllowDirectoryDomains accepts an address whose domain is that of an address the directory has for the person, a private
	// mail provider for example. The directory's addresses themselves are refused all the same.
	AllowDirectoryDomains bool `yaml:"allow_directory_domains,omitempty" label:"Take addresses in a domain of the directory's" help:"Accepts a private address whose domain is that of an address the directory has for the person, such as a public mail provider. The directory's own addresses are refused all the same."`
}

// Validate names the key that is wrong.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.Digits < 6 || c.Digits > 10:
		return fmt.Errorf("digits: want 6 to 10, got %d", c.Digits)
	case c.Life < time.Minute || c.Life > 24*time.Hour:
		return fmt.Errorf("life: want 1m to 24h, got %v", c.Life)
	}
	for i, d := range c.RefuseDomains {
		if _, err := domain(d); err != nil {
			return fmt.Errorf("refuse_domains[%d]: %q is not a domain: %w", i, d, err)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Digits == 0 {
		c.Digits = 6
	}
	if c.Life == 0 {
		c.Life = 10 * time.Minute
	}
	return c
}

// CodeLife is how long a code is good for.
func (m *Method) CodeLife() time.Duration { return m.config.Life }

// RefusesDomain reports whether no address in a domain may be enrolled: it is refused, or can have none.
func (m *Method) RefusesDomain(name string) bool {
	ascii, err := domain(name)
	return err != nil || m.refused[ascii]
}

// RefusesBeside reports whether addresses are refused in a domain in which the directory has one for the person.
func (m *Method) RefusesBeside() bool { return !m.config.AllowDirectoryDomains }
