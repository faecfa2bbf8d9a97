// Package peoplepage draws the help desk's pages. Models take values; nothing here decides.
package peoplepage

import (
	"time"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
)

// Search is the page with the one box over all directories.
type Search struct {
	Clock  console.Clock
	Action string
	Text   string
	People []Hit
	Next   string // URL of the next page; empty: that was all
	More   bool   // too many match to look at
	Asked  bool   // something was typed
}

// Hit is somebody who was found.
type Hit struct {
	Name, Account, Directory, Mail, URL string
	State                               []console.Tag
}

// Person is everything about one.
type Person struct {
	Clock      console.Clock
	Why        Why
	Self       bool
	Privileged string // why a second administrator has to agree; empty: none has to
	Verified   string // who verified the caller, how and until when; empty: nobody
	Requests   []Request
	Directory  []console.Fact
	Other      []console.Fact // of the linked account
	Policy     []console.Fact
	Reasons    []Reason
	Methods    []Method
	Blocks     []console.Fact
	Help       []Help
	Attempts   []Attempt
	Past       []console.Moment // what the help desk did
}

// Why is the answer to the first question.
type Why struct {
	Can        bool
	Text, Next string
	Until      time.Time // by itself; zero: not by itself
	Do         console.Link
}

// Reason is why one policy or rule won or lost.
type Reason struct {
	Name, Text string
	Won        bool
}

// Method is a way to prove who one is.
type Method struct {
	Name, Label, Address string
	Made, Used           time.Time
	Tags                 []console.Tag
	RemoveURL            string
}

// Help is something that can be done.
type Help struct {
	Label, Text, URL string
	Main             bool
}

// Attempt is one flow, step by step.
type Attempt struct {
	Title string
	Began time.Time
	State console.Tag
	Steps []console.Moment
}

// Request is a request for approval.
type Request struct {
	Name, URL, What, By, Ticket, Reason string
	Person                              string // URL of the person's page
	Made                                time.Time
	State                               console.Tag
}

// Call is the page on which a caller's code is typed.
type Call struct {
	Clock    console.Clock
	Form     console.Form
	Where    string // the code went to
	Until    time.Time
	Left     int // tries
	Problems component.Problems
	Another  string // URL
	Cancel   string
}

// Ask is the page that chooses where a code goes.
type Ask struct {
	Form     console.Form
	Ways     []console.Option
	Picked   string
	Reason   string
	Ticket   string
	Problems component.Problems
	Cancel   string
}

// Outcome is what came of an act that has something to show.
type Outcome struct {
	Clock console.Clock
	Pass  string // shown once
	Until time.Time
	Link  string
	Told  int
	Back  string
}

// Approvals lists requests.
type Approvals struct {
	Clock   console.Clock
	Waiting []Request
	Decided []Request
}

// Approval is one request, to be decided.
type Approval struct {
	Facts    []console.Fact
	Form     console.Form
	May      bool   // the viewer may decide
	Why      string // they may not
	Note     string
	Problems component.Problems
	Use      console.Link // the requester goes on here
	Back     string
}

func hits(all []Hit) console.Table {
	t := console.Table{Caption: "People", Columns: []console.Column{{Title: "Person"}, {Title: "Mail"}, {Title: "Directory", Kind: console.Tight}, {Title: "State", Kind: console.Tight}}}
	for _, h := range all {
		t.Rows = append(t.Rows, console.Row{Cells: []templ.Component{
			console.Two(h.Name, h.URL, h.Account), console.Text(h.Mail), console.Text(h.Directory), console.Tags(h.State...),
		}})
	}
	return t
}

func (m Search) table() console.Table {
	t := hits(m.People)
	t.Pager.Older = m.Next
	switch {
	case m.More:
		t.Result = "Too many people match to look at all of them. Type more of the name."
	case m.Next != "":
		t.Result = "The first " + console.Count(len(m.People)) + "; there are more"
	case len(m.People) > 0:
		t.Result = console.Of(len(m.People), "person", "people")
	}
	t.Empty = console.Empty{Title: "Nobody found", Text: "Nobody within your reach has this in their name, sign-in name or address. Somebody new is found by their whole sign-in name."}
	return t
}

func (m Person) methods() console.Table {
	t := console.Table{Caption: "Ways to prove who they are", Columns: []console.Column{
		{Title: "Way"}, {Title: "Set up", Kind: console.Tight}, {Title: "Last used", Kind: console.Tight}, {Title: "State", Kind: console.Tight}, {Title: "Remove", Kind: console.Acts},
	}, Empty: console.Empty{Title: "Nothing is set up yet"}}
	for _, w := range m.Methods {
		below := w.Label
		if w.Address != "" {
			below = w.Address
		}
		remove := console.Quiet("")
		if w.RemoveURL != "" {
			remove = console.Anchor("Remove …", w.RemoveURL)
		}
		t.Rows = append(t.Rows, console.Row{Cells: []templ.Component{console.Two(w.Name, "", below), m.Clock.Ago(w.Made), m.Clock.Ago(w.Used), console.Tags(w.Tags...), remove}})
	}
	return t
}

func requests(c console.Clock, caption string, all []Request) console.Table {
	t := console.Table{Caption: caption, Columns: []console.Column{
		{Title: "What"}, {Title: "For"}, {Title: "Asked by"}, {Title: "Ticket", Kind: console.Tight}, {Title: "When", Kind: console.Tight}, {Title: "State", Kind: console.Tight},
	}}
	for _, r := range all {
		t.Rows = append(t.Rows, console.Row{Cells: []templ.Component{
			console.Two(r.What, r.URL, r.Reason), console.Anchor(r.Name, r.Person), console.Text(r.By), console.Mono(r.Ticket), c.Ago(r.Made), r.State.Show(),
		}})
	}
	return t
}
