package mailcode

import (
	"context"

	"rekey/internal/authenticator"
	"rekey/internal/message"
	"rekey/internal/secret"
)

var _ authenticator.Tried = (*Method)(nil)

// Try implements authenticator.Tried: a code is made, mailed to the administrator's own address, and judged as people's are.
func (m *Method) Try(ctx context.Context, t authenticator.Trial) []authenticator.Step {
	where := authenticator.Step{Title: "Your address", Text: "The directory has no mail address for you: the test goes to nobody. Ask somebody who has one."}
	if len(t.Subject.Mails) == 0 {
		return []authenticator.Step{where}
	}
	to, err := parse(t.Subject.Mails[0])
	if err != nil {
		where.Text = "The directory's mail address for you is none that mail can be sent to."
		return []authenticator.Step{where}
	}
	where.Text, where.Result = "The test goes to "+to.mask()+".", authenticator.Worked
	steps := []authenticator.Step{where, m.tryRules(to, t)}

	e := authenticator.Enrollment{Subject: t.Subject, Session: "trial"}
	b := bound{Binding: e.Binding(), Address: to.String()}
	made, err := m.issue(b, true, message.Message{Locale: t.Subject.Locale}, t.Now())
	code := authenticator.Step{Title: "A code is made and judged", Text: "The right code was accepted, and a wrong one was not.", Result: authenticator.Worked}
	if err != nil || !m.tryJudges(b, made) {
		code.Text, code.Result = "The code that was made is not taken. The portal's keys are at fault: see the doctor.", authenticator.Failed
		return append(steps, code)
	}
	sent := authenticator.Step{Title: "The mail server takes the mail", Text: "It is on its way. See that it arrives, and does not land among the junk. Its code opens nothing.", Result: authenticator.Worked}
	if err := t.Send(ctx, made.Send[0]); err != nil {
		sent.Text, sent.Result = "It could not be sent: "+err.Error(), authenticator.Failed
	}
	return append(steps, code, sent)
}

// tryRules says whether people could enroll an address like the administrator's.
func (m *Method) tryRules(to address, t authenticator.Trial) authenticator.Step {
	s := authenticator.Step{Title: "Addresses of the firm", Text: "People cannot enroll an address like yours: its mailbox is behind the password that was lost.", Result: authenticator.Worked}
	if m.allowed(to, authenticator.Enrollment{Subject: authenticator.Subject{Account: t.Subject.Account}}) == nil {
		s.Text, s.Result = "The domain of your address is not refused. If the firm's own mailboxes are there, add it: whoever lost the password cannot read them.", authenticator.Noted
	}
	return s
}

func (m *Method) tryJudges(b bound, made authenticator.Challenge) bool {
	s, err := readState(made.State)
	if err != nil || len(made.Send) != 1 {
		return false
	}
	code := made.Send[0].Data["code"]
	right, err := m.matches(s, b, authenticator.CodeResponse{Code: secret.New(code)})
	wrong, failed := m.matches(s, b, authenticator.CodeResponse{Code: secret.New(code[1:] + code[:1] + "0")})
	return err == nil && failed == nil && right && !wrong
}
