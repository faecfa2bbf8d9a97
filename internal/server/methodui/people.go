package methodui

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/methods"
	"rekey/internal/server/console"
	"rekey/internal/server/sheet"
	view "rekey/web/console"
	"rekey/web/methodpage"
)

const (
	pageSize   = 50
	exportSize = 1000
)

// which reads what list an address asks for.
func which(r *http.Request) methods.Which {
	q := r.URL.Query()
	w := methods.Which{Kind: kindOf(r), Name: strings.TrimSpace(q.Get("name"))}
	switch s := methods.Standing(q.Get("standing")); s {
	case methods.Used, methods.Unused, methods.Gone:
		w.Standing = s
	case methods.Anybody:
	}
	switch o := methods.Order(q.Get("order")); o {
	case methods.ByAdded, methods.ByUsed:
		w.Order = o
	case methods.ByName:
	}
	if at := q["after"]; len(at) == 3 {
		w.After = methods.Cursor{Key: at[0], Directory: at[1], Object: at[2]}
	}
	return w
}

// list is the address of a list.
func list(w methods.Which, suffix string) string {
	q := url.Values{}
	for name, value := range map[string]string{"name": w.Name, "standing": string(w.Standing), "order": string(w.Order)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if w.After != (methods.Cursor{}) {
		q["after"] = []string{w.After.Key, w.After.Directory, w.After.Object}
	}
	path := address(w.Kind) + "/people" + suffix
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

func (u *UI) showPeople(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	wanted := which(r)
	wanted.Most = pageSize + 1 // one more tells whether there is another page
	people, err := u.Methods.Holders(r.Context(), wanted)
	if err != nil {
		return err
	}
	page := methodpage.People{Filter: view.Filter{Action: address(wanted.Kind) + "/people"}, Name: wanted.Name, Standing: string(wanted.Standing), Order: string(wanted.Order)}
	first := wanted
	first.After = methods.Cursor{}
	if wanted.After != first.After {
		page.First = list(first, "")
	}
	if len(people) > pageSize {
		people = people[:pageSize]
		next := wanted
		next.After = people[pageSize-1].Cursor
		page.Next = list(next, "")
	}
	page.Table = u.table(u.Console.Clock(r), a, first, people)
	return u.Console.Page(w, r, a, console.Page{
		Section: console.MethodsURL, Trail: append(trail[:1:1], view.Link{Label: Name(wanted.Kind), URL: address(wanted.Kind)}), Title: "Who has it",
		Lede: "Everybody who has “" + Name(wanted.Kind) + "” set up.", Body: page.Body(),
	})
}

func (u *UI) table(c view.Clock, a admin.Admin, w methods.Which, people []methods.Holder) view.Table {
	sorted := func(title string, o methods.Order, as view.Order) view.Column {
		to := w
		to.Order = o
		col := view.Column{Title: title, Sort: list(to, "")}
		if w.Order == o {
			col.Sorted = as
		}
		return col
	}
	t := view.Table{
		Caption: "People", Columns: []view.Column{
			sorted("Person", methods.ByName, view.Rising),
			{Title: "Directory"},
			{Title: "Enrolled", Kind: view.Figures},
			sorted("Set up", methods.ByAdded, view.Falling), sorted("Last used", methods.ByUsed, view.Falling),
		},
		Exports: []view.Link{{Label: "CSV", URL: list(w, asCSV)}}, Clear: list(methods.Which{Kind: w.Kind}, ""),
		Empty: view.Empty{Title: "Nobody is in this list", Next: view.Link{Label: "Show everybody", URL: list(methods.Which{Kind: w.Kind}, "")}},
	}
	link := u.Console.May(a, console.PeopleURL)
	for _, p := range people {
		to := ""
		if link {
			to = console.PeopleURL + "/" + url.PathEscape(p.Account.Directory) + "/" + url.PathEscape(p.Account.Object)
		}
		name := view.Two(p.Name, to, p.SignIn)
		if p.Gone {
			name = view.Join(name, view.Tag{Text: "not in the directory", Tone: view.Warn}.Show())
		}
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			name, view.Text(p.Account.Directory), view.Text(view.Count(int(p.Credentials))), c.Ago(p.Added), c.Ago(p.Used),
		}})
	}
	return t
}

// exportPeople writes the whole list, some at a time.
func (u *UI) exportPeople(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	wanted := which(r)
	wanted.After, wanted.Most = methods.Cursor{}, exportSize
	people, err := u.Methods.Holders(r.Context(), wanted)
	if err != nil {
		return err
	}
	s := sheet.New(w, string(wanted.Kind)+"-people"+asCSV, "name", "sign-in", "directory", "object", "in the directory", "enrolled", "set up", "last used")
	for len(people) > 0 && err == nil {
		for _, p := range people {
			in := "yes"
			if p.Gone {
				in = "no"
			}
			s.Row(p.Name, p.SignIn, p.Account.Directory, p.Account.Object, in, number(p.Credentials), stamp(p.Added), stamp(p.Used))
		}
		if len(people) < exportSize {
			break
		}
		wanted.After = people[len(people)-1].Cursor
		people, err = u.Methods.Holders(r.Context(), wanted)
	}
	return s.Done(err)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
