package mailcode_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/authenticator/mailcode"
	"rekey/internal/message"
)

func TestATrialSendsACodeToOneself(t *testing.T) {
	m, err := mailcode.Open(mailcode.Config{RefuseDomains: []string{"corp.example.test"}}, mailcode.Deps{MAC: func(_ string, data []byte) []byte { return append(data, make([]byte, 32)...) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		mails []string
		fail  error
		want  []authenticator.StepResult
	}{
		{"the firm's mailbox", []string{"anna@corp.example.test", "anna@home.example.test"}, nil, []authenticator.StepResult{authenticator.Worked, authenticator.Worked, authenticator.Worked, authenticator.Worked}},
		{"a domain that is not refused", []string{"anna@home.example.test"}, nil, []authenticator.StepResult{authenticator.Worked, authenticator.Noted, authenticator.Worked, authenticator.Worked}},
		{"no server", []string{"anna@corp.example.test"}, errors.New("refused"), []authenticator.StepResult{authenticator.Worked, authenticator.Worked, authenticator.Worked, authenticator.Failed}},
		{"no address", nil, nil, []authenticator.StepResult{authenticator.Failed}},
		{"none that mail goes to", []string{"anna"}, nil, []authenticator.StepResult{authenticator.Failed}},
	} {
		var sent []message.Message
		steps := m.Try(t.Context(), authenticator.Trial{
			Subject: authenticator.Subject{Mails: c.mails}, Now: time.Now,
			Send: func(_ context.Context, m message.Message) error { sent = append(sent, m); return c.fail },
		})
		var got []authenticator.StepResult
		for _, s := range steps {
			got = append(got, s.Result)
			if s.Title == "" || s.Text == "" {
				t.Errorf("%s: %+v", c.name, s)
			}
		}
		if !slices.Equal(got, c.want) || len(c.want) > 1 && (len(sent) != 1 || sent[0].To != c.mails[0]) {
			t.Errorf("%s: got %v, sent %v", c.name, got, sent)
		}
	}
}
