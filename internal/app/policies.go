package app

import (
	"rekey/internal/rulebook"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/policyui"
	"rekey/internal/server/review"
)

// policyPages makes the administrators' pages about policies.
func (a *App) policyPages(c *console.Console, reviews *review.Review) server.Area {
	u := &policyui.UI{
		Console: c, Reviews: reviews, Configure: a.Pages, Rules: &rulebook.Service{Configure: a.Pages}, Scopes: a.Store.Scopes(), Live: a.crowd,
		WhatIf: a.WhatIf(), Pilots: a.PilotService(), Site: a.Settings.Snapshot, Log: a.log,
	}
	return u.Area()
}
