package auditui

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/evidence"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/web/auditpage"
	"rekey/web/component"
	view "rekey/web/console"
)

func (u *UI) showSearch(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	ctx, rd := r.Context(), reader(r, a)
	q := parse(r.URL.Query(), console.Zone(r))
	found, err := u.Service.Search(ctx, rd, q.Query, q.Direction)
	if err != nil {
		return err
	}
	tally, err := u.Service.Tally(ctx, rd, q.Query)
	if err != nil {
		return err
	}
	choices, err := u.Service.Choices(ctx)
	if err != nil {
		return err
	}
	saved, err := u.Service.Saved(ctx, rd)
	if err != nil {
		return err
	}
	page := auditpage.Search{
		Filter: filter(q, saved), Fields: boxes(q, choices), Masked: !rd.Reveal, Problem: strings.Join(q.unclear, " "),
		Chart: chart(tally), Title: chartTitle(tally), Table: u.table(r, q, found, tally),
	}
	if len(saved) > 0 {
		page.Manage = searchesURL
	}
	actions := []templ.Component{view.Button(view.Link{Label: "Check the log", URL: checkURL})}
	if a.Grants.May(role.ExportAudit) {
		actions = append(actions, view.Button(view.Link{Label: "Export", URL: q.at(exportURL)}))
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.AuditURL, Title: "Audit", Lede: "Everything that was done and tried. Nothing of it can be changed unseen.",
		Actions: view.Join(actions...), Body: page.Body(),
	})
}

func filter(q wish, saved []evidence.Saved) view.Filter {
	f := view.Filter{Action: console.AuditURL, List: "found"}
	if q.Rising {
		f.Keep = []component.Hidden{{Name: sortField, Value: rising}}
	}
	current := false
	for _, s := range saved {
		one := view.Saved{Name: s.Name, URL: console.AuditURL, Current: s.Query == q.text()}
		if s.Query != "" {
			one.URL += "?" + s.Query
		}
		current = current || one.Current
		f.Saved = append(f.Saved, one)
	}
	if !current && len(q.values) > 0 {
		f.Save = q.at(saveURL)
	}
	return f
}

// boxes are the filter's fields. What was picked stays to be picked, whether or not any record has it.
func boxes(q wish, c evidence.Choices) auditpage.Fields {
	v := q.values
	f := auditpage.Fields{
		Person: q.Person, By: q.By, Ticket: q.Ticket, Flow: q.Flow, Address: v.Get("address"), Version: v.Get("version"),
		From: v.Get("from"), Until: v.Get("until"), Picked: map[string][]string{},
	}
	for _, name := range fields() {
		f.Picked[name] = v[name]
	}
	if len(f.Picked["show"]) == 0 {
		f.Picked["show"] = usual()
	}
	options := func(name string, values []string, word func(string) string) (out []view.Option) {
		for _, one := range append(values, v[name]...) {
			if o := (view.Option{Value: one, Label: word(one)}); !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
		return out
	}
	f.Events = options("event", strs(c.Names), func(s string) string { return evidence.NameWords(audit.Name(s)) })
	slices.SortStableFunc(f.Events, func(a, b view.Option) int { return strings.Compare(a.Label, b.Label) })
	f.Outcomes = options("outcome", []string{string(audit.OK), string(audit.Refused), string(audit.Failed), string(audit.Unknown)}, outcomeWord)
	f.Methods = options("method", strs(c.Factors), methodWord)
	f.Policies = options("policy", c.Policies, plain)
	f.Actions = options("action", c.Purposes, capital)
	f.Actors = options("actor", strs(c.Actors), actorWord)
	f.Roles = options("role", roleNames(), roleWord)
	f.Columns = columnOptions()
	return f
}

func strs[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}

func roleNames() []string { return strs(role.Roles()) }

// chart draws the days, or months, with records; those between without any are empty columns.
func chart(t evidence.Tally) view.Chart {
	c := view.Chart{Title: "Records", Head: "Day (UTC)", Series: []view.Series{{Name: "done"}, {Name: "refused"}, {Name: "failed or unknown"}}}
	if len(t.Buckets) == 0 {
		return c
	}
	format, next := "2 Jan 2006", func(d time.Time) time.Time { return d.AddDate(0, 0, 1) }
	if t.Monthly {
		c.Head, format, next = "Month (UTC)", "Jan 2006", func(d time.Time) time.Time { return d.AddDate(0, 1, 0) }
	}
	rest := t.Buckets
	for d, end := rest[0].Start.UTC(), rest[len(rest)-1].Start; !d.After(end); d = next(d) {
		var b evidence.Bucket
		if len(rest) > 0 && !rest[0].Start.After(d) {
			b, rest = rest[0], rest[1:]
		}
		c.Labels = append(c.Labels, d.Format(format))
		for i, n := range []int{b.OK, b.Refused, b.Failed} {
			c.Series[i].Values = append(c.Series[i].Values, n)
		}
	}
	return c
}

func chartTitle(t evidence.Tally) string {
	title := "Records by day"
	if t.Monthly {
		title = "Records by month"
	}
	if t.Newest {
		title += ", the newest " + view.Count(evidence.Countable)
	}
	return title
}

// table is the page of records.
func (u *UI) table(r *http.Request, q wish, p evidence.Page, t evidence.Tally) view.Table {
	out := view.Table{
		ID: "records", Caption: "Audit records", Result: result(p, t), Clear: console.AuditURL, Chips: chips(q, p.Query),
		Empty: view.Empty{Title: "No record fits", Text: "Take a condition away, or choose a longer time.", Next: view.Link{Label: "Show all records", URL: console.AuditURL}},
	}
	if len(q.values) == 0 {
		out.Empty = view.Empty{Title: "Nothing is recorded yet", Text: "Every attempt and every act of an administrator is written down here."}
	}
	clock := u.Console.Clock(r)
	shown := chosen(q.columns)
	for _, c := range shown {
		head := view.Column{Title: c.title, Kind: c.kind}
		if c.key == timeColumn {
			head.Sort, head.Sorted = q.at(console.AuditURL, sortField, rising), view.Falling
			if q.Rising {
				head.Sort, head.Sorted = q.without(console.AuditURL, sortField), view.Rising
			}
		}
		out.Columns = append(out.Columns, head)
	}
	for _, rec := range p.Records {
		var row view.Row
		for _, c := range shown {
			row.Cells = append(row.Cells, c.cell(clock, rec))
		}
		out.Rows = append(out.Rows, row)
	}
	out.Pager = pager(q, p)
	return out
}

// pager leads on. Newer and Older mean times, whatever the order.
func pager(q wish, p evidence.Page) view.Pager {
	if len(p.Records) == 0 {
		return view.Pager{}
	}
	var back, on string
	if p.Before {
		back = q.at(console.AuditURL, beforeField, strconv.FormatInt(p.Records[0].Number, 10))
	}
	if p.After {
		on = q.at(console.AuditURL, afterField, strconv.FormatInt(p.Records[len(p.Records)-1].Number, 10))
	}
	if q.Rising {
		return view.Pager{Newer: on, Older: back}
	}
	return view.Pager{Newer: back, Older: on}
}

func result(p evidence.Page, t evidence.Tally) string {
	switch {
	case t.More:
		return fmt.Sprintf("%s shown of more than %s", view.Count(len(p.Records)), view.Count(int(t.Total)))
	case t.Total == int64(len(p.Records)):
		return view.Of(len(p.Records), "record", "records")
	}
	return fmt.Sprintf("%s shown of %s", view.Count(len(p.Records)), view.Of(int(t.Total), "record", "records"))
}

// chips are the conditions, each with a way to take it away.
func chips(q wish, asked evidence.Query) []view.Chip {
	var all []view.Chip
	add := func(name, label string, word func(string) string) {
		if vs := q.values[name]; len(vs) > 0 {
			words := make([]string, len(vs))
			for i, v := range vs {
				words[i] = word(v)
			}
			all = append(all, view.Chip{Label: label, Value: strings.Join(words, ", "), Remove: q.without(console.AuditURL, name)})
		}
	}
	add("person", "Person", plain)
	add("by", "Administrator", plain)
	add("event", "Event", func(s string) string { return evidence.NameWords(audit.Name(s)) })
	add("outcome", "Outcome", outcomeWord)
	add("method", "Method", methodWord)
	add("policy", "Policy", plain)
	add("from", "From", plain)
	add("until", "To", plain)
	add("ticket", "Ticket", plain)
	add("address", "Address", func(s string) string {
		if asked.Addresses.IsSingleIP() {
			return s
		}
		return asked.Addresses.String()
	})
	add("flow", "Attempt", plain)
	add("version", "Settings version", plain)
	add("action", "Wanted", capital)
	add("actor", "Who acted", actorWord)
	add("role", "Role", roleWord)
	return all
}

// RecordURL is the page of one record.
func RecordURL(number int64) string { return recordsURL + strconv.FormatInt(number, 10) }

// FlowURL is the page of an attempt or session.
func FlowURL(id string) string { return flowsURL + url.PathEscape(id) }

// PersonURL is the search for everything about an account (directory/object) or a name.
func PersonURL(person string) string {
	return console.AuditURL + "?" + url.Values{"person": {person}}.Encode()
}
