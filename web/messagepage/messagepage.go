// Package messagepage draws the pages about messages: their texts, who gets them, and what was sent.
package messagepage

import (
	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
)

// List is every text there is.
type List struct {
	Tabs   []console.Tab
	Groups []Group
	Locked bool
}

// Group is one event with its texts.
type Group struct {
	Title, Text string
	Lines       []Line
}

// Line is one channel of an event.
type Line struct {
	Channel   string
	Languages []Written
}

// Written is the text of one language.
type Written struct {
	Name, Tag, URL string
	Own            bool
}

// Editor changes one text.
type Editor struct {
	Form      console.Form
	Mail      bool // with a subject and HTML
	Subject   string
	Text      string
	HTML      string
	Macros    []console.Fact // the name with braces, and what it stands for
	Names     []string       // of the macros, without braces
	Short     string         // what a subject may say
	Elements  string         // what HTML may hold
	Own       bool           // there is a text of one's own
	May       bool           // it may be changed
	Preview   Preview
	Problems  component.Problems
	Back      string
	Languages []console.Tab // the same in other languages
}

// Preview is the message as somebody would get it.
type Preview struct {
	Said     string // what came of the last button
	Who      string // as typed
	Name     string // whose account it was written for
	Problem  string // why it cannot be written
	From     string
	Subject  string
	Letter   templ.Component // the HTML, which Rekey made or checked
	Text     string
	Bubbles  []string // a text message, by its segments
	Note     string   // "2 segments, GSM-7"
	Language string
	Dir      string
	To       string // the administrator's own address or number; empty: none is known
	NoTo     string // why
}

// Recipients says who is told what.
type Recipients struct {
	Tabs     []console.Tab
	Form     console.Form
	Events   []Told
	May      bool
	Problems component.Problems
	NoSMS    bool // no gateway: the owner gets no text messages
}

// Told is one event.
type Told struct {
	Event, Title string
	SMS, Manager bool
	Addresses    string // one on each line
}

// Log is what was sent.
type Log struct {
	console.Clock
	Tabs   []console.Tab
	Filter console.Filter
	Who    string
	From   string
	To     string
	Events []console.Option
	Event  []string
	Ways   []console.Option
	Way    []string
	States []console.Option
	State  []string
	Table  console.Table
}

// Gateway is how one channel's messages leave.
type Gateway struct {
	Tabs     []console.Tab
	Form     console.Form
	Fields   []console.FormField
	Remove   string
	May      bool
	Unshown  string // why the settings do not fit into a form
	Test     string // URL a POST sends a test at
	Said     string
	To, NoTo string // as in Preview
}

func (e Editor) on(name string) string { return e.Problems.On(name) }

func (t Told) field(name string) string { return t.Event + "." + name }

func rows(text string, least, most int) int {
	n := 2
	for _, c := range text {
		if c == '\n' {
			n++
		}
	}
	return max(least, min(n+len(text)/200, most))
}
