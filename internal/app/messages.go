package app

import (
	"context"
	"time"

	"rekey/internal/delivery"
	"rekey/internal/jobs"
	"rekey/internal/server"
	"rekey/internal/server/brandui"
	"rekey/internal/server/console"
	"rekey/internal/server/messageui"
	"rekey/internal/server/review"
	"rekey/internal/site"
	"rekey/web"
	"rekey/web/layout"
)

// keepDeliveries is how long the delivery log remembers.
const keepDeliveries = 90 * 24 * time.Hour

func (a *App) messagePages(c *console.Console, reviews *review.Review) server.Area {
	return (&messageui.UI{
		Console: c, Review: reviews, Site: a.Settings.Snapshot, Courier: a.courier, Log: &delivery.Log{Store: a.Store, Now: time.Now}, Store: a.Store,
		Languages: a.catalogue.Languages(), PublicURL: a.config.Origin(),
	}).Area()
}

func (a *App) messageJobs() []jobs.Periodic {
	return []jobs.Periodic{{Name: "old-deliveries", Every: time.Hour, Run: func(ctx context.Context) error {
		return a.Store.ForgetDeliveries(ctx, time.Now().Add(-keepDeliveries))
	}}}
}

func (a *App) brandPages(c *console.Console, reviews *review.Review) server.Area {
	return (&brandui.UI{
		Console: c, Review: reviews, Catalogue: a.catalogue, Links: func() layout.Links { return a.assets.Load().Links() },
		Assets: web.Look.Assets,
	}).Area()
}

// look is what a brand makes of the files.
func look(b site.Brand) web.Look {
	return web.Look{
		Color: b.Color, Dark: b.ColorDark, Logo: web.Picture{Kind: b.Logo.Kind, Data: b.Logo.Data}, Icon: web.Picture{Kind: b.Icon.Kind, Data: b.Icon.Data},
	}
}
