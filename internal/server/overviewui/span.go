package overviewui

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"rekey/internal/policy"
	"rekey/internal/report"
	"rekey/internal/server/console"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/overviewpage"
)

// span is the days that a page is about, as its address says.
type span struct {
	preset   string // of presets; empty: own dates
	days     report.Range
	zone     *time.Location
	now      time.Time
	of       report.Of
	problems console.Problems
}

// presets are the ranges that have a name, by the value of range=.
var presets = []struct {
	value, label string
	days         int
}{{"today", "Today", 1}, {"7", "7 days", 7}, {"28", "28 days", 28}, {"90", "90 days", 90}}

const usual = "28"

// span reads the address. What cannot be read is said, and the usual days are shown.
func (u *UI) span(r *http.Request) span {
	s := span{now: u.Console.Now(), zone: console.Zone(r)}
	q := r.URL.Query()
	s.of = report.Of{Action: policy.Action(q.Get("action")), Policy: q.Get("policy")}
	if name := q.Get("zone"); name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil || name == "Local" || len(name) > 64 {
			s.problems = append(s.problems, component.Problem{Field: "zone", Text: "There is no such time zone. Write it as in Europe/Berlin."})
		} else {
			s.zone = zone
		}
	}
	if q.Get("from") != "" || q.Get("to") != "" {
		if s.own(q.Get("from"), q.Get("to")) {
			return s
		}
	}
	s.named(q.Get("range"))
	return s
}

func (s *span) named(value string) {
	s.preset = usual
	for _, p := range presets {
		if p.value == value {
			s.preset = value
		}
	}
	for _, p := range presets {
		if p.value == s.preset {
			s.days = report.Last(p.days, s.now, s.zone)
		}
	}
}

// own takes dates; only one of them: from there until today, or that day alone.
func (s *span) own(from, to string) bool {
	last := s.now.In(s.zone)
	if to != "" {
		day, err := time.ParseInLocation(time.DateOnly, to, s.zone)
		if err != nil {
			return s.wrong("to", "Write a date as in 2026-03-31.")
		}
		last = day.Add(12 * time.Hour) // days begin at other hours where clocks change
	}
	first := last
	if from != "" {
		day, err := time.ParseInLocation(time.DateOnly, from, s.zone)
		if err != nil {
			return s.wrong("from", "Write a date as in 2026-03-01.")
		}
		first = day.Add(12 * time.Hour)
	}
	if s.days = report.Between(first, last, s.zone); s.days.Len() == 0 {
		return s.wrong("to", "The last day is before the first.")
	}
	return true
}

func (s *span) wrong(field, text string) bool {
	s.problems = append(s.problems, component.Problem{Field: field, Text: text})
	return false
}

// query is the address of the same days, and what is looked at in them.
func (s span) query() url.Values {
	q := url.Values{"zone": {s.zone.String()}}
	if s.preset != "" {
		q.Set("range", s.preset)
	} else {
		q.Set("from", s.days.Day(0).Format(time.DateOnly))
		q.Set("to", s.lastDay())
	}
	if s.of.Action != "" {
		q.Set("action", string(s.of.Action))
	}
	if s.of.Policy != "" {
		q.Set("policy", s.of.Policy)
	}
	return q
}

func (s span) lastDay() string { return s.days.Day(s.days.Len() - 1).Format(time.DateOnly) }

func (s span) at(path string) string { return path + "?" + s.query().Encode() }

// picker chooses other days. more goes along unseen.
func (s span) picker(path string) overviewpage.Picker {
	p := overviewpage.Picker{Action: path, Zone: s.zone.String(), Problems: s.problems}
	for _, named := range presets {
		other := s
		other.preset = named.value
		p.Presets = append(p.Presets, view.Tab{Label: named.label, URL: other.at(path), Current: s.preset == named.value})
	}
	if s.preset == "" {
		p.From, p.To = s.days.Day(0).Format(time.DateOnly), s.lastDay()
	} else {
		p.Keep = []component.Hidden{{Name: "range", Value: s.preset}}
	}
	return p
}

// labels are the days as a chart has them.
func (s span) labels() []string {
	out := make([]string, s.days.Len())
	for i := range out {
		out[i] = s.days.Day(i).Format("2 Jan")
	}
	return out
}

// words says which days it is about.
func (s span) words() string {
	from, to := s.days.Day(0), s.days.Day(s.days.Len()-1)
	if s.days.Len() == 1 {
		return from.Format("2 January 2006") + ", " + s.zone.String()
	}
	return from.Format("2 January 2006") + " to " + to.Format("2 January 2006") + ", " + strconv.Itoa(s.days.Len()) + " days, " + s.zone.String()
}
