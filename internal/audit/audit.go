// Package audit names what is recorded. Events are values; internal/postgres writes them in the transaction of the change
// they tell of, as leaves of a Merkle tree (RFC 6962).
package audit

import (
	"net/netip"
	"time"

	"rekey/internal/account"
	"rekey/internal/factor"
)

// Name is the event's name. Names never change meaning; new ones are added.
type Name string

// The events.
const (
	FlowStarted      Name = "flow.started"
	FlowRefused      Name = "flow.refused"
	FlowExpired      Name = "flow.expired"
	FlowPartial      Name = "flow.partial"    // ended with one directory written and the other not
	ProofRequested   Name = "proof.requested" // a challenge was made, a code was sent
	ProofAccepted    Name = "proof.accepted"
	ProofRejected    Name = "proof.rejected"
	AccountBlocked   Name = "account.blocked"
	AccountUnblocked Name = "account.unblocked"
	WriteIntended    Name = "write.intended" // the directory is about to be written
	WriteDone        Name = "write.done"
	WriteRejected    Name = "write.rejected"
	WriteUnknown     Name = "write.unknown"
	SignedIn         Name = "session.started"
	SignInFailed     Name = "session.refused"
	SignedOut        Name = "session.ended"
	SteppedUp        Name = "session.stepped-up"
	MethodAdded      Name = "method.added"
	MethodRemoved    Name = "method.removed"
	MethodRenamed    Name = "method.renamed"
	RecoveryFrozen   Name = "recovery.frozen"
	RecoveryReleased Name = "recovery.released"
	SettingsApplied  Name = "settings.applied"
	AuditExported    Name = "audit.exported"
	SignedOutThere   Name = "directory.signed-out" // what the account was signed in to in its directory was ended, or not
	NoticeFailed     Name = "notice.failed"        // a message could not be delivered and was given up
	MessageWithheld  Name = "message.withheld"     // a message was not sent: its number, or a cap on what is spent; the reason says which
	MessageTested    Name = "message.tested"       // an operator sent a test message
	SyncHeld         Name = "sync.held"            // more people would be marked as gone than settings allow
	SyncApproved     Name = "sync.approved"        // somebody confirmed that they are gone
	SyncDropped      Name = "sync.dropped"         // the copy of a directory that left the settings
	SyncAsked        Name = "sync.asked"           // somebody wants a pass now
	SyncPaused       Name = "sync.paused"          // or goes on; the reason says which
	SyncRefused      Name = "sync.refused"         // somebody said that they are not gone: everything is read again
	ThreatSet        Name = "threat.set"           // a threat level was set or extended; the reason is the level
	ThreatEnded      Name = "threat.ended"         // before its time, or by itself

	JobRetried  Name = "job.retried"  // somebody had work of the queue tried again
	JobDropped  Name = "job.dropped"  // or taken away for good
	KeysRotated Name = "keys.rotated" // a new key seals from now on; failed: it does not, after all

	ConsoleInvited        Name = "console.invited"         // somebody may make a passkey for the administrators' pages
	ConsoleStarted        Name = "console.started"         // an administrator is in
	ConsoleRefused        Name = "console.refused"         // the directory password was not right
	ConsoleSteppedUp      Name = "console.stepped-up"      // the passkey was proven once more
	ConsoleEnded          Name = "console.ended"           // signed out, or ended by somebody
	ConsolePasskeyAdded   Name = "console.passkey-added"   // for the administrators' pages alone
	ConsolePasskeyRemoved Name = "console.passkey-removed" // and the sessions of its owner ended

	HelpRefused        Name = "help.refused"         // a help desk user tried what they may not; the reason says what
	HelpRequested      Name = "help.requested"       // somebody asked a second administrator to agree; the reason is the act
	HelpApproved       Name = "help.approved"        // who did
	HelpDeclined       Name = "help.declined"        // or did not
	HelpApprovalUsed   Name = "help.approval-used"   // an approval was spent on its act
	HelpUnlocked       Name = "help.unlocked"        // the lock in the directory
	HelpInvited        Name = "help.invited"         // the person was asked to set up ways to prove who they are
	HelpBegun          Name = "help.begun"           // or sent to the portal with their name filled in
	HelpPassIssued     Name = "help.pass-issued"     // a temporary access pass
	HelpCallerAsked    Name = "help.caller-asked"    // a code went out for a caller to read back
	HelpCallerVerified Name = "help.caller-verified" // which they did
	HelpCallerFailed   Name = "help.caller-failed"   // or did not

	DirectoryTestBegun Name = "directory.test-begun" // an administrator tries settings of a directory that are not in force
	DirectoryTested    Name = "directory.tested"     // how that ended
)

// LeftAt is the key of Event.Detail under which the end of a flow says at what stage it was.
const LeftAt = "left"

// Outcome is how the event ended.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused"
	Failed  Outcome = "failed"
	Unknown Outcome = "unknown"
)

// ActorType says who acted.
type ActorType string

// The actors.
const (
	Visitor  ActorType = "visitor" // nobody has proven anything yet
	Person   ActorType = "person"  // the account's owner, proven
	Operator ActorType = "operator"
	System   ActorType = "system"
)

// Source is where a request came from. It is personal data and kept beside the leaf, not in it.
type Source struct {
	Address   netip.Addr
	Agent     string // User-Agent as sent, cut at 200 bytes
	RequestID string
}

// Event is one record. The store adds its number; everything but Detail and Source goes into the hashed leaf.
type Event struct {
	Name     Name
	At       time.Time
	Actor    ActorType
	Outcome  Outcome
	Reason   string // short code, for example "wrong-code"
	Subject  account.ID
	By       string // sign-in name of the administrator who acted; empty: none did
	Role     string // the mightiest of their roles
	Ticket   string // number of the ticket they acted on, in somebody else's system
	Flow     string // flow or session id
	Purpose  string // reset, unlock, change, enroll
	Policy   string
	Settings int64 // version
	Factors  []factor.Kind
	Source   Source
	Detail   map[string]string // personal data: names, addresses, labels
}
