package overviewui

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/lint"
	"rekey/internal/policy"
	"rekey/internal/report"
	"rekey/internal/role"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/overviewpage"
)

const (
	// lookEvery is how often the page asks how things are, and mostLooks how many times in a row: a page that is only left open must not
	// keep its session from ending.
	lookEvery = "15s"
	mostLooks = 20
	// mostAdvice is how much of the linter is on the overview.
	mostAdvice = 5
)

func (u *UI) showOverview(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	s := u.span(r)
	page := overviewpage.Overview{Health: u.health(r, a, 0), Picker: s.picker(console.OverviewURL)}
	covered, known, err := u.Reports.Coverage(r.Context(), report.Live)
	if err != nil {
		return err
	}
	now, before, err := u.both(r.Context(), s)
	if err != nil {
		return err
	}
	if page.Figures, err = u.figures(r.Context(), a, s, now, before, covered, known); err != nil {
		return err
	}
	page.Attacks = attacks(now, before)
	page.Coverage = u.coverage(r, a, covered, known)
	advice, err := u.Advice(r.Context())
	if err != nil {
		return err
	}
	u.advise(a, advice, &page)
	page.Start = u.start(a, covered, known, now, advice)
	return u.Console.Page(w, r, a, console.Page{Title: "Overview", Lede: "Figures of " + s.words() + ".", Problems: s.problems, Body: page.Body()})
}

// both gives the figures of the days that were picked, and of as many days before.
func (u *UI) both(ctx context.Context, s span) (now, before report.Figures, err error) {
	if now, err = u.Reports.Figures(ctx, s.days, s.of); err != nil {
		return now, before, err
	}
	before, err = u.Reports.Figures(ctx, s.days.Before(), s.of)
	return now, before, err
}

// showHealth answers with how things are now.
func (u *UI) showHealth(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	looks, _ := strconv.Atoi(r.URL.Query().Get("looks")) // anything else begins anew
	return u.Console.Draw(w, r, http.StatusOK, u.health(r, a, max(0, looks)).Show())
}

func (u *UI) health(r *http.Request, a admin.Admin, looks int) overviewpage.Health {
	parts := u.Pulse.Parts()
	verdict := report.BackIn(parts)
	h := overviewpage.Health{
		Clock: u.Console.Clock(r), Tone: tone(verdict.State), Word: verdict.Word, Sentence: verdict.Sentence, Every: lookEvery, Again: console.OverviewURL,
	}
	if looks < mostLooks {
		h.Next = healthURL + "?looks=" + strconv.Itoa(looks+1)
	}
	for _, p := range parts {
		h.Parts = append(h.Parts, u.part(a, p))
	}
	return h
}

func (u *UI) part(a admin.Admin, p report.Part) overviewpage.Part {
	out := overviewpage.Part{Name: p.Name, Kind: kindName(p.Kind), Word: p.Word, Tone: tone(p.State), Success: p.Success}
	if p.P95 > 0 {
		out.P95 = duration(p.P95)
	}
	if p.Note == "" {
		return out
	}
	if !a.Grants.May(role.SeeOperation) { // what servers say is for those who run them
		out.Note = "Whoever operates Rekey sees more here."
		return out
	}
	out.Note = p.Note
	if to, ok := mended(p.Kind); ok && u.Console.May(a, to.URL) {
		out.Next = to
	}
	return out
}

func tone(s report.State) view.Tone {
	switch s {
	case report.Good:
		return view.Good
	case report.Bad:
		return view.Bad
	case report.Warn:
	}
	return view.Warn
}

func kindName(k report.Kind) string {
	switch k {
	case report.PartDirectory:
		return "Directory"
	case report.PartServer:
		return "Server or right of a directory"
	case report.PartSync:
		return "Copy, for figures and lists"
	case report.PartMail, report.PartSMS, report.PartDead:
		return "Messages"
	case report.PartDatabase, report.PartJobs, report.PartKeys, report.PartSettings:
		return "Rekey itself"
	case report.PartGeo:
		return "Where addresses are"
	case report.PartThreat:
		return "The switch for times of attack"
	}
	return string(k)
}

// mended is the page where a part is put right.
func mended(k report.Kind) (view.Link, bool) {
	switch k {
	case report.PartDirectory, report.PartSync:
		return view.Link{Label: "Directories", URL: console.DirectoriesURL}, true
	case report.PartServer, report.PartDatabase, report.PartGeo:
		return view.Link{Label: "Doctor", URL: console.DoctorURL}, true
	case report.PartMail, report.PartSMS:
		return view.Link{Label: "Messages", URL: console.MessagesURL}, true
	case report.PartJobs, report.PartDead:
		return view.Link{Label: "Jobs", URL: console.JobsURL}, true
	case report.PartKeys:
		return view.Link{Label: "Keys", URL: console.KeysURL}, true
	case report.PartThreat:
		return view.Link{Label: "Threat level", URL: console.ThreatURL}, true
	case report.PartSettings:
		return view.Link{Label: "Settings history", URL: console.SettingsURL}, true
	}
	return view.Link{}, false
}

// advise puts the worst of what the linter says on the page.
func (u *UI) advise(a admin.Admin, all []lint.Finding, page *overviewpage.Overview) {
	more := 0
	for _, f := range all {
		if f.Level < lint.Warning {
			continue
		}
		if len(page.Advice) == mostAdvice {
			more++
			continue
		}
		page.Advice = append(page.Advice, u.finding(a, f))
	}
	if more > 0 && u.Console.May(a, console.PoliciesURL) {
		page.More = view.Link{Label: view.Of(more, "more warning", "more warnings"), URL: console.PoliciesURL}
	}
}

func (u *UI) finding(a admin.Admin, f lint.Finding) view.Finding {
	out := view.Finding{Tone: view.Warn, Grade: f.Level.String(), Clause: strings.Join(f.Clauses, ", "), Text: f.Text}
	if f.Level == lint.Error {
		out.Tone = view.Bad
	}
	for _, place := range []struct{ key, label, url string }{
		{"authenticators", "Methods", console.MethodsURL},
		{"directories", "Directories", console.DirectoriesURL},
		{"sms", "Messages", console.MessagesURL},
		{"mail", "Messages", console.MessagesURL},
		{"brand", "Branding", console.BrandURL},
		{"", "Policies", console.PoliciesURL},
	} {
		if strings.HasPrefix(f.Path, place.key) {
			if u.Console.May(a, place.url) {
				out.Fix = view.Link{Label: place.label + ": " + f.Path, URL: place.url}
			}
			return out
		}
	}
	return out
}

// attacks says what was held off, and what it looked like before.
func attacks(now, before report.Figures) view.Table {
	t := view.Table{Caption: "Blocks and attacks", Columns: []view.Column{
		{Title: "What"}, {Title: "These days", Kind: view.Figures}, {Title: "Before", Kind: view.Figures},
	}}
	wrong := func(f report.Figures) (n int64) {
		for _, m := range f.Methods {
			n += m.Rejected
		}
		return n
	}
	stopped := func(f report.Figures) (n int64) {
		for _, r := range f.Refusals {
			if r.Code == "threat" || r.Code == "rule" || r.Code == "frozen" {
				n += r.Of
			}
		}
		return n
	}
	for _, l := range []struct {
		what, meaning string
		of            func(report.Figures) int64
	}{
		{"Accounts blocked", "Too many wrong answers: a person at a loss, or somebody else who guesses.", func(f report.Figures) int64 { return f.Blocks }},
		{"Wrong answers", "Codes and the like that were not right, under names that somebody has.", wrong},
		{"Names nobody has", "Attempts under names that recovery cannot help. Many of them: somebody tries names out.", func(f report.Figures) int64 { return f.Total.Nobody }},
		{"Stopped", "By a rule, by the threat level, or by the owner of the account, who said: this was not me.", stopped},
	} {
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			view.Two(l.what, "", l.meaning), view.Text(figure(l.of(now))), view.Text(figure(l.of(before))),
		}})
	}
	return t
}

// start lists what to do before people can reset; nothing once somebody has.
func (u *UI) start(a admin.Admin, covered report.Coverage, known bool, now report.Figures, advice []lint.Finding) []overviewpage.Step {
	snap := u.Site()
	enrolled := known && covered.Total.Registered > 0
	if enrolled && (now.Total.Done > 0 || covered.Total.Used > 0) {
		return nil
	}
	own := len(snap.Directories) > 0 && !slices.ContainsFunc(advice, func(f lint.Finding) bool { return f.Code == lint.BuiltInDefault })
	steps := []overviewpage.Step{
		{Title: "Connect a directory", Text: "Where people's accounts are.", Done: len(snap.Directories) > 0, Next: view.Link{Label: "Directories", URL: console.DirectoriesURL}},
		{Title: "Switch on methods", Text: "The ways people prove who they are.", Done: len(snap.Order) > 0, Next: view.Link{Label: "Methods", URL: console.MethodsURL}},
		{Title: "Write a policy", Text: "Who may reset, and what they prove. Until then the built-in default holds.", Done: own, Next: view.Link{Label: "Policies", URL: console.PoliciesURL}},
		{Title: "Read the directory once", Text: "Then Rekey knows whom it covers. It begins by itself.", Done: known && covered.Total.People > 0, Next: view.Link{Label: "Directories", URL: console.DirectoriesURL}},
		{Title: "Have people set up their ways", Text: "They sign in to “My account” with the password they know, and add two.", Done: enrolled, Next: view.Link{Label: "Who has not", URL: peopleURL + "?standing=" + string(report.NotRegistered)}},
		{Title: "Try a reset yourself", Text: "With an account of your own, from the first page to the new password.", Done: now.Total.Done > 0, Next: view.Link{Label: "The first page", URL: "/"}},
	}
	for i, s := range steps {
		base, _, _ := strings.Cut(s.Next.URL, "?")
		if strings.HasPrefix(base, console.ReportsURL) {
			base = console.ReportsURL
		}
		if base != "/" && !u.Console.May(a, base) {
			steps[i].Next = view.Link{}
		}
	}
	return steps
}

// figures are of the days that were picked, but for two tiles that are always of today and of this month.
func (u *UI) figures(ctx context.Context, a admin.Admin, s span, now, before report.Figures, covered report.Coverage, known bool) (overviewpage.Figures, error) {
	f := overviewpage.Figures{Days: days(s, now), Left: left(now), Counted: "Nothing has been recorded yet."}
	if !now.Counted.IsZero() {
		f.Counted = "Counted up to what was recorded at " + now.Counted.In(s.zone).Format("2 Jan 15:04:05 MST") + ". An attempt counts on the day it began."
	}
	today, month, err := u.recent(ctx, s)
	if err != nil {
		return f, err
	}
	f.Tiles = []view.Tile{today, month, success(now, before), pace(now, before), able(covered, known)}
	if u.Console.May(a, console.ReportsURL) {
		f.Report = view.Link{Label: "The report", URL: s.at(attemptsURL)}
		f.Tiles[0].URL, f.Tiles[1].URL = attemptsURL+"?action=reset&range=today&zone="+s.zone.String(), attemptsURL+"?action=reset&range=28&zone="+s.zone.String()
		f.Tiles[4].URL = coverageURL
	}
	return f, nil
}

// recent counts resets of today and of this month, beside those of the same day a week ago and of as many days before this month's.
func (u *UI) recent(ctx context.Context, s span) (today, month view.Tile, err error) {
	this := report.Month(s.now, s.zone).Len()
	n := max(8, 2*this)
	f, err := u.Reports.Figures(ctx, report.Last(n, s.now, s.zone), report.Of{Action: policy.Reset})
	if err != nil {
		return today, month, err
	}
	done := func(from, to int) (sum int64) {
		for _, d := range f.Days[from:to] {
			sum += d.Done
		}
		return sum
	}
	today = view.Tile{Label: "Resets today", Figure: figure(done(n-1, n))}
	today.Note = compared(done(n-1, n), done(n-8, n-7), "all of last "+f.Days[n-8].At.Weekday().String())
	month = view.Tile{Label: "Resets this month", Figure: figure(done(n-this, n))}
	month.Note = compared(done(n-this, n), done(n-2*this, n-this), "the "+view.Of(this, "day", "days")+" before")
	return today, month, nil
}

func success(now, before report.Figures) view.Tile {
	t := view.Tile{Label: "Finished of those that ended", Figure: rate(now.Total), Note: figure(now.Total.Done) + " attempts of " + figure(now.Total.Started)}
	is, ok := now.Total.Rate()
	was, also := before.Total.Rate()
	if !ok || !also {
		return t
	}
	switch change := 100 * (is - was); {
	case change <= -.05:
		t.Note, t.Tone = "−"+strconv.FormatFloat(-change, 'f', 1, 64)+" points on the days before", view.Bad
	case change >= .05:
		t.Note, t.Tone = "+"+strconv.FormatFloat(change, 'f', 1, 64)+" points on the days before", view.Good
	default:
		t.Note = "as on the days before"
	}
	return t
}

func pace(now, before report.Figures) view.Tile {
	if now.Took.Of == 0 {
		return view.Tile{Label: "Median time", Figure: "–", Note: "nothing was finished"}
	}
	t := view.Tile{Label: "Median time", Figure: duration(now.Took.Median), Note: "9 of 10 within " + duration(now.Took.P90)}
	if before.Took.Of > 0 {
		t.Note += "; before: " + duration(before.Took.Median)
	}
	return t
}

func able(c report.Coverage, known bool) view.Tile {
	if !known || c.Total.People == 0 {
		return view.Tile{Label: "Able to reset now", Figure: "–", Note: "nobody was counted yet"}
	}
	return view.Tile{
		Label: "Able to reset now", Figure: percent(float64(c.Total.Able) / float64(c.Total.People)), Note: figure(c.Total.Able) + " of " + view.Of(int(c.Total.People), "person", "people"),
	}
}

// days is the chart of attempts.
func days(s span, f report.Figures) view.Chart {
	done, left, refused := make([]int, len(f.Days)), make([]int, len(f.Days)), make([]int, len(f.Days))
	for i, d := range f.Days {
		done[i], left[i], refused[i] = int(d.Done), int(d.GivenUp), int(d.Refused+d.Partial)
	}
	return view.Chart{Title: "Attempts that began on each day", Head: "Day", Labels: s.labels(), Series: []view.Series{
		{Name: "finished", Values: done}, {Name: "given up", Values: left}, {Name: "refused", Values: refused},
	}}
}

// left says at which step people get no further, and why most often.
func left(f report.Figures) view.Table {
	t := view.Table{Caption: "Where people give up", Columns: []view.Column{
		{Title: "Step"}, {Title: "Given up", Kind: view.Figures}, {Title: "Refused", Kind: view.Figures}, {Title: "Of all", Kind: view.Figures},
	}}
	for _, s := range f.DropOut {
		because := ""
		if s.Why.Of > 0 {
			because = why(s.Why) + " (" + figure(s.Why.Of) + ")"
		}
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			view.Two(stepName(s.Where), "", because), view.Text(figure(s.GivenUp)), view.Text(figure(s.Refused)), view.Text(percent(s.Share)),
		}})
	}
	return t
}
