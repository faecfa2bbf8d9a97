// Package console is the frame and the parts of the administrators' pages. Parts take values, draw and decide nothing. The pages
// speak English, written in the templates. Everything works without JavaScript; htmx and console.js make it smoother.
package console

import (
	"strings"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/layout"
)

// Shell is what every page needs besides its own model. Page models embed it and draw themselves in its Frame, or its Bare when
// nobody is signed in yet.
type Shell struct {
	Clock
	Links    layout.Links
	Brand    string // what the product is called here; empty: "Rekey"
	Home     string // where the brand leads; empty: "/admin"
	Nav      []Group
	Trail    []Link // the pages above this one, outermost first
	Title    string // the page's h1
	Lede     string // a sentence below it
	State    Tag    // beside it; without a text: none
	Actions  templ.Component
	Flash    Flash
	Problems component.Problems // what is wrong with what was sent; a Field is the name of an input
	Find     Find
	Who      Who
	SignOut  string // URL a POST signs out at
	Timeout  layout.Timeout
	Refresh  int // seconds after which the page is loaded anew where there is no script; 0: never
}

// Group is a heading of the side with its entries.
type Group struct {
	Title string
	Items []Item
}

// Item is one entry of the side.
type Item struct {
	Label, URL string
	Icon       string // see Icon
	Current    bool
	Count      int    // things to look at; 0: none shown
	Note       string // what is counted, for screen readers: "failing"
	Tone       Tone   // of the count
}

// Link leads somewhere.
type Link struct{ Label, URL string }

// Flash is what came of the last action, shown once.
type Flash struct {
	Tone Tone // Good unless said otherwise
	Text string
	Link Link // what to do next or how to undo it
}

// Find is the search box of every page.
type Find struct {
	URL   string // where GET ?q= goes; empty: no box
	Value string
}

// Who is signed in.
type Who struct {
	Name, Role string
	URL        string // own sessions and passkeys
}

// Tone says in a colour how good something is. Text beside it says the same.
type Tone string

// The tones. The zero value says nothing.
const (
	Plain  Tone = ""
	Good   Tone = "good"
	Warn   Tone = "warn"
	Bad    Tone = "bad"
	Accent Tone = "accent"
)

// Tag is a word in a pill.
type Tag struct {
	Text string
	Tone Tone
}

// htmx is told to run nothing that is not a file of ours, to ask nobody else and to keep no copies of pages.
const htmxConfig = `{"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"includeIndicatorStyles":false,` +
	`"historyCacheSize":0,"refreshOnHistoryMiss":true,"timeout":20000}`

func (s Shell) brand() string {
	if s.Brand == "" {
		return "Rekey"
	}
	return s.Brand
}

func (s Shell) home() string {
	if s.Home == "" {
		return "/admin"
	}
	return s.Home
}

// documentTitle is the page, then what it belongs to, then whose it is. An error comes first (WCAG 2.4.2, 3.3.1).
func (s Shell) documentTitle() string {
	parts := []string{s.Title}
	for i := len(s.Trail) - 1; i >= 0; i-- {
		parts = append(parts, s.Trail[i].Label)
	}
	title := strings.Join(append(parts, s.brand()), " · ")
	if s.Problems.Any() {
		return "Error: " + title
	}
	return title
}

func (f Flash) tone() Tone {
	if f.Tone == Plain {
		return Good
	}
	return f.Tone
}

// sign is the icon that goes with a tone.
func (t Tone) sign() string {
	switch t {
	case Good:
		return "good"
	case Warn, Bad:
		return "warning"
	}
	return "info"
}
