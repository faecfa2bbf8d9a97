// Package adminui holds the pages by which administrators get in, and those about administrators: one's own sessions and passkeys,
// everybody's, invitations, roles.
package adminui

import (
	"net/http"

	"rekey/internal/admin"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/site"
)

// UI serves the pages.
type UI struct {
	Console *console.Console
	Service *admin.Service
	Site    site.Source
	Review  *review.Review
	Secure  bool // the public URL is https
}

const (
	none = "none: reads only"
	own  = "none: the administrator's own"
)

// Areas are the pages: those before somebody is let in, and those behind the guard.
func (u *UI) Areas() []server.Area { return []server.Area{door{u}, u.Console.Area(u.inside()...)} }

// door are the pages for whoever is not let in yet.
type door struct{ *UI }

// Routes implements server.Area.
func (u door) Routes() []server.Route {
	return []server.Route{
		{Method: http.MethodGet, Pattern: console.SignInURL, Guard: server.Public, Limiter: none, Handler: u.showSignIn},
		{Method: http.MethodPost, Pattern: console.SignInURL, Guard: server.Public, Limiter: "source, account", Audit: "console.refused, proof.requested", Handler: u.submitSignIn},
		{Method: http.MethodGet, Pattern: console.ProveURL, Guard: server.Session, Limiter: none, Handler: u.showProve},
		{Method: http.MethodPost, Pattern: console.ProveURL, Guard: server.Session, Limiter: "five tries a question", Audit: "console.started, console.stepped-up, console.passkey-added, proof.rejected", Handler: u.submitProve},
		{Method: http.MethodGet, Pattern: admin.InvitationPath + "{token}", Guard: server.Link, Limiter: none, Handler: u.showInvitation},
		{Method: http.MethodPost, Pattern: admin.InvitationPath + "{token}", Guard: server.Link, Limiter: "source, account", Audit: "console.refused, proof.requested", Handler: u.submitInvitation},
		{Method: http.MethodGet, Pattern: console.ElsewhereURL, Guard: server.Public, Limiter: "source", Handler: u.goElsewhere},
		{Method: http.MethodGet, Pattern: admin.BackPath, Guard: server.Return, Limiter: "source", Audit: "console.started, console.stepped-up, console.refused", Handler: u.backFromElsewhere},
		{Method: http.MethodPost, Pattern: console.OutURL, Guard: server.Session, Limiter: own, Audit: "console.ended", Handler: u.submitSignOut},
		{Method: http.MethodPost, Pattern: console.ExtendURL, Guard: server.Session, Limiter: own, Handler: u.extend},
	}
}

func (u *UI) inside() []console.Route {
	const self, all = role.SeeSelf, role.EditRoles
	return []console.Route{
		{Method: http.MethodGet, Pattern: console.Root, Needs: self, Limiter: none, Handler: u.toHome},
		{Method: http.MethodGet, Pattern: console.ProvenURL, Needs: self, Limiter: none, Handler: u.showProven},
		{Method: http.MethodGet, Pattern: console.SelfURL, Needs: self, Limiter: none, Handler: u.showSelf},
		{Method: http.MethodPost, Pattern: console.SelfURL + "/sessions/{id}/end", Needs: self, Limiter: own, Audit: "console.ended", Handler: u.submitEndOwn},
		{Method: http.MethodGet, Pattern: console.SelfURL + "/passkeys/{id}/remove", Needs: self, StepUp: true, Limiter: none, Handler: u.showRemoveOwn},
		{Method: http.MethodPost, Pattern: console.SelfURL + "/passkeys/{id}/remove", Needs: self, StepUp: true, Limiter: own, Audit: "console.passkey-removed", Handler: u.submitRemoveOwn},
		{Method: http.MethodGet, Pattern: console.AdministratorsURL, Needs: all, StepUp: true, Limiter: none, Handler: u.showAll},
		{Method: http.MethodPost, Pattern: console.AdministratorsURL + "/invite", Needs: all, StepUp: true, Limiter: "none: who may invite may do all", Audit: "console.invited", Handler: u.submitInvite},
		{Method: http.MethodGet, Pattern: rolesURL + "/new", Needs: all, StepUp: true, Limiter: none, Handler: u.showBind},
		{Method: http.MethodPost, Pattern: rolesURL, Needs: all, StepUp: true, Limiter: "none: saves nothing", Handler: u.submitBind},
		{Method: http.MethodPost, Pattern: rolesURL + "/{n}/remove", Needs: all, StepUp: true, Limiter: "none: saves nothing", Handler: u.submitUnbind},
		{Method: http.MethodPost, Pattern: rolesURL + "/save", Needs: all, StepUp: true, Limiter: "none: versions are kept", Audit: "settings.applied", Handler: u.submitSave},
		{Method: http.MethodPost, Pattern: console.AdministratorsURL + "/sessions/{id}/end", Needs: all, StepUp: true, Limiter: own, Audit: "console.ended", Handler: u.submitEnd},
		{Method: http.MethodGet, Pattern: console.AdministratorsURL + "/passkeys/{directory}/{object}/{id}/remove", Needs: all, StepUp: true, Limiter: none, Handler: u.showRemove},
		{Method: http.MethodPost, Pattern: console.AdministratorsURL + "/passkeys/{directory}/{object}/{id}/remove", Needs: all, StepUp: true, Limiter: own, Audit: "console.passkey-removed", Handler: u.submitRemove},
	}
}

func (u *UI) toHome(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	console.Redirect(w, r, u.Console.Home(a))
	return nil
}
