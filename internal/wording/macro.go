package wording

import (
	"slices"

	"rekey/internal/message"
)

// Macro is one thing a text may say of what happened.
type Macro struct {
	Name   string
	Help   string // what it stands for
	Sample string // what it may look like
}

// The macros that something depends on.
const (
	Code = "code"
	Link = "link"
)

var ( //nolint:gochecknoglobals // constants
	firm     = Macro{"firm", "The firm, as brand.firm has it.", "Example Corp"}
	product  = Macro{"product", "What the portal calls itself.", "Example Corp password help"}
	helpDesk = Macro{"help_desk", "Whom to call, as on every page.", "Help desk: 4357"}
	name     = Macro{"name", "The sign-in name of the account.", "anna@example.com"}
	when     = Macro{"when", "When it happened.", "23 November 2026 at 14:05 UTC"}
	where    = Macro{"where", "The place it came from; empty when it is not known.", "Vienna, Austria"}
	address  = Macro{"address", "The network address it came from; empty when it is not known.", "192.0.2.7"}
	until    = Macro{"until", "Until when resets are closed.", "23 November 2026 at 15:05 UTC"}
	method   = Macro{"method", "The way that was added or removed, with its name.", "Passkey, named Work phone"}
	link     = Macro{Link, "The link by which the owner says “this wasn’t me”. Rekey makes it; it may be there once.", "https://…"}
	code     = Macro{Code, "The code. The text must have it.", "482 915"}
	minutes  = Macro{"minutes", "How many minutes the code is good for.", "10"}
	purpose  = Macro{"purpose", "What the code is for, in a sentence.", "Somebody, most likely you, wants to set a new password."}
	limit    = Macro{"cap", "The limit that was reached.", "500"}
	reach    = Macro{"range", "The beginning of the numbers; empty where the limit is for all.", "+43 660"}
)

// Events lists the messages that can have a text of one's own, those people read most first.
func Events() []message.Template {
	return []message.Template{
		message.Code, message.PasswordReset, message.PasswordChanged, message.AccountUnlocked, message.MethodAdded, message.MethodRemoved,
		message.RecoveryBlocked, message.RecoveryFrozen, message.SpendCap,
	}
}

// Channels lists how an event is told.
func Channels(event message.Template) []message.Channel {
	switch {
	case event == message.SpendCap:
		return []message.Channel{message.Mail}
	case slices.Contains(Events(), event):
		return []message.Channel{message.Mail, message.SMS}
	}
	return nil
}

// Macros lists what the text of an event may say, in the order that pages show. An event that cannot have a text has none.
func Macros(event message.Template, by message.Channel) []Macro {
	all := []Macro{firm, product, helpDesk}
	switch event {
	case message.Code:
		if by == message.SMS { // a sentence would cost a segment
			return append([]Macro{code, minutes}, all...)
		}
		return append([]Macro{code, minutes, purpose}, all...)
	case message.SpendCap:
		return append([]Macro{limit, reach, when}, all...)
	case message.PasswordReset, message.PasswordChanged, message.AccountUnlocked:
		all = append([]Macro{name, when, where, address}, all...)
	case message.MethodAdded, message.MethodRemoved:
		all = append([]Macro{name, method, when, where, address}, all...)
	case message.RecoveryBlocked:
		all = append([]Macro{name, until, when, where, address}, all...)
	case message.RecoveryFrozen:
		return append([]Macro{name, when, where, address}, all...)
	default:
		return nil
	}
	if by == message.Mail {
		all = append(all, link)
	}
	return all
}

// SubjectMacros lists what a subject may say: nothing of the account.
func SubjectMacros() []Macro { return []Macro{firm, product} }
