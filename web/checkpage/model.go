// Package checkpage holds the page of a form that is held back until the browser has shown that it is no flood.
package checkpage

import (
	"rekey/web/component"
	"rekey/web/layout"
)

// Check holds a form back. It posts what the form's own fields are kept in, with work or the field of the widget.
type Check struct {
	layout.Shell
	Form     component.Form // with Check.Puzzle, where the script can do the work
	Left     int            // seconds until it goes on without any answer; 0: now
	Widget   Widget         // of a provider; zero: none
	Password bool           // the password has to be typed again afterwards
	Away     bool           // nothing was typed: it leads to another sign-in page
}

// Widget is what a provider's script looks for.
type Widget struct {
	Class, SiteKey, Action string
	Name                   string // of the provider
}

func (m Check) title() string {
	if m.Left == 0 {
		return m.T("check.ready.title")
	}
	return m.T("check.title")
}

// lede says what to do.
func (m Check) lede() string {
	switch {
	case m.Left > 0 && m.Widget.Class != "":
		return m.N("check.widget", m.Left, "Name", m.Isolated(m.Widget.Name))
	case m.Left > 0:
		return m.N("check.lede", m.Left)
	case m.Away:
		return m.T("redirect.text")
	case m.Password:
		return m.T("check.ready.password")
	}
	return m.T("check.ready.lede")
}
