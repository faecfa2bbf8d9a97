package web_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/server"
	"rekey/web"
	"rekey/web/component"
	"rekey/web/console"
	"rekey/web/layout"
)

// consoleStory is one of the administrators' pages in one state.
type consoleStory struct {
	name string
	page func(sh console.Shell) templ.Component
}

func consoleStories() []consoleStory {
	return slices.Concat(
		partStories(), methodStories(), peopleStories(), policyStories(), auditStories(), overviewStories(), operateStories(), messageStories(), directoryStories(),
	)
}

// partStories show the parts that pages are made of.
func partStories() []consoleStory {
	return []consoleStory{
		{"overview", consoleOverview},
		{"list", consoleList},
		{"empty", consoleEmpty},
		{"detail", consoleDetail},
		{"editor", func(sh console.Shell) templ.Component { return consoleEditor(sh, nil) }},
		{"editor-problem", func(sh console.Shell) templ.Component {
			return consoleEditor(sh, component.Problems{{Field: "name", Text: "Another policy has this name."}, {Field: "limit", Text: "Choose a number from 1 to 20."}, {Field: "methods", Text: "Choose at least one way."}})
		}},
		{"confirm", func(sh console.Shell) templ.Component { return consoleConfirm(sh, nil) }},
		{"confirm-problem", func(sh console.Shell) templ.Component {
			return consoleConfirm(sh, component.Problems{{Field: "reason", Text: "Say why, in a few words."}})
		}},
		{"doctor", consoleDoctor},
		{"history", consoleHistory},
		{"sign-in", consoleSignIn},
		{"step-up", consoleStepUp},
		{"auditor", func(sh console.Shell) templ.Component { // few entries, nothing to find, nobody's own page
			sh.Nav, sh.Find, sh.Who.URL = sh.Nav[2:3], console.Find{}, ""
			sh.Title, sh.Flash = "Reports", console.Flash{Text: "The report is being made.", Tone: console.Warn}
			return within(sh.Frame(), console.Nothing(console.Empty{Title: "No report has been made yet", Next: console.Link{Label: "Make one", URL: "/x"}}))
		}},
	}
}

// within puts parts into a frame.
func within(frame templ.Component, parts ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return frame.Render(templ.WithChildren(ctx, console.Join(parts...)), w)
	})
}

// consoleShell is the frame of a story; current is the address of its entry in the side.
func consoleShell(links layout.Links) console.Shell {
	return console.Shell{
		Clock: console.Clock{Now: now}, Links: links, Find: console.Find{URL: "/admin/people"}, SignOut: "/sent",
		Who:     console.Who{Name: "Anna Berg", Role: "Policy administrator", URL: "/admin/me"},
		Timeout: layout.Timeout{Left: 15 * time.Minute, Extend: "/extend", Over: "/over"},
		Nav: []console.Group{
			{Title: "Today", Items: []console.Item{
				{Label: "Overview", URL: "/admin/", Icon: "overview"},
				{Label: "People", URL: "/admin/people", Icon: "people"},
				{Label: "Audit", URL: "/admin/audit", Icon: "audit"},
			}},
			{Title: "Decide", Items: []console.Item{
				{Label: "Policies", URL: "/admin/policies", Icon: "policies"},
				{Label: "Methods", URL: "/admin/methods", Icon: "methods"},
				{Label: "Directories", URL: "/admin/directories", Icon: "directories", Count: 2, Note: "need attention", Tone: console.Warn},
				{Label: "Messages", URL: "/admin/messages", Icon: "messages"},
				{Label: "Branding", URL: "/admin/branding", Icon: "branding"},
			}},
			{Title: "Know", Items: []console.Item{{Label: "Reports", URL: "/admin/reports", Icon: "reports"}}},
			{Title: "Keep running", Items: []console.Item{
				{Label: "Threat switch", URL: "/admin/threat", Icon: "threat"},
				{Label: "Settings", URL: "/admin/settings", Icon: "settings"},
				{Label: "Jobs", URL: "/admin/jobs", Icon: "jobs"},
				{Label: "Keys", URL: "/admin/keys", Icon: "keys"},
				{Label: "Doctor", URL: "/admin/doctor", Icon: "doctor"},
				{Label: "Administrators", URL: "/admin/administrators", Icon: "administrators"},
			}},
		},
	}
}

// at marks the entry a story belongs to.
func at(sh console.Shell, label string) console.Shell {
	for g := range sh.Nav {
		for i := range sh.Nav[g].Items {
			sh.Nav[g].Items[i].Current = sh.Nav[g].Items[i].Label == label
		}
	}
	return sh
}

// consoleBook serves the stories at /<name>, with the files and the policy of the product.
type consoleBook struct {
	assets *web.Assets
	pages  map[string]func(console.Shell) templ.Component
	answer http.HandlerFunc
}

func newConsoleBook(t testing.TB) *consoleBook {
	t.Helper()
	assets, err := web.NewAssets("")
	if err != nil {
		t.Fatal(err)
	}
	b := &consoleBook{assets: assets, pages: map[string]func(console.Shell) templ.Component{}}
	for _, s := range consoleStories() {
		b.pages[s.name] = s.page
	}
	return b
}

func (b *consoleBook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", server.ContentPolicy)
	if strings.HasPrefix(r.URL.Path, web.Prefix) {
		b.assets.ServeHTTP(w, r)
		return
	}
	page := b.pages[strings.TrimPrefix(r.URL.Path, "/")]
	switch {
	case page != nil && r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page(consoleShell(b.assets.Links())).Render(r.Context(), w) // the browser may have gone
	case b.answer != nil:
		b.answer(w, r)
	default:
		http.NotFound(w, r)
	}
}

func consoleOverview(sh console.Shell) templ.Component {
	sh = at(sh, "Overview")
	sh.Title, sh.State = "Can people get back in?", console.Tag{Text: "Yes, everywhere", Tone: console.Good}
	var days []string
	finished, left := make([]int, 28), make([]int, 28)
	for i := range 28 {
		days = append(days, now.AddDate(0, 0, i-27).Format("2 Jan"))
		finished[i], left[i] = 60+(i*37)%50, 4+(i*11)%14
	}
	chart := console.Chart{Title: "Resets in the last four weeks", Head: "Day", Labels: days, Series: []console.Series{{Name: "done", Values: finished}, {Name: "given up", Values: left}}}
	tight := []console.Column{{Title: "Step"}, {Title: "Left", Kind: console.Figures}, {Title: "Why, most often"}}
	steps := console.Table{Caption: "Where people give up", Columns: tight, Rows: []console.Row{
		{Cells: []templ.Component{console.Text("Name"), console.Text("1.8 %"), console.Join(console.Text("Not enrolled "), console.Anchor("invite 214", "/x"))}},
		{Cells: []templ.Component{console.Text("First proof"), console.Text("2.9 %"), console.Text("Text message not delivered (gateway 2)")}},
		{Cells: []templ.Component{console.Text("New password"), console.Text("1.2 %"), console.Text("Refused: one of the last three")}},
	}}
	parts := console.Table{Caption: "What it depends on", Columns: []console.Column{
		{Title: "Part"}, {Title: "State", Kind: console.Tight}, {Title: "Last success", Kind: console.Tight}, {Title: "p95", Kind: console.Figures}, {Title: "Note"},
	}, Rows: []console.Row{
		{Cells: []templ.Component{console.Text("corp.example.com · dc1"), console.Tag{Text: "writes", Tone: console.Good}.Show(), sh.Ago(now.Add(-4 * time.Second)), console.Text("38 ms"), nil}},
		{Tone: console.Warn, Cells: []templ.Component{console.Text("corp.example.com · dc2"), console.Tag{Text: "skipped", Tone: console.Warn}.Show(), sh.Ago(now.Add(-12 * time.Minute)), console.Text("–"), console.Join(console.Text("LDAPS certificate ends in 3 days "), console.Anchor("how to renew", "/x"))}},
		{Tone: console.Bad, Cells: []templ.Component{console.Text("Text messages · gateway 2"), console.Tag{Text: "failing", Tone: console.Bad}.Show(), sh.Ago(now.Add(-3 * time.Hour)), console.Text("8.1 s"), console.Text("Gateway 1 has taken over")}},
	}}
	return within(sh.Frame(),
		console.Tiles([]console.Tile{
			{Label: "Resets today", Figure: "148", Note: "+12 % on last Monday", Tone: console.Good, URL: "/x"},
			{Label: "Finished of those started", Figure: "93.4 %", Note: "−1.1 points this week", Tone: console.Bad},
			{Label: "Median time", Figure: "48 s", Note: "p90 1 min 39 s"},
			{Label: "Able to reset now", Figure: "71.2 %", Note: "14,203 of 19,948 people"},
		}),
		within(console.Panels(), within(console.Panel("Resets, last 4 weeks"), chart.Show()), within(console.Panel("Where people give up"), steps.Plain())),
		within(console.Panel("What it depends on"), parts.Plain()),
	)
}

func consoleList(sh console.Shell) templ.Component {
	sh = at(sh, "Audit")
	sh.Title, sh.Find.Value = "Audit", "anna"
	sh.Lede = "Everything that was done and tried, provably complete."
	outcomes := []console.Option{{Value: "done", Label: "done"}, {Value: "refused", Label: "refused"}, {Value: "failed", Label: "failed"}}
	filter := console.Filter{
		Action: "/list", Keep: []component.Hidden{{Name: "sort", Value: "-time"}}, Save: "/x",
		Saved: []console.Saved{{Name: "Refused yesterday", URL: "/list?o=refused", Current: true}, {Name: "Everything by help desk", URL: "/x"}},
	}
	table := console.Table{
		Caption: "Audit records", Result: "1–50 of about 12,000", Clear: "/list",
		Chips:   []console.Chip{{Label: "Person", Value: "anna.berg", Remove: "/x"}, {Label: "Outcome", Value: "refused, failed", Remove: "/x"}},
		Exports: []console.Link{{Label: "CSV", URL: "/x.csv"}, {Label: "JSON lines with proof", URL: "/x.jsonl"}},
		Pager:   console.Pager{Newer: "/x", Older: "/y"},
		Columns: []console.Column{
			{Title: "Time", Kind: console.Tight, Sort: "/list?sort=time", Sorted: console.Falling},
			{Title: "Person", Sort: "/x"},
			{Title: "Event"},
			{Title: "Outcome", Kind: console.Tight},
			{Title: "Address", Kind: console.Tight},
			{Title: "Tries", Kind: console.Figures, Sort: "/x"},
			{Title: "Record", Kind: console.Acts},
		},
	}
	for i, event := range []string{"Reset: first proof", "Reset: name given", "Unlock: done", "Sign-in to the account page", "Enrollment: passkey added", "Reset: new password refused"} {
		tag := console.Tag{Text: "done", Tone: console.Good}
		if i%3 == 0 {
			tag = console.Tag{Text: "refused", Tone: console.Bad}
		}
		table.Rows = append(table.Rows, console.Row{Cells: []templ.Component{
			sh.At(now.Add(-time.Duration(i*i) * time.Hour)), console.Two("Anna Berg", "/x", "anna.berg@corp.example.com"), console.Text(event), tag.Show(),
			console.Mono("203.0.113.9"), console.Text("3"), console.Anchor("Open", "/x"),
		}})
	}
	return within(sh.Frame(),
		within(filter.Show(),
			console.Search(console.Field{Name: "who", Label: "Person", Value: "anna.berg"}),
			console.Select(console.Field{Name: "event", Label: "Event"}, []console.Option{{Label: "Any"}, {Value: "reset", Label: "Reset"}}),
			console.Choices(console.Field{Name: "outcome", Label: "Outcome"}, outcomes, []string{"refused", "failed"}),
			console.Between(console.Field{Name: "from", Label: "From", Value: "2026-11-01"}, console.Field{Name: "to", Label: "To"}),
		),
		table.Show(),
	)
}

func consoleEmpty(sh console.Shell) templ.Component {
	sh = at(sh, "Policies")
	sh.Title, sh.Actions = "Policies", console.Primary(console.Link{Label: "New policy", URL: "/x"})
	table := console.Table{Caption: "Policies", Empty: console.Empty{
		Title: "There is no policy yet", Text: "Until there is one, nobody can reset a password here. A policy says who may, and how they prove who they are.",
		Next: console.Link{Label: "Write the first policy", URL: "/x"},
	}}
	return within(sh.Frame(), table.Show())
}

func consoleDetail(sh console.Shell) templ.Component {
	sh = at(sh, "People")
	sh.Title, sh.Trail = "Anna Berg", []console.Link{{Label: "People", URL: "/x"}}
	sh.State = console.Tag{Text: "locked", Tone: console.Bad}
	sh.Lede = "She cannot reset: she has one way, and Executives and finance asks for two."
	sh.Actions = console.Join(console.Button(console.Link{Label: "Unlock", URL: "/x"}), console.Primary(console.Link{Label: "Verify a caller", URL: "/x"}))
	sh.Flash = console.Flash{Text: "The invitation was sent.", Link: console.Link{Label: "See it in Messages", URL: "/x"}}
	facts := []console.Fact{
		{Term: "Account", Value: console.Mono(`CORP\anna.berg`)},
		{Term: "Id", Value: console.Copyable("account-id", "5d2f1c4e-7a31-4a4e-9d5b-0f1f9f6f2b11")},
		{Term: "Password set", Value: sh.Ago(now.AddDate(0, -2, 0))},
		{Term: "Groups", Value: console.Tags(console.Tag{Text: "Executives"}, console.Tag{Text: "Finance", Tone: console.Accent})},
		{Term: "Enrolled", Value: console.Share(1, 2)},
		{Term: "Last reset", Value: sh.Ago(time.Time{})},
	}
	moments := []console.Moment{
		{At: now.Add(-50 * time.Minute), Title: "Gave a name", Text: "from 203.0.113.9, Chrome on Windows"},
		{At: now.Add(-49 * time.Minute), Title: "Code from the app", Text: "wrong twice", Tone: console.Warn, More: console.Text("Second try 14 s after the first.")},
		{At: now.Add(-48 * time.Minute), Title: "Stopped", Text: "No second way is enrolled.", Tone: console.Bad, URL: "/x"},
	}
	aside := console.Join(
		within(console.Panel("In the directory"), console.Facts(facts)),
		within(console.PanelWith("Policy", console.Tag{Text: "2nd of 6"}.Show()), console.Text("Executives and finance"), within(console.Help("Why this one?"), console.Text("Anna is in CORP\\Executives."))),
	)
	return within(sh.Frame(),
		console.Tabs("Anna Berg", []console.Tab{{Label: "Now", URL: "/x", Current: true}, {Label: "Methods", URL: "/x", Count: 1}, {Label: "Attempts", URL: "/x", Count: 14}}),
		within(console.Split(aside), within(console.Panel("Last attempt"), console.Timeline(sh.Clock, moments)), console.Notice(console.Warn, "Privileged account", "What you do here needs a second person to agree.")),
	)
}

func consoleEditor(sh console.Shell, ps component.Problems) templ.Component {
	sh = at(sh, "Policies")
	sh.Title, sh.Trail, sh.Problems = "Executives and finance", []console.Link{{Label: "Policies", URL: "/x"}}, ps
	sh.State = console.Tag{Text: "3 changes not saved", Tone: console.Accent}
	sh.Actions = console.Button(console.Link{Label: "History", URL: "/x"})
	form := console.Form{Form: form(), ID: "editor", Guard: true, Live: console.Live{URL: "/preview", Part: "preview"}}
	methods := console.Rows{Name: "methods", Legend: "Ways they may use, in this order", Hint: "People are offered the first ones first.", Problem: ps.On("methods"), Ordered: true, Add: "Add a way", Live: console.Live{URL: "/rows", Part: "editor"}}
	for i, name := range []string{"Passkey", "Hardware token", "Authenticator app"} {
		key := string(rune('0' + i))
		methods.Items = append(methods.Items, console.Line{Key: key, Name: name, Body: console.Join(console.Text(name), console.Tag{Text: "has"}.Show())})
	}
	groups := console.Picker{
		Field: console.Field{Name: "groups", Label: "People in", Hint: "Groups, units or single people.", Placeholder: "Search the directory"}, URL: "/search",
		Chosen: []console.Choice{{Value: "g1", Label: "Executives", Below: "CORP"}},
	}
	fields := console.Join(
		within(console.Panel("Who"),
			console.Input(console.Field{Name: "name", Label: "Name", Value: "Executives and finance", Problem: ps.On("name"), Focus: true}),
			groups.Show(),
			console.Switch(console.Field{Name: "nested", Label: "Groups within these as well", Hint: "As deep as they go."}, true),
		),
		within(console.Panel("How they prove who they are"),
			methods.Show(),
			console.Radios(console.Field{Name: "needed", Label: "How many ways", Value: "2"}, []console.Option{{Value: "1", Label: "One"}, {Value: "2", Label: "Two", Hint: "Independent of each other: never over one telephone number or mailbox."}, {Value: "3", Label: "Three", Off: true}}),
			console.Checks(console.Field{Name: "may", Label: "They may"}, []console.Option{{Value: "reset", Label: "Reset the password"}, {Value: "unlock", Label: "Unlock the account"}}, []string{"reset"}),
			within(console.Pair(),
				console.Number(console.Field{Name: "limit", Label: "Wrong tries", Value: "5", Unit: "per hour", Problem: ps.On("limit"), Help: "After these the person waits an hour."}, 1, 20),
				console.Select(console.Field{Name: "level", Label: "When in doubt", Value: "b"}, []console.Option{{Value: "a", Label: "Refuse"}, {Value: "b", Label: "Ask for one more"}}),
			),
			console.Secret(console.Field{Name: "key", Label: "Key of the gateway", Hint: "Sealed; it is never shown again."}, true),
			console.Input(console.Field{Name: "server", Label: "Server", Value: "radius.example.com", Symbol: true, Off: true, Unit: "port 1812"}),
			console.Area(console.Field{Name: "note", Label: "Note", Optional: true}, 3),
		),
		console.Save("Review 3 changes", "/x"),
	)
	findings := []console.Finding{
		{Tone: console.Warn, Grade: "warning", Text: "Backup code and app count as one kind.", Clause: "NIST SP 800-63B-4, 2.2.1", Fix: console.Link{Label: "Ask for a passkey", URL: "/x"}},
		{Tone: console.Bad, Grade: "error", Text: "Text messages alone are not enough here."},
		{Tone: console.Good, Grade: "good", Text: "PCI DSS 8.3 holds."},
	}
	preview := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, `<div id="preview" class="stack">`); err != nil {
			return err
		}
		if err := console.Join(console.Text("84 people, 6 more than now"), console.Tag{Text: "3 become unable to reset", Tone: console.Bad}.Show()).Render(ctx, w); err != nil {
			return err
		}
		_, err := io.WriteString(w, `</div>`)
		return err
	})
	aside := console.Join(within(console.Panel("If you save this"), preview), within(console.Panel("Standards"), console.Findings(findings)))
	return within(sh.Frame(), within(console.Split(aside), within(console.Post(form), fields)))
}

func consoleConfirm(sh console.Shell, ps component.Problems) templ.Component {
	sh = at(sh, "People")
	sh.Title, sh.Trail, sh.Problems = "Remove Anna Berg’s passkey?", []console.Link{{Label: "People", URL: "/x"}, {Label: "Anna Berg", URL: "/y"}}, ps
	return within(sh.Frame(), console.Confirm{
		Form:    console.Form{Form: form()},
		Facts:   []console.Fact{{Term: "Passkey", Value: console.Text("Windows Hello on ANNA-L14")}, {Term: "Last used", Value: sh.Ago(now.AddDate(0, 0, -3))}},
		Effects: []string{"She can no longer prove herself with it.", "She is told by mail, and so is her manager."},
		Final:   "This is final. She can add a new passkey herself.", Reason: console.Asked{Show: true, Required: true}, Ticket: console.Asked{Show: true},
		Button: "Remove the passkey", Danger: true, Cancel: "/y", Problems: ps,
	}.Show())
}

func consoleDoctor(sh console.Shell) templ.Component {
	sh = at(sh, "Doctor")
	sh.Title, sh.Refresh = "Doctor", 5
	return within(sh.Frame(),
		console.Progress{ID: "survey", Label: "Reading the directory", Now: 8412, Of: 19948, Text: "corp.example.com", URL: "/survey"}.Show(),
		console.Progress{ID: "waiting", Label: "Waiting for dc2", URL: "/survey2"}.Show(),
		console.Progress{ID: "over", Label: "Checking the log", Now: 10, Of: 10, Text: "All 10 parts hold.", Tone: console.Good}.Show(),
		console.CodeBlock("script", "Rights the service account needs (PowerShell)", "dsacls \"OU=People,DC=corp,DC=example,DC=com\" /I:S /G \"CORP\\svc-rekey:CA;Reset Password;user\"\ndsacls \"OU=People,DC=corp,DC=example,DC=com\" /I:S /G \"CORP\\svc-rekey:WP;lockoutTime;user\""),
	)
}

func consoleHistory(sh console.Shell) templ.Component {
	sh = at(sh, "Settings")
	sh.Title, sh.Trail = "Version 41", []console.Link{{Label: "Settings", URL: "/x"}}
	sh.State = console.Tag{Text: "in force", Tone: console.Good}
	return within(sh.Frame(), within(console.Panel("What changed"), console.Diff([]console.Change{
		{Path: "policies[1].requirement.count", Old: "1", New: "2"},
		{Path: "policies[1].scope.groups[2]", New: `CORP\Finance`},
		{Path: "sms.gateways[0].key", Old: "(sealed)", New: "(sealed, replaced)"},
		{Path: "rules[0]", Old: "name: Office hours\neffect: deny"},
	})))
}

func consoleSignIn(sh console.Shell) templ.Component {
	sh.Title, sh.Lede, sh.Timeout = "Sign in", "For administrators and the help desk.", layout.Timeout{}
	return within(sh.Bare(), within(console.Post(console.Form{Form: form()}),
		console.Input(console.Field{Name: "name", Label: "User name", Symbol: true, Autocomplete: "username", Focus: true}),
		console.Input(console.Field{Name: "password", Label: "Password", Type: "password", Symbol: true, Autocomplete: "current-password"}),
		component.Submit("Sign in"), component.Go("Use the company’s sign-in instead", "/oidc"),
	))
}

func consoleStepUp(sh console.Shell) templ.Component {
	sh.Title, sh.Lede = "Is it still you?", "Changing a policy needs your passkey once more. It is good for 10 minutes."
	sh.Flash = console.Flash{Text: "Your passkey was not recognised.", Tone: console.Bad}
	return within(sh.Bare(), within(console.Post(console.Form{Form: form()}), component.Submit("Use the passkey"), component.Go("Cancel", "/x")))
}
