// Package layout is the frame every end-user page stands in: head, masthead, card, colophon.
package layout

import (
	"strings"
	"time"

	"rekey/internal/locale"
)

// Shell is what every page needs besides its own model. Page models embed it.
type Shell struct {
	Text      *locale.Printer
	Links     Links
	Brand     string // what the portal calls itself: "Example Corp password help"
	Logo      string // URL of the firm's logo on this host; empty: the house mark
	Home      string // where the masthead leads; empty: "/"
	HelpText  string // "Help desk: 4357 · Mon–Fri 7–19"; empty: no line
	HelpPhone string // a number that phones call; may be empty
	HelpHours string // may be empty
	Footer    []Link // the firm's own, at the foot
	HelpLink  string // tel:, mailto: or https: URL; empty: the text alone
	Languages []Language
	Zone      string   // IANA name for times where the browser cannot tell; empty: UTC
	Timeout   Timeout  // zero: the page does not end
	Refresh   int      // seconds after which the page asks again; 0: never
	Scripts   []string // besides the one that every page has
	At        string   // version of what is shown; with Refresh, the script loads the page anew when it changes
}

// Links are the URLs of the files a page loads. web.Assets gives them.
type Links struct {
	Sheet, Script, Icon string
	Logo                string // empty: the house mark
	Check               string // the script of forms that ask for work; only pages with one load it

	ConsoleSheet, ConsoleScript, Htmx string // of the administrators' pages, besides Sheet and Script
}

// Link leads somewhere else.
type Link struct{ Label, URL string }

// IconKind is the media type of the icon.
func (l Links) IconKind() string {
	if strings.HasSuffix(l.Icon, ".png") {
		return "image/png"
	}
	return "image/svg+xml"
}

// Language is one link of the language switch. The current one is not listed.
type Language struct {
	Tag, Name, URL string
}

// Timeout is when the page's work ends, so that the script can warn in time.
type Timeout struct {
	Left   time.Duration // from now
	Extend string        // URL that a POST without body extends; answers the new seconds left as plain text
	Over   string        // URL to go to when it has ended; empty: the page's own, with GET
}

// T gives a text of the catalogue.
func (s Shell) T(key string, kv ...any) string { return s.Text.T(key, kv...) }

// N gives a text of the catalogue for a number.
func (s Shell) N(key string, n int, kv ...any) string { return s.Text.N(key, n, kv...) }

// title is the page title: what is asked, then whose portal it is. An error comes first (WCAG 2.4.2, 3.3.1).
func (s Shell) title(page string, failed bool) string {
	if s.Brand != "" {
		page += " · " + s.Brand
	}
	if failed {
		return s.T("problem.title-prefix", "Title", page)
	}
	return page
}

// call is the link that dials the help desk (RFC 3966: signs that part a number are left out).
func (s Shell) call() string {
	return "tel:" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, s.HelpPhone)
}

func (s Shell) home() string {
	if s.Home == "" {
		return "/"
	}
	return s.Home
}

// Isolated keeps a name, an address or a code from disturbing the direction of the sentence it is put into.
func (s Shell) Isolated(text string) string { return locale.Isolate(text) }
