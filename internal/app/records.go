package app

import (
	"context"
	"io"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/recovery"
	"rekey/internal/site"
)

// SettingsVersion reads one saved version; 0 means the newest.
func (a *App) SettingsVersion(ctx context.Context, number int64) (site.Version, error) {
	if number == 0 {
		return a.Store.LatestSettings(ctx)
	}
	return a.Store.SettingsVersion(ctx, number)
}

// SettingsHistory lists saved versions, newest first, without their documents.
func (a *App) SettingsHistory(ctx context.Context, limit int) ([]site.Version, error) {
	return a.Store.SettingsHistory(ctx, limit)
}

// ExportAudit writes the whole audit log with its proof. Its last record is that of this export.
func (a *App) ExportAudit(ctx context.Context, w io.Writer, operator string) error {
	if err := a.Store.Record(ctx, audit.Event{
		Name: audit.AuditExported, At: time.Now(), Actor: audit.Operator, Outcome: audit.OK, By: operator,
	}); err != nil {
		return err
	}
	return a.Store.ExportAudit(ctx, w)
}

// Recovery gives the use case with a clock of the caller's, for what is not served over HTTP.
func (a *App) Recovery(now func() time.Time) *recovery.Service {
	r := *a.recovery
	r.Now = now
	return &r
}

// Release lifts a freeze and a hold of an account. It reports what it lifted.
func (a *App) Release(ctx context.Context, who account.ID, operator, reason string) (frozen, held bool, err error) {
	if frozen, err = a.recovery.Release(ctx, who, operator, reason); err != nil {
		return false, false, err
	}
	held, err = a.recovery.Unblock(ctx, who, operator, reason)
	return frozen, held, err
}
