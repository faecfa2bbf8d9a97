package report

import "time"

// Range is whole days, one after the other, of one time zone. The zero value is none.
type Range struct {
	bounds []time.Time // the first moment of each day, and of the one behind the last
}

// LongestRange is how many days a range has at most.
const LongestRange = 800

// Last gives n days that end with today, at least one and at most LongestRange.
func Last(n int, now time.Time, zone *time.Location) Range {
	n = min(max(n, 1), LongestRange)
	return days(now.In(zone), 1-n, n)
}

// Month gives the days of this month up to today.
func Month(now time.Time, zone *time.Location) Range {
	n := now.In(zone).Day()
	return days(now.In(zone), 1-n, n)
}

// Between gives the days from that of one moment to that of another in its zone; none when they are the wrong way round.
func Between(first, last time.Time, zone *time.Location) Range {
	n := int(noon(last.In(zone)).Sub(noon(first.In(zone)))/(24*time.Hour)) + 1
	if n < 1 {
		return Range{}
	}
	return days(first.In(zone), 0, min(n, LongestRange))
}

// Before gives as many days, before these.
func (r Range) Before() Range {
	if r.Len() == 0 {
		return Range{}
	}
	return days(r.bounds[0], -r.Len(), r.Len())
}

// WeekBefore gives the same days of the week before.
func (r Range) WeekBefore() Range {
	if r.Len() == 0 {
		return Range{}
	}
	return days(r.bounds[0], -7, r.Len())
}

// Len is how many days there are.
func (r Range) Len() int { return max(len(r.bounds)-1, 0) }

// Day is the first moment of day i, in the range's zone.
func (r Range) Day(i int) time.Time { return r.bounds[i] }

// Bounds are the first moments of all days and of the one behind the last. They must not be changed.
func (r Range) Bounds() []time.Time { return r.bounds }

// From is the first moment, Until the first behind.
func (r Range) From() time.Time {
	if r.Len() == 0 {
		return time.Time{}
	}
	return r.bounds[0]
}

// Until is the first moment behind the range.
func (r Range) Until() time.Time {
	if r.Len() == 0 {
		return time.Time{}
	}
	return r.bounds[r.Len()]
}

// days gives n days, the first so many days off from that of a moment.
func days(of time.Time, off, n int) Range {
	r := Range{bounds: make([]time.Time, 0, n+1)}
	for i := range n + 1 {
		r.bounds = append(r.bounds, start(of.Year(), of.Month(), of.Day()+off+i, of.Location()))
	}
	return r
}

// start is a day's first moment. Clocks that go from 24:00 to 01:00 have no midnight, and those that go back at 01:00 have two.
func start(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	of := time.Date(year, month, day, 12, 0, 0, 0, zone)
	if t.Day() != of.Day() {
		return t.Add(time.Hour)
	}
	if before := t.Add(-time.Hour); before.Day() == of.Day() {
		return before
	}
	return t
}

// noon makes days 24 hours apart.
func noon(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC)
}
