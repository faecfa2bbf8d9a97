package policyui

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/policy"
	"rekey/internal/rulebook"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// ruleSheet is the form of a rule.
type ruleSheet struct {
	of         string
	place      int
	was        policy.Rule
	name       string
	scope      scope
	actions    []string
	when       []line
	kind       string // of the line to add
	then       effectForm
	from       string
	until      string
	reportOnly bool
}

// effectForm is what a rule does, as its form has it.
type effectForm struct {
	kind    string // more, policy, allow, deny
	deny    []policypage.Denial
	policy  string
	factors string
	require []string
	drop    []string
	strong  bool
	holdNew string
}

// What a rule does.
const (
	more      = "more"
	another   = "policy"
	allow     = "allow"
	deny      = "deny"
	denyList  = "then.deny"
	whenField = "when"
)

func effectOf(e policy.Effect) effectForm {
	out := effectForm{
		kind: more, policy: e.Policy, factors: numberText(e.Factors), strong: e.PhishingResistant, holdNew: spanText(e.HoldNew),
	}
	for _, k := range e.Require {
		out.require = append(out.require, string(k))
	}
	for _, k := range e.Drop {
		out.drop = append(out.drop, string(k))
	}
	for _, lang := range slices.Sorted(mapsKeysOf(e.Deny)) {
		out.deny = append(out.deny, policypage.Denial{Language: lang, Text: e.Deny[lang]})
	}
	switch {
	case e.Allow:
		out.kind = allow
	case len(e.Deny) > 0:
		out.kind = deny
	case e.Policy != "":
		out.kind = another
	}
	return out
}

func (f *form) effect() effectForm {
	out := effectForm{
		kind: f.text("then"), policy: f.text("then.use_policy"), factors: f.text("then.add_factors"), require: f.list("then.require"),
		drop: f.list("then.drop"), strong: f.on("then.phishing_resistant"), holdNew: f.text("then.hold_new"),
	}
	for _, key := range f.Values[denyList+".row"] {
		out.deny = append(out.deny, policypage.Denial{Language: f.text(denyList + ".language." + key), Text: f.text(denyList + ".text." + key)})
	}
	return out
}

// effect is what the form says: of what is not chosen nothing counts.
func (e effectForm) effect(f *form) policy.Effect {
	switch e.kind {
	case allow:
		return policy.Effect{Allow: true}
	case another:
		if e.policy == "" {
			f.bad("then.use_policy", "Choose a policy.")
		}
		return policy.Effect{Policy: e.policy}
	case deny:
		texts := map[string]string{}
		for _, d := range e.deny {
			texts[d.Language] = d.Text
		}
		if len(texts) == 0 {
			f.bad(denyList, "Say why, in one language at least.")
		}
		return policy.Effect{Deny: texts}
	}
	own := &form{Values: url.Values{"then.add_factors": {e.factors}, "then.hold_new": {e.holdNew}}}
	out := policy.Effect{
		Factors: own.number("then.add_factors"), Require: kindsOf(e.require), PhishingResistant: e.strong, Drop: kindsOf(e.drop),
		HoldNew: own.span("then.hold_new"),
	}
	if f.ps = append(f.ps, own.ps...); len(own.ps) == 0 && out.Factors == 0 && len(out.Require) == 0 && !out.PhishingResistant && len(out.Drop) == 0 && out.HoldNew == 0 {
		f.bad("then.add_factors", "Say what it asks for.")
	}
	return out
}

func (s *ruleSheet) fill(r policy.Rule, f *form) {
	s.was, s.name, s.scope, s.actions, s.when, s.then = r, r.Name, newScope(r.Scope), actionNames(r.Actions), linesOf(r.When), effectOf(r.Then)
	s.from, s.until, s.reportOnly = momentText(r.From, f.zone), momentText(r.Until, f.zone), r.ReportOnly
}

func (s *ruleSheet) open(_ *UI, r *http.Request, b rulebook.Book) error {
	f := &form{zone: console.Zone(r)}
	q := r.URL.Query()
	if s.of = q.Get("of"); s.of != "" {
		if s.locate(b); s.place < 0 {
			return errGone
		}
		s.fill(b.Rules[s.place], f)
		return nil
	}
	s.place = len(b.Rules)
	fresh := policy.Rule{}
	if at := slices.IndexFunc(b.Rules, func(r policy.Rule) bool { return r.Name == q.Get("copy") }); at >= 0 {
		fresh = b.Rules[at]
		fresh.Name += " (copy)"
	}
	s.fill(fresh, f)
	return nil
}

func (s *ruleSheet) locate(b rulebook.Book) {
	s.place = slices.IndexFunc(b.Rules, func(r policy.Rule) bool { return r.Name == s.of })
}

func (s *ruleSheet) read(f *form) {
	s.of, s.name, s.scope, s.actions, s.when, s.kind = f.text("of"), f.text("name"), f.scope(), f.list("actions"), f.readLines(whenField), f.text("when.new")
	s.then, s.from, s.until, s.reportOnly = f.effect(), f.text("from"), f.text("until"), f.on("report_only")
}

func (s *ruleSheet) do(_ *form, d view.Deed) {
	switch d.List {
	case whenField:
		s.when = doLines(s.when, d, s.kind)
	case denyList:
		if d.Verb == view.Add {
			s.then.deny = append(s.then.deny, policypage.Denial{})
		} else {
			s.then.deny = view.Apply(s.then.deny, keys(len(s.then.deny)), d)
		}
	default:
		s.scope.do(d)
	}
}

func (s *ruleSheet) onto(f *form, b rulebook.Book, d *policy.Document) {
	var was policy.Rule
	if s.locate(b); s.place >= 0 {
		was = b.Rules[s.place]
	} else if s.of != "" {
		f.bad("name", "The rule “%s” is not in the settings any more. Give this one a name of its own.", s.of)
	}
	own := &form{Values: url.Values{"from": {s.from}, "until": {s.until}}, zone: f.zone}
	r := policy.Rule{
		Name: s.name, Scope: s.scope.scope(), Actions: actionsOf(s.actions), When: own.conditionOf(whenField, s.when), Then: s.then.effect(own),
		From: own.moment("from", was.From), Until: own.moment("until", was.Until), ReportOnly: s.reportOnly,
	}
	if len(s.actions) == 0 {
		own.bad("actions", "Choose at least one.")
	}
	if same(linesOf(was.When), s.when) {
		r.When = was.When // as it was written
	}
	f.ps = append(f.ps, own.ps...)
	if s.place < 0 {
		s.place = len(d.Rules)
		d.Rules = append(d.Rules, r)
		return
	}
	d.Rules[s.place] = r
}

func same(a, b []line) bool {
	return slices.EqualFunc(a, b, func(x, y line) bool {
		return x.depth == y.depth && x.kind == y.kind && slices.Equal(x.values, y.values)
	})
}

func (s *ruleSheet) about() about {
	a := about{title: s.name, tab: rulesURL, key: url.Values{}, path: "rules[" + strconv.Itoa(max(s.place, 0)) + "]", fresh: s.of == ""}
	if s.of == "" {
		a.title = "New rule"
	} else {
		a.key.Set("of", s.of)
	}
	if t := (&form{Values: url.Values{"from": {s.from}}, zone: s.was.From.Location()}); s.from != "" {
		a.from = t.moment("from", s.was.From)
	}
	return a
}

func (s *ruleSheet) body(p *paper) (templ.Component, error) {
	sc, err := s.scope.view(p.r.Context(), p.u, p)
	if err != nil {
		return nil, err
	}
	out := policypage.Rule{
		Name: s.name, Scope: sc, Actions: s.actions, When: p.condition(whenField, s.when, s.kind, "It always holds."),
		Effect: s.then.kind, Denials: s.then.deny, Policy: s.then.policy, Factors: s.then.factors, Require: s.then.require, Drop: s.then.drop,
		Resistant: s.then.strong, HoldNew: s.then.holdNew, From: s.from, Until: s.until, Zone: "In " + p.zone.String(), ReportOnly: s.reportOnly,
		Live: p.live(), Problems: p.problems, Policies: []view.Option{{Label: "Choose one"}},
	}
	for _, k := range p.u.Site().Order {
		out.Kinds = append(out.Kinds, view.Option{Value: string(k), Label: p.u.kind(k)})
	}
	for _, pol := range p.book.Policies {
		out.Policies = append(out.Policies, view.Option{Value: pol.Name, Label: pol.Name})
	}
	return out.Show(), nil
}

// condition draws a tree with the names it can use.
func (p *paper) condition(name string, lines []line, kind, empty string) policypage.Condition {
	c := policypage.Condition{
		Name: name, New: kind, Live: p.live(), Empty: empty,
		Networks: slices.Sorted(mapsKeysOf(p.book.Networks)), Hours: slices.Sorted(mapsKeysOf(p.book.Schedules)),
		Named: slices.Sorted(mapsKeysOf(p.book.Conditions)),
	}
	var said []string
	for _, one := range p.problems {
		if one.Field == name {
			said = append(said, one.Text)
		}
	}
	c.Problem = strings.Join(said, " ")
	for _, l := range lines {
		c.Lines = append(c.Lines, policypage.ConditionLine{Depth: l.depth, Kind: l.kind, Values: l.values})
	}
	return c
}
