package app

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/helpdesk"
	"rekey/internal/policy"
	"rekey/internal/recovery"
	"rekey/internal/site"
)

// newHelpDesk makes what the help desk's pages do.
func (a *App) newHelpDesk() *helpdesk.Service {
	return &helpdesk.Service{
		Site: a.Settings.Snapshot, Copy: a.Store, Accounts: a.Store, Blocks: a.Store, Requests: a.Store, Calls: a.Store, Limiter: a.Store,
		Owner: a.recovery.Owner, PublicURL: a.config.Origin(), Now: time.Now, Log: a.log,
		Signals: func(ctx context.Context, action policy.Action, who account.ID) (site.Signals, error) {
			return a.recovery.Signals(ctx, action, who, recovery.Source{})
		},
	}
}
