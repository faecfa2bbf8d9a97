package adminui

import (
	"net/http"

	"rekey/internal/admin"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/web/adminpage"
)

// ticket is the cookie of somebody who is at the firm's sign-in page.
func (u *UI) ticket() server.Cookie { return server.Cookie{Name: "admin-away", Secure: u.Secure} }

// goElsewhere sends the browser to the firm's sign-in page. What is needed when it comes back waits in a sealed cookie.
func (u *UI) goElsewhere(w http.ResponseWriter, r *http.Request) error {
	if from := r.Header.Get("Sec-Fetch-Site"); from != "" && from != "same-origin" && from != "none" {
		console.Redirect(w, r, console.SignInURL) // a page of others must not use up what its visitor may do
		return nil
	}
	away, err := u.Service.StartElsewhere(r.Context(), u.Console.Token(r), console.Local(r.FormValue("return")), server.Source(r))
	if err != nil {
		return err
	}
	u.ticket().Set(w, away.Ticket)
	http.Redirect(w, r, away.Where, http.StatusSeeOther)
	return nil
}

// backFromElsewhere lets in who signed in over there.
func (u *UI) backFromElsewhere(w http.ResponseWriter, r *http.Request) error {
	moved, err := u.Service.FinishElsewhere(r.Context(), u.Console.Token(r), u.ticket().Get(r), r.URL.Query(), server.Source(r))
	u.ticket().Clear(w)
	if ps, ok := u.Console.Problems(err); ok {
		page := u.signIn(r)
		page.Problems = ps
		return u.Console.Draw(w, r, http.StatusUnprocessableEntity, page.Page())
	}
	if err != nil {
		return err
	}
	u.Console.Hold(w, moved.Token)
	console.Redirect(w, r, console.Local(moved.Return))
	return nil
}

// showProven is where the other tab ends.
func (u *UI) showProven(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.Console.Page(w, r, a, console.Page{Title: "You proved it", Body: adminpage.Proven()})
}
