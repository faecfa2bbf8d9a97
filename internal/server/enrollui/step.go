package enrollui

import (
	"net/http"

	"rekey/internal/enrollment"
	"rekey/internal/factor"
	"rekey/internal/server/frame"
	"rekey/internal/server/promptview"
)

// submitSetup takes what to add from the wizard.
func (u *UI) submitSetup(w http.ResponseWriter, r *http.Request) error { return u.start(w, r, u.setup) }

// submitAdd takes it from the account page.
func (u *UI) submitAdd(w http.ResponseWriter, r *http.Request) error { return u.start(w, r, u.account) }

// view draws a page that is no step.
type view func(r *http.Request, sess enrollment.Session, s said) (drawn, error)

// start begins an addition. A problem with the choice is shown on the page it was made on.
func (u *UI) start(w http.ResponseWriter, r *http.Request, from view) error {
	sess, err := u.Service.Add(r.Context(), u.token(r), factor.Kind(r.PostFormValue("kind")), source(r))
	return u.afterForm(w, r, sess, from, err)
}

func (u *UI) submitChoose(w http.ResponseWriter, r *http.Request) error {
	sess, err := u.Service.StepUp(r.Context(), u.token(r), r.PostFormValue("at"), r.PostFormValue("method"), source(r))
	return u.afterForm(w, r, sess, u.page, err)
}

// submitAnswer takes the answer to the open question, whatever its shape. A new token is set whatever else happens: the old one
// opens nothing any more.
func (u *UI) submitAnswer(w http.ResponseWriter, r *http.Request) error {
	answer, err := promptview.Answer(r)
	if err != nil {
		return err
	}
	moved, err := u.Service.Answer(r.Context(), u.token(r), r.PostFormValue("at"), answer, r.PostFormValue("label"), source(r))
	if moved.Token != "" {
		u.Cookie.Set(w, string(moved.Token))
	}
	if err != nil {
		return u.afterForm(w, r, moved.Session, u.page, err)
	}
	return u.to(w, r, next(moved.Setup), nil)
}

// afterForm shows a problem with the form on the same page, and anything else where the session is now.
func (u *UI) afterForm(w http.ResponseWriter, r *http.Request, sess enrollment.Session, view view, err error) error {
	if err == nil {
		return u.again(w, r, nil)
	}
	ps, ok := problems(u.Frame.Shell(r), err)
	if !ok || sess.ID == "" {
		return u.again(w, r, err)
	}
	page, err := view(r, sess, said{problems: ps})
	if err != nil {
		return err
	}
	return frame.Render(w, r, http.StatusUnprocessableEntity, page.Page())
}

func (u *UI) submitResend(w http.ResponseWriter, r *http.Request) error {
	_, err := u.Service.Resend(r.Context(), u.token(r), r.PostFormValue("at"), source(r))
	return u.again(w, r, err)
}

func (u *UI) submitBack(w http.ResponseWriter, r *http.Request) error {
	_, err := u.Service.Back(r.Context(), u.token(r), r.PostFormValue("at"))
	return u.again(w, r, err)
}

func (u *UI) submitCancel(w http.ResponseWriter, r *http.Request) error {
	setup, err := u.Service.Drop(r.Context(), u.token(r), r.PostFormValue("at"), source(r))
	return u.to(w, r, next(setup), err)
}
