package app

import (
	"context"
	"fmt"
	"time"

	"rekey/internal/directory"
)

// clockSlack is how far the database's clock may be off this machine's before codes begin to fail.
const clockSlack = 10 * time.Second

func (a *App) doctorDatabase(ctx context.Context) []directory.Finding {
	now, err := a.Store.Clock(ctx)
	if err != nil {
		return []directory.Finding{{Name: "database", Text: "does not answer: " + err.Error()}}
	}
	findings := []directory.Finding{
		{Name: "database", OK: true, Text: "answers, and its schema is this version's"},
		{Name: "settings", OK: true, Text: fmt.Sprintf("version %d is in force", a.Settings.Snapshot().Version)},
	}
	off := time.Since(now).Abs()
	clock := directory.Finding{Name: "clock", OK: off <= clockSlack, Text: fmt.Sprintf("differs from the database's by %s", off.Round(time.Millisecond))}
	if !clock.OK {
		clock.Text += ": synchronise both with NTP"
	}
	return append(findings, clock)
}

func (a *App) doctorMail(ctx context.Context) []directory.Finding {
	probe := directory.Finding{Name: "mail", OK: true, Text: "the mail server takes our sign-in"}
	if err := a.sender.Probe(ctx); err != nil {
		probe.OK, probe.Text = false, "the mail server cannot be used: "+err.Error()
	}
	dead, err := a.Store.DeadMessages(ctx)
	letters := directory.Finding{Name: "undelivered", OK: err == nil && dead == 0, Text: fmt.Sprintf("%d messages were given up", dead)}
	if err != nil {
		letters.Text = err.Error()
	}
	return []directory.Finding{probe, letters}
}

// doctorLinks says how many accounts each link ties. One that ties none of many was most likely set up with another anchor.
func (a *App) doctorLinks(ctx context.Context) []directory.Finding {
	var findings []directory.Finding
	for _, l := range a.Settings.Snapshot().Links {
		f := directory.Finding{Name: "link " + l.Home + " – " + l.Other}
		tied, all, err := a.Store.Linked(ctx, l.Home, l.Other)
		switch {
		case err != nil:
			f.Text = err.Error()
		case all == 0:
			f.OK, f.Text = true, fmt.Sprintf("mode %s; no account of %s that %s masters has been copied yet", l.Mode, l.Other, l.Home)
		default:
			f.OK = tied > 0
			f.Text = fmt.Sprintf("mode %s; %d of %d accounts that %s masters are tied to one of it by anchor and SID", l.Mode, tied, all, l.Home)
		}
		if !f.OK && err == nil {
			f.Text += ": look which attribute the synchronization takes as source anchor; Rekey knows mS-DS-ConsistencyGuid and objectGUID"
		}
		findings = append(findings, f)
	}
	return findings
}

func doctorDirectory(ctx context.Context, d directory.Directory) []directory.Finding {
	checker, ok := d.(directory.Checker)
	if !ok {
		h := d.Health(ctx)
		return []directory.Finding{{Name: d.Key() + " health", OK: h.Writable, Text: h.Detail}}
	}
	findings := checker.Check(ctx)
	for i := range findings {
		findings[i].Name = d.Key() + " " + findings[i].Name
	}
	return findings
}
