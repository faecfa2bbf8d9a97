// Package overviewpage draws what administrators judge by: whether people can get back in, figures, coverage, and the reports behind them.
package overviewpage

import (
	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
)

// Overview is the first page.
type Overview struct {
	Health   Health
	Start    []Step // what to do first; empty: all of it is done
	Picker   Picker
	Figures  Figures
	Coverage Coverage
	Attacks  console.Table
	Advice   []console.Finding
	More     console.Link // the rest of the advice; may be empty
}

// Health says whether people can get back in, and how the parts are.
type Health struct {
	console.Clock
	Tone     console.Tone
	Word     string // "Yes, everywhere"
	Sentence string
	Parts    []Part
	Next     string // URL of the same, a little later; empty: it is not looked at again
	Every    string // "15s"
	Again    string // URL of the page, for whoever wants to go on looking
}

// Step is one thing to do before anybody can reset.
type Step struct {
	Title, Text string
	Done        bool
	Next        console.Link
}

// Figures are of the range that was picked.
type Figures struct {
	Tiles   []console.Tile
	Days    console.Chart // without labels: one day only
	Left    console.Table // where people gave up
	Report  console.Link
	Counted string // how fresh they are
}

// Coverage is whom recovery covers, by policy.
type Coverage struct {
	Table  console.Table
	Note   string
	Report console.Link
}

// Picker chooses the days. Every view of a page has an address.
type Picker struct {
	Action   string // the page's path
	Presets  []console.Tab
	From, To string // YYYY-MM-DD
	Zone     string
	Keep     []component.Hidden
	Actions  []console.Option // besides; empty: none to choose
	What     string           // of them
	Policies []console.Option
	Policy   string
	Problems component.Problems
}

// Report is a page of figures: a picker, and what it finds.
type Report struct {
	Tabs   []console.Tab
	Picker Picker
	Tiles  []console.Tile
	Charts []Chart
	Tables []Listing
	Note   string
}

// Chart is one with its heading.
type Chart struct {
	Title string
	console.Chart
}

// Listing is a table with its heading.
type Listing struct {
	Title   string
	Note    string
	Exports []console.Link
	console.Table
}

// Covered is the report on coverage.
type Covered struct {
	Tabs     []console.Tab // of the reports
	Tiles    []console.Tile
	Progress console.Progress // of a survey; without an id: none is under way
	Count    string           // URL a POST counts anew at; empty: not now
	By       []console.Tab    // the dimensions
	Table    console.Table
	Note     string
}

// People is a list of people with what narrows it.
type People struct {
	Tabs   []console.Tab
	Filter console.Filter
	Fields []Choice
	Name   string
	Table  console.Table
	First  string // URL of the first page; empty: this is it
	Next   string
}

// Choice is a menu of the filter.
type Choice struct {
	Field   console.Field
	Options []console.Option
}

// Savings says what calls to the help desk were spared.
type Savings struct {
	Tabs    []console.Tab
	Picker  Picker
	Inputs  []Input
	Facts   []console.Fact
	Exports []console.Link
}

// Input is a number that goes into the estimate.
type Input struct {
	Field console.Field
	Text  bool // not a number
}

// Reports lists the reports.
type Reports struct{ All []Card }

// Card is one of them.
type Card struct{ Title, URL, Text string }

func parts(c console.Clock, all []Part) console.Table {
	t := console.Table{Caption: "What resets depend on", Columns: []console.Column{
		{Title: "Part"}, {Title: "State", Kind: console.Tight}, {Title: "Last success", Kind: console.Tight}, {Title: "19 of 20 within", Kind: console.Figures}, {Title: "What to do"},
	}}
	for _, p := range all {
		p95 := "–"
		if p.P95 != "" {
			p95 = p.P95
		}
		note := []templ.Component{console.Text(p.Note)}
		if p.Next.URL != "" {
			note = append(note, console.Text(" "), console.Anchor(p.Next.Label, p.Next.URL))
		}
		row := console.Row{Cells: []templ.Component{
			console.Two(p.Name, "", p.Kind), console.Tag{Text: p.Word, Tone: p.Tone}.Show(), c.Ago(p.Success), console.Text(p95), console.Join(note...),
		}}
		if p.Tone != console.Good {
			row.Tone = p.Tone
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
