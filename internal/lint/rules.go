package lint

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rekey/internal/policy"
)

// reportOnlyFor is how long a rule may only report before it is asked what it is for.
const reportOnlyFor = 90 * 24 * time.Hour

// passed are the rules that were looked at and end what comes behind them, by action.
type passed struct {
	allows, moves map[policy.Action]*areas
}

func (l *linter) rules() {
	before := passed{map[policy.Action]*areas{}, map[policy.Action]*areas{}}
	for _, a := range actions(policy.Rule{}) {
		before.allows[a], before.moves[a] = newAreas(), newAreas()
	}
	for i, r := range l.Document.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		can, fails := l.holds(r.When)
		l.rule(path, i, r, can, fails)
		l.behind(path, r, before)
		if l.forGood(r) && !fails {
			before.file(r)
		}
	}
	l.conditions()
}

func actions(r policy.Rule) []policy.Action {
	if len(r.Actions) > 0 {
		return r.Actions
	}
	return []policy.Action{policy.Reset, policy.Unlock, policy.Change}
}

// forGood reports whether a rule acts from now on until somebody changes it.
func (l *linter) forGood(r policy.Rule) bool {
	return !r.ReportOnly && l.lasts(r.From, r.Until)
}

// rule looks at one by itself.
func (l *linter) rule(path string, i int, r policy.Rule, can, fails bool) {
	switch {
	case !r.Until.IsZero() && !r.Until.After(l.Now):
		l.add(RuleOver, path+".until", fmt.Sprintf("%s has been over since %s. Take it out, or move its end.", r.Name, r.Until.UTC().Format(time.RFC3339)))
		return
	case r.ReportOnly && !r.From.IsZero() && l.Now.Sub(r.From) > reportOnlyFor:
		l.add(RuleReportsOnly, path+".report_only", fmt.Sprintf("%s has only reported for %d days. Let it act, or take it out.", r.Name,
			int(l.Now.Sub(r.From).Hours()/24)))
	}
	if newArea(r.Scope).nobody() {
		l.add(Nobody, path+".scope", fmt.Sprintf("%s is for nobody: it excludes all that it names. Correct its scope.", r.Name))
	}
	if !can {
		l.add(RuleNeverHolds, path+".when", fmt.Sprintf("%s asks for things that exclude each other: it acts, if at all, only where they cannot "+
			"be told. Correct its condition.", r.Name))
	}
	switch everybody := l.everybody(r.Scope) && !fails; {
	case !r.Then.Allow || r.ReportOnly:
	case everybody:
		l.add(AllowEverybody, path+".then.allow", fmt.Sprintf("%s is for everybody: no rule behind it is looked at. Give it a scope or a "+
			"condition, or take it out.", r.Name))
	case i == len(l.Document.Rules)-1:
		l.add(RuleNeverMatters, path+".then.allow", fmt.Sprintf("%s changes nothing: allow keeps later rules from being looked at, and there is "+
			"none. Move it up, or take it out.", r.Name))
	}
	l.denies(path, r)
}

// everybody reports whether a scope is for every account of every directory.
func (l *linter) everybody(s policy.Scope) bool {
	all := newAreas()
	all.file(newArea(s), "all")
	return len(all.cover(area{}, l.keys())) > 0
}

// denies looks whether a refusal is told in the house's language.
func (l *linter) denies(path string, r policy.Rule) {
	house := l.Locale
	if house == "" {
		house = "en"
	}
	base := func(lang string) string { b, _, _ := strings.Cut(strings.ToLower(lang), "-"); return b }
	for lang := range r.Then.Deny {
		if base(lang) == base(house) {
			return
		}
	}
	if len(r.Then.Deny) > 0 {
		l.add(DenyLanguage, path+".then.deny", fmt.Sprintf("%s does not say in %s, the house's language, why it refuses: people whose language "+
			"is missing read another one. Add %s.", r.Name, house, house))
	}
}

// behind looks for an earlier rule that keeps one from ever mattering.
func (l *linter) behind(path string, r policy.Rule, before passed) {
	a := newArea(r.Scope)
	lists := []map[policy.Action]*areas{before.allows}
	if r.Then.Policy != "" {
		lists = append(lists, before.moves)
	}
	var by []string
	for _, action := range actions(r) {
		var found []string
		for _, list := range lists {
			if areas, known := list[action]; known && len(found) == 0 {
				found = areas.cover(a, l.keys())
			}
		}
		if len(found) == 0 {
			return
		}
		by = append(by, found...)
	}
	slices.Sort(by)
	l.add(RuleNeverMatters, path, fmt.Sprintf("%s never matters: %s comes first and holds for all it is for. Move it up, or take it out.", r.Name,
		strings.Join(slices.Compact(by), " or ")))
}

func (p passed) file(r policy.Rule) {
	list := p.allows
	switch {
	case r.Then.Policy != "":
		list = p.moves
	case !r.Then.Allow:
		return
	}
	for _, action := range actions(r) {
		if areas, known := list[action]; known {
			areas.file(newArea(r.Scope), r.Name)
		}
	}
}
