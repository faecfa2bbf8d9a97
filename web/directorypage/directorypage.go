// Package directorypage holds the pages about directories: how they stand, how one is added and tried, what it may do.
package directorypage

import (
	"time"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
)

// List is every directory.
type List struct {
	Filter   console.Filter
	Query    string
	Table    console.Table
	Links    []Link
	LinksURL string // where they are changed; empty: not by this administrator
	Add      []console.Link
}

// Link ties two directories.
type Link struct {
	Home, Other, Mode, Explained string
}

// One is a directory.
type One struct {
	console.Clock
	Facts   []console.Fact
	Copy    Copy
	Rules   []console.Fact
	Unread  string // why the rules are not shown
	Checks  Checks
	Links   []Link
	Actions []console.Link
}

// Copy is how the copy of a directory stands.
type Copy struct {
	console.Clock
	Missing  bool // it is never copied
	Tiles    []console.Tile
	Progress console.Progress // ID empty: no pass is under way
	State    console.Tag
	Error    string
	Held     string    // what waits for somebody's word; empty: nothing
	Decide   string    // URL of the page where it is decided
	Paused   time.Time // zero: it is not
	Acts     []Act     // what an operator may have done
	Form     console.Form
}

// Act is a button: do=Deed.
type Act struct{ Label, Deed string }

// Checks is what the directory finds about itself.
type Checks struct {
	URL  string // asked for when it is empty
	Rows []Check
	At   time.Time
}

// Check is one finding.
type Check struct {
	Name, Text string
	OK         bool
}

// Kinds is the choice of what to add.
type Kinds struct{ Items []Kind }

// Kind is one kind of directory.
type Kind struct{ Label, Text, URL string }

// Edit asks for the settings of a directory.
type Edit struct {
	Form     console.Form
	Basic    []Setting
	More     []Setting // folded away
	Problems component.Problems
	Test     console.Field
	Notice   string
	Wrong    []console.Finding // what is wrong beyond single fields
	Save     string
	Cancel   string
}

// Setting is one key of the settings, whatever kind it is.
type Setting struct {
	console.Field
	Kind    string // as form.Kind
	Options []console.Option
	On      bool   // of a switch
	Saved   string // where a saved secret is kept; empty: none is
	Remove  string // name of the box that takes it away; empty: it stays
}

// Test is a guided test.
type Test struct {
	console.Clock
	Progress console.Progress
	Steps    []Step
	Over     bool
	Failed   bool
	Trust    []Certificate // that may be trusted, so that the next test goes on
	TrustURL string
	AgainURL string
	Account  console.Field
	GoOn     string // URL that shows what would change
	Change   string // URL of the form
}

// Step is one step of it.
type Step struct {
	Name, Text, Next, Took string
	Tone                   console.Tone
	Word                   string
	Chain                  []Certificate
}

// Certificate is what people compare.
type Certificate struct {
	Subject, Issuer, Names, Fingerprint, PEM string
	From, Until                              time.Time
}

// Rights shows the scripts that grant the service account what it uses.
type Rights struct {
	Form     console.Form
	Fields   []console.Field // of the account
	Units    console.Field
	Problems component.Problems
	Scripts  []Script
	Table    console.Table // permissions of an application
}

// Script is one to copy.
type Script struct{ ID, Title, Text, Problem string }

// Discovery is what directories know of domains.
type Discovery struct {
	Form    console.Form
	Asked   bool
	Tables  []console.Table
	Remarks []Remark
	Failed  []string
}

// Remark is something to decide on.
type Remark struct{ Domain, Text string }

// Links asks how two directories belong together.
type Links struct {
	Form     console.Form
	Problems component.Problems
	Present  []Present
	Home     console.Field
	Other    console.Field
	Mode     console.Field
	Homes    []console.Option
	Others   []console.Option
	Modes    []console.Option
	Cancel   string
}

// Present is a link that is there.
type Present struct {
	Link
	Form console.Form // takes it away
}

func (s Step) tag() console.Tag { return console.Tag{Text: s.Word, Tone: s.Tone} }

func (c Check) tag() console.Tag {
	if c.OK {
		return console.Tag{Text: "good", Tone: console.Good}
	}
	return console.Tag{Text: "look at it", Tone: console.Warn}
}

// checkTable lists findings.
func (c Checks) table() console.Table {
	t := console.Table{ID: "checks", Caption: "What the directory says about itself", Columns: []console.Column{{Title: "Check", Kind: console.Tight}, {Title: "State", Kind: console.Tight}, {Title: "Found"}}}
	for _, r := range c.Rows {
		t.Rows = append(t.Rows, console.Row{Cells: []templ.Component{console.Text(r.Name), r.tag().Show(), console.Text(r.Text)}})
	}
	return t
}
