package overviewui

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/report"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/overviewpage"
)

// noneOf stands in addresses for people in none of the cells of a dimension.
const noneOf = "-"

// dimensions are what coverage is told apart by, in the order of the tabs.
var dimensions = []struct {
	of           report.Dimension
	label, title string
}{
	{report.ByPolicy, "Policy", "Policy"},
	{report.ByDirectory, "Directory", "Directory"},
	{report.ByGroup, "Group", "Group that policies name"},
	{report.ByUnit, "Unit", "Organizational unit"},
	{report.ByMethod, "Method", "Way that is set up"},
}

// coverage is the part of the overview: whom each policy covers.
func (u *UI) coverage(r *http.Request, a admin.Admin, c report.Coverage, known bool) overviewpage.Coverage {
	links := u.Console.May(a, console.ReportsURL)
	out := overviewpage.Coverage{Table: cells(c, report.ByPolicy, links)}
	out.Note = counted(u.Console.Clock(r), c, known)
	if links {
		out.Report = view.Link{Label: "The report", URL: coverageURL}
	}
	return out
}

func counted(clock view.Clock, c report.Coverage, known bool) string {
	if !known {
		return ""
	}
	text := "Counted " + clock.Relative(c.At) + ", by version " + strconv.FormatInt(c.Settings, 10) + " of the settings, within " + duration(c.Took) + "."
	if c.Oldest.IsZero() {
		return text + " Some directory was not read to the end yet: its people are missing."
	}
	return text
}

// cells is the table of one dimension.
func cells(c report.Coverage, by report.Dimension, links bool) view.Table {
	head := "Policy"
	for _, d := range dimensions {
		if d.of == by {
			head = d.title
		}
	}
	t := view.Table{
		Caption: "Coverage by " + string(by),
		Columns: []view.Column{
			{Title: head},
			{Title: "People", Kind: view.Figures},
			{Title: "Could reset now", Kind: view.Figures},
			{Title: "Need to set up", Kind: view.Figures},
			{Title: "Cannot", Kind: view.Figures},
			{Title: "Used in 90 days", Kind: view.Figures},
			{Title: "Resists phishing", Kind: view.Figures},
		},
		Empty: view.Empty{Title: "Nobody was counted yet", Text: "Once a directory was read, everybody in it is decided about, as a real attempt would be."},
	}
	for _, cell := range c.Cells[by] {
		t.Rows = append(t.Rows, view.Row{Cells: line(cell, by, links)})
	}
	return t
}

func line(cell report.Cell, by report.Dimension, links bool) []templ.Component {
	at := func(n int64, standing report.Standing) templ.Component {
		if !links || n == 0 {
			return view.Text(figure(n))
		}
		return view.Anchor(figure(n), list(by, cell.Key, standing))
	}
	return []templ.Component{
		view.Text(cellName(by, cell)), at(cell.People, report.Any), able2(cell, at), at(cell.Eligible-cell.Able, report.NotAble),
		at(cell.People-cell.Eligible, report.NotEligible), view.Text(figure(cell.Used)), view.Text(figure(cell.Resistant)),
	}
}

func able2(cell report.Cell, at func(int64, report.Standing) templ.Component) templ.Component {
	share := ""
	if cell.People > 0 {
		share = " " + percent(float64(cell.Able)/float64(cell.People))
	}
	return view.Join(at(cell.Able, report.IsAble), view.Quiet(share))
}

func cellName(by report.Dimension, cell report.Cell) string {
	switch {
	case by == report.ByMethod:
		return methodName(factor.Kind(cell.Key))
	case cell.Key == "" && by == report.ByPolicy:
		return policyName("")
	case cell.Key == "":
		return "None"
	}
	return cell.Name
}

// list is the address of the people in a cell.
func list(by report.Dimension, key string, standing report.Standing) string {
	q := url.Values{}
	if by != report.Everybody {
		if key == "" {
			key = noneOf
		}
		q.Set(string(by), key)
	}
	if standing != report.Any {
		q.Set("standing", string(standing))
	}
	if len(q) == 0 {
		return peopleURL
	}
	return peopleURL + "?" + q.Encode()
}

func (u *UI) showReports(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	page := overviewpage.Reports{All: []overviewpage.Card{
		{Title: "Coverage", URL: coverageURL, Text: "Who could reset now, who needs to set something up, and who cannot: by policy, directory, group, unit and method."},
		{Title: "People", URL: peopleURL, Text: "The names behind coverage, with the reason why somebody could not reset."},
		{Title: "Attempts", URL: attemptsURL, Text: "Resets, unlocks and changes over time, by outcome and policy; where people give up, and why."},
		{Title: "Methods", URL: methodsURL, Text: "Which ways are set up and used, how that grows, and how often an answer is wrong."},
		{Title: "Calls saved", URL: savingsURL, Text: "An estimate of help desk calls that were not made, with its formula and your own figures."},
	}}
	return u.Console.Page(w, r, a, console.Page{Title: "Reports", Body: page.Body()})
}

func (u *UI) showCoverage(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	by := dimension(r)
	c, known, err := u.Reports.Coverage(r.Context(), report.Live)
	if err != nil {
		return err
	}
	p, err := u.Reports.Progress(r.Context(), report.Live)
	if err != nil {
		return err
	}
	page := overviewpage.Covered{Tabs: tabs(coverageURL), Table: cells(c, by, true), Note: counted(u.Console.Clock(r), c, known)}
	page.Table.Exports = []view.Link{{Label: "CSV", URL: coverageURL + asCSV + "?by=" + string(by)}}
	page.Table.Result = view.Of(len(page.Table.Rows), "line", "lines")
	for _, d := range dimensions {
		page.By = append(page.By, view.Tab{Label: d.label, URL: coverageURL + "?by=" + string(d.of), Current: d.of == by})
	}
	if known {
		page.Tiles = covered(c)
	}
	cp := console.Page{Section: console.ReportsURL, Title: "Coverage", Lede: "Everybody who was read from the directories is decided about as in a real attempt, without knowing address and device.", Body: nil}
	if p.Running || p.Failed != "" {
		page.Progress = progress(p)
	}
	if p.Running {
		cp.Refresh = 5
	} else {
		page.Count = surveyURL
	}
	cp.Body = page.Body()
	return u.Console.Page(w, r, a, cp)
}

func covered(c report.Coverage) []view.Tile {
	n := c.Total
	share := func(part, of int64) string {
		if of == 0 {
			return "–"
		}
		return percent(float64(part) / float64(of))
	}
	return []view.Tile{
		{Label: "People", Figure: figure(n.People), URL: peopleURL},
		{Label: "Could reset now", Figure: figure(n.Able), Note: share(n.Able, n.People) + " of all", URL: list(report.Everybody, "", report.IsAble)},
		{Label: "Need to set something up", Figure: figure(n.Eligible - n.Able), Note: figure(n.Eligible-n.Registered) + " have nothing at all", URL: list(report.Everybody, "", report.NotAble)},
		{Label: "Cannot, by policy", Figure: figure(n.People - n.Eligible), URL: list(report.Everybody, "", report.NotEligible)},
		{Label: "Have one kind of way only", Figure: figure(n.Single), Note: share(n.Single, n.Registered) + " of those with any", URL: list(report.Everybody, "", report.IsSingle)},
	}
}

func dimension(r *http.Request) report.Dimension {
	by := report.Dimension(r.URL.Query().Get("by"))
	for _, d := range dimensions {
		if d.of == by {
			return by
		}
	}
	return report.ByPolicy
}

func progress(p report.Progress) view.Progress {
	out := view.Progress{ID: "survey", Label: "Counting everybody", Now: int(p.Done), Of: int(p.All), URL: surveyURL}
	switch {
	case p.Failed != "":
		out.URL, out.Text, out.Tone = "", "The last count came to nothing: "+p.Failed+". The figures are those of the one before.", view.Bad
	case !p.Running:
		out.URL, out.Text, out.Tone = "", "Everybody was counted. Load the page anew to see it.", view.Good
	}
	return out
}

// showSurvey answers with how far a survey is.
func (u *UI) showSurvey(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	p, err := u.Reports.Progress(r.Context(), report.Live)
	if err != nil {
		return err
	}
	return u.Console.Draw(w, r, http.StatusOK, progress(p).Show())
}

func (u *UI) submitSurvey(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	if !u.Reports.Ask(u.Survey()) {
		return fault.New(fault.Conflict, "As many counts wait already as may. Try again in a minute.")
	}
	return u.Console.Done(w, r, coverageURL, "Everybody is being counted. Load this page again in a moment.")
}

func (u *UI) exportCoverage(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	by := dimension(r)
	c, _, err := u.Reports.Coverage(r.Context(), report.Live)
	if err != nil {
		return err
	}
	s := newSheet(w, "coverage-by-"+string(by)+asCSV, string(by), "people", "eligible", "registered", "able", "used in 90 days", "phishing-resistant", "one kind only", "counted at")
	for _, cell := range c.Cells[by] {
		s.row(cellName(by, cell), number(cell.People), number(cell.Eligible), number(cell.Registered), number(cell.Able), number(cell.Used), number(cell.Resistant),
			number(cell.Single), c.At.UTC().Format("2006-01-02T15:04:05Z"))
	}
	return s.done(nil)
}
