package ad

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// longestPassword is what a person can type at a Windows sign-in, in UTF-16 units; the directory stores 256 (MS-SAMR 2.2.6.21).
const longestPassword = 127

// passwordPolicy is the domain's, or that of a password settings object (MS-ADTS 3.1.1.4.4, MS-SAMR 3.1.1.5).
type passwordPolicy struct {
	source     string
	minLength  int
	complexity bool
	history    int
	minAge     time.Duration
	lockAfter  int // wrong passwords; 0: never locks
	lockFor    time.Duration
	window     time.Duration // how long wrong passwords are counted
	hidden     bool          // it holds, but may not be read
}

func domainPolicyAttributes() []string {
	return []string{"minPwdLength", "pwdProperties", "pwdHistoryLength", "minPwdAge", "lockoutThreshold", "lockoutDuration", "lockOutObservationWindow"}
}

func domainPolicy(e *ldap.Entry) passwordPolicy {
	const demandsClasses = 1 // DOMAIN_PASSWORD_COMPLEX
	return passwordPolicy{
		source: "domain", minLength: int(number(text(e, "minPwdLength"))), complexity: number(text(e, "pwdProperties"))&demandsClasses != 0,
		history: int(number(text(e, "pwdHistoryLength"))), minAge: span(text(e, "minPwdAge")),
		lockAfter: int(number(text(e, "lockoutThreshold"))), lockFor: span(text(e, "lockoutDuration")), window: span(text(e, "lockOutObservationWindow")),
	}
}

func psoAttributes() []string {
	return []string{
		"cn", "msDS-MinimumPasswordLength", "msDS-PasswordComplexityEnabled", "msDS-PasswordHistoryLength", "msDS-MinimumPasswordAge",
		"msDS-LockoutThreshold", "msDS-LockoutDuration", "msDS-LockoutObservationWindow",
	}
}

func psoPolicy(e *ldap.Entry) passwordPolicy {
	return passwordPolicy{
		source: text(e, "cn"), minLength: int(number(text(e, "msDS-MinimumPasswordLength"))),
		complexity: strings.EqualFold(text(e, "msDS-PasswordComplexityEnabled"), "TRUE"),
		history:    int(number(text(e, "msDS-PasswordHistoryLength"))), minAge: span(text(e, "msDS-MinimumPasswordAge")),
		lockAfter: int(number(text(e, "msDS-LockoutThreshold"))), lockFor: span(text(e, "msDS-LockoutDuration")),
		window: span(text(e, "msDS-LockoutObservationWindow")),
	}
}

// hiddenPolicy is one that may not be read. It is taken to lock at the first wrong password and to count for ever.
func hiddenPolicy(dn string) passwordPolicy {
	name, _, _ := strings.Cut(dn, ",")
	_, name, _ = strings.Cut(name, "=")
	return passwordPolicy{source: name, lockAfter: 1, window: never, hidden: true}
}

// Rules implements directory.RuleReader. An ID without an object gets the domain's own rules.
func (d *Directory) Rules(ctx context.Context, id account.ID) (directory.Rules, error) {
	var rules directory.Rules
	err := d.pool.Read(ctx, func(c *conn) error {
		f, err := d.facts(ctx, c)
		if err != nil {
			return err
		}
		if id.Object == "" {
			rules = f.policy.rules(nil, c.Root.hints != "")
			return nil
		}
		e, err := d.object(ctx, c, id, "sAMAccountName", "displayName", "pwdLastSet", "msDS-ResultantPSO")
		if err != nil {
			return err
		}
		p, err := d.policyOf(ctx, c, f, e)
		rules = p.rules(e, c.Root.hints != "")
		return err
	})
	return rules, err
}

// policyOf gives the policy that holds for an account: its resultant PSO, which the directory works out, or else its domain's.
func (d *Directory) policyOf(ctx context.Context, c *conn, f domainFacts, e *ldap.Entry) (passwordPolicy, error) {
	if dn := text(e, "msDS-ResultantPSO"); dn != "" {
		return d.pso(ctx, c, dn)
	}
	return f.policy, nil
}

func (p passwordPolicy) rules(e *ldap.Entry, hints bool) directory.Rules {
	r := directory.Rules{MaxLength: longestPassword, EnforcesHist: hints, Source: p.source}
	if e != nil {
		r.PasswordSet = point(text(e, "pwdLastSet"))
	}
	if p.hidden {
		r.Unreadable = true
		return r
	}
	r.MinLength, r.History, r.MinAge, r.Lockout = p.minLength, p.history, p.minAge, p.lockAfter
	if p.complexity {
		r.Classes, r.OfClasses = 3, 5
		if e != nil {
			r.NoNameParts = nameParts(text(e, "sAMAccountName"), text(e, "displayName"))
		}
	}
	return r
}

// nameParts are what a complex password may not contain, without regard to case: the whole sAMAccountName and each part of
// displayName, where they have three characters or more (Windows' "Password must meet complexity requirements").
func nameParts(sam, display string) []string {
	const shortest = 3
	parts := strings.FieldsFunc(display, func(r rune) bool {
		return strings.ContainsRune(",.-–—_#", r) || unicode.IsSpace(r)
	})
	var kept []string
	for _, p := range append([]string{sam}, parts...) {
		if utf8.RuneCountInString(p) >= shortest {
			kept = append(kept, p)
		}
	}
	return kept
}
