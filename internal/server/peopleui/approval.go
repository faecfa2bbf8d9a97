package peopleui

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/helpdesk"
	"rekey/internal/server/console"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/peoplepage"
)

func (u *UI) showApprovals(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	all, err := u.Desk.Waiting(r.Context(), by(a, r))
	if err != nil {
		return err
	}
	page := peoplepage.Approvals{Clock: u.Console.Clock(r)}
	for _, q := range all {
		v := u.request(q, page.Clock)
		if q.State(page.Clock.Now) == helpdesk.Pending {
			page.Waiting = append(page.Waiting, v)
		} else {
			page.Decided = append(page.Decided, v)
		}
	}
	return u.Console.Page(w, r, a, console.Page{
		Title: "Approvals", Lede: "Help for privileged people needs a second administrator. Nobody decides on what they asked for, or on themselves.", Refresh: 60, Body: page.Body(),
	})
}

func (u *UI) request(q helpdesk.Request, clock view.Clock) peoplepage.Request {
	what := acts[q.Order.Action].title
	if q.What != "" {
		what += ": " + q.What
	}
	return peoplepage.Request{
		Name: q.Name, URL: console.ApprovalsURL + "/" + url.PathEscape(q.ID), What: what, By: q.ByName, Ticket: q.Order.Ticket, Reason: q.Order.Reason,
		Person: personURL(q.Order.Who), Made: q.Made, State: stateTag(q.State(clock.Now)),
	}
}

func (u *UI) showApproval(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.approval(w, r, a, "", nil)
}

func (u *UI) approval(w http.ResponseWriter, r *http.Request, a admin.Admin, note string, ps component.Problems) error {
	q, err := u.Desk.Request(r.Context(), by(a, r), chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	clock := u.Console.Clock(r)
	v, st := u.request(q, clock), q.State(clock.Now)
	page := peoplepage.Approval{
		Form: view.Form{Form: component.Form{Action: r.URL.Path}}, Note: note, Problems: ps, Back: console.ApprovalsURL,
		Facts: []view.Fact{
			{Term: "What", Value: view.Text(v.What)},
			{Term: "For", Value: view.Anchor(v.Name, v.Person)},
			{Term: "Asked by", Value: view.Text(v.By)},
			{Term: "Reason", Value: view.Text(v.Reason)},
			{Term: "Ticket", Value: view.Mono(v.Ticket)},
			{Term: "Asked", Value: clock.Ago(q.Made)},
			{Term: "Good until", Value: clock.At(q.Expires)},
		},
	}
	if !q.Decided.IsZero() {
		page.Facts = append(page.Facts, view.Fact{Term: "Decided by", Value: view.Text(q.DecidedBy)}, view.Fact{Term: "Note", Value: view.Text(q.Note)})
	}
	mine := q.By == a.Session.Account
	switch {
	case st == helpdesk.Approved && mine:
		page.Use = view.Link{Label: acts[q.Order.Action].button, URL: v.Person + "/" + string(q.Order.Action) + "?" + url.Values{"method": {q.Order.Method}, "request": {q.ID}}.Encode()}
	case st == helpdesk.Pending && mine:
		page.Why = "You asked for this yourself: somebody else has to decide."
	case st == helpdesk.Pending && q.Order.Who == a.Session.Account:
		page.Why = "This is about you: somebody else has to decide."
	case st == helpdesk.Pending:
		page.May = true
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.ApprovalsURL, Trail: []view.Link{{Label: "Approvals", URL: console.ApprovalsURL}}, Title: v.What, State: v.State, Problems: ps, Body: page.Body(),
	})
}

func (u *UI) submitApproval(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	note, decide := r.PostFormValue("note"), r.PostFormValue("decide")
	if decide != "approve" && decide != "refuse" {
		return u.approval(w, r, a, note, component.Problems{{Field: "note", Text: "Choose: approve or refuse."}})
	}
	_, err := u.Desk.Decide(r.Context(), by(a, r), chi.URLParam(r, "id"), decide == "approve", note)
	if ps, ok := u.Console.Problems(err); ok {
		return u.approval(w, r, a, note, ps)
	}
	if err != nil {
		return err
	}
	said := "Refused. Whoever asked sees it on the person's page."
	if decide == "approve" {
		said = "Approved. Whoever asked can do it now, once."
	}
	return u.Console.Done(w, r, console.ApprovalsURL, said)
}
