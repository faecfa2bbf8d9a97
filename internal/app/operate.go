package app

import (
	"context"
	"time"

	"rekey/internal/directory"
	"rekey/internal/operate"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/operateui"
	"rekey/internal/server/review"
)

// checks are all parts a reset depends on, by the settings in force.
func (a *App) checks() []operate.Check {
	all := []operate.Check{
		{Name: "the database", Run: a.doctorDatabase}, {Name: "mail", Run: a.doctorMail}, {Name: "text messages", Run: a.doctorSMS},
	}
	for _, d := range a.Settings.Snapshot().Directories {
		all = append(all, operate.Check{Name: d.Key(), Run: func(ctx context.Context) []directory.Finding { return doctorDirectory(ctx, d) }})
	}
	return append(all,
		operate.Check{Name: "places of addresses", Run: func(context.Context) []directory.Finding { return doctorGeo(a.places().Status()) }},
		operate.Check{Name: "links of directories", Run: a.doctorLinks},
		operate.Check{Name: "copies of directories", Run: a.doctorSync},
	)
}

// Doctor checks everything a reset needs and says what to do about what is wrong. Nothing is written.
func (a *App) Doctor(ctx context.Context) []directory.Finding {
	var findings []directory.Finding
	for _, c := range a.checks() {
		findings = append(findings, c.Run(ctx)...)
	}
	return findings
}

// sealingKeys are the keys as operators see them.
func (a *App) sealingKeys() []operate.Key {
	var all []operate.Key
	for _, k := range a.Keys.List() {
		all = append(all, operate.Key(k))
	}
	return all
}

// RotateKeys makes a new key seal from now on, and records it.
func (a *App) RotateKeys(ctx context.Context, by, reason string) error {
	return a.operateKeys().Rotate(ctx, operate.Author{Name: by}, reason)
}

func (a *App) operateKeys() *operate.Keys {
	return &operate.Keys{List: a.sealingKeys, Make: a.Keys.Rotate, Recorder: a.Store, Now: time.Now}
}

// operation is the family of pages that keep the installation running.
func (a *App) operation(c *console.Console, reviews *review.Review) server.Area {
	return (&operateui.UI{
		Console: c, Review: reviews, Configure: a.Pages, Jobs: &operate.Jobs{Store: a.Store, Now: time.Now}, Keys: a.operateKeys(),
		Doctor: a.doctor, Threat: a.Threat,
	}).Area()
}
