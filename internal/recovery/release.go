package recovery

import (
	"context"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/flow"
	"rekey/internal/throttle"
)

// Frozen tells whether the owner has frozen recovery.
func (s *Service) Frozen(ctx context.Context, who account.ID) (bool, error) {
	standing, err := s.Store.Standing(ctx, throttle.Lane{Account: accountKey(who)}, who)
	return standing.Frozen, err
}

// Holds lists what holds recovery of an account now, the longest first.
func (s *Service) Holds(ctx context.Context, who account.ID) ([]throttle.Hold, error) {
	return s.Counters.Holds(ctx, accountKey(who), s.Now())
}

// Release lifts a freeze. Only operators may: the bar to freeze is low, the bar to release is high.
// It reports false when nothing was frozen.
func (s *Service) Release(ctx context.Context, who account.ID, operator, reason string) (bool, error) {
	return s.Freezer.Release(ctx, who, s.Now(), s.lifted(audit.RecoveryReleased, who, operator, reason))
}

// Unblock forgets wrong answers, with the holds after too many of them, and lets messages go out again. It reports false when nothing
// counted against the account.
func (s *Service) Unblock(ctx context.Context, who account.ID, operator, reason string) (bool, error) {
	return s.Counters.Clear(ctx, accountKey(who), s.lifted(audit.AccountUnblocked, who, operator, reason))
}

func (s *Service) lifted(name audit.Name, who account.ID, operator, reason string) flow.Effects {
	return flow.Effects{Audit: []audit.Event{{
		Name: name, At: s.Now(), Actor: audit.Operator, Outcome: audit.OK, Reason: "operator",
		Subject: who, Settings: s.Site().Version, Detail: map[string]string{"operator": operator, "reason": reason},
	}}}
}
