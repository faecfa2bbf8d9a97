package main

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"rekey/internal/app"
	"rekey/internal/preview"
)

// writePlan prints what a document would change.
func writePlan(w io.Writer, p app.Plan, now time.Time) {
	if p.Diff == "" {
		fmt.Fprintln(w, "Nothing would change.")
		return
	}
	fmt.Fprint(w, p.Diff, "\n")
	if p.Alike {
		fmt.Fprintln(w, "Nothing that decides about people differs.")
		return
	}
	writeDoubts(w, p, now)
	if p.Unchecked != "" {
		return
	}
	r := p.Report
	fmt.Fprintf(w, "%d people looked at, %d of them affected; %d left out, whom recovery cannot help.\n", r.People, r.Changed, r.LeftOut)
	for i, e := range r.Effects {
		fmt.Fprintf(w, "\n%s: %d can now, %d could then\n", e.Action, e.Able, e.Then)
		if i > 0 && sameEffect(e, r.Effects[0]) {
			fmt.Fprintf(w, "  the same as for %s\n", r.Effects[0].Action)
			continue
		}
		writeEffect(w, e)
	}
}

func sameEffect(a, b preview.Effect) bool {
	a.Action, a.Able, a.Then = b.Action, b.Able, b.Then
	return reflect.DeepEqual(a, b)
}

func writeEffect(w io.Writer, e preview.Effect) {
	group := func(what string, g preview.Group) {
		if g.Count > 0 {
			fmt.Fprintf(w, "  %d %s: %s\n", g.Count, what, names(g))
		}
	}
	group("become UNABLE", e.Unable)
	group("become able", e.Enabled)
	group("lose the action itself", e.Refused)
	group("gain the action itself", e.Allowed)
	for _, m := range e.Lost {
		group("can no longer use "+string(m.Kind), m.Group)
	}
	for _, m := range e.Gained {
		group("can now use "+string(m.Kind), m.Group)
	}
	for _, m := range e.Moves {
		group(fmt.Sprintf("change policy, %s → %s", policyName(m.From), policyName(m.To)), m.Group)
	}
}

func policyName(name string) string {
	if name == "" {
		return "(none)"
	}
	return name
}

// names lists those that are named, and says when there are more.
func names(g preview.Group) string {
	text := strings.Join(g.Names, ", ")
	if int64(len(g.Names)) < g.Count {
		text += ", …"
	}
	return text
}

// writeDoubts says what a look cannot tell, and how old what it looked at is.
func writeDoubts(w io.Writer, p app.Plan, now time.Time) {
	if p.Unchecked != "" {
		fmt.Fprintf(w, "Nobody could be looked at: %s.\n", p.Unchecked)
		return
	}
	for _, c := range p.Report.Copies {
		if c.At.IsZero() {
			continue // a note says so
		}
		fmt.Fprintf(w, "%s: %d people known, as of %s ago.\n", c.Directory, c.People, now.Sub(c.At).Round(time.Second))
	}
	for _, n := range p.Report.Notes {
		fmt.Fprintf(w, "Note: %s.\n", n)
	}
}
