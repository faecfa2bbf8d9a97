package recovery

import (
	"context"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/flow"
	"rekey/internal/throttle"
)

// Standing tells what holds for an account now.
func (s *Service) Standing(ctx context.Context, who account.ID) (Standing, error) {
	return s.Store.Standing(ctx, accountKey(who), who)
}

// Release lifts a freeze. Only operators may: the bar to freeze is low, the bar to release is high.
// It reports false when nothing was frozen.
func (s *Service) Release(ctx context.Context, who account.ID, operator, reason string) (bool, error) {
	return s.Freezer.Release(ctx, who, s.Now(), s.lifted(audit.RecoveryReleased, who, operator, reason))
}

// Unblock lifts a hold after too many wrong answers. It reports false when nothing was held.
func (s *Service) Unblock(ctx context.Context, who account.ID, operator, reason string) (bool, error) {
	standing, err := s.Standing(ctx, who)
	if err != nil {
		return false, err
	}
	if held, _ := throttle.Held(standing.Counter, s.Now()); !held {
		return false, nil
	}
	err = s.Counters.Adjust(ctx, accountKey(who), s.lifted(audit.AccountUnblocked, who, operator, reason),
		func(throttle.Counter) throttle.Counter { return throttle.Counter{} })
	return err == nil, err
}

func (s *Service) lifted(name audit.Name, who account.ID, operator, reason string) flow.Effects {
	return flow.Effects{Audit: []audit.Event{{
		Name: name, At: s.Now(), Actor: audit.Operator, Outcome: audit.OK, Reason: "operator",
		Subject: who, Settings: s.Site().Version, Detail: map[string]string{"operator": operator, "reason": reason},
	}}}
}
