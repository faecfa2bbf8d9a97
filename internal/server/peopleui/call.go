package peopleui

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/fault"
	"rekey/internal/helpdesk"
	"rekey/internal/secret"
	"rekey/internal/server/console"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/peoplepage"
)

func (u *UI) showAsk(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.ask(w, r, a, helpdesk.Order{}, nil)
}

func (u *UI) ask(w http.ResponseWriter, r *http.Request, a admin.Admin, o helpdesk.Order, ps component.Problems) error {
	sh, err := u.Desk.Person(r.Context(), by(a, r), who(r))
	if err != nil {
		return err
	}
	if len(sh.CanVerify) == 0 {
		return fault.New(fault.Conflict, "Nothing a code could go to is set up, or this is not for you to do.")
	}
	page := peoplepage.Ask{
		Form: view.Form{Form: component.Form{Action: r.URL.Path}}, Picked: o.Method, Reason: o.Reason, Ticket: o.Ticket, Problems: ps, Cancel: personURL(sh.Account.ID),
	}
	for i, m := range sh.CanVerify {
		page.Ways = append(page.Ways, view.Option{Value: m.ID, Label: u.kind(m.Kind), Hint: m.Masked})
		if i == 0 && page.Picked == "" {
			page.Picked = m.ID
		}
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.PeopleURL, Trail: trail(sh.Account.DisplayName, page.Cancel), Title: "Verify a caller", Problems: ps, Body: page.Body(),
	})
}

func (u *UI) submitAsk(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	o := helpdesk.Order{Who: who(r), Method: r.PostFormValue("method"), Reason: r.PostFormValue("reason"), Ticket: r.PostFormValue("ticket")}
	c, err := u.Desk.Verify(r.Context(), by(a, r), o)
	if ps, ok := u.Console.Problems(err); ok {
		return u.ask(w, r, a, o, ps)
	}
	if err != nil {
		return err
	}
	console.Redirect(w, r, personURL(c.Who)+"/caller/"+url.PathEscape(c.ID))
	return nil
}

func (u *UI) showCall(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	c, err := u.Desk.Call(r.Context(), by(a, r), chi.URLParam(r, "call"))
	if err != nil {
		return err
	}
	return u.call(w, r, a, c, nil)
}

func (u *UI) call(w http.ResponseWriter, r *http.Request, a admin.Admin, c helpdesk.Call, ps component.Problems) error {
	here := personURL(c.Who)
	if !c.Open(u.Console.Now()) {
		text := "That verification is over."
		if c.Passed {
			text = "The caller was verified."
		}
		return u.Console.Done(w, r, here, text)
	}
	page := peoplepage.Call{
		Clock: u.Console.Clock(r), Form: view.Form{Form: component.Form{Action: r.URL.Path}}, Where: c.Label, Until: c.Expires,
		Left: helpdesk.CallTries - c.Tries, Problems: ps, Another: here + "/caller", Cancel: here,
	}
	return u.Console.Page(w, r, a, console.Page{Section: console.PeopleURL, Trail: trail(c.Name, here), Title: "Verify a caller", Problems: ps, Body: page.Body()})
}

func (u *UI) submitCall(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	c, err := u.Desk.Answer(r.Context(), by(a, r), chi.URLParam(r, "call"), secret.New(r.PostFormValue("code")))
	if ps, ok := u.Console.Problems(err); ok {
		return u.call(w, r, a, c, ps)
	}
	if err != nil {
		return err
	}
	return u.Console.Done(w, r, personURL(c.Who), "The caller was verified.")
}
