package auditui

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/evidence"
	"rekey/internal/fault"
	"rekey/internal/server/console"
	"rekey/web/auditpage"
	"rekey/web/component"
	view "rekey/web/console"
)

// shownChecks is how many checks are listed.
const shownChecks = 20

func (u *UI) showCheck(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.checks(w, r, a, auditpage.Check{})
}

func (u *UI) checks(w http.ResponseWriter, r *http.Request, a admin.Admin, page auditpage.Check) error {
	all, err := u.Service.Checks(r.Context(), shownChecks)
	if err != nil {
		return err
	}
	u.state(&page, all)
	page.Start = view.Form{Form: component.Form{Action: checkURL}}
	page.Earlier = u.earlier(r, all)
	p := console.Page{
		Section: console.AuditURL, Trail: trail(), Title: "Check the log", Problems: page.Problems,
		Lede: "Whether every record is there, in its place, and as it was written.", Body: page.Body(),
	}
	if page.Running {
		p.Refresh = 3
	}
	return u.Console.Page(w, r, a, p)
}

// state says how the newest check is.
func (u *UI) state(page *auditpage.Check, all []evidence.Check) {
	if len(all) == 0 {
		return
	}
	c := all[0]
	if c.Running() {
		page.Running = true
		page.Progress = view.Progress{
			ID: "check-progress", Label: "Comparing records with the tree", Now: int(c.Done), Of: int(c.Beyond - c.First), Text: "Begun by " + c.By + ".", URL: progressURL,
		}
		return
	}
	page.Result = auditpage.Result{Text: c.Says(), Signed: c.Signed}
	switch {
	case c.Stopped:
		page.Result.Tone, page.Result.Title = view.Warn, "The last check did not come to its end"
	case c.Fault == "":
		page.Result.Tone, page.Result.Title = view.Good, "The log is complete and unchanged"
	default:
		page.Result.Tone, page.Result.Title = view.Bad, "The log is not what was written"
	}
}

func (u *UI) earlier(r *http.Request, all []evidence.Check) view.Table {
	clock := u.Console.Clock(r)
	t := view.Table{
		ID: "checks", Caption: "Checks of the log", Columns: []view.Column{{Title: "Began", Kind: view.Tight}, {Title: "By"}, {Title: "Records", Kind: view.Figures}, {Title: "Result"}},
		Empty: view.Empty{Title: "The log was never checked here", Text: "A check takes a few minutes for each million records, and disturbs nobody."},
	}
	for _, c := range all {
		result := view.Text(c.Says())
		if c.Bad != evidence.Nowhere && c.Fault != "" {
			result = view.Anchor(c.Says(), RecordURL(c.Bad))
		}
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{clock.At(c.Began), view.Text(c.By), view.Text(view.Count(int(c.Done))), result}})
	}
	return t
}

// showProgress is how far the check is, for htmx. When it is over the page is loaded anew, which shows all that came of it.
func (u *UI) showProgress(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	all, err := u.Service.Checks(r.Context(), 1)
	if err != nil {
		return err
	}
	var page auditpage.Check
	if u.state(&page, all); !page.Running {
		console.Redirect(w, r, checkURL)
		return nil
	}
	return u.Console.Draw(w, r, http.StatusOK, page.Progress.Show())
}

func (u *UI) submitCheck(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	page := auditpage.Check{First: strings.TrimSpace(r.PostFormValue("first")), Last: strings.TrimSpace(r.PostFormValue("last"))}
	first, beyond, err := span(page.First, page.Last)
	if err == nil {
		err = u.Service.StartCheck(r.Context(), reader(r, a), first, beyond)
	}
	if ps, ok := u.Console.Problems(err); ok {
		page.Problems = ps
		return u.checks(w, r, a, page)
	}
	if err != nil {
		return err
	}
	return u.Console.Done(w, r, checkURL, "The check has begun.")
}

// span reads which records to check; beyond is the one after the last, 0 the end of the log.
func span(from, to string) (first, beyond int64, err error) {
	if from != "" {
		if first, err = strconv.ParseInt(from, 10, 64); err != nil || first < 0 {
			return 0, 0, fault.New(fault.Invalid, "Give the number of a record.").On("first")
		}
	}
	if to != "" {
		last, err := strconv.ParseInt(to, 10, 64)
		if err != nil || last < 0 {
			return 0, 0, fault.New(fault.Invalid, "Give the number of a record.").On("last")
		}
		beyond = last + 1
	}
	return first, beyond, nil
}
