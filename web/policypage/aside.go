package policypage

import (
	"rekey/web/console"
)

// Aside is what a change would mean, and what-if.
type Aside struct {
	Means  Means
	WhatIf WhatIf
}

// Means is what a change would mean for people.
type Means struct {
	Live    console.Live // asks again
	Ask     string       // where the form goes to be asked without a script
	Problem string       // it cannot be used yet
	// Done and All are accounts that have been read; All 0 with Reading: it just began.
	Reading   bool
	Done, All int
	Policy    string // whose people are counted; empty: nobody's
	Was, Will int    // people it decides about
	Sample    []string
	Moves     []Move
	Actions   []Action
	Lost      []Group // ways that do not count any more
	Gained    []Group
	Holds     []Bar // people by policy, by the new version
	People    int
	Copied    string // how old the copy is
	Notes     []string
	Alike     bool // nothing changes for anybody
}

// Move is people who come from one policy to another.
type Move struct {
	From, To string
	Count    int
}

// Action is what changes for one action.
type Action struct {
	Name                              string
	Able, Then                        int
	Unable, Enabled, Refused, Allowed Group
}

// Group is how many people, and some of them.
type Group struct {
	Name  string // of a way
	Count int
	Names []string
}

// Bar is how many of all.
type Bar struct {
	Name  string
	Count int
	Was   int
}

// WhatIf is a question about one person and its answers.
type WhatIf struct {
	Live     console.Live
	User     string
	Action   string
	Address  string
	At       string
	Zone     string
	Device   []string
	Platform string
	Asked    bool
	Problem  string
	Answers  []Answer
	Draft    bool // it is asked by what is being edited
	Separate bool // a page of its own
}

// Answer is the decision about one account.
type Answer struct {
	Name, Account string
	Tone          console.Tone
	Outcome       string
	Sentence      string
	Facts         []console.Fact
	Policies      []Verdict
	Rules         []Verdict
}

// Verdict is why a policy or a rule counted, or did not.
type Verdict struct {
	Name   string
	State  console.Tag
	Detail string
}

func (v Verdict) cells() console.Row {
	return console.Row{Cells: cellsOf(console.Text(v.Name), v.State.Show(), console.Text(v.Detail))}
}

func verdicts(caption, head string, all []Verdict) console.Table {
	t := console.Table{Caption: caption, Columns: []console.Column{{Title: head}, {Title: "Counts", Kind: console.Tight}, {Title: "Why"}}}
	for _, v := range all {
		t.Rows = append(t.Rows, v.cells())
	}
	return t
}

func userActions() []console.Option {
	return []console.Option{{Value: "reset", Label: "reset"}, {Value: "unlock", Label: "unlock"}, {Value: "change", Label: "change"}}
}

func platformOptions() []console.Option {
	out := []console.Option{{Label: "not known"}}
	for _, p := range []string{"windows", "macos", "linux", "android", "ios", "chromeos", "other"} {
		out = append(out, console.Option{Value: p, Label: p})
	}
	return out
}

func deviceOptions() []console.Option {
	return []console.Option{{Value: "known", Label: "known here"}, {Value: "managed", Label: "managed by the firm"}}
}
