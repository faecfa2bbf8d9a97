package evidence

import (
	"maps"
	"slices"
	"strings"

	"rekey/internal/audit"
	"rekey/internal/factor"
)

// words are what the events are called, as somebody would tell it.
var words = map[audit.Name]string{
	audit.FlowStarted:      "Gave a name and began",
	audit.FlowRefused:      "Was turned away",
	audit.FlowExpired:      "Ran out of time",
	audit.FlowPartial:      "Ended with one of two accounts changed",
	audit.ProofRequested:   "Was asked for a proof",
	audit.ProofAccepted:    "Proved who they are",
	audit.ProofRejected:    "Gave a proof that was wrong",
	audit.AccountBlocked:   "Was held back after too many wrong answers",
	audit.AccountUnblocked: "Was let try again",
	audit.WriteIntended:    "The directory is about to be changed",
	audit.WriteDone:        "The directory was changed",
	audit.WriteRejected:    "The directory refused the change",
	audit.WriteUnknown:     "Nobody knows whether the directory was changed",
	audit.SignedIn:         "Signed in to the account page",
	audit.SignInFailed:     "Could not sign in to the account page",
	audit.SignedOut:        "Signed out of the account page",
	audit.SteppedUp:        "Proved it once more on the account page",
	audit.MethodAdded:      "A method was set up",
	audit.MethodRemoved:    "A method was removed",
	audit.MethodRenamed:    "A method was renamed",
	audit.RecoveryFrozen:   "Said “this wasn’t me”: recovery is stopped",
	audit.RecoveryReleased: "Recovery is possible again",
	audit.SettingsApplied:  "The settings were changed",
	audit.AuditExported:    "Audit records were taken away",
	audit.SignedOutThere:   "Was signed out of other services",
	audit.NoticeFailed:     "A message could not be delivered",
	audit.MessageWithheld:  "A text message was not sent",
	audit.MessageTested:    "A test message was sent",
	audit.SyncHeld:         "The copy of a directory waits: too many people would be gone",
	audit.SyncApproved:     "Somebody confirmed that people are gone",
	audit.SyncDropped:      "The copy of a directory was dropped",
	audit.SyncAsked:        "The copy of a directory was asked for",
	audit.SyncPaused:       "The copy of a directory was paused, or goes on",
	audit.SyncRefused:      "Somebody said that people are not gone",
	audit.ThreatSet:        "The threat level was set",
	audit.ThreatEnded:      "The threat level ended",

	audit.ConsoleInvited:        "An administrator was invited",
	audit.ConsoleStarted:        "An administrator signed in",
	audit.ConsoleRefused:        "An administrator could not sign in",
	audit.ConsoleSteppedUp:      "An administrator proved it once more",
	audit.ConsoleEnded:          "An administrator’s session ended",
	audit.ConsolePasskeyAdded:   "An administrator’s passkey was added",
	audit.ConsolePasskeyRemoved: "An administrator’s passkey was removed",

	audit.DirectoryTestBegun: "Settings of a directory were tried",
	audit.DirectoryTested:    "The trial of a directory’s settings ended",
}

// reasons are the codes whose words say little by themselves.
var reasons = map[string]string{
	"wrong": "The answer was wrong", "wrong-code": "The code was wrong", "expired": "It had expired", "used": "It was used before",
	"used-already": "It was used before", "code-dead": "The code was no longer good", "too-many": "Too many tries", "superseded": "Another attempt took its place",
	"blocked": "Too many wrong answers", "frozen": "The owner said “this wasn’t me”", "denied": "Not allowed by the directory or a policy",
	"not-enrolled": "Fewer methods set up than are asked for", "cancelled": "Stopped by the person", "gone": "The account disappeared meanwhile",
	"rule": "A rule of the settings", "limit": "Done as often as it may be", "threat": "Stopped by the threat level",
	"privileged": "Privileged accounts are for the help desk", "retries": "Too many passwords that the directory did not take",
	"half-unavailable": "One of two directories did not answer", "erased": "Personal data was erased", "ended-by": "Ended by an administrator",
}

// NameWords is what an event is called.
func NameWords(n audit.Name) string {
	if w, ok := words[n]; ok {
		return w
	}
	group, what, ok := strings.Cut(string(n), ".")
	if !ok {
		return capital(plainWords(group))
	}
	return capital(plainWords(group)) + ": " + plainWords(what)
}

// ReasonWords says what a reason's code means; a text that is no code stays as it is.
func ReasonWords(code string) string {
	if w, ok := reasons[code]; ok {
		return w
	}
	if strings.ContainsAny(code, " .@/\\") {
		return code
	}
	return capital(plainWords(code))
}

func plainWords(s string) string { return strings.ReplaceAll(s, "-", " ") }

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// MethodWords is what a method is called here.
func MethodWords(k factor.Kind) string {
	switch k {
	case factor.TOTP:
		return "Authenticator app"
	case factor.Mail:
		return "Code by mail"
	case factor.BackupCode:
		return "Backup code"
	}
	return capital(plainWords(string(k)))
}

// Summary is the rest of a record in a line: why, with what, by whom.
func (r Record) Summary() string {
	ev := r.Event
	var parts []string
	if ev.Reason != "" {
		parts = append(parts, ReasonWords(ev.Reason))
	}
	if len(ev.Factors) > 0 {
		kinds := make([]string, len(ev.Factors))
		for i, k := range ev.Factors {
			kinds[i] = MethodWords(k)
		}
		parts = append(parts, strings.Join(kinds, ", "))
	}
	if ev.By != "" {
		parts = append(parts, "by "+ev.By)
	}
	if ev.Ticket != "" {
		parts = append(parts, "ticket "+ev.Ticket)
	}
	return strings.Join(parts, " · ")
}

// Detail is one more thing a record says.
type Detail struct{ Name, Value string }

// Details lists what else a record says, the name aside, in the order of the keys.
func (r Record) Details() []Detail {
	var all []Detail
	for _, k := range slices.Sorted(maps.Keys(r.Event.Detail)) {
		if k != "name" {
			all = append(all, Detail{capital(plainWords(k)), r.Event.Detail[k]})
		}
	}
	return all
}

// Who is whose record it is, as a person reads it.
func (r Record) Who() string {
	ev := r.Event
	switch {
	case ev.Detail["name"] != "":
		return ev.Detail["name"]
	case ev.Subject.Object != "":
		return ev.Subject.String()
	case ev.By != "":
		return ev.By
	}
	return ""
}
