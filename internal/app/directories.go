package app

import (
	"time"

	"rekey/internal/connect"
	"rekey/internal/directory"
	"rekey/internal/directory/reach"
	"rekey/internal/discovery"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/directoryui"
	"rekey/internal/server/review"
	"rekey/web/directorypage"
)

// newTests makes what tries settings of directories that are not in force.
func (a *App) newTests() *connect.Service {
	return connect.New(connect.Deps{Site: a.Settings.Snapshot, Store: a.Store, Network: reach.Network{}, Now: time.Now, Log: a.log})
}

// directoryArea are the pages about directories.
func (a *App) directoryArea(c *console.Console, reviews *review.Review) server.Area {
	return c.Area((&directoryui.UI{
		Console: c, Review: reviews, Tests: a.tests, Sync: a.sync, Site: a.Settings.Snapshot, Census: a.Store.Census, Open: a.Settings.OpenDirectory, Propose: proposed,
	}).Routes()...)
}

func proposed(document string, found directory.Discovered) (directoryui.Proposal, error) {
	p, err := discovery.Propose(document, found)
	out := directoryui.Proposal{Added: p.Added, Ignored: p.Ignored}
	for _, r := range p.Remarks {
		out.Remarks = append(out.Remarks, directorypage.Remark{Domain: r.Domain, Text: r.Text})
	}
	return out, err
}
