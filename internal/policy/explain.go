package policy

import (
	"fmt"
	"strings"
)

// Explain says for every policy why it won or lost. It finds the winner by walking all of them in order, so that it also checks
// Decide's index.
func Explain(p *Policies, f Facts) []Verdict {
	f.Directory, f.Account = Fold(f.Directory), Fold(f.Account)
	out := make([]Verdict, 0, len(p.ordered)+1)
	won := false
	fallback, known := p.defaults[f.Directory]
	for i := range p.ordered {
		v := p.ordered[i].verdict(&f, won)
		if v.Won && !known {
			v = Verdict{Policy: v.Policy, Unmet: "domain", Detail: fmt.Sprintf("the settings have no directory %q", f.Directory)}
		}
		won = won || v.Won
		out = append(out, v)
	}
	if known {
		out = append(out, fallback.verdict(&f, won))
	}
	return out
}

func (c *compiled) verdict(f *Facts, won bool) Verdict {
	v := Verdict{Policy: c.policy.Name}
	switch unmet, which := c.unmet(f); {
	case unmet != "":
		v.Unmet, v.Detail = unmet, c.detail(unmet, which, f)
	case won:
		v.Unmet, v.Detail = "shadowed", "it matches too, but a policy before it won"
	default:
		v.Won = true
	}
	return v
}

func (c *compiled) detail(unmet string, which int, f *Facts) string {
	s := c.policy.Scope
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
