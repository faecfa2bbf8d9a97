package policyui

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"rekey/internal/configure"
	"rekey/internal/policy"
	"rekey/internal/rulebook"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// floorSheet is the form of what privileged accounts prove besides the built-in floor.
type floorSheet struct {
	groups pick
	count  string
	deny   bool
}

func (s *floorSheet) pick(values []string) {
	s.groups = pick{
		name: "privileged.groups", label: "Privileged too are members of", hint: "Of any of these groups, and of those within them.", what: rulebook.Groups, values: values,
	}
}

func (s *floorSheet) open(_ *UI, _ *http.Request, b rulebook.Book) error { //nolint:unparam // an opener; this one is always there
	s.pick(b.Privileged.Groups)
	s.count, s.deny = numberText(b.Privileged.Count), b.Privileged.Deny
	return nil
}

func (s *floorSheet) read(f *form) {
	s.pick(nil)
	s.groups.read(f)
	s.count, s.deny = f.text("privileged.count"), f.on("privileged.deny")
}

func (s *floorSheet) do(_ *form, d view.Deed) { s.groups.do(d) }

func (s *floorSheet) onto(f *form, _ rulebook.Book, d *policy.Document) {
	own := &form{Values: url.Values{"privileged.count": {s.count}}}
	d.Privileged = policy.Floor{Groups: s.groups.values, Count: own.number("privileged.count"), Deny: s.deny}
	f.ps = append(f.ps, own.ps...)
}

func (s *floorSheet) about() about {
	return about{title: "Privileged accounts", tab: console.PoliciesURL, path: "privileged"}
}

func (s *floorSheet) body(p *paper) (templ.Component, error) {
	v, err := s.groups.view(p.r.Context(), p.u, p)
	if err != nil {
		return nil, err
	}
	return policypage.Floor(v, s.count, s.deny, p.problems), nil
}

// orderSheet is the order of policies or of rules.
type orderSheet struct {
	of    string // "policies" or "rules"
	names []string
}

func (s *orderSheet) open(_ *UI, r *http.Request, b rulebook.Book) error {
	if s.of = r.URL.Query().Get("of"); s.of != "rules" && s.of != "policies" {
		return errGone
	}
	s.names = names(s.of, &b.Document)
	return nil
}

func names(of string, d *policy.Document) []string {
	var out []string
	if of == "rules" {
		for _, r := range d.Rules {
			out = append(out, r.Name)
		}
		return out
	}
	for _, p := range d.Policies {
		out = append(out, p.Name)
	}
	return out
}

func (s *orderSheet) read(f *form) { s.of, s.names = f.text("of"), f.Values["order.row"] }

func (s *orderSheet) do(_ *form, d view.Deed) { s.names = view.Apply(s.names, s.names, d) }

// onto sorts what is there; what was added meanwhile stays behind.
func (s *orderSheet) onto(_ *form, _ rulebook.Book, d *policy.Document) {
	place := func(name string) int {
		if i := slices.Index(s.names, name); i >= 0 {
			return i
		}
		return len(s.names)
	}
	if s.of == "rules" {
		slices.SortStableFunc(d.Rules, func(a, b policy.Rule) int { return place(a.Name) - place(b.Name) })
		return
	}
	slices.SortStableFunc(d.Policies, func(a, b policy.Policy) int { return place(a.Name) - place(b.Name) })
}

func (s *orderSheet) about() about {
	a := about{title: "Order of policies", tab: console.PoliciesURL, key: url.Values{"of": {s.of}}}
	if s.of == "rules" {
		a.title, a.tab = "Order of rules", rulesURL
	}
	return a
}

func (s *orderSheet) body(p *paper) (templ.Component, error) {
	order := view.Rows{Name: "order", Legend: "The first that is for somebody decides", Ordered: true, Kept: true, Live: p.live()}
	if s.of == "rules" {
		order.Legend = "Rules in their order"
	}
	for _, name := range s.names {
		order.Items = append(order.Items, view.Line{Key: name, Name: name, Body: view.Text(name)})
	}
	return policypage.Order(order), nil
}

// removeSheet takes something away.
type removeSheet struct {
	what, of string
}

func (s *removeSheet) open(_ *UI, r *http.Request, b rulebook.Book) error {
	q := r.URL.Query()
	s.what, s.of = q.Get("what"), q.Get("of")
	d := b.Edit()
	f := &form{}
	if s.onto(f, b, &d); f.ps.Any() {
		return errGone
	}
	return nil
}

func (s *removeSheet) read(f *form) { s.what, s.of = f.text("what"), f.text("of") }

func (s *removeSheet) do(*form, view.Deed) {}

func (s *removeSheet) onto(f *form, _ rulebook.Book, d *policy.Document) {
	before := len(d.Policies) + len(d.Rules) + len(d.Networks) + len(d.Schedules) + len(d.Conditions)
	switch s.what {
	case "policy":
		d.Policies = slices.DeleteFunc(d.Policies, func(p policy.Policy) bool { return p.Name == s.of })
	case "rule":
		d.Rules = slices.DeleteFunc(d.Rules, func(r policy.Rule) bool { return r.Name == s.of })
	case "network":
		delete(d.Networks, s.of)
	case "schedule":
		delete(d.Schedules, s.of)
	case "condition":
		delete(d.Conditions, s.of)
	}
	if before == len(d.Policies)+len(d.Rules)+len(d.Networks)+len(d.Schedules)+len(d.Conditions) {
		f.bad("of", "“%s” is not in the settings any more.", s.of)
	}
}

func (s *removeSheet) about() about {
	a := about{title: s.of, tab: namesURL, key: url.Values{"what": {s.what}, "of": {s.of}}, deeds: fmt.Sprintf("Delete “%s”", s.of)}
	switch s.what {
	case "policy":
		a.tab = console.PoliciesURL
	case "rule":
		a.tab = rulesURL
	}
	return a
}

func (s *removeSheet) body(*paper) (templ.Component, error) { return nil, nil } //nolint:nilnil // see sheet

// importSheet takes policies as YAML.
type importSheet struct {
	text string
	made configure.Draft
}

func (s *importSheet) read(f *form) { s.text = f.Get("text") }

func (s *importSheet) do(*form, view.Deed) {}

func (s *importSheet) onto(f *form, b rulebook.Book, d *policy.Document) {
	doc, draft, err := b.Import(s.text)
	if err != nil {
		f.bad("text", "%s", faultText(err))
		return
	}
	*d, s.made = doc, draft
}

func (s *importSheet) draft() configure.Draft { return s.made }

func (s *importSheet) about() about {
	return about{title: "Import policies", tab: console.PoliciesURL, fresh: s.text == ""}
}

func (s *importSheet) body(p *paper) (templ.Component, error) {
	return policypage.Import(s.text, p.problems), nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
