package policypage

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"rekey/web/console"
)

// List is the policies in their order.
type List struct {
	Query              string
	May                bool // change them
	Locked             bool
	Policies, Defaults []Entry
	Findings           []console.Finding
	All                int // people
	Reading            bool
	Done, Reads        int // accounts that have been read
	Order, After       string
	Live               console.Live
	New, Import, Floor string // URLs
	CSV, YAML, Self    string
}

// Entry is one policy.
type Entry struct {
	Name, URL, Sentence string
	History, Copy       string
	Tags                []console.Tag
	People              int // -1: not known yet
	Warnings            int
	Findings            []console.Finding
}

// Rules is the rules in their order.
type Rules struct {
	Query        string
	May          bool
	Rules        []RuleEntry
	Order, After string
	Live         console.Live
	New, Self    string
	CSV          string
}

// RuleEntry is one rule.
type RuleEntry struct {
	Name, URL, Copy  string
	Whom, When, Then string
	Tags             []console.Tag
	Findings         []console.Finding
}

// Names are what rules use by name.
type Names struct {
	May                                bool
	Networks, Hours, Conditions        []NameEntry
	NewNetwork, NewHours, NewCondition string
}

// NameEntry is one of them.
type NameEntry struct{ Name, URL, Says string }

// Past is the history of a policy.
type Past struct {
	console.Clock
	May      bool
	Editions []Edition
	Older    string
	Edit     string
}

// Edition is one version of it.
type Edition struct {
	Number         int64
	At             time.Time
	Author, Reason string
	Changes        []console.Change
	Now            bool // it is the one in force
	Restore        string
}

// Trials are policies that are tried.
type Trials struct {
	console.Clock
	May    bool
	Trials []Trial
	Rules  []NameEntry // that only report
	Report TrialReport
}

// Trial is one policy that is tried.
type Trial struct {
	Name, State   string
	URL           string
	Started, Done int
	From, Until   time.Time
	Current       bool
}

// TrialReport is what one did.
type TrialReport struct {
	Name, Zone     string
	Chart, Tickets console.Chart
	TicketText     string
	Figures        []TrialFigures
	Left, Refusals []TrialShare
}

// TrialFigures are of one action.
type TrialFigures struct {
	Action                             string
	Started, Open, Done, Left, Refused int
	Rate, Median, P90                  string
}

// TrialShare is how many there are of a kind.
type TrialShare struct {
	Name  string
	Count int
}

// order is the list with buttons that move its rows.
func (l List) order() console.Rows {
	r := console.Rows{Name: "order", Legend: "Policies in their order", Ordered: true, Kept: true, Live: l.Live}
	for _, e := range l.Policies {
		r.Items = append(r.Items, console.Line{Key: e.Name, Name: e.Name, Body: e.show(l.All, l.May)})
	}
	return r
}

func (l Rules) order() console.Rows {
	r := console.Rows{Name: "order", Legend: "Rules in their order", Ordered: true, Kept: true, Live: l.Live}
	for _, e := range l.Rules {
		r.Items = append(r.Items, console.Line{Key: e.Name, Name: e.Name, Body: e.show(l.May)})
	}
	return r
}

func entries(caption string, all []NameEntry, empty console.Empty) console.Table {
	t := console.Table{Caption: caption, Columns: []console.Column{{Title: "Name", Kind: console.Tight}, {Title: "Is"}}, Empty: empty}
	for _, e := range all {
		name := console.Text(e.Name)
		if e.URL != "" {
			name = console.Anchor(e.Name, e.URL)
		}
		t.Rows = append(t.Rows, console.Row{Cells: cellsOf(name, console.Text(e.Says))})
	}
	return t
}

func readable(all []NameEntry, may bool) []NameEntry {
	if may {
		return all
	}
	out := make([]NameEntry, len(all))
	for i, e := range all {
		out[i] = NameEntry{Name: e.Name, Says: e.Says}
	}
	return out
}

func (t Trials) table() console.Table {
	out := console.Table{Caption: "Trials", Columns: []console.Column{
		{Title: "Policy"},
		{Title: "State", Kind: console.Tight},
		{Title: "From", Kind: console.Tight},
		{Title: "Until", Kind: console.Tight},
		{Title: "Attempts", Kind: console.Figures},
		{Title: "Finished", Kind: console.Figures},
	}, Empty: console.Empty{
		Title: "No policy is tried", Text: "Mark a policy as a trial, and what happens under it is counted apart: how many finish, where they give up, how long it takes.",
	}}
	for _, p := range t.Trials {
		out.Rows = append(out.Rows, console.Row{Cells: cellsOf(
			console.Anchor(p.Name, p.URL), console.Tag{Text: p.State, Tone: console.Accent}.Show(), t.day(p.From), t.day(p.Until),
			console.Text(console.Count(p.Started)), console.Text(console.Count(p.Done)),
		)})
	}
	return out
}

func (t Trials) day(at time.Time) templ.Component {
	if at.IsZero() {
		return console.Quiet("open")
	}
	return console.Text(t.Short(at))
}

func (r TrialReport) table() console.Table {
	out := console.Table{Caption: "Attempts", Columns: []console.Column{
		{Title: "Action"},
		{Title: "Begun", Kind: console.Figures},
		{Title: "Open", Kind: console.Figures},
		{Title: "Finished", Kind: console.Figures},
		{Title: "Given up", Kind: console.Figures},
		{Title: "Refused", Kind: console.Figures},
		{Title: "Rate", Kind: console.Figures},
		{Title: "Median", Kind: console.Figures},
		{Title: "p90", Kind: console.Figures},
	}}
	for _, f := range r.Figures {
		out.Rows = append(out.Rows, console.Row{Cells: cellsOf(
			console.Text(f.Action), number(f.Started), number(f.Open), number(f.Done), number(f.Left), number(f.Refused),
			console.Text(f.Rate), console.Text(f.Median), console.Text(f.P90),
		)})
	}
	return out
}

func number(n int) templ.Component { return console.Text(console.Count(n)) }

func shares(caption, head string, all []TrialShare) console.Table {
	t := console.Table{Caption: caption, Columns: []console.Column{{Title: head}, {Title: "Attempts", Kind: console.Figures}}}
	for _, s := range all {
		t.Rows = append(t.Rows, console.Row{Cells: cellsOf(console.Text(s.Name), number(s.Count))})
	}
	return t
}

func version(n int64) string { return "Version " + strconv.FormatInt(n, 10) }
