package enrollui

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/enrollment"
	"rekey/internal/policy"
	"rekey/internal/server/frame"
	"rekey/web/component"
	"rekey/web/enrollpage"
	"rekey/web/layout"
)

// showSetup is the wizard. It is for who is in the middle of nothing, and for whom it leads anywhere.
func (u *UI) showSetup(w http.ResponseWriter, r *http.Request) error {
	sess, err := u.Service.Session(r.Context(), u.token(r))
	if err != nil || sess.Stage() != enrollment.Idle {
		return u.again(w, r, err)
	}
	o, err := u.Service.Overview(r.Context(), sess, source(r))
	if err != nil {
		return err
	}
	if !o.Settable() {
		return u.again(w, r, nil)
	}
	s, err := u.said(r, sess)
	if err != nil {
		return err
	}
	return frame.Render(w, r, http.StatusOK, u.wizard(u.shell(r, sess), o, s).Page())
}

func (u *UI) setup(r *http.Request, sess enrollment.Session, s said) (drawn, error) {
	o, err := u.Service.Overview(r.Context(), sess, source(r))
	if err != nil {
		return nil, err
	}
	return u.wizard(u.shell(r, sess), o, s), nil
}

func (u *UI) wizard(sh layout.Shell, o enrollment.Overview, s said) enrollpage.Setup {
	return enrollpage.Setup{
		Shell: sh, Display: o.Session.Display, Form: component.Form{Action: setupURL}, Needed: o.Decision.Requirement.Count,
		Missing: o.Missing, Offers: addables(o.Helpful()), Methods: methods(o.Methods), Problems: s.problems, Notice: s.notice,
		LaterURL: accountURL,
	}
}

// account is "My account".
func (u *UI) account(r *http.Request, sess enrollment.Session, s said) (drawn, error) {
	o, err := u.Service.Overview(r.Context(), sess, source(r))
	if err != nil {
		return nil, err
	}
	sh := u.shell(r, sess)
	page := enrollpage.Account{
		Shell: sh, Display: sess.Display, SignIn: sess.Name, Missing: o.Missing, Frozen: o.Frozen,
		Denied: o.Decision.Outcome == policy.Denied, Methods: methods(o.Methods),
		AddForm: component.Form{Action: "/account/add"}, Offers: addables(o.Addable), History: history(o.History),
		EndOthers: component.Form{Action: "/account/end-others"}, SignOut: component.Form{Action: "/account/sign-out"},
		Notice: s.notice, PasswordURL: "/change",
	}
	for _, p := range s.problems {
		page.Problems = append(page.Problems, component.Problem{Text: p.Text}) // no field of this page is meant
	}
	for _, open := range o.Sessions {
		page.Sessions = append(page.Sessions, enrollpage.Session{
			Agent: agentText(sh, open.Agent), Address: open.Address, Since: open.SignedIn, Current: open.ID == sess.ID,
		})
	}
	return page, nil
}

func addables(as []enrollment.Addable) []enrollpage.Addable {
	out := make([]enrollpage.Addable, len(as))
	for i, a := range as {
		out[i] = enrollpage.Addable{Kind: string(a.Kind), NeedsScript: a.NeedsScript, Have: a.Have}
	}
	return out
}

func methods(cs []authenticator.Credential) []enrollpage.Method {
	out := make([]enrollpage.Method, len(cs))
	for i, c := range cs {
		out[i] = method(c)
	}
	return out
}

func method(c authenticator.Credential) enrollpage.Method {
	own := methodURL + url.PathEscape(c.ID)
	return enrollpage.Method{
		ID: c.ID, Kind: string(c.Kind), Label: c.Label, Added: c.Created, LastUsed: c.LastUsed,
		RenameURL: own + "/rename", RemoveURL: own + "/remove",
	}
}

func history(past []enrollment.Past) []enrollpage.Past {
	out := make([]enrollpage.Past, len(past))
	for i, p := range past {
		out[i] = enrollpage.Past{Event: string(p.Name), Purpose: p.Purpose, OK: p.Outcome == audit.OK, At: p.At, Where: p.Address}
		for _, k := range p.Factors {
			out[i].Kinds = append(out[i].Kinds, string(k))
		}
	}
	return out
}

func (u *UI) showRename(w http.ResponseWriter, r *http.Request) error {
	return u.rename(w, r, http.StatusOK, nil)
}

func (u *UI) rename(w http.ResponseWriter, r *http.Request, status int, ps component.Problems) error {
	sess, c, err := u.Service.Method(r.Context(), u.token(r), chi.URLParam(r, "id"))
	if err != nil {
		return u.again(w, r, err)
	}
	m := method(c)
	page := enrollpage.Rename{
		Shell: u.shell(r, sess), Form: component.Form{Action: m.RenameURL}, Kind: m.Kind, Label: m.Label, Problems: ps, CancelURL: accountURL,
	}
	if ps.Any() {
		page.Label = r.PostFormValue("label")
	}
	return frame.Render(w, r, status, page.Page())
}

func (u *UI) submitRename(w http.ResponseWriter, r *http.Request) error {
	err := u.Service.Rename(r.Context(), u.token(r), chi.URLParam(r, "id"), r.PostFormValue("label"), source(r))
	if ps, ok := problems(u.Frame.Shell(r), err); ok {
		return u.rename(w, r, http.StatusUnprocessableEntity, ps)
	}
	return u.again(w, r, err)
}

// showRemove asks first, and says when too little would stay.
func (u *UI) showRemove(w http.ResponseWriter, r *http.Request) error {
	would, err := u.Service.Removal(r.Context(), u.token(r), chi.URLParam(r, "id"), source(r))
	if err != nil {
		return u.again(w, r, err)
	}
	m := method(would.Method)
	page := enrollpage.Remove{
		Shell: u.shell(r, would.Session), Form: component.Form{Action: m.RemoveURL}, Method: m, Missing: would.Missing, CancelURL: accountURL,
	}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

func (u *UI) submitRemove(w http.ResponseWriter, r *http.Request) error {
	return u.again(w, r, u.Service.Remove(r.Context(), u.token(r), chi.URLParam(r, "id"), source(r)))
}
