// Package recoveryui holds the pages of a reset, an unlock and a change. A flow has one URL, /flow: every form answers with a
// redirect there, and show draws what the stored stage says. Pages never lead to pages.
package recoveryui

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/recovery"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/internal/server/gate"
	"rekey/internal/site"
	"rekey/web/component"
)

// flowURL is the one address of a flow.
const flowURL = "/flow"

// UI serves the pages.
type UI struct {
	Service *recovery.Service
	Gate    *gate.Gate
	Frame   *frame.Frame
	Cookie  server.Cookie
	Browser server.Cookie // kept: which attempts it finished
	Keys    Sealer
	Site    site.Source
	Now     func() time.Time

	starts sync.Map // startKey → *packed: first pages, drawn once per language and settings version
}

// Routes is this area's part of the route table.
func (u *UI) Routes() []server.Route {
	const none = "none: reads only"
	return []server.Route{
		{Method: http.MethodGet, Pattern: "/", Guard: server.Public, Limiter: none, Handler: u.showStart(policy.Reset)},
		{Method: http.MethodGet, Pattern: "/unlock", Guard: server.Public, Limiter: none, Handler: u.showStart(policy.Unlock)},
		{Method: http.MethodGet, Pattern: "/change", Guard: server.Public, Limiter: none, Handler: u.showStart(policy.Change)},
		{Method: http.MethodGet, Pattern: "/.well-known/change-password", Guard: server.Public, Limiter: none, Handler: changePassword},
		{Method: http.MethodPost, Pattern: "/start/{action}", Guard: server.Public, Limiter: "source", Audit: "flow.started", Handler: u.submitStart},
		{Method: http.MethodGet, Pattern: "/stopped/{action}", Guard: server.Public, Limiter: none, Handler: u.showStopped},
		{Method: http.MethodGet, Pattern: flowURL, Guard: server.Flow, Limiter: none, Handler: u.show},
		{Method: http.MethodGet, Pattern: flowURL + "/none", Guard: server.Flow, Limiter: none, Handler: u.showNone},
		{Method: http.MethodPost, Pattern: flowURL + "/choose", Guard: server.Flow, Limiter: "account", Audit: "proof.requested", Handler: u.submitChoose},
		{Method: http.MethodPost, Pattern: flowURL + "/answer", Guard: server.Flow, Limiter: "account", Audit: "proof.accepted, proof.rejected", Handler: u.submitAnswer},
		{Method: http.MethodGet, Pattern: recovery.BackPath, Guard: server.Return, Limiter: "account", Audit: "proof.accepted, proof.rejected", Handler: u.back},
		{Method: http.MethodPost, Pattern: flowURL + "/resend", Guard: server.Flow, Limiter: "account", Audit: "proof.requested", Handler: u.submitResend},
		{Method: http.MethodPost, Pattern: flowURL + "/back", Guard: server.Flow, Limiter: "flow", Handler: u.submitBack},
		{Method: http.MethodPost, Pattern: flowURL + "/cancel", Guard: server.Flow, Limiter: "flow", Audit: "flow.refused", Handler: u.submitCancel},
		{Method: http.MethodPost, Pattern: flowURL + "/finish", Guard: server.Flow, Limiter: "account", Audit: "write.intended, write.done, write.rejected", Handler: u.submitFinish},
		{Method: http.MethodPost, Pattern: flowURL + "/extend", Guard: server.Flow, Limiter: "flow", Handler: u.extend},
		{Method: http.MethodGet, Pattern: "/not-me/{token}", Guard: server.Link, Limiter: none, Handler: u.showFreeze},
		{Method: http.MethodPost, Pattern: "/not-me/{token}", Guard: server.Link, Limiter: "none: idempotent", Audit: "recovery.frozen", Handler: u.submitFreeze},
	}
}

// changePassword is where password managers ask for the change page (W3C change-password-url).
func changePassword(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/change", http.StatusSeeOther)
	return nil
}

func source(r *http.Request) recovery.Source {
	return recovery.Source{Source: server.Source(r), Locale: server.Locale(r)}
}

func (u *UI) token(r *http.Request) recovery.Token { return recovery.Token(u.Cookie.Get(r)) }

// form is where a page's answer goes, with the state of the flow it was made from.
func form(action string, f flow.Flow) component.Form {
	return component.Form{Action: action, Hidden: []component.Hidden{{Name: "at", Value: recovery.At(f)}}}
}

// again sends the browser to the flow's page. A form that was out of date is no error: the page shows where the flow is.
func (u *UI) again(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil && fault.Of(err).Kind != fault.Conflict {
		return err
	}
	http.Redirect(w, r, flowURL, http.StatusSeeOther)
	return nil
}

// problems turns a fault about a field into the page's words; ok is false when it is not about the form.
func problems(sh interface{ T(string, ...any) string }, err error) (component.Problems, bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return nil, false
	}
	return component.Problems{{Field: f.Field, Text: sh.T(f.Text)}}, true
}
