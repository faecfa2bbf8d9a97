package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schedule is a compiled schedule.
type schedule struct {
	name      string
	zone      *time.Location
	attribute string // folded; empty: zone for everybody
	zones     map[string]*time.Location
	hours     []hours
	holidays  []day
}

// hours are minutes of a day, on a set of weekdays.
type hours struct {
	days     [7]bool
	from, to int
}

// day is a date; year 0 is every year.
type day struct {
	year  int
	month time.Month
	day   int
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// within reports whether the facts' moment is within the hours, by the clock of the account's zone.
func (s *schedule) within(f *Facts) Tristate {
	if f.Now.IsZero() {
		return Unknown
	}
	zone := s.zoneOf(f)
	if zone == nil {
		return Unknown
	}
	now := f.Now.In(zone)
	minute := now.Hour()*60 + now.Minute()
	for _, h := range s.hours {
		today, yesterday := h.days[now.Weekday()] && !s.holiday(now), false
		if h.from >= h.to { // past midnight
			before := now.AddDate(0, 0, -1)
			yesterday = h.days[before.Weekday()] && !s.holiday(before) && minute < h.to
			today = today && minute >= h.from
		} else {
			today = today && minute >= h.from && minute < h.to
		}
		if today || yesterday {
			return Yes
		}
	}
	return No
}

// zoneOf is the account's zone where an attribute tells one, else the schedule's.
func (s *schedule) zoneOf(f *Facts) *time.Location {
	if s.attribute == "" {
		return s.zone
	}
	for _, v := range f.Attributes[s.attribute] {
		if z, ok := s.zones[Fold(v)]; ok {
			return z
		}
	}
	return s.zone // nil where the document names none: then it cannot be told
}

func (s *schedule) holiday(t time.Time) bool {
	y, m, d := t.Date()
	return slices.ContainsFunc(s.holidays, func(h day) bool { return (h.year == 0 || h.year == y) && h.month == m && h.day == d })
}

func compileSchedule(name string, in Schedule, bad func(key, format string, args ...any)) schedule {
	s := schedule{name: name}
	zone := func(key, name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil || name == "Local" {
			bad(key, "want a time zone such as Europe/Berlin, got %q", name)
			return nil
		}
		return z
	}
	if in.TimeZone != "" || in.ZoneOf == nil {
		s.zone = zone("time_zone", in.TimeZone)
	}
	if in.ZoneOf != nil {
		s.attribute, s.zones = Fold(in.ZoneOf.Attribute), map[string]*time.Location{}
		if s.attribute == "" {
			bad("zone_of.attribute", "is missing")
		}
		for value, name := range in.ZoneOf.Zones {
			s.zones[Fold(value)] = zone("zone_of.zones."+value, name)
		}
	}
	if len(in.Hours) == 0 {
		bad("hours", "is missing")
	}
	for i, h := range in.Hours {
		s.hours = append(s.hours, compileHours(fmt.Sprintf("hours[%d]", i), h, bad))
	}
	for i, text := range in.Holidays {
		d, ok := parseDay(text)
		if !ok {
			bad(fmt.Sprintf("holidays[%d]", i), "want a day such as 2026-12-25, or 12-25 for every year, got %q", text)
		}
		s.holidays = append(s.holidays, d)
	}
	return s
}

func compileHours(path string, in Hours, bad func(key, format string, args ...any)) hours {
	var h hours
	if len(in.Days) == 0 {
		bad(path+".days", "is missing")
	}
	for i, d := range in.Days {
		n := slices.Index(weekdays, Fold(d))
		if n < 0 {
			bad(fmt.Sprintf("%s.days[%d]", path, i), "want mon, tue, wed, thu, fri, sat or sun, got %q", d)
			continue
		}
		h.days[n] = true
	}
	var from, to bool
	if h.from, from = parseMinute(in.From); !from || h.from == 24*60 {
		bad(path+".from", "want a time such as 08:00, got %q", in.From)
	}
	if h.to, to = parseMinute(in.To); !to {
		bad(path+".to", "want a time such as 18:00, up to 24:00, got %q", in.To)
	}
	if from && to && h.from == h.to {
		bad(path+".to", "is when it begins; for the whole day write 00:00 to 24:00")
	}
	return h
}

// parseMinute reads 08:00 as the minute of the day.
func parseMinute(s string) (int, bool) {
	hour, minute, ok := strings.Cut(s, ":")
	h, err1 := strconv.ParseUint(hour, 10, 8)
	m, err2 := strconv.ParseUint(minute, 10, 8)
	if !ok || err1 != nil || err2 != nil || len(hour) > 2 || len(minute) != 2 || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return int(h*60 + m), true
}

// parseDay reads 2026-12-25 and 12-25.
func parseDay(s string) (day, bool) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return day{t.Year(), t.Month(), t.Day()}, true
	}
	t, err := time.Parse(time.DateOnly, "2024-"+s) // a leap year: 02-29 is a day
	return day{0, t.Month(), t.Day()}, err == nil
}
