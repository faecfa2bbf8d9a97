// Package methodpage draws the administrators' pages about the ways to prove who you are. Models take values; nothing here decides.
package methodpage

import (
	"strconv"
	"time"

	"rekey/web/component"
	"rekey/web/console"
)

// List is every method with its state.
type List struct {
	Table   console.Table
	Action  string
	State   string // "on", "off" or all
	Locked  bool
	Version int64
}

// One is a method.
type One struct {
	About, Class, Strength string
	Script                 bool // cannot be used without JavaScript
	On                     bool
	Edits                  bool // the settings may be changed here, by this administrator
	Locked                 bool
	Tries                  bool
	Version                int64
	Action                 string // of the form; below it /try
	Fields                 []console.FormField
	Remove                 string // suffix of the boxes that take a secret away
	Unshown                string // why the settings cannot be shown as a form
	People                 int64
	Used                   int64
	Credentials            int64
	Holders                string // URL of the list; empty: not for this administrator
	Uses                   []Use
	Findings               []console.Finding
	Steps                  []Step
	Behind                 *Behind
}

// Use is a policy in which the method counts.
type Use struct {
	Policy  string
	Default bool
	For     string // "reset, unlock (always)"
}

// Step is what came of one part of a trial.
type Step struct {
	Title, Text, Word string
	Tone              console.Tone
}

// Behind says what others saved since the form was opened.
type Behind struct {
	console.Clock
	Newest int64
	Saved  []Saved
}

// Saved is one version.
type Saved struct {
	Number  int64
	By      string
	At      time.Time
	Reason  string
	Changes []console.Change
}

// Off is what switching a method off means.
type Off struct{ People int64 }

// People is who has a method.
type People struct {
	Filter                console.Filter
	Name, Standing, Order string
	Table                 console.Table
	First, Next           string
}

func (o One) form() console.Form {
	return console.Form{Form: component.Form{Action: o.Action, Hidden: o.hidden()}, Guard: true, Dirty: o.Behind != nil}
}

// switching is the form that does nothing but switch.
func (o One) switching(do string) console.Form {
	return console.Form{Form: component.Form{Action: o.Action, Hidden: append(o.hidden(), component.Hidden{Name: "do", Value: do})}}
}

func (o One) hidden() []component.Hidden {
	return []component.Hidden{{Name: "version", Value: strconv.FormatInt(o.Version, 10)}}
}

func (o One) trial() console.Form {
	return console.Form{Form: component.Form{Action: o.Action + "/try"}}
}

func (p People) standings() []console.Option {
	return []console.Option{
		{Label: "Everybody"},
		{Value: "used", Label: "Used it in 90 days"},
		{Value: "unused", Label: "Did not use it in 90 days"},
		{Value: "gone", Label: "Not in the directory any more"},
	}
}

func states() []console.Option {
	return []console.Option{{Label: "All"}, {Value: "on", Label: "On"}, {Value: "off", Label: "Off"}}
}

func version(n int64) string { return strconv.FormatInt(n, 10) }

func (u Use) name() string {
	if u.Default {
		return u.Policy + " (default)"
	}
	return u.Policy
}

func scriptless(needed bool) string {
	if needed {
		return "cannot be used"
	}
	return "works"
}

// sign is the icon that goes with a tone.
func sign(t console.Tone) string {
	if t == console.Good {
		return "good"
	}
	return "warning"
}
