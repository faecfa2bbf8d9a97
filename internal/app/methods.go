package app

import (
	"context"
	"encoding/json"
	"time"

	"rekey/internal/audit"
	"rekey/internal/configure"
	"rekey/internal/delivery"
	"rekey/internal/message"
	"rekey/internal/methods"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/methodui"
	"rekey/internal/server/review"
)

func (a *App) methodPages(c *console.Console, reviews *review.Review) server.Area {
	known, err := a.Settings.Known()
	if err != nil {
		a.log.Warn("methods that administrators do not see", "error", err)
	}
	return (&methodui.UI{
		Console: c, Review: reviews, Limiter: a.Store, Methods: &methods.Service{
			Store: a.Store, Site: a.Settings.Snapshot, Configure: a.Pages, Known: known, Now: time.Now, Clock: a.Store.Clock, Send: a.sendTrial,
		},
	}).Area()
}

// sendTrial delivers a message to an administrator at once, and records it.
func (a *App) sendTrial(ctx context.Context, by configure.Author, m message.Message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	sealed, err := a.Keys.Seal(delivery.SealPurpose, text, []byte(m.ID))
	if err != nil {
		return err
	}
	r := a.courier.Deliver(ctx, delivery.Job{ID: m.ID, Sealed: sealed}, delivery.Attempt{Queued: time.Now(), Last: true})
	err = a.Store.Record(ctx, audit.Event{
		Name: audit.MessageTested, At: time.Now(), Actor: audit.Operator, Outcome: testOutcome(r.Outcome), Reason: string(r.Reason), Subject: by.Account,
		Flow: by.Session, Settings: a.Settings.Snapshot().Version, Source: by.Source, Detail: map[string]string{"operator": by.Name, "message": m.ID},
	})
	if r.Err != nil {
		return r.Err
	}
	return err
}
