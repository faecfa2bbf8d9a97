package directoryui

import (
	"cmp"
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	gosync "sync"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/directory"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/sync"
	view "rekey/web/console"
	"rekey/web/directorypage"
)

// healthPatience is how long the list waits for directories that do not answer.
const healthPatience = 3 * time.Second

// row is a directory of the list.
type row struct {
	key, kind, label string
	health           directory.Health
	copied           bool
	census           sync.Census
}

func (u *UI) rows(ctx context.Context) ([]row, error) {
	_, entries, err := u.entries(ctx)
	if err != nil {
		return nil, err
	}
	counted, err := u.Census(ctx)
	if err != nil {
		return nil, err
	}
	snap := u.Site()
	all := make([]row, len(snap.Directories))
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	var asked gosync.WaitGroup
	for i, d := range snap.Directories {
		all[i] = row{key: d.Key(), kind: "", label: snap.Label(d.Key())}
		_, all[i].copied = d.(directory.Syncer)
		if at := slices.IndexFunc(entries, func(e entry) bool { return e.key == d.Key() }); at >= 0 {
			all[i].kind = entries[at].kind
		}
		if at := slices.IndexFunc(counted, func(c sync.Census) bool { return c.Directory == d.Key() }); at >= 0 {
			all[i].census = counted[at]
		}
		asked.Go(func() { all[i].health = d.Health(ctx) })
	}
	asked.Wait()
	return all, nil
}

// state says in a word whether people can reset there.
func state(h directory.Health) view.Tag {
	switch {
	case !h.Readable:
		return view.Tag{Text: "out of reach", Tone: view.Bad}
	case !h.Writable:
		return view.Tag{Text: "reads only", Tone: view.Bad}
	}
	return view.Tag{Text: "writes", Tone: view.Good}
}

// copyState says in a word how a copy stands.
func copyState(c sync.Census, every time.Duration, now time.Time) view.Tag {
	switch {
	case !c.Held.At.IsZero():
		return view.Tag{Text: "held", Tone: view.Bad}
	case c.Error != "":
		return view.Tag{Text: "fails", Tone: view.Bad}
	case !c.Paused.IsZero():
		return view.Tag{Text: "paused", Tone: view.Warn}
	case c.Current.IsZero():
		return view.Tag{Text: "being read", Tone: view.Warn}
	case now.Sub(c.Current) > max(15*time.Minute, 5*every):
		return view.Tag{Text: "behind", Tone: view.Warn}
	}
	return view.Tag{Text: "up to date", Tone: view.Good}
}

// narrowed keeps the rows that a search means, in the order that is asked for.
func narrowed(all []row, q url.Values) []row {
	want := strings.ToLower(strings.TrimSpace(q.Get("q")))
	all = slices.DeleteFunc(all, func(r row) bool {
		return want != "" && !strings.Contains(strings.ToLower(r.key+" "+r.label+" "+kindName(r.kind)), want)
	})
	switch q.Get("sort") {
	case "name":
		slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(a.key, b.key) })
	case "people":
		slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(b.census.People, a.census.People) })
	case "copy":
		slices.SortStableFunc(all, func(a, b row) int { return a.census.Current.Compare(b.census.Current) })
	}
	return all
}

func (u *UI) showList(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	all, err := u.rows(r.Context())
	if err != nil {
		return err
	}
	q := r.URL.Query()
	clock := u.Console.Clock(r)
	page := directorypage.List{
		Filter: view.Filter{Action: root}, Query: q.Get("q"), Links: u.links(""),
		Table: u.table(narrowed(all, q), len(all), q, clock),
	}
	var actions templ.Component
	if a.Grants.May(role.EditConnectors) {
		page.LinksURL = linksURL
		page.Add = []view.Link{{Label: "Active Directory", URL: newURL + "/ad"}, {Label: "Entra ID", URL: newURL + "/entra"}, {Label: "OpenLDAP or other LDAP", URL: newURL + "/ldap"}}
		actions = view.Join(view.Button(view.Link{Label: "Discover", URL: discoverURL}), view.Primary(view.Link{Label: "Add a directory", URL: newURL}))
	}
	return u.Console.Page(w, r, a, console.Page{
		Title: "Directories", Lede: "Where people's accounts are. They are asked in this order, and written to by nobody but the person whose account it is.",
		Actions: actions, Body: page.Body(),
	})
}

func (u *UI) table(rows []row, of int, q url.Values, clock view.Clock) view.Table {
	sorted := func(by string) (string, view.Order) {
		next := url.Values{"q": q["q"], "sort": {by}}
		if q.Get("sort") == by {
			return root + "?" + next.Encode(), view.Rising
		}
		return root + "?" + next.Encode(), view.Unsorted
	}
	column := func(title, by string, kind view.Kind) view.Column {
		c := view.Column{Title: title, Kind: kind}
		c.Sort, c.Sorted = sorted(by)
		return c
	}
	t := view.Table{
		Caption: "Directories", Result: view.Of(len(rows), "directory", "directories"),
		Columns: []view.Column{
			column("Directory", "name", view.Words),
			{Title: "Passwords", Kind: view.Tight},
			{Title: "Server in use"},
			column("People", "people", view.Figures),
			{Title: "Copy", Kind: view.Tight},
			column("Copy as of", "copy", view.Tight),
		},
		Exports: []view.Link{{Label: "CSV", URL: csvURL + "?" + q.Encode()}},
		Empty:   view.Empty{Title: "No directory is called so", Next: view.Link{Label: "Show all", URL: root}},
	}
	if of > 0 && len(rows) < of {
		t.Chips = []view.Chip{{Label: "name", Value: q.Get("q"), Remove: root}}
	}
	every := u.Site().Sync.Every
	for _, r := range rows {
		people, word, at := view.Quiet("–"), view.Quiet("asked live"), view.Quiet("")
		if r.copied {
			people = view.Text(view.Count(int(r.census.People)))
			word, at = copyState(r.census, every, clock.Now).Show(), clock.Ago(r.census.Current)
		}
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			view.Two(r.key, oneURL+"/"+r.key, kindName(r.kind)), state(r.health).Show(), view.Two(r.health.Server, "", r.health.Detail), people, word, at,
		}})
	}
	return t
}

func (u *UI) exportList(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	all, err := u.rows(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="directories.csv"`)
	out := csv.NewWriter(w)
	put := func(cells ...string) {
		for i, c := range cells { // a spreadsheet takes text that begins so for a formula
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				cells[i] = "'" + c
			}
		}
		_ = out.Write(cells) // Error says what went wrong
	}
	put("directory", "kind", "passwords", "server", "people", "gone", "groups", "copy", "copy as of")
	for _, d := range narrowed(all, r.URL.Query()) {
		at := ""
		if !d.census.Current.IsZero() {
			at = d.census.Current.UTC().Format(time.RFC3339)
		}
		put(d.key, d.kind, state(d.health).Text, d.health.Server, number(d.census.People), number(d.census.Gone), number(d.census.Groups),
			copyState(d.census, u.Site().Sync.Every, u.Console.Now()).Text, at)
	}
	out.Flush()
	return out.Error()
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// links are the ties of a directory, or all.
func (u *UI) links(key string) []directorypage.Link {
	var all []directorypage.Link
	for _, l := range u.Site().Links {
		if key == "" || l.Home == key || l.Other == key {
			all = append(all, directorypage.Link{Home: l.Home, Other: l.Other, Mode: string(l.Mode), Explained: explained(l.Mode, l.Home, l.Other)})
		}
	}
	return all
}

// explained says what a mode means for a new password.
func explained(m directory.LinkMode, home, other string) string {
	switch m {
	case directory.LinkHome:
		return "A new password is written to " + home + "; hash synchronization carries it to " + other + " within some minutes."
	case directory.LinkBoth:
		return "A new password is written to " + home + " and then at once to " + other + "; hash synchronization runs, too."
	case directory.LinkSeparate:
		return "A new password is written to both; nothing else carries it over."
	}
	return ""
}
