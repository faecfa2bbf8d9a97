package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Explanation is a decision with its reasons.
type Explanation struct {
	Decision Decision
	Policies []Verdict
	Rules    []RuleVerdict
	Floor    string // why the floor for privileged accounts was laid; empty: it was not
}

// Verdict says why one policy won or lost.
type Verdict struct {
	Policy string `json:"policy"`
	Won    bool   `json:"won"`
	Unmet  string `json:"unmet,omitempty"`  // first condition that did not hold: "dates", "domain", "group", "ou", "attribute", "excluded-group", "shadowed", …
	Detail string `json:"detail,omitempty"` // what was asked and what was found, in plain English
}

// RuleVerdict says what one rule did, or why it did nothing.
type RuleVerdict struct {
	Rule     string `json:"rule"`
	Applied  bool   `json:"applied"`
	Reported bool   `json:"reported,omitempty"` // it would have, but only reports
	Unmet    string `json:"unmet,omitempty"`    // first condition that did not hold: as for policies, or "action", "dates", "condition", "after-allow", "overtaken"
	Detail   string `json:"detail,omitempty"`
}

// Explain gives Decide's decision, and says for every policy and rule why it counted or not. It walks all of them in order, so
// that it also checks Decide's index.
func Explain(p *Policies, f Facts) Explanation {
	e := Explanation{Decision: Decide(p, f)}
	f.Directory, f.Account = Fold(f.Directory), Fold(f.Account)
	l := look{p: p, f: &f, privileged: p.floor.meets(&f)}
	e.Policies = l.policies()
	if _, known := p.defaults[f.Directory]; !known {
		return e
	}
	e.Rules = l.verdicts()
	switch {
	case f.Privileged == Yes:
		e.Floor = "the directory protects the account"
	case slices.ContainsFunc(f.Groups, protected):
		e.Floor = "member of a group that Active Directory protects"
	case l.privileged == Yes:
		e.Floor = "member of a group that the settings call privileged"
	case l.privileged == Unknown:
		e.Floor = "the directory could not tell whether the account is privileged"
	}
	return e
}

func (l *look) policies() []Verdict {
	p, f := l.p, l.f
	out := make([]Verdict, 0, len(p.ordered)+1)
	won := false
	fallback, known := p.defaults[f.Directory]
	for i := range p.ordered {
		v := p.ordered[i].verdict(f, won)
		if v.Won && !known {
			v = Verdict{Policy: v.Policy, Unmet: "domain", Detail: fmt.Sprintf("the settings have no directory %q", f.Directory)}
		}
		won = won || v.Won
		out = append(out, v)
	}
	if known {
		out = append(out, fallback.verdict(f, won))
	}
	return out
}

func (c *compiled) verdict(f *Facts, won bool) Verdict {
	v := Verdict{Policy: c.policy.Name}
	switch unmet, which := c.unmet(f); {
	case c.policy.ByRule:
		v.Unmet, v.Detail = "by-rule", "counts only where a rule names it"
	case unmet == "dates":
		v.Unmet, v.Detail = unmet, dates(c.policy.From, c.policy.Until)
	case unmet != "":
		v.Unmet, v.Detail = unmet, detail(c.policy.Scope, unmet, which, f)
	case won:
		v.Unmet, v.Detail = "shadowed", "it matches too, but a policy before it won"
	default:
		v.Won = true
		if c.alive(f.Now) == Unknown {
			v.Detail = dates(c.policy.From, c.policy.Until) + "; the time is unknown"
		}
	}
	return v
}

func (l *look) verdicts() []RuleVerdict {
	out := make([]RuleVerdict, 0, len(l.p.rules))
	var ch change
	var allowed string
	for i := range l.p.rules {
		r := &l.p.rules[i]
		v := RuleVerdict{Rule: r.Name}
		t := No
		unmet, which := r.unmet(l.f)
		if unmet == "" {
			t = l.state(r)
		}
		overtaken := r.policy != nil && ch.moved
		switch {
		case unmet != "":
			v.Unmet, v.Detail = unmet, detail(r.Scope, unmet, which, l.f)
		case allowed != "":
			v.Unmet, v.Detail = "after-allow", fmt.Sprintf("%q before it ends the rules", allowed)
		case t == No, t == Unknown && r.Then.Allow:
			v.Unmet, v.Detail = l.unmetRule(r)
		case overtaken:
			v.Unmet, v.Detail = "overtaken", "a rule before it names the policy"
		default:
			v.Applied, v.Reported = !r.ReportOnly, r.ReportOnly
			if t == Unknown {
				_, found := l.unmetRule(r)
				v.Detail = "counts as holding, since it cannot be told: " + found
			}
			if !ch.take(r, t) {
				allowed = r.Name
			}
		}
		out = append(out, v)
	}
	return out
}

func (l *look) unmetRule(r *rule) (unmet, detail string) {
	if r.actions&bit(l.f.Action) == 0 {
		return "action", fmt.Sprintf("is for %s", words(r.Actions))
	}
	if r.alive(l.f.Now) != Yes {
		return "dates", dates(r.From, r.Until)
	}
	return "condition", l.why(r.when)
}

func dates(from, until time.Time) string {
	return fmt.Sprintf("holds from %s until %s", date(from), date(until))
}

func date(t time.Time) string {
	if t.IsZero() {
		return "ever"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

// why tells the first thing that keeps a condition from holding; empty: it holds.
func (l *look) why(n *node) string {
	if l.holds(n) == Yes {
		return ""
	}
	switch n.op {
	case opAll:
		for _, k := range n.kids {
			if text := l.why(k); text != "" {
				return named(n.name, text)
			}
		}
	case opAny:
		texts := make([]string, 0, len(n.kids))
		for _, k := range n.kids {
			texts = append(texts, l.why(k))
		}
		return named(n.name, "none of: "+strings.Join(texts, "; "))
	case opNot:
		if n.kids[0].name != "" {
			return fmt.Sprintf("not %q, but it holds", n.kids[0].name)
		}
		return "the opposite of what holds: " + l.found(n.kids[0])
	}
	return l.found(n)
}

func named(name, text string) string {
	if name == "" {
		return text
	}
	return fmt.Sprintf("%q: %s", name, text)
}

// found tells what a leaf asks and what there is.
func (l *look) found(n *node) string {
	f := l.f
	says := func(format string, args ...any) string { return fmt.Sprintf(format, args...) }
	switch n.op {
	case opNetwork:
		return says("an address in %s; it is %s", words(n.texts), known(f.Source.Address.IsValid(), f.Source.Address))
	case opSchedule:
		return says("a time within %s; it is %s", words(n.texts), known(!f.Now.IsZero(), f.Now.UTC().Format("Mon 2006-01-02 15:04Z")))
	case opCountry:
		return says("the country %s; it is %s", words(n.texts), known(f.Source.Country != "", f.Source.Country))
	case opASN:
		return says("the network number %s; it is %s", words(n.asns), known(f.Source.ASN != 0, f.Source.ASN))
	case opKnown:
		return "a known browser; it is " + yesNo(f.Device.Known)
	case opManaged:
		return "a managed device; it is " + yesNo(f.Device.Managed)
	case opPlatform:
		return says("the platform %s; it is %s", words(n.texts), known(f.Device.Platform != "", f.Device.Platform))
	case opAccountFailures:
		return says("%d wrong answers for the account in the last hour; there are %s", n.n, known(f.Failures.Account.Known, f.Failures.Account.N))
	case opSourceFailures:
		return says("%d wrong answers from the address in the last hour; there are %s", n.n, known(f.Failures.Source.Known, f.Failures.Source.N))
	case opFactorAdded:
		return says("something set up within %v; it is %s", n.d, yesNo(f.added(n.d)))
	case opNewCountry:
		return "a country the account was never used from; it is " + yesNo(f.Source.NewCountry)
	case opTravel:
		return "a journey nobody can make; it is " + yesNo(f.Source.Travel)
	case opPrivileged:
		return "a privileged account; it is " + yesNo(l.privileged)
	}
	texts := make([]string, 0, len(n.kids))
	for _, k := range n.kids {
		texts = append(texts, l.found(k))
	}
	return named(n.name, strings.Join(texts, map[bool]string{true: " or ", false: " and "}[n.op == opAny]))
}

func known(ok bool, v any) string {
	if !ok {
		return "unknown"
	}
	return fmt.Sprint(v)
}

func yesNo(t Tristate) string {
	return [...]string{Unknown: "unknown", No: "not so", Yes: "so"}[t]
}

func words[T any](list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, " or ")
}

func detail(s Scope, unmet string, which int, f *Facts) string {
	switch unmet {
	case "domain":
		return fmt.Sprintf("is for %s; the account is in %s", strings.Join(s.Domains, ", "), f.Directory)
	case "group":
		return fmt.Sprintf("is for members of %s; the account is in none of them", strings.Join(s.Groups, ", "))
	case "ou":
		return fmt.Sprintf("is for %s; the account is %s", dns(s.OUs), f.Path)
	case "attribute":
		a := s.Attributes[which]
		return fmt.Sprintf("wants %s to be %s; it is %s", a.Name, strings.Join(a.Values, " or "), values(f.Attributes[Fold(a.Name)]))
	case "excluded-account":
		return "leaves out this account"
	case "excluded-group":
		return fmt.Sprintf("leaves out members of %s", strings.Join(s.Exclude.Groups, ", "))
	}
	return fmt.Sprintf("leaves out %s", dns(s.Exclude.OUs))
}

func dns(ous []OU) string {
	names := make([]string, len(ous))
	for i, o := range ous {
		names[i] = o.DN
		if o.Only {
			names[i] += " (without the units below)"
		}
	}
	return strings.Join(names, ", ")
}

func values(vs []string) string {
	if len(vs) == 0 {
		return "not set"
	}
	return strings.Join(vs, ", ")
}
