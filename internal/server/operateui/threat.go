package operateui

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/threat"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/operatepage"
)

const (
	changesAPage = 25
	changesMost  = 1000
)

// level is a position of the switch, in words.
type level struct {
	is     policy.Threat
	name   string
	now    string // said while it holds
	does   []string
	button string
}

func levels() []level {
	return []level{
		{
			policy.RaisedByOne, "One factor more", "Everybody proves one factor more", []string{
				"Everybody proves one factor more than their policy asks for.", "Who has not enough methods cannot reset meanwhile.",
			}, "Ask for one more …",
		},
		{
			policy.PrivilegedStopped, "Privileged accounts stopped", "Everything is stopped for privileged accounts", []string{
				"Administrators of the directory and other privileged accounts can neither reset nor unlock nor change their methods.", "Everybody else goes on as before.",
			}, "Stop privileged accounts …",
		},
		{
			policy.Stopped, "Everything stopped", "Everything is stopped", []string{
				"Nobody can reset, unlock, change or enrol. Attempts under way are stopped, too.", "People read that the service is closed, and whom to call.",
			}, "Stop everything …",
		},
	}
}

func levelOf(t policy.Threat) (level, bool) {
	for _, l := range levels() {
		if l.is == t {
			return l, true
		}
	}
	return level{is: policy.Calm, name: "None", now: "No level is set: policies alone decide"}, false
}

func (u *UI) showThreat(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	now := u.Threat.Now()
	l, holds := levelOf(now.Level)
	page := operatepage.Threat{Clock: u.Console.Clock(r), Now: l.now, Tone: view.Good, Why: because(now)}
	may := a.Grants.May(role.SetThreat)
	if holds {
		page.Tone, page.Since, page.Until = view.Bad, now.Since, now.Until
		if may {
			page.EndURL = console.ThreatURL + "/end"
		}
	}
	for _, l := range levels() {
		shown := operatepage.Level{Name: l.name, Does: l.does, Holds: l.is == now.Level, Button: l.button}
		if may {
			shown.SetURL = setURL(l.is)
		}
		if shown.Holds {
			shown.Button = "Change its end …"
		}
		page.Levels = append(page.Levels, shown)
	}
	if err := u.changes(r, &page); err != nil {
		return err
	}
	return u.Console.Page(w, r, a, console.Page{Title: "Threat level", Lede: "One switch for the time of an attack. It holds on every server within five seconds, also for attempts under way.", Body: page.Body()})
}

func because(s threat.State) string {
	if s.Author == "" {
		return ""
	}
	return s.Author + ": " + s.Reason
}

func setURL(l policy.Threat) string { return console.ThreatURL + "/set/" + string(l) }

// picked reads the changes that the list shows.
func (u *UI) picked(r *http.Request) ([]threat.State, error) {
	all, err := u.Threat.History(r.Context(), changesMost)
	if err != nil {
		return nil, err
	}
	want := r.URL.Query().Get("level")
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number is the first page
	var out []threat.State
	for _, s := range all {
		if (want == "" || want == levelName(s.Level)) && (before == 0 || s.Number < before) {
			out = append(out, s)
		}
	}
	return out, nil
}

func levelName(t policy.Threat) string {
	if t == policy.Calm {
		return "none"
	}
	return string(t)
}

func (u *UI) changes(r *http.Request, page *operatepage.Threat) error {
	all, err := u.picked(r)
	if err != nil {
		return err
	}
	page.Picked, page.Filter = r.URL.Query().Get("level"), view.Filter{Action: console.ThreatURL}
	page.Choices = []view.Option{{Value: "", Label: "All"}, {Value: "none", Label: "Ended"}}
	for _, l := range levels() {
		page.Choices = append(page.Choices, view.Option{Value: string(l.is), Label: l.name})
	}
	t := view.Table{
		Caption: "Changes of the threat level", Empty: view.Empty{Title: "Nothing was ever set"},
		Columns: []view.Column{{Title: "Made", Kind: view.Tight, Sorted: view.Falling}, {Title: "Level"}, {Title: "Until", Kind: view.Tight}, {Title: "By"}, {Title: "Reason"}},
	}
	if len(all) > 0 {
		t.Exports = []view.Link{{Label: "CSV", URL: address(console.ThreatURL+".csv", r.URL.Query())}}
	}
	if len(all) > changesAPage {
		all = all[:changesAPage]
		t.Pager.Older = with(r, "before", strconv.FormatInt(all[len(all)-1].Number, 10))
	}
	for _, s := range all {
		l, holds := levelOf(s.Level)
		until := view.Quiet("–")
		if holds {
			until = page.At(s.Until)
		}
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{page.At(s.At), view.Text(l.name), until, view.Text(s.Author), view.Text(s.Reason)}})
	}
	page.History = t
	return nil
}

func (u *UI) exportThreat(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	all, err := u.picked(r)
	if err != nil {
		return err
	}
	rows := [][]string{{"change", "made", "level", "since", "until", "author", "reason"}}
	for _, s := range all {
		rows = append(rows, []string{strconv.FormatInt(s.Number, 10), stamp(s.At), levelName(s.Level), stamp(s.Since), stamp(s.Until), s.Author, s.Reason})
	}
	return sheet(w, "threat-levels", rows)
}

// spans are the lengths a level can be set for.
func spans() []view.Option {
	return []view.Option{
		{Value: "30m", Label: "30 minutes"},
		{Value: "1h", Label: "1 hour"},
		{Value: "4h", Label: "4 hours"},
		{Value: "12h", Label: "12 hours"},
		{Value: "24h", Label: "1 day"},
		{Value: "72h", Label: "3 days"},
		{Value: "168h", Label: "7 days"},
		{Value: "720h", Label: "30 days"},
	}
}

func threatTrail() []view.Link { return []view.Link{{Label: "Threat level", URL: console.ThreatURL}} }

var errNoLevel = fault.New(fault.NotFound, "There is no such level.")

func (u *UI) showSet(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.askSet(w, r, a, nil)
}

func (u *UI) askSet(w http.ResponseWriter, r *http.Request, a admin.Admin, ps console.Problems) error {
	l, ok := levelOf(policy.Threat(chi.URLParam(r, "level")))
	if !ok {
		return errNoLevel
	}
	page := operatepage.SetThreat{For: r.PostFormValue("for"), Spans: spans(), Ask: view.Confirm{
		Form: view.Form{Form: component.Form{Action: r.URL.Path}}, Effects: l.does, Undo: "It can be ended at any time. What was refused meanwhile stays refused.",
		Reason: view.Asked{Show: true, Required: true, Value: r.PostFormValue("reason")}, Button: "Set the level", Danger: true, Cancel: console.ThreatURL, Problems: ps,
	}}
	if page.For == "" {
		page.For = "4h"
	}
	title := l.name
	if now, holds := levelOf(u.Threat.Now().Level); holds && now.is != l.is {
		page.Before = "“" + now.name + "” holds now. This takes its place."
	} else if holds {
		title += ": change its end"
	}
	return u.Console.Page(w, r, a, console.Page{Section: console.ThreatURL, Trail: threatTrail(), Title: title, Problems: ps, Body: page.Body()})
}

// reasonOf reads why, which every change of the level needs.
func reasonOf(r *http.Request) (string, console.Problems) {
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" || utf8.RuneCountInString(reason) > 500 {
		return "", console.Problems{{Field: "reason", Text: "Say why, in up to 500 characters."}}
	}
	return reason, nil
}

func (u *UI) set(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	l, ok := levelOf(policy.Threat(chi.URLParam(r, "level")))
	if !ok {
		return errNoLevel
	}
	reason, ps := reasonOf(r)
	span, err := time.ParseDuration(r.PostFormValue("for"))
	if err != nil || span < threat.Shortest || span > threat.Longest {
		ps = append(ps, component.Problem{Field: "for", Text: "Choose from 5 minutes to 30 days."})
	}
	if ps.Any() {
		return u.askSet(w, r, a, ps)
	}
	s, err := u.Threat.Set(r.Context(), threat.Change{Level: l.is, For: span, Author: a.Name(), Reason: reason})
	if err != nil {
		return err
	}
	return u.Console.Done(w, r, console.ThreatURL, l.now+" until "+u.Console.Clock(r).Short(s.Until)+".")
}

func (u *UI) showEnd(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.askEnd(w, r, a, nil)
}

func (u *UI) askEnd(w http.ResponseWriter, r *http.Request, a admin.Admin, ps console.Problems) error {
	now := u.Threat.Now()
	l, holds := levelOf(now.Level)
	if !holds {
		return errCalm
	}
	c := u.Console.Clock(r)
	ask := view.Confirm{
		Form:    view.Form{Form: component.Form{Action: r.URL.Path}},
		Facts:   []view.Fact{{Term: "In force", Value: view.Text(l.name)}, {Term: "Until", Value: c.At(now.Until)}, {Term: "Set by", Value: view.Text(now.Author)}, {Term: "Why", Value: view.Text(now.Reason)}},
		Effects: []string{"Policies alone decide again, on every server within five seconds."}, Undo: "It can be set again.",
		Reason: view.Asked{Show: true, Required: true, Value: r.PostFormValue("reason")}, Button: "End the level", Cancel: console.ThreatURL, Problems: ps,
	}
	return u.Console.Page(w, r, a, console.Page{Section: console.ThreatURL, Trail: threatTrail(), Title: "End “" + l.name + "”", Problems: ps, Body: ask.Show()})
}

var errCalm = fault.New(fault.Conflict, "No level is set: there is nothing to end.")

func (u *UI) end(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	reason, ps := reasonOf(r)
	if ps.Any() {
		return u.askEnd(w, r, a, ps)
	}
	if _, err := u.Threat.End(r.Context(), a.Name(), reason); err != nil {
		return calm(err)
	}
	return u.Console.Done(w, r, console.ThreatURL, "The level has ended.")
}

// calm says in words that somebody else was faster.
func calm(err error) error {
	if errors.Is(err, threat.ErrCalm) {
		return errCalm
	}
	return err
}
