package whatif

import (
	"context"
	"net/netip"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Question asks what a person would get.
type Question struct {
	User    string
	Action  policy.Action
	Address netip.Addr // invalid: unknown
	At      time.Time
	Suppose func(*site.Signals) // changes what is known of the request; nil: nothing
	Browser policy.Device       // what the request comes from
}

// Answer is the decision with its reasons.
type Answer struct {
	Account     string               `json:"account"`
	Name        string               `json:"name"`
	Directory   string               `json:"directory"`
	Settings    int64                `json:"settings_version"`
	Outcome     string               `json:"outcome"`
	Policy      string               `json:"policy,omitempty"`
	Reason      string               `json:"reason,omitempty"`
	Text        map[string]string    `json:"text,omitempty"`        // what a rule that denies says, by language
	Until       time.Time            `json:"until,omitzero"`        // when the limit allows the next attempt
	AddedBefore time.Time            `json:"added_before,omitzero"` // what was set up later does not count
	Floor       string               `json:"floor,omitempty"`       // why the floor for privileged accounts is laid
	Limits      policy.Limits        `json:"limits"`
	Country     string               `json:"country,omitempty"`
	Requirement policy.Requirement   `json:"requirement"`
	Enrolled    []Enrolled           `json:"enrolled"`
	Demands     directory.Rules      `json:"directory_rules"`
	Password    policy.PasswordRules `json:"password_rules"`
	Verdicts    []policy.Verdict     `json:"verdicts"`
	Rules       []policy.RuleVerdict `json:"rules"`
	Holds       []throttle.Hold      `json:"holds,omitempty"`
	Frozen      bool                 `json:"frozen"`
	Usable      bool                 `json:"usable"`            // false: disabled or expired in the directory, or mastered elsewhere
	Writes      []string             `json:"writes"`            // the accounts a new password goes to, in order
	Follows     []string             `json:"follows,omitempty"` // those that get it later, by themselves
}

// Enrolled is one method as the decision sees it.
type Enrolled struct {
	Kind    factor.Kind    `json:"kind"`
	Class   string         `json:"class"`
	Channel factor.Channel `json:"channel"`
}

// The outcomes.
const (
	Allowed     = "allowed"
	NotEnrolled = "not enrolled"
	Barred      = "denied, after the proofs"
	Denied      = "denied"
)

// Store reads what people have set up.
type Store interface {
	Credentials(ctx context.Context, who account.ID) ([]authenticator.Credential, error)
}

// Service answers questions. It is safe for concurrent use.
type Service struct {
	Store Store
	// Signals tells what the live flow would know of a request.
	Signals func(ctx context.Context, action policy.Action, who account.ID, from audit.Source, device policy.Device) (site.Signals, error)
	// Standing tells what holds recovery of an account at a moment, and whether its owner froze it.
	Standing func(ctx context.Context, who account.ID, at time.Time) (holds []throttle.Hold, frozen bool, err error)
}

// Ask answers by a version of the settings for every account the name could mean. Errors are of the directories, the store, or of a name
// that is none.
func (s *Service) Ask(ctx context.Context, snap *site.Snapshot, q Question) ([]Answer, error) {
	who, err := directory.Parse(q.User)
	if err != nil {
		return nil, err
	}
	found, err := snap.Finder(q.At).People(ctx, who)
	if err != nil && len(found) == 0 {
		return nil, err
	}
	answers := make([]Answer, 0, len(found))
	for _, p := range found {
		a, err := s.answer(ctx, snap, q, p)
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

func (s *Service) answer(ctx context.Context, snap *site.Snapshot, q Question, p directory.Person) (Answer, error) {
	acc := p.Account
	credentials, err := s.Store.Credentials(ctx, acc.ID)
	if err != nil {
		return Answer{}, err
	}
	from := audit.Source{Address: q.Address}
	signals, err := s.Signals(ctx, q.Action, acc.ID, from, q.Browser)
	if err != nil {
		return Answer{}, err
	}
	signals.Device = q.Browser
	if q.Suppose != nil {
		q.Suppose(&signals)
	}
	facts := signals.On(site.Facts(snap, q.Action, acc, credentials, from, q.At))
	a := decided(policy.Explain(snap.Policies, facts))
	a.Account, a.Name, a.Directory, a.Settings = acc.ID.String(), acc.Name(), acc.ID.Directory, snap.Version
	a.Country, a.Usable, a.Writes, a.Follows = signals.Location.Country, p.Usable(), texts(p.Writes()), texts(p.Follows())
	if q.Action == policy.Unlock && !snap.Unlocks(p) {
		a.Outcome, a.Reason = Denied, "no-unlock" // whatever the policy says
	}
	for _, e := range facts.Enrolled {
		a.Enrolled = append(a.Enrolled, Enrolled{e.Traits.Kind, e.Traits.Class.String(), e.Channel})
	}
	if a.Holds, a.Frozen, err = s.Standing(ctx, acc.ID, q.At); err != nil {
		return Answer{}, err
	}
	a.Demands, err = demands(ctx, snap, acc.ID)
	return a, err
}

// decided takes over what was decided, and why.
func decided(e policy.Explanation) Answer {
	d := e.Decision
	return Answer{
		Outcome: outcome(d.Outcome), Policy: d.Policy, Reason: d.Reason, Text: d.Text, Until: d.Until, AddedBefore: d.AddedBefore,
		Floor: e.Floor, Limits: d.Limits, Requirement: d.Requirement, Password: d.Password, Verdicts: e.Policies, Rules: e.Rules,
	}
}

// demands are the directory's own rules for a password of the account, where it tells them.
func demands(ctx context.Context, snap *site.Snapshot, who account.ID) (directory.Rules, error) {
	dir, _ := snap.Directory(who.Directory)
	reader, ok := dir.(directory.RuleReader)
	if !ok {
		return directory.Rules{}, nil
	}
	return reader.Rules(ctx, who)
}

func texts(ids []account.ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

func outcome(o policy.Outcome) string {
	switch o {
	case policy.Allowed:
		return Allowed
	case policy.NotEnrolled:
		return NotEnrolled
	case policy.Barred:
		return Barred
	}
	return Denied
}
