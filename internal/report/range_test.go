package report_test

import (
	"testing"
	"time"

	"rekey/internal/report"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestDaysBeginWhereTheyDo: days around changes of the clocks have the length they have, also where there is no midnight, or two.
func TestDaysBeginWhereTheyDo(t *testing.T) {
	for _, c := range []struct {
		zone, day string
		hours     float64
		first     string // in UTC
	}{
		{"UTC", "2026-03-04", 24, "2026-03-04T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29", 23, "2026-03-28T23:00:00Z"},
		{"Europe/Berlin", "2026-10-25", 25, "2026-10-24T22:00:00Z"},
		{"America/New_York", "2026-11-01", 25, "2026-11-01T04:00:00Z"},
		{"America/Santiago", "2025-09-07", 23, "2025-09-07T04:00:00Z"},      // no midnight
		{"America/Havana", "2025-11-02", 25, "2025-11-02T04:00:00Z"},        // two
		{"Asia/Kathmandu", "2026-01-01", 24, "2025-12-31T18:15:00Z"},        // a quarter
		{"Australia/Lord_Howe", "2026-04-05", 24.5, "2026-04-04T13:00:00Z"}, // half an hour
	} {
		z := zone(t, c.zone)
		at, err := time.ParseInLocation(time.DateOnly+" 15:04", c.day+" 15:30", z)
		if err != nil {
			t.Fatal(err)
		}
		r := report.Last(1, at, z)
		if got := r.From().UTC().Format(time.RFC3339); got != c.first || r.Until().Sub(r.From()).Hours() != c.hours {
			t.Errorf("%s in %s: %s and %v, want %s and %v h", c.day, c.zone, got, r.Until().Sub(r.From()), c.first, c.hours)
		}
		if at.Before(r.From()) || !at.Before(r.Until()) {
			t.Errorf("%s in %s: its afternoon is not in it", c.day, c.zone)
		}
	}
}

func TestRanges(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	now := time.Date(2026, 3, 31, 22, 30, 0, 0, time.UTC) // half past midnight of 1 April over there
	for name, c := range map[string]struct {
		r           report.Range
		n           int
		first, last string
	}{
		"today":            {report.Last(1, now, berlin), 1, "2026-04-01", "2026-04-01"},
		"today in UTC":     {report.Last(1, now, time.UTC), 1, "2026-03-31", "2026-03-31"},
		"four weeks":       {report.Last(28, now, berlin), 28, "2026-03-05", "2026-04-01"},
		"month":            {report.Month(now, time.UTC), 31, "2026-03-01", "2026-03-31"},
		"month just begun": {report.Month(now, berlin), 1, "2026-04-01", "2026-04-01"},
		"before":           {report.Last(28, now, berlin).Before(), 28, "2026-02-05", "2026-03-04"},
		"a week before":    {report.Last(1, now, berlin).WeekBefore(), 1, "2026-03-25", "2026-03-25"},
		"between":          {report.Between(now.AddDate(0, 0, -3), now, berlin), 5, "2026-03-28", "2026-04-01"},
		"none":             {report.Last(-5, now, berlin), 1, "2026-04-01", "2026-04-01"},
		"too many":         {report.Last(1e9, now, time.UTC), report.LongestRange, "2024-01-22", "2026-03-31"},
	} {
		if c.r.Len() != c.n || c.r.Day(0).Format(time.DateOnly) != c.first || c.r.Day(c.n-1).Format(time.DateOnly) != c.last {
			t.Errorf("%s: %d days, %v to %v", name, c.r.Len(), c.r.From(), c.r.Until())
		}
	}
	if r := report.Between(now, now.AddDate(0, 0, -1), berlin); r.Len() != 0 || r.Before().Len() != 0 || r.WeekBefore().Len() != 0 || !r.From().IsZero() || !r.Until().IsZero() {
		t.Errorf("the wrong way round: %+v", r)
	}
}
