package policy

import (
	"slices"
	"strings"
)

// LooksAt reports whether membership in a group, folded, could matter to any decision: a scope names it, the document calls its
// members privileged, or Active Directory protects it.
func (p *Policies) LooksAt(group string) bool {
	return p.named[group] || strings.HasPrefix(group, "s-1-5-") && protected(group)
}

// name collects the groups that decisions look at.
func (p *Policies) name() {
	p.named = map[string]bool{}
	see := func(lists ...[]string) {
		for _, g := range slices.Concat(lists...) {
			p.named[g] = true
		}
	}
	see(p.floor.groups)
	for i := range p.ordered {
		see(p.ordered[i].groups, p.ordered[i].exGroup)
	}
	for i := range p.rules {
		see(p.rules[i].groups, p.rules[i].exGroup)
	}
}
