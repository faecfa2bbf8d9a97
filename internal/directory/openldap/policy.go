package openldap

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

const (
	policyLife  = time.Minute // how long a policy is believed
	maxPolicies = 1000        // more than any directory has
	always      = time.Duration(1<<63 - 1)
)

// policy is a password policy (Behera §5.2). The zero value demands nothing.
type policy struct {
	source               string
	minLength, maxLength int // in bytes
	history              int
	minAge, maxAge       time.Duration
	lockAfter            int           // wrong passwords; 0: never locks
	lockFor              time.Duration // 0: until somebody unlocks
	window               time.Duration // how long wrong passwords are counted; always: until one is right
	hidden               bool          // it holds, but may not be read
}

func policyAttributes() []string {
	return []string{
		"cn", "pwdMinLength", "pwdMaxLength", "pwdInHistory", "pwdMinAge", "pwdMaxAge", "pwdCheckQuality", "pwdLockout", "pwdMaxFailure",
		"pwdLockoutDuration", "pwdFailureCountInterval", "pwdAttribute",
	}
}

func policyFrom(e *ldap.Entry, source string) policy {
	p := policy{source: source, history: number(e, "pwdInHistory"), minAge: seconds(e, "pwdMinAge"), maxAge: seconds(e, "pwdMaxAge"), window: always}
	if number(e, "pwdCheckQuality") > 0 { // lengths are not looked at otherwise
		p.minLength, p.maxLength = number(e, "pwdMinLength"), number(e, "pwdMaxLength")
	}
	if isTrue(text(e, "pwdLockout")) {
		p.lockAfter, p.lockFor = number(e, "pwdMaxFailure"), seconds(e, "pwdLockoutDuration")
	}
	if interval := seconds(e, "pwdFailureCountInterval"); interval > 0 {
		p.window = interval
	}
	return p
}

// hiddenPolicy is one that may not be read. It is taken to lock at the first wrong password and to count for ever.
func hiddenPolicy(source string) policy {
	return policy{source: source, lockAfter: 1, window: always, hidden: true}
}

func number(e *ldap.Entry, attribute string) int {
	n, err := strconv.Atoi(text(e, attribute))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func seconds(e *ldap.Entry, attribute string) time.Duration {
	const longest = 1 << 32 // more would not fit, and is no time anybody waits
	return time.Duration(min(number(e, attribute), longest)) * time.Second
}

// locked tells whether a lock that began at since still holds, and until when; zero: until somebody unlocks it.
func (p policy) locked(since, now time.Time) (bool, time.Time) {
	switch {
	case p.hidden:
		return true, time.Time{}
	case p.lockAfter == 0:
		return false, time.Time{} // locks are not looked at then
	case p.lockFor == 0 || since.IsZero():
		return true, time.Time{}
	}
	until := since.Add(p.lockFor)
	if !until.After(now) {
		return false, time.Time{}
	}
	return true, until
}

type policyCache struct {
	mu    sync.Mutex
	known map[string]cachedPolicy // by DN
}

type cachedPolicy struct {
	policy policy
	until  time.Time
}

// policyOf gives the policy that holds for an account: its own, or else the default one, which the server does not tell.
func (d *Directory) policyOf(ctx context.Context, c *conn, e *ldap.Entry) (policy, error) {
	if dn := text(e, "pwdPolicySubentry"); dn != "" {
		return d.policy(ctx, c, dn)
	}
	return d.policy(ctx, c, d.config.DefaultPolicy)
}

// policy reads one, or gives what was read within policyLife.
func (d *Directory) policy(ctx context.Context, c *conn, dn string) (policy, error) {
	switch {
	case dn == noPolicy || dn == "" && !c.Root.policies:
		return policy{source: sourceDefault}, nil
	case dn == "":
		return hiddenPolicy(sourceDefault), nil
	}
	d.policies.mu.Lock()
	cached, ok := d.policies.known[dn]
	d.policies.mu.Unlock()
	if ok && d.now().Before(cached.until) {
		return cached.policy, nil
	}
	source := sourceDefault
	if !strings.EqualFold(dn, d.config.DefaultPolicy) {
		source = nameIn(dn)
	}
	e, err := c.Read(ctx, d.config.ReadTimeout, dn, ldapconn.Anything, policyAttributes()...)
	if ldapconn.IsLost(err) {
		return policy{}, err
	}
	p := hiddenPolicy(source)
	if err == nil && e != nil && text(e, "pwdAttribute") != "" {
		p = policyFrom(e, source)
	}
	d.policies.mu.Lock()
	defer d.policies.mu.Unlock()
	if d.policies.known == nil || len(d.policies.known) > maxPolicies {
		d.policies.known = map[string]cachedPolicy{}
	}
	d.policies.known[dn] = cachedPolicy{p, d.now().Add(policyLife)}
	return p, nil
}

const sourceDefault = "domain"

func nameIn(dn string) string {
	name, _, _ := strings.Cut(dn, ",")
	_, name, _ = strings.Cut(name, "=")
	return name
}

// Rules implements directory.RuleReader. An ID without an object gets the default policy's. Lengths are counted in bytes, of which a
// character has one or more.
func (d *Directory) Rules(ctx context.Context, id account.ID) (directory.Rules, error) {
	var rules directory.Rules
	err := d.pool.Read(ctx, func(c *conn) error {
		if id.Object == "" {
			p, err := d.policy(ctx, c, d.config.DefaultPolicy)
			rules = p.rules()
			return err
		}
		e, err := d.object(ctx, c, id, d.stateAttributes()...)
		if err != nil {
			return err
		}
		p, err := d.policyOf(ctx, c, e)
		rules = p.rules()
		rules.PasswordSet = d.passwordSet(e)
		return err
	})
	return rules, err
}

// rules says what is known: the overlay checks history and minimum age on a reset as on a change.
func (p policy) rules() directory.Rules {
	r := directory.Rules{MaxLength: longestPassword, EnforcesHist: true, Source: p.source}
	if p.hidden {
		r.Unreadable = true
		return r
	}
	r.MinLength, r.History, r.MinAge, r.Lockout = p.minLength, p.history, p.minAge, p.lockAfter
	if p.maxLength > 0 {
		r.MaxLength = min(r.MaxLength, p.maxLength)
	}
	return r
}
