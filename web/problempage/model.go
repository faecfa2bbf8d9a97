// Package problempage holds the page that is shown when something went wrong outside a form.
package problempage

import (
	"time"

	"rekey/web/layout"
)

// Problem is an error as a person meets it: what happened, what to do now, and a number for the help desk.
type Problem struct {
	layout.Shell
	Key      string        // catalogue key of what happened: "problem.not-found", …; "<key>.next" says what to do
	Request  string        // request id; empty: not shown
	Retry    time.Duration // when it may work again; 0: unknown
	StartURL string        // where to start again
	StartKey string        // catalogue key of that link's text; empty: "Start again"
}

// title is what happened. A key the catalogue does not hold gives the general text: a page about an error never fails.
func (m Problem) title() string { return m.T(m.key()) }

func (m Problem) key() string {
	if m.Text.Has(m.Key) {
		return m.Key
	}
	return "problem.internal"
}

func (m Problem) next() string {
	if key := m.key() + ".next"; m.Text.Has(key) {
		return m.T(key)
	}
	return m.T("problem.internal.next")
}

func (m Problem) start() string {
	if m.StartKey != "" {
		return m.T(m.StartKey)
	}
	return m.T("action.start-again")
}

func (m Problem) retry() string {
	if m.Retry < 2*time.Minute {
		return m.N("wait.seconds", max(1, int(m.Retry/time.Second)))
	}
	return m.N("wait.minutes", int((m.Retry+time.Minute-1)/time.Minute))
}
