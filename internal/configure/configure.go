package configure

import (
	"context"
	"time"

	"rekey/internal/form"
	"rekey/internal/secret"
	"rekey/internal/site"
)

// Service reads and changes the settings for pages. It is safe for concurrent use.
type Service struct {
	Store Store
	Rules Rules
	// Forms describe plug-ins: "directories.ad", "authenticators.totp", "mail", "sms.gateway". See Form.
	Forms map[string][]form.Field
}

// Store keeps versions.
type Store interface {
	// LatestSettings and SettingsVersion give a version with its document; a *fault.Error of kind NotFound when there is none.
	LatestSettings(ctx context.Context) (site.Version, error)
	SettingsVersion(ctx context.Context, number int64) (site.Version, error)
	// SettingsBefore lists versions below a number, newest first, without their documents; 0: from the newest on.
	SettingsBefore(ctx context.Context, number int64, limit int) ([]site.Version, error)
}

// Rules know what a document means, and put one in force. The settings are it.
type Rules interface {
	// Judge reads a document as Save would and says what keeps it from being used, and what is weak in it.
	Judge(text []byte) ([]Problem, []Finding)
	// Save makes a document the version behind after. Errors: fault.Conflict when another one is newer; ErrLocked.
	Save(ctx context.Context, text []byte, after int64, author, reason string, notes map[string]string) (int64, error)
	// Locked reports whether pages may save nothing.
	Locked() bool
	// Seal makes the sealed form of a secret.
	Seal(t secret.Text) (string, error)
}

// Version is one saved document without its text.
type Version struct {
	Number int64
	At     time.Time
	Author string
	Reason string
}

// Action is what a change does.
type Action uint8

// The actions.
const (
	Set    Action = iota // makes the value at Path say what Value or Text says; a key that is not there is added
	Delete               // takes the key or the item out, with the comment above it
	Insert               // puts a new item before the one at Path; at the list's length: behind the last
	Move                 // moves the item at Path to the position To, as it counts without the item
)

// Change is one change of a document. Changes of a draft are made in their order: a path means what it means after those before.
type Change struct {
	Path string // empty: the whole document, as Text
	Do   Action
	// Value is written as YAML by its yaml tags: a struct, a map, a list, a plain value. Secrets in maps and lists are secret.Text,
	// or {sealed: form.Kept} for what is saved; form.Read gives such a map.
	Value any
	Text  string // YAML in place of Value
	To    int
}

// Draft is what somebody wants to change, and the version they looked at.
type Draft struct {
	After   int64
	Changes []Change
}

// Import is the draft of a whole document. Secrets that the newest version has not in the same places are typed in further changes.
func Import(after int64, text string) Draft {
	return Draft{After: after, Changes: []Change{{Text: text}}}
}

// Proposal is what a draft would make of the document.
type Proposal struct {
	After int64 // the version it was made from
	Text  string
	// Lines say what differs, value by value; empty: nothing does, or the text cannot be read.
	Lines []Line
	// Respelled says that the text differs and says the same: comments, order, quotes.
	Respelled bool
	Problems  []Problem // that keep it from being saved
	Findings  []Finding // the linter's, errors first
}

// Saves reports whether the proposal can be saved: it changes something, nothing is wrong with it, and the linter finds no error.
func (p Proposal) Saves() bool {
	for _, f := range p.Findings {
		if f.Severity == Error {
			return false
		}
	}
	return len(p.Problems) == 0 && (len(p.Lines) > 0 || p.Respelled)
}

// Line is one value that differs.
type Line struct {
	Path string // in the new document; of what was removed, in the old one
	Kind LineKind
	Was  string // as YAML on one line; secrets are "[redacted]"
	Is   string
}

// LineKind says in what way a value differs.
type LineKind string

// The kinds of lines.
const (
	Added   LineKind = "added"
	Removed LineKind = "removed"
	Changed LineKind = "changed"
	Moved   LineKind = "moved" // an item of a list, within it; Was and Is are its old and new path
)

// Problem is a reason why a document cannot be used.
type Problem struct {
	Path string // of the key; empty: not known
	Line int    // in Proposal.Text; 0: not known
	Text string
}

// Severity is how serious a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error" // keeps the document from being saved
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Finding is something weak or pointless in a document that works.
type Finding struct {
	Code     string
	Severity Severity
	Clauses  []string // of standards that it breaks
	Path     string
	Line     int // in Proposal.Text; 0: not known
	Text     string
}

// Revision is a version with what it changed.
type Revision struct {
	Version
	Lines     []Line
	Respelled bool // the text changed; see Proposal
}

// Comparison is what turned one version into another.
type Comparison struct {
	From, To  Version
	Lines     []Line
	Respelled bool
}
