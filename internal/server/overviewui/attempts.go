package overviewui

import (
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/policy"
	"rekey/internal/report"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/overviewpage"
)

func (u *UI) showAttempts(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	s := u.span(r)
	now, before, err := u.both(r.Context(), s)
	if err != nil {
		return err
	}
	all, err := u.Reports.Figures(r.Context(), s.days, report.Of{})
	if err != nil {
		return err
	}
	page := overviewpage.Report{Tabs: tabs(attemptsURL), Picker: s.picker(attemptsURL), Tiles: outcomes(now, before)}
	narrowed(&page.Picker, s, all)
	page.Charts = []overviewpage.Chart{{Title: "By day and outcome", Chart: days(s, now)}}
	page.Tables = []overviewpage.Listing{
		{Title: "Where people give up", Table: left(now), Note: "Of all that ended, those aside whose other attempt was finished."},
		{Title: "Why attempts were refused", Table: refusals(now)},
		counts("By policy", "Policy", byPolicy(now)), counts("By what was wanted", "What", byAction(now)), counts("By device", "Device", byDevice(now)),
		counts("By day", "Day", byDay(s, now)),
	}
	page.Tables[len(page.Tables)-1].Exports = []view.Link{{Label: "CSV", URL: s.at(attemptsURL + asCSV)}}
	page.Note = "An attempt counts on the day it began, in the time zone that is chosen. Names nobody has are counted apart: such attempts cannot succeed."
	return u.Console.Page(w, r, a, console.Page{Section: console.ReportsURL, Title: "Attempts", Lede: s.words() + ".", Problems: s.problems, Body: page.Body()})
}

// narrowed offers what attempts can be narrowed to.
func narrowed(p *overviewpage.Picker, s span, all report.Figures) {
	p.What, p.Policy = string(s.of.Action), s.of.Policy
	p.Actions = []view.Option{{Label: "Anything"}}
	for _, a := range all.Actions {
		p.Actions = append(p.Actions, view.Option{Value: string(a.Action), Label: actionName(a.Action)})
	}
	p.Policies = []view.Option{{Label: "Any"}}
	found := s.of.Policy == ""
	for _, l := range all.Policies {
		if l.Name == "" {
			continue
		}
		found = found || l.Name == s.of.Policy
		p.Policies = append(p.Policies, view.Option{Value: l.Name, Label: l.Name})
	}
	if !found {
		p.Policies = append(p.Policies, view.Option{Value: s.of.Policy, Label: s.of.Policy})
	}
}

func outcomes(now, before report.Figures) []view.Tile {
	tile := func(label string, n, was int64) view.Tile {
		t := view.Tile{Label: label, Figure: figure(n)}
		t.Note = compared(n, was, "the days before")
		return t
	}
	return []view.Tile{
		tile("Began", now.Total.Started, before.Total.Started), tile("Finished", now.Total.Done, before.Total.Done),
		success(now, before), pace(now, before), tile("Names nobody has", now.Total.Nobody, before.Total.Nobody),
	}
}

func refusals(f report.Figures) view.Table {
	t := view.Table{Caption: "Why attempts were refused", Columns: []view.Column{{Title: "Why"}, {Title: "Attempts", Kind: view.Figures}}}
	for _, r := range f.Refusals {
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{view.Text(why(report.Reason{Code: r.Code})), view.Text(figure(r.Of))}})
	}
	return t
}

// counted lines of a table: what they are of, the counts, and how long it took.
type group struct {
	name string
	report.Count
	took report.Took
}

func byPolicy(f report.Figures) (all []group) {
	for _, p := range f.Policies {
		all = append(all, group{name: policyName(p.Name), Count: p.Count})
	}
	return all
}

func byAction(f report.Figures) (all []group) {
	for _, a := range f.Actions {
		if a.Started+a.Nobody > 0 {
			all = append(all, group{actionName(a.Action), a.Count, a.Took})
		}
	}
	return all
}

func byDevice(f report.Figures) (all []group) {
	for _, d := range f.Devices {
		if d.Started > 0 {
			all = append(all, group{name: deviceName(d.Kind), Count: d.Count})
		}
	}
	return all
}

func byDay(s span, f report.Figures) (all []group) {
	for i := range f.Days {
		d := f.Days[len(f.Days)-1-i]
		all = append(all, group{d.At.In(s.zone).Format("Mon 2 Jan 2006"), d.Count, d.Took})
	}
	return all
}

func counts(title, head string, all []group) overviewpage.Listing {
	l := overviewpage.Listing{Title: title, Table: view.Table{Caption: title, Columns: []view.Column{{Title: head}}}}
	for _, name := range []string{"Began", "Finished", "Given up", "Refused", "One of two", "Other finished", "Open", "Success", "Median"} {
		l.Columns = append(l.Columns, view.Column{Title: name, Kind: view.Figures})
	}
	for _, g := range all {
		median := "–"
		if g.took.Of > 0 {
			median = duration(g.took.Median)
		}
		row := view.Row{Cells: []templ.Component{view.Text(g.name)}}
		for _, n := range []int64{g.Started, g.Done, g.GivenUp, g.Refused, g.Partial, g.StartedOver, g.Open} {
			row.Cells = append(row.Cells, view.Text(figure(n)))
		}
		row.Cells = append(row.Cells, view.Text(rate(g.Count)), view.Text(median))
		l.Rows = append(l.Rows, row)
	}
	return l
}

func (u *UI) exportAttempts(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	s := u.span(r)
	f, err := u.Reports.Figures(r.Context(), s.days, s.of)
	if err != nil {
		return err
	}
	out := newSheet(w, "attempts"+asCSV, "day", "zone", "began", "finished", "given up", "refused", "one of two", "other finished", "open", "names nobody has", "median seconds", "nine of ten within seconds")
	for _, d := range f.Days {
		out.row(d.At.In(s.zone).Format(time.DateOnly), s.zone.String(), number(d.Started), number(d.Done), number(d.GivenUp), number(d.Refused), number(d.Partial),
			number(d.StartedOver), number(d.Open), number(d.Nobody), seconds(d.Took, d.Took.Median), seconds(d.Took, d.Took.P90))
	}
	return out.done(nil)
}

func seconds(t report.Took, d time.Duration) string {
	if t.Of == 0 {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64)
}

func (u *UI) showMethods(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	s := u.span(r)
	f, err := u.Reports.Figures(r.Context(), s.days, report.Of{})
	if err != nil {
		return err
	}
	up, err := u.Reports.SetUp(r.Context(), s.days)
	if err != nil {
		return err
	}
	page := overviewpage.Report{Tabs: tabs(methodsURL), Picker: s.picker(methodsURL)}
	page.Charts = []overviewpage.Chart{{Title: "Set up, by day", Chart: setUp(s, up)}, {Title: "Attempts finished with it, by day", Chart: used(s, f)}}
	page.Tables = []overviewpage.Listing{
		{Title: "What is set up", Table: grown(up), Exports: []view.Link{{Label: "CSV", URL: s.at(methodsURL + asCSV)}}, Note: "Of what is there now: a way that was taken away since is in none of these figures."},
		{Title: "What is used", Table: usage(f), Note: "One attempt may need several ways."},
	}
	return u.Console.Page(w, r, a, console.Page{Section: console.ReportsURL, Title: "Methods", Lede: s.words() + ".", Problems: s.problems, Body: page.Body()})
}

// stacked makes a chart of the first two, and of all others together.
func stacked(title string, s span, names []string, of [][]int64) view.Chart {
	c := view.Chart{Title: title, Head: "Day", Labels: s.labels()}
	for i, name := range names {
		if i < 3 {
			c.Series = append(c.Series, view.Series{Name: name, Values: make([]int, s.days.Len())})
		}
		last := &c.Series[len(c.Series)-1]
		if i == 3 {
			last.Name = "others"
		}
		for day, n := range of[i] {
			last.Values[day] += int(n)
		}
	}
	if len(c.Series) == 0 {
		c.Labels = nil
	}
	return c
}

func setUp(s span, up []report.SetUp) view.Chart {
	var names []string
	var of [][]int64
	for _, k := range up {
		names, of = append(names, methodName(k.Kind)), append(of, k.Days)
	}
	return stacked("Ways set up on each day", s, names, of)
}

func used(s span, f report.Figures) view.Chart {
	var names []string
	var of [][]int64
	for _, m := range f.Methods {
		names, of = append(names, methodName(m.Kind)), append(of, m.Days)
	}
	return stacked("Attempts finished with each way", s, names, of)
}

func grown(up []report.SetUp) view.Table {
	t := view.Table{Caption: "What is set up", Columns: []view.Column{
		{Title: "Way"}, {Title: "Before", Kind: view.Figures}, {Title: "New", Kind: view.Figures}, {Title: "At the end", Kind: view.Figures},
	}}
	for _, k := range up {
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			view.Text(methodName(k.Kind)), view.Text(figure(k.Before)), view.Text(figure(k.Sum() - k.Before)), view.Text(figure(k.Sum())),
		}})
	}
	return t
}

func usage(f report.Figures) view.Table {
	t := view.Table{Caption: "What is used", Columns: []view.Column{
		{Title: "Way"},
		{Title: "Asked for", Kind: view.Figures},
		{Title: "Right", Kind: view.Figures},
		{Title: "Wrong", Kind: view.Figures},
		{Title: "Share wrong", Kind: view.Figures},
		{Title: "Finished with it", Kind: view.Figures},
	}}
	for _, m := range f.Methods {
		wrong := "–"
		if share, ok := m.WrongRate(); ok {
			wrong = percent(share)
		}
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			view.Text(methodName(m.Kind)), view.Text(figure(m.Asked)), view.Text(figure(m.Accepted)), view.Text(figure(m.Rejected)), view.Text(wrong), view.Text(figure(m.Done)),
		}})
	}
	return t
}

func (u *UI) exportMethods(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	s := u.span(r)
	up, err := u.Reports.SetUp(r.Context(), s.days)
	if err != nil {
		return err
	}
	out := newSheet(w, "methods"+asCSV, "day", "zone", "way", "set up", "there at the end of the day")
	for _, k := range up {
		sum := k.Before
		for i, n := range k.Days {
			sum += n
			out.row(s.days.Day(i).Format(time.DateOnly), s.zone.String(), methodName(k.Kind), number(n), number(sum))
		}
	}
	return out.done(nil)
}

// spared are the attempts that could have been a call: changes are by people who know their password.
func spared(f report.Figures) (n int64) {
	for _, a := range f.Actions {
		if a.Action == policy.Reset || a.Action == policy.Unlock {
			n += a.Done
		}
	}
	return n
}
