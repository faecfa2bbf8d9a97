// Package overviewui holds the overview and the reports of the administrators' pages.
package overviewui

import (
	"context"
	"net/http"

	"rekey/internal/lint"
	"rekey/internal/report"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/site"
	view "rekey/web/console"
)

// UI serves the pages.
type UI struct {
	Console *console.Console
	Reports *report.Service
	Pulse   *report.Pulse
	Site    site.Source
	// Survey is what a survey of the settings in force is about.
	Survey func() report.Asked
	// Advice is what the linter says of the settings in force.
	Advice func(ctx context.Context) ([]lint.Finding, error)
}

// The addresses of the reports.
const (
	healthURL   = console.OverviewURL + "/health"
	coverageURL = console.ReportsURL + "/coverage"
	surveyURL   = coverageURL + "/survey"
	peopleURL   = console.ReportsURL + "/people"
	attemptsURL = console.ReportsURL + "/attempts"
	methodsURL  = console.ReportsURL + "/methods"
	savingsURL  = console.ReportsURL + "/savings"
)

const (
	none  = "none: reads only"
	asCSV = ".csv"
)

// Routes are the pages.
func (u *UI) Routes() []console.Route {
	const look, reports = role.SeeOverview, role.SeeReports
	get := func(pattern string, needs role.Permission, h console.Handler) console.Route {
		return console.Route{Method: http.MethodGet, Pattern: pattern, Needs: needs, Limiter: none, Handler: h}
	}
	return []console.Route{
		get(console.OverviewURL, look, u.showOverview),
		get(healthURL, look, u.showHealth),
		get(console.ReportsURL, reports, u.showReports),
		get(coverageURL, reports, u.showCoverage),
		get(coverageURL+asCSV, reports, u.exportCoverage),
		get(surveyURL, reports, u.showSurvey),
		{Method: http.MethodPost, Pattern: surveyURL, Needs: reports, Limiter: "eight surveys at a time", Handler: u.submitSurvey},
		get(peopleURL, reports, u.showPeople),
		get(peopleURL+asCSV, reports, u.exportPeople),
		get(attemptsURL, reports, u.showAttempts),
		get(attemptsURL+asCSV, reports, u.exportAttempts),
		get(methodsURL, reports, u.showMethods),
		get(methodsURL+asCSV, reports, u.exportMethods),
		get(savingsURL, reports, u.showSavings),
		get(savingsURL+asCSV, reports, u.exportSavings),
	}
}

// Area implements what the console mounts.
func (u *UI) Area() server.Area { return u.Console.Area(u.Routes()...) }

// tabs lead from report to report.
func tabs(current string) []view.Tab {
	all := []view.Tab{
		{Label: "Coverage", URL: coverageURL},
		{Label: "People", URL: peopleURL},
		{Label: "Attempts", URL: attemptsURL},
		{Label: "Methods", URL: methodsURL},
		{Label: "Calls saved", URL: savingsURL},
	}
	for i := range all {
		all[i].Current = all[i].URL == current
	}
	return all
}
