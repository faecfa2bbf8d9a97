package policy

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rekey/internal/factor"
)

// report notes a problem of a key below a path.
type report func(key, format string, args ...any)

func reporter(errs *[]error, path string) report {
	return func(key, format string, args ...any) {
		if key != "" && key[0] != '[' {
			key = "." + key
		}
		*errs = append(*errs, fmt.Errorf("%s%s: %s", path, key, fmt.Sprintf(format, args...)))
	}
}

// compileRules prepares networks, schedules, conditions and rules.
func (p *Policies) compileRules(d Document, r Registry) []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(d.Networks)) {
		p.networks = append(p.networks, compileNetwork(name, d.Networks[name], reporter(&errs, "networks."+name)))
	}
	for _, name := range slices.Sorted(maps.Keys(d.Schedules)) {
		p.schedules = append(p.schedules, compileSchedule(name, d.Schedules[name], reporter(&errs, "schedules."+name)))
	}
	if len(d.Rules) > maxRules {
		return append(errs, fmt.Errorf("rules: want %d at most, got %d", maxRules, len(d.Rules)))
	}
	b := builder{document: d, policies: p, named: map[string]*node{}, open: map[string]bool{}, once: map[string]*node{}}
	for _, name := range slices.Sorted(maps.Keys(d.Conditions)) { // unused ones are checked too
		b.reference(name, reporter(&errs, "conditions."+name))
	}
	names := map[string]bool{}
	p.rules = make([]rule, 0, len(d.Rules))
	for i, in := range d.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		bad := reporter(&errs, path)
		switch {
		case strings.TrimSpace(in.Name) == "":
			bad("name", "is missing")
		case names[in.Name]:
			bad("name", "%q is used twice", in.Name)
		}
		names[in.Name] = true
		p.rules = append(p.rules, b.rule(in, r, &errs, path))
		p.gates = append(p.gates, p.rules[i].gate)
		p.ruleIndex.file(&p.rules[i].scoped, int32(i))
	}
	return errs
}

func compileNetwork(name string, in []string, bad report) network {
	n := network{name: name}
	if len(in) == 0 {
		bad("", "is empty")
	}
	for i, text := range in {
		prefix, err := parsePrefix(text)
		if err != nil {
			bad(fmt.Sprintf("[%d]", i), "want a network such as 10.0.0.0/8 or an address, got %q", text)
			continue
		}
		n.prefixes = append(n.prefixes, prefix)
	}
	return n
}

// parsePrefix reads a prefix or one address. An IPv4 prefix written in IPv6 is the IPv4 one: addresses are compared unmapped.
func parsePrefix(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, errors.Join(err, errors.New("no address"))
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// builder compiles conditions; named ones once.
type builder struct {
	document Document
	policies *Policies
	named    map[string]*node
	open     map[string]bool // being compiled: a condition that leads to itself has no value
	once     map[string]*node
	ids      int16
}

// one gives the node that stands for all equal ones.
func (b *builder) one(n *node) *node {
	var key strings.Builder
	if n.said == nil {
		n.said = &said{}
	}
	fmt.Fprint(&key, n.op, n.n, *n.said)
	for _, k := range n.kids {
		fmt.Fprintf(&key, " %p", k)
	}
	if before, ok := b.once[key.String()]; ok {
		return b.again(before)
	}
	b.once[key.String()] = n
	return n
}

// never stands for a condition that could not be compiled.
func never() *node { return &node{op: opAny, said: &said{}} }

// again notes that a node is asked more than once: from then on its value is remembered.
func (b *builder) again(n *node) *node {
	if n.id == 0 && b.ids < memoized-1 {
		b.ids++
		n.id = b.ids
	}
	return n
}

func (b *builder) rule(in Rule, reg Registry, errs *[]error, path string) rule {
	bad := reporter(errs, path)
	r := rule{Rule: in, scoped: compileScope(in.Scope)}
	scope(in.Scope, reg, bad)
	for i, a := range in.Actions {
		if a != Reset && a != Unlock && a != Change {
			bad(fmt.Sprintf("actions[%d]", i), "want reset, unlock or change, got %q", a)
		}
		r.actions |= bit(a)
	}
	if len(in.Actions) == 0 {
		r.actions = bit(Reset) | bit(Unlock) | bit(Change)
	}
	if !in.Until.IsZero() && !in.Until.After(in.From) {
		bad("until", "is before the rule begins")
	}
	r.when = b.condition(in.When, reporter(errs, path+".when"), 0)
	r.first = r.when
	if r.when.op == opAll && len(r.when.kids) > 0 {
		r.first = r.when.kids[0]
	}
	r.public = in.Scope.Empty() && b.public(r.when)
	b.effect(&r, reg, reporter(errs, path+".then"))
	return r
}

// Empty reports whether the scope matches every account.
func (s Scope) Empty() bool {
	return len(s.Domains)+len(s.Groups)+len(s.OUs)+len(s.Attributes)+len(s.Exclude.Groups)+len(s.Exclude.OUs)+len(s.Exclude.Accounts) == 0
}

func (b *builder) effect(r *rule, reg Registry, bad report) {
	e := r.Then
	adds := e.Factors != 0 || len(e.Require) > 0 || e.PhishingResistant || len(e.Drop) > 0 || e.HoldNew != 0
	alone := 0
	for _, given := range []bool{e.Allow, len(e.Deny) > 0, e.Policy != "", adds} {
		if given {
			alone++
		}
	}
	if alone != 1 {
		bad("", "want one of allow, deny, use_policy, or any of add_factors, require, phishing_resistant, drop and hold_new")
	}
	for lang, text := range e.Deny {
		if strings.TrimSpace(text) == "" || strings.TrimSpace(lang) == "" {
			bad("deny", "want a text for each language, such as {en: …}")
		}
	}
	if e.Factors < 0 || e.Factors >= MostFactors {
		bad("add_factors", "want 1 to %d, got %d", MostFactors-1, e.Factors)
	}
	if e.HoldNew < 0 || e.HoldNew > mostRemembered {
		bad("hold_new", "want up to %v, got %v", mostRemembered, e.HoldNew)
	}
	for _, list := range []struct {
		key   string
		kinds []factor.Kind
	}{{"require", e.Require}, {"drop", e.Drop}} {
		for i, k := range list.kinds {
			if !reg.kind(k) {
				bad(fmt.Sprintf("%s[%d]", list.key, i), "%q is not switched on", k)
			}
		}
	}
	if len(e.Require) > MostFactors {
		bad("require", "want %d at most", MostFactors)
	}
	if e.PhishingResistant && !slices.ContainsFunc(reg.Kinds, func(t factor.Traits) bool { return t.PhishingResistant }) {
		bad("phishing_resistant", "no kind that is switched on is")
	}
	if e.Policy != "" {
		var ok bool
		switch r.policy, ok = b.policies.byName[e.Policy]; {
		case !ok:
			bad("use_policy", "no policy %q", e.Policy)
		case r.policy.dated:
			bad("use_policy", "%q holds for a time of its own; give the rule from and until instead", e.Policy)
		}
	}
}

// maxDepth bounds how deep conditions nest, so that evaluating them never runs out of stack.
const maxDepth = 64

func (b *builder) condition(c Condition, bad report, depth int) *node {
	if depth > maxDepth {
		bad("", "is nested deeper than %d", maxDepth)
		return never()
	}
	all := &node{op: opAll}
	add := func(n *node) { all.kids = append(all.kids, b.one(n)) }
	b.leaves(c, add, bad)
	below := func(key string) report {
		return func(k, format string, args ...any) { bad(strings.TrimSuffix(key+"."+k, "."), format, args...) }
	}
	if c.Is != "" {
		add(b.reference(c.Is, below("is")))
	}
	for i, k := range c.All {
		add(b.condition(k, below(fmt.Sprintf("all[%d]", i)), depth+1))
	}
	if len(c.Any) > 0 {
		some := never()
		for i, k := range c.Any {
			some.kids = append(some.kids, b.condition(k, below(fmt.Sprintf("any[%d]", i)), depth+1))
		}
		add(b.measured(some, bad))
	}
	if c.Not != nil {
		add(b.measured(&node{op: opNot, kids: []*node{b.condition(*c.Not, below("not"), depth+1)}}, bad))
	}
	if len(all.kids) == 1 {
		return all.kids[0]
	}
	return b.measured(all, bad)
}

// maxSize bounds what one condition may visit: names that use names twice would double it each time.
const maxSize = 1000

func (b *builder) measured(n *node, bad report) *node {
	n.size = 1
	for _, k := range n.kids {
		n.size += max(1, k.size)
	}
	if n.size > maxSize {
		bad("", "asks more than %d things, counting those of named conditions", maxSize)
		return never()
	}
	return b.one(n)
}

func (b *builder) reference(name string, bad report) *node {
	if n, ok := b.named[name]; ok {
		return b.again(n)
	}
	c, ok := b.document.Conditions[name]
	switch {
	case !ok:
		bad("", "no condition %q", name)
		return never()
	case b.open[name]:
		bad("", "%q leads back to itself", name)
		return never()
	}
	b.open[name] = true
	n := b.measured(&node{op: opAll, said: &said{name: name}, kids: []*node{b.condition(c, bad, len(b.open))}}, bad)
	delete(b.open, name)
	b.named[name] = n
	return n
}

// leaves compiles what a condition asks about the facts.
func (b *builder) leaves(c Condition, add func(*node), bad report) {
	named := func(key string, op op, names []string, find func(string) int) {
		var some []*node
		for i, name := range names {
			at := find(name)
			if at < 0 {
				bad(fmt.Sprintf("%s[%d]", key, i), "no %q", name)
				continue
			}
			some = append(some, b.one(&node{op: op, said: &said{place: at, texts: []string{name}}}))
		}
		switch len(some) {
		case 0:
		case 1:
			add(some[0])
		default:
			add(b.measured(&node{op: opAny, kids: some}, bad))
		}
	}
	named("networks", opNetwork, c.Networks, func(name string) int {
		return slices.IndexFunc(b.policies.networks, func(n network) bool { return n.name == name })
	})
	named("schedules", opSchedule, c.Schedules, func(name string) int {
		return slices.IndexFunc(b.policies.schedules, func(s schedule) bool { return s.name == name })
	})
	if len(c.Countries) > 0 {
		for i, code := range c.Countries {
			if !countryCode(code) {
				bad(fmt.Sprintf("countries[%d]", i), "want a code such as DE, got %q", code)
			}
		}
		add(&node{op: opCountry, said: &said{texts: c.Countries}})
	}
	if len(c.ASNs) > 0 {
		add(&node{op: opASN, said: &said{asns: c.ASNs}})
	}
	b.device(c, add, bad)
	for _, n := range []struct {
		key string
		op  op
		n   int
	}{{"account_failures", opAccountFailures, c.AccountFailures}, {"source_failures", opSourceFailures, c.SourceFailures}} {
		if n.n < 0 {
			bad(n.key, "want 1 or more, got %d", n.n)
		}
		if n.n > 0 {
			add(&node{op: n.op, n: int32(min(n.n, 1_000_000))})
		}
	}
	if c.FactorAddedWithin < 0 || c.FactorAddedWithin > 10*365*24*time.Hour {
		bad("factor_added_within", "want a time such as 72h, got %v", c.FactorAddedWithin)
	}
	if c.FactorAddedWithin > 0 {
		add(&node{op: opFactorAdded, said: &said{d: c.FactorAddedWithin}})
	}
	for _, flag := range []struct {
		on bool
		op op
	}{{c.NewCountry, opNewCountry}, {c.ImpossibleTravel, opTravel}, {c.Privileged, opPrivileged}} {
		if flag.on {
			add(&node{op: flag.op})
		}
	}
}

func countryCode(s string) bool {
	return len(s) == 2 && strings.Trim(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Platforms are those a condition may name.
func Platforms() []string {
	return []string{"windows", "macos", "linux", "android", "ios", "chromeos", "other"}
}

func (b *builder) device(c Condition, add func(*node), bad report) {
	var some []*node
	for i, d := range c.Device {
		switch d {
		case KnownDevice:
			some = append(some, b.one(&node{op: opKnown}))
		case ManagedDevice:
			some = append(some, b.one(&node{op: opManaged}))
		default:
			bad(fmt.Sprintf("device[%d]", i), "want known or managed, got %q", d)
		}
	}
	if len(some) > 0 {
		add(b.measured(&node{op: opAny, kids: some}, bad))
	}
	for i, name := range c.Platforms {
		if !slices.Contains(Platforms(), name) {
			bad(fmt.Sprintf("platforms[%d]", i), "want one of %s, got %q", strings.Join(Platforms(), ", "), name)
		}
	}
	if len(c.Platforms) > 0 {
		add(&node{op: opPlatform, said: &said{texts: c.Platforms}})
	}
}

// public reports whether a condition is about where and when a request comes from, and not about the account. Failures of a source are
// counted later: before, they are not known, and what is not known denies.
func (b *builder) public(n *node) bool {
	switch n.op {
	case opNetwork, opCountry, opASN, opManaged, opPlatform:
		return true
	case opSchedule:
		return b.policies.schedules[n.place].attribute == ""
	case opAll, opAny, opNot:
		return !slices.ContainsFunc(n.kids, func(k *node) bool { return !b.public(k) })
	}
	return false
}
