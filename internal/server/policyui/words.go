package policyui

import (
	"fmt"
	"slices"
	"strings"

	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/rulebook"
	view "rekey/web/console"
)

// kind is what a method is called.
func (u *UI) kind(k factor.Kind) string {
	if key := "kind." + string(k) + ".name"; u.Console.Text().Has(key) {
		return u.Console.Text().T(key)
	}
	return string(k)
}

// way is what a method is called within a sentence.
func (u *UI) way(k factor.Kind) string {
	name := u.kind(k)
	if len(name) > 1 && strings.ToUpper(name[1:2]) == name[1:2] { // an abbreviation
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}

func (u *UI) ways(kinds []factor.Kind, last string) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = u.way(k)
	}
	return enumerated(names, last)
}

// enumerated writes a, b or c.
func enumerated(names []string, last string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " " + last + " " + names[n-1]
	}
}

func (u *UI) traits(k factor.Kind) factor.Traits {
	if m, ok := u.Site().Methods[k]; ok {
		return m.Traits()
	}
	return factor.Traits{Kind: k}
}

// classes says in tags what a method is good for.
func classes(t factor.Traits) []view.Tag {
	var out []view.Tag
	switch {
	case t.PhishingResistant:
		out = append(out, view.Tag{Text: "phishing-resistant", Tone: view.Good})
	case t.Mailbox:
		out = append(out, view.Tag{Text: "mailbox", Tone: view.Warn})
	case t.Questions:
		out = append(out, view.Tag{Text: "can be guessed", Tone: view.Warn})
	}
	for _, c := range []struct {
		class factor.Class
		name  string
	}{{factor.Knows, "knows"}, {factor.Has, "has"}, {factor.Is, "is"}} {
		if t.Class&c.class != 0 {
			out = append(out, view.Tag{Text: c.name})
		}
	}
	return out
}

func number(n int) string {
	if words := []string{"no", "one", "two", "three", "four", "five"}; n >= 0 && n < len(words) {
		return words[n]
	}
	return view.Count(n)
}

// requirement is what is asked for, as the end of a sentence: "two independent ways, one of them a passkey".
func (u *UI) requirement(q policy.Requirement) string {
	if q.Count == 0 && len(q.Mandatory) == 0 && len(q.AnyOf) == 0 {
		return "nothing more"
	}
	out := number(q.Count) + " independent ways"
	if q.Count == 1 {
		out = "one way"
	}
	if len(q.Allowed) > 0 {
		out = fmt.Sprintf("%s of these: %s", number(q.Count), u.ways(q.Allowed, "and"))
		if q.Count == 1 {
			out = "one of these: " + u.ways(q.Allowed, "or")
		}
		if len(q.Allowed) == 1 && q.Count == 1 {
			out = "one way: " + u.way(q.Allowed[0])
		}
	}
	if n := len(q.Mandatory); n > 0 && !slices.Equal(q.Mandatory, q.Allowed) {
		out += "; always " + u.ways(q.Mandatory, "and")
	}
	for _, a := range q.AnyOf {
		out += fmt.Sprintf("; %s of them %s", number(a.N), u.ways(a.Of, "or"))
	}
	if q.SameClass && q.Count > 1 {
		out += "; they may all be of one kind"
	}
	return out
}

// labels are what the values of scopes are called, by kind.
type labels map[rulebook.Kind]map[string]rulebook.Found

func (l labels) of(what rulebook.Kind, values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v
		if f, ok := l[what][v]; ok {
			out[i] = f.Label
		}
	}
	return out
}

// whom says in words whom a scope is for.
func whom(s policy.Scope, l labels) string {
	if s.Empty() {
		return "everybody"
	}
	var parts []string
	if len(s.Groups) > 0 {
		parts = append(parts, "members of "+enumerated(l.of(rulebook.Groups, s.Groups), "or"))
	}
	if len(s.OUs) > 0 {
		parts = append(parts, "people in "+enumerated(l.units(s.OUs), "or"))
	}
	for _, a := range s.Attributes {
		parts = append(parts, fmt.Sprintf("people whose %s is %s", a.Name, enumerated(a.Values, "or")))
	}
	if len(s.Domains) > 0 {
		parts = append(parts, "accounts of "+enumerated(s.Domains, "or"))
	}
	out := strings.Join(parts, " who are also ")
	if out == "" {
		out = "everybody"
	}
	var not []string
	if x := s.Exclude; len(x.Groups) > 0 {
		not = append(not, "members of "+enumerated(l.of(rulebook.Groups, x.Groups), "or"))
	}
	if x := s.Exclude; len(x.OUs) > 0 {
		not = append(not, "people in "+enumerated(l.units(x.OUs), "or"))
	}
	if n := len(s.Exclude.Accounts); n > 0 {
		not = append(not, view.Of(n, "single person", "single people"))
	}
	if len(not) > 0 {
		out += ", except " + enumerated(not, "and")
	}
	return out
}

func (l labels) units(ous []policy.OU) []string {
	out := make([]string, len(ous))
	for i, o := range ous {
		out[i] = l.of(rulebook.Units, []string{o.DN})[0]
		if o.Only {
			out[i] += " (without units below)"
		}
	}
	return out
}

// sentence is a policy in one.
func (u *UI) sentence(p policy.Policy, l labels) string {
	who := whom(p.Scope, l)
	if p.ByRule {
		who = "people whom a rule sends here"
	}
	may := func(a policy.Action) bool { return len(p.Actions) == 0 || slices.Contains(p.Actions, a) }
	reset, unlock, change := may(policy.Reset), may(policy.Unlock), may(policy.Change)
	asksUnlock, key, _ := p.Asks(policy.Unlock)
	var parts []string
	switch same := key == "reset"; {
	case reset && unlock && same:
		parts = append(parts, "reset and unlock after proving "+u.requirement(p.Reset))
	default:
		if reset {
			parts = append(parts, "reset after proving "+u.requirement(p.Reset))
		}
		if unlock {
			parts = append(parts, "unlock after proving "+u.requirement(asksUnlock))
		}
	}
	if change {
		text := "change a password they know"
		if p.Change.Count > 0 {
			text += " after proving " + u.requirement(p.Change)
		}
		parts = append(parts, text)
	}
	return strings.ToUpper(who[:1]) + who[1:] + " may " + enumerated(parts, "and") + "."
}

// effect says what a rule does.
func (u *UI) effect(e policy.Effect) string {
	var parts []string
	switch {
	case e.Allow:
		return "as the policy says; no rule below is looked at"
	case len(e.Deny) > 0:
		return "refuse, and say why"
	case e.Policy != "":
		return "use the policy “" + e.Policy + "” instead"
	}
	if e.Factors > 0 {
		parts = append(parts, "ask for "+number(e.Factors)+map[bool]string{true: " way more", false: " ways more"}[e.Factors == 1])
	}
	if len(e.Require) > 0 {
		parts = append(parts, "always ask for "+u.ways(e.Require, "and"))
	}
	if e.PhishingResistant {
		parts = append(parts, "ask for a way that cannot be phished")
	}
	if len(e.Drop) > 0 {
		parts = append(parts, "do not take "+u.ways(e.Drop, "or"))
	}
	if e.HoldNew > 0 {
		parts = append(parts, "do not count what was added within "+view.Span(e.HoldNew))
	}
	return enumerated(parts, "and")
}

// condition says in words what must hold.
func condition(c policy.Condition) string {
	ls := linesOf(c)
	if len(ls) == 0 {
		return "always"
	}
	text, _ := phrase(ls, 0, " and ")
	return text
}

// phrase writes the lines at a depth, joined by a word.
func phrase(ls []line, depth int, joint string) (string, []line) {
	var parts []string
	for len(ls) > 0 && ls[0].depth >= depth {
		l := ls[0]
		ls = ls[1:]
		var text string
		switch l.kind {
		case kindAll:
			text, ls = phrase(ls, l.depth+1, " and ")
			text = "(" + text + ")"
		case kindAny:
			text, ls = phrase(ls, l.depth+1, " or ")
			text = "(" + text + ")"
		case kindNot:
			text, ls = phrase(ls, l.depth+1, " and ")
			text = "not " + text
		default:
			text = asked(l)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, joint), ls
}

// asked is one line in few words.
func asked(l line) string {
	values := enumerated(l.values, "or")
	switch l.kind {
	case "is":
		return "“" + values + "”"
	case "networks":
		return "in " + values
	case "schedules":
		return "within " + values
	case "countries":
		return "country " + values
	case "asns":
		return "network number " + values
	case "device":
		return "device is " + values
	case "platforms":
		return "on " + values
	case "account_failures":
		return values + " wrong answers for the account in an hour"
	case "source_failures":
		return values + " wrong answers from the address in an hour"
	case "factor_added_within":
		return "a way was added within " + values
	case "new_country":
		return "a country the account was never used from"
	case "impossible_travel":
		return "a journey nobody can make"
	}
	return "the account is privileged"
}
