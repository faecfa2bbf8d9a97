package operateui

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/operatepage"
)

const (
	versionsAPage = 25
	versionsMost  = 1000 // that are looked through for a page or an export
)

// versions lists those that the list shows, newest first, and whether there may be more.
func (u *UI) versions(r *http.Request, limit int) (out []configure.Revision, more bool, err error) {
	q := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("q")))
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number is the newest
	for looked := 0; looked < versionsMost; looked += versionsAPage {
		batch, err := u.Configure.History(r.Context(), before, versionsAPage)
		if err != nil || len(batch) == 0 {
			return out, false, err
		}
		for _, v := range batch {
			if !about(v, q) {
				continue
			}
			if len(out) == limit {
				return out, true, nil
			}
			out = append(out, v)
		}
		if before = batch[len(batch)-1].Number; before <= 1 {
			return out, false, nil
		}
	}
	return out, true, nil
}

// about reports whether a version is by somebody, for a reason or about a setting.
func about(v configure.Revision, q string) bool {
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), q) }
	return has(v.Author) || has(v.Reason) || slices.ContainsFunc(v.Lines, func(l configure.Line) bool { return has(l.Path) })
}

func versionURL(n int64) string { return console.SettingsURL + "/" + strconv.FormatInt(n, 10) }

func (u *UI) showHistory(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	all, more, err := u.versions(r, versionsAPage)
	if err != nil {
		return err
	}
	page := operatepage.History{Clock: u.Console.Clock(r), Text: r.URL.Query().Get("q"), Filter: view.Filter{Action: console.SettingsURL}, Locked: u.Configure.Locked()}
	if a.Grants.May(role.EditPolicies) && !page.Locked {
		page.ImportURL = console.SettingsURL + "/import"
	}
	t := view.Table{
		Caption: "Versions of the settings", Empty: view.Empty{Title: "No version is like that", Next: view.Link{Label: "Show all", URL: console.SettingsURL}},
		Columns: []view.Column{{Title: "Version", Kind: view.Tight, Sorted: view.Falling}, {Title: "Saved", Kind: view.Tight}, {Title: "By"}, {Title: "Reason"}, {Title: "What differs"}},
		Exports: []view.Link{{Label: "CSV", URL: address(console.SettingsURL+".csv", r.URL.Query())}, {Label: "Newest as YAML", URL: console.SettingsURL + "/newest/yaml"}},
	}
	for _, v := range all {
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			view.Anchor(strconv.FormatInt(v.Number, 10), versionURL(v.Number)), page.At(v.At), view.Text(v.Author), view.Text(v.Reason), view.Quiet(summary(v)),
		}})
	}
	if more && len(all) > 0 {
		t.Pager.Older = with(r, "before", strconv.FormatInt(all[len(all)-1].Number, 10))
	}
	page.Table = t
	out := console.Page{Title: "Settings history", Lede: "Every version of all settings: who saved it, why, and what it changed.", Body: page.Body()}
	if page.ImportURL != "" {
		out.Actions = view.Button(view.Link{Label: "Import …", URL: page.ImportURL})
	}
	return u.Console.Page(w, r, a, out)
}

// summary names the first places that a version changed.
func summary(v configure.Revision) string {
	switch {
	case v.Number == 1:
		return "the first version"
	case len(v.Lines) == 0 && v.Respelled:
		return "only how it is written"
	case len(v.Lines) == 0:
		return "nothing"
	}
	const most = 3
	var paths []string
	for _, l := range v.Lines[:min(most, len(v.Lines))] {
		paths = append(paths, l.Path)
	}
	text := strings.Join(paths, ", ")
	if rest := len(v.Lines) - most; rest > 0 {
		text += fmt.Sprintf(" and %d more", rest)
	}
	return text
}

func (u *UI) exportHistory(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	all, _, err := u.versions(r, versionsMost)
	if err != nil {
		return err
	}
	rows := [][]string{{"version", "saved", "author", "reason", "path", "kind", "before", "after"}}
	for _, v := range all {
		head := []string{strconv.FormatInt(v.Number, 10), stamp(v.At), v.Author, v.Reason}
		if len(v.Lines) == 0 {
			rows = append(rows, append(head, "", "", "", ""))
		}
		for _, l := range v.Lines {
			rows = append(rows, append(slices.Clone(head), l.Path, string(l.Kind), l.Was, l.Is))
		}
	}
	return sheet(w, "settings-history", rows)
}

func settingsTrail() []view.Link {
	return []view.Link{{Label: "Settings history", URL: console.SettingsURL}}
}

// showVersion compares a version with the one before it, or with the one that "from" names.
func (u *UI) showVersion(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	n, err := number(r, "number")
	if err != nil {
		return err
	}
	newest, err := u.Configure.Read(r.Context())
	if err != nil {
		return err
	}
	from, err := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	if err != nil || from < 1 {
		from = max(n-1, 1)
	}
	c, err := u.Configure.Compare(r.Context(), from, n)
	if err != nil {
		return err
	}
	page := operatepage.Version{
		Clock: u.Console.Clock(r), Against: "version " + strconv.FormatInt(from, 10), Changes: review.Changes(c.Lines), Respelled: c.Respelled,
		First: n == 1 && from == 1, Newest: n == newest.Number, Export: versionURL(n) + "/yaml",
		Compare: component.Form{Action: versionURL(n)}, Numbers: numbers(newest.Number, n), From: strconv.FormatInt(from, 10),
	}
	page.Facts = []view.Fact{
		{Term: "Saved", Value: page.At(c.To.At)}, {Term: "By", Value: view.Text(c.To.Author)}, {Term: "Reason", Value: view.Text(c.To.Reason)},
	}
	if !page.Newest && a.Grants.May(role.EditPolicies) && !u.Configure.Locked() {
		page.RevertURL = versionURL(n) + "/revert"
	}
	out := console.Page{Section: console.SettingsURL, Trail: settingsTrail(), Title: "Version " + strconv.FormatInt(n, 10), Body: page.Body()}
	if page.Newest {
		out.State = view.Tag{Text: "in force", Tone: view.Good}
	}
	return u.Console.Page(w, r, a, out)
}

// numbers are the versions to compare with: the latest fifty, but itself.
func numbers(newest, but int64) []view.Option {
	var out []view.Option
	for n := newest; n > 0 && len(out) < 50; n-- {
		if n != but {
			out = append(out, view.Option{Value: strconv.FormatInt(n, 10), Label: "Version " + strconv.FormatInt(n, 10)})
		}
	}
	return out
}

// exportVersion gives the document; secrets in it read (kept).
func (u *UI) exportVersion(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	n, err := number(r, "number")
	if err != nil {
		return err
	}
	return u.export(w, r, n)
}

// exportNewest gives the document in force.
func (u *UI) exportNewest(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	return u.export(w, r, 0)
}

func (u *UI) export(w http.ResponseWriter, r *http.Request, n int64) error {
	v, text, err := u.Configure.Export(r.Context(), n)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="rekey-settings-%d.yaml"`, v.Number))
	_, _ = io.WriteString(w, text) //nolint:gosec // a download that no browser takes for a page; the visitor may have gone
	return nil
}

// kept names what the review's form is about, for save.
const (
	keptTitle = "title"
	saveURL   = console.SettingsURL + "/save"
)

func ask(title, back string) review.Ask {
	return review.Ask{
		Section: console.SettingsURL, Trail: settingsTrail(), Title: title, Action: saveURL, Back: back, Done: console.SettingsURL,
		Keep: []component.Hidden{{Name: keptTitle, Value: title}},
	}
}

func (u *UI) askRevert(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	n, err := number(r, "number")
	if err != nil {
		return err
	}
	newest, err := u.Configure.Read(r.Context())
	if err != nil {
		return err
	}
	if n == newest.Number {
		return configure.ErrSame
	}
	page := ask("Go back to version "+strconv.FormatInt(n, 10), versionURL(n))
	page.Reason = "Back to version " + strconv.FormatInt(n, 10) + ": "
	return u.Review.Show(w, r, a, configure.Revert(newest.Number, n), page)
}

func (u *UI) showImport(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	_, text, err := u.Configure.Export(r.Context(), 0)
	if err != nil {
		return err
	}
	page := operatepage.Import{Form: view.Form{Form: component.Form{Action: console.SettingsURL + "/import"}, Guard: true}, Text: text, Back: console.SettingsURL}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.SettingsURL, Trail: settingsTrail(), Title: "Import settings", Lede: "The whole document takes the place of the newest version. Before it is saved you see what differs.", Body: page.Body(),
	})
}

func (u *UI) askImport(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	newest, err := u.Configure.Read(r.Context())
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n") // forms send line ends so (HTML, "constructing the entry list")
	return u.Review.Show(w, r, a, configure.Import(newest.Number, text), ask("Import settings", console.SettingsURL+"/import"))
}

func (u *UI) save(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	title := r.PostFormValue(keptTitle)
	if title == "" {
		title = "Save the settings"
	}
	return u.Review.Save(w, r, a, ask(title, console.SettingsURL))
}
