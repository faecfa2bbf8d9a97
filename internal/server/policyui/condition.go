package policyui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/policy"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// line is one line of a condition: a group of those below that are further in, or one thing that is asked.
type line struct {
	depth  int
	kind   string
	values []string
}

// The kinds of lines besides the keys of policy.Condition.
const (
	kindAll = "all"
	kindAny = "any"
	kindNot = "not"
)

// deepest is how far in lines go, which is less than what policy takes.
const deepest = 60

func isGroup(kind string) bool { return kind == kindAll || kind == kindAny || kind == kindNot }

// linesOf writes a condition as lines. All of those without a line above them have to hold.
func linesOf(c policy.Condition) []line { return parts(nil, 0, c) }

func parts(out []line, depth int, c policy.Condition) []line {
	add := func(kind string, values ...string) {
		out = append(out, line{depth, kind, values})
	}
	if c.Is != "" {
		add("is", c.Is)
	}
	for _, l := range []struct {
		kind   string
		values []string
	}{{"networks", c.Networks}, {"schedules", c.Schedules}, {"countries", c.Countries}, {"asns", texts(c.ASNs)}, {"device", texts(c.Device)}, {"platforms", c.Platforms}} {
		if len(l.values) > 0 {
			add(l.kind, l.values...)
		}
	}
	for _, n := range []struct {
		kind string
		n    int
	}{{"account_failures", c.AccountFailures}, {"source_failures", c.SourceFailures}} {
		if n.n != 0 {
			add(n.kind, strconv.Itoa(n.n))
		}
	}
	if c.FactorAddedWithin != 0 {
		add("factor_added_within", spanText(c.FactorAddedWithin))
	}
	for _, f := range []struct {
		kind string
		on   bool
	}{{"new_country", c.NewCountry}, {"impossible_travel", c.ImpossibleTravel}, {"privileged", c.Privileged}} {
		if f.on {
			add(f.kind)
		}
	}
	for _, k := range c.All { // all of several in a row is what a row of lines is
		if part := parts(nil, depth, k); len(part) > 0 {
			out = append(out, part...)
		}
	}
	if len(c.Any) > 0 {
		add(kindAny)
		for _, k := range c.Any {
			out = within(out, depth+1, k)
		}
	}
	if c.Not != nil {
		add(kindNot)
		out = within(out, depth+1, *c.Not)
	}
	return out
}

// within writes a condition as one line with what is below it.
func within(out []line, depth int, c policy.Condition) []line {
	single := parts(nil, depth, c)
	if heads := slices.DeleteFunc(slices.Clone(single), func(l line) bool { return l.depth > depth }); len(heads) == 1 {
		return append(out, single...)
	}
	return parts(append(out, line{depth: depth, kind: kindAll}), depth+1, c)
}

func texts[T any](list []T) []string {
	var out []string
	for _, v := range list {
		switch v := any(v).(type) {
		case uint32:
			out = append(out, strconv.FormatUint(uint64(v), 10))
		case policy.DeviceState:
			out = append(out, string(v))
		}
	}
	return out
}

// settle brings depths in order: a line is further in than the one above only if that is a group.
func settle(lines []line) []line {
	for i := range lines {
		most := 0
		if i > 0 {
			most = lines[i-1].depth
			if isGroup(lines[i-1].kind) {
				most = min(most+1, deepest)
			}
		}
		lines[i].depth = min(max(lines[i].depth, 0), most)
	}
	return lines
}

// conditionOf reads lines. A line that asks for nothing yet is noted.
func (f *form) conditionOf(name string, lines []line) policy.Condition {
	c, _ := f.join(name, lines, 0)
	return c
}

// join reads the lines at a depth, up to the first that is further out.
func (f *form) join(name string, lines []line, depth int) (policy.Condition, []line) {
	var all []policy.Condition
	for len(lines) > 0 && lines[0].depth >= depth {
		var c policy.Condition
		c, lines = f.one(name, lines)
		all = append(all, c)
	}
	if len(all) == 1 {
		return all[0], lines
	}
	return policy.Condition{All: all}, lines
}

// one reads a line with those below it.
func (f *form) one(name string, lines []line) (policy.Condition, []line) {
	l := lines[0]
	if !isGroup(l.kind) {
		return f.leaf(name, l), lines[1:]
	}
	var below []policy.Condition
	rest := lines[1:]
	for len(rest) > 0 && rest[0].depth > l.depth {
		var c policy.Condition
		c, rest = f.one(name, rest)
		below = append(below, c)
	}
	if len(below) == 0 {
		f.bad(name, "“%s” has nothing below it. Move a line further in, or take it out.", policypage.ConditionName(l.kind))
		return policy.Condition{}, rest
	}
	switch {
	case l.kind == kindAny:
		return policy.Condition{Any: below}, rest
	case l.kind == kindAll:
		return policy.Condition{All: below}, rest
	case len(below) == 1:
		return policy.Condition{Not: &below[0]}, rest
	}
	return policy.Condition{Not: &policy.Condition{All: below}}, rest
}

// leaf reads one thing that is asked.
func (f *form) leaf(name string, l line) policy.Condition {
	var c policy.Condition
	first := ""
	if len(l.values) > 0 {
		first = l.values[0]
	}
	empty := first == ""
	switch l.kind {
	case "is":
		c.Is = first
	case "networks":
		c.Networks = l.values
	case "schedules":
		c.Schedules = l.values
	case "countries":
		c.Countries = l.values
	case "asns":
		c.ASNs = f.asns(name, l.values)
	case "device":
		for _, v := range l.values {
			c.Device = append(c.Device, policy.DeviceState(v))
		}
	case "platforms":
		c.Platforms = l.values
	case "account_failures":
		c.AccountFailures = f.count(name, first)
	case "source_failures":
		c.SourceFailures = f.count(name, first)
	case "factor_added_within":
		c.FactorAddedWithin = f.within(name, first)
	case "new_country":
		c.NewCountry, empty = true, false
	case "impossible_travel":
		c.ImpossibleTravel, empty = true, false
	case "privileged":
		c.Privileged, empty = true, false
	}
	if empty {
		f.bad(name, "“%s” asks for nothing yet.", policypage.ConditionName(l.kind))
	}
	return c
}

func (f *form) asns(name string, values []string) []uint32 {
	var out []uint32
	for _, v := range values {
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(v), "AS"), 10, 32)
		if err != nil {
			f.bad(name, "“%s” is no number of a network, such as 3320.", v)
			continue
		}
		out = append(out, uint32(n))
	}
	return out
}

func (f *form) count(name, text string) int {
	n, err := strconv.Atoi(text)
	if text != "" && (err != nil || n < 1) {
		f.bad(name, "Wrong answers: write a number from 1.")
	}
	return n
}

func (f *form) within(name, text string) time.Duration {
	own := form{Values: map[string][]string{name: {text}}}
	d := own.span(name)
	f.ps = append(f.ps, own.ps...)
	return d
}

// readLines reads the lines of a condition as they were posted.
func (f *form) readLines(name string) []line {
	var lines []line
	for _, key := range f.Values[name+".row"] {
		depth, _ := strconv.Atoi(f.Get(name + ".depth." + key))
		l := line{depth: depth, kind: f.Get(name + ".kind." + key)}
		if policypage.ConditionName(l.kind) == "" {
			continue
		}
		for _, v := range f.list(name + ".value." + key) {
			if policypage.ConditionTyped(l.kind) {
				l.values = append(l.values, strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })...)
			} else {
				l.values = append(l.values, v)
			}
		}
		lines = append(lines, l)
	}
	return settle(lines)
}

// doLines does what a button of a condition asks for.
func doLines(lines []line, d view.Deed, kind string) []line {
	at := slices.Index(keys(len(lines)), d.Key)
	switch {
	case d.Verb == view.Add && policypage.ConditionName(kind) != "":
		l := line{kind: kind}
		if n := len(lines); n > 0 {
			l.depth = lines[n-1].depth
			if isGroup(lines[n-1].kind) {
				l.depth++
			}
		}
		lines = append(lines, l)
	case at < 0:
	case d.Verb == policypage.In:
		shift(lines, at, 1)
	case d.Verb == policypage.Out:
		shift(lines, at, -1)
	default:
		lines = view.Apply(lines, keys(len(lines)), d)
	}
	return settle(lines)
}

// shift moves a line further in or out, with those below it.
func shift(lines []line, at, by int) {
	from := lines[at].depth
	for i := at; i < len(lines) && (i == at || lines[i].depth > from); i++ {
		lines[i].depth += by
	}
}
