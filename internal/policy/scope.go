package policy

import (
	"slices"
	"strings"
)

// scoped is a compiled scope.
type scoped struct {
	domains []string
	groups  []string
	ous     []OU // normalized
	attrs   []Attribute
	exGroup []string
	exOU    []OU
	exAcct  []string
}

func compileScope(s Scope) scoped {
	c := scoped{
		domains: folded(s.Domains), groups: folded(s.Groups), ous: normalized(s.OUs),
		exGroup: folded(s.Exclude.Groups), exOU: normalized(s.Exclude.OUs), exAcct: folded(s.Exclude.Accounts),
	}
	for _, a := range s.Attributes {
		c.attrs = append(c.attrs, Attribute{Name: Fold(a.Name), Values: a.Values})
	}
	return c
}

// index finds what could match an account: each scope is filed under its most selective condition.
type index struct {
	byGroup, byOU, byDomain map[string][]int32
	rest                    []int32
}

func newIndex() index {
	return index{byGroup: map[string][]int32{}, byOU: map[string][]int32{}, byDomain: map[string][]int32{}}
}

// file files a scope: under groups, else units, else domains, else for everybody. Places are filed in order.
func (x *index) file(c *scoped, i int32) {
	switch {
	case len(c.groups) > 0:
		for _, g := range c.groups {
			x.byGroup[g] = append(x.byGroup[g], i)
		}
	case len(c.ous) > 0:
		for _, o := range c.ous {
			x.byOU[o.DN] = append(x.byOU[o.DN], i)
		}
	case len(c.domains) > 0:
		for _, d := range c.domains {
			x.byDomain[d] = append(x.byDomain[d], i)
		}
	default:
		x.rest = append(x.rest, i)
	}
}

// each hands out every list that could match.
func (x *index) each(f *Facts, list func([]int32)) {
	list(x.rest)
	list(x.byDomain[f.Directory])
	if len(x.byGroup) > 0 {
		for _, g := range f.Groups {
			list(x.byGroup[g])
		}
	}
	if len(x.byOU) > 0 {
		parents(f.Path, func(parent string, _ bool) bool {
			list(x.byOU[parent])
			return true
		})
	}
}

// unmet names the first condition of the scope that does not hold; empty: all hold. which is the condition's place in its list.
func (c *scoped) unmet(f *Facts) (condition string, which int) {
	switch {
	case len(c.domains) > 0 && !slices.Contains(c.domains, f.Directory):
		return "domain", 0
	case len(c.groups) > 0 && !anyOf(c.groups, f.Groups):
		return "group", 0
	case len(c.ous) > 0 && !under(c.ous, f.Path):
		return "ou", 0
	}
	for i := range c.attrs {
		if !c.attrs[i].holds(f) {
			return "attribute", i
		}
	}
	switch {
	case len(c.exAcct) > 0 && slices.Contains(c.exAcct, f.Account):
		return "excluded-account", 0
	case anyOf(c.exGroup, f.Groups):
		return "excluded-group", 0
	case len(c.exOU) > 0 && under(c.exOU, f.Path):
		return "excluded-ou", 0
	}
	return "", 0
}

func anyOf(wanted, have []string) bool {
	for _, w := range wanted {
		if slices.Contains(have, w) {
			return true
		}
	}
	return false
}

func under(ous []OU, path string) bool {
	found := false
	parents(path, func(parent string, direct bool) bool {
		for i := range ous {
			if ous[i].DN == parent && (direct || !ous[i].Only) {
				found = true
			}
		}
		return !found
	})
	return found
}

func (a Attribute) holds(f *Facts) bool {
	for _, have := range f.Attributes[a.Name] {
		for _, want := range a.Values {
			if strings.EqualFold(have, want) {
				return true
			}
		}
	}
	return false
}
