package policypage

import (
	"strconv"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
)

// Editor is a form on which something is changed, with what the change would mean beside it.
type Editor struct {
	Form    console.Form
	Notice  Notice
	Main    templ.Component
	Aside   Aside
	Button  string // of what comes next: "Review the changes"
	Cancel  string
	Deleted string // URL that takes it away; empty: there is nothing to take away
}

// Notice is something that happened meanwhile.
type Notice struct {
	Title, Text string
	Changes     []console.Change
}

// Policy is the form of a policy.
type Policy struct {
	Name, Sentence string
	Default        bool // it stands behind all others: it has no scope and no dates
	Scope          Scope
	ByRule, Pilot  bool
	From, Until    string
	Zone           string // in which they are written
	Actions        []string
	Reset          Requirement
	Unlock         Requirement
	UnlockAsReset  bool
	Change         Requirement
	MinLength      string
	AllowCommon    bool
	AllowName      bool
	KeepLocked     bool
	MustChange     bool
	IgnoreHistory  bool
	Times, Within  string
	Life, Retries  string
	Problems       component.Problems
}

// Scope is the form of whom something is for.
type Scope struct {
	Domains    []console.Option
	Picked     []string
	Pickers    []console.Picker
	Attributes []Attribute
	Live       console.Live
	Problems   component.Problems
}

// Attribute is one that accounts must have.
type Attribute struct{ Name, Values string }

// Requirement is the form of how people prove who they are.
type Requirement struct {
	Name      string // prefix of its fields
	Sentence  string
	Count     string
	Usual     bool
	Ways      []Way
	Kinds     []console.Option
	Any       []Some
	SameClass bool
	Live      console.Live
	Problems  component.Problems
}

// Way is one method.
type Way struct {
	Kind, Name string
	Tags       []console.Tag
	Use        string // "may", "must" or "no"
}

// Some asks for N of several.
type Some struct {
	N  string
	Of []string
}

// Rule is the form of a rule.
type Rule struct {
	Name       string
	Scope      Scope
	Actions    []string
	When       Condition
	Effect     string // "allow", "deny", "policy" or "more"
	Denials    []Denial
	Policy     string
	Policies   []console.Option
	Factors    string
	Require    []string
	Drop       []string
	Kinds      []console.Option
	Resistant  bool
	HoldNew    string
	From       string
	Until      string
	Zone       string
	ReportOnly bool
	Live       console.Live
	Problems   component.Problems
}

// Denial says in one language why somebody is refused.
type Denial struct{ Language, Text string }

// Schedule is the form of hours of the week.
type Schedule struct {
	Name      string
	TimeZone  string
	Attribute string
	Zones     string
	Hours     []Hours
	Holidays  string
	Live      console.Live
	Problems  component.Problems
}

// Hours are the same on several days.
type Hours struct {
	Days     []string
	From, To string
}

func actionOptions() []console.Option {
	return []console.Option{
		{Value: "reset", Label: "Reset a forgotten password"},
		{Value: "unlock", Label: "Unlock the account"},
		{Value: "change", Label: "Change a password they know"},
	}
}

func dayOptions() []console.Option {
	var out []console.Option
	for _, d := range [][2]string{{"mon", "Mon"}, {"tue", "Tue"}, {"wed", "Wed"}, {"thu", "Thu"}, {"fri", "Fri"}, {"sat", "Sat"}, {"sun", "Sun"}} {
		out = append(out, console.Option{Value: d[0], Label: d[1]})
	}
	return out
}

func (q Requirement) ways() console.Rows {
	r := console.Rows{
		Name: q.Name + ".ways", Legend: "Ways, in the order they are offered", Ordered: true, Kept: true, Live: q.Live,
		Problem: q.Problems.On(q.Name+".ways") + q.Problems.On(q.Name+".allowed") + q.Problems.On(q.Name+".mandatory"),
	}
	for _, w := range q.Ways {
		r.Items = append(r.Items, console.Line{Key: w.Kind, Name: w.Name, Body: w.line(q.Name)})
	}
	return r
}

func (q Requirement) any() console.Rows {
	r := console.Rows{
		Name: q.Name + ".any_of", Legend: "Some of a list", Hint: "For example one of passkey and security key, whatever the others are.",
		Add: "Ask for some of a list", Live: q.Live, Problem: q.Problems.On(q.Name + ".any_of"),
	}
	for i, a := range q.Any {
		r.Items = append(r.Items, console.Line{Key: strconv.Itoa(i), Name: "list " + strconv.Itoa(i+1), Body: a.line(q, strconv.Itoa(i))})
	}
	return r
}

func (s Scope) attributes() console.Rows {
	r := console.Rows{
		Name: "scope.attributes", Legend: "With these attributes", Hint: "Every one must have one of its values. The directory's settings say which attributes are read.",
		Add: "Ask for an attribute", Live: s.Live, Problem: s.Problems.On("scope.attributes"),
	}
	for i, a := range s.Attributes {
		r.Items = append(r.Items, console.Line{Key: strconv.Itoa(i), Name: "attribute " + strconv.Itoa(i+1), Body: a.line(strconv.Itoa(i))})
	}
	return r
}

func (r Rule) denials() console.Rows {
	out := console.Rows{
		Name: "then.deny", Legend: "Why, in each language", Add: "Add a language", Live: r.Live, Problem: r.Problems.On("then.deny"),
		Hint: "People read it after they have proven who they are. Whoever speaks another language reads the house's.",
	}
	for i, d := range r.Denials {
		out.Items = append(out.Items, console.Line{Key: strconv.Itoa(i), Name: "text " + strconv.Itoa(i+1), Body: d.line(strconv.Itoa(i))})
	}
	return out
}

func (s Schedule) hours() console.Rows {
	out := console.Rows{
		Name: "hours", Legend: "Hours that are within", Add: "Add hours", Live: s.Live, Problem: s.Problems.On("hours"),
		Hint: "An end before the beginning is on the next day. 24:00 is the end of a day.",
	}
	for i, h := range s.Hours {
		out.Items = append(out.Items, console.Line{Key: strconv.Itoa(i), Name: "hours " + strconv.Itoa(i+1), Body: h.line(strconv.Itoa(i))})
	}
	return out
}
