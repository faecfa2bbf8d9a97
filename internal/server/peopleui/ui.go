// Package peopleui holds the help desk's pages: finding a person, seeing why they cannot reset, helping them, verifying a caller, and
// agreeing to help for privileged people.
package peopleui

import (
	"context"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/helpdesk"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/site"
)

// UI serves the pages.
type UI struct {
	Console *console.Console
	Desk    *helpdesk.Service
	Site    site.Source
}

const (
	none   = "none: reads only"
	limits = "help desk user, person"

	personPath = console.PeopleURL + "/{directory}/{object}"
)

// Area are the pages. It also counts the requests that wait, beside their entry of the side.
func (u *UI) Area() server.Area {
	u.Console.Counted(console.ApprovalsURL, func(ctx context.Context, a admin.Admin) (int, error) {
		return u.Desk.Open(ctx, by(a, nil))
	})
	return u.Console.Area(u.routes()...)
}

func (u *UI) routes() []console.Route {
	const see, help, approve = role.SeePeople, role.HelpPeople, role.ApproveHelp
	out := []console.Route{
		{Method: http.MethodGet, Pattern: console.PeopleURL, Needs: see, Limiter: none, Handler: u.showSearch},
		{Method: http.MethodGet, Pattern: personPath, Needs: see, Limiter: none, Handler: u.showPerson},
		{Method: http.MethodGet, Pattern: personPath + "/caller", Needs: help, Limiter: none, Handler: u.showAsk},
		{Method: http.MethodPost, Pattern: personPath + "/caller", Needs: help, Limiter: limits, Audit: "help.caller-asked, help.refused", Handler: u.submitAsk},
		{Method: http.MethodGet, Pattern: personPath + "/caller/{call}", Needs: help, Limiter: none, Handler: u.showCall},
		{Method: http.MethodPost, Pattern: personPath + "/caller/{call}", Needs: help, Limiter: "five tries a code", Audit: "help.caller-verified, help.caller-failed", Handler: u.submitCall},
		{Method: http.MethodGet, Pattern: console.ApprovalsURL, Needs: approve, Limiter: none, Handler: u.showApprovals},
		{Method: http.MethodGet, Pattern: console.ApprovalsURL + "/{id}", Needs: approve, Limiter: none, Handler: u.showApproval},
		{Method: http.MethodPost, Pattern: console.ApprovalsURL + "/{id}", Needs: approve, StepUp: true, Limiter: "none: once a request", Audit: "help.approved, help.declined, help.refused", Handler: u.submitApproval},
	}
	for _, a := range helpdesk.Actions() {
		w := acts[a]
		path := personPath + "/" + string(a)
		out = append(out,
			console.Route{Method: http.MethodGet, Pattern: path, Needs: help, StepUp: w.guarded, Limiter: none, Handler: u.showAct(a)},
			console.Route{Method: http.MethodPost, Pattern: path, Needs: help, StepUp: w.guarded, Limiter: limits, Audit: w.audit + ", help.requested, help.approval-used, help.refused", Handler: u.submitAct(a)},
		)
	}
	return out
}

// by is who acts; without a request, nobody's address.
func by(a admin.Admin, r *http.Request) helpdesk.By {
	out := helpdesk.By{Account: a.Session.Account, Name: a.Name(), Role: a.Role(), Grants: a.Grants}
	if r != nil {
		out.Source = server.Source(r)
	}
	return out
}

func who(r *http.Request) account.ID {
	directory, _ := url.PathUnescape(chi.URLParam(r, "directory"))
	object, _ := url.PathUnescape(chi.URLParam(r, "object"))
	return account.ID{Directory: directory, Object: object}
}

func personURL(id account.ID) string {
	return console.PeopleURL + "/" + url.PathEscape(id.Directory) + "/" + url.PathEscape(id.Object)
}
