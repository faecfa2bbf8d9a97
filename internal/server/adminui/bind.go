package adminui

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/yamledit"
	"rekey/web/adminpage"
	"rekey/web/component"
	view "rekey/web/console"
)

// rolesURL is where roles are given and taken.
const rolesURL = console.AdministratorsURL + "/roles"

var trail = []view.Link{{Label: "Administrators", URL: console.AdministratorsURL}}

func (u *UI) showBind(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.bindForm(w, r, a, adminpage.Bind{Role: string(role.HelpDesk), Kind: "person"}, nil)
}

func (u *UI) bindForm(w http.ResponseWriter, r *http.Request, a admin.Admin, page adminpage.Bind, ps console.Problems) error {
	page.Form, page.Problems, page.Back = component.Form{Action: rolesURL}, ps, console.AdministratorsURL
	for _, x := range role.Roles() {
		page.Roles = append(page.Roles, view.Option{Value: string(x), Label: console.RoleName(x), Hint: strings.Join(allowed(x, notable), ", ")})
	}
	for _, d := range u.Site().Directories {
		page.Domains = append(page.Domains, view.Option{Value: d.Key(), Label: u.Site().Label(d.Key())})
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.AdministratorsURL, Trail: trail, Title: "Give somebody a role", Problems: ps, Body: page.Body(),
	})
}

// notable are the permissions that tell the roles apart.
func notable(p role.Permission) bool {
	return slices.Contains([]role.Permission{
		role.EditRoles, role.EditConnectors, role.EditPolicies, role.HelpPeople, role.ExportAudit, role.SeeReports,
	}, p)
}

// submitBind shows what giving the role would change.
func (u *UI) submitBind(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	f := r.PostForm
	page := adminpage.Bind{
		Role: f.Get("role"), Kind: f.Get("kind"), Name: strings.TrimSpace(f.Get("name")), Picked: f["domain"], OUs: f.Get("ous"), Exclude: f.Get("exclude"),
	}
	b := role.Binding{Role: role.Role(page.Role)}
	if page.Kind == "group" {
		b.Groups = []string{page.Name}
		if page.Name == "" {
			return u.bindForm(w, r, a, page, console.Problems{{Field: "name", Text: `Write the group as DOMAIN\name, or as a SID.`}})
		}
	} else {
		who, _, err := u.Service.Find(r.Context(), page.Name)
		if ps, ok := u.Console.Problems(err); ok {
			return u.bindForm(w, r, a, page, ps)
		}
		if err != nil {
			return err
		}
		b.People = []string{who.String()}
	}
	if b.Role == role.HelpDesk {
		b.Scope = policy.Scope{Domains: page.Picked, Exclude: policy.Exclusion{Groups: lines(page.Exclude)}}
		for _, dn := range lines(page.OUs) {
			b.Scope.OUs = append(b.Scope.OUs, policy.OU{DN: dn})
		}
	}
	d, err := u.withBinding(r, b)
	if err != nil {
		return err
	}
	return u.Review.Show(w, r, a, d, u.ask("Give the role "+console.RoleName(b.Role)+" to "+page.Name+"?"))
}

// lines are what stands on the lines of a text, but for empty ones.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// withBinding is the draft that adds a binding behind those there are.
func (u *UI) withBinding(r *http.Request, b role.Binding) (configure.Draft, error) {
	newest, n, err := u.bindings(r)
	if n == 0 {
		return configure.Draft{After: newest, Changes: []configure.Change{{Path: "roles", Value: []role.Binding{b}}}}, err
	}
	return configure.Draft{After: newest, Changes: []configure.Change{{Path: yamledit.At("roles", n), Do: configure.Insert, Value: b}}}, err
}

// bindings gives the newest version and how many bindings it has.
func (u *UI) bindings(r *http.Request) (version int64, n int, err error) {
	newest, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return 0, 0, err
	}
	var all []role.Binding
	_, err = newest.Fragment("roles", &all)
	return newest.Number, len(all), err
}

func (u *UI) ask(title string) review.Ask {
	return review.Ask{Section: console.AdministratorsURL, Trail: trail, Title: title, Action: rolesURL + "/save", Back: console.AdministratorsURL}
}

func (u *UI) submitSave(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.Review.Save(w, r, a, u.ask("Who has which role"))
}

// submitUnbind shows what taking the binding away would change.
func (u *UI) submitUnbind(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	i, err := strconv.Atoi(chi.URLParam(r, "n"))
	version, n, failed := u.bindings(r)
	switch {
	case failed != nil:
		return failed
	case err != nil || i < 0 || i >= n || r.PostFormValue("version") != strconv.FormatInt(version, 10):
		return fault.New(fault.Conflict, "The roles changed meanwhile. Look at them again.")
	}
	d := configure.Draft{After: version, Changes: []configure.Change{{Path: yamledit.At("roles", i), Do: configure.Delete}}}
	return u.Review.Show(w, r, a, d, u.ask("Take this role away?"))
}
