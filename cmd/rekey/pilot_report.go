package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"rekey/internal/pilot"
)

// writePilot prints a report for people.
func writePilot(w io.Writer, r pilot.Report) error {
	fmt.Fprintf(w, "%s: %s%s%s. Days are those of %s.\n", r.Pilot, stateWords(r.State), optional(", from ", bound(r.From)),
		optional(", until ", bound(r.Until)), r.Zone)
	if len(r.Groups) > 0 {
		fmt.Fprintf(w, "For members of %s.\n", strings.Join(r.Groups, ", "))
	}
	writeTickets(w, r.Tickets)
	if err := writeAttempts(w, r); err != nil {
		return err
	}
	return writeDays(w, r)
}

func stateWords(s pilot.State) string {
	if s == pilot.Gone {
		return "no pilot in the settings any more"
	}
	return string(s)
}

// optional puts something before a bound there is.
func optional(prefix, s string) string {
	if s == "" || s == "-" {
		return ""
	}
	return prefix + s
}

func writeTickets(w io.Writer, c pilot.Comparison) {
	of := "of its people"
	if c.Everybody {
		of = "of the whole help desk: none are noted for its people alone"
	}
	fmt.Fprintf(w, "\nTickets a day, %s\n", of)
	for _, s := range []struct {
		name string
		pilot.Side
	}{{"before", c.Before}, {"since", c.After}} {
		mean := "–"
		if s.Mean != nil {
			mean = figure(*s.Mean)
		}
		fmt.Fprintf(w, "  %-7s %6s   %s\n", s.name, mean, daysKnown(s.Side))
	}
	fmt.Fprintln(w, "  "+difference(c))
	if missing := append(append([]pilot.Day{}, c.Before.Missing...), c.After.Missing...); len(missing) > 0 {
		fmt.Fprintf(w, "  No figure for %s.\n", dayList(missing))
	}
}

func daysKnown(s pilot.Side) string {
	if s.Days == 0 {
		return "no day yet"
	}
	return fmt.Sprintf("%d of %d days have a figure", s.Figures, s.Days)
}

// figure rounds as far as a count of tickets can be told.
func figure(v float64) string {
	if math.Abs(v) < 10 && v != math.Trunc(v) {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func difference(c pilot.Comparison) string {
	if c.Difference == nil {
		return "Nothing to compare: a side has no figure."
	}
	text := figure(math.Abs(*c.Difference)) + " more a day"
	switch {
	case math.Abs(*c.Difference) < 0.05: // which would be shown as nothing
		text = "As many a day"
	case *c.Difference < 0:
		text = figure(math.Abs(*c.Difference)) + " fewer a day"
	}
	if c.Percent == nil {
		return text + fmt.Sprintf("; a side has fewer than %d days, which says little.", pilot.FewestDays)
	}
	return text + fmt.Sprintf(" (%+d %%).", *c.Percent)
}

// dayList names days, runs of them by their ends.
func dayList(days []pilot.Day) string {
	var parts []string
	for i := 0; i < len(days); {
		j := i
		for j+1 < len(days) && days[j+1] == days[j]+1 {
			j++
		}
		switch j - i {
		case 0:
			parts = append(parts, days[i].String())
		case 1:
			parts = append(parts, days[i].String(), days[j].String())
		default:
			parts = append(parts, days[i].String()+" to "+days[j].String())
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

func writeAttempts(w io.Writer, r pilot.Report) error {
	if r.Total.Started == 0 {
		fmt.Fprintln(w, "\nNobody has begun an attempt.")
		return nil
	}
	fmt.Fprintln(w, "\nAttempts since the start")
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tstarted\tdone\tof those ended\tmedian\t9 of 10 within\tdropped out\trefused\thalf written\tstarted over\topen\t")
	for _, f := range append([]pilot.Figures{r.Total}, r.Actions...) {
		rate := "–"
		if f.Rate != nil {
			rate = fmt.Sprintf("%.0f %%", 100**f.Rate)
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t\n", or(f.Action, "all"), f.Started, f.Done, rate, seconds(f.Median),
			seconds(f.P90), f.DroppedOut, f.Refused, f.Half, f.StartedOver, f.Open)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, s := range []struct {
		name string
		of   []pilot.Share
	}{{"Dropped out at", r.DropOuts}, {"Refused for", r.Refusals}} {
		if len(s.of) > 0 {
			parts := make([]string, len(s.of))
			for i, share := range s.of {
				parts[i] = fmt.Sprintf("%s %d", share.Name, share.Count)
			}
			fmt.Fprintf(w, "  %s: %s\n", s.name, strings.Join(parts, ", "))
		}
	}
	return nil
}

func seconds(n *int) string {
	if n == nil {
		return "–"
	}
	return (time.Duration(*n) * time.Second).String()
}

// widest is how long the longest bar is.
const widest = 30

// writeDays draws a line for each day.
func writeDays(w io.Writer, r pilot.Report) error {
	most := 0
	for _, l := range r.Days {
		if l.Tickets != nil {
			most = max(most, *l.Tickets)
		}
	}
	line := func(day, tickets, bar, started, done, mark string) error {
		text := fmt.Sprintf("%-14s  %7s  %-*s  %7s  %5s  %s", day, tickets, widest, bar, started, done, mark)
		_, err := fmt.Fprintln(w, strings.TrimRight(text, " "))
		return err
	}
	fmt.Fprintln(w)
	if err := line("DAY", "TICKETS", "", "STARTED", "DONE", ""); err != nil {
		return err
	}
	for i, l := range r.Days {
		tickets, drawn, started, done, mark := "–", "", "", "", ""
		if l.Tickets != nil {
			tickets, drawn = strconv.Itoa(*l.Tickets), bar(*l.Tickets, most)
		}
		if l.After {
			started, done = strconv.Itoa(l.Started), strconv.Itoa(l.Done)
		}
		switch {
		case l.After && (i == 0 || !r.Days[i-1].After):
			mark = "◂ start"
		case l.Today:
			mark = "today"
		}
		if err := line(l.Day.String()+l.Day.Time().Format(" Mon"), tickets, drawn, started, done, mark); err != nil {
			return err
		}
	}
	return nil
}

// bar is as long as its share of the most, and never nothing where there is something.
func bar(n, most int) string {
	if n == 0 {
		return ""
	}
	return strings.Repeat("█", max(1, n*widest/most))
}
