package policyui

import (
	"net/http"
	"net/url"
	"strconv"

	"rekey/internal/admin"
	"rekey/internal/pilot"
	"rekey/internal/rulebook"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// showPast is what became of a policy, version by version.
func (u *UI) showPast(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	q := r.URL.Query()
	key := q.Get("policy")
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)
	b, err := u.Rules.Open(r.Context())
	if err != nil {
		return err
	}
	now, ok := find(b, key)
	if !ok {
		return errGone
	}
	past, err := u.Rules.Past(r.Context(), or(q.Get("was"), key), before)
	if err != nil {
		return err
	}
	page := policypage.Past{Clock: u.Console.Clock(r), May: u.may(a), Edit: openURL("policy", url.Values{"of": {key}})}
	last := or(q.Get("was"), key)
	for i, e := range past.Editions {
		one := policypage.Edition{Number: e.Number, At: e.At, Author: e.Author, Reason: e.Reason, Changes: review.Changes(e.Lines), Now: before == 0 && i == 0}
		if e.Policy.Name != "" && key[:1] != "/" {
			last = e.Policy.Name
		}
		if !one.Now {
			one.Restore = openURL("policy", url.Values{"of": {key}, "version": {itoa(e.Number)}, "was": {last}})
		}
		page.Editions = append(page.Editions, one)
	}
	if past.Before > 0 {
		page.Older = pastURL + "?" + url.Values{"policy": {key}, "was": {last}, "before": {itoa(past.Before)}}.Encode()
	}
	return u.page(w, r, a, console.PoliciesURL, console.Page{
		Title: now.Name + ": history", Lede: "Every version that changed it, with who did, and why.", Body: page.Body(),
	})
}

// showAsk is what-if on a page of its own, for those who look and do not edit.
func (u *UI) showAsk(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.ask(w, r, a, &form{Values: url.Values{}, zone: console.Zone(r)})
}

func (u *UI) submitAsk(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.ask(w, r, a, &form{Values: r.PostForm, zone: console.Zone(r)})
}

func (u *UI) ask(w http.ResponseWriter, r *http.Request, a admin.Admin, f *form) error {
	q := readQuestion(f)
	v := q.view(f, view.Live{})
	if err := q.answer(r.Context(), u, u.Site(), &v); err != nil {
		return err
	}
	return u.page(w, r, a, askURL, console.Page{
		Title: "What if", Lede: "What somebody would get by the settings in force, and why: the same facts and the same decision as when they try.",
		Body: policypage.Ask(askURL, v),
	})
}

// trials are the policies and rules that only report, or are tried.
func (u *UI) showTrials(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	b, err := u.Rules.Open(r.Context())
	if err != nil {
		return err
	}
	all, err := u.Pilots.All(r.Context(), pilots(b))
	if err != nil {
		return err
	}
	list, err := u.Pilots.List(r.Context(), all)
	if err != nil {
		return err
	}
	page := policypage.Trials{Clock: u.Console.Clock(r), May: u.may(a)}
	name := r.URL.Query().Get("trial")
	for _, s := range list {
		t := policypage.Trial{
			Name: s.Pilot, State: string(s.State), Started: s.Started, Done: s.Done, From: s.From, Until: s.Until, Current: s.Pilot == name,
			URL: trialsURL + "?" + url.Values{"trial": {s.Pilot}}.Encode(),
		}
		page.Trials = append(page.Trials, t)
	}
	for _, rule := range b.Rules {
		if rule.ReportOnly {
			page.Rules = append(page.Rules, policypage.NameEntry{
				Name: rule.Name, URL: openURL("rule", url.Values{"of": {rule.Name}}), Says: "When " + condition(rule.When) + ": " + u.effect(rule.Then),
			})
		}
	}
	if p, ok := pilot.Find(all, name); ok {
		report, err := u.Pilots.Report(r.Context(), p, 28)
		if err != nil {
			return err
		}
		page.Report = trial(report)
	}
	return u.page(w, r, a, trialsURL, console.Page{
		Title: "Trials", Lede: "Policies that are tried on a few, and rules that only report.", Body: page.Body(),
	})
}

func pilots(b rulebook.Book) []pilot.Pilot {
	var all []pilot.Pilot
	for _, p := range b.Policies {
		if p.Pilot {
			all = append(all, pilot.Pilot{Name: p.Name, Groups: p.Scope.Groups, From: p.From, Until: p.Until})
		}
	}
	return all
}

// trial writes a report for its page.
func trial(r pilot.Report) policypage.TrialReport {
	out := policypage.TrialReport{Name: r.Pilot, Zone: r.Zone, Chart: view.Chart{Title: "Attempts a day", Head: "Day"}}
	began, finished := view.Series{Name: "not finished"}, view.Series{Name: "finished"}
	tickets, any := view.Series{Name: "tickets"}, false
	for _, d := range r.Days {
		out.Chart.Labels = append(out.Chart.Labels, d.Day.Time().Format("2 Jan"))
		finished.Values = append(finished.Values, d.Done)
		began.Values = append(began.Values, max(0, d.Started-d.Done))
		n := 0
		if d.Tickets != nil {
			n, any = *d.Tickets, true
		}
		tickets.Values = append(tickets.Values, n)
	}
	out.Chart.Series = []view.Series{finished, began}
	if any {
		out.Tickets = view.Chart{Title: "Tickets a day", Head: "Day", Labels: out.Chart.Labels, Series: []view.Series{tickets}}
		out.TicketText = compared(r.Tickets)
	}
	for _, f := range append([]pilot.Figures{r.Total}, r.Actions...) {
		out.Figures = append(out.Figures, policypage.TrialFigures{
			Action: or(f.Action, "all"), Started: f.Started, Open: f.Open, Done: f.Done, Left: f.DroppedOut, Refused: f.Refused, Rate: percent(f.Rate),
			Median: seconds(f.Median), P90: seconds(f.P90),
		})
	}
	for _, s := range r.DropOuts {
		out.Left = append(out.Left, policypage.TrialShare{Name: s.Name, Count: s.Count})
	}
	for _, s := range r.Refusals {
		out.Refusals = append(out.Refusals, policypage.TrialShare{Name: s.Name, Count: s.Count})
	}
	return out
}

func compared(c pilot.Comparison) string {
	if c.Difference == nil {
		return "There are figures of one side only."
	}
	out := strconv.FormatFloat(*c.Difference, 'f', 1, 64) + " a day since it began, against before"
	if c.Percent != nil {
		out += " (" + strconv.Itoa(*c.Percent) + " %)"
	}
	if c.Everybody {
		out += "; figures are those of the whole help desk"
	}
	return out + "."
}

func percent(rate *float64) string {
	if rate == nil {
		return "–"
	}
	return strconv.FormatFloat(100**rate, 'f', 1, 64) + " %"
}

func seconds(n *int) string {
	if n == nil {
		return "–"
	}
	return strconv.Itoa(*n) + " s"
}
