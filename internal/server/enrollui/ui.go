// Package enrollui holds the pages of "My account". What a session is in the middle of has one URL, /account: every form answers
// with a redirect, mostly there, and show draws what the stored session says. Pages never lead to steps.
package enrollui

import (
	"errors"
	"net/http"
	"time"

	"rekey/internal/enrollment"
	"rekey/internal/fault"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/internal/server/gate"
	"rekey/internal/site"
	"rekey/web/component"
	"rekey/web/layout"
)

// The addresses that are not steps.
const (
	accountURL = "/account"
	setupURL   = "/account/setup"
	methodURL  = "/account/methods/"
	signInURL  = "/account/sign-in"
	// elsewhereURL is followed by a directory's key. It is a link and no form: our policy lets no form lead elsewhere. A form is sent to
	// it by the page on which it waited for the gate, and answered with a link.
	elsewhereURL = "/account/sign-in-at/"
)

// UI serves the pages.
type UI struct {
	Service *enrollment.Service
	Gate    *gate.Gate
	Frame   *frame.Frame
	Cookie  server.Cookie
	Site    site.Source
	Now     func() time.Time
}

// Routes is this area's part of the route table.
func (u *UI) Routes() []server.Route {
	const none = "none: reads only"
	const own = "none: the person's own"
	return []server.Route{
		{Method: http.MethodGet, Pattern: accountURL, Guard: server.Session, Limiter: none, Handler: u.show},
		{Method: http.MethodPost, Pattern: signInURL, Guard: server.Public, Limiter: "source, account", Audit: "session.started, session.refused", Handler: u.submitSignIn},
		{Method: http.MethodGet, Pattern: elsewhereURL + "{directory}", Guard: server.Public, Limiter: "source", Handler: u.goElsewhere},
		{Method: http.MethodPost, Pattern: elsewhereURL + "{directory}", Guard: server.Public, Limiter: "source", Handler: u.goElsewhere},
		{Method: http.MethodGet, Pattern: enrollment.BackPath, Guard: server.Return, Limiter: "source, account", Audit: "session.started, session.refused", Handler: u.backFromElsewhere},
		{Method: http.MethodPost, Pattern: "/account/sign-out", Guard: server.Session, Limiter: own, Audit: "session.ended", Handler: u.submitSignOut},
		{Method: http.MethodGet, Pattern: "/account/signed-out", Guard: server.Public, Limiter: none, Handler: u.showSignedOut},
		{Method: http.MethodPost, Pattern: "/account/end-others", Guard: server.Session, Limiter: own, Audit: "session.ended", Handler: u.submitEndOthers},
		{Method: http.MethodPost, Pattern: "/account/extend", Guard: server.Session, Limiter: own, Handler: u.extend},
		{Method: http.MethodGet, Pattern: setupURL, Guard: server.Session, Limiter: none, Handler: u.showSetup},
		{Method: http.MethodPost, Pattern: setupURL, Guard: server.Session, Limiter: own, Handler: u.submitSetup},
		{Method: http.MethodPost, Pattern: "/account/add", Guard: server.Session, Limiter: own, Handler: u.submitAdd},
		{Method: http.MethodPost, Pattern: "/account/choose", Guard: server.Session, Limiter: "account", Audit: "proof.requested", Handler: u.submitChoose},
		{Method: http.MethodPost, Pattern: "/account/answer", Guard: server.Session, Limiter: "account", Audit: "session.stepped-up, method.added, method.removed, proof.rejected, account.blocked", Handler: u.submitAnswer},
		{Method: http.MethodPost, Pattern: "/account/resend", Guard: server.Session, Limiter: "account", Audit: "proof.requested", Handler: u.submitResend},
		{Method: http.MethodPost, Pattern: "/account/back", Guard: server.Session, Limiter: own, Handler: u.submitBack},
		{Method: http.MethodPost, Pattern: "/account/cancel", Guard: server.Session, Limiter: own, Handler: u.submitCancel},
		{Method: http.MethodGet, Pattern: methodURL + "{id}/rename", Guard: server.Session, Limiter: none, Handler: u.showRename},
		{Method: http.MethodPost, Pattern: methodURL + "{id}/rename", Guard: server.Session, Limiter: own, Audit: "method.renamed", Handler: u.submitRename},
		{Method: http.MethodGet, Pattern: methodURL + "{id}/remove", Guard: server.Session, Limiter: none, Handler: u.showRemove},
		{Method: http.MethodPost, Pattern: methodURL + "{id}/remove", Guard: server.Session, Limiter: own, Audit: "method.removed", Handler: u.submitRemove},
	}
}

func source(r *http.Request) enrollment.Source {
	return enrollment.Source{Source: server.Source(r), Locale: server.Locale(r)}
}

func (u *UI) token(r *http.Request) enrollment.Token { return enrollment.Token(u.Cookie.Get(r)) }

// form is where a page's answer goes, with the step it was made for.
func form(action string, sess enrollment.Session) component.Form {
	return component.Form{Action: action, Hidden: []component.Hidden{{Name: "at", Value: enrollment.At(sess)}}}
}

// shell frames a page of an open session with its time-out, so that the script can warn in time.
func (u *UI) shell(r *http.Request, sess enrollment.Session) layout.Shell {
	sh, now := u.Frame.Shell(r), u.Now()
	left := min(sess.Expires.Sub(now), sess.Touched.Add(u.Site().Session.Idle).Sub(now))
	sh.Timeout = layout.Timeout{Left: max(left, 0), Extend: "/account/extend", Over: accountURL}
	return sh
}

// again sends the browser to the session's page. A form that was out of date, for something that is gone, or sent after the session
// ended is no error: the page shows what holds now.
func (u *UI) again(w http.ResponseWriter, r *http.Request, err error) error {
	return u.to(w, r, accountURL, err)
}

func (u *UI) to(w http.ResponseWriter, r *http.Request, url string, err error) error {
	if err != nil {
		if k := fault.Of(err).Kind; k != fault.Conflict && k != fault.NotFound {
			return err
		}
		url = accountURL
	}
	http.Redirect(w, r, url, http.StatusSeeOther)
	return nil
}

// problems turns a fault about a form into the page's words; ok is false when it is not about the form.
func problems(sh layout.Shell, err error) (ps component.Problems, ok bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return nil, false
	}
	return component.Problems{{Field: f.Field, Text: sh.T(f.Text)}}, true
}
