package policyui

import (
	"context"
	"slices"
	"time"

	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/whatif"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// ctx is a context, briefly.
type ctx = context.Context

// answer writes a decision for people.
func (u *UI) answer(a whatif.Answer) policypage.Answer {
	out := policypage.Answer{Name: a.Name, Account: a.Account, Policies: policies(a.Verdicts), Rules: rules(a.Rules)}
	out.Tone, out.Outcome = outcome(a)
	out.Sentence = u.reason(a)
	out.Facts = []view.Fact{
		{Term: "Account", Value: view.Mono(a.Name + " (" + a.Account + ")")},
		{Term: "Policy", Value: view.Text(or(a.Policy, "none"))},
		{Term: "Asked for", Value: view.Text(u.requirement(a.Requirement))},
		{Term: "Has set up", Value: view.Text(or(u.enrolled(a.Enrolled), "nothing"))},
	}
	add := func(on bool, term, text string) {
		if on {
			out.Facts = append(out.Facts, view.Fact{Term: term, Value: view.Text(text)})
		}
	}
	add(a.Floor != "", "Privileged", "The floor is laid: "+a.Floor+".")
	add(a.Country != "", "Country", a.Country)
	add(!a.AddedBefore.IsZero(), "Not counted", "What was set up since "+a.AddedBefore.UTC().Format(time.RFC3339)+".")
	add(a.Frozen, "Frozen", "Its owner stopped recovery of this account.")
	for _, h := range a.Holds {
		add(true, "Held", "Until "+h.Until.UTC().Format(time.RFC3339)+", "+or(h.Lane, "but in browsers known to be the owner's")+".")
	}
	return out
}

func outcome(a whatif.Answer) (view.Tone, string) {
	switch {
	case !a.Usable:
		return view.Bad, "Recovery does not help this account"
	case a.Outcome == whatif.Allowed && (a.Frozen || len(a.Holds) > 0):
		return view.Warn, "Allowed, but held now"
	case a.Outcome == whatif.Allowed:
		return view.Good, "Allowed"
	case a.Outcome == whatif.NotEnrolled:
		return view.Warn, "Not enough is set up"
	case a.Outcome == whatif.Barred:
		return view.Bad, "Refused, after the proofs"
	}
	return view.Bad, "Refused"
}

// reason says in a sentence why.
func (u *UI) reason(a whatif.Answer) string {
	if !a.Usable {
		return "It is disabled, expired, or mastered in a directory it is not linked with."
	}
	switch a.Reason {
	case "":
		return a.Policy + " asks for " + u.requirement(a.Requirement) + "."
	case "no-policy":
		return "No policy is for this account: the settings do not have its directory."
	case "action-not-allowed":
		return a.Policy + " does not allow it."
	case "no-time":
		return "It cannot be told whether " + a.Policy + " holds."
	case "not-enrolled":
		return a.Policy + " asks for " + u.requirement(a.Requirement) + "; what is set up cannot meet that."
	case "rule":
		return "A rule refuses: " + or(a.Text["en"], first(a.Text)) + "."
	case "limit":
		return "It was done as often as it may be, until " + a.Until.UTC().Format(time.RFC3339) + "."
	case "privileged":
		return "Privileged accounts are sent to the help desk."
	case "threat":
		return "The threat level stops it."
	case "no-unlock":
		return "No directory of this account has a lock that can be cleared."
	}
	return a.Policy + ": " + a.Reason + "."
}

func first(texts map[string]string) string {
	for _, t := range texts {
		return t
	}
	return ""
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func (u *UI) enrolled(es []whatif.Enrolled) string {
	var kinds []factor.Kind
	for _, e := range es {
		if !slices.Contains(kinds, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
	}
	return u.ways(kinds, "and")
}

func policies(all []policy.Verdict) []policypage.Verdict {
	var out []policypage.Verdict
	for _, v := range all {
		one := policypage.Verdict{Name: v.Policy, State: view.Tag{Text: "no"}, Detail: v.Detail}
		if v.Won {
			one.State = view.Tag{Text: "decides", Tone: view.Accent}
		}
		out = append(out, one)
	}
	return out
}

func rules(all []policy.RuleVerdict) []policypage.Verdict {
	var out []policypage.Verdict
	for _, v := range all {
		one := policypage.Verdict{Name: v.Rule, State: view.Tag{Text: "no"}, Detail: v.Detail}
		switch {
		case v.Applied:
			one.State = view.Tag{Text: "acts", Tone: view.Accent}
		case v.Reported:
			one.State = view.Tag{Text: "reports", Tone: view.Warn}
		}
		out = append(out, one)
	}
	return out
}
