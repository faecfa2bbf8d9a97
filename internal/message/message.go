// Package message names what people are told. Messages are values: rings below compose them, internal/delivery renders
// and sends them.
package message

// Template is the catalogue entry a message is written from.
type Template string

// The templates.
const (
	Code            Template = "code"             // a code to type
	PasswordReset   Template = "password-reset"   // the password was reset
	PasswordChanged Template = "password-changed" // the password was changed with the old one
	AccountUnlocked Template = "account-unlocked"
	MethodAdded     Template = "method-added"
	MethodRemoved   Template = "method-removed"
	RecoveryFrozen  Template = "recovery-frozen"
	RecoveryBlocked Template = "recovery-blocked" // too many wrong tries

	CallerCode        Template = "caller-code"        // a code to read to the help desk
	Invitation        Template = "invitation"         // to set up ways to prove who one is
	Begin             Template = "begin"              // the help desk sends somebody to the portal
	RecoveryReleased  Template = "recovery-released"  // the help desk lifted a freeze
	RecoveryUnblocked Template = "recovery-unblocked" // or forgot wrong answers
	PassIssued        Template = "pass-issued"        // a temporary access pass

	SpendCap Template = "spend-cap" // to administrators: a cap on what is spent holds messages back
	Test     Template = "test"      // to whoever tries a channel
)

// Channel is how a message travels.
type Channel string

// The channels.
const (
	Mail Channel = "mail"
	SMS  Channel = "sms"
)

// Audience is the key of Message.Data that says whom a message is for; without it, the owner of the account. Others get no link that
// does something.
const (
	Audience = "audience"
	Others   = "others"
)

// Message is one text to one address. Data may hold a code: the outbox seals it.
type Message struct {
	ID       string // deduplication key: the same ID is delivered once
	Template Template
	Channel  Channel
	To       string
	Locale   string // BCP 47
	Data     map[string]string
	// Account is whom it is about, "directory/object": what it may cost is counted by it. Empty: nobody, or not known.
	Account string
	// Discard makes the outbox take the message and deliver nothing: unknown names cost the same work as known ones.
	Discard bool
}
