package component

// Prompt is what a person has to do, ready to be drawn. The set mirrors the contract of the authenticators.
type Prompt interface{ prompt() }

// Code asks for a code in one field. The field is named "code".
type Code struct {
	Digits  int    // expected length; 0: any
	Letters bool   // letters may occur
	Masked  string // where it was sent, masked; empty: not to be told
	Sent    bool   // a code was sent and can be sent again
}

// Ceremony is a passkey call. Options is the JSON for navigator.credentials; the answer's JSON goes into the field "credential".
type Ceremony struct {
	Create  bool // set one up, else use one
	Options string
}

// Address asks for an address to send a code to. The field is named "address".
type Address struct {
	Channel string // "mail"
	Value   string // what was typed, after a problem
}

// Seed shows a key to store in an app and asks for its first code, in the field "code".
type Seed struct {
	URI    string // otpauth://…, drawn as a QR code
	Key    string // the same key for typing, in groups
	Digits int
}

// Sheet shows codes to keep and asks for one of them, in the field "code".
type Sheet struct{ Codes []string }

// Questions asks questions, in the fields "answer" in their order.
type Questions struct{ Questions []string }

// Redirect sends the browser to a provider.
type Redirect struct{ URL string }

// Wait waits for somebody or something else; Match is a number to compare, if any.
type Wait struct{ Match string }

// Certificate asks for a client certificate at Path.
type Certificate struct{ Path string }

func (Code) prompt()        {}
func (Ceremony) prompt()    {}
func (Address) prompt()     {}
func (Seed) prompt()        {}
func (Sheet) prompt()       {}
func (Questions) prompt()   {}
func (Redirect) prompt()    {}
func (Wait) prompt()        {}
func (Certificate) prompt() {}

// Way is one way to prove who you are.
type Way struct {
	Ref         string // value of the radio button
	Kind        string // "passkey", "totp", "mail", "backup-code", …
	Label       string // what tells two of a kind apart, already masked; empty: the kind alone
	NeedsScript bool
}

// Rule is one demand on a new password. Its text is the catalogue's "rule.<code>".
type Rule struct {
	Code  string    // "min-length", "classes", …
	N     int       // the number in it: length, classes, remembered passwords, days
	Of    int       // for classes: how many there are
	Words []string  // for "name": what may not occur; leave empty before the person has proven who they are
	Text  string    // overrides the catalogue's text
	State RuleState // how the last password fared
	Live  bool      // the browser can tick it while typing
}

// RuleState is how a password fares under a rule.
type RuleState string

// The states. The zero value is not judged yet.
const (
	Open  RuleState = ""
	Met   RuleState = "met"
	Unmet RuleState = "unmet"
)

// Step is how far a person has come; zero: not shown.
type Step struct{ Now, Of int }
