package configure

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/form"
	"rekey/internal/role"
	"rekey/internal/secret"
	"rekey/internal/site"
)

// Service reads and changes the settings for pages. It is safe for concurrent use.
type Service struct {
	Store Store
	Rules Rules
	// Forms describe plug-ins by where their settings stand, without the positions in lists: "directories.ad", "authenticators.totp",
	// "mail", "sms.gateway".
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
	Save(ctx context.Context, text []byte, after int64, by Author, reason string) (int64, error)
	// Locked reports whether pages may save nothing.
	Locked() bool
	Sealer
}

// Sealer keeps what only this installation may read.
type Sealer interface {
	// Seal makes the sealed form of a secret.
	Seal(t secret.Text) (string, error)
	// SealDraft and OpenDraft keep a draft in a page. What was sealed for one context opens in no other.
	SealDraft(plain, context []byte) (string, error)
	OpenDraft(sealed string, context []byte) ([]byte, error)
}

// Author is who changes something, and what they may.
type Author struct {
	Name    string // as the history shows it
	Grants  role.Grants
	Account account.ID // for the audit log, as what follows
	Session string
	Source  audit.Source
}

// Version is one saved document without its text.
type Version struct {
	Number int64
	At     time.Time
	Author string
	Reason string
}

// Line is one value that differs.
type Line struct {
	Path string // in the new document; of what was removed, in the old one
	Kind LineKind
	Was  string // as YAML on one line; sealed secrets are "[redacted]"
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

// Revision is a version with what it changed; the first one has no lines.
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
