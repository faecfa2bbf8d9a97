// Package adminpage holds the pages by which administrators get in, and those about administrators themselves.
package adminpage

import (
	"net/http"
	"time"

	"rekey/internal/locale"
	"rekey/web/component"
	"rekey/web/console"
)

// SignIn asks for the directory password.
type SignIn struct {
	console.Shell
	Form    component.Form
	Name    string
	Domains []component.Option // to pick from, when several accounts have the name
	Note    string             // "You are signed out."
	// Elsewhere names the firm's own sign-in page; empty: none.
	Elsewhere, ElsewhereURL string
}

// ProveElsewhere keeps a form while the firm's sign-in page is asked in another tab.
type ProveElsewhere struct {
	console.Shell
	Form      component.Form
	Label     string
	URL       string
	CancelURL string
}

// Accept asks somebody who was invited for the directory password.
type Accept struct {
	console.Shell
	Form    component.Form
	Name    string
	By      string
	Expires time.Time
}

// Prove asks for a passkey, or makes one.
type Prove struct {
	console.Shell
	Text      *locale.Printer
	Form      component.Form
	Prompt    component.Prompt
	Problems  component.Problems
	Make      bool   // one is made, by invitation
	Again     bool   // somebody who is in proves it once more
	Label     string // of the passkey that is made
	CancelURL string // empty: no way back but to sign out
	SignOut   string // URL a POST signs out at; empty: none
}

func (m Prove) title() string {
	switch {
	case m.Make:
		return "Make your passkey"
	case m.Again:
		return "Prove that it is still you"
	}
	return "Now your passkey"
}

func (m Prove) lede() string {
	switch {
	case m.Make:
		return "It belongs to these pages alone: a device with a fingerprint, a face or a PIN, or a security key. You will need it every time you sign in."
	case m.Again:
		return "What you are about to do needs a passkey that was used in the last few minutes. What you typed is kept."
	}
	return "The second half of your sign-in."
}

// Device is a passkey of an administrator.
type Device struct {
	Label     string
	Owner     string // on the page about everybody; empty elsewhere
	Made      time.Time
	Used      time.Time
	RemoveURL string // empty: it stays
}

// Session is one sign-in that is open.
type Session struct {
	Owner   string // on the page about everybody
	Agent   string
	Address string
	In      time.Time
	Seen    time.Time
	Current bool
	EndURL  string // a POST ends it; empty: it is this one
}

// Self is about whoever is signed in.
type Self struct {
	console.Clock
	Devices  []Device
	Sessions []Session
	Roles    []Role
}

// Role is a role with what it opens.
type Role struct {
	Name   string
	Whom   []string // who has it: people and groups, as the settings name them
	Reach  string   // whom a help desk may help
	Allows []string
	// RemoveURL shows what taking it away would change, in the version of the settings that is shown; empty: it cannot be taken here.
	RemoveURL, Version string
}

// Bind gives somebody a role.
type Bind struct {
	Form     component.Form
	Problems component.Problems
	Back     string
	Roles    []console.Option
	Role     string // picked
	Kind     string // person or group
	Name     string
	Domains  []console.Option // a help desk may be bound to
	Picked   []string
	OUs      string // one a line
	Exclude  string // groups, one a line
}

// Administrators is about everybody who may get in.
type Administrators struct {
	console.Clock
	Roles       []Role
	BindURL     string // where a role is given
	InviteForm  component.Form
	Problems    component.Problems
	Typed       string
	Link        string // of the invitation just made, shown once
	LinkFor     string
	Until       time.Time
	Invitations []Invitation
	Sessions    []Session
	Devices     []Device
}

// Invitation is one that can still be used.
type Invitation struct {
	Name, By string
	Made     time.Time
	Expires  time.Time
}

// Problem is an error.
type Problem struct {
	Text    string
	Next    string
	Request string
	Back    string
}

// ProblemTitle is the heading of an error page.
func ProblemTitle(status int) string {
	switch status {
	case http.StatusForbidden:
		return "Not allowed"
	case http.StatusNotFound:
		return "Nothing here"
	case http.StatusConflict:
		return "Something changed meanwhile"
	case http.StatusTooManyRequests:
		return "Wait a little"
	case http.StatusServiceUnavailable:
		return "Not available right now"
	}
	return "That did not work"
}
