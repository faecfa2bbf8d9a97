package locale

import (
	"strconv"
	"time"
)

// Date writes a day, "23 November 2026", in the zone of t.
func (p *Printer) Date(t time.Time) string {
	return p.T("time.date", "Day", strconv.Itoa(t.Day()), "Month", p.T("time.month."+strconv.Itoa(int(t.Month()))), "Year", strconv.Itoa(t.Year()))
}

// Time writes a day and a time with the zone's short name, "23 November 2026 at 14:05 CET". The zone is an IANA name;
// an empty or unknown one means UTC.
func (p *Printer) Time(t time.Time, zone string) string {
	t = in(t, zone)
	return p.T("time.full", "Date", p.Date(t), "Clock", t.Format("15:04"), "Zone", t.Format("MST"))
}

// Clock writes a time of day with the zone's short name, "14:05 CET".
func (p *Printer) Clock(t time.Time, zone string) string {
	t = in(t, zone)
	return p.T("time.clock", "Clock", t.Format("15:04"), "Zone", t.Format("MST"))
}

func in(t time.Time, zone string) time.Time {
	where, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		where = time.UTC
	}
	return t.In(where)
}
