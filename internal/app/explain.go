package app

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/policy"
	"rekey/internal/recovery"
	"rekey/internal/site"
	"rekey/internal/throttle"
	"rekey/internal/whatif"
)

// WhatIf answers what somebody would get. It uses the live flow's facts and decision.
func (a *App) WhatIf() *whatif.Service {
	return &whatif.Service{
		Store: a.recovery.Store,
		Signals: func(ctx context.Context, action policy.Action, who account.ID, from audit.Source, d policy.Device) (site.Signals, error) {
			return a.recovery.Signals(ctx, action, who, recovery.Source{Source: from, Managed: d.Managed, Platform: d.Platform})
		},
		Standing: func(ctx context.Context, who account.ID, at time.Time) ([]throttle.Hold, bool, error) {
			frozen, err := a.recovery.Frozen(ctx, who)
			if err != nil {
				return nil, false, err
			}
			holds, err := a.Recovery(func() time.Time { return at }).Holds(ctx, who)
			return holds, frozen, err
		},
	}
}

// Explain answers by the settings in force for every account the name could mean.
func (a *App) Explain(ctx context.Context, q whatif.Question) ([]whatif.Answer, error) {
	return a.WhatIf().Ask(ctx, a.Settings.Snapshot(), q)
}
