package lint

import (
	"fmt"
	"time"

	"rekey/internal/policy"
)

// lasts reports whether what has these dates holds from now on until somebody changes it.
func (l *linter) lasts(from, until time.Time) bool { return until.IsZero() && !from.After(l.Now) }

// dates looks at when policies hold, and for whom those are that are tried.
func (l *linter) dates() {
	for i, p := range l.Document.Policies {
		path := fmt.Sprintf("policies[%d]", i)
		if !p.Until.IsZero() && !p.Until.After(l.Now) {
			l.add(PolicyOver, path+".until", fmt.Sprintf("%s has been over since %s: nobody gets it. Take it out, or move its end.", p.Name,
				p.Until.UTC().Format(time.RFC3339)))
		}
		if p.Pilot {
			l.pilot(path, p)
		}
	}
}

// pilot wants one to be for some and for a time.
func (l *linter) pilot(path string, p policy.Policy) {
	if len(p.Scope.Groups) == 0 {
		l.add(PilotEverybody, path+".pilot", fmt.Sprintf("the pilot %s is not limited to a group, so that nobody can tell whom it is tried on. "+
			"Name one in its scope.", p.Name))
	}
	if p.Until.IsZero() {
		l.add(PilotEndless, path+".pilot", fmt.Sprintf("the pilot %s has no end, and becomes the rule by being forgotten. Say until.", p.Name))
	}
}
