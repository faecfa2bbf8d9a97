// Package enrollpage holds the pages of "My account": sign in, set up ways to prove who you are, look after them. Every page is a
// method of its view model: enrollpage.Account{…}.Page().
//
// Fields of the forms: name, password, domain (sign-in); kind (what to add); method, code, credential, answer (proofs);
// address, label (additions and names). Actions besides a form's own are URLs in the models.
package enrollpage

import (
	"time"

	"rekey/web/component"
	"rekey/web/layout"
)

// Elsewhere is a sign-in page of a directory.
type Elsewhere struct {
	Label string // "Microsoft 365"
	URL   string // GET
}

// SignIn asks for the user name and the current password. Posts name, password, and domain when Domains is set.
type SignIn struct {
	layout.Shell
	Elsewhere []Elsewhere // sign-in pages of directories whose passwords are not typed here
	Form      component.Form
	Name      string             // as typed, after a problem
	Domains   []component.Option // the name exists in several: pick one, and type the password again
	Problems  component.Problems
	Notice    string // plain text: "You are signed out."
	ResetURL  string
	ChangeURL string
}

// Setup is the wizard: what is there, what is needed, what can be added. Posts kind.
type Setup struct {
	layout.Shell
	Display  string // the person's name
	Form     component.Form
	Needed   int       // how many ways are needed
	Missing  int       // how many more; 0: ready
	Offers   []Addable // best first
	Methods  []Method  // what is set up
	Problems component.Problems
	Notice   string
	LaterURL string // "Not now": to the account page; or "Finish", when nothing is missing
}

// Addable is a kind of method that can be set up.
type Addable struct {
	Kind        string
	NeedsScript bool
	Have        int // how many of the kind are set up
}

// Method is one way that is set up.
type Method struct {
	ID        string
	Kind      string
	Label     string
	Added     time.Time
	LastUsed  time.Time // zero: never
	RenameURL string    // GET
	RemoveURL string    // GET: asks first
}

// Add sets up one method: what is asked depends on the prompt. Posts address, code or credential, and label with the last step.
type Add struct {
	layout.Shell
	Form      component.Form
	Kind      string
	Prompt    component.Prompt
	AskLabel  bool // offer to name it
	Label     string
	Problems  component.Problems
	Notice    string
	ResendURL string // POST
	CancelURL string // POST
}

// StepUp asks which enrolled way to prove before a change. Posts method.
type StepUp struct {
	layout.Shell
	Form      component.Form
	Then      string // "add", "remove": what it is for
	Ways      []component.Way
	Problems  component.Problems
	CancelURL string // POST
}

// Prove is the open question of a step-up. Posts what the prompt asks.
type Prove struct {
	layout.Shell
	Form       component.Form
	Kind       string
	Prompt     component.Prompt
	Problems   component.Problems
	Notice     string
	ResendURL  string // POST
	AnotherURL string // POST
	CancelURL  string // POST
}

// Account is "My account". AddForm posts kind; the other forms post nothing of their own.
type Account struct {
	layout.Shell
	Display     string
	SignIn      string
	Missing     int // how many more ways are needed to reset; 0: ready
	Frozen      bool
	Denied      bool // the policy allows this account nothing: there is nothing to set up for
	Methods     []Method
	AddForm     component.Form
	Offers      []Addable
	History     []Past
	Sessions    []Session
	EndOthers   component.Form
	SignOut     component.Form
	Notice      string
	Problems    component.Problems
	PasswordURL string // to change the password
}

// Past is one line of the history.
type Past struct {
	Event   string   // audit name: "method.added"
	Purpose string   // "reset", "unlock", "change", "enroll"; may be empty
	OK      bool     // it succeeded
	Kinds   []string // methods it was about
	At      time.Time
	Where   string // client address
}

// Session is one open sign-in to "My account".
type Session struct {
	Agent   string // browser, as it calls itself in short: "Firefox on Windows"
	Address string
	Since   time.Time
	Current bool
}

// Rename asks for another name of a method. Posts label.
type Rename struct {
	layout.Shell
	Form      component.Form
	Kind      string
	Label     string
	Problems  component.Problems
	CancelURL string // GET
}

// Remove asks before a method is taken away. Posts nothing of its own.
type Remove struct {
	layout.Shell
	Form      component.Form
	Method    Method
	Missing   int // how many ways will then be missing to reset; 0: enough stay
	Problems  component.Problems
	CancelURL string // GET
}

// SignedOut says that the session is over.
type SignedOut struct {
	layout.Shell
	SignInURL string
}
