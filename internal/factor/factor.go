// Package factor names the ways a person can prove who they are and what is known about their strength.
package factor

import "strings"

// Kind names an authenticator, for example "totp". It is the value of the radio button, the key in settings
// and the word in the audit log; it never changes once released.
type Kind string

// The kinds that ship with Rekey.
const (
	Passkey    Kind = "passkey"
	TOTP       Kind = "totp"
	Mail       Kind = "mail"
	BackupCode Kind = "backup-code"
	// Pass is a temporary access pass that the help desk issued.
	Pass Kind = "pass"
	// Password is the directory password. It proves a change or a sign-in, never a reset.
	Password Kind = "password"
)

// Class says what a proof rests on (NIST SP 800-63B-4 §2.2). It is a set: a passkey with user verification is Has and Is.
type Class uint8

// The three classes.
const (
	Knows Class = 1 << iota
	Has
	Is
)

// String lists the classes, for logs and explanations.
func (c Class) String() string {
	names := make([]string, 0, 3)
	for i, name := range []string{"knows", "has", "is"} {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// Channel says what carries a proof: "phone:+4930…", "mail:alice@home.example.test", "device:<id>", "memory", "paper".
// Two proofs over one channel are one proof. The empty channel is independent of nothing.
type Channel string

// Traits are the facts about a kind that policy decides on. They are fixed per kind and need no credential.
type Traits struct {
	Kind              Kind
	Class             Class
	PhishingResistant bool // bound to the verifier's name (NIST SP 800-63B-4 §3.2.5)
	Hardware          bool // the key cannot leave a device
	Mailbox           bool // carried by e-mail: a recovery code, never an out-of-band authenticator (§3.1.3.1)
	Questions         bool // knowledge-based: never for privileged accounts
	NeedsScript       bool // cannot be used without JavaScript
	Each              bool // every credential is an offer of its own, since a code goes to one address; else one answer may come from any
}
