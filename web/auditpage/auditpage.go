// Package auditpage draws the pages about the audit log: the search, one record, an attempt step by step, and the check of the log.
package auditpage

import (
	"rekey/web/component"
	"rekey/web/console"
)

// Search is the list of records with what narrows it.
type Search struct {
	Filter  console.Filter
	Fields  Fields
	Chart   console.Chart
	Title   string // of the chart
	Table   console.Table
	Masked  bool   // personal data is not for this reader
	Manage  string // URL of the saved searches; empty: there are none
	Problem string // what of the address could not be understood
}

// Fields are the filter's boxes with what is in them.
type Fields struct {
	Person, By, Ticket, Flow, Address, Version string
	From, Until                                string
	Events, Outcomes, Methods, Policies        []console.Option
	Actors, Actions, Roles, Columns            []console.Option
	Picked                                     map[string][]string // by the name of the field
}

// Record is one record.
type Record struct {
	Facts    []console.Fact
	Personal []console.Fact
	Details  []console.Fact
	Note     string // why personal data is not there
	Proof    []console.Fact
	Links    []console.Link
	Pager    console.Pager
}

// Flow is an attempt, or a session, step by step.
type Flow struct {
	console.Clock
	Facts   []console.Fact
	Moments []console.Moment
	List    console.Link // its records as a list
}

// Saved are searches kept under a name.
type Saved struct{ Table console.Table }

// Keep asks for the name of a search.
type Keep struct {
	Form     component.Form
	Shows    []console.Fact // what it looks for
	Name     string
	Shared   bool
	Problems component.Problems
	Cancel   string
}

// Export asks why records are taken away.
type Export struct {
	Confirm console.Confirm
	Format  string
	Masked  bool
	Always  bool // personal data is not for this reader
}

// Check is the comparison of the log with its tree.
type Check struct {
	Start    console.Form
	First    string
	Last     string
	Problems component.Problems
	Running  bool
	Progress console.Progress
	Result   Result
	Earlier  console.Table
}

// Result is how the last check ended; without a title there was none.
type Result struct {
	Tone        console.Tone
	Title, Text string
	Signed      string // checkpoint to keep elsewhere
}

// more is whether a box of the filter's second row is filled in.
func (f Fields) more() bool {
	for _, name := range []string{"actor", "action", "role"} {
		if len(f.Picked[name]) > 0 {
			return true
		}
	}
	return f.Flow != "" || f.Address != "" || f.Version != "" || f.Ticket != ""
}
