package web_test

import (
	"time"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
	"rekey/web/overviewpage"
)

func overviewStories() []consoleStory {
	return []consoleStory{
		{"reset-overview", func(sh console.Shell) templ.Component { return overviewOf(sh, overviewExample(sh.Clock)) }},
		{"reset-overview-down", func(sh console.Shell) templ.Component { return overviewOf(sh, overviewDown(sh.Clock)) }},
		{"reset-overview-first", func(sh console.Shell) templ.Component { return overviewOf(sh, overviewFirst(sh.Clock)) }},
		{"reports", func(sh console.Shell) templ.Component {
			sh = at(sh, "Reports")
			sh.Title = "Reports"
			return within(sh.Frame(), overviewpage.Reports{All: []overviewpage.Card{
				{Title: "Coverage", URL: "/x", Text: "Who could reset now, who needs to set something up, and who cannot."},
				{Title: "People", URL: "/y", Text: "The names behind coverage."},
			}}.Body())
		}},
		{"report-attempts", reportAttempts},
		{"report-coverage", func(sh console.Shell) templ.Component { return reportCoverage(sh, console.Progress{}) }},
		{"report-coverage-counting", func(sh console.Shell) templ.Component {
			return reportCoverage(sh, console.Progress{ID: "survey", Label: "Counting everybody", Now: 12_000, Of: 19_948, URL: "/progress"})
		}},
		{"report-people", reportPeople},
		{"report-savings", reportSavings},
	}
}

func overviewOf(sh console.Shell, o overviewpage.Overview) templ.Component {
	sh = at(sh, "Overview")
	sh.Title, sh.Lede = "Overview", "Figures of 1 March 2026 to 28 March 2026, 28 days, Europe/Berlin."
	return within(sh.Frame(), o.Body())
}

func reportTabs(current string) []console.Tab {
	var all []console.Tab
	for _, label := range []string{"Coverage", "People", "Attempts", "Methods", "Calls saved"} {
		all = append(all, console.Tab{Label: label, URL: "/" + label, Current: label == current})
	}
	return all
}

func spanPicker() overviewpage.Picker {
	p := overviewpage.Picker{Action: "/x", Zone: "Europe/Berlin", Keep: []component.Hidden{{Name: "range", Value: "28"}}}
	for _, label := range []string{"Today", "7 days", "28 days", "90 days"} {
		p.Presets = append(p.Presets, console.Tab{Label: label, URL: "/?" + label, Current: label == "28 days"})
	}
	return p
}

// figuresOf makes a table of texts.
func figuresOf(caption string, columns []console.Column, rows ...[]string) console.Table {
	t := console.Table{Caption: caption, Columns: columns}
	for _, r := range rows {
		var row console.Row
		for _, cell := range r {
			row.Cells = append(row.Cells, console.Text(cell))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func columns(first string, figures ...string) []console.Column {
	all := []console.Column{{Title: first}}
	for _, f := range figures {
		all = append(all, console.Column{Title: f, Kind: console.Figures})
	}
	return all
}

func daily() console.Chart {
	c := console.Chart{Title: "Attempts that began on each day", Head: "Day", Series: []console.Series{
		{Name: "finished", Values: make([]int, 28)}, {Name: "given up", Values: make([]int, 28)}, {Name: "refused", Values: make([]int, 28)},
	}}
	for i := range 28 {
		c.Labels = append(c.Labels, now.AddDate(0, 0, i-27).Format("2 Jan"))
		c.Series[0].Values[i], c.Series[1].Values[i], c.Series[2].Values[i] = 60+(i*37)%50, 4+(i*11)%14, (i*5)%7
	}
	return c
}

func overviewExample(c console.Clock) overviewpage.Overview {
	return overviewpage.Overview{
		Health: overviewpage.Health{
			Clock: c, Tone: console.Good, Word: "Yes, everywhere", Sentence: "These want a look before they keep anybody out: corp.example.com · tls dc2.example.com.", Next: "/health", Every: "15s",
			Parts: []overviewpage.Part{
				{Name: "Database", Kind: "Rekey itself", Word: "answers", Tone: console.Good, Success: c.Now.Add(-4 * time.Second), P95: "2 ms"},
				{Name: "corp.example.com", Kind: "Directory", Word: "writes", Tone: console.Good, Success: c.Now.Add(-4 * time.Second), P95: "38 ms"},
				{Name: "corp.example.com · tls dc2.example.com", Kind: "Server or right of a directory", Word: "needs a look", Tone: console.Warn, Success: c.Now.Add(-12 * time.Minute), Note: "a certificate of the chain ends on 2026-03-31", Next: console.Link{Label: "Doctor", URL: "/admin/doctor"}},
				{Name: "Mail", Kind: "Messages", Word: "sends", Tone: console.Good, Success: c.Now.Add(-9 * time.Second), P95: "21 ms"},
			},
		},
		Picker: spanPicker(),
		Figures: overviewpage.Figures{
			Tiles: []console.Tile{
				{Label: "Resets today", Figure: "148", Note: "+12 % on all of last Monday (132)", URL: "/x"},
				{Label: "Resets this month", Figure: "2,904", Note: "−3 % on the 28 days before (2,993)", URL: "/y"},
				{Label: "Finished of those that ended", Figure: "93.4 %", Note: "−1.1 points on the days before", Tone: console.Bad},
				{Label: "Median time", Figure: "48 s", Note: "9 of 10 within 99 s; before: 51 s"},
				{Label: "Able to reset now", Figure: "71.2 %", Note: "14,203 of 19,948 people", URL: "/z"},
			},
			Days: daily(), Report: console.Link{Label: "The report", URL: "/report"},
			Left: console.Table{Caption: "Where people give up", Columns: columns("Step", "Given up", "Refused", "Of all"), Rows: []console.Row{
				{Cells: []templ.Component{console.Two("First proof", "", "Code by mail: asked for, not given (71)"), console.Text("92"), console.Text("20"), console.Text("2.9 %")}},
				{Cells: []templ.Component{console.Two("New password", "", "The directory refused the password: in history (30)"), console.Text("44"), console.Text("3"), console.Text("1.2 %")}},
				{Cells: []templ.Component{console.Two("Writing to the directory", "", ""), console.Text("0"), console.Text("0"), console.Text("0.0 %")}},
			}},
			Counted: "Counted up to what was recorded at 28 Mar 12:00:04 CET. An attempt counts on the day it began.",
		},
		Attacks: console.Table{Caption: "Blocks and attacks", Columns: columns("What", "These days", "Before"), Rows: []console.Row{
			{Cells: []templ.Component{console.Two("Accounts blocked", "", "Too many wrong answers: a person at a loss, or somebody else who guesses."), console.Text("14"), console.Text("9")}},
			{Cells: []templ.Component{console.Two("Names nobody has", "", "Many of them: somebody tries names out."), console.Text("1,904"), console.Text("201")}},
		}},
		Coverage: overviewpage.Coverage{
			Table: figuresOf("Coverage by policy", columns("Policy", "People", "Could reset now", "Need to set up", "Cannot"),
				[]string{"Staff", "18,002", "13,400", "4,602", "0"}, []string{"Executives and finance", "946", "803", "143", "0"}, []string{"Interns", "1,000", "0", "0", "1,000"}),
			Note: "Counted 12 min ago, by version 41 of the settings, within 2 s.", Report: console.Link{Label: "The report", URL: "/coverage"},
		},
		Advice: []console.Finding{
			{Tone: console.Warn, Grade: "warning", Text: "One way is enough for an unlock here.", Clause: "NIST SP 800-63B-4, 3.1.3", Fix: console.Link{Label: "Policies: policies[2].unlock", URL: "/admin/policies"}},
		},
	}
}

func overviewDown(c console.Clock) overviewpage.Overview {
	o := overviewExample(c)
	o.Health.Tone, o.Health.Word, o.Health.Next, o.Health.Again = console.Bad, "Not everywhere", "", "/admin/overview"
	o.Health.Sentence = "No password can be written in corp.example.com; elsewhere people can."
	o.Health.Parts[1].Tone, o.Health.Parts[1].Word, o.Health.Parts[1].Note = console.Bad, "out of reach", `No server takes our sign-in: "><script>alert(1)</script>`
	o.Advice, o.More = nil, console.Link{}
	return o
}

func overviewFirst(c console.Clock) overviewpage.Overview {
	return overviewpage.Overview{
		Health: overviewpage.Health{Clock: c, Tone: console.Warn, Word: "Not known yet", Sentence: "The first look at what it depends on is under way.", Next: "/health", Every: "15s"},
		Start: []overviewpage.Step{
			{Title: "Connect a directory", Text: "Where people's accounts are.", Done: true, Next: console.Link{Label: "Directories", URL: "/x"}},
			{Title: "Write a policy", Text: "Who may reset, and what they prove.", Next: console.Link{Label: "Policies", URL: "/admin/policies"}},
		},
		Picker: spanPicker(),
		Figures: overviewpage.Figures{
			Tiles: []console.Tile{{Label: "Resets today", Figure: "0", Note: "none on all of last Monday"}},
			Left:  figuresOf("Where people give up", columns("Step", "Given up"), []string{"Name given", "0"}), Counted: "Nothing has been recorded yet.",
		},
		Attacks:  figuresOf("Blocks and attacks", columns("What", "These days"), []string{"Accounts blocked", "0"}),
		Coverage: overviewpage.Coverage{Table: console.Table{Empty: console.Empty{Title: "Nobody was counted yet", Text: "Once a directory was read, everybody in it is decided about."}}},
	}
}

func reportAttempts(sh console.Shell) templ.Component {
	sh = at(sh, "Reports")
	sh.Title, sh.Problems = "Attempts", component.Problems{{Field: "to", Text: "The last day is before the first."}}
	p := spanPicker()
	p.Actions = []console.Option{{Label: "Anything"}, {Value: "reset", Label: "Reset"}}
	p.Policies = []console.Option{{Label: "Any"}, {Value: "Staff", Label: "Staff"}}
	table := figuresOf("By policy", columns("Policy", "Began", "Finished", "Given up", "Refused", "One of two", "Other finished", "Open", "Success", "Median"),
		[]string{"Staff", "2,104", "1,960", "101", "40", "1", "2", "0", "93.4 %", "48 s"})
	return within(sh.Frame(), overviewpage.Report{
		Tabs: reportTabs("Attempts"), Picker: p, Tiles: []console.Tile{{Label: "Began", Figure: "2,104", Note: "+4 % on the days before (2,023)"}},
		Charts: []overviewpage.Chart{{Title: "By day and outcome", Chart: daily()}},
		Tables: []overviewpage.Listing{
			{Title: "By policy", Table: table, Exports: []console.Link{{Label: "CSV", URL: "/x.csv"}}, Note: "An attempt counts on the day it began."},
			{Title: "Why attempts were refused", Table: console.Table{Caption: "none"}},
		},
		Note: "Names nobody has are counted apart.",
	}.Body())
}

func reportCoverage(sh console.Shell, p console.Progress) templ.Component {
	sh = at(sh, "Reports")
	sh.Title = "Coverage"
	page := overviewpage.Covered{
		Tabs: reportTabs("Coverage"), Progress: p, Note: "Counted 12 min ago, by version 41 of the settings, within 2 s.",
		Tiles: []console.Tile{{Label: "People", Figure: "19,948", URL: "/p"}, {Label: "Could reset now", Figure: "14,203", Note: "71.2 % of all", URL: "/q"}, {Label: "Cannot, by policy", Figure: "1,000"}},
		By:    []console.Tab{{Label: "Policy", URL: "/a", Current: true}, {Label: "Directory", URL: "/b"}, {Label: "Group", URL: "/c"}, {Label: "Unit", URL: "/d"}, {Label: "Method", URL: "/e"}},
		Table: overviewExample(sh.Clock).Coverage.Table,
	}
	page.Table.Exports, page.Table.Result = []console.Link{{Label: "CSV", URL: "/x.csv"}}, "3 lines"
	if p.ID == "" {
		page.Count = "/sent"
	}
	return within(sh.Frame(), page.Body())
}

func reportPeople(sh console.Shell) templ.Component {
	sh = at(sh, "Reports")
	sh.Title, sh.Lede = "People", "As they were when everybody was last counted."
	t := console.Table{
		Caption: "People", Result: "Counted 12 min ago.", Exports: []console.Link{{Label: "CSV", URL: "/x.csv"}}, Clear: "/x",
		Chips:   []console.Chip{{Label: "Who", Value: "Have nothing set up", Remove: "/x"}, {Label: "Policy", Value: "Staff", Remove: "/y"}},
		Columns: []console.Column{{Title: "Person"}, {Title: "State", Kind: console.Tight}, {Title: "Why not"}, {Title: "Set up"}, {Title: "Policy"}, {Title: "Unit"}},
	}
	for _, name := range []string{"Anna Berg", `"><script>alert(1)</script>`, "علي حسن"} {
		t.Rows = append(t.Rows, console.Row{Cells: []templ.Component{
			console.Two(name, "/x/"+name, "anna.berg@corp.example.com"), console.Tag{Text: "needs to set up", Tone: console.Warn}.Show(), console.Text("Nothing is set up"),
			console.Text("Authenticator app, Code by mail"), console.Text("Staff"), console.Quiet("Berlin, Staff"),
		}})
	}
	return within(sh.Frame(), overviewpage.People{
		Tabs: reportTabs("People"), Filter: console.Filter{Action: "/people"}, Name: "a", Table: t, First: "/first", Next: "/next",
		Fields: []overviewpage.Choice{{Field: console.Field{Name: "standing", Label: "Who"}, Options: []console.Option{{Label: "Everybody"}, {Value: "x", Label: "Have nothing set up"}}}},
	}.Body())
}

func reportSavings(sh console.Shell) templ.Component {
	sh = at(sh, "Reports")
	sh.Title = "Calls saved"
	return within(sh.Frame(), overviewpage.Savings{
		Tabs: reportTabs("Calls saved"), Picker: spanPicker(), Exports: []console.Link{{Label: "CSV", URL: "/x.csv"}},
		Inputs: []overviewpage.Input{{Field: console.Field{Name: "share", Label: "Would have been a call, %", Value: "60"}}, {Field: console.Field{Name: "cost", Label: "Cost of an hour", Value: "x", Problem: "Enter what an hour costs."}}, {Field: console.Field{Name: "currency", Label: "Currency", Value: "EUR"}, Text: true}},
		Facts:  []console.Fact{{Term: "Calls not made", Value: console.Text("1,176 = 1,960 × 60 %")}, {Term: "Hours of the help desk", Value: console.Text("196.0")}},
	}.Body())
}
