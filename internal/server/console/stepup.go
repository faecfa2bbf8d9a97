package console

import (
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"

	"rekey/internal/admin"
	"rekey/internal/authenticator"
	"rekey/internal/fault"
	"rekey/internal/server"
	"rekey/internal/server/promptview"
	"rekey/web/adminpage"
	"rekey/web/component"
)

// keptField is a form that waits for the passkey, sealed.
const keptField = "kept"

const keptPurpose = "console-form"

// stepUp asks for the passkey before the route is used, and handles the answer that comes along with the form.
func (c *Console) stepUp(w http.ResponseWriter, r *http.Request, a admin.Admin, route Route) error {
	if r.Method == http.MethodGet && a.Session.Elsewhere {
		Redirect(w, r, elsewhere(here(r)))
		return nil
	}
	if r.Method == http.MethodGet {
		if err := c.deps.Service.StepUp(r.Context(), a, here(r), server.Source(r)); err != nil {
			return err
		}
		Redirect(w, r, ProveURL)
		return nil
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		return errLate
	}
	if a.Session.Elsewhere {
		return c.holdElsewhere(w, r, a)
	}
	if r.PostForm.Has(keptField) {
		return c.resume(w, r, a, route)
	}
	if err := c.deps.Service.StepUp(r.Context(), a, Root, server.Source(r)); err != nil {
		return err
	}
	return c.hold(w, r, a, r.PostForm, nil)
}

// hold shows the passkey's page with the form sealed in it.
func (c *Console) hold(w http.ResponseWriter, r *http.Request, a admin.Admin, form url.Values, ps Problems) error {
	sess, err := c.deps.Service.Session(r.Context(), c.Token(r))
	if err != nil {
		return err
	}
	if sess.Pending == nil {
		return errLate
	}
	kept, err := c.seal(r, a, form)
	if err != nil {
		return err
	}
	prompt, err := authenticator.DecodePrompt(sess.Pending.Prompt)
	if err != nil {
		return err
	}
	page := adminpage.Prove{
		Shell: c.bare(r), Text: c.text, Prompt: promptview.Of(prompt), Problems: ps, Again: true,
		Form: component.Form{Action: r.URL.RequestURI(), Hidden: []component.Hidden{
			{Name: "at", Value: admin.At(sess)}, {Name: keptField, Value: kept},
		}},
		CancelURL: Root,
	}
	return c.Draw(w, r, status(ps), page.Page())
}

func (c *Console) seal(r *http.Request, a admin.Admin, form url.Values) (string, error) {
	kept, err := c.deps.Keys.Seal(keptPurpose, []byte(form.Encode()), keptContext(a, r.URL.Path))
	return base64.RawURLEncoding.EncodeToString(kept), err
}

// opened gives the form that waited.
func (c *Console) opened(r *http.Request, a admin.Admin) (url.Values, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(r.PostForm.Get(keptField))
	if err != nil {
		return nil, fault.Wrap(fault.Conflict, errLate.Text, err)
	}
	plain, err := c.deps.Keys.Open(keptPurpose, sealed, keptContext(a, r.URL.Path))
	if err != nil {
		return nil, fault.Wrap(fault.Conflict, errLate.Text, err)
	}
	return url.ParseQuery(string(plain))
}

// elsewhere is the way to the firm's sign-in page, and back.
func elsewhere(back string) string { return ElsewhereURL + "?" + url.Values{"return": {back}}.Encode() }

// holdElsewhere shows the way to the firm's sign-in page, in another tab, and keeps the form in this one.
func (c *Console) holdElsewhere(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	kept := r.PostForm.Get(keptField)
	if kept == "" {
		var err error
		if kept, err = c.seal(r, a, r.PostForm); err != nil {
			return err
		}
	}
	page := adminpage.ProveElsewhere{
		Shell: c.bare(r), Label: c.deps.Service.Elsewhere(), URL: elsewhere(ProvenURL), CancelURL: Root,
		Form: component.Form{Action: r.URL.RequestURI(), Hidden: []component.Hidden{{Name: keptField, Value: kept}}},
	}
	return c.Draw(w, r, http.StatusOK, page.Page())
}

// release lets the route have the form that waited, once the session is fresh.
func (c *Console) release(w http.ResponseWriter, r *http.Request, a admin.Admin, route Route) error {
	form, err := c.opened(r, a)
	if err != nil {
		return err
	}
	r.PostForm, r.Form = form, form
	return route.Handler(w, r, a)
}

// status is that of a page with or without problems.
func status(ps Problems) int {
	if ps.Any() {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// keptContext binds a form to the session and the route it was sent to.
func keptContext(a admin.Admin, path string) []byte { return []byte(a.Session.ID + " " + path) }

// resume judges the passkey, and then lets the route have the form that waited.
func (c *Console) resume(w http.ResponseWriter, r *http.Request, a admin.Admin, route Route) error {
	form, err := c.opened(r, a)
	if err != nil {
		return err
	}
	answer, err := promptview.Answer(r)
	if err != nil {
		return err
	}
	moved, err := c.deps.Service.Prove(r.Context(), c.Token(r), r.PostForm.Get("at"), answer, "", server.Source(r))
	if ps, ok := c.Problems(err); ok {
		return c.hold(w, r, a, form, ps)
	}
	if err != nil {
		return err
	}
	c.Hold(w, moved.Token)
	if a, err = c.deps.Service.Admit(r.Context(), moved.Token); err != nil {
		return err
	}
	if !a.Grants.May(route.Needs) {
		return errForbidden
	}
	r.PostForm, r.Form = form, form
	return route.Handler(w, r, a)
}
