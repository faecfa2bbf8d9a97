package mailcode

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/message"
)

const channelPrefix = "mail:"

// The faults of a typed address.
func errInvalid(cause error) error {
	return fault.Wrap(fault.Invalid, "enroll.mail.invalid", cause).On("address")
}

func errSameMailbox() error {
	return fault.New(fault.Invalid, "enroll.mail.same-mailbox").On("address")
}

func errDuplicate() error { return fault.New(fault.Invalid, "enroll.mail.duplicate").On("address") }

// Begin implements authenticator.Enroller: it asks for an address, then sends a code there. An address counts only after that
// code was typed (NIST SP 800-63B-4 §4.2.1.2).
func (m *Method) Begin(_ context.Context, e authenticator.Enrollment, input authenticator.Response, now time.Time) (authenticator.Challenge, error) {
	if input == nil {
		return authenticator.Challenge{Prompt: authenticator.AddressPrompt{Channel: string(message.Mail), Suggest: m.suggest(e)}}, nil
	}
	typed, ok := input.(authenticator.AddressResponse)
	if !ok {
		return authenticator.Challenge{}, errInvalid(nil)
	}
	to, err := parse(typed.Address)
	if err != nil {
		return authenticator.Challenge{}, errInvalid(err)
	}
	if err := m.allowed(to, e); err != nil {
		return authenticator.Challenge{}, err
	}
	b := bound{Binding: e.Binding(), Address: to.String()}
	made, err := m.issue(b, true, message.Message{Locale: e.Subject.Locale}, now)
	made.Prompt = authenticator.CodePrompt{Digits: m.config.Digits, Sent: true, Masked: to.mask()}
	return made, err
}

// suggest gives the first address the directory knows that could be enrolled. It has to be confirmed by a code like any other.
func (m *Method) suggest(e authenticator.Enrollment) string {
	for _, known := range e.Subject.Known {
		if to, err := parse(known); err == nil && m.allowed(to, e) == nil {
			return to.String()
		}
	}
	return ""
}

// allowed refuses a mailbox that the lost password opens, and one that is enrolled.
func (m *Method) allowed(to address, e authenticator.Enrollment) error {
	if m.refused[to.domain] {
		return errSameMailbox()
	}
	for _, known := range e.Subject.Mails {
		if m.behind(to, known) {
			return errSameMailbox()
		}
	}
	for _, c := range e.Existing {
		if string(c.Channel) == channelPrefix+to.mailbox() {
			return errDuplicate()
		}
	}
	return nil
}

// behind reports whether an address is, or is next to, one of the directory's.
func (m *Method) behind(to address, known string) bool {
	a, err := parse(known)
	if err != nil { // the directory may hold what this package does not send to
		local, host, _ := strings.Cut(known, "@")
		a = address{local, strings.ToLower(host)}
	}
	return to.mailbox() == a.mailbox() || to.domain == a.domain && !m.config.AllowDirectoryDomains
}

// Finish implements authenticator.Enroller.
func (m *Method) Finish(_ context.Context, e authenticator.Enrollment, state []byte, answer authenticator.Response, now time.Time) (authenticator.Enrolled, error) {
	s, err := readState(state)
	if err != nil {
		return authenticator.Enrolled{}, err
	}
	to, err := parse(s.Address)
	if err != nil {
		return authenticator.Enrolled{}, err
	}
	right, err := m.matches(s, bound{Binding: e.Binding(), Address: s.Address}, answer)
	switch {
	case err != nil:
		return authenticator.Enrolled{}, err
	case now.After(s.Expires):
		return authenticator.Enrolled{Outcome: authenticator.Stale, Reason: authenticator.ReasonExpired}, nil
	case !right:
		return authenticator.Enrolled{Reason: authenticator.ReasonWrong}, nil
	}
	if err := m.allowed(to, e); err != nil { // the directory or the enrolled ones may have changed since
		return authenticator.Enrolled{}, err
	}
	data, err := json.Marshal(enrolled{
		Version: version, Address: to.String(),
		Spent: authenticator.Spent{}.With(s.Tag, s.Expires, now),
	})
	if err != nil {
		return authenticator.Enrolled{}, err
	}
	return authenticator.Enrolled{Outcome: authenticator.Accepted, Credential: authenticator.Credential{
		Kind: factor.Mail, Label: to.String(), Channel: factor.Channel(channelPrefix + to.mailbox()), Data: data,
	}}, nil
}
