// Package recoverypage holds the pages of a reset, an unlock and a change, from the user name to the last page. Every page is a
// method of its view model: recoverypage.Start{…}.Page().
//
// Fields of the forms: name, domain, method, code, credential, answer (repeated), password, password2 (without the script
// only), current; the button suggest=1. Actions besides a form's own are URLs in the models.
package recoverypage

import (
	"time"

	"rekey/web/component"
	"rekey/web/layout"
)

// What a person wants to do, as in policy.Action.
const (
	Reset  = "reset"
	Unlock = "unlock"
	Change = "change"
)

// Start asks who it is. Posts name.
type Start struct {
	layout.Shell
	Action   string // Reset, Unlock or Change: which heading
	Form     component.Form
	Name     string // as typed, after a problem
	Problems component.Problems
	Notice   string // plain text: what just happened; may be empty
	// Disclaimer is read before somebody begins; with Accept it is agreed to by a tick. Posts accept.
	Disclaimer string
	Accept     bool
	Accepted   bool
	// Links to the same page for the other actions and to "My account"; an empty one is not shown.
	ResetURL, UnlockURL, ChangeURL, AccountURL string
}

// Domain asks which of the accounts of that name. Posts domain.
type Domain struct {
	layout.Shell
	Form     component.Form
	Name     string
	Domains  []component.Option
	Problems component.Problems
	BackURL  string
}

// Choose asks how to prove who it is. Posts method.
type Choose struct {
	layout.Shell
	Action    string
	Step      component.Step
	Form      component.Form
	Ways      []component.Way // best first
	Needed    int             // how many ways are needed in all
	Proven    int             // how many are done
	Problems  component.Problems
	NoneURL   string // GET: "I can't use any of these"
	CancelURL string // POST
}

// Prove is the open question. Posts what the prompt asks: code, credential, answer…
type Prove struct {
	layout.Shell
	Step       component.Step
	Form       component.Form
	Kind       string
	Prompt     component.Prompt
	Needed     int
	Proven     int
	Notice     string // good news, plain text: "We sent a new code."
	Problems   component.Problems
	ResendURL  string // POST; empty: nothing can be sent again
	AnotherURL string // POST: choose another way
	CancelURL  string // POST
}

// Password asks for the new password of a reset. Posts password, without the script also password2; or suggest=1.
type Password struct {
	layout.Shell
	Step      component.Step
	Form      component.Form
	SignIn    string // the account's sign-in name, for password managers
	Product   string // what the password opens: "Windows, mail and Microsoft 365"; may be empty
	Rules     []component.Rule
	Suggested string  // shown readable in the field
	CanOffer  bool    // offer to suggest one
	Places    []Place // when one is written and another is not
	Problems  component.Problems
	CancelURL string // POST
}

// ChangePassword asks for the current and the new password. Posts current, password, password2; or suggest=1.
type ChangePassword struct {
	layout.Shell
	Step      component.Step
	Form      component.Form
	SignIn    string // what was typed, or the sign-in name once something was proven
	Product   string
	Rules     []component.Rule
	Suggested string
	CanOffer  bool
	Places    []Place
	Problems  component.Problems
	ResetURL  string // "I don't know it"
	CancelURL string // POST
}

// Confirm is the last step of an unlock. Posts nothing of its own.
type Confirm struct {
	layout.Shell
	Step      component.Step
	Form      component.Form
	SignIn    string
	Problems  component.Problems
	CancelURL string // POST
}

// Working is shown while the directory is being written. Set Shell.Refresh.
type Working struct {
	layout.Shell
	Action string
	Step   component.Step
}

// Done says what has changed.
type Done struct {
	layout.Shell
	Action     string
	Step       component.Step
	SignIn     string
	WasLocked  bool    // the account was locked
	Unlocked   bool    // and is not any more
	MustChange bool    // another password must be chosen at the next sign-in
	Places     []Place // where more than one sign-in has the password
	Minutes    int     // until it works everywhere; 0: now
	Told       bool    // the owner was written to
	AccountURL string  // to add a passkey or another way; may be empty
	FinishURL  string
}

// Place is one thing the new password opens, or not yet.
type Place struct {
	Name    string // "Windows and the office network"
	Minutes int    // until it works there; 0: now, or never when it is Missing
	Missing bool   // it still has the old password
}

// Refused ends a flow without success.
type Refused struct {
	layout.Shell
	Action   string
	Reason   string // as flow.Refusal; "none" for "I can't use any of these"
	Text     string // the firm's own words, with "rule"
	Until    time.Time
	Wait     time.Duration // until then; with "blocked" and "limit"
	StartURL string
	BackURL  string // with "none": back to the choice
	// AccountURL leads to the sign-in of "My account": who still knows the password can set up more ways.
	AccountURL string
}

// Expired says that time is over.
type Expired struct {
	layout.Shell
	Action   string
	StartURL string
}

// Stopped tells a known person that too little is set up.
type Stopped struct {
	layout.Shell
	Action     string
	AccountURL string
	StartURL   string
}

// Freeze asks whether recovery is to be stopped: "this wasn't me". Posts nothing of its own.
type Freeze struct {
	layout.Shell
	Form component.Form
}

// Frozen says that recovery is stopped.
type Frozen struct {
	layout.Shell
}

// BadLink says that a "this wasn't me" link is not good any more.
type BadLink struct {
	layout.Shell
	StartURL string
}
