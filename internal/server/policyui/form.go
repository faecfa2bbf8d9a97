package policyui

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/server/console"
	"rekey/web/component"
)

// form reads what was posted. What cannot be read is noted under the field's name.
type form struct {
	url.Values
	zone *time.Location
	ps   console.Problems
}

func (f *form) bad(field, format string, args ...any) {
	f.ps = append(f.ps, component.Problem{Field: field, Text: fmt.Sprintf(format, args...)})
}

func (f *form) text(name string) string { return strings.TrimSpace(f.Get(name)) }

func (f *form) on(name string) bool { return f.Get(name) == "on" }

// list gives the values of a name, each once, or nil.
func (f *form) list(name string) []string {
	var out []string
	for _, v := range f.Values[name] {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// lines gives the lines of a text that are not empty.
func (f *form) lines(name string) []string {
	var out []string
	for line := range strings.Lines(f.Get(name)) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// number reads a whole number; empty: 0.
func (f *form) number(name string) int {
	text := f.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		f.bad(name, "Write a whole number.")
		return 0
	}
	return n
}

// span reads 90s, 15m, 24h, 7d; empty: 0.
func (f *form) span(name string) time.Duration {
	text := f.text(name)
	if text == "" {
		return 0
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(days)); err == nil && n >= 0 && n < 10_000 {
			return time.Duration(n) * 24 * time.Hour
		}
	}
	d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
	if err != nil || d < 0 {
		f.bad(name, "Write a time such as 15m, 24h or 7d.")
		return 0
	}
	return d
}

// spanText is what span reads.
func spanText(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return ""
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	}
	text := d.String() // 1h30m0s
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// momentForm is how browsers write a day and a time.
const momentForm = "2006-01-02T15:04"

// moment reads a day and a time in the browser's zone; empty: zero. Seconds that a field has no place for come from what was there.
func (f *form) moment(name string, was time.Time) time.Time {
	text := f.text(name)
	if text == "" {
		return time.Time{}
	}
	if text == momentText(was, f.zone) {
		return was
	}
	t, err := time.ParseInLocation(momentForm, text, f.zone)
	if err != nil {
		f.bad(name, "Write a day and a time, such as 2027-01-31T08:00.")
	}
	return t
}

func momentText(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format(momentForm)
}

// numberText is empty for 0: nothing is asked.
func numberText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// keys numbers rows.
func keys(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}
