package peopleui

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/helpdesk"
	"rekey/internal/server/console"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/peoplepage"
)

// order reads a form; the method and the approval come in the address, so that a page of the act is the act of its form.
func order(r *http.Request, a helpdesk.Action) helpdesk.Order {
	return helpdesk.Order{
		Action: a, Who: who(r), Method: r.URL.Query().Get("method"), Reason: r.PostFormValue("reason"), Ticket: r.PostFormValue("ticket"),
	}
}

func request(r *http.Request) string { return r.URL.Query().Get("request") }

func (u *UI) showAct(action helpdesk.Action) console.Handler {
	return func(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
		return u.confirm(w, r, a, order(r, action), nil)
	}
}

// confirm is the page before an act.
func (u *UI) confirm(w http.ResponseWriter, r *http.Request, a admin.Admin, o helpdesk.Order, ps component.Problems) error {
	plan, err := u.Desk.Plan(r.Context(), by(a, r), o, request(r))
	if err != nil {
		return err
	}
	word, here, clock := acts[o.Action], personURL(plan.Account.ID), u.Console.Clock(r)
	ask := view.Confirm{
		Form:  view.Form{Form: component.Form{Action: r.URL.RequestURI()}},
		Facts: []view.Fact{{Term: "Person", Value: view.Text(plan.Account.DisplayName)}, {Term: "Account", Value: view.Mono(signIn(plan.Account))}, {Term: "Caller", Value: caller(plan, clock)}},

		Effects: word.effects, Final: word.final, Undo: word.undo, Button: word.button, Danger: word.danger, Cancel: here, Problems: ps,
		Reason: view.Asked{Show: true, Required: true, Value: o.Reason}, Ticket: view.Asked{Show: true, Required: true, Value: o.Ticket},
	}
	u.dress(&ask, plan, o, clock)
	return u.Console.Page(w, r, a, console.Page{
		Section: console.PeopleURL, Trail: trail(plan.Account.DisplayName, here), Title: word.title, Problems: ps, Body: ask.Show(),
	})
}

// dress adds what goes for some acts only.
func (u *UI) dress(ask *view.Confirm, plan helpdesk.Plan, o helpdesk.Order, clock view.Clock) {
	if o.Action == helpdesk.Remove {
		m := plan.Method
		ask.Facts = append(ask.Facts,
			view.Fact{Term: "Way", Value: view.Two(u.kind(m.Kind), "", m.Label)}, view.Fact{Term: "Set up", Value: clock.Ago(m.Created)}, view.Fact{Term: "Last used", Value: clock.Ago(m.Used)})
		switch {
		case plan.Left == 0:
			ask.Effects = append(ask.Effects, "It is the last one: the person cannot reset until they set up another, for which they need their password.")
		case plan.Missing > 0:
			ask.Effects = append(ask.Effects, "Without it, "+view.Of(plan.Missing, "way is", "ways are")+" missing for a reset.")
		}
	}
	switch {
	case plan.Request.ID != "":
		ask.Reason, ask.Ticket = view.Asked{}, view.Asked{}
		ask.Facts = append(ask.Facts, view.Fact{Term: "Approved by", Value: view.Text(plan.Request.DecidedBy)}, view.Fact{Term: "Reason", Value: view.Text(plan.Request.Order.Reason)}, view.Fact{Term: "Ticket", Value: view.Mono(plan.Request.Order.Ticket)})
	case plan.Privileged != "":
		ask.Effects = []string{"Nothing yet: this person is privileged (" + plan.Privileged + "), and a second administrator has to agree.", "You can do it within half an hour of asking, once."}
		ask.Button, ask.Danger, ask.Final, ask.Undo = "Ask for approval", false, "", ""
	}
}

func caller(plan helpdesk.Plan, clock view.Clock) templ.Component {
	if len(plan.Verified) == 0 {
		return view.Tag{Text: "not verified", Tone: view.Warn}.Show()
	}
	return view.Tag{Text: "verified " + clock.Relative(plan.Verified[0].Ended), Tone: view.Good}.Show()
}

func trail(name, here string) []view.Link {
	if name == "" {
		name = "Person"
	}
	return []view.Link{{Label: "People", URL: console.PeopleURL}, {Label: name, URL: here}}
}

func (u *UI) submitAct(action helpdesk.Action) console.Handler {
	return func(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
		o := order(r, action)
		done, err := u.Desk.Do(r.Context(), by(a, r), o, request(r))
		if ps, ok := u.Console.Problems(err); ok {
			return u.confirm(w, r, a, o, ps)
		}
		if err != nil {
			return err
		}
		return u.done(w, r, a, o, done)
	}
}

// done says what became of an act. What may be seen once is shown in the answer itself, and in no other.
func (u *UI) done(w http.ResponseWriter, r *http.Request, a admin.Admin, o helpdesk.Order, done helpdesk.Done) error {
	here := personURL(o.Who)
	switch {
	case done.Asked != nil:
		u.Console.Flash(w, view.Flash{Text: "Somebody else has to agree. Ask them to look at Approvals.", Link: view.Link{Label: "See the request", URL: console.ApprovalsURL + "/" + url.PathEscape(done.Asked.ID)}})
		console.Redirect(w, r, here)
		return nil
	case done.Nothing:
		return u.Console.Done(w, r, here, acts[o.Action].nothing)
	case done.Link == "" && done.Pass.Empty():
		return u.Console.Done(w, r, here, acts[o.Action].done)
	}
	w.Header().Set("Cache-Control", "no-store")
	page := peoplepage.Outcome{Clock: u.Console.Clock(r), Pass: done.Pass.Reveal(), Until: done.Until, Link: done.Link, Told: done.Told, Back: here}
	return u.Console.Page(w, r, a, console.Page{Section: console.PeopleURL, Trail: trail("", here), Title: acts[o.Action].title, Body: page.Body()})
}
