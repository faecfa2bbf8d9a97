// Package directoryui holds the pages about directories: how they stand, guided tests of settings that are not in force, discovery,
// links, and the scripts that grant a service account what it uses.
//
//	form ──► trial of the draft ──► guided test ──► what would change ──► version n+1
//	  ▲            │ problems           │ trust an authority: another draft, another test
//	  └────────────┴────────────────────┘
package directoryui

import (
	"context"
	"net/http"

	"rekey/internal/connect"
	"rekey/internal/directory"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/site"
	"rekey/internal/sync"
	"rekey/web/directorypage"
)

// UI serves the pages.
type UI struct {
	Console *console.Console
	Review  *review.Review
	Tests   *connect.Service
	Sync    *sync.Service
	Site    site.Source
	// Census tells how the copies stand.
	Census func(ctx context.Context) ([]sync.Census, error)
	// Open makes a directory that is not in force of one item of the list in the settings, in YAML.
	Open func(item string) (directory.Directory, error)
	// Propose says which of the domains that a directory knows of the settings have not, and what there is to say about them.
	Propose func(document string, found directory.Discovered) (Proposal, error)
}

// Proposal is what to do about domains that were found.
type Proposal struct {
	Added, Ignored []string // domains
	Remarks        []directorypage.Remark
}

// The addresses.
const (
	root        = console.DirectoriesURL
	csvURL      = root + ".csv"
	newURL      = root + "/new"
	testsURL    = root + "/tests"
	saveURL     = root + "/save"
	linksURL    = root + "/links"
	discoverURL = root + "/discover"
	rightsURL   = root + "/rights"
	oneURL      = root + "/d"
)

const (
	none     = "none: reads only"
	versions = "none: versions are kept"
	shows    = "none: saves nothing"
	twenty   = "20 tests in 10 minutes"
)

// Routes are the pages.
func (u *UI) Routes() []console.Route {
	const see, edit, look, operate = role.SeeSettings, role.EditConnectors, role.SeeOperation, role.Operate
	get := func(pattern string, needs role.Permission, h console.Handler) console.Route {
		return console.Route{Method: http.MethodGet, Pattern: pattern, Needs: needs, StepUp: needs == edit, Limiter: none, Handler: h}
	}
	post := func(pattern, limiter, audit string, h console.Handler) console.Route {
		return console.Route{Method: http.MethodPost, Pattern: pattern, Needs: edit, StepUp: true, Limiter: limiter, Audit: audit, Handler: h}
	}
	const tried = "directory.test-begun, directory.tested"
	return []console.Route{
		get(root, see, u.showList),
		get(csvURL, see, u.exportList),
		get(oneURL+"/{key}", see, u.showOne),
		get(oneURL+"/{key}/copy", see, u.showCopy),
		get(oneURL+"/{key}/checks", look, u.showChecks),
		{Method: http.MethodPost, Pattern: oneURL + "/{key}/copy", Needs: operate, Limiter: "none: a pass is one at a time", Audit: "sync.asked, sync.paused", Handler: u.submitCopy},
		get(oneURL+"/{key}/held", operate, u.showHeld),
		{Method: http.MethodPost, Pattern: oneURL + "/{key}/held", Needs: operate, StepUp: true, Limiter: "none: once for each pass", Audit: "sync.approved, sync.refused", Handler: u.submitHeld},
		get(newURL, edit, u.showKinds),
		get(newURL+"/{kind}", edit, u.showNew),
		post(newURL+"/{kind}", twenty, tried, u.submitNew),
		get(oneURL+"/{key}/edit", edit, u.showEdit),
		post(oneURL+"/{key}/edit", twenty, tried, u.submitEdit),
		get(oneURL+"/{key}/remove", edit, u.showRemove),
		get(testsURL+"/{id}", edit, u.showTest),
		get(testsURL+"/{id}/change", edit, u.showChange),
		post(testsURL+"/{id}/change", twenty, tried, u.submitChange),
		post(testsURL+"/{id}/again", twenty, tried, u.submitAgain),
		post(testsURL+"/{id}/trust", twenty, tried, u.submitTrust),
		post(testsURL+"/{id}/review", shows, "", u.submitReview),
		post(saveURL, versions, "settings.applied", u.submitSave),
		get(linksURL, edit, u.showLinks),
		post(linksURL, shows, "", u.submitLink),
		post(linksURL+"/remove", shows, "", u.submitUnlink),
		get(discoverURL, edit, u.showDiscover),
		post(discoverURL, "none: bounded in time", "", u.submitDiscover),
		post(discoverURL+"/refuse", shows, "", u.submitRefuse),
		get(rightsURL+"/{kind}", see, u.showRights),
	}
}
