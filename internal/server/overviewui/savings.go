package overviewui

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/report"
	"rekey/internal/server/console"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/overviewpage"
)

// estimate is what calls would have cost. Its inputs are the reader's, and part of the address.
type estimate struct {
	finished int64
	share    float64 // of what was finished, that would have been a call: 0 to 100
	minutes  float64 // of a call, of whoever answers
	cost     float64 // of their hour; 0: not known
	currency string
}

func (e estimate) calls() float64 { return float64(e.finished) * e.share / 100 }
func (e estimate) hours() float64 { return e.calls() * e.minutes / 60 }
func (e estimate) money() float64 { return e.hours() * e.cost }

// estimate reads the inputs. Without any: every one a call of ten minutes.
func (s *span) estimate(q url.Values, f report.Figures) estimate {
	e := estimate{finished: spared(f), share: 100, minutes: 10, currency: "EUR"}
	for _, in := range []struct {
		name string
		to   *float64
		most float64
		text string
	}{
		{"share", &e.share, 100, "Enter a share from 0 to 100."},
		{"minutes", &e.minutes, 600, "Enter minutes from 0 to 600."},
		{"cost", &e.cost, 100_000, "Enter what an hour costs, from 0 to 100000."},
	} {
		text := strings.Replace(strings.TrimSpace(q.Get(in.name)), ",", ".", 1)
		if text == "" {
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n >= 0 && n <= in.most) {
			s.wrong(in.name, in.text)
			continue
		}
		*in.to = n
	}
	if c := strings.TrimSpace(q.Get("currency")); c != "" && len(c) <= 12 {
		e.currency = c
	}
	return e
}

func (u *UI) saved(r *http.Request) (span, estimate, error) {
	s := u.span(r)
	f, err := u.Reports.Figures(r.Context(), s.days, report.Of{})
	if err != nil {
		return s, estimate{}, err
	}
	e := s.estimate(r.URL.Query(), f)
	return s, e, nil
}

func (u *UI) showSavings(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	s, e, err := u.saved(r)
	if err != nil {
		return err
	}
	page := overviewpage.Savings{Tabs: tabs(savingsURL), Picker: s.picker(savingsURL), Facts: e.facts()}
	for i := range page.Picker.Presets {
		page.Picker.Presets[i].URL += "&" + e.query().Encode()
	}
	page.Inputs = inputs(e, s.problems)
	page.Exports = []view.Link{{Label: "CSV", URL: s.at(savingsURL+asCSV) + "&" + e.query().Encode()}}
	return u.Console.Page(w, r, a, console.Page{Section: console.ReportsURL, Title: "Calls saved", Lede: s.words() + ".", Problems: s.problems, Body: page.Body()})
}

func inputs(e estimate, ps component.Problems) []overviewpage.Input {
	all := []overviewpage.Input{
		{Field: view.Field{Name: "share", Label: "Would have been a call, %", Value: plain(e.share)}},
		{Field: view.Field{Name: "minutes", Label: "Minutes of a call", Value: plain(e.minutes)}},
		{Field: view.Field{Name: "cost", Label: "Cost of an hour", Value: e.price()}},
		{Field: view.Field{Name: "currency", Label: "Currency", Value: e.currency}, Text: true},
	}
	for i := range all {
		all[i].Field.Problem = ps.On(all[i].Field.Name)
	}
	return all
}

func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// price is empty where none is known.
func (e estimate) price() string {
	if e.cost == 0 {
		return ""
	}
	return plain(e.cost)
}

func (e estimate) query() url.Values {
	return url.Values{"share": {plain(e.share)}, "minutes": {plain(e.minutes)}, "cost": {e.price()}, "currency": {e.currency}}
}

// facts show the formula with its numbers.
func (e estimate) facts() []view.Fact {
	fact := func(term, value, how string) view.Fact {
		return view.Fact{Term: term, Value: templ.Join(view.Text(value+" "), view.Quiet(how))}
	}
	one := func(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }
	all := []view.Fact{
		fact("Resets and unlocks finished", figure(e.finished), "from the audit log"),
		fact("Calls not made", figure(int64(e.calls()+.5)), "= "+figure(e.finished)+" × "+plain(e.share)+" %"),
		fact("Hours of the help desk", one(e.hours()), "= "+one(e.calls())+" calls × "+plain(e.minutes)+" min ÷ 60"),
	}
	if e.cost > 0 {
		all = append(all, fact("Money", figure(int64(e.money()+.5))+" "+e.currency, "= "+one(e.hours())+" h × "+plain(e.cost)+" "+e.currency))
	}
	return all
}

func (u *UI) exportSavings(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	s, e, err := u.saved(r)
	if err != nil {
		return err
	}
	out := newSheet(w, "calls-saved"+asCSV, "from", "to", "zone", "finished", "share %", "minutes a call", "cost an hour", "currency", "calls", "hours", "money")
	money := ""
	if e.cost > 0 {
		money = strconv.FormatFloat(e.money(), 'f', 2, 64)
	}
	out.row(s.days.Day(0).Format("2006-01-02"), s.lastDay(), s.zone.String(), number(e.finished), plain(e.share), plain(e.minutes), e.price(), e.currency,
		strconv.FormatFloat(e.calls(), 'f', 1, 64), strconv.FormatFloat(e.hours(), 'f', 1, 64), money)
	return out.done(nil)
}
