package totp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/authenticator/totp"
)

func TestATrialLooksAtTheClock(t *testing.T) {
	for _, c := range []struct {
		off    time.Duration
		fail   error
		digits int
		clock  authenticator.StepResult
		apps   authenticator.StepResult
	}{
		{time.Second, nil, 6, authenticator.Worked, authenticator.Worked},
		{-time.Minute, nil, 8, authenticator.Failed, authenticator.Noted},
		{0, errors.New("gone"), 6, authenticator.Failed, 0},
	} {
		m, err := totp.Open(totp.Config{Digits: c.digits}, totp.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		steps := m.Try(t.Context(), authenticator.Trial{
			Now: func() time.Time { return now }, Clock: func(context.Context) (time.Time, error) { return now.Add(c.off), c.fail },
		})
		if steps[0].Result != c.clock || len(steps) > 1 && steps[1].Result != c.apps {
			t.Errorf("off by %v: %+v", c.off, steps)
		}
	}
}
