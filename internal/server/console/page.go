package console

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/web/adminpage"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/layout"
)

// Problems is what is wrong with what was sent.
type Problems = component.Problems

// Page is what a family says of one page; the frame around it is the console's.
type Page struct {
	Section  string // URL of the side's entry it belongs to; empty: the request's own path
	Trail    []view.Link
	Title    string
	Lede     string
	State    view.Tag
	Actions  templ.Component // beside the title
	Problems Problems
	Refresh  int    // seconds after which browsers without a script load it anew; 0: never
	Query    string // what was typed in the search for a person
	Status   int    // 0: 200, or 422 with Problems
	Body     templ.Component
}

// Page draws a page in the frame.
func (c *Console) Page(w http.ResponseWriter, r *http.Request, a admin.Admin, p Page) error {
	sh := c.shell(w, r, a, p.Section)
	sh.Trail, sh.Title, sh.Lede, sh.State, sh.Actions = p.Trail, p.Title, p.Lede, p.State, p.Actions
	sh.Problems, sh.Refresh, sh.Find.Value = p.Problems, p.Refresh, p.Query
	if p.Status == 0 {
		p.Status = status(p.Problems)
	}
	return c.Draw(w, r, p.Status, framed(sh, p.Body))
}

// Draw answers with a component as it is: a part of a page for htmx, or a page that frames itself.
func (c *Console) Draw(w http.ResponseWriter, r *http.Request, code int, body templ.Component) error {
	return frame.Render(w, r, code, body)
}

// framed puts a body into the frame.
func framed(sh view.Shell, body templ.Component) templ.Component {
	return within(sh.Frame(), body)
}

func within(outer, body templ.Component) templ.Component {
	if body == nil {
		body = templ.NopComponent
	}
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, body), w)
	})
}

// shell is the frame of somebody who is let in.
func (c *Console) shell(w http.ResponseWriter, r *http.Request, a admin.Admin, section string) view.Shell {
	sh := c.bare(r)
	if section == "" {
		section = r.URL.Path
	}
	sh.Home = c.Home(a)
	sh.Nav = c.nav(r.Context(), a, section)
	sh.Who = view.Who{Name: a.Session.Display, Role: roles(a.Grants), URL: SelfURL}
	if sh.Who.Name == "" {
		sh.Who.Name = a.Name()
	}
	sh.SignOut = OutURL
	if c.May(a, PeopleURL) {
		sh.Find.URL = PeopleURL
	}
	sh.Timeout = layout.Timeout{Left: c.deps.Service.Left(a.Session), Extend: ExtendURL, Over: SignInURL}
	sh.Flash = c.takeFlash(w, r)
	return sh
}

// Bare is the frame of a page of one card, for somebody who is not let in yet.
func (c *Console) Bare(r *http.Request) view.Shell { return c.bare(r) }

func (c *Console) bare(r *http.Request) view.Shell {
	return view.Shell{
		Clock: c.Clock(r), Links: c.deps.Links(), Brand: c.deps.Site().Brand.Name, Home: Root,
	}
}

// zoneCookie is what the script says of the browser's time zone.
const zoneCookie = "zone"

// Zone is the time zone of the browser, as far as it is known.
func Zone(r *http.Request) *time.Location {
	k, err := r.Cookie(zoneCookie)
	if err != nil || len(k.Value) > 64 || k.Value == "Local" {
		return time.UTC
	}
	zone, err := time.LoadLocation(k.Value)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Clock is the console's time in the browser's zone.
func (c *Console) Clock(r *http.Request) view.Clock {
	return view.Clock{Now: c.deps.Now(), Zone: Zone(r)}
}

// roles writes the roles somebody has.
func roles(g role.Grants) string {
	var names []string
	for _, r := range g.Roles() {
		names = append(names, RoleName(r))
	}
	return strings.Join(names, ", ")
}

// RoleName is what people read for a role.
func RoleName(r role.Role) string {
	switch r {
	case role.Owner:
		return "Owner"
	case role.PolicyAdmin:
		return "Policy administrator"
	case role.HelpDesk:
		return "Help desk"
	case role.Auditor:
		return "Auditor"
	case role.Reporter:
		return "Reporter"
	}
	return string(r)
}

// Problem draws an error of the administrators' pages: in the frame for whoever is let in. It implements server.Shell.
func (c *Console) Problem(w http.ResponseWriter, r *http.Request, p server.Problem) {
	body := adminpage.Problem{Text: c.Say(p.Text), Next: c.next(p.Text), Request: p.RequestID, Back: Root}
	page := body.Alone(c.bare(r), adminpage.ProblemTitle(p.Status))
	if a, err := c.deps.Service.Admit(r.Context(), c.Token(r)); err == nil {
		body.Back = c.Home(a)
		sh := c.shell(w, r, a, "")
		sh.Title = adminpage.ProblemTitle(p.Status)
		page = framed(sh, body.Show())
	}
	if err := c.Draw(w, r, p.Status, page); err != nil {
		http.Error(w, http.StatusText(p.Status), p.Status)
	}
}

// next is what the catalogue says to do about a problem; empty: nothing.
func (c *Console) next(key string) string {
	if strings.Contains(key, " ") || !c.text.Has(key+".next") {
		return ""
	}
	return c.text.T(key + ".next")
}

// Around draws the errors of the administrators' pages, and leaves all others to portal.
func (c *Console) Around(portal server.Shell) server.Shell { return around{c, portal} }

type around struct{ console, portal server.Shell }

// Problem implements server.Shell.
func (a around) Problem(w http.ResponseWriter, r *http.Request, p server.Problem) {
	if r.URL.Path == Root || strings.HasPrefix(r.URL.Path, Root+"/") {
		a.console.Problem(w, r, p)
		return
	}
	a.portal.Problem(w, r, p)
}
