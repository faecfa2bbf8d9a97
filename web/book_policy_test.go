package web_test

import (
	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
	"rekey/web/policypage"
)

const hostileName = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

func policyStories() []consoleStory {
	return []consoleStory{
		{"policies", policyList},
		{"policies-looked-at", func(sh console.Shell) templ.Component {
			sh.Title = "Policies"
			l := list()
			l.May, l.Reading, l.Reads, l.Done = false, true, 100000, 34000
			return within(sh.Frame(), l.Body())
		}},
		{"policy-editor", func(sh console.Shell) templ.Component { return policyEditor(sh, nil, means()) }},
		{"policy-editor-reading", func(sh console.Shell) templ.Component {
			return policyEditor(sh, nil, policypage.Means{Reading: true, Done: 34000, All: 100000})
		}},
		{"policy-editor-problem", func(sh console.Shell) templ.Component {
			return policyEditor(sh, component.Problems{
				{Field: "name", Text: "“Staff” is used twice."}, {Field: "reset.count", Text: "Want 2 to 5, got 1."}, {Field: "scope.groups", Text: "No such group."},
			}, policypage.Means{Problem: "reset.count: want 2 to 5, got 1"})
		}},
		{"rules", ruleList},
		{"rule-editor", ruleEditor},
		{"hours-editor", hoursEditor},
		{"policy-names", policyNames},
		{"policy-import", policyImport},
		{"policy-history", policyHistory},
		{"trials", policyTrials},
		{"what-if", func(sh console.Shell) templ.Component {
			sh.Title = "What if"
			return within(sh.Frame(), policypage.Tabbed(policyTabs("What if"), policypage.Ask("/ask", asked())))
		}},
	}
}

func policyTabs(current string) []console.Tab {
	var out []console.Tab
	for _, label := range []string{"Policies", "Rules", "Networks, hours, conditions", "Trials", "What if"} {
		out = append(out, console.Tab{Label: label, URL: "/x", Current: label == current})
	}
	return out
}

func list() policypage.List {
	finding := console.Finding{Tone: console.Warn, Grade: "warning", Text: "One way is enough.", Clause: "NIST SP 800-63B-4 §4.2.1"}
	return policypage.List{
		May: true, All: 19948, Order: "/order", After: "41", Live: console.Live{URL: "/order", Part: "order-form"}, New: "/x", Import: "/x", Floor: "/x", CSV: "/x.csv", YAML: "/x.yaml", Self: "/policies",
		Policies: []policypage.Entry{
			{Name: "Executives and finance", URL: "/x", Copy: "/x", History: "/x", People: 84, Sentence: "Members of Executives or Finance, except members of Interns may reset and unlock after proving two of these: passkey, authenticator app and backup code; always passkey, and change a password they know, proving nothing more."},
			{Name: hostileName, URL: "/x", Copy: "/x", History: "/x", People: 12, Tags: []console.Tag{{Text: "trial", Tone: console.Accent}, {Text: "until 1 Mar 00:00"}}, Sentence: "People in " + hostileName + " may reset after proving one way: passkey."},
			{Name: "Contractors", URL: "/x", Copy: "/x", History: "/x", People: -1, Warnings: 1, Tags: []console.Tag{{Text: "1 warning", Tone: console.Warn}}, Sentence: "People in Contractors may unlock after proving one way."},
		},
		Defaults: []policypage.Entry{{Name: "Staff", URL: "/x", Copy: "/x", History: "/x", People: 19852, Sentence: "Accounts of corp.example.com may reset and unlock after proving two independent ways, and change a password they know, proving nothing more."}},
		Findings: []console.Finding{finding},
	}
}

func policyList(sh console.Shell) templ.Component {
	sh = at(sh, "Policies")
	l := list()
	sh.Title, sh.Actions = "Policies", l.Actions()
	return within(sh.Frame(), policypage.Tabbed(policyTabs("Policies"), l.Body()))
}

func means() policypage.Means {
	return policypage.Means{
		Live: console.Live{URL: "/live", Part: "means"}, Ask: "/x", Policy: "Executives and finance", Was: 78, Will: 84, People: 19948, Sample: []string{"anna.berg", hostileName},
		Moves: []policypage.Move{{From: "Staff", To: "Executives and finance", Count: 6}},
		Actions: []policypage.Action{
			{Name: "reset", Able: 14203, Then: 14200, Unable: policypage.Group{Count: 3, Names: []string{"anna.berg", "tom.ilic", "sara.wu"}}},
			{Name: "unlock", Able: 14203, Then: 14200, Allowed: policypage.Group{Count: 2}},
			{Name: "change", Able: 19948, Then: 19948},
		},
		Lost:  []policypage.Group{{Name: "mail", Count: 41, Names: []string{"ben.brand"}}},
		Holds: []policypage.Bar{{Name: "Staff", Count: 19852}, {Name: "Executives and finance", Count: 84}, {Name: hostileName, Count: 12}},
		Notes: []string{"sales.example.com has never been copied: nobody in it was looked at."}, Copied: "As copied 2 min ago; devices, addresses and failures are not looked at.",
	}
}

func asked() policypage.WhatIf {
	return policypage.WhatIf{
		User: "anna.berg", Action: "reset", Address: "203.0.113.9", At: "2026-11-29T23:10", Zone: "Europe/Berlin", Device: []string{"known"}, Asked: true,
		Answers: []policypage.Answer{{
			Name: "anna.berg", Tone: console.Warn, Outcome: "Not enough is set up", Sentence: "Executives and finance asks for two of these; what is set up cannot meet that.",
			Facts:    []console.Fact{{Term: "Account", Value: console.Mono("anna.berg (corp.example.com/5d2f1c4e)")}, {Term: "Has set up", Value: console.Text(hostileName)}},
			Policies: []policypage.Verdict{{Name: "Executives and finance", State: console.Tag{Text: "decides", Tone: console.Accent}}, {Name: "Staff", State: console.Tag{Text: "no"}, Detail: "it matches too, but a policy before it won"}},
			Rules:    []policypage.Verdict{{Name: "Strangers at night", State: console.Tag{Text: "acts", Tone: console.Accent}}},
		}},
	}
}

func policyScope(ps component.Problems) policypage.Scope {
	picker := func(name, label string, chosen ...console.Choice) console.Picker {
		return console.Picker{Field: console.Field{Name: name, Label: label, Optional: true, Placeholder: "Search the directories", Problem: ps.On(name)}, URL: "/search", Chosen: chosen}
	}
	return policypage.Scope{
		Domains: []console.Option{{Value: "a", Label: "corp.example.com"}, {Value: "b", Label: "sales.example.com"}}, Picked: []string{"a"},
		Pickers: []console.Picker{
			picker("scope.groups", "Members of", console.Choice{Value: "S-1", Label: "Executives", Below: "corp.example.com"}, console.Choice{Value: "S-2", Label: hostileName, Below: hostileName}),
			picker("scope.ous", "People in units"), picker("scope.alone", "People in units, without those below"), picker("scope.exclude.groups", "But not members of", console.Choice{Value: "S-3", Label: "Interns"}),
		},
		Attributes: []policypage.Attribute{{Name: "department", Values: "Finance, Payroll"}}, Live: console.Live{URL: "/rows", Part: "editor"}, Problems: ps,
	}
}

func policyRequirement(name string, ps component.Problems) policypage.Requirement {
	q := policypage.Requirement{
		Name: name, Sentence: "two of these: passkey, authenticator app and backup code; always passkey", Count: "2", Live: console.Live{URL: "/rows", Part: "editor"}, Problems: ps,
		Any: []policypage.Some{{N: "1", Of: []string{"passkey"}}},
	}
	for _, w := range [][3]string{{"passkey", "Passkey", "must"}, {"totp", "Authenticator app", "may"}, {"backup-code", "Backup code", "may"}, {"mail", "Code by mail", "no"}} {
		q.Ways = append(q.Ways, policypage.Way{Kind: w[0], Name: w[1], Use: w[2], Tags: []console.Tag{{Text: "has"}}})
		q.Kinds = append(q.Kinds, console.Option{Value: w[0], Label: w[1]})
	}
	return q
}

func policyEditor(sh console.Shell, ps component.Problems, m policypage.Means) templ.Component {
	sh = at(sh, "Policies")
	sh.Title, sh.Trail, sh.Problems, sh.State = "Executives and finance", []console.Link{{Label: "Policies", URL: "/x"}}, ps, console.Tag{Text: "not saved", Tone: console.Accent}
	p := policypage.Policy{
		Name: "Executives and finance", Sentence: "Members of Executives or Finance, except members of Interns, may reset and unlock after proving two of these: passkey, authenticator app and backup code; always passkey.",
		Scope: policyScope(ps), Actions: []string{"reset", "unlock"}, Reset: policyRequirement("reset", ps), Unlock: policyRequirement("unlock", ps), Change: policyRequirement("change", ps),
		MinLength: "14", Times: "3", Within: "7d", Zone: "In Europe/Berlin", MustChange: true, Problems: ps,
	}
	e := policypage.Editor{
		Form: console.Form{Form: form(), ID: "editor", Guard: true, Live: console.Live{URL: "/live", Part: "means"}}, Main: p.Show(), Button: "Review the change", Cancel: "/x", Deleted: "/x",
		Notice: policypage.Notice{Title: "Somebody else saved in the meantime", Text: "What you typed is still here.", Changes: []console.Change{{Path: "policies[1].reset.count", Old: "1", New: "2"}}},
		Aside:  policypage.Aside{Means: m, WhatIf: asked()},
	}
	e.Aside.WhatIf.Draft = true
	return within(sh.Frame(), policypage.Tabbed(policyTabs("Policies"), e.Body()))
}

func ruleList(sh console.Shell) templ.Component {
	sh = at(sh, "Policies")
	l := policypage.Rules{May: true, Order: "/order", After: "41", Live: console.Live{URL: "/order", Part: "order-form"}, New: "/x", Self: "/rules", CSV: "/x.csv", Rules: []policypage.RuleEntry{
		{Name: "Strangers at night", URL: "/x", Copy: "/x", Whom: "everybody", When: "“stranger” and not within business-hours", Then: "ask for one way more"},
		{Name: hostileName, URL: "/x", Copy: "/x", Whom: "members of Sales", When: "always", Then: "refuse, and say why", Tags: []console.Tag{{Text: "only reports", Tone: console.Warn}}, Findings: []console.Finding{{Tone: console.Warn, Grade: "warning", Text: "It never matters."}}},
	}}
	sh.Title, sh.Actions = "Rules", l.Actions()
	return within(sh.Frame(), policypage.Tabbed(policyTabs("Rules"), l.Body()))
}

func ruleEditor(sh console.Shell) templ.Component {
	sh = at(sh, "Policies")
	sh.Title, sh.Trail = "Strangers at night", []console.Link{{Label: "Policies", URL: "/x"}}
	r := policypage.Rule{
		Name: "Strangers at night", Scope: policyScope(nil), Actions: []string{"reset"}, Effect: "more", Factors: "1", Zone: "In Europe/Berlin", ReportOnly: true,
		Policies: []console.Option{{Label: "Choose one"}, {Value: "a", Label: hostileName}}, Kinds: []console.Option{{Value: "passkey", Label: "Passkey"}, {Value: "mail", Label: "Code by mail"}}, Require: []string{"passkey"},
		Denials: []policypage.Denial{{Language: "en", Text: hostileName}},
		When: policypage.Condition{
			Name: "when", Live: console.Live{URL: "/rows", Part: "editor"}, Networks: []string{"office", hostileName}, Hours: []string{"business-hours"}, Named: []string{"stranger"}, New: "networks",
			Lines: []policypage.ConditionLine{
				{Kind: "is", Values: []string{"stranger"}},
				{Kind: "any"},
				{Depth: 1, Kind: "countries", Values: []string{"DE", "AT"}},
				{Depth: 1, Kind: "not"},
				{Depth: 2, Kind: "networks", Values: []string{"office"}},
				{Depth: 2, Kind: "device", Values: []string{"known"}},
				{Kind: "privileged"},
				{Kind: "source_failures", Values: []string{"10"}},
			},
		},
	}
	e := policypage.Editor{Form: console.Form{Form: form(), ID: "editor", Guard: true}, Main: r.Show(), Button: "Review the change", Cancel: "/x", Aside: policypage.Aside{Means: policypage.Means{Alike: true, People: 10, Ask: "/x"}}}
	return within(sh.Frame(), policypage.Tabbed(policyTabs("Rules"), e.Body()))
}

func hoursEditor(sh console.Shell) templ.Component {
	sh = at(sh, "Policies")
	sh.Title = "business-hours"
	s := policypage.Schedule{Name: "business-hours", TimeZone: "Europe/Berlin", Hours: []policypage.Hours{{Days: []string{"mon", "fri"}, From: "08:00", To: "18:00"}}, Holidays: "12-25", Zones: "London: Europe/London", Attribute: "l"}
	return within(sh.Frame(), within(console.Post(console.Form{Form: form()}), s.Show()))
}

func policyNames(sh console.Shell) templ.Component {
	sh = at(sh, "Policies")
	sh.Title = "Networks, hours, conditions"
	names := policypage.Names{May: true, Networks: []policypage.NameEntry{{Name: hostileName, URL: "/x", Says: "10.0.0.0/8"}}, NewNetwork: "/x", NewHours: "/x", NewCondition: "/x"}
	c := policypage.Condition{Name: "condition", Empty: "Nothing is asked for yet."}
	meaning := policypage.Meaning{Form: console.Form{Form: form(), ID: "meaning"}, Means: policypage.Means{Problem: "It is named by a rule."}, Edits: true}
	return within(sh.Frame(), policypage.Tabbed(policyTabs("Networks, hours, conditions"), names.Body()),
		within(console.Post(console.Form{Form: form()}), policypage.NamedCondition("stranger", c, nil)), meaning.Show())
}

func policyImport(sh console.Shell) templ.Component {
	sh = at(sh, "Policies")
	sh.Title = "Import policies"
	groups := console.Picker{Field: console.Field{Name: "privileged.groups", Label: "Privileged too are members of"}}
	order := console.Rows{Name: "order", Legend: "Rules in their order", Items: []console.Line{{Key: "0", Name: "a", Body: console.Text("a")}}, Ordered: true}
	parts := console.Join(policypage.Import("policies: []", nil), policypage.Floor(groups, "2", true, nil), policypage.Network("office", "10.0.0.0/8", nil), policypage.Order(order))
	return within(sh.Frame(), within(console.Post(console.Form{Form: form()}), parts))
}

func policyHistory(sh console.Shell) templ.Component {
	sh = at(sh, "Policies")
	sh.Title = "Finance: history"
	p := policypage.Past{Clock: sh.Clock, May: true, Older: "/x", Editions: []policypage.Edition{
		{Number: 41, At: now, Author: "CORP\\anna", Reason: hostileName, Now: true, Changes: []console.Change{{Path: "policies[0].reset.count", Old: "1", New: "2"}}},
		{Number: 1, At: now, Author: "first start", Reason: "imported", Restore: "/x"},
	}}
	return within(sh.Frame(), p.Body())
}

func policyTrials(sh console.Shell) templ.Component {
	sh = at(sh, "Policies")
	sh.Title = "Trials"
	chart := console.Chart{Title: "Attempts a day", Head: "Day", Labels: []string{"1 Nov", "2 Nov", "3 Nov"}, Series: []console.Series{{Name: "finished", Values: []int{3, 5, 8}}, {Name: "not finished", Values: []int{1, 0, 2}}}}
	t := policypage.Trials{Clock: sh.Clock, Trials: []policypage.Trial{{Name: hostileName, URL: "/x", State: "running", From: now, Started: 19, Done: 16}}, Rules: []policypage.NameEntry{{Name: "Abroad", URL: "/x", Says: "When country FR: refuse, and say why"}}, Report: policypage.TrialReport{
		Name: "Service desk", Zone: "UTC+01:00", Chart: chart, Tickets: chart, TicketText: "-3.2 a day since it began, against before (-21 %).",
		Figures: []policypage.TrialFigures{{Action: "all", Started: 19, Done: 16, Left: 2, Refused: 1, Rate: "84.2 %", Median: "48 s", P90: "99 s"}},
		Left:    []policypage.TrialShare{{Name: "choose", Count: 2}}, Refusals: []policypage.TrialShare{{Name: "limit", Count: 1}},
	}}
	return within(sh.Frame(), policypage.Tabbed(policyTabs("Trials"), t.Body()))
}
