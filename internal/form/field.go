package form

import "strings"

// Kind is how a field is shown and read.
type Kind string

// The kinds.
const (
	Text     Kind = "text"
	Number   Kind = "number"   // whole
	Switch   Kind = "switch"   // posted as "on"
	Choice   Kind = "choice"   // one of Options, or the default
	List     Kind = "list"     // one item a line
	Pairs    Kind = "pairs"    // "name: value", one a line
	Duration Kind = "duration" // 90s, 10m, 24h
	Secret   Kind = "secret"   // what is typed is sealed; empty keeps what is saved; Key+Remove posted as "on" takes it away
	Secrets  Kind = "secrets"  // several by name: those saved are posted under Key+"."+name like a Secret, a new one under Key+Name and Key+Value
	Group    Kind = "group"    // a heading: the fields whose keys begin with Key+"." follow
)

// Suffixes of what stands beside a secret's own key.
const (
	Remove = "~remove"
	Name   = "~name"
	Value  = "~value"
	// Saved is what Fill says of saved secrets: of one, where it is kept; of several, their names.
	Saved = "~saved"
)

// Kept stands for a saved secret that a form does not know and does not change: {sealed: (kept)}.
const Kept = "(kept)"

// Field is one key of a plug-in's settings.
type Field struct {
	Key     string // dotted: "success.status"
	Label   string
	Help    string
	Kind    Kind
	Default string // what holds when the field is empty; empty: nothing does, or it depends
	Min     string // of a number or a duration; empty: unbounded
	Max     string
	Options []string
	Lines   bool // a text of several lines
	Whole   bool // a list of whole numbers
	// Required fields may not be empty.
	Required bool
	// Optional groups may be there or not: posted as "on" under their key.
	Optional bool
	// Bound fields say where the secrets beside them go, or could: when one changes, every secret has to be typed again.
	Bound bool
	// Credential fields stand for a secret that is kept outside of the settings, such as a token file: pages keep what is there.
	Credential bool
}

// Problem is what is wrong with one field of a posted form.
type Problem struct {
	Key, Label, Text string
}

// Problems is every one of a form's.
type Problems []Problem

// Error implements error: one line for each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Key + ": " + one.Text
	}
	return strings.Join(lines, "\n")
}
