package enrollui

import (
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"rekey/internal/challenge"
	"rekey/internal/enrollment"
	"rekey/internal/fault"
	"rekey/internal/secret"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/internal/server/gate"
	"rekey/web/component"
	"rekey/web/enrollpage"
)

func (u *UI) signIn(r *http.Request) enrollpage.SignIn {
	page := enrollpage.SignIn{
		Shell: u.Frame.Shell(r), Form: component.Form{Action: signInURL}, Name: r.PostFormValue("name"),
		ResetURL: "/", ChangeURL: "/change",
	}
	for _, key := range u.Service.Elsewhere() {
		page.Elsewhere = append(page.Elsewhere, enrollpage.Elsewhere{Label: u.Site().Label(key), URL: elsewhereURL + url.PathEscape(key)})
	}
	u.Gate.Dress(&page.Shell, &page.Form, challenge.SignIn)
	return page
}

// guarded is the form as the gate knows it: the password is not kept while it waits.
func guarded() gate.Form {
	return gate.Form{Purpose: challenge.SignIn, Action: signInURL, Keep: []string{"name", "domain"}, Idle: withoutPassword}
}

func withoutPassword(r *http.Request) bool { return r.PostFormValue("password") == "" }

// leaving is the way to a directory's sign-in page as the gate knows it.
func (u *UI) leaving(key string) gate.Form {
	_, known := u.Site().Directory(key)
	return gate.Form{Purpose: challenge.Away, Action: elsewhereURL + url.PathEscape(key), Idle: func(*http.Request) bool { return !known }}
}

// goElsewhere sends the browser to the sign-in page of a directory. What is needed when it comes back waits in a sealed cookie.
func (u *UI) goElsewhere(w http.ResponseWriter, r *http.Request) error {
	if site := r.Header.Get("Sec-Fetch-Site"); r.Method == http.MethodGet && site != "" && site != "same-origin" && site != "none" {
		return u.to(w, r, accountURL, nil) // a page of others, with a hundred images, must not use up what its visitor may do
	}
	key := chi.URLParam(r, "directory")
	if passed, err := u.Gate.Pass(w, r, u.leaving(key)); err != nil || !passed {
		return err
	}
	away, err := u.Service.StartElsewhere(r.Context(), key, source(r))
	if err != nil {
		return err
	}
	u.away().Set(w, away.Ticket)
	if r.Method == http.MethodPost {
		return u.showWay(w, r, enrollpage.Elsewhere{Label: u.Site().Label(key), URL: away.Where})
	}
	http.Redirect(w, r, away.Where, http.StatusSeeOther)
	return nil
}

// showWay ends a wait with the link itself: a redirect that follows a form is refused by our policy as the form's own address would be.
func (u *UI) showWay(w http.ResponseWriter, r *http.Request, to enrollpage.Elsewhere) error {
	page := u.signIn(r)
	page.Notice = page.T("check.ready.title")
	page.Elsewhere = []enrollpage.Elsewhere{to}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

// backFromElsewhere opens a session for whoever signed in over there.
func (u *UI) backFromElsewhere(w http.ResponseWriter, r *http.Request) error {
	signed, err := u.Service.FinishElsewhere(r.Context(), u.away().Get(r), r.URL.Query(), source(r))
	u.away().Clear(w)
	if err == nil {
		u.Cookie.Set(w, string(signed.Token))
		return u.to(w, r, next(signed.Setup), nil)
	}
	page := u.signIn(r)
	ps, ok := problems(page.Shell, err)
	if !ok {
		return err
	}
	page.Problems = ps
	return frame.Render(w, r, http.StatusUnprocessableEntity, page.Page())
}

// away is the cookie of somebody who is signing in elsewhere.
func (u *UI) away() server.Cookie {
	return server.Cookie{Name: u.Cookie.Name + "-away", Secure: u.Cookie.Secure}
}

// showSignIn is what there is without a session. A browser that still holds a token is told that it has ended.
func (u *UI) showSignIn(w http.ResponseWriter, r *http.Request, err error) error {
	if fault.Of(err).Kind != fault.NotFound {
		return err
	}
	page := u.signIn(r)
	if u.token(r) != "" {
		u.Cookie.Clear(w)
		page.Notice = page.T("problem.signed-out.next")
	}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

// submitSignIn takes the name and the password, and the domain when there was a choice. The password is never sent back.
func (u *UI) submitSignIn(w http.ResponseWriter, r *http.Request) error {
	if hidden, back := u.Gate.Back(r, guarded()); back && withoutPassword(r) {
		return u.askPassword(w, r, hidden)
	}
	if passed, err := u.Gate.Pass(w, r, guarded()); err != nil || !passed {
		return err
	}
	in := enrollment.SignIn{
		Typed: r.PostFormValue("name"), Domain: r.PostFormValue("domain"), Password: secret.New(r.PostFormValue("password")), Source: source(r),
	}
	signed, err := u.Service.SignIn(r.Context(), in)
	if err == nil && len(signed.Domains) == 0 {
		u.Cookie.Set(w, string(signed.Token))
		return u.to(w, r, next(signed.Setup), nil)
	}
	page := u.signIn(r)
	if err == nil {
		if err = u.askDomain(r, &page, signed.Domains); err != nil {
			return err
		}
		err = fault.New(fault.Invalid, "domain.pick-one").On("domain")
	}
	ps, ok := problems(page.Shell, err)
	if !ok {
		return err
	}
	page.Problems = ps
	return frame.Render(w, r, http.StatusUnprocessableEntity, page.Page())
}

// askDomain lets the next form say which of several accounts of that name is meant, without another challenge.
func (u *UI) askDomain(r *http.Request, page *enrollpage.SignIn, keys []string) error {
	again, err := u.Gate.Again(r, signInURL)
	page.Form = component.Form{Action: signInURL, Hidden: again}
	for _, key := range keys {
		page.Domains = append(page.Domains, component.Option{Value: key, Label: key})
	}
	return err
}

// askPassword asks for the password of a form that has waited: everything else of it was kept.
func (u *UI) askPassword(w http.ResponseWriter, r *http.Request, hidden []component.Hidden) error {
	page := u.signIn(r)
	page.Notice = page.T("check.password")
	if domain := r.PostFormValue("domain"); domain != "" {
		hidden = append(hidden, component.Hidden{Name: "domain", Value: domain})
	}
	page.Form = component.Form{Action: signInURL, Hidden: hidden}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

// next is where a person goes on who is, or is not yet, ready.
func next(setup bool) string {
	if setup {
		return setupURL
	}
	return accountURL
}

func (u *UI) submitSignOut(w http.ResponseWriter, r *http.Request) error {
	err := u.Service.SignOut(r.Context(), u.token(r), source(r))
	if err != nil && fault.Of(err).Kind != fault.NotFound {
		return err
	}
	u.Cookie.Clear(w)
	return u.to(w, r, "/account/signed-out", nil)
}

func (u *UI) showSignedOut(w http.ResponseWriter, r *http.Request) error {
	page := enrollpage.SignedOut{Shell: u.Frame.Shell(r), SignInURL: accountURL}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

func (u *UI) submitEndOthers(w http.ResponseWriter, r *http.Request) error {
	return u.again(w, r, u.Service.EndOthers(r.Context(), u.token(r), source(r)))
}

// extend keeps the session open and tells the script how many seconds are left.
func (u *UI) extend(w http.ResponseWriter, r *http.Request) error {
	sess, err := u.Service.Extend(r.Context(), u.token(r))
	if err != nil {
		return err
	}
	left := int(u.shell(r, sess).Timeout.Left.Seconds())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, strconv.Itoa(left)) // the visitor may have gone
	return nil
}
