package web_test

import (
	"time"

	"github.com/a-h/templ"

	"rekey/web/component"
	"rekey/web/console"
	"rekey/web/directorypage"
)

func directoryStories() []consoleStory {
	return []consoleStory{
		{"directories", directoryList},
		{"directory", func(sh console.Shell) templ.Component { return directoryOne(sh, false) }},
		{"directory-held", func(sh console.Shell) templ.Component { return directoryOne(sh, true) }},
		{"directory-edit", func(sh console.Shell) templ.Component { return directoryEdit(sh, nil) }},
		{"directory-edit-problem", func(sh console.Shell) templ.Component {
			return directoryEdit(sh, component.Problems{{Field: "password", Text: "Type this secret again: what is beside it says where it goes, and that changed."}})
		}},
		{"directory-test", func(sh console.Shell) templ.Component { return directoryTest(sh, false, false) }},
		{"directory-test-over", func(sh console.Shell) templ.Component { return directoryTest(sh, true, false) }},
		{"directory-test-failed", func(sh console.Shell) templ.Component { return directoryTest(sh, true, true) }},
		{"directory-rights", directoryRights},
		{"directory-discovery", directoryDiscovery},
		{"directory-links", directoryLinks},
		{"directory-kinds", func(sh console.Shell) templ.Component {
			return directoryIn(sh, "Add a directory", directorypage.Kinds{Items: []directorypage.Kind{
				{Label: "Active Directory", URL: "/x", Text: "A domain on Windows or Samba, over LDAPS with a service account."},
				{Label: "Entra ID", URL: "/y", Text: "A tenant, over Microsoft Graph with an application of your own."},
			}}.Body())
		}},
	}
}

// hostileText is what somebody else writes into a certificate or a directory.
const hostileText = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

func directoryIn(sh console.Shell, title string, body templ.Component) templ.Component {
	sh.Title, sh.Trail = title, []console.Link{{Label: "Directories", URL: "/admin/directories"}}
	for i := range sh.Nav {
		for j := range sh.Nav[i].Items {
			sh.Nav[i].Items[j].Current = sh.Nav[i].Items[j].Label == "Directories"
		}
	}
	return within(sh.Frame(), body)
}

func directoryLink() []directorypage.Link {
	return []directorypage.Link{{Home: "corp.example.com", Other: "contoso.onmicrosoft.com", Mode: "ad+entra", Explained: "A new password is written to corp.example.com and then at once to contoso.onmicrosoft.com; hash synchronization runs, too."}}
}

func directoryList(sh console.Shell) templ.Component {
	sh.Lede = "Where people's accounts are."
	sh.Actions = console.Join(console.Button(console.Link{Label: "Discover", URL: "/d"}), console.Primary(console.Link{Label: "Add a directory", URL: "/n"}))
	good, bad := console.Tag{Text: "writes", Tone: console.Good}, console.Tag{Text: "out of reach", Tone: console.Bad}
	row := func(key, kind string, state console.Tag, server, detail, people string) console.Row {
		return console.Row{Cells: []templ.Component{
			console.Two(key, "/"+key, kind), state.Show(), console.Two(server, "", detail), console.Text(people), console.Tag{Text: "up to date", Tone: console.Good}.Show(), sh.Ago(now.Add(-time.Minute)),
		}}
	}
	return directoryIn(sh, "Directories", directorypage.List{
		Filter: console.Filter{Action: "/admin/directories"}, Links: directoryLink(), LinksURL: "/links",
		Add: []console.Link{{Label: "Active Directory", URL: "/ad"}, {Label: "Entra ID", URL: "/entra"}},
		Table: console.Table{
			Caption: "Directories", Result: "3 directories", Exports: []console.Link{{Label: "CSV", URL: "/csv"}},
			Columns: []console.Column{
				{Title: "Directory", Sort: "?sort=name", Sorted: console.Rising},
				{Title: "Passwords", Kind: console.Tight},
				{Title: "Server in use"},
				{Title: "People", Kind: console.Figures, Sort: "?sort=people"},
				{Title: "Copy", Kind: console.Tight},
				{Title: "Copy as of", Kind: console.Tight, Sort: "?sort=copy"},
			},
			Rows: []console.Row{
				row("corp.example.com", "Active Directory", good, "ldaps://dc1.corp.example.com", "it takes writes", "14,203"),
				row("contoso.onmicrosoft.com", "Entra ID", good, "https://graph.microsoft.com", "the application has a token, and Graph answers", "14,011"),
				row("old.example.com", "OpenLDAP and other LDAP", bad, "", hostileText, "312"),
			},
		},
	}.Body())
}

func directoryOne(sh console.Shell, held bool) templ.Component {
	sh.State = console.Tag{Text: "writes", Tone: console.Good}
	c := directorypage.Copy{
		Clock: sh.Clock, State: console.Tag{Text: "up to date", Tone: console.Good}, Form: console.Form{Form: component.Form{Action: "/copy"}},
		Tiles:    []console.Tile{{Label: "People", Figure: "14,203", Note: "12 gone lately"}, {Label: "Groups", Figure: "1,840", Note: "61,022 members"}, {Label: "Units", Figure: "97"}, {Label: "Age of the copy", Figure: "40 s ago", Note: "everything read 3 days ago"}},
		Progress: console.Progress{ID: "pass", Label: "Everything is being read", Now: 6000, Of: 16140, Text: "6,000 objects so far", URL: "/copy"},
		Acts:     []directorypage.Act{{Label: "Look for changes now", Deed: "changes"}, {Label: "Read everything anew", Deed: "full"}, {Label: "Pause", Deed: "pause"}},
	}
	if held {
		c.State, c.Progress, c.Paused = console.Tag{Text: "held", Tone: console.Bad}, console.Progress{}, now.Add(-time.Hour)
		c.Held, c.Decide, c.Error = "412 of 3,000 people would be marked as gone.", "/held", "ldaps://dc1: connection refused"
	}
	one := directorypage.One{
		Clock: sh.Clock, Copy: c, Links: directoryLink(),
		Facts:   []console.Fact{{Term: "Server in use", Value: console.Mono("ldaps://dc1.corp.example.com")}, {Term: "Condition", Value: console.Text("it takes writes")}, {Term: "Service account", Value: console.Mono(hostileText)}},
		Rules:   []console.Fact{{Term: "From", Value: console.Text("domain")}, {Term: "Length", Value: console.Text("at least 12, at most 127")}, {Term: "Locks", Value: console.Text("after 10 wrong passwords")}},
		Actions: []console.Link{{Label: "Rights", URL: "/r"}, {Label: "Change or test", URL: "/e"}, {Label: "Remove", URL: "/x"}},
		Checks: directorypage.Checks{At: now.Add(-time.Minute), Rows: []directorypage.Check{
			{Name: "bind dc1.corp.example.com", OK: true, Text: "svc-rekey@corp.example.com signs in"}, {Name: "clock dc2.corp.example.com", Text: "differs by 41s: synchronise both with NTP"},
		}},
	}
	if held {
		one.Checks, one.Rules, one.Unread = directorypage.Checks{}, nil, "They cannot be read now."
	}
	return directoryIn(sh, "corp.example.com", one.Body())
}

func directoryEdit(sh console.Shell, ps component.Problems) templ.Component {
	sh.Problems = ps
	field := func(name, label, hint, value string) console.Field {
		return console.Field{Name: name, Label: label, Hint: hint, Value: value, Symbol: true, Problem: ps.On(name)}
	}
	return directoryIn(sh, "Change corp.example.com", directorypage.Edit{
		Form: console.Form{Form: component.Form{Action: "/edit"}, Guard: true}, Save: "Test these settings", Cancel: "/back", Problems: ps,
		Notice: "When a server, a tenant, an account or a certificate changes, the secret beside it is asked for again: it goes to nobody it was not meant for.",
		Wrong:  []console.Finding{{Tone: console.Bad, Grade: "problem", Text: "defaults.corp.example.com: the name is used twice"}},
		Basic: []directorypage.Setting{
			{Field: field("domain", "Domain", "Its DNS name, such as corp.example.com.", "corp.example.com"), Kind: "text"},
			{Field: field("servers", "Domain controllers", "One on each line.", "ldaps://dc1.corp.example.com\nldaps://dc2.corp.example.com"), Kind: "list"},
			{Field: field("user", "Service account", "As name@corp.example.com, CORP\\name or DN.", "svc-rekey@corp.example.com"), Kind: "text"},
			{Field: field("password", "Password of the service account", "Sealed as soon as you save, and never shown again.", ""), Kind: "secret", Saved: "in the settings, sealed", Remove: "password~remove"},
			{Field: field("certificate", "Certificate with key", "Both in PEM.", ""), Kind: "secret-lines", Saved: "in the settings, sealed"},
		},
		More: []directorypage.Setting{
			{Field: field("password_write", "How passwords are written", "Extended is the operation for it.", ""), Kind: "choice", Options: []console.Option{{Value: "", Label: "as usual: extended"}, {Value: "modify", Label: "modify"}}},
			{Field: field("write_synced", "Write accounts mastered in Active Directory, too", "For linked directories that are both written.", ""), Kind: "switch", On: true},
		},
		Test: console.Field{Name: "~account", Label: "A disabled test account", Optional: true, Hint: "Its password is set to one that nobody knows."},
	}.Body())
}

func directoryTest(sh console.Shell, over, failed bool) templ.Component {
	cert := directorypage.Certificate{
		Subject: "CN=dc1.corp.example.com", Issuer: "CN=" + hostileText, Names: "dc1.corp.example.com, corp.example.com", From: now.AddDate(0, -1, 0), Until: now.AddDate(1, 0, 0),
		Fingerprint: "3A:9F:11:C2:3A:9F:11:C2:3A:9F:11:C2:3A:9F:11:C2:3A:9F:11:C2:3A:9F:11:C2:3A:9F:11:C2:3A:9F:11:C2",
	}
	m := directorypage.Test{
		Clock: sh.Clock, Progress: console.Progress{ID: "progress", Label: "The test is under way", Text: "3 steps so far", URL: "/t"}, Over: over,
		Steps: []directorypage.Step{
			{Name: "resolve dc1.corp.example.com", Text: "10.1.2.3, 10.1.2.4", Took: "12 ms", Tone: console.Good, Word: "good"},
			{Name: "connect dc1.corp.example.com", Text: "10.1.2.3:636 answers, others do not: 10.1.2.4:636 does not answer", Next: "Take addresses of servers that are gone out of DNS: people would wait for them.", Took: "5 s", Tone: console.Warn, Word: "look at it"},
			{Name: "certificate dc1.corp.example.com", Text: "Verified for dc1.corp.example.com", Took: "31 ms", Tone: console.Good, Word: "good", Chain: []directorypage.Certificate{cert}},
		},
	}
	if over {
		m.Progress = console.Progress{ID: "progress", Label: "The test is over", Text: "3 steps, all of them good", Tone: console.Good}
		m.AgainURL, m.GoOn, m.Change = "/again", "/review", "/change"
		m.Account = console.Field{Name: "~account", Label: "A disabled test account", Optional: true, Hint: "Its password is set to one that nobody knows."}
	}
	if failed {
		m.Failed, m.Trust, m.TrustURL = true, []directorypage.Certificate{cert}, "/trust"
		m.Steps[2].Text, m.Steps[2].Tone, m.Steps[2].Word = "Nobody who is trusted vouches for the certificate", console.Bad, "failed"
		m.Progress.Text, m.Progress.Tone = "Failed first: certificate dc1.corp.example.com", console.Bad
	}
	return directoryIn(sh, "Test of corp.example.com", m.Body())
}

func directoryRights(sh console.Shell) templ.Component {
	m := directorypage.Rights{
		Form:   console.Form{Form: component.Form{Action: "/rights"}},
		Fields: []console.Field{{Name: "domain", Label: "Domain", Value: "corp.example.com"}, {Name: "account", Label: "Service account", Value: "svc-rekey"}},
		Units:  console.Field{Name: "units", Label: "Units whose people are served", Hint: "One DN on each line.", Value: "OU=People,DC=corp,DC=example,DC=com"},
		Scripts: []directorypage.Script{
			{ID: "samba", Title: "Samba, with samba-tool", Text: "#!/bin/sh\nset -eu\nsamba-tool dsacl set --objectdn='OU=People,DC=corp,DC=example,DC=com' --sddl=\"(OA;CIIO;CR;00299570-246d-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;$sid)\"\n"},
			{ID: "dsacls", Title: "Windows, with dsacls", Problem: "No script: a unit holds a quotation mark."},
		},
		Table: console.Table{Caption: "Permissions", Columns: []console.Column{{Title: "Permission"}, {Title: "For"}}, Rows: []console.Row{{Cells: []templ.Component{console.Mono("User.Read.All"), console.Text("find and read accounts")}}}},
	}
	return directoryIn(sh, "Rights in Active Directory", m.Body())
}

func directoryDiscovery(sh console.Shell) templ.Component {
	m := directorypage.Discovery{
		Form: console.Form{Form: component.Form{Action: "/discover"}}, Asked: true, Failed: []string{"old.example.com could not be asked now."},
		Remarks: []directorypage.Remark{{Domain: "contoso.example", Text: "mailboxes in it open with the password that is lost"}},
		Tables: []console.Table{{
			ID: "from", Caption: "Seen from corp.example.com", Columns: []console.Column{{Title: "Domain"}, {Title: "How it is known"}, {Title: "Servers"}, {Title: "Answers", Kind: console.Tight}, {Title: "Here", Kind: console.Tight}, {Title: "What to do", Kind: console.Acts}},
			Rows: []console.Row{{Cells: []templ.Component{
				console.Two("sales.example.com", "", "SALES"), console.Text("two-way forest trust"), console.Text("dc1.sales.example.com, " + hostileText), console.Text("yes"),
				console.Tag{Text: "new", Tone: console.Accent}.Show(), directorypage.Decide("/new/ad?domain=sales.example.com", "/refuse", "sales.example.com"),
			}}},
		}},
	}
	return directoryIn(sh, "Discover domains", m.Body())
}

func directoryLinks(sh console.Shell) templ.Component {
	option := []console.Option{{Value: "a", Label: "corp.example.com"}}
	return directoryIn(sh, "Links between directories", directorypage.Links{
		Form: console.Form{Form: component.Form{Action: "/links"}}, Cancel: "/back", Homes: option, Others: option,
		Home:  console.Field{Name: "home", Label: "Where what people set up is kept", Hint: "The Active Directory domain."},
		Other: console.Field{Name: "other", Label: "The tenant of the same people"}, Mode: console.Field{Name: "mode", Label: "How a new password gets there", Value: "ad"},
		Modes:   []console.Option{{Value: "ad", Label: "Active Directory alone", Hint: "Hash synchronization carries it over within some minutes."}, {Value: "separate", Label: "Both, each by itself"}},
		Present: []directorypage.Present{{Link: directoryLink()[0], Form: console.Form{Form: component.Form{Action: "/remove"}}}},
	}.Body())
}
