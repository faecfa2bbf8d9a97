package policy

import (
	"fmt"
	"slices"
	"strings"

	"rekey/internal/factor"
)

// The built-in floor for privileged accounts: two independent factors, one of them phishing-resistant or in hardware, no questions
// and no codes by mail. For a change the current password is the first of the two.
const floorCount = 2

// floor is the built-in one with what the document raises.
type floor struct {
	groups []string // folded
	count  int
	deny   bool
	kinds  []factor.Traits
}

func compileFloor(in Floor, r Registry) (floor, []error) {
	var errs []error
	if in.Count < 0 || in.Count > MostFactors {
		errs = append(errs, fmt.Errorf("privileged.count: want 2 to %d, got %d", MostFactors, in.Count))
	}
	for i, g := range in.Groups {
		if Fold(g) == "" {
			errs = append(errs, fmt.Errorf(`privileged.groups[%d]: want a SID or DOMAIN\name, got %q`, i, g))
		}
	}
	return floor{groups: folded(in.Groups), count: max(in.Count, floorCount), deny: in.Deny, kinds: r.Kinds}, errs
}

// meets reports whether an account is privileged: because the directory says so, by a group that Active Directory protects, or by
// one of the document's. Where the directory cannot tell, the floor is laid.
func (f *floor) meets(facts *Facts) Tristate {
	switch {
	case facts.Privileged == Yes, slices.ContainsFunc(facts.Groups, protected), len(f.groups) > 0 && (anyOf(f.groups, facts.Groups) || anyOf(f.groups, facts.Linked)):
		return Yes
	}
	return facts.Privileged
}

// protected reports whether a folded SID is that of a group whose members AdminSDHolder protects (MS-ADTS 3.1.1.6.1.2). adminCount is
// a hint only: it is set up to an hour after somebody joined.
func protected(sid string) bool {
	at := len(sid) - len("-512")
	if at < 0 || sid[at] != '-' || !strings.HasPrefix(sid, "s-1-5-") {
		return false
	}
	domain, rid := sid[:at], sid[at+1:]
	if domain == "s-1-5-32" {
		switch rid {
		case "544", "548", "549", "550", "551", "552": // Administrators; account, server, print and backup operators; Replicator
			return true
		}
		return false
	}
	switch rid {
	case "512", "516", "518", "519", "521", "526", "527": // domain, schema, enterprise and key admins; domain controllers
		return strings.HasPrefix(domain, "s-1-5-21-")
	}
	return false
}

// raise makes a requirement no less than the floor.
func (f *floor) raise(q Requirement, a Action) Requirement {
	least := f.count
	if a == Change {
		least--
	}
	weak := func(k factor.Kind) bool {
		return slices.ContainsFunc(f.kinds, func(t factor.Traits) bool { return t.Kind == k && (t.Mailbox || t.Questions) })
	}
	q.SameClass = false
	q.Mandatory = slices.DeleteFunc(slices.Clone(q.Mandatory), weak)
	var lists []AnyOf
	for _, l := range q.AnyOf {
		of := slices.DeleteFunc(slices.Clone(l.Of), weak)
		if n := min(l.N, len(of)); n > 0 {
			lists = append(lists, AnyOf{N: n, Of: of})
		}
	}
	q.AnyOf = lists
	q.Count = max(q.Count, least)
	q = q.without(f.kinds, weak)
	return q.oneOf(f.kinds, func(t factor.Traits) bool { return (t.PhishingResistant || t.Hardware) && !t.Mailbox && !t.Questions })
}
