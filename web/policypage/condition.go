package policypage

import (
	"strconv"

	"rekey/web/console"
)

// Condition is the tree of what must hold, line by line.
type Condition struct {
	Name     string // of the field
	Lines    []ConditionLine
	New      string // kind that was chosen last for a new line
	Problem  string
	Live     console.Live
	Networks []string // names there are
	Hours    []string
	Named    []string
	Empty    string // said when there are no lines
}

// ConditionLine is one line.
type ConditionLine struct {
	Depth  int
	Kind   string
	Values []string
}

// The verbs of a line besides those of a list.
const (
	In  = "in"
	Out = "out"
)

// conditionKinds are what can be asked, in the order they are offered: the settings' key, what it is called, and how its values are
// filled in.
func conditionKinds() []conditionKind {
	return []conditionKind{
		{"networks", "comes from one of these networks", ticked},
		{"schedules", "at one of these hours", ticked},
		{"is", "a named condition holds", picked},
		{"countries", "comes from one of these countries", typed},
		{"asns", "comes over one of these network numbers (AS)", typed},
		{"device", "uses a device that is", ticked},
		{"platforms", "uses one of these systems", ticked},
		{"account_failures", "wrong answers for the account in the last hour, at least", typed},
		{"source_failures", "wrong answers from the address in the last hour, at least", typed},
		{"factor_added_within", "added a way to prove who they are within", typed},
		{"new_country", "comes from a country the account was never used from", none},
		{"impossible_travel", "came faster than anybody can travel", none},
		{"privileged", "has a privileged account", none},
		{"all", "all of the lines further in hold", none},
		{"any", "one of the lines further in holds", none},
		{"not", "the lines further in do not hold", none},
	}
}

type conditionKind struct {
	kind, name string
	filled     filling
}

type filling uint8

const (
	none filling = iota
	ticked
	picked
	typed
)

func kindOf(kind string) conditionKind {
	for _, k := range conditionKinds() {
		if k.kind == kind {
			return k
		}
	}
	return conditionKind{}
}

// ConditionName is what a kind of line is called; empty: there is no such kind.
func ConditionName(kind string) string { return kindOf(kind).name }

// ConditionTyped reports whether values of a kind are typed, several in one field.
func ConditionTyped(kind string) bool { return kindOf(kind).filled == typed }

func kindOptions() []console.Option {
	var out []console.Option
	for _, k := range conditionKinds() {
		out = append(out, console.Option{Value: k.kind, Label: k.name})
	}
	return out
}

// options are the values that can be ticked or picked.
func (c Condition) options(l ConditionLine) []console.Option {
	var names []string
	switch l.Kind {
	case "networks":
		names = c.Networks
	case "schedules":
		names = c.Hours
	case "is":
		names = c.Named
	case "device":
		return []console.Option{{Value: "known", Label: "known: this browser finished an attempt of the account before"}, {Value: "managed", Label: "managed by the firm"}}
	case "platforms":
		names = []string{"windows", "macos", "linux", "android", "ios", "chromeos", "other"}
	}
	out := make([]console.Option, 0, len(names)+1)
	if l.Kind == "is" {
		out = append(out, console.Option{Label: "Choose one"})
	}
	for _, n := range names {
		out = append(out, console.Option{Value: n, Label: n})
	}
	return out
}

// rows is the list that the lines are edited in.
func (c Condition) rows() console.Rows {
	r := console.Rows{
		Name: c.Name, Legend: "All of this must hold", Problem: c.Problem, Ordered: true, Live: c.Live, Empty: c.Empty,
		Hint: "A line that is further in belongs to the one above it.",
	}
	for i, l := range c.Lines {
		key := strconv.Itoa(i)
		r.Items = append(r.Items, console.Line{Key: key, Name: "“" + ConditionName(l.Kind) + "”", Body: c.line(key, l)})
	}
	return r
}

func (c Condition) deed(verb, key string) string {
	return console.Deed{List: c.Name, Verb: verb, Key: key}.String()
}

func join(values []string) string {
	out := ""
	for i, v := range values {
		if i > 0 {
			out += ", "
		}
		out += v
	}
	return out
}

func (c Condition) field(key string, l ConditionLine) console.Field {
	f := console.Field{Name: c.Name + ".value." + key, Label: ConditionName(l.Kind), Value: join(l.Values)}
	switch l.Kind {
	case "countries":
		f.Placeholder, f.Symbol = "DE, AT, GB", true
	case "asns":
		f.Placeholder, f.Symbol = "3320, 64512", true
	case "factor_added_within":
		f.Placeholder, f.Symbol = "72h", true
	case "account_failures", "source_failures":
		f.InputMode = "numeric"
	}
	return f
}
