package whatif

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"rekey/internal/policy"
)

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
