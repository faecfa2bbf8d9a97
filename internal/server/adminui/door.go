package adminui

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/authenticator"
	"rekey/internal/fault"
	"rekey/internal/secret"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/promptview"
	"rekey/web/adminpage"
	"rekey/web/component"
)

func (u *UI) signIn(r *http.Request) adminpage.SignIn {
	page := adminpage.SignIn{Shell: u.Console.Bare(r), Name: r.PostFormValue("name"), Form: component.Form{Action: console.SignInURL}}
	page.Title, page.Lede, page.Elsewhere = "Sign in", "For administrators and the help desk.", u.Service.Elsewhere()
	page.ElsewhereURL = console.ElsewhereURL + "?" + url.Values{"return": {console.Local(r.FormValue("return"))}}.Encode()
	if back := console.Local(r.FormValue("return")); back != console.Root {
		page.Form.Hidden = []component.Hidden{{Name: "return", Value: back}}
	}
	return page
}

// showSignIn asks for name and password. A browser that still holds a token of a session that is over is told so.
func (u *UI) showSignIn(w http.ResponseWriter, r *http.Request) error {
	page := u.signIn(r)
	if token := u.Console.Token(r); token != "" {
		_, err := u.Service.Session(r.Context(), token)
		switch {
		case err == nil:
			console.Redirect(w, r, console.Root)
			return nil
		case !errors.Is(err, admin.ErrSignIn):
			return err
		}
		u.Console.Hold(w, "")
		page.Note = "You were signed out."
	}
	return u.Console.Draw(w, r, http.StatusOK, page.Page())
}

func (u *UI) submitSignIn(w http.ResponseWriter, r *http.Request) error {
	in, err := u.Service.SignIn(r.Context(), admin.SignIn{
		Typed: r.PostFormValue("name"), Domain: r.PostFormValue("domain"), Password: secret.New(r.PostFormValue("password")),
		Return: console.Local(r.PostFormValue("return")), Source: server.Source(r),
	})
	if err == nil && len(in.Domains) == 0 {
		u.Console.Hold(w, in.Token)
		console.Redirect(w, r, console.ProveURL)
		return nil
	}
	page := u.signIn(r)
	if err == nil {
		for _, key := range in.Domains {
			page.Domains = append(page.Domains, component.Option{Value: key, Label: key})
		}
		err = fault.New(fault.Invalid, "Several accounts have this name. Pick one, and type the password again.").On("domain")
	}
	ps, ok := u.Console.Problems(err)
	if !ok {
		return err
	}
	page.Problems = ps
	return u.Console.Draw(w, r, http.StatusUnprocessableEntity, page.Page())
}

// showProve asks the question the session has open.
func (u *UI) showProve(w http.ResponseWriter, r *http.Request) error { return u.prove(w, r, nil) }

func (u *UI) prove(w http.ResponseWriter, r *http.Request, ps component.Problems) error {
	sess, err := u.Service.Session(r.Context(), u.Console.Token(r))
	switch {
	case errors.Is(err, admin.ErrSignIn):
		console.Redirect(w, r, console.SignInURL)
		return nil
	case err != nil:
		return err
	case sess.Pending == nil:
		console.Redirect(w, r, console.Root)
		return nil
	}
	prompt, err := authenticator.DecodePrompt(sess.Pending.Prompt)
	if err != nil {
		return err
	}
	page := adminpage.Prove{
		Shell: u.Console.Bare(r), Text: u.Console.Text(), Prompt: promptview.Of(prompt), Problems: ps, Label: r.PostFormValue("label"),
		Form:  component.Form{Action: console.ProveURL, Hidden: []component.Hidden{{Name: "at", Value: admin.At(sess)}}},
		Make:  sess.Pending.Invitation != "",
		Again: !sess.Proven.IsZero(), SignOut: console.OutURL,
	}
	if page.Again {
		page.CancelURL, page.SignOut = console.Root, ""
	}
	code := http.StatusOK
	if ps.Any() {
		code = http.StatusUnprocessableEntity
	}
	return u.Console.Draw(w, r, code, page.Page())
}

// submitProve takes the answer. A form for a question that is not open any more leads to what is.
func (u *UI) submitProve(w http.ResponseWriter, r *http.Request) error {
	answer, err := promptview.Answer(r)
	if err != nil {
		return err
	}
	moved, err := u.Service.Prove(r.Context(), u.Console.Token(r), r.PostFormValue("at"), answer, r.PostFormValue("label"), server.Source(r))
	switch ps, ok := u.Console.Problems(err); {
	case ok:
		return u.prove(w, r, ps)
	case errors.Is(err, admin.ErrSignIn), fault.Of(err).Kind == fault.Conflict && err != nil:
		console.Redirect(w, r, console.ProveURL)
		return nil
	case err != nil:
		return err
	}
	u.Console.Hold(w, moved.Token)
	console.Redirect(w, r, console.Local(moved.Return))
	return nil
}

func (u *UI) invitation(r *http.Request) (adminpage.Accept, admin.Token, error) {
	link := admin.Token(chi.URLParam(r, "token"))
	i, err := u.Service.Invited(r.Context(), link)
	if err != nil {
		return adminpage.Accept{}, "", err
	}
	page := adminpage.Accept{
		Shell: u.Console.Bare(r), Form: component.Form{Action: admin.InvitationPath + url.PathEscape(string(link))},
		Name: i.Name, By: i.By, Expires: i.Expires,
	}
	page.Title, page.Lede = "You are invited", "Make a passkey for the administrators' pages. It takes a minute."
	return page, link, nil
}

func (u *UI) showInvitation(w http.ResponseWriter, r *http.Request) error {
	page, _, err := u.invitation(r)
	if err != nil {
		return err
	}
	return u.Console.Draw(w, r, http.StatusOK, page.Page())
}

func (u *UI) submitInvitation(w http.ResponseWriter, r *http.Request) error {
	page, link, err := u.invitation(r)
	if err != nil {
		return err
	}
	token, err := u.Service.Accept(r.Context(), link, secret.New(r.PostFormValue("password")), server.Source(r))
	if ps, ok := u.Console.Problems(err); ok {
		page.Problems = ps
		return u.Console.Draw(w, r, http.StatusUnprocessableEntity, page.Page())
	}
	if err != nil {
		return err
	}
	u.Console.Hold(w, token)
	console.Redirect(w, r, console.ProveURL)
	return nil
}

func (u *UI) submitSignOut(w http.ResponseWriter, r *http.Request) error {
	err := u.Service.SignOut(r.Context(), u.Console.Token(r), server.Source(r))
	if err != nil && !errors.Is(err, admin.ErrSignIn) {
		return err
	}
	console.Redirect(w, r, console.SignInURL) // which takes the token away
	return nil
}

// extend keeps the session open and tells the script how many seconds are left.
func (u *UI) extend(w http.ResponseWriter, r *http.Request) error {
	sess, err := u.Service.Extend(r.Context(), u.Console.Token(r))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, strconv.Itoa(int(u.Service.Left(sess).Seconds()))) // the visitor may have gone
	return nil
}
