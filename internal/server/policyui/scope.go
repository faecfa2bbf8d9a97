package policyui

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rekey/internal/admin"
	"rekey/internal/policy"
	"rekey/internal/rulebook"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// pick is a list that is chosen by searching the copy of the directories.
type pick struct {
	name, label, hint string
	what              rulebook.Kind
	values            []string
	query             string
	asked             bool
	sought            []rulebook.Found // what the search without a script found
}

// most is how many results of a search are shown.
const most = 20

func (p *pick) read(f *form) {
	p.values, p.query = f.list(p.name), f.text(p.name+".q")
}

// do does what a button of the picker asks for.
func (p *pick) do(d view.Deed) bool {
	if d.List != p.name {
		return false
	}
	switch d.Verb {
	case view.Pick:
		if !slices.Contains(p.values, d.Key) && d.Key != "" {
			p.values = append(p.values, d.Key)
		}
		p.query = ""
	case view.Remove:
		p.values = slices.DeleteFunc(p.values, func(v string) bool { return v == d.Key })
	case view.Seek:
		p.asked = true
	}
	return true
}

// scope is whom something is for, as its form has it.
type scope struct {
	domains []string
	picks   []*pick
	attrs   []attribute
}

type attribute struct{ name, values string }

// The pickers of a scope, by their place.
const (
	inGroups = iota
	inUnits
	inAlone
	outGroups
	outUnits
	outAlone
	outPeople
)

func newScope(s policy.Scope) scope {
	below := func(ous []policy.OU, only bool) []string {
		var out []string
		for _, o := range ous {
			if o.Only == only {
				out = append(out, o.DN)
			}
		}
		return out
	}
	x := s.Exclude
	out := scope{domains: s.Domains, picks: []*pick{
		{name: "scope.groups", label: "Members of", hint: "Of any of these groups, and of those within them.", what: rulebook.Groups, values: s.Groups},
		{name: "scope.ous", label: "People in units", hint: "With the units below.", what: rulebook.Units, values: below(s.OUs, false)},
		{name: "scope.alone", label: "People in units, without those below", what: rulebook.Units, values: below(s.OUs, true)},
		{name: "scope.exclude.groups", label: "But not members of", what: rulebook.Groups, values: x.Groups},
		{name: "scope.exclude.ous", label: "But not people in units", hint: "With the units below.", what: rulebook.Units, values: below(x.OUs, false)},
		{name: "scope.exclude.alone", label: "But not people in units, without those below", what: rulebook.Units, values: below(x.OUs, true)},
		{name: "scope.exclude.accounts", label: "But not these people", what: rulebook.People, values: x.Accounts},
	}}
	for _, a := range s.Attributes {
		out.attrs = append(out.attrs, attribute{a.Name, strings.Join(a.Values, ", ")})
	}
	return out
}

func (f *form) scope() scope {
	s := newScope(policy.Scope{})
	s.domains = f.list("scope.domains")
	for _, p := range s.picks {
		p.read(f)
	}
	for _, key := range f.Values["scope.attributes.row"] {
		s.attrs = append(s.attrs, attribute{f.text("scope.attributes.name." + key), f.text("scope.attributes.values." + key)})
	}
	return s
}

func (s *scope) do(d view.Deed) bool {
	if d.List == "scope.attributes" {
		if d.Verb == view.Add {
			s.attrs = append(s.attrs, attribute{})
		} else {
			s.attrs = view.Apply(s.attrs, keys(len(s.attrs)), d)
		}
		return true
	}
	return slices.ContainsFunc(s.picks, func(p *pick) bool { return p.do(d) })
}

// scope is whom the form says. An attribute without a name and values is a row that nobody filled in.
func (s scope) scope() policy.Scope {
	units := func(with, alone *pick) []policy.OU {
		var out []policy.OU
		for _, dn := range with.values {
			out = append(out, policy.OU{DN: dn})
		}
		for _, dn := range alone.values {
			out = append(out, policy.OU{DN: dn, Only: true})
		}
		return out
	}
	out := policy.Scope{
		Domains: s.domains, Groups: s.picks[inGroups].values, OUs: units(s.picks[inUnits], s.picks[inAlone]),
		Exclude: policy.Exclusion{
			Groups: s.picks[outGroups].values, OUs: units(s.picks[outUnits], s.picks[outAlone]), Accounts: s.picks[outPeople].values,
		},
	}
	for _, a := range s.attrs {
		if a.name == "" && a.values == "" {
			continue
		}
		var values []string
		for v := range strings.SplitSeq(a.values, ",") {
			if v = strings.TrimSpace(v); v != "" {
				values = append(values, v)
			}
		}
		out.Attributes = append(out.Attributes, policy.Attribute{Name: a.name, Values: values})
	}
	return out
}

// view draws the form of a scope.
func (s scope) view(ctx context.Context, u *UI, p *paper) (policypage.Scope, error) {
	out := policypage.Scope{Picked: s.domains, Live: p.live(), Problems: p.problems}
	for _, d := range u.Site().Directories {
		out.Domains = append(out.Domains, view.Option{Value: d.Key(), Label: d.Key()})
	}
	for _, pk := range s.picks {
		v, err := pk.view(ctx, u, p)
		if err != nil {
			return out, err
		}
		out.Pickers = append(out.Pickers, v)
	}
	for _, a := range s.attrs {
		out.Attributes = append(out.Attributes, policypage.Attribute{Name: a.name, Values: a.values})
	}
	return out, nil
}

// view draws a picker, with what its values are called.
func (p *pick) view(ctx context.Context, u *UI, sheet *paper) (view.Picker, error) {
	out := view.Picker{
		Field: view.Field{Name: p.name, Label: p.label, Hint: p.hint, Placeholder: "Search the directories", Optional: true, Problem: sheet.problems.On(p.name)},
		Query: p.query, Asked: p.asked, URL: searchURL + "?" + url.Values{"for": {string(p.what)}, "list": {p.name}}.Encode(),
	}
	named, err := u.Scopes.Named(ctx, p.what, p.values)
	if err != nil {
		return out, err
	}
	for _, v := range p.values {
		c := view.Choice{Value: v, Label: v}
		if n, ok := named[v]; ok {
			c.Label, c.Below = n.Label, n.Below
		}
		out.Chosen = append(out.Chosen, c)
	}
	if p.asked && p.query != "" {
		if p.sought, err = u.Scopes.Find(ctx, p.what, p.query, most); err != nil {
			return out, err
		}
	}
	out.Found = choices(p.sought)
	return out, nil
}

func choices(found []rulebook.Found) []view.Choice {
	var out []view.Choice
	for _, f := range found {
		out = append(out, view.Choice{Value: f.Value, Label: f.Label, Below: f.Below})
	}
	return out
}

// search answers a picker while somebody types.
func (u *UI) search(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	q := r.URL.Query()
	name := q.Get("list")
	text := strings.TrimSpace(q.Get(name + ".q"))
	if text == "" {
		return u.Console.Draw(w, r, http.StatusOK, view.Join())
	}
	found, err := u.Scopes.Find(r.Context(), rulebook.Kind(q.Get("for")), text, most+1)
	if err != nil {
		return err
	}
	out := view.Results{Name: name, More: len(found) > most}
	out.Found = choices(found[:min(len(found), most)])
	return u.Console.Draw(w, r, http.StatusOK, out.Show())
}
