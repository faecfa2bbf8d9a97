package policyui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/policy"
	"rekey/internal/rulebook"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// scheduleSheet is the form of hours with a name.
type scheduleSheet struct {
	called
	zone, attribute, zones, holidays string
	hours                            []policypage.Hours
}

func (s *scheduleSheet) open(_ *UI, r *http.Request, b rulebook.Book) error {
	h, ok := b.Schedules[r.URL.Query().Get("of")]
	if s.of = r.URL.Query().Get("of"); s.of != "" && !ok {
		return errGone
	}
	if s.of == "" {
		h.Hours = []policy.Hours{{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "18:00"}}
	}
	s.name, s.zone, s.holidays = s.of, h.TimeZone, strings.Join(h.Holidays, "\n")
	if h.ZoneOf != nil {
		s.attribute = h.ZoneOf.Attribute
		for _, value := range slices.Sorted(mapsKeysOf(h.ZoneOf.Zones)) {
			s.zones += value + ": " + h.ZoneOf.Zones[value] + "\n"
		}
	}
	for _, one := range h.Hours {
		s.hours = append(s.hours, policypage.Hours{Days: lower(one.Days), From: one.From, To: one.To})
	}
	return nil
}

func lower(days []string) []string {
	out := make([]string, len(days))
	for i, d := range days {
		out[i] = policy.Fold(d)
	}
	return out
}

func (s *scheduleSheet) read(f *form) {
	s.called.read(f)
	s.zone, s.attribute, s.zones, s.holidays = f.text("time_zone"), f.text("zone_of.attribute"), f.Get("zone_of.zones"), f.Get("holidays")
	for _, key := range f.Values["hours.row"] {
		s.hours = append(s.hours, policypage.Hours{Days: f.list("hours.days." + key), From: f.text("hours.from." + key), To: f.text("hours.to." + key)})
	}
}

func (s *scheduleSheet) do(_ *form, d view.Deed) {
	switch {
	case d.List != "hours":
	case d.Verb == view.Add:
		s.hours = append(s.hours, policypage.Hours{})
	default:
		s.hours = view.Apply(s.hours, keys(len(s.hours)), d)
	}
}

func (s *scheduleSheet) onto(f *form, b rulebook.Book, d *policy.Document) {
	read := &form{Values: url.Values{"zones": {s.zones}, "holidays": {s.holidays}}}
	h := policy.Schedule{TimeZone: s.zone, Holidays: read.lines("holidays")}
	for _, one := range s.hours {
		h.Hours = append(h.Hours, policy.Hours{Days: one.Days, From: one.From, To: one.To})
	}
	if zones := read.lines("zones"); s.attribute != "" || len(zones) > 0 {
		h.ZoneOf = &policy.ZoneOf{Attribute: s.attribute, Zones: map[string]string{}}
		for _, line := range zones {
			value, zone, ok := strings.Cut(line, ":")
			if !ok {
				f.bad("zone_of", "Write a value, a colon and a time zone in each line.")
			}
			h.ZoneOf.Zones[strings.TrimSpace(value)] = strings.TrimSpace(zone)
		}
	}
	if was, ok := b.Schedules[s.of]; ok && alike(was, h) {
		h = was
	}
	put(f, s.called, d.Schedules, h)
	renamed(d, s.called, func(c *policy.Condition) { c.Schedules = swapped(c.Schedules, s.of, s.name) })
}

// alike reports whether hours say the same, days in another spelling.
func alike(a, b policy.Schedule) bool {
	zones := func(s policy.Schedule) policy.ZoneOf {
		if s.ZoneOf == nil {
			return policy.ZoneOf{}
		}
		return *s.ZoneOf
	}
	x, y := zones(a), zones(b)
	return a.TimeZone == b.TimeZone && slices.Equal(a.Holidays, b.Holidays) && x.Attribute == y.Attribute && mapsEqual(x.Zones, y.Zones) &&
		slices.EqualFunc(a.Hours, b.Hours, func(p, q policy.Hours) bool {
			return p.From == q.From && p.To == q.To && slices.Equal(lower(p.Days), lower(q.Days))
		})
}

func (s *scheduleSheet) about() about { return s.called.about("hours", "schedules", "hours") }

func (s *scheduleSheet) body(p *paper) (templ.Component, error) {
	return policypage.Schedule{
		Name: s.name, TimeZone: s.zone, Attribute: s.attribute, Zones: s.zones, Hours: s.hours, Holidays: s.holidays, Live: p.live(), Problems: p.problems,
	}.Show(), nil
}
