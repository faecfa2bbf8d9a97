package web_test

import (
	"time"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
	"rekey/web/operatepage"
)

// operateStories are the pages of operation, full and empty.
func operateStories() []consoleStory {
	clock := console.Clock{Now: now}
	frame := func(section, title string, body func() templ.Component) func(console.Shell) templ.Component {
		return func(sh console.Shell) templ.Component {
			sh = at(sh, section)
			sh.Title = title
			return within(sh.Frame(), body())
		}
	}
	return []consoleStory{
		{"jobs", frame("Jobs", "Jobs", func() templ.Component { return operateJobs(clock).Body() })},
		{"job", frame("Jobs", "Message 41", func() templ.Component {
			return operatepage.Job{
				Clock: clock, RetryURL: "/sent", DropURL: "/x",
				Facts:    []console.Fact{{Term: "For", Value: console.Mono("0198c2f3.reset")}, {Term: "Queued", Value: clock.At(now.Add(-time.Hour))}, {Term: "Tries", Value: console.Text("2 of 25")}},
				Failures: []console.Moment{{At: now.Add(-time.Minute), Tone: console.Warn, Title: "Try 2", Text: longWords}, {At: now.Add(-time.Hour), Tone: console.Warn, Title: "Try 1", Text: "451 try again later"}},
			}.Body()
		})},
		{"keys", frame("Keys", "Keys", func() templ.Component {
			return operatepage.Keys{Clock: clock, RotateURL: "/x", Keys: []operatepage.Key{{ID: "1a2b3c4d", Made: now.Add(-72 * time.Hour), Current: true}, {ID: "99aabbcc"}}}.Body()
		})},
		{"threat", frame("Threat switch", "Threat level", func() templ.Component { return operateThreat(clock).Body() })},
		{"threat-set", frame("Threat switch", "Everything stopped", func() templ.Component {
			return operatepage.SetThreat{
				Before: "“One factor more” holds now. This takes its place.", For: "4h", Spans: []console.Option{{Value: "4h", Label: "4 hours"}},
				Ask: console.Confirm{
					Form: console.Form{Form: component.Form{Action: "/sent"}}, Effects: []string{"Nobody can reset."}, Undo: "It can be ended at any time.",
					Reason: console.Asked{Show: true, Required: true}, Button: "Set the level", Danger: true, Cancel: "/x",
				},
			}.Body()
		})},
		{"checkup", frame("Doctor", "Doctor", func() templ.Component { return operateDoctor(clock).Body() })},
		{"checkup-never", frame("Doctor", "Doctor", func() templ.Component { return operatepage.Doctor{Clock: clock, StartURL: "/sent"}.Body() })},
		{"versions", frame("Settings", "Settings history", func() templ.Component { return operateHistory(clock).Body() })},
		{"version", frame("Settings", "Version 12", func() templ.Component {
			return operatepage.Version{
				Clock: clock, Against: "version 11", Export: "/x", RevertURL: "/sent", From: "11", Compare: component.Form{Action: "/x"},
				Numbers: []console.Option{{Value: "11", Label: "Version 11"}, {Value: "10", Label: "Version 10"}},
				Facts:   []console.Fact{{Term: "By", Value: console.Text("CORP\\anna")}, {Term: "Reason", Value: console.Text(longWords)}},
				Changes: []console.Change{{Path: "policies[2].reset.count", Old: "1", New: "2"}, {Path: "brand.firm", New: longWords}},
			}.Body()
		})},
		{"import", frame("Settings", "Import settings", func() templ.Component {
			return operatepage.Import{Form: console.Form{Form: component.Form{Action: "/sent"}}, Text: "brand:\n  name: Help\n", Back: "/x"}.Body()
		})},
	}
}

const longWords = "550 5.1.1 The email account that you tried to reach does not exist: AnUnbrokenNameOfAServerThatGoesOnAndOn.department.example.test"

func operateJobs(c console.Clock) operatepage.Jobs {
	m := operatepage.Jobs{
		Clock: c, Filter: console.Filter{Action: "/jobs"}, Picked: []string{"given-up"},
		States: []console.Option{{Value: "given-up", Label: "Given up", Hint: "after the last try"}}, Kinds: []console.Option{{Value: "deliver", Label: "Message"}},
		Tiles: []console.Tile{{Label: "Given up", Figure: "3", URL: "/x"}, {Label: "Failing", Figure: "1", URL: "/x"}, {Label: "Waiting", Figure: "12", URL: "/x"}},
		Table: console.Table{
			Caption: "Jobs", Result: "1 job on this page", Exports: []console.Link{{Label: "CSV", URL: "/x"}}, Pager: console.Pager{Older: "/x"},
			Columns: []console.Column{{Title: "Job"}, {Title: "State", Kind: console.Tight}, {Title: "Queued", Kind: console.Tight, Sort: "/x", Sorted: console.Falling}, {Title: "Tries", Kind: console.Figures}, {Title: "What the last try said"}},
		},
	}
	m.Table.Rows = []console.Row{{Cells: []templ.Component{
		console.Two("Message", "/x", "0198c2f3.reset"), console.Tag{Text: "Given up", Tone: console.Bad}.Show(), c.Ago(c.Now.Add(-time.Hour)), console.Text("2 of 25"), console.Quiet(longWords),
	}}}
	return m
}

func operateThreat(c console.Clock) operatepage.Threat {
	return operatepage.Threat{
		Clock: c, Now: "Everything is stopped", Why: "CORP\\olga: passwords are guessed", Tone: console.Bad, Since: c.Now.Add(-time.Hour), Until: c.Now.Add(3 * time.Hour), EndURL: "/x",
		Levels: []operatepage.Level{
			{Name: "One factor more", Does: []string{"Everybody proves one factor more."}, SetURL: "/x", Button: "Ask for one more …"},
			{Name: "Everything stopped", Does: []string{"Nobody can reset.", "People read whom to call."}, Holds: true, SetURL: "/x", Button: "Change its end …"},
		},
		Filter: console.Filter{Action: "/threat"}, Choices: []console.Option{{Label: "All"}},
		History: console.Table{
			Caption: "Changes of the threat level", Columns: []console.Column{{Title: "Made", Kind: console.Tight}, {Title: "Level"}, {Title: "Reason"}},
			Rows: []console.Row{{Cells: []templ.Component{c.At(c.Now), console.Text("Everything stopped"), console.Text(longWords)}}},
		},
	}
}

func operateDoctor(c console.Clock) operatepage.Doctor {
	return operatepage.Doctor{
		Clock: c, Begun: true, StartURL: "/sent", Progress: console.Progress{ID: "progress", Label: "Checks", Now: 2, Of: 5, Text: "Looking at: mail"},
		Summary: []console.Fact{{Term: "Asked for by", Value: console.Text("CORP\\olga")}, {Term: "Begun", Value: c.At(c.Now)}},
		Findings: []operatepage.Finding{
			{Name: "mail", Text: longWords, Fix: console.Link{Label: "Messages", URL: "/x"}}, {Name: "database", OK: true, Text: "answers, and its schema is this version's"},
		},
	}
}

func operateHistory(c console.Clock) operatepage.History {
	return operatepage.History{
		Clock: c, Filter: console.Filter{Action: "/settings"}, Locked: true,
		Table: console.Table{
			Caption: "Versions of the settings", Exports: []console.Link{{Label: "CSV", URL: "/x"}, {Label: "Newest as YAML", URL: "/x"}}, Pager: console.Pager{Older: "/x"},
			Columns: []console.Column{{Title: "Version", Kind: console.Tight}, {Title: "Saved", Kind: console.Tight}, {Title: "By"}, {Title: "Reason"}, {Title: "What differs"}},
			Rows: []console.Row{{Cells: []templ.Component{
				console.Anchor("12", "/x"), c.At(c.Now), console.Text("CORP\\anna"), console.Text("two factors for everybody"), console.Quiet("policies[2].reset.count, brand.firm and 4 more"),
			}}},
		},
	}
}
