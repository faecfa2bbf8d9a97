package web_test

import (
	"time"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
	"rekey/web/peoplepage"
)

func peopleStories() []consoleStory {
	return []consoleStory{
		{"people", peopleSearch},
		{"people-none", func(sh console.Shell) templ.Component {
			sh = at(sh, "People")
			sh.Title = "People"
			return within(sh.Frame(), peoplepage.Search{Clock: sh.Clock, Action: "/list", Text: "zzz", Asked: true}.Body())
		}},
		{"person", func(sh console.Shell) templ.Component { return peoplePerson(sh, person(sh.Clock)) }},
		{"person-able", func(sh console.Shell) templ.Component {
			m := person(sh.Clock)
			m.Privileged, m.Requests, m.Blocks, m.Past, m.Attempts, m.Methods = "", nil, nil, nil, nil, nil
			m.Why = peoplepage.Why{Can: true, Text: "This person can reset the password now.", Next: "Send them to the portal, with their name filled in.", Do: console.Link{Label: "Send to the portal", URL: "/x"}}
			return peoplePerson(sh, m)
		}},
		{"caller", func(sh console.Shell) templ.Component {
			sh = at(sh, "People")
			sh.Title = "Verify a caller"
			ways := []console.Option{{Value: "a", Label: "Code by mail", Hint: "a•••@home.example.test"}, {Value: "b", Label: "Text message", Hint: "•••489"}}
			return within(sh.Frame(), peoplepage.Ask{Form: console.Form{Form: form()}, Ways: ways, Picked: "a", Cancel: "/x"}.Body())
		}},
		{"caller-code", func(sh console.Shell) templ.Component {
			ps := component.Problems{{Field: "code", Text: "That is not the code. Let the caller read it again."}}
			sh = at(sh, "People")
			sh.Title, sh.Problems = "Verify a caller", ps
			return within(sh.Frame(), peoplepage.Call{Clock: sh.Clock, Form: console.Form{Form: form()}, Where: "a•••@home.example.test", Until: now.Add(9 * time.Minute), Left: 4, Problems: ps, Another: "/y", Cancel: "/x"}.Body())
		}},
		{"pass", func(sh console.Shell) templ.Component {
			sh = at(sh, "People")
			sh.Title = "Issue a temporary access pass"
			return within(sh.Frame(), peoplepage.Outcome{Clock: sh.Clock, Pass: "7K2QD-9FXM4-TTA0V-3HBWE", Until: now.Add(time.Hour), Told: 2, Back: "/x"}.Body())
		}},
		{"begin", func(sh console.Shell) templ.Component {
			sh = at(sh, "People")
			sh.Title = "Send to the portal"
			return within(sh.Frame(), peoplepage.Outcome{Clock: sh.Clock, Link: "https://reset.example.test/?name=corp.example.test%5Canna.berg", Told: 1, Back: "/x"}.Body())
		}},
		{"approvals", func(sh console.Shell) templ.Component {
			sh = at(sh, "People")
			sh.Title = "Approvals"
			m := peoplepage.Approvals{Clock: sh.Clock, Waiting: waiting("waiting", console.Warn), Decided: waiting("refused", console.Bad)}
			return within(sh.Frame(), m.Body())
		}},
		{"approvals-none", func(sh console.Shell) templ.Component {
			sh = at(sh, "People")
			sh.Title = "Approvals"
			return within(sh.Frame(), peoplepage.Approvals{Clock: sh.Clock}.Body())
		}},
		{"approval", func(sh console.Shell) templ.Component {
			sh = at(sh, "People")
			sh.Title, sh.State = "Issue a temporary access pass", console.Tag{Text: "waiting", Tone: console.Warn}
			return within(sh.Frame(), peoplepage.Approval{Form: console.Form{Form: form()}, May: true, Back: "/x", Facts: []console.Fact{
				{Term: "For", Value: console.Anchor("anna.berg@corp.example.com", "/x")},
				{Term: "Asked by", Value: console.Text(`CORP\hugo`)},
				{Term: "Reason", Value: console.Text("Lost the phone on a journey.")},
				{Term: "Ticket", Value: console.Mono("INC-10482")},
			}}.Body())
		}},
	}
}

func peopleSearch(sh console.Shell) templ.Component {
	sh = at(sh, "People")
	sh.Title, sh.Find.Value = "People", "anna"
	m := peoplepage.Search{Clock: sh.Clock, Action: "/list", Text: "anna", Asked: true, Next: "/y"}
	for _, name := range []string{"Anna Berg", "Annabel Cole-Featherstonehaugh of the long name", "آنا حداد", scripted} {
		m.People = append(m.People, peoplepage.Hit{Name: name, Account: `CORP\anna.berg`, Directory: "Windows", Mail: "anna.berg@corp.example.com", URL: "/x", State: []console.Tag{{Text: "locked", Tone: console.Warn}}})
	}
	return within(sh.Frame(), m.Body())
}

func peoplePerson(sh console.Shell, m peoplepage.Person) templ.Component {
	sh = at(sh, "People")
	sh.Title, sh.Lede, sh.Trail = "Anna Berg", `CORP\anna.berg`, []console.Link{{Label: "People", URL: "/x"}}
	return within(sh.Frame(), m.Body())
}

// scripted is what an attribute may hold.
const scripted = `"><script>alert(1)</script>`

func waiting(state string, tone console.Tone) []peoplepage.Request {
	return []peoplepage.Request{{
		Name: "anna.berg@corp.example.com", URL: "/x", Person: "/y", What: "Issue a temporary access pass", By: `CORP\hugo`, Ticket: "INC-10482",
		Reason: "Lost the phone on a journey. " + scripted, Made: now.Add(-4 * time.Minute), State: console.Tag{Text: state, Tone: tone},
	}}
}

func person(c console.Clock) peoplepage.Person {
	return peoplepage.Person{
		Clock: c, Privileged: "member of a group that Active Directory protects", Requests: waiting("waiting", console.Warn),
		Verified: `By CORP\hugo, with a code to a•••@home.example.test, 2 min ago. It counts until 12:13:00.`,
		Why: peoplepage.Why{
			Text: "Too many wrong answers were given for this account: resets are closed for a while.", Next: "Wait, or unblock it once you know that it was the person who mistyped.",
			Until: now.Add(20 * time.Minute), Do: console.Link{Label: "Unblock", URL: "/x"},
		},
		Directory: []console.Fact{{Term: "State", Value: console.Tags(console.Tag{Text: "locked", Tone: console.Warn})}, {Term: "Account", Value: console.Mono(`CORP\anna.berg`)}, {Term: "Id", Value: console.Mono("5d2f1c4e-7a31-4a4e-9d5b-0f1f9f6f2b11")}},
		Other:     []console.Fact{{Term: "Account", Value: console.Mono("anna.berg@example.onmicrosoft.com")}},
		Policy:    []console.Fact{{Term: "Policy", Value: console.Text("Executives and finance")}, {Term: "Reset", Value: console.Tag{Text: "allowed", Tone: console.Good}.Show()}},
		Reasons:   []peoplepage.Reason{{Name: "Executives and finance", Text: "decides", Won: true}, {Name: "Everybody", Text: "shadowed"}},
		Methods: []peoplepage.Method{
			{Name: "Passkey", Label: "Windows Hello on ANNA-L14", Made: now.AddDate(0, -3, 0), Used: now.AddDate(0, 0, -3), Tags: []console.Tag{{Text: "counts", Tone: console.Good}}, RemoveURL: "/x"},
			{Name: "Code by mail", Address: "a•••@home.example.test", Made: now.AddDate(0, -3, 0), Tags: []console.Tag{{Text: "not taken by the policy", Tone: console.Warn}}, RemoveURL: "/y"},
		},
		Blocks: []console.Fact{{Term: "Held, everywhere", Value: c.At(now.Add(20 * time.Minute))}},
		Help:   []peoplepage.Help{{Label: "Verify a caller", Text: "A code goes to something they set up before, and the caller reads it back.", URL: "/x", Main: true}, {Label: "Unblock", Text: "Forget wrong answers, and let codes go out again.", URL: "/y"}},
		Attempts: []peoplepage.Attempt{{Title: "Reset", Began: now.Add(-50 * time.Minute), State: console.Tag{Text: "blocked after wrong answers", Tone: console.Warn}, Steps: []console.Moment{
			{At: now.Add(-50 * time.Minute), Title: "Gave a name"}, {At: now.Add(-49 * time.Minute), Title: "Wrong answer", Text: "Authenticator app", Tone: console.Warn},
		}}},
		Past: []console.Moment{{At: now.AddDate(0, -1, 0), Title: "Unblocked", Text: `by CORP\hugo · ticket INC-9921`}},
	}
}
