package console

import (
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// Tile is one figure.
type Tile struct {
	Label, Figure string
	Note          string // what it is compared with: "+12 % on last Monday"
	Tone          Tone   // of the note
	URL           string // the list behind it
}

// Fact is one line of a definition list.
type Fact struct {
	Term  string
	Value templ.Component
}

// Tab is a link to a page beside this one.
type Tab struct {
	Label, URL string
	Current    bool
	Count      int // 0: none shown
}

// Moment is one thing that happened.
type Moment struct {
	At    time.Time
	Tone  Tone
	Title string
	Text  string
	More  templ.Component // details, folded away
	URL   string          // of the record
}

// Change is one place in the settings that differs. Secrets are masked by who makes it.
type Change struct {
	Path     string
	Old, New string // empty: it was not there, it is gone
}

// Finding is what a check has to say.
type Finding struct {
	Tone   Tone
	Grade  string // "error", "warning", "note"
	Clause string // the rule it breaks: "NIST SP 800-63B-4, 3.1.3.3"
	Text   string
	Fix    Link // where it can be put right
}

// Progress is work under way. While URL is set, htmx asks it every two seconds and puts the answer, another Progress of the same
// id, in its place; set Shell.Refresh for browsers without a script.
type Progress struct {
	ID      string
	Label   string
	Now, Of int // Of 0: nobody knows how much there is
	Text    string
	URL     string // empty: it is over
	Tone    Tone   // how it ended
}

func (p Progress) percent() string { return strconv.Itoa(100 * p.Now / p.Of) }

func (c Change) mark() string {
	switch {
	case c.Old == "":
		return "new"
	case c.New == "":
		return "gone"
	}
	return "changed"
}
