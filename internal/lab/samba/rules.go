package samba

import (
	"math"
	"strconv"
	"time"
)

// Rules are what a policy demands of passwords and when it locks. Zero is a value, not a default.
type Rules struct {
	MinLength        int
	Complexity       bool
	History          int
	MinAge           time.Duration
	MaxAge           time.Duration // zero: passwords never expire; Samba takes less than a day for never, too
	LockoutThreshold int           // zero: never lock
	LockoutDuration  time.Duration // zero: until an administrator unlocks
	LockoutWindow    time.Duration // bad attempts older than this do not count; not more than the duration
}

// Policy is the password and lockout policy of the domain, which has DefaultPolicy unless changed.
type Policy struct{ Rules }

// DefaultPolicy locks after 3 wrong passwords for half an hour and lets a password be changed again at once.
func DefaultPolicy() Policy {
	return Policy{Rules{
		MinLength: 7, Complexity: true, History: 24, MaxAge: 42 * 24 * time.Hour,
		LockoutThreshold: 3, LockoutDuration: 30 * time.Minute, LockoutWindow: 30 * time.Minute,
	}}
}

func (c Policy) render(s *sheet) {
	properties := "0"
	if c.Complexity {
		properties = "1" // DOMAIN_PASSWORD_COMPLEX, MS-SAMR 2.2.4.1
	}
	for _, a := range [...][2]string{
		{"minPwdLength", strconv.Itoa(c.MinLength)},
		{"pwdProperties", properties},
		{"pwdHistoryLength", strconv.Itoa(c.History)},
		{"minPwdAge", interval(c.MinAge)},
		{"maxPwdAge", intervalOrNever(c.MaxAge)},
		{"lockoutThreshold", strconv.Itoa(c.LockoutThreshold)},
		{"lockoutDuration", intervalOrNever(c.LockoutDuration)},
		{"lockOutObservationWindow", interval(c.LockoutWindow)},
	} {
		modification(&s.lasting, s.base, "replace", a[0], []byte(a[1]))
	}
}

// PSO is a fine-grained password policy: a password settings object.
type PSO struct {
	Name       string
	Precedence int // the lowest wins
	Rules
	AppliesTo []string // distinguished names of users, names or distinguished names of groups
}

func (c PSO) render(s *sheet) {
	attrs := map[string][]string{
		"msDS-PasswordSettingsPrecedence":          {strconv.Itoa(c.Precedence)},
		"msDS-MinimumPasswordLength":               {strconv.Itoa(c.MinLength)},
		"msDS-PasswordComplexityEnabled":           {boolean(c.Complexity)},
		"msDS-PasswordReversibleEncryptionEnabled": {boolean(false)},
		"msDS-PasswordHistoryLength":               {strconv.Itoa(c.History)},
		"msDS-MinimumPasswordAge":                  {interval(c.MinAge)},
		"msDS-MaximumPasswordAge":                  {intervalOrNever(c.MaxAge)},
		"msDS-LockoutThreshold":                    {strconv.Itoa(c.LockoutThreshold)},
		"msDS-LockoutDuration":                     {intervalOrNever(c.LockoutDuration)},
		"msDS-LockoutObservationWindow":            {interval(c.LockoutWindow)},
	}
	for _, name := range c.AppliesTo {
		attrs["msDS-PSOAppliesTo"] = append(attrs["msDS-PSOAppliesTo"], s.group(name))
	}
	s.add(complete(c.Name, "CN=", "CN=Password Settings Container,CN=System,"+s.base), "msDS-PasswordSettings", attrs)
}

// interval is a duration in the directory's form: 100 ns, negative.
func interval(d time.Duration) string { return strconv.FormatInt(-d.Nanoseconds()/100, 10) }

func intervalOrNever(d time.Duration) string {
	if d == 0 {
		return strconv.FormatInt(math.MinInt64, 10)
	}
	return interval(d)
}

// boolean is LDAP's syntax of one, RFC 4517 3.3.3.
func boolean(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}
