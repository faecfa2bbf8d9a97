package lint

import (
	"fmt"
	"slices"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

// weakness is what is wrong with a requirement.
type weakness struct {
	code Code
	text string
}

// asks looks at what is asked for an action.
func (l *linter) asks(path string, a policy.Action, q policy.Requirement) {
	for _, w := range l.weak(q) {
		l.add(of(w.code, a), path, w.text)
	}
}

// of gives the code of a weakness for an action: an unlock leaves the password as it is.
func of(c Code, a policy.Action) Code {
	switch {
	case a == policy.Unlock && c == MailAlone:
		return MailAloneUnlock
	case a == policy.Unlock && c == SingleFactor:
		return SingleFactorUnlock
	}
	return c
}

// weak lists what is wrong with a requirement.
func (l *linter) weak(q policy.Requirement) []weakness {
	key := fmt.Sprint(q)
	if known, ok := l.seen[key]; ok {
		return known
	}
	var ws []weakness
	add := func(c Code, format string, args ...any) { ws = append(ws, weakness{c, fmt.Sprintf(format, args...)}) }
	mail, single := l.alone(q)
	if len(mail) > 0 {
		add(MailAlone, "a code by mail (%s) alone is enough: a mailbox proves little, and whoever reads it takes the account over. "+
			"Ask for 2, or allow only kinds that are stronger.", kindNames(mail))
	}
	if len(single) > 0 {
		add(SingleFactor, "one single-factor way alone is enough (%s). Ask for 2, or allow only kinds that are several factors in one, "+
			"such as a passkey.", kindNames(single))
	}
	if issued := l.subset(l.issued); len(mail) == 0 && !slices.ContainsFunc(single, l.sends) && q.MetWith(issued) {
		add(IssuedOnly, "codes that are sent are enough (%s): several of them are one method. Make a way mandatory that is not a code "+
			"Rekey sends, such as an app or a backup code.", kindNames(allowed(q, issued)))
	}
	if same := l.sameClass(q); len(same) > 0 {
		add(SameClass, "ways of one class are enough (%s), so what gives one away may give away the others. Take out same_class, or allow "+
			"a mix only.", kindNames(same))
	}
	if asked := l.subset(func(t factor.Traits) bool { return t.Questions }); len(allowed(q, asked)) > 0 {
		add(Questions, "security questions count (%s): answers can be found out and guessed. Take them out of what is allowed.",
			kindNames(allowed(q, asked)))
	}
	if strong := l.subset(func(t factor.Traits) bool { return t.PhishingResistant }); len(strong) > 0 && len(allowed(q, strong)) == 0 {
		add(Phishable, "nobody can use a way that cannot be phished. Allow %s.", kindNames(names(strong)))
	}
	l.seen[key] = ws
	return ws
}

// alone lists the kinds of which one way is enough: codes by mail, and others that are one factor only.
func (l *linter) alone(q policy.Requirement) (mail, single []factor.Kind) {
	for _, t := range l.Kinds {
		one := policy.Proof{Kind: t.Kind, Class: t.Class, Channel: "one", Credential: "one"}
		switch {
		case !q.SatisfiedBy([]policy.Proof{one}):
		case t.Mailbox:
			mail = append(mail, t.Kind)
		case !multiFactor(t):
			single = append(single, t.Kind)
		}
	}
	return mail, single
}

// sameClass lists kinds of one class that are enough for a requirement of several.
func (l *linter) sameClass(q policy.Requirement) []factor.Kind {
	if !q.SameClass || q.Count < 2 {
		return nil
	}
	for _, c := range []factor.Class{factor.Knows, factor.Has, factor.Is} {
		if same := l.subset(func(t factor.Traits) bool { return t.Class == c }); q.MetWith(same) {
			return allowed(q, same)
		}
	}
	return nil
}

// issued reports whether a way is a code that Rekey sends.
func (l *linter) issued(t factor.Traits) bool { return t.Mailbox || l.sends(t.Kind) }

func (l *linter) sends(k factor.Kind) bool { return l.Codes[k] > 0 }

func (l *linter) subset(good func(factor.Traits) bool) []factor.Traits {
	return slices.DeleteFunc(slices.Clone(l.Kinds), func(t factor.Traits) bool { return !good(t) })
}

func allowed(q policy.Requirement, kinds []factor.Traits) []factor.Kind {
	return slices.DeleteFunc(names(kinds), func(k factor.Kind) bool { return !q.Allows(k) })
}

func names(kinds []factor.Traits) []factor.Kind {
	out := make([]factor.Kind, len(kinds))
	for i, t := range kinds {
		out[i] = t.Kind
	}
	return out
}
