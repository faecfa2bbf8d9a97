package overviewui

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/report"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/overviewpage"
)

const (
	pageSize = 50
	// exportSize is how many are read at a time for a file.
	exportSize = 200
)

var standings = []struct {
	of    report.Standing
	label string
}{
	{report.Any, "Everybody"},
	{report.NotAble, "Could not reset now, though the policy lets them"},
	{report.NotRegistered, "Have nothing set up"},
	{report.NotEligible, "Cannot, by policy"},
	{report.IsAble, "Could reset now"},
	{report.IsEligible, "May, by policy"},
	{report.NotUsed, "Have not used it in 90 days"},
	{report.IsSingle, "Have one kind of way only"},
	{report.NotResistant, "Have nothing that resists phishing"},
}

// which reads what list an address asks for. A standing that is none is refused by the store.
func which(q url.Values) report.Which {
	w := report.Which{Side: report.Live, Cells: map[report.Dimension]string{}, Standing: report.Standing(q.Get("standing")), Name: q.Get("name"), After: q.Get("after")}
	for _, d := range dimensions {
		if key := q.Get(string(d.of)); key == noneOf {
			w.Cells[d.of] = ""
		} else if key != "" {
			w.Cells[d.of] = key
		}
	}
	return w
}

// address is that of a list, without the place in it.
func address(path string, w report.Which) string {
	q := url.Values{}
	for d, key := range w.Cells {
		if key == "" {
			key = noneOf
		}
		q.Set(string(d), key)
	}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("standing", string(w.Standing))
	set("name", w.Name)
	set("after", w.After)
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func (u *UI) showPeople(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	wanted := which(r.URL.Query())
	wanted.Most = pageSize + 1 // one more tells whether there is another page
	people, err := u.Reports.Covered(r.Context(), wanted)
	if err != nil {
		return err
	}
	c, known, err := u.Reports.Coverage(r.Context(), report.Live)
	if err != nil {
		return err
	}
	page := overviewpage.People{Tabs: tabs(peopleURL), Name: wanted.Name, Filter: view.Filter{Action: peopleURL}, Fields: fields(c, wanted)}
	first := wanted
	first.After = ""
	if wanted.After != "" {
		page.First = address(peopleURL, first)
	}
	if len(people) > pageSize {
		people = people[:pageSize]
		next := wanted
		next.After = people[pageSize-1].Cursor
		page.Next = address(peopleURL, next)
	}
	page.Table = u.people(a, people)
	page.Table.Exports = []view.Link{{Label: "CSV", URL: address(peopleURL+asCSV, first)}}
	page.Table.Chips, page.Table.Clear = chips(c, first), peopleURL
	if known {
		page.Table.Result = counted(u.Console.Clock(r), c, known)
	} else {
		page.Table.Empty = view.Empty{Title: "Nobody was counted yet", Text: "Once a directory was read, everybody in it is counted.", Next: view.Link{Label: "Coverage", URL: coverageURL}}
	}
	return u.Console.Page(w, r, a, console.Page{Section: console.ReportsURL, Title: "People", Lede: "As they were when everybody was last counted.", Body: page.Body()})
}

func (u *UI) people(a admin.Admin, people []report.Covered) view.Table {
	t := view.Table{
		Caption: "People",
		Columns: []view.Column{{Title: "Person"}, {Title: "State", Kind: view.Tight}, {Title: "Why not"}, {Title: "Set up"}, {Title: "Policy"}, {Title: "Unit"}},
		Empty:   view.Empty{Title: "Nobody is in this list", Text: "Widen it, or be glad.", Next: view.Link{Label: "Show everybody", URL: peopleURL}},
	}
	link := u.Console.May(a, console.PeopleURL)
	for _, p := range people {
		to := ""
		if link {
			to = console.PeopleURL + "/" + url.PathEscape(p.Directory) + "/" + url.PathEscape(p.Object)
		}
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			view.Two(p.Name, to, p.SignIn), state(p).Show(), view.Text(reason(p)), view.Text(methodNames(p)), view.Text(policyName(p.Policy)), view.Quiet(unitName(p.Unit)),
		}})
	}
	return t
}

func methodNames(p report.Covered) string {
	names := make([]string, len(p.Methods))
	for i, k := range p.Methods {
		names[i] = methodName(k)
	}
	return strings.Join(names, ", ")
}

// unitName is a unit as people call it, innermost first: the values of its name up to the domain (RFC 4514).
func unitName(dn string) string {
	var parts []string
	for rest := dn; rest != ""; {
		var rdn string
		rdn, rest = first(rest)
		kind, value, _ := strings.Cut(rdn, "=")
		if strings.EqualFold(strings.TrimSpace(kind), "DC") {
			break
		}
		parts = append(parts, strings.ReplaceAll(value, `\`, ""))
	}
	return strings.Join(parts, ", ")
}

// first cuts a distinguished name at its first comma that is not escaped.
func first(dn string) (rdn, rest string) {
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\':
			i++
		case ',':
			return dn[:i], dn[i+1:]
		}
	}
	return dn, ""
}

func state(p report.Covered) view.Tag {
	switch {
	case p.Able:
		return view.Tag{Text: "could reset", Tone: view.Good}
	case p.Eligible:
		return view.Tag{Text: "needs to set up", Tone: view.Warn}
	}
	return view.Tag{Text: "cannot", Tone: view.Bad}
}

// fields are the menus that narrow the list: what somebody is in.
func fields(c report.Coverage, w report.Which) []overviewpage.Choice {
	out := []overviewpage.Choice{{Field: view.Field{Name: "standing", Label: "Who", Value: string(w.Standing)}}}
	for _, s := range standings {
		out[0].Options = append(out[0].Options, view.Option{Value: string(s.of), Label: s.label})
	}
	for _, d := range dimensions {
		f := overviewpage.Choice{Field: view.Field{Name: string(d.of), Label: d.label}, Options: []view.Option{{Label: "Any"}}}
		picked, ok := w.Cells[d.of]
		found := false
		for _, cell := range c.Cells[d.of] {
			value := cell.Key
			if value == "" {
				value = noneOf
			}
			if ok && cell.Key == picked {
				f.Field.Value, found = value, true
			}
			f.Options = append(f.Options, view.Option{Value: value, Label: cellName(d.of, cell)})
		}
		if ok && !found { // nobody is in it any more
			f.Field.Value = picked
			f.Options = append(f.Options, view.Option{Value: picked, Label: picked})
		}
		if len(f.Options) > 1 {
			out = append(out, f)
		}
	}
	return out
}

// chips say what narrows the list; each leads to the list without it.
func chips(c report.Coverage, w report.Which) []view.Chip {
	var out []view.Chip
	for _, s := range standings {
		if s.of == w.Standing && s.of != report.Any {
			without := w
			without.Standing = report.Any
			out = append(out, view.Chip{Label: "Who", Value: s.label, Remove: address(peopleURL, without)})
		}
	}
	for _, d := range dimensions {
		key, ok := w.Cells[d.of]
		if !ok {
			continue
		}
		without := w
		without.Cells = map[report.Dimension]string{}
		for other, k := range w.Cells {
			if other != d.of {
				without.Cells[other] = k
			}
		}
		name := key
		for _, cell := range c.Cells[d.of] {
			if cell.Key == key {
				name = cellName(d.of, cell)
			}
		}
		out = append(out, view.Chip{Label: d.label, Value: name, Remove: address(peopleURL, without)})
	}
	if w.Name != "" {
		without := w
		without.Name = ""
		out = append(out, view.Chip{Label: "Name", Value: w.Name, Remove: address(peopleURL, without)})
	}
	return out
}

// exportPeople writes the whole list, page by page: nobody's memory holds a hundred thousand people.
func (u *UI) exportPeople(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	wanted := which(r.URL.Query())
	wanted.After, wanted.Most = "", exportSize
	people, err := u.Reports.Covered(r.Context(), wanted)
	if err != nil {
		return err
	}
	s := newSheet(w, "people"+asCSV, "name", "sign-in", "directory", "object", "unit", "policy", "set up", "may", "could reset", "used in 90 days", "phishing-resistant", "why not")
	return s.done(u.write(r.Context(), s, wanted, people))
}

func (u *UI) write(ctx context.Context, s *sheet, wanted report.Which, people []report.Covered) (err error) {
	for len(people) > 0 {
		for _, p := range people {
			s.row(p.Name, p.SignIn, p.Directory, p.Object, p.Unit, p.Policy, methodNames(p), yes(p.Eligible), yes(p.Able), yes(p.Used), yes(p.Resistant), reason(p))
		}
		if len(people) < exportSize {
			return nil
		}
		wanted.After = people[len(people)-1].Cursor
		if people, err = u.Reports.Covered(ctx, wanted); err != nil {
			return err
		}
	}
	return nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
