package helpdesk

import (
	"context"
	"slices"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Sheet is one person, as read now.
type Sheet struct {
	Account     account.Account  // the home account
	Other       *account.Account // in the directory linked to it
	Self        bool             // whoever looks
	Privileged  string           // why a second administrator has to agree to acts; empty: none has to
	Methods     []Method
	Holds       []throttle.Hold
	Frozen      bool
	Reset       policy.Explanation
	Unlock      policy.Explanation
	Why         Why
	Verified    []Call    // callers that were verified and still count
	Requests    []Request // of the last day
	Past        []Record  // the newest first
	May         []Action
	MayRemove   bool
	CanVerify   []Method // a code can be sent to these
	PassAllowed bool
}

// Method is a way to prove who one is that somebody set up.
type Method struct {
	ID      string
	Kind    factor.Kind
	Label   string
	Masked  string // the address it stands for, hidden in part; empty: none
	Created time.Time
	Used    time.Time // zero: never
	On      bool      // the method is switched on
	Counts  bool      // the policy takes it for a reset
	Each    bool      // a code goes to this one alone
}

// VerifiedFor is how long a verified caller counts.
const VerifiedFor = 15 * time.Minute

const mostPast = 200

// Person reads everything there is to know of somebody within reach. Errors: a fault of kind NotFound, of kind Unavailable.
func (s *Service) Person(ctx context.Context, by By, who account.ID) (Sheet, error) {
	t, err := s.find(ctx, by, who)
	if err != nil {
		return Sheet{}, err
	}
	cs, err := s.Accounts.Credentials(ctx, t.ID)
	if err != nil {
		return Sheet{}, err
	}
	sh := Sheet{Account: t.Account, Other: t.Other, Self: t.self, Privileged: t.privileged, May: s.may(by, t)}
	sh.MayRemove = len(sh.May) > 0
	if sh.Reset, sh.Unlock, err = s.explain(ctx, t, cs); err != nil {
		return Sheet{}, err
	}
	sh.Methods = methods(t.snap, sh.Reset.Decision, cs)
	if len(sh.May) > 0 {
		sh.CanVerify = verifying(t.snap, cs, sh.Methods)
	}
	sh.PassAllowed = allows(sh.Reset.Decision, passKind)
	if sh.Frozen, err = s.Blocks.Frozen(ctx, t.ID); err != nil {
		return Sheet{}, err
	}
	if sh.Holds, err = s.Blocks.Holds(ctx, accountKey(t.ID), s.Now()); err != nil {
		return Sheet{}, err
	}
	sh.Why = because(sh, s.Now())
	return s.remembered(ctx, sh)
}

// remembered adds what was done before.
func (s *Service) remembered(ctx context.Context, sh Sheet) (Sheet, error) {
	var err error
	who, now := sh.Account.ID, s.Now()
	if sh.Verified, err = s.Calls.CallsSince(ctx, who, now.Add(-VerifiedFor)); err != nil {
		return Sheet{}, err
	}
	if sh.Requests, err = s.Requests.RequestsSince(ctx, who, now.Add(-24*time.Hour), 20); err != nil {
		return Sheet{}, err
	}
	sh.Past, err = s.Accounts.Acts(ctx, who, 0, mostPast)
	return sh, err
}

// explain asks the policies what the person would get now, from nowhere in particular.
func (s *Service) explain(ctx context.Context, t target, cs []authenticator.Credential) (reset, unlock policy.Explanation, err error) {
	for action, into := range map[policy.Action]*policy.Explanation{policy.Reset: &reset, policy.Unlock: &unlock} {
		var signals site.Signals
		if s.Signals != nil {
			if signals, err = s.Signals(ctx, action, t.ID); err != nil {
				return reset, unlock, err
			}
		}
		*into = policy.Explain(t.snap.Policies, signals.On(site.Facts(t.snap, action, t.Account, cs, audit.Source{}, s.Now())))
	}
	return reset, unlock, nil
}

func methods(snap *site.Snapshot, d policy.Decision, cs []authenticator.Credential) []Method {
	out := make([]Method, 0, len(cs))
	for _, c := range cs {
		m := Method{ID: c.ID, Kind: c.Kind, Label: c.Label, Created: c.Created, Used: c.LastUsed}
		if how, ok := snap.Methods[c.Kind]; ok {
			m.On, m.Each = true, how.Traits().Each
			m.Counts = allows(d, c.Kind) && d.Counts(c.Created)
			if a, ok := how.(authenticator.Addressed); ok {
				m.Masked = masked(a.Address(c))
			}
		}
		out = append(out, m)
	}
	return out
}

// allows reports whether a decision takes a kind.
func allows(d policy.Decision, k factor.Kind) bool {
	if d.Policy == "" || d.Outcome == policy.Denied && d.Reason == "action-not-allowed" {
		return false
	}
	return len(d.Requirement.Allowed) == 0 || slices.Contains(d.Requirement.Allowed, k)
}

// masked hides most of an address.
func masked(address string) string {
	for i, r := range address {
		if r == '@' && i > 0 {
			first := []rune(address[:i])[0]
			return string(first) + "•••" + address[i:]
		}
	}
	if n := []rune(address); len(n) > 4 {
		return "•••" + string(n[len(n)-3:])
	}
	return ""
}

// remaining tells how many ways would be missing for a reset without one method.
func (s *Service) remaining(ctx context.Context, t target, without string) (left, missing int, err error) {
	cs, err := s.Accounts.Credentials(ctx, t.ID)
	if err != nil {
		return 0, 0, err
	}
	cs = slices.DeleteFunc(cs, func(c authenticator.Credential) bool { return c.ID == without })
	reset, _, err := s.explain(ctx, t, cs)
	return len(cs), reset.Decision.Requirement.Short(site.Enrolled(t.snap, cs)), err
}

// credential finds one of the person's methods.
func (s *Service) credential(ctx context.Context, who account.ID, id string) (authenticator.Credential, error) {
	cs, err := s.Accounts.Credentials(ctx, who)
	if err != nil {
		return authenticator.Credential{}, err
	}
	if i := slices.IndexFunc(cs, func(c authenticator.Credential) bool { return c.ID == id }); i >= 0 {
		return cs[i], nil
	}
	return authenticator.Credential{}, errNoMethod
}

var errNoMethod = fault.New(fault.NotFound, "That way is gone already.")

// orphan is an account that is mastered in a directory it is not linked with.
func orphan(a account.Account, other *account.Account) bool {
	return !directory.Person{Account: a, Other: other}.Usable() && a.State.Usable()
}
