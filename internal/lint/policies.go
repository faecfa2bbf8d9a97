package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

// each calls for every policy with its path: those in order, the defaults, and what stands behind directories without one.
func (l *linter) each(call func(path string, p policy.Policy)) {
	for i, p := range l.Document.Policies {
		call(fmt.Sprintf("policies[%d]", i), p)
	}
	for _, key := range slices.Sorted(maps.Keys(l.Document.Defaults)) {
		call("defaults."+key, l.Document.Defaults[key])
	}
}

func (l *linter) policies() {
	l.each(func(path string, p policy.Policy) {
		for _, a := range []policy.Action{policy.Reset, policy.Unlock, policy.Change} {
			q, key, ok := p.Asks(a)
			if !ok || a == policy.Unlock && key == "reset" && asks(p, policy.Reset) { // said of the reset already
				continue
			}
			if a != policy.Change {
				l.asks(path+"."+key, a, q)
			} else if q.Count > 0 {
				l.questions(path+"."+key, q)
			}
		}
		l.password(path, p)
	})
	l.defaults()
	l.shadowed()
	l.byRule()
	l.dates()
	l.privileged()
}

func asks(p policy.Policy, a policy.Action) bool {
	_, _, ok := p.Asks(a)
	return ok
}

// questions are all that is looked at where the current password is asked too.
func (l *linter) questions(path string, q policy.Requirement) {
	for _, w := range l.weak(q) {
		if w.code == Questions {
			l.add(w.code, path, w.text)
		}
	}
}

// password looks at what a policy says of new ones. What it leaves to the directory is the directory's.
func (l *linter) password(path string, p policy.Policy) {
	for _, least := range []struct {
		n    int
		code Code
		why  string
	}{
		{8, LengthUnder8, ""},
		{12, LengthUnder12, ""},
		{15, LengthUnder15, ": a password that opens something by itself, as it does in most networks, should be longer"},
	} {
		if n := p.Password.MinLength; n > 0 && n < least.n {
			l.add(least.code, path+".password.min_length",
				fmt.Sprintf("passwords of %d characters are taken%s. Ask for %d.", n, least.why, least.n))
		}
	}
	if p.Password.AllowCommon {
		l.add(CommonPasswords, path+".password.allow_common", "common passwords are taken, and they are what is tried first. Take out allow_common.")
	}
	if p.IgnoreHistory {
		l.add(HistoryIgnored, path+".ignore_history", "a reset takes one of the last passwords, which somebody else may know. Take out ignore_history.")
	}
}

// defaults looks at directories that have the built-in policy alone.
func (l *linter) defaults() {
	for i, d := range l.Directories {
		key := policy.Fold(d.Key)
		own := func(p policy.Policy) bool { return !p.ByRule && slices.Contains(folded(p.Scope.Domains), key) }
		if _, ok := l.Document.Defaults[d.Key]; ok {
			continue
		}
		path := fmt.Sprintf("directories[%d]", i)
		if !slices.ContainsFunc(l.Document.Policies, own) {
			l.add(BuiltInDefault, path, fmt.Sprintf("%s has no policy of its own: whoever no other policy is for is asked for two ways of any "+
				"kind. Write a default for it if you want something else.", d.Key))
		}
		l.asks(path, policy.Reset, policy.Default().Reset)
	}
}

// shadowed looks for policies that nobody gets, since all they are for get another one before.
func (l *linter) shadowed() {
	before := newAreas()
	for i, p := range l.Document.Policies {
		if p.ByRule {
			continue
		}
		a, path := newArea(p.Scope), fmt.Sprintf("policies[%d].scope", i)
		if a.nobody() {
			l.add(Nobody, path, fmt.Sprintf("%s is for nobody: it excludes all that it names. Correct its scope.", p.Name))
			continue
		}
		if by := before.cover(a, l.keys()); len(by) > 0 && !l.named(p.Name) {
			l.add(Shadowed, path, fmt.Sprintf("nobody gets %s: all it is for get %s, which comes before. Move it up, narrow that one, or take "+
				"it out.", p.Name, strings.Join(by, " or ")))
		}
		if l.lasts(p.From, p.Until) {
			before.file(a, p.Name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.Document.Defaults)) {
		if by := before.cover(newArea(policy.Scope{Domains: []string{key}}), nil); len(by) > 0 {
			l.add(Shadowed, "defaults."+key, fmt.Sprintf("nobody gets the default of %s: all of its people get %s. Take one of them out.",
				key, strings.Join(by, " or ")))
		}
	}
}

// named reports whether a rule puts a policy in the place of another.
func (l *linter) named(name string) bool {
	return slices.ContainsFunc(l.Document.Rules, func(r policy.Rule) bool { return r.Then.Policy == name })
}

func (l *linter) byRule() {
	named := map[string]bool{}
	for _, r := range l.Document.Rules {
		named[r.Then.Policy] = true
	}
	for i, p := range l.Document.Policies {
		if p.ByRule && !named[p.Name] {
			l.add(ByRuleUnused, fmt.Sprintf("policies[%d].by_rule", i), fmt.Sprintf("nobody gets %s: it is kept for rules, and none names it. "+
				"Take it out, or by_rule.", p.Name))
		}
	}
}

// privileged looks whether the floor leaves privileged people a way at all.
func (l *linter) privileged() {
	strong := func(t factor.Traits) bool { return (t.PhishingResistant || t.Hardware) && !t.Mailbox && !t.Questions }
	if !l.Document.Privileged.Deny && !slices.ContainsFunc(l.Kinds, strong) {
		l.add(PrivilegedStuck, "privileged", "privileged people cannot reset or unlock at all: they need a way that cannot be phished or is in "+
			"hardware, and none is switched on. Switch on passkeys, or say privileged.deny so that they are told.")
	}
}
