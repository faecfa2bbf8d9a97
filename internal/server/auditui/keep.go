package auditui

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/evidence"
	"rekey/internal/fault"
	"rekey/internal/server/console"
	"rekey/web/auditpage"
	"rekey/web/component"
	view "rekey/web/console"
)

func (u *UI) showSaved(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	all, err := u.Service.Saved(r.Context(), reader(r, a))
	if err != nil {
		return err
	}
	clock := u.Console.Clock(r)
	page := auditpage.Saved{Table: view.Table{
		Caption: "Saved searches",
		Columns: []view.Column{{Title: "Name"}, {Title: "For"}, {Title: "Made by"}, {Title: "Made", Kind: view.Tight}, {Title: "Remove", Kind: view.Acts}},
		Empty: view.Empty{
			Title: "No search is kept", Text: "Search the log, then choose “Save this search” below the filter.", Next: view.Link{Label: "Search the log", URL: console.AuditURL},
		},
	}}
	for _, s := range all {
		to := console.AuditURL
		if s.Query != "" {
			to += "?" + s.Query
		}
		whom := "you"
		if s.Shared {
			whom = "everybody who may search the log"
		}
		cells := []templ.Component{view.Anchor(s.Name, to), view.Text(whom), view.Text(s.By), clock.At(s.Made), nil}
		if s.Owner == a.Session.Account {
			cells[4] = auditpage.Remove(searchesURL+"/"+url.PathEscape(s.ID)+"/remove", s.Name)
		}
		page.Table.Rows = append(page.Table.Rows, view.Row{Cells: cells})
	}
	return u.Console.Page(w, r, a, console.Page{Section: console.AuditURL, Trail: trail(), Title: "Saved searches", Body: page.Body()})
}

func (u *UI) showSave(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.keep(w, r, a, parse(r.URL.Query(), console.Zone(r)), auditpage.Keep{})
}

// keep draws the page that asks for a name.
func (u *UI) keep(w http.ResponseWriter, r *http.Request, a admin.Admin, q wish, page auditpage.Keep) error {
	page.Form = component.Form{Action: q.at(saveURL)}
	page.Cancel = q.at(console.AuditURL)
	page.Shows = conditions(q)
	return u.Console.Page(w, r, a, console.Page{Section: console.AuditURL, Trail: trail(), Title: "Save this search", Problems: page.Problems, Body: page.Body()})
}

// conditions is a search in words.
func conditions(q wish) []view.Fact {
	var facts []view.Fact
	for _, c := range chips(q, q.Query) {
		facts = fill(facts, c.Label, c.Value)
	}
	if len(facts) == 0 {
		facts = []view.Fact{{Term: "Records", Value: view.Text("all")}}
	}
	return facts
}

func (u *UI) submitSave(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	q := parse(r.URL.Query(), console.Zone(r))
	name, shared := r.PostFormValue("name"), r.PostFormValue("shared") != ""
	err := u.Service.Save(r.Context(), reader(r, a), name, q.text(), shared)
	if ps, ok := u.Console.Problems(err); ok {
		return u.keep(w, r, a, q, auditpage.Keep{Name: name, Shared: shared, Problems: ps})
	}
	if err != nil {
		return err
	}
	return u.Console.Done(w, r, q.at(console.AuditURL), "The search is kept.")
}

func (u *UI) submitRemove(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	err := u.Service.Drop(r.Context(), reader(r, a), chi.URLParam(r, "id"))
	if fault.Of(err).Kind == fault.NotFound && err != nil {
		return fault.Wrap(fault.NotFound, "That search is gone already, or somebody else's.", err)
	}
	if err != nil {
		return err
	}
	return u.Console.Done(w, r, searchesURL, "The search is removed. What it found is untouched.")
}

func (u *UI) showExport(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.export(w, r, a, evidence.Taking{Format: evidence.CSV}, nil)
}

// export draws the page that asks why records are taken away.
func (u *UI) export(w http.ResponseWriter, r *http.Request, a admin.Admin, t evidence.Taking, ps console.Problems) error {
	q, rd := parse(r.URL.Query(), console.Zone(r)), reader(r, a)
	tally, err := u.Service.Tally(r.Context(), rd, q.Query)
	if err != nil {
		return err
	}
	count := view.Of(int(tally.Total), "record", "records")
	if tally.More {
		count = "more than " + count
	}
	page := auditpage.Export{
		Format: string(t.Format), Masked: t.Masked, Always: !rd.Reveal,
		Confirm: view.Confirm{
			Form: view.Form{Form: component.Form{Action: q.at(exportURL)}}, Facts: append([]view.Fact{{Term: "How many", Value: view.Text(count)}}, conditions(q)...),
			Effects: []string{"A file with these records is sent to your browser.", "That you took them, why and on which ticket is recorded."},
			Final:   "What was taken away cannot be called back.", Reason: view.Asked{Show: true, Required: true, Value: t.Reason},
			Ticket: view.Asked{Show: true, Value: t.Ticket}, Button: "Export", Cancel: q.at(console.AuditURL), Problems: ps,
		},
	}
	return u.Console.Page(w, r, a, console.Page{Section: console.AuditURL, Trail: trail(), Title: "Export audit records", Problems: ps, Body: page.Body()})
}
