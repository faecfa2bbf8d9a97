package policyui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/policy"
	"rekey/internal/rulebook"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// named is what sheets have in common that are about something with a name: a network, hours, a condition.
type called struct{ of, name string }

func (c *called) read(f *form) { c.of, c.name = f.text("of"), f.text("name") }

func (c *called) about(what, path, field string) about {
	a := about{title: c.name, tab: namesURL, key: url.Values{}, field: field, path: path + "." + c.name, fresh: c.of == ""}
	if c.of == "" {
		a.title = "New " + what
		return a
	}
	a.key.Set("of", c.of)
	return a
}

// put puts a value under its name, and takes it from under the old one.
func put[V any](f *form, c called, m map[string]V, v V) {
	if _, taken := m[c.name]; c.name == "" || taken && c.name != c.of {
		f.bad("name", "%s", map[bool]string{true: "Another one has this name.", false: "Give it a name."}[taken])
		return
	}
	delete(m, c.of)
	m[c.name] = v
}

// networkSheet is the form of a named network.
type networkSheet struct {
	called
	prefixes string
}

func (s *networkSheet) open(_ *UI, r *http.Request, b rulebook.Book) error {
	list, ok := b.Networks[r.URL.Query().Get("of")]
	if s.of = r.URL.Query().Get("of"); s.of != "" && !ok {
		return errGone
	}
	s.name, s.prefixes = s.of, strings.Join(list, "\n")
	return nil
}

func (s *networkSheet) read(f *form) {
	s.called.read(f)
	s.prefixes = f.Get("networks")
}

func (s *networkSheet) do(*form, view.Deed) {}

func (s *networkSheet) onto(f *form, _ rulebook.Book, d *policy.Document) {
	lines := (&form{Values: url.Values{"networks": {s.prefixes}}}).lines("networks")
	if len(lines) == 0 {
		f.bad("networks", "Write at least one address or prefix.")
	}
	put(f, s.called, d.Networks, lines)
	renamed(d, s.called, func(c *policy.Condition) { c.Networks = swapped(c.Networks, s.of, s.name) })
}

func (s *networkSheet) about() about { return s.called.about("network", "networks", "networks") }

func (s *networkSheet) body(p *paper) (templ.Component, error) {
	ps := slices.Clone(p.problems)
	return policypage.Network(s.name, s.prefixes, ps), nil
}

// conditionSheet is the form of a named condition.
type conditionSheet struct {
	called
	lines []line
	kind  string
}

const allField = "condition"

func (s *conditionSheet) open(_ *UI, r *http.Request, b rulebook.Book) error {
	c, ok := b.Conditions[r.URL.Query().Get("of")]
	if s.of = r.URL.Query().Get("of"); s.of != "" && !ok {
		return errGone
	}
	s.name, s.lines = s.of, linesOf(c)
	return nil
}

func (s *conditionSheet) read(f *form) {
	s.called.read(f)
	s.lines, s.kind = f.readLines(allField), f.text(allField+".new")
}

func (s *conditionSheet) do(_ *form, d view.Deed) {
	if d.List == allField {
		s.lines = doLines(s.lines, d, s.kind)
	}
}

func (s *conditionSheet) onto(f *form, b rulebook.Book, d *policy.Document) {
	c := f.conditionOf(allField, s.lines)
	if was, ok := b.Conditions[s.of]; ok && same(linesOf(was), s.lines) {
		c = was
	}
	if len(s.lines) == 0 {
		f.bad(allField, "Say what must hold.")
	}
	put(f, s.called, d.Conditions, c)
	renamed(d, s.called, func(c *policy.Condition) {
		if c.Is == s.of {
			c.Is = s.name
		}
	})
}

func (s *conditionSheet) about() about { return s.called.about("condition", "conditions", allField) }

func (s *conditionSheet) body(p *paper) (templ.Component, error) {
	for i, one := range p.problems { // what is wrong within it has no field of its own
		if one.Field != "name" {
			p.problems[i].Field = allField
		}
	}
	return policypage.NamedCondition(s.name, p.condition(allField, s.lines, s.kind, "Nothing is asked for yet."), p.problems), nil
}

// renamed changes every condition that names something which has another name now.
func renamed(d *policy.Document, c called, change func(*policy.Condition)) {
	if c.of == "" || c.of == c.name {
		return
	}
	for name, one := range d.Conditions {
		d.Conditions[name] = changed(one, change)
	}
	for i, r := range d.Rules {
		r.When = changed(r.When, change)
		d.Rules[i] = r
	}
}

// changed gives a condition with a change made in it and in all that are within.
func changed(c policy.Condition, change func(*policy.Condition)) policy.Condition {
	below := func(list []policy.Condition) []policy.Condition {
		var out []policy.Condition
		for _, k := range list {
			out = append(out, changed(k, change))
		}
		return out
	}
	c.All, c.Any = below(c.All), below(c.Any)
	if c.Not != nil {
		k := changed(*c.Not, change)
		c.Not = &k
	}
	change(&c)
	return c
}

func swapped(list []string, was, is string) []string {
	at := slices.Index(list, was)
	if at < 0 {
		return list
	}
	out := slices.Clone(list)
	out[at] = is
	return out
}
