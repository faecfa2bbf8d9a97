package web_test

import (
	"fmt"
	"time"

	"github.com/a-h/templ"

	"rekey/web/auditpage"
	"rekey/web/component"
	"rekey/web/console"
)

func auditStories() []consoleStory {
	return []consoleStory{
		{"audit-search", auditSearch},
		{"audit-search-empty", func(sh console.Shell) templ.Component {
			sh = auditShell(sh, "Audit")
			return within(sh.Frame(), auditpage.Search{
				Filter: console.Filter{Action: "/list", List: "found"}, Fields: auditFields(nil), Problem: "The address is neither an IP address nor a network like 203.0.113.0/24.",
				Table: console.Table{ID: "records", Caption: "Audit records", Empty: console.Empty{Title: "No record fits", Text: "Take a condition away, or choose a longer time.", Next: console.Link{Label: "Show all records", URL: "/x"}}},
			}.Body())
		}},
		{"audit-record", auditRecord},
		{"audit-flow", auditFlow},
		{"audit-keep", func(sh console.Shell) templ.Component {
			ps := component.Problems{{Field: "name", Text: "You have a search of this name already."}}
			sh = auditShell(sh, "Save this search")
			sh.Problems = ps
			return within(sh.Frame(), auditpage.Keep{
				Form: form(), Name: "Refused yesterday", Shared: true, Problems: ps, Cancel: "/x",
				Shows: []console.Fact{{Term: "Outcome", Value: console.Text("refused, failed")}, {Term: "From", Value: console.Text("2026-11-24")}},
			}.Body())
		}},
		{"audit-saved", func(sh console.Shell) templ.Component {
			sh = auditShell(sh, "Saved searches")
			t := console.Table{Caption: "Saved searches", Columns: []console.Column{{Title: "Name"}, {Title: "For"}, {Title: "Remove", Kind: console.Acts}}}
			t.Rows = []console.Row{{Cells: []templ.Component{console.Anchor("Refused yesterday", "/x"), console.Text("you"), auditpage.Remove("/x", "Refused yesterday")}}}
			return within(sh.Frame(), auditpage.Saved{Table: t}.Body())
		}},
		{"audit-export", func(sh console.Shell) templ.Component {
			sh = auditShell(sh, "Export audit records")
			return within(sh.Frame(), auditpage.Export{Format: "csv", Confirm: console.Confirm{
				Form: console.Form{Form: form()}, Facts: []console.Fact{{Term: "How many", Value: console.Text("1,204 records")}},
				Effects: []string{"A file with these records is sent to your browser.", "That you took them, why and on which ticket is recorded."},
				Final:   "What was taken away cannot be called back.", Reason: console.Asked{Show: true, Required: true}, Ticket: console.Asked{Show: true}, Button: "Export", Cancel: "/x",
			}}.Body())
		}},
		{"audit-check", func(sh console.Shell) templ.Component {
			return auditCheck(sh, auditpage.Check{Start: console.Form{Form: form()}, Result: auditpage.Result{
				Tone: console.Good, Title: "The log is complete and unchanged", Text: "Records 0 to 120,447 are complete and unchanged.", Signed: "rekey-audit\n120448\n2Vv3…\n2026-11-25T12:00:00Z\n\n— rekey-audit AAAA…",
			}})
		}},
		{"audit-check-running", func(sh console.Shell) templ.Component {
			return auditCheck(sh, auditpage.Check{Running: true, Progress: console.Progress{ID: "check-progress", Label: "Comparing records with the tree", Now: 45_000, Of: 120_448, Text: "Begun by CORP\\olga.", URL: "/progress"}})
		}},
		{"audit-check-bad", func(sh console.Shell) templ.Component {
			return auditCheck(sh, auditpage.Check{Start: console.Form{Form: form()}, Result: auditpage.Result{Tone: console.Bad, Title: "The log is not what was written", Text: "Record 4711: it or one before it was changed."}})
		}},
	}
}

func auditShell(sh console.Shell, title string) console.Shell {
	sh = at(sh, "Audit")
	if sh.Title = title; title != "Audit" {
		sh.Trail = []console.Link{{Label: "Audit", URL: "/admin/audit"}}
	}
	return sh
}

func auditFields(picked map[string][]string) auditpage.Fields {
	options := func(words ...string) (out []console.Option) {
		for _, w := range words {
			out = append(out, console.Option{Value: w, Label: w})
		}
		return out
	}
	return auditpage.Fields{
		Events: options("Gave a name and began", "The directory was changed", "Gave a proof that was wrong"), Outcomes: options("done", "refused", "failed", "unknown"),
		Methods: options("Authenticator app", "Passkey"), Policies: options("Staff", "Executives"), Actions: options("Reset", "Unlock"), Actors: options("The person"),
		Roles: options("Help desk"), Columns: options("Time", "Event", "Outcome"), Picked: picked, From: "2026-11-01",
	}
}

func auditSearch(sh console.Shell) templ.Component {
	sh = auditShell(sh, "Audit")
	sh.Lede = "Everything that was done and tried. Nothing of it can be changed unseen."
	sh.Actions = console.Join(console.Button(console.Link{Label: "Check the log", URL: "/x"}), console.Button(console.Link{Label: "Export", URL: "/x"}))
	chart := console.Chart{Title: "Records", Head: "Day (UTC)", Series: []console.Series{{Name: "done"}, {Name: "refused"}, {Name: "failed or unknown"}}}
	for i := range 28 {
		chart.Labels = append(chart.Labels, now.AddDate(0, 0, i-27).Format("2 Jan 2006"))
		for s, n := range []int{600 + (i*37)%300, 40 + (i*11)%60, (i * 7) % 20} {
			chart.Series[s].Values = append(chart.Series[s].Values, n)
		}
	}
	table := console.Table{
		ID: "records", Caption: "Audit records", Result: "50 shown of more than 10,000", Clear: "/list", Pager: console.Pager{Older: "/y"},
		Chips: []console.Chip{{Label: "Outcome", Value: "refused, failed", Remove: "/x"}, {Label: "From", Value: "2026-11-01", Remove: "/x"}},
		Columns: []console.Column{
			{Title: "Time", Kind: console.Tight, Sort: "/list?sort=rising", Sorted: console.Falling},
			{Title: "Event"},
			{Title: "Outcome", Kind: console.Tight},
			{Title: "Person"},
			{Title: "Policy"},
			{Title: "Address", Kind: console.Tight},
			{Title: "Attempt"},
		},
	}
	for i, event := range []string{"Gave a proof that was wrong", "Was turned away", "The directory refused the change", "Was held back after too many wrong answers"} {
		table.Rows = append(table.Rows, console.Row{Cells: []templ.Component{
			sh.At(now.Add(-time.Duration(i*i) * time.Hour)), console.Two(event, fmt.Sprint("/r", i), "The code was wrong · Authenticator app"),
			console.Tag{Text: "refused", Tone: console.Warn}.Show(), console.Two("anna.berg", "/p", "corp.example.com"), console.Text("Staff"), console.Mono("203.0.113.9"), console.Anchor("Steps", "/f"),
		}})
	}
	return within(sh.Frame(), auditpage.Search{
		Filter: console.Filter{Action: "/list", List: "found", Save: "/save", Saved: []console.Saved{{Name: "Refused this month", URL: "/list?o=refused"}}},
		Fields: auditFields(map[string][]string{"outcome": {"refused", "failed"}, "role": {"Help desk"}}), Chart: chart, Title: "Records by day", Table: table, Masked: true, Manage: "/x",
	}.Body())
}

func auditRecord(sh console.Shell) templ.Component {
	sh = auditShell(sh, "Gave a proof that was wrong")
	sh.State, sh.Lede = console.Tag{Text: "refused", Tone: console.Warn}, "Record 120,447 of the log."
	return within(sh.Frame(), auditpage.Record{
		Facts: []console.Fact{
			{Term: "When", Value: console.Text(sh.Absolute(now))},
			{Term: "Event", Value: console.Mono("proof.rejected")},
			{Term: "Why", Value: console.Text("The code was wrong")},
			{Term: "Account", Value: console.Mono("corp.example.com/5d2f1c4e-7a31-4a4e-9d5b-0f1f9f6f2b11")},
			{Term: "Attempt or session", Value: console.Anchor("vvxkq3rcatm7c", "/f")},
		},
		Personal: []console.Fact{{Term: "Address", Value: console.Mono("203.0.113.0/24")}}, Note: "Your role does not show this in full.",
		Details: []console.Fact{{Term: "Rules", Value: console.Text("outside the office")}},
		Proof:   []console.Fact{{Term: "Number", Value: console.Mono("120447")}, {Term: "Hash", Value: console.Copyable("hash", "5b4be1db2c6f0c9a1c0c5fe0f4b6c1a54b0e2c9b7a7d9a1bb5e3c2f2c0e4a9d1")}},
		Links:   []console.Link{{Label: "This attempt, step by step", URL: "/f"}, {Label: "Everything about this account", URL: "/p"}},
		Pager:   console.Pager{Newer: "/n", Older: "/o"},
	}.Body())
}

func auditFlow(sh console.Shell) templ.Component {
	sh = auditShell(sh, "Attempt, step by step")
	sh.State, sh.Lede = console.Tag{Text: "done", Tone: console.Good}, "From the first name typed to the end."
	more := console.Facts([]console.Fact{{Term: "Address", Value: console.Mono("203.0.113.9")}, {Term: "Browser", Value: console.Text("Firefox on Windows")}})
	return within(sh.Frame(), auditpage.Flow{
		Clock: sh.Clock, List: console.Link{Label: "As a list", URL: "/l"},
		Facts: []console.Fact{{Term: "Person", Value: console.Text("anna.berg")}, {Term: "Took", Value: console.Text("60 s")}, {Term: "Id", Value: console.Copyable("flow-id", "vvxkq3rcatm7c")}},
		Moments: []console.Moment{
			{At: now.Add(-60 * time.Second), Title: "Gave a name and began", URL: "/1", More: more},
			{At: now.Add(-46 * time.Second), Title: "Gave a proof that was wrong", Text: "The code was wrong · Authenticator app · 14 s later", Tone: console.Warn, URL: "/2", More: more},
			{At: now, Title: "The directory was changed", Text: "46 s later", URL: "/3"},
		},
	}.Body())
}

func auditCheck(sh console.Shell, c auditpage.Check) templ.Component {
	sh = auditShell(sh, "Check the log")
	sh.Lede = "Whether every record is there, in its place, and as it was written."
	c.Earlier = console.Table{
		ID: "checks", Caption: "Checks of the log", Columns: []console.Column{{Title: "Began", Kind: console.Tight}, {Title: "By"}, {Title: "Records", Kind: console.Figures}, {Title: "Result"}},
		Rows: []console.Row{{Cells: []templ.Component{sh.At(now.Add(-time.Hour)), console.Text(`CORP\olga`), console.Text("120,448"), console.Text("Records 0 to 120447 are complete and unchanged.")}}},
	}
	return within(sh.Frame(), c.Body())
}
