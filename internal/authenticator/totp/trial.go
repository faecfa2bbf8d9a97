package totp

import (
	"context"
	"fmt"
	"time"

	"rekey/internal/authenticator"
)

var _ authenticator.Tried = (*Method)(nil)

// Try implements authenticator.Tried: codes are judged by the clock, so it has to be right.
func (m *Method) Try(ctx context.Context, t authenticator.Trial) []authenticator.Step {
	clock := authenticator.Step{Title: "Clocks", Result: authenticator.Worked}
	theirs, err := t.Clock(ctx)
	if err != nil {
		clock.Text, clock.Result = "The database does not tell the time.", authenticator.Failed
		return []authenticator.Step{clock}
	}
	off := t.Now().Sub(theirs).Abs()
	clock.Text = fmt.Sprintf("This machine and the database differ by %s.", off.Round(time.Millisecond))
	if off > m.config.Period/2 {
		clock.Result = authenticator.Failed
		clock.Text += " Right codes will be refused: synchronise both with NTP."
	}
	return []authenticator.Step{clock, m.tryDefaults()}
}

// tryDefaults says whether every app understands what new enrollments look like.
func (m *Method) tryDefaults() authenticator.Step {
	s := authenticator.Step{Title: "Apps", Text: "Every authenticator app understands codes of this kind.", Result: authenticator.Worked}
	if usual := (Config{Issuer: m.config.Issuer}).withDefaults(); m.config != usual {
		s.Text = "Some apps show codes of 6 digits, 30 seconds and SHA1 whatever is asked, and their codes will not fit. Try the ones your people use."
		s.Result = authenticator.Noted
	}
	return s
}
