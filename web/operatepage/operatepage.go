// Package operatepage holds the pages that keep the installation running: jobs, keys, the threat level, checks and the history of the
// settings.
package operatepage

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
)

// Jobs is the list of the queue.
type Jobs struct {
	console.Clock
	Tiles  []console.Tile
	Filter console.Filter
	Text   string
	States []console.Option
	Kinds  []console.Option
	Picked []string // states and kinds
	Table  console.Table
}

// Job is one job.
type Job struct {
	console.Clock
	Facts    []console.Fact
	Failures []console.Moment
	RetryURL string // empty: it cannot be tried again
	DropURL  string // empty: it cannot be dropped
}

// Keys lists the sealing keys.
type Keys struct {
	console.Clock
	Keys      []Key
	RotateURL string // empty: looking only
}

// Key is one of them.
type Key struct {
	ID      string
	Made    time.Time
	Current bool
}

// Threat is the switch.
type Threat struct {
	console.Clock
	Now     string // what holds, in a sentence
	Why     string // who set it, and why; empty: nobody
	Tone    console.Tone
	Since   time.Time
	Until   time.Time
	EndURL  string // empty: nothing to end, or not allowed
	Levels  []Level
	History console.Table
	Filter  console.Filter
	Picked  string
	Choices []console.Option
}

// Level is one position of the switch.
type Level struct {
	Name   string
	Does   []string
	Holds  bool
	SetURL string // empty: looking only
	Button string
}

// SetThreat asks how long and why.
type SetThreat struct {
	Ask    console.Confirm
	For    string
	Spans  []console.Option
	Before string // said of the level in force; empty: none
}

// Doctor shows the newest checkup.
type Doctor struct {
	console.Clock
	StartURL string // empty: looking only
	Progress console.Progress
	Summary  []console.Fact
	Findings []Finding
	Lost     bool
	Begun    bool
}

// Finding is what one check found.
type Finding struct {
	Name string
	OK   bool
	Text string
	Fix  console.Link
}

// History is the list of settings versions.
type History struct {
	console.Clock
	Filter    console.Filter
	Text      string
	Table     console.Table
	ImportURL string // empty: looking only
	Locked    bool
}

// Version is one version of the settings.
type Version struct {
	console.Clock
	Facts     []console.Fact
	Against   string // what it is compared with: "version 3"
	Changes   []console.Change
	Respelled bool
	First     bool
	Newest    bool
	RevertURL string // empty: not allowed, or it is the newest
	Export    string
	Compare   component.Form // a GET form
	Numbers   []console.Option
	From      string
}

// Import asks for a whole document.
type Import struct {
	Form     console.Form
	Text     string
	Problems component.Problems
	Back     string
}

func states(fs []Finding) (wrong, right []Finding) {
	for _, f := range fs {
		if f.OK {
			right = append(right, f)
		} else {
			wrong = append(wrong, f)
		}
	}
	return wrong, right
}

func (f Finding) shown() console.Finding {
	out := console.Finding{Tone: console.Bad, Grade: f.Name, Text: f.Text, Fix: f.Fix}
	if f.OK {
		out.Tone = console.Good
	}
	return out
}

func shown(fs []Finding) []console.Finding {
	out := make([]console.Finding, len(fs))
	for i, f := range fs {
		out[i] = f.shown()
	}
	return out
}

func (m Keys) table() console.Table {
	t := console.Table{Caption: "Sealing keys", Columns: []console.Column{
		{Title: "Key", Kind: console.Tight}, {Title: "Made", Kind: console.Tight}, {Title: "What it does"},
	}}
	for _, k := range m.Keys {
		does := console.Text("opens what it sealed")
		if k.Current {
			does = console.Tag{Text: "seals", Tone: console.Good}.Show()
		}
		made := m.Ago(k.Made)
		if k.Made.IsZero() {
			made = console.Quiet("by an earlier version")
		}
		t.Rows = append(t.Rows, console.Row{Cells: []templ.Component{console.Mono(k.ID), made, does}})
	}
	return t
}

func count(n int, of string) string { return strconv.Itoa(n) + " " + of }
