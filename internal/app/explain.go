package app

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/recovery"
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

// Explain answers for every account the name could mean. It uses the live flow's facts and decision.
func (a *App) Explain(ctx context.Context, q Question) ([]Answer, error) {
	who, err := directory.Parse(q.User)
	if err != nil {
		return nil, err
	}
	snap := a.Settings.Snapshot()
	found, err := snap.Finder(q.At).People(ctx, who)
	if err != nil && len(found) == 0 {
		return nil, err
	}
	answers := make([]Answer, 0, len(found))
	for _, p := range found {
		acc := p.Account
		credentials, err := a.recovery.Store.Credentials(ctx, acc.ID)
		if err != nil {
			return nil, err
		}
		from := audit.Source{Address: q.Address}
		signals, err := a.recovery.Signals(ctx, q.Action, acc.ID, recovery.Source{Source: from, Managed: q.Browser.Managed, Platform: q.Browser.Platform})
		if err != nil {
			return nil, err
		}
		signals.Device = q.Browser
		if q.Suppose != nil {
			q.Suppose(&signals)
		}
		facts := signals.On(site.Facts(snap, q.Action, acc, credentials, from, q.At))
		e := policy.Explain(snap.Policies, facts)
		d := e.Decision
		answer := Answer{
			Account: acc.ID.String(), Name: acc.Name(), Directory: acc.ID.Directory, Settings: snap.Version,
			Outcome: outcome(d.Outcome), Policy: d.Policy, Reason: d.Reason, Text: d.Text, Until: d.Until, AddedBefore: d.AddedBefore,
			Floor: e.Floor, Limits: d.Limits, Country: signals.Location.Country, Requirement: d.Requirement,
			Password: d.Password, Verdicts: e.Policies, Rules: e.Rules, Usable: p.Usable(),
			Writes: texts(p.Writes()), Follows: texts(p.Follows()),
		}
		if q.Action == policy.Unlock && !snap.Unlocks(p) {
			answer.Outcome, answer.Reason = outcome(policy.Denied), "no-unlock" // whatever the policy says
		}
		for _, e := range facts.Enrolled {
			answer.Enrolled = append(answer.Enrolled, Enrolled{e.Traits.Kind, e.Traits.Class.String(), e.Channel})
		}
		if err := a.standing(ctx, &answer, acc.ID, q.At); err != nil {
			return nil, err
		}
		if dir, ok := snap.Directory(acc.ID.Directory); ok {
			if reader, ok := dir.(directory.RuleReader); ok {
				if answer.Demands, err = reader.Rules(ctx, acc.ID); err != nil {
					return nil, err
				}
			}
		}
		answers = append(answers, answer)
	}
	return answers, nil
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
		return "allowed"
	case policy.NotEnrolled:
		return "not enrolled"
	case policy.Barred:
		return "denied, after the proofs"
	}
	return "denied"
}

// Write prints the answer for people.
func (an Answer) Write(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("Account", "%s (%s)", an.Name, an.Account)
	if !an.Usable {
		row("Directory", "disabled, expired, or mastered in a directory it is not linked with: recovery shows a decoy")
	}
	row("Writes", "%s%s", strings.Join(an.Writes, ", then "), optional("; followed later by ", strings.Join(an.Follows, ", ")))
	row("Outcome", "%s%s", an.Outcome, optional(" because ", an.Reason))
	row("Policy", "%s (settings version %d)", an.Policy, an.Settings)
	row("Asks for", "%s", describe(an.Requirement))
	for _, c := range []struct {
		name, says string
		shown      bool
	}{
		{"Privileged", "yes, the floor is laid: " + an.Floor, an.Floor != ""},
		{"Country", an.Country, an.Country != ""},
		{"Not counted", "what was set up since " + an.AddedBefore.UTC().Format(time.RFC3339), !an.AddedBefore.IsZero()},
		{"Limit", fmt.Sprintf("%d in %v", an.Limits.Times, an.Limits.Within), an.Limits.Times > 0},
		{"Again from", an.Until.UTC().Format(time.RFC3339), !an.Until.IsZero()},
	} {
		if c.shown {
			row(c.name, "%s", c.says)
		}
	}
	for _, e := range an.Enrolled {
		row("Has set up", "%s (%s) over %s", e.Kind, e.Class, e.Channel)
	}
	row("Directory rules", "from %s: %d characters or more, history %d%s", an.Demands.Source, an.Demands.MinLength, an.Demands.History,
		map[bool]string{true: "; a rule set applies that the service account may not read"}[an.Demands.Unreadable])
	if len(an.Holds) == 0 {
		row("Held", "no")
	}
	for _, h := range an.Holds {
		row("Held", "until %s, %s", h.Until.UTC().Format(time.RFC3339), or(h.Lane, "everywhere but in browsers known to be the owner's"))
	}
	row("Frozen", "%v", an.Frozen)
	_ = t.Flush()
	fmt.Fprintln(w, "\nWhy:")
	for _, v := range an.Verdicts {
		mark := " "
		if v.Won {
			mark = "▸"
		}
		fmt.Fprintf(w, "%s %s%s%s\n", mark, v.Policy, optional(": ", v.Unmet), optional(" — ", v.Detail))
	}
	if len(an.Rules) > 0 {
		fmt.Fprintln(w, "\nRules:")
	}
	for _, v := range an.Rules {
		mark := " "
		switch {
		case v.Applied:
			mark = "▸"
		case v.Reported:
			mark = "▹" // only reported
		}
		fmt.Fprintf(w, "%s %s%s%s\n", mark, v.Rule, optional(": ", v.Unmet), optional(" — ", v.Detail))
	}
}

func describe(r policy.Requirement) string {
	parts := []string{fmt.Sprintf("%d independent", r.Count)}
	if len(r.Mandatory) > 0 {
		parts = append(parts, fmt.Sprintf("always %v", r.Mandatory))
	}
	for _, a := range r.AnyOf {
		parts = append(parts, fmt.Sprintf("%d of %v", a.N, a.Of))
	}
	if len(r.Allowed) > 0 {
		parts = append(parts, fmt.Sprintf("from %v", r.Allowed))
	}
	return strings.Join(parts, ", ")
}

func optional(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
