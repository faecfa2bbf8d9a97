package app

import (
	"context"
	"time"

	"rekey/internal/fault"
	"rekey/internal/pilot"
	"rekey/internal/settings"
)

// PilotService reports on pilots. It works when the settings cannot be used.
func (a *App) PilotService() *pilot.Service { return &pilot.Service{Store: a.Store, Now: time.Now} }

// Pilots lists those of the newest settings, in their order, and then those that figures are left of.
func (a *App) Pilots(ctx context.Context) ([]pilot.Pilot, error) {
	v, err := a.SettingsVersion(ctx, 0)
	if err != nil && fault.Of(err).Kind == fault.NotFound {
		return a.PilotService().All(ctx, nil)
	}
	if err != nil {
		return nil, err
	}
	d, err := settings.Parse(versionName(v.Number), v.Document)
	if err != nil {
		return nil, err
	}
	var all []pilot.Pilot
	for _, p := range d.Policies {
		if p.Pilot {
			all = append(all, pilot.Pilot{Name: p.Name, Groups: p.Scope.Groups, From: p.From, Until: p.Until})
		}
	}
	return a.PilotService().All(ctx, all)
}
