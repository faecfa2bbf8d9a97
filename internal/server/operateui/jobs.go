package operateui

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/operate"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/operatepage"
)

const (
	jobsAPage = 50
	jobsMost  = 10_000 // in an export
)

func stateWord(s operate.State) (word, hint string) {
	switch s {
	case operate.GivenUp:
		return "Given up", "after the last try, or because another was of no use"
	case operate.Failing:
		return "Failing", "to be tried again by itself"
	case operate.Waiting:
		return "Waiting", ""
	case operate.Running:
		return "Running", ""
	}
	return "Done", "kept for a day"
}

func stateTone(s operate.State) view.Tone {
	switch s {
	case operate.GivenUp:
		return view.Bad
	case operate.Failing:
		return view.Warn
	case operate.Finished:
		return view.Good
	}
	return view.Plain
}

func stateTag(s operate.State) view.Tag {
	word, _ := stateWord(s)
	return view.Tag{Text: word, Tone: stateTone(s)}
}

func kindWord(k operate.Kind) string {
	switch k {
	case operate.Deliver:
		return "Message"
	case operate.SignOut:
		return "Sign-out elsewhere"
	case operate.Periodic:
		return "Regular work"
	}
	return string(k)
}

// filterOf reads what narrows the list from its address.
func filterOf(r *http.Request) operate.JobFilter {
	q := r.URL.Query()
	f := operate.JobFilter{Text: strings.TrimSpace(q.Get("q")), Oldest: q.Get("sort") == "oldest", Limit: jobsAPage}
	f.After, _ = strconv.ParseInt(q.Get("after"), 10, 64) // what is no number is the first page
	for _, s := range operate.States() {
		if slices.Contains(q["state"], string(s)) {
			f.States = append(f.States, s)
		}
	}
	for _, k := range operate.Kinds() {
		if slices.Contains(q["kind"], string(k)) {
			f.Kinds = append(f.Kinds, k)
		}
	}
	return f
}

func (u *UI) showJobs(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	f := filterOf(r)
	jobs, more, err := u.Jobs.List(r.Context(), f)
	if err != nil {
		return err
	}
	counts, err := u.Jobs.Store.JobCounts(r.Context())
	if err != nil {
		return err
	}
	page := operatepage.Jobs{Clock: u.Console.Clock(r), Text: f.Text, Filter: view.Filter{Action: console.JobsURL}}
	if f.Oldest {
		page.Filter.Keep = []component.Hidden{{Name: "sort", Value: "oldest"}}
	}
	for _, s := range operate.States() {
		word, hint := stateWord(s)
		page.States = append(page.States, view.Option{Value: string(s), Label: word, Hint: hint})
		page.Tiles = append(page.Tiles, view.Tile{Label: word, Figure: view.Count(int(counts[s])), URL: console.JobsURL + "?state=" + string(s)})
	}
	for _, k := range operate.Kinds() {
		page.Kinds = append(page.Kinds, view.Option{Value: string(k), Label: kindWord(k)})
	}
	page.Picked = append(r.URL.Query()["state"], r.URL.Query()["kind"]...)
	page.Table = u.jobTable(r, page.Clock, jobs, f)
	if more {
		page.Table.Pager.Older = with(r, "after", strconv.FormatInt(jobs[len(jobs)-1].ID, 10))
	}
	return u.Console.Page(w, r, a, console.Page{
		Title: "Jobs", Lede: "What is done in the background: messages, sign-outs in other places, regular work. What failed for good stays here for 90 days.",
		Body: page.Body(),
	})
}

func (u *UI) jobTable(r *http.Request, c view.Clock, jobs []operate.Job, f operate.JobFilter) view.Table {
	queued := view.Column{Title: "Queued", Kind: view.Tight, Sorted: view.Falling, Sort: with(r, "sort", "oldest", "after", "")}
	if f.Oldest {
		queued.Sorted, queued.Sort = view.Rising, with(r, "sort", "", "after", "")
	}
	t := view.Table{
		Caption: "Jobs", Result: view.Of(len(jobs), "job", "jobs") + " on this page",
		Columns: []view.Column{
			{Title: "Job"}, {Title: "State", Kind: view.Tight}, queued, {Title: "Tries", Kind: view.Figures}, {Title: "What the last try said"},
		},
		Empty:   view.Empty{Title: "No jobs", Text: "Nothing here waits, fails or was given up."},
		Exports: []view.Link{{Label: "CSV", URL: address(console.JobsURL+".csv", r.URL.Query())}},
	}
	if len(f.States) > 0 || len(f.Kinds) > 0 || f.Text != "" {
		t.Empty.Text, t.Empty.Next = "None is like that.", view.Link{Label: "Show all", URL: console.JobsURL}
	}
	for _, j := range jobs {
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			view.Two(kindWord(j.Kind), jobURL(j.ID), j.For), stateTag(j.State).Show(), c.Ago(j.Queued),
			view.Text(fmt.Sprintf("%d of %d", j.Tries, j.Most)), view.Quiet(shorten(j.Error())),
		}})
	}
	return t
}

func jobURL(id int64) string { return console.JobsURL + "/" + strconv.FormatInt(id, 10) }

// shorten cuts what a server said to what fits a line.
func shorten(text string) string {
	const most = 120
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

func (u *UI) exportJobs(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	f := filterOf(r)
	f.Limit = jobsMost
	jobs, _, err := u.Jobs.List(r.Context(), f)
	if err != nil {
		return err
	}
	rows := [][]string{{"id", "kind", "state", "for", "queued", "next", "ended", "tries", "most", "error"}}
	for _, j := range jobs {
		rows = append(rows, []string{
			strconv.FormatInt(j.ID, 10), string(j.Kind), string(j.State), j.For, stamp(j.Queued), stamp(j.Next), stamp(j.Ended),
			strconv.Itoa(j.Tries), strconv.Itoa(j.Most), j.Error(),
		})
	}
	return sheet(w, "jobs", rows)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (u *UI) job(r *http.Request) (operate.Job, error) {
	id, err := number(r, "id")
	if err != nil {
		return operate.Job{}, err
	}
	return u.Jobs.Store.Job(r.Context(), id)
}

func jobTrail() []view.Link { return []view.Link{{Label: "Jobs", URL: console.JobsURL}} }

func (u *UI) showJob(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	j, err := u.job(r)
	if err != nil {
		return err
	}
	page := operatepage.Job{Clock: u.Console.Clock(r), Facts: jobFacts(j, u.Console.Clock(r))}
	for _, f := range slices.Backward(j.Failures) {
		page.Failures = append(page.Failures, view.Moment{At: f.At, Tone: view.Warn, Title: "Try " + strconv.Itoa(f.Try), Text: f.Text})
	}
	if a.Grants.May(role.Operate) && j.CanRetry() {
		page.RetryURL = jobURL(j.ID) + "/retry"
	}
	if a.Grants.May(role.Operate) && j.CanDrop() {
		page.DropURL = jobURL(j.ID) + "/drop"
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.JobsURL, Trail: jobTrail(), Title: kindWord(j.Kind) + " " + strconv.FormatInt(j.ID, 10), State: stateTag(j.State), Body: page.Body(),
	})
}

func jobFacts(j operate.Job, c view.Clock) []view.Fact {
	facts := []view.Fact{
		{Term: "For", Value: view.Mono(j.For)},
		{Term: "Queued", Value: c.At(j.Queued)},
		{Term: "Tries", Value: view.Text(fmt.Sprintf("%d of %d", j.Tries, j.Most))},
	}
	if !j.Next.IsZero() {
		facts = append(facts, view.Fact{Term: "Next try", Value: c.At(j.Next)})
	}
	if !j.Ended.IsZero() {
		facts = append(facts, view.Fact{Term: "Ended", Value: c.At(j.Ended)})
	}
	return facts
}

func (u *UI) retryJob(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	id, err := number(r, "id")
	if err != nil {
		return err
	}
	if err := u.Jobs.Retry(r.Context(), author(r, a), id); err != nil {
		return err
	}
	return u.Console.Done(w, r, jobURL(id), "It is tried again within a second.")
}

func (u *UI) showDrop(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.askDrop(w, r, a, nil)
}

func (u *UI) askDrop(w http.ResponseWriter, r *http.Request, a admin.Admin, ps console.Problems) error {
	j, err := u.job(r)
	if err != nil {
		return err
	}
	if !j.CanDrop() {
		return operate.ErrBusy
	}
	effect := "It is not done any more."
	if j.Kind == operate.Deliver {
		effect = "The message is never sent. Whoever waits for it hears nothing."
	}
	ask := view.Confirm{
		Form: view.Form{Form: component.Form{Action: r.URL.Path}}, Facts: jobFacts(j, u.Console.Clock(r)), Effects: []string{effect},
		Final: "This cannot be undone.", Reason: view.Asked{Show: true, Required: true, Value: r.PostFormValue("reason")},
		Button: "Drop the job", Danger: true, Cancel: jobURL(j.ID), Problems: ps,
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.JobsURL, Trail: jobTrail(), Title: "Drop " + strings.ToLower(kindWord(j.Kind)) + " " + strconv.FormatInt(j.ID, 10), Problems: ps, Body: ask.Show(),
	})
}

func (u *UI) dropJob(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	id, err := number(r, "id")
	if err != nil {
		return err
	}
	err = u.Jobs.Drop(r.Context(), author(r, a), id, r.PostFormValue("reason"))
	if ps, ok := u.Console.Problems(err); ok {
		return u.askDrop(w, r, a, ps)
	}
	if err != nil {
		return err
	}
	return u.Console.Done(w, r, console.JobsURL, "The job is dropped.")
}
