// Package auditui holds the pages about the audit log: search, one record, an attempt step by step, saved searches, export, check.
package auditui

import (
	"net/http"

	"rekey/internal/admin"
	"rekey/internal/evidence"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
)

// UI serves the pages.
type UI struct {
	Console *console.Console
	Service *evidence.Service
}

// The addresses of the pages. Links from elsewhere use RecordURL, FlowURL and PersonURL.
const (
	recordsURL  = console.AuditURL + "/records/"
	flowsURL    = console.AuditURL + "/flows/"
	exportURL   = console.AuditURL + "/export"
	saveURL     = console.AuditURL + "/save"
	searchesURL = console.AuditURL + "/searches"
	checkURL    = console.AuditURL + "/check"
	progressURL = checkURL + "/progress"
)

const (
	reads = "none: reads only"
	own   = "none: the administrator's own"
)

// Area is the pages.
func (u *UI) Area() server.Area {
	const see, export = role.SeeAudit, role.ExportAudit
	return u.Console.Area(
		console.Route{Method: http.MethodGet, Pattern: console.AuditURL, Needs: see, Limiter: reads, Handler: u.showSearch},
		console.Route{Method: http.MethodGet, Pattern: recordsURL + "{number}", Needs: see, Limiter: reads, Handler: u.showRecord},
		console.Route{Method: http.MethodGet, Pattern: flowsURL + "{id}", Needs: see, Limiter: reads, Handler: u.showFlow},
		console.Route{Method: http.MethodGet, Pattern: searchesURL, Needs: see, Limiter: reads, Handler: u.showSaved},
		console.Route{Method: http.MethodGet, Pattern: saveURL, Needs: see, Limiter: reads, Handler: u.showSave},
		console.Route{Method: http.MethodPost, Pattern: saveURL, Needs: see, Limiter: own, Handler: u.submitSave},
		console.Route{Method: http.MethodPost, Pattern: searchesURL + "/{id}/remove", Needs: see, Limiter: own, Handler: u.submitRemove},
		console.Route{Method: http.MethodGet, Pattern: exportURL, Needs: export, StepUp: true, Limiter: reads, Handler: u.showExport},
		console.Route{Method: http.MethodPost, Pattern: exportURL, Needs: export, StepUp: true, Limiter: own, Audit: "audit.exported", Handler: u.submitExport},
		console.Route{Method: http.MethodGet, Pattern: checkURL, Needs: see, Limiter: reads, Handler: u.showCheck},
		console.Route{Method: http.MethodPost, Pattern: checkURL, Needs: see, Limiter: "one check at a time", Handler: u.submitCheck},
		console.Route{Method: http.MethodGet, Pattern: progressURL, Needs: see, Limiter: reads, Handler: u.showProgress},
	)
}

// reader is who asks.
func reader(r *http.Request, a admin.Admin) evidence.Reader {
	rd := evidence.Reader{Account: a.Session.Account, Name: a.Name(), Reveal: a.Grants.May(role.RevealAudit), Source: server.Source(r)}
	if roles := a.Grants.Roles(); len(roles) > 0 {
		rd.Role = string(roles[0])
	}
	return rd
}
