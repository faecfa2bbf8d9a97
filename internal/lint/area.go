package lint

import (
	"slices"
	"strings"

	"rekey/internal/policy"
)

// area is a scope made comparable.
type area struct {
	domains, groups    []string
	units              []policy.OU
	attributes         []policy.Attribute
	exGroups, exPeople []string
	exUnits            []policy.OU
}

func newArea(s policy.Scope) area {
	return area{
		domains: folded(s.Domains), groups: folded(s.Groups), units: normalized(s.OUs), attributes: foldedAttributes(s.Attributes),
		exGroups: folded(s.Exclude.Groups), exPeople: folded(s.Exclude.Accounts), exUnits: normalized(s.Exclude.OUs),
	}
}

func folded(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = policy.Fold(s)
	}
	return out
}

func normalized(in []policy.OU) []policy.OU {
	out := make([]policy.OU, len(in))
	for i, u := range in {
		out[i] = policy.OU{DN: policy.NormalizeDN(u.DN), Only: u.Only}
	}
	return out
}

func foldedAttributes(in []policy.Attribute) []policy.Attribute {
	out := make([]policy.Attribute, len(in))
	for i, a := range in {
		out[i] = policy.Attribute{Name: policy.Fold(a.Name)}
		for _, v := range a.Values {
			out[i].Values = append(out[i].Values, strings.ToLower(v))
		}
	}
	return out
}

// nobody reports whether an area excludes all it names.
func (a area) nobody() bool {
	return len(a.groups) > 0 && within(a.groups, a.exGroups) ||
		len(a.units) > 0 && !slices.ContainsFunc(a.units, func(u policy.OU) bool { return !below(u, a.exUnits) })
}

// covers reports whether whoever is in b is in a too. It may miss that; it never claims it wrongly.
func (a area) covers(b area) bool {
	limits := func(mine, others []string) bool { return len(mine) > 0 && (len(others) == 0 || !within(others, mine)) }
	outside := func(u policy.OU) bool { return !below(u, a.units) }
	switch {
	case limits(a.domains, b.domains), limits(a.groups, b.groups):
		return false
	case len(a.units) > 0 && (len(b.units) == 0 || slices.ContainsFunc(b.units, outside)):
		return false
	case !within(a.exGroups, b.exGroups), !within(a.exPeople, b.exPeople):
		return false
	case slices.ContainsFunc(a.exUnits, func(u policy.OU) bool { return !below(u, b.exUnits) }):
		return false
	}
	return !slices.ContainsFunc(a.attributes, func(mine policy.Attribute) bool {
		return !slices.ContainsFunc(b.attributes, func(other policy.Attribute) bool {
			return mine.Name == other.Name && within(other.Values, mine.Values)
		})
	})
}

// within reports whether every one of some is among all.
func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// below reports whether whoever is in u is in one of the units.
func below(u policy.OU, units []policy.OU) bool {
	for _, v := range units {
		switch {
		case v.DN == u.DN && (!v.Only || u.Only):
			return true
		case !v.Only && slices.Contains(parents(u.DN), v.DN):
			return true
		}
	}
	return false
}

// parents lists the names above a normalized one.
func parents(dn string) []string {
	var out []string
	escaped := false
	for i := range len(dn) {
		switch {
		case escaped:
			escaped = false
		case dn[i] == '\\':
			escaped = true
		case dn[i] == ',':
			out = append(out, dn[i+1:])
		}
	}
	return out
}

// areas are filed by their most selective condition, so that thousands are compared with few.
type areas struct {
	filed map[string][]int
	all   []area
	names []string
}

func newAreas() *areas { return &areas{filed: map[string][]int{}} }

func (x *areas) file(a area, name string) {
	at := len(x.all)
	x.all, x.names = append(x.all, a), append(x.names, name)
	var under []string
	switch {
	case len(a.groups) > 0:
		under = prefixed("group ", a.groups)
	case len(a.units) > 0:
		for _, u := range a.units {
			under = append(under, "unit "+u.DN)
		}
	case len(a.attributes) > 0:
		under = prefixed("attribute "+a.attributes[0].Name+" ", a.attributes[0].Values)
	case len(a.domains) > 0:
		under = prefixed("domain ", a.domains)
	default:
		under = []string{""}
	}
	for _, key := range under {
		x.filed[key] = append(x.filed[key], at)
	}
}

func prefixed(prefix string, in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = prefix + s
	}
	return out
}

// mostPieces bounds what an area is taken apart into.
const mostPieces = 256

// cover names the areas that, together, whoever is in a is in as well; none where somebody is left.
func (x *areas) cover(a area, domains []string) []string {
	var by []string
	for _, piece := range a.pieces(domains) {
		name, ok := x.one(piece)
		if !ok {
			return nil
		}
		if !slices.Contains(by, name) {
			by = append(by, name)
		}
	}
	return by
}

// pieces takes an area apart: one domain, one group and one unit each. Without domains it is for all there are.
func (a area) pieces(domains []string) []area {
	if len(a.domains) > 0 {
		domains = a.domains
	}
	if max(1, len(domains))*max(1, len(a.groups))*max(1, len(a.units)) > mostPieces {
		return []area{a}
	}
	out := []area{a}
	split := func(n int, one func(piece *area, i int)) {
		if n == 0 {
			return
		}
		var next []area
		for _, piece := range out {
			for i := range n {
				one(&piece, i)
				next = append(next, piece)
			}
		}
		out = next
	}
	split(len(domains), func(p *area, i int) { p.domains = domains[i : i+1] })
	split(len(a.groups), func(p *area, i int) { p.groups = a.groups[i : i+1] })
	split(len(a.units), func(p *area, i int) { p.units = a.units[i : i+1] })
	return out
}

// one finds an area that covers a piece.
func (x *areas) one(piece area) (name string, ok bool) {
	keys := append([]string{""}, prefixed("domain ", piece.domains)...)
	keys = append(keys, prefixed("group ", piece.groups)...)
	for _, u := range piece.units {
		keys = append(keys, prefixed("unit ", append(parents(u.DN), u.DN))...)
	}
	for _, a := range piece.attributes {
		keys = append(keys, prefixed("attribute "+a.Name+" ", a.Values)...)
	}
	for _, key := range keys {
		for _, at := range x.filed[key] {
			if x.all[at].covers(piece) {
				return x.names[at], true
			}
		}
	}
	return "", false
}
