// Package secret holds text that must not be shown: every way of printing it gives "[redacted]".
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a password, a code or a key. Copy it freely; only Reveal shows it, and only Equal compares. The zero value is the
// empty text.
type Text struct {
	value *string // behind a pointer: fmt reads unexported fields of other structs without asking Format
}

// New wraps a value.
func New(value string) Text { return Text{&value} }

// Reveal returns the value. Call it only where the value leaves the process to the party it is meant for.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Empty reports whether there is no text.
func (t Text) Empty() bool { return t.Reveal() == "" }

// Equal compares in time that depends on neither content nor length.
func (t Text) Equal(other Text) bool {
	a, b := sha256.Sum256([]byte(t.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String implements fmt.Stringer.
func (Text) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Text) GoString() string { return redacted }

// Format implements fmt.Formatter, so that no verb reaches the value.
func (Text) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler and with it JSON and YAML.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Text) UnmarshalText(b []byte) error { *t = New(string(b)); return nil }

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }
