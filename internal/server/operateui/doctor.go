package operateui

import (
	"net/http"
	"strings"

	"rekey/internal/admin"
	"rekey/internal/operate"
	"rekey/internal/role"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/operatepage"
)

const progressURL = console.DoctorURL + "/progress"

// refresh is how often a browser without a script looks again, in seconds.
const refresh = 3

func (u *UI) doctor(r *http.Request, a admin.Admin) (operatepage.Doctor, bool, error) {
	c, err := u.Doctor.Latest(r.Context())
	if err != nil {
		return operatepage.Doctor{}, false, err
	}
	clock := u.Console.Clock(r)
	running := c.Running(clock.Now)
	page := operatepage.Doctor{Clock: clock, Begun: c.Number != 0, Lost: c.Lost(clock.Now), Progress: progress(c, running)}
	if a.Grants.May(role.Operate) && !running {
		page.StartURL = console.DoctorURL
	}
	page.Summary = []view.Fact{{Term: "Asked for by", Value: view.Text(c.By)}, {Term: "Begun", Value: clock.At(c.Began)}}
	if !c.Ended.IsZero() {
		page.Summary = append(page.Summary, view.Fact{Term: "Took", Value: view.Text(view.Span(c.Ended.Sub(c.Began)))})
	}
	for _, f := range c.Found {
		shown := operatepage.Finding{Name: f.Name, OK: f.OK, Text: f.Text}
		if fix, needs := fixOf(f.Name); !f.OK && a.Grants.May(needs) {
			shown.Fix = fix
		}
		page.Findings = append(page.Findings, shown)
	}
	return page, running, nil
}

func progress(c operate.Checkup, running bool) view.Progress {
	p := view.Progress{ID: "progress", Label: "Checks", Now: c.Done, Of: c.Of, Text: "All checks have been done.", Tone: view.Good}
	switch {
	case running:
		p.Text, p.Tone, p.URL = "Looking at: "+c.Next, view.Plain, progressURL
	case c.Ended.IsZero():
		p.Text, p.Tone = "It ended too early.", view.Warn
	case c.Wrong() > 0:
		p.Text, p.Tone = view.Of(c.Wrong(), "thing is", "things are")+" to be put right.", view.Bad
	}
	return p
}

// fixOf is where something that a check found can be put right, and who may go there; the zero values: on the servers.
func fixOf(name string) (view.Link, role.Permission) {
	switch first, _, _ := strings.Cut(name, " "); first {
	case "mail", "sms":
		return view.Link{Label: "Messages", URL: console.MessagesURL}, role.SeeSettings
	case "undelivered":
		return view.Link{Label: "Dead letters", URL: console.JobsURL + "?state=" + string(operate.GivenUp)}, role.SeeOperation
	case "database", "settings", "clock", "geo":
		return view.Link{}, ""
	}
	return view.Link{Label: "Directories", URL: console.DirectoriesURL}, role.SeeSettings
}

func (u *UI) showDoctor(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	page, running, err := u.doctor(r, a)
	if err != nil {
		return err
	}
	out := console.Page{Title: "Doctor", Lede: "Everything a reset needs, looked at on demand.", Body: page.Body()}
	if running {
		out.Refresh = refresh
	}
	return u.Console.Page(w, r, a, out)
}

// showProgress is the bar alone; when there is nothing more to come, the whole page is loaded with what was found.
func (u *UI) showProgress(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	page, running, err := u.doctor(r, a)
	if err != nil {
		return err
	}
	if !running {
		console.Redirect(w, r, console.DoctorURL)
		return nil
	}
	return u.Console.Draw(w, r, http.StatusOK, page.Progress.Show())
}

func (u *UI) startDoctor(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	if err := u.Doctor.Start(r.Context(), author(r, a)); err != nil {
		return err
	}
	console.Redirect(w, r, console.DoctorURL)
	return nil
}
