package web_test

import (
	"time"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
	"rekey/web/methodpage"
)

func methodStories() []consoleStory {
	page := func(o methodpage.One, ps component.Problems) func(console.Shell) templ.Component {
		return func(sh console.Shell) templ.Component {
			sh = at(sh, "Methods")
			sh.Title, sh.Trail, sh.Problems, sh.State = "Code by mail", []console.Link{{Label: "Methods", URL: "/x"}}, ps, console.Tag{Text: "on", Tone: console.Good}
			return within(sh.Frame(), o.Body())
		}
	}
	tried := mailMethod(nil)
	tried.Steps = []methodpage.Step{
		{Title: "Your address", Text: "The test goes to a…@example.org.", Word: "worked", Tone: console.Good},
		{Title: "Addresses of the firm", Text: "The domain of your address is not refused.", Word: "worked, but", Tone: console.Warn},
		{Title: "The mail server takes the mail", Text: "It could not be sent: 554 " + hostileName, Word: "failed", Tone: console.Bad},
	}
	behind := mailMethod(nil)
	behind.Behind = &methodpage.Behind{Clock: console.Clock{Now: now}, Newest: 13, Saved: []methodpage.Saved{{
		Number: 13, By: `CORP\ben ` + hostileName, At: now.Add(-3 * time.Minute), Reason: "Shorter codes",
		Changes: []console.Change{{Path: "authenticators.mail.digits", Old: "8", New: "6"}},
	}}}
	off := mailMethod(nil)
	off.On, off.Tries, off.Fields = false, false, nil
	wrong := component.Problems{{Field: "digits", Text: "Digits of a code: Write a whole number."}, {Field: "servers", Text: "servers[0]: want ldaps://"}}
	return []consoleStory{
		{"methods", methodList},
		{"method", page(mailMethod(nil), nil)},
		{"method-problem", page(mailMethod(wrong), wrong)},
		{"method-tried", page(tried, nil)},
		{"method-behind", page(behind, nil)},
		{"method-off", page(off, nil)},
		{"method-people", methodPeople},
	}
}

func methodList(sh console.Shell) templ.Component {
	sh = at(sh, "Methods")
	sh.Title, sh.Lede = "Methods", "The ways people prove who they are, strongest first."
	on, off := console.Tag{Text: "on", Tone: console.Good}.Show(), console.Tag{Text: "off"}.Show()
	row := func(name, class, strength, used, people, lately string, state templ.Component, warnings templ.Component) console.Row {
		return console.Row{Cells: []templ.Component{
			console.Two(name, "/x", class), state, console.Text(strength), console.Text(used), console.Anchor(people, "/x"), console.Text(lately), warnings,
		}}
	}
	l := methodpage.List{Action: "/x", Table: console.Table{
		Caption: "Methods", Exports: []console.Link{{Label: "CSV", URL: "/x.csv"}},
		Columns: []console.Column{
			{Title: "Method"},
			{Title: "State", Kind: console.Tight},
			{Title: "Strength"},
			{Title: "Used by"},
			{Title: "People", Kind: console.Figures},
			{Title: "Used in 90 days", Kind: console.Figures},
			{Title: "Warnings", Kind: console.Figures},
		},
		Rows: []console.Row{
			row("Passkey", "something they have and something they are", "Cannot be phished", "6 policies", "12,404", "9,120", on, console.Quiet("none")),
			row("Authenticator app", "something they have", "Can be phished", "4 policies", "17,220", "11,003", on, console.Quiet("none")),
			row("Backup codes", "something they have", "Can be phished", "—", "0", "0", off, console.Quiet("none")),
			row("Code by mail", "something they know", "As strong as the mailbox", "2 policies", "3,117", "980", on, console.Tag{Text: "2", Tone: console.Warn}.Show()),
		},
	}}
	return within(sh.Frame(), l.Body())
}

// mailMethod has a field of every kind.
func mailMethod(ps component.Problems) methodpage.One {
	field := func(name, label, hint, value string) console.Field {
		return console.Field{Name: name, Label: label, Hint: hint, Value: value, Problem: ps.On(name), Symbol: true}
	}
	return methodpage.One{
		About: "A code to a private address that the person enrolled and proved.", Class: "something they know", Strength: "As strong as the mailbox",
		On: true, Edits: true, Tries: true, Version: 12, Action: "/x", People: 3117, Used: 980, Credentials: 3402, Holders: "/x", Remove: "~remove",
		Uses:     []methodpage.Use{{Policy: "Finance " + hostileName, For: "reset"}, {Policy: "corp.example.com", Default: true, For: "reset, unlock (always)"}},
		Findings: []console.Finding{{Tone: console.Warn, Grade: "warning", Text: "A code lives for 24h, long enough to be talked out of somebody.", Clause: "NIST SP 800-63B-4 4.2.1.2"}},
		Fields: []console.FormField{
			{Field: field("digits", "Digits of a code", "From 6 to 10. Left empty: 6.", "8")},
			{Field: field("hash", "Hash", "Many apps know SHA1 only.", "SHA1"), Kind: console.AsChoice, Options: []console.Option{{Label: "As usual: SHA1"}, {Value: "SHA1", Label: "SHA1"}}},
			{Field: field("servers", "Refused mail domains", "One on each line.", "example.com\n"+hostileName), Kind: console.AsArea, Rows: 4},
			{Field: console.Field{Name: "allow", Label: "Take addresses in a domain of the directory's", Hint: "Accepts a private address beside it."}, Kind: console.AsSwitch, On: true},
			{Field: console.Field{Label: "When it worked", Hint: "All that is given must hold."}, Kind: console.AsGroup},
			{Field: field("password", "Password", "Never shown again.", ""), Kind: console.AsSecret, Saved: "in the file /etc/rekey/mail"},
			{Field: field("tokens", "Secrets", "By name.", ""), Kind: console.AsSecrets, Secrets: []console.NamedField{
				{Value: field("tokens.one", "one", "", ""), Saved: "in the settings, sealed", Remove: "tokens.one~remove"},
			}, New: console.NamedField{Name: field("tokens~name", "Name of a new secret", "", ""), Value: field("tokens~value", "Its value", "", "")}},
		},
	}
}

func methodPeople(sh console.Shell) templ.Component {
	sh = at(sh, "Methods")
	sh.Title, sh.Trail = "Who has it", []console.Link{{Label: "Methods", URL: "/x"}, {Label: "Code by mail", URL: "/x"}}
	p := methodpage.People{Filter: console.Filter{Action: "/x"}, Name: "an", Order: "used", First: "/x", Next: "/x", Table: console.Table{
		Caption: "People", Columns: []console.Column{{Title: "Person", Sort: "/x"}, {Title: "Directory"}, {Title: "Enrolled", Kind: console.Figures}, {Title: "Set up", Sort: "/x"}, {Title: "Last used", Sort: "/x", Sorted: console.Falling}},
		Exports: []console.Link{{Label: "CSV", URL: "/x.csv"}},
		Rows: []console.Row{{Cells: []templ.Component{
			console.Join(console.Two("Anna "+hostileName, "/x", "anna@corp.example.com"), console.Tag{Text: "not in the directory", Tone: console.Warn}.Show()),
			console.Text("corp.example.com"), console.Text("2"), sh.Ago(now.AddDate(0, -2, 0)), sh.Ago(time.Time{}),
		}}},
	}}
	return within(sh.Frame(), p.Body())
}
