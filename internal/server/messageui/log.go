package messageui

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/delivery"
	"rekey/internal/fault"
	"rekey/internal/message"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/wording"
	view "rekey/web/console"
	"rekey/web/messagepage"
)

const (
	perPage  = 50
	perSheet = 50_000
)

// query is a view of the log, as its address says it.
type query struct {
	url.Values
	filter delivery.Filter
}

// query reads the address. A person nobody knows, and a day that is none, are problems.
func (u *UI) query(r *http.Request) (query, console.Problems) {
	q := query{Values: r.URL.Query()}
	var ps console.Problems
	q.filter = delivery.Filter{Limit: perPage, Oldest: q.Get("sort") == "oldest"}
	for _, e := range q.Values["event"] {
		q.filter.Events = append(q.filter.Events, message.Template(e))
	}
	for _, c := range q.Values["by"] {
		q.filter.Channels = append(q.filter.Channels, message.Channel(c))
	}
	for _, s := range q.Values["state"] {
		q.filter.States = append(q.filter.States, delivery.State(s))
	}
	q.filter.After, _ = strconv.ParseInt(q.Get("after"), 10, 64) // none: the first page
	day := func(name string, plus int) time.Time {
		if q.Get(name) == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, q.Get(name), console.Zone(r))
		if err != nil {
			ps = append(ps, console.Problems{{Field: name, Text: "Write a day as 2026-11-25."}}...)
			return time.Time{}
		}
		return t.AddDate(0, 0, plus)
	}
	q.filter.From, q.filter.To = day("from", 0), day("to", 1)
	if who := q.Get("who"); who != "" {
		id, ok := account.ParseID(who)
		if !ok {
			var err error
			if id, _, err = u.Console.Service().Find(r.Context(), who); err != nil {
				ps = append(ps, console.Problems{{Field: "who", Text: u.Console.Say(fault.Of(err).Text)}}...)
			}
		}
		q.filter.Account = id.String()
	}
	return q, ps
}

// with gives the address of another view of the log.
func (q query) with(path string, set ...string) string {
	v := url.Values{}
	for name, values := range q.Values {
		if slices.Contains([]string{"event", "by", "state", "who", "from", "to", "sort", "after"}, name) {
			v[name] = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
		}
	}
	for i := 0; i+1 < len(set); i += 2 {
		if v.Set(set[i], set[i+1]); set[i+1] == "" {
			v.Del(set[i])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func (u *UI) showLog(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	q, ps := u.query(r)
	var all []delivery.Record
	var more bool
	if !ps.Any() {
		var err error
		if all, more, err = u.Log.List(r.Context(), q.filter, a.Grants.May(role.RevealAudit)); err != nil {
			return err
		}
	}
	page := messagepage.Log{
		Clock: u.Console.Clock(r), Tabs: tabs(a, logURL), Who: q.Get("who"), From: q.Get("from"), To: q.Get("to"),
		Event: q.Values["event"], Way: q.Values["by"], State: q.Values["state"], Filter: view.Filter{Action: logURL},
	}
	if sort := q.Get("sort"); sort != "" {
		page.Filter.Keep = hidden("sort", sort)
	}
	for _, e := range append(wording.Events(), message.Test) {
		page.Events = append(page.Events, view.Option{Value: string(e), Label: eventName(e)})
	}
	for _, c := range []message.Channel{message.Mail, message.SMS} {
		page.Ways = append(page.Ways, view.Option{Value: string(c), Label: channelName(c)})
	}
	for _, s := range delivery.States() {
		label, _ := stateName(s)
		page.States = append(page.States, view.Option{Value: string(s), Label: label})
	}
	page.Table = u.logTable(a, page.Clock, q, all, more)
	return u.Console.Page(w, r, a, console.Page{
		Section: console.MessagesURL, Trail: trail, Title: "Delivery log", Lede: "What was sent when to whom, for 90 days. It holds no text and no code.", Problems: ps, Body: page.Body(),
	})
}

func (u *UI) logTable(a admin.Admin, clock view.Clock, q query, all []delivery.Record, more bool) view.Table {
	t := view.Table{
		Caption: "Messages", Exports: []view.Link{{Label: "CSV", URL: q.with(logURL+".csv", "after", "")}},
		Empty: view.Empty{Title: "No message is like this", Text: "Messages are listed once a first try was made."},
		Columns: []view.Column{
			{Title: "When", Kind: view.Tight, Sort: q.with(logURL, "sort", map[bool]string{true: "", false: "oldest"}[q.filter.Oldest], "after", ""), Sorted: map[bool]view.Order{true: view.Rising, false: view.Falling}[q.filter.Oldest]},
			{Title: "Message"},
			{Title: "To"},
			{Title: "Text", Kind: view.Tight},
			{Title: "State"},
			{Title: "Tries", Kind: view.Figures},
			{Title: "Do", Kind: view.Acts},
		},
	}
	for _, e := range all {
		t.Rows = append(t.Rows, logRow(a, clock, e))
	}
	if len(all) > 0 {
		t.Result = view.Of(len(all), "message", "messages")
	}
	if more {
		t.Pager.Older = q.with(logURL, "after", number(all[len(all)-1].Number))
	}
	if q.filter.After != 0 {
		t.Pager.Newer = q.with(logURL, "after", "")
	}
	return t
}

func logRow(a admin.Admin, clock view.Clock, e delivery.Record) view.Row {
	to := e.To
	if to == "" {
		to = e.Masked
	}
	whose := "to the owner"
	if e.Others {
		whose = "to somebody who looks after the account"
	}
	text := "built in"
	if e.Own {
		text = "own, version " + number(e.Settings)
	}
	state, tone := stateName(e.State)
	cells := []templ.Component{
		clock.At(e.At), view.Two(eventName(e.Event), "", channelName(e.Channel)+", "+e.Language), view.Two(to, "", whose), view.Text(text),
		view.Join(view.Tag{Text: state, Tone: tone}.Show(), messagepage.Why(because(e.Entry))), view.Text(strconv.Itoa(e.Tries)), nil,
	}
	if e.Retry && a.Grants.May(role.Operate) {
		cells[len(cells)-1] = messagepage.Again(logURL + "/" + number(e.Number) + "/retry")
	}
	return view.Row{Cells: cells}
}

func (u *UI) exportLog(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	q, ps := u.query(r)
	if ps.Any() {
		return fault.New(fault.Invalid, ps[0].Text)
	}
	q.filter.Limit = perSheet
	all, _, err := u.Log.List(r.Context(), q.filter, a.Grants.May(role.RevealAudit))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="messages.csv"`)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"at", "queued", "event", "channel", "language", "to", "account", "text", "settings", "state", "tries", "why", "message"}) // Flush tells
	for _, e := range all {
		to, text := e.To, "built-in"
		if to == "" {
			to = e.Masked
		}
		if e.Own {
			text = "own"
		}
		_ = out.Write(inert(
			e.At.Format(time.RFC3339), e.Queued.Format(time.RFC3339), string(e.Event), string(e.Channel), e.Language, to, e.Account, text,
			number(e.Settings), string(e.State), strconv.Itoa(e.Tries), because(e.Entry), e.ID,
		))
	}
	out.Flush()
	return nil // the browser may have gone
}

// inert keeps a spreadsheet from taking a cell for a formula (OWASP, CSV injection).
func inert(cells ...string) []string {
	for i, c := range cells {
		if c != "" && slices.Contains([]byte("=+-@\t\r"), c[0]) {
			cells[i] = "'" + c
		}
	}
	return cells
}

func (u *UI) submitRetry(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	n := parse(chi.URLParam(r, "number"))
	err := u.Log.Retry(r.Context(), n, audit.Event{
		Subject: a.Session.Account, By: a.Name(), Role: string(a.Grants.Roles()[0]), Flow: a.Session.ID, Source: server.Source(r),
		Settings: u.Site().Version, Detail: map[string]string{"delivery": number(n)},
	})
	if err != nil {
		return err
	}
	return u.Console.Done(w, r, logURL, "It is tried again now.")
}
