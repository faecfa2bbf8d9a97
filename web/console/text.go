package console

import (
	"fmt"
	"strconv"
	"time"
)

// Clock is when the page is drawn and in which zone its times are written.
type Clock struct {
	Now  time.Time
	Zone *time.Location // nil: UTC
}

// Absolute writes a moment to the second with its zone.
func (c Clock) Absolute(t time.Time) string { return c.in(t).Format("2 Jan 2006 15:04:05 MST") }

// Short writes a moment of today as its time, another one as its day and time.
func (c Clock) Short(t time.Time) string {
	here, now := c.in(t), c.in(c.Now)
	switch {
	case here.YearDay() == now.YearDay() && here.Year() == now.Year():
		return here.Format("15:04:05")
	case here.Year() == now.Year():
		return here.Format("2 Jan 15:04")
	}
	return here.Format("2 Jan 2006 15:04")
}

func (c Clock) in(t time.Time) time.Time {
	if c.Zone == nil {
		return t.UTC()
	}
	return t.In(c.Zone)
}

// Relative says how long ago a moment was, or how long it is until then; never for the zero time.
func (c Clock) Relative(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := c.Now.Sub(t)
	switch {
	case d > -time.Second && d < time.Second:
		return "now"
	case d < 0:
		return "in " + Span(-d)
	}
	return Span(d) + " ago"
}

// Span writes a length of time in its largest unit: "4 s", "12 min", "3 h", "5 days".
func Span(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return Of(int(d.Hours()/24), "day", "days")
}

// Count writes a number with separators: 14,203.
func Count(n int) string {
	s := strconv.Itoa(n)
	first := len(s) % 3
	if n < 0 {
		return "−" + Count(-n)
	}
	out := s[:first]
	for i := first; i < len(s); i += 3 {
		if out != "" {
			out += ","
		}
		out += s[i : i+3]
	}
	return out
}

// Of writes a number with its noun: "1 person", "14,203 people".
func Of(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}
