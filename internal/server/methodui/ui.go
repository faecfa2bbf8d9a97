// Package methodui holds the administrators' pages about the ways to prove who you are: what is switched on, its settings, who has it, and
// a trial.
package methodui

import (
	"net/http"

	"rekey/internal/factor"
	"rekey/internal/methods"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/throttle"
	view "rekey/web/console"
)

// UI serves the pages.
type UI struct {
	Console *console.Console
	Methods *methods.Service
	Review  *review.Review
	Limiter Limiter
}

const (
	onePattern = console.MethodsURL + "/{kind}"
	asCSV      = ".csv"
	none       = "none: reads only"

	needsEdit   = role.EditPolicies
	needsPeople = role.SeeReports
)

// Area implements what the console mounts.
func (u *UI) Area() server.Area { return u.Console.Area(u.Routes()...) }

// Routes are the pages.
func (u *UI) Routes() []console.Route {
	const see, edit, people = role.SeeSettings, needsEdit, needsPeople
	return []console.Route{
		{Method: http.MethodGet, Pattern: console.MethodsURL, Needs: see, Limiter: none, Handler: u.showAll},
		{Method: http.MethodGet, Pattern: console.MethodsURL + asCSV, Needs: see, Limiter: none, Handler: u.exportAll},
		{Method: http.MethodGet, Pattern: onePattern, Needs: see, Limiter: none, Handler: u.showOne},
		{Method: http.MethodPost, Pattern: onePattern, Needs: edit, StepUp: true, Limiter: "none: saves nothing", Handler: u.submitChange},
		{Method: http.MethodPost, Pattern: onePattern + "/save", Needs: edit, StepUp: true, Limiter: "none: versions are kept", Audit: "settings.applied", Handler: u.submitSave},
		{Method: http.MethodPost, Pattern: onePattern + "/try", Needs: edit, StepUp: true, Limiter: "account", Audit: "message.tested", Handler: u.submitTry},
		{Method: http.MethodGet, Pattern: onePattern + "/people", Needs: people, Limiter: none, Handler: u.showPeople},
		{Method: http.MethodGet, Pattern: onePattern + "/people" + asCSV, Needs: people, Limiter: none, Handler: u.exportPeople},
	}
}

// tries bounds the trials of one administrator: they send mail and hash.
func tries() throttle.Bucket { return throttle.Bucket{Burst: triesAtOnce, Every: trySpacing} }

func address(k factor.Kind) string { return console.MethodsURL + "/" + string(k) }

var trail = []view.Link{{Label: "Methods", URL: console.MethodsURL}}
