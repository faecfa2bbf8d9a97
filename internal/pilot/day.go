package pilot

import (
	"fmt"
	"time"
)

// Day is a date: days since 1970-01-01.
type Day int

const day = 24 * time.Hour

// DayAt gives the day of a moment where clocks are so far ahead of UTC.
func DayAt(t time.Time, ahead time.Duration) Day {
	seconds := t.Unix() + int64(ahead/time.Second)
	n := seconds / int64(day/time.Second)
	if seconds%int64(day/time.Second) < 0 {
		n--
	}
	return Day(n)
}

// ParseDay reads 2026-11-03.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("want a day such as 2026-11-03, got %q", s)
	}
	return DayAt(t, 0), nil
}

// Time is the day's first moment in UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d)*int64(day/time.Second), 0).UTC() }

// String gives 2026-11-03.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// MarshalText implements encoding.TextMarshaler.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Day) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDay(string(text))
	return err
}
