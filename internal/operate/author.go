package operate

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/fault"
)

// Author is who does something.
type Author struct {
	Name    string // sign-in name
	Role    string // the mightiest of their roles
	Account account.ID
	Session string
	Source  audit.Source
}

var errReason = fault.New(fault.Invalid, "Say why: a reason of up to 500 characters, on one line.").On("reason")

func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || utf8.RuneCountInString(reason) > 500 || strings.ContainsFunc(reason, unicode.IsControl) {
		return "", errReason
	}
	return reason, nil
}

// event makes the record of what an author does.
func (by Author) event(name audit.Name, at time.Time, detail map[string]string) audit.Event {
	return audit.Event{
		Name: name, At: at, Actor: audit.Operator, Outcome: audit.OK, Subject: by.Account, By: by.Name, Role: by.Role, Flow: by.Session,
		Source: by.Source, Detail: detail,
	}
}
