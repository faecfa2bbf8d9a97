package adminpage

import (
	"time"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
)

// Review is the last page of a change of the settings.
type Review struct {
	Form      console.Form
	Changes   []console.Change
	Respelled bool // nothing differs but how it is written
	Findings  []console.Finding
	Refused   []console.Finding // what keeps it from being saved
	Lacks     []string          // permissions that are missing
	Locked    bool              // the settings are kept in version control
	Saves     bool
	Reason    string
	Problems  component.Problems
	Back      string
	More      templ.Component
}

// Conflict says who saved what since a change was begun.
type Conflict struct {
	console.Clock
	Meanwhile []Meanwhile
	Back      string
	Again     console.Form // shows the change on top of what differs; without an action, it has to be made anew
}

// Meanwhile is one version that was saved since.
type Meanwhile struct {
	Number  int64
	At      time.Time
	By      string
	Reason  string
	Changes []console.Change
}
