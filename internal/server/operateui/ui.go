// Package operateui holds the pages that keep the installation running: jobs and dead letters, keys, the threat level, the doctor's
// checks, and the history of the settings.
package operateui

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/fault"
	"rekey/internal/operate"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/threat"
)

// UI serves the pages.
type UI struct {
	Console   *console.Console
	Review    *review.Review
	Configure *configure.Service
	Jobs      *operate.Jobs
	Keys      *operate.Keys
	Doctor    *operate.Doctor
	Threat    *threat.Manager
}

const (
	none = "none: reads only"
	own  = "none: operators alone"
	// importMost is the most bytes of a document that is imported.
	importMost = 2 << 20
)

// Area is the family of pages. Call it once.
func (u *UI) Area() server.Area {
	u.Console.Counted(console.JobsURL, func(ctx context.Context, _ admin.Admin) (int, error) {
		counts, err := u.Jobs.Store.JobCounts(ctx)
		return int(counts[operate.GivenUp]), err
	})
	return u.Console.Area(append(u.operation(), u.settings()...)...)
}

func (u *UI) operation() []console.Route {
	const look, do, set = role.SeeOperation, role.Operate, role.SetThreat
	get, post := http.MethodGet, http.MethodPost
	return []console.Route{
		{Method: get, Pattern: console.JobsURL, Needs: look, Limiter: none, Handler: u.showJobs},
		{Method: get, Pattern: console.JobsURL + ".csv", Needs: look, Limiter: none, Handler: u.exportJobs},
		{Method: get, Pattern: console.JobsURL + "/{id}", Needs: look, Limiter: none, Handler: u.showJob},
		{Method: post, Pattern: console.JobsURL + "/{id}/retry", Needs: do, Limiter: own, Audit: "job.retried", Handler: u.retryJob},
		{Method: get, Pattern: console.JobsURL + "/{id}/drop", Needs: do, Limiter: none, Handler: u.showDrop},
		{Method: post, Pattern: console.JobsURL + "/{id}/drop", Needs: do, Limiter: own, Audit: "job.dropped", Handler: u.dropJob},

		{Method: get, Pattern: console.KeysURL, Needs: look, Limiter: none, Handler: u.showKeys},
		{Method: get, Pattern: console.KeysURL + "/rotate", Needs: do, StepUp: true, Limiter: none, Handler: u.showRotate},
		{Method: post, Pattern: console.KeysURL + "/rotate", Needs: do, StepUp: true, Limiter: own, Audit: "keys.rotated", Handler: u.rotate},

		{Method: get, Pattern: console.ThreatURL, Needs: look, Limiter: none, Handler: u.showThreat},
		{Method: get, Pattern: console.ThreatURL + ".csv", Needs: look, Limiter: none, Handler: u.exportThreat},
		{Method: get, Pattern: console.ThreatURL + "/set/{level}", Needs: set, StepUp: true, Limiter: none, Handler: u.showSet},
		{Method: post, Pattern: console.ThreatURL + "/set/{level}", Needs: set, StepUp: true, Limiter: own, Audit: "threat.set", Handler: u.set},
		{Method: get, Pattern: console.ThreatURL + "/end", Needs: set, StepUp: true, Limiter: none, Handler: u.showEnd},
		{Method: post, Pattern: console.ThreatURL + "/end", Needs: set, StepUp: true, Limiter: own, Audit: "threat.ended", Handler: u.end},

		{Method: get, Pattern: console.DoctorURL, Needs: look, Limiter: none, Handler: u.showDoctor},
		{Method: get, Pattern: console.DoctorURL + "/progress", Needs: look, Limiter: none, Handler: u.showProgress},
		{Method: post, Pattern: console.DoctorURL, Needs: do, Limiter: "one at a time", Handler: u.startDoctor},
	}
}

func (u *UI) settings() []console.Route {
	const look, do = role.SeeSettings, role.EditPolicies
	get, post := http.MethodGet, http.MethodPost
	return []console.Route{
		{Method: get, Pattern: console.SettingsURL, Needs: look, Limiter: none, Handler: u.showHistory},
		{Method: get, Pattern: console.SettingsURL + ".csv", Needs: look, Limiter: none, Handler: u.exportHistory},
		{Method: get, Pattern: console.SettingsURL + "/newest/yaml", Needs: look, Limiter: none, Handler: u.exportNewest},
		{Method: get, Pattern: console.SettingsURL + "/{number}", Needs: look, Limiter: none, Handler: u.showVersion},
		{Method: get, Pattern: console.SettingsURL + "/{number}/yaml", Needs: look, Limiter: none, Handler: u.exportVersion},
		{Method: post, Pattern: console.SettingsURL + "/{number}/revert", Needs: do, StepUp: true, Limiter: own, Handler: u.askRevert},
		{Method: get, Pattern: console.SettingsURL + "/import", Needs: do, StepUp: true, Limiter: none, Handler: u.showImport},
		{Method: post, Pattern: console.SettingsURL + "/import", Needs: do, StepUp: true, Limiter: own, Body: importMost, Handler: u.askImport},
		{Method: post, Pattern: console.SettingsURL + "/save", Needs: do, StepUp: true, Limiter: own, Audit: "settings.applied", Body: 2 * importMost, Handler: u.save},
	}
}

func author(r *http.Request, a admin.Admin) operate.Author {
	return operate.Author{Name: a.Name(), Role: a.Role(), Account: a.Session.Account, Session: a.Session.ID, Source: server.Source(r)}
}

// number reads a parameter of the path.
func number(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(chi.URLParam(r, name), 10, 64)
	if err != nil || n < 1 {
		return 0, fault.New(fault.NotFound, "There is no such page.")
	}
	return n, nil
}

// with is the page's own address with some of its parameters replaced; an empty value takes one away.
func with(r *http.Request, pairs ...string) string {
	q := r.URL.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Del(pairs[i]); pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return address(r.URL.Path, q)
}

func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// sheet answers with a table for spreadsheets. A cell that one would take for a formula is marked as text.
func sheet(w http.ResponseWriter, name string, rows [][]string) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	out := csv.NewWriter(w)
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		_ = out.Write(row) // the visitor may have gone
	}
	out.Flush()
	return nil
}
