package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"rekey/internal/pilot"
)

type pilotCmd struct {
	List    pilotListCmd    `cmd:"" help:"List the pilots."`
	Report  pilotReportCmd  `cmd:"" help:"Show how a pilot goes: attempts, and help-desk tickets before it and since."`
	Tickets pilotTicketsCmd `cmd:"" help:"Note how many tickets the help desk had on a day."`
}

// withPilots opens what pilots are judged by. It works when the settings cannot be used.
func withPilots(ctx context.Context, c *cli, use func(s *pilot.Service, all []pilot.Pilot) error) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := a.Pilots(ctx)
	if err != nil {
		return err
	}
	return use(a.PilotService(), all)
}

type pilotListCmd struct {
	JSON bool `help:"Write JSON."`
}

func (p pilotListCmd) Run(ctx context.Context, c *cli) error {
	return withPilots(ctx, c, func(s *pilot.Service, all []pilot.Pilot) error {
		list, err := s.List(ctx, all)
		if err != nil {
			return err
		}
		if p.JSON {
			return writeJSON(os.Stdout, list)
		}
		return writePilots(os.Stdout, list)
	})
}

func writePilots(w io.Writer, list []pilot.Summary) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "There is no pilot: mark a policy of the settings with pilot: true.")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "PILOT\tSTATE\tFROM\tUNTIL\tSTARTED\tDONE\tDAYS WITH TICKETS\tGROUPS")
	for _, s := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", s.Pilot, s.State, bound(s.From), bound(s.Until), s.Started, s.Done, s.TicketDays,
			or(strings.Join(s.Groups, ", "), "-"))
	}
	return t.Flush()
}

func bound(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return moment(t)
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

type pilotReportCmd struct {
	Name       string `arg:"" help:"Name of the policy."`
	BeforeDays int    `default:"28" help:"How many days before the start to compare with."`
	JSON       bool   `help:"Write JSON."`
}

// mostBefore bounds how far back a report looks.
const mostBefore = 400

func (p pilotReportCmd) Run(ctx context.Context, c *cli) error {
	if p.BeforeDays < 0 || p.BeforeDays > mostBefore {
		return fmt.Errorf("--before-days: want 0 to %d, got %d", mostBefore, p.BeforeDays)
	}
	return withPilots(ctx, c, func(s *pilot.Service, all []pilot.Pilot) error {
		one, ok := pilot.Find(all, p.Name)
		if !ok {
			return fmt.Errorf("no pilot %q; rekey pilot list names them", p.Name)
		}
		r, err := s.Report(ctx, one, p.BeforeDays)
		if err != nil {
			return err
		}
		if p.JSON {
			return writeJSON(os.Stdout, r)
		}
		return writePilot(os.Stdout, r)
	})
}

type pilotTicketsCmd struct {
	Day    string `help:"The day: 2026-11-03." xor:"way"`
	Import string `help:"A CSV file with the header day,tickets or day,tickets,group instead." type:"existingfile" xor:"way"`
	Count  int    `default:"-1" help:"How many tickets."`
	Remove bool   `help:"Forget the day's figure."`
	Of     string `help:"The pilot whose people had them; without it they are the whole help desk's."`
}

func (p pilotTicketsCmd) Run(ctx context.Context, c *cli) error {
	switch {
	case p.Import == "" && p.Day == "":
		return errors.New("want --day with --count or --remove, or --import")
	case p.Import != "" && (p.Count >= 0 || p.Remove):
		return errors.New("--import brings its own days and counts")
	case p.Day != "" && p.Remove == (p.Count >= 0):
		return errors.New("--day wants --count, or --remove")
	}
	return withPilots(ctx, c, func(s *pilot.Service, all []pilot.Pilot) error {
		if p.Import != "" {
			return p.read(ctx, s, all)
		}
		return p.note(ctx, s, all)
	})
}

// last is the last day that has begun anywhere.
func (pilotTicketsCmd) last() pilot.Day { return pilot.DayAt(time.Now(), 14*time.Hour) }

func (p pilotTicketsCmd) note(ctx context.Context, s *pilot.Service, all []pilot.Pilot) error {
	d, err := pilot.ParseDay(p.Day)
	if err != nil {
		return fmt.Errorf("--day: %w", err)
	}
	if p.Remove {
		there, err := s.Store.DropTickets(ctx, p.Of, d)
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("there is no figure of %s for %s", d, whose(p.Of))
		}
		fmt.Printf("%s: the figure for %s is forgotten.\n", d, whose(p.Of))
		return nil
	}
	t := pilot.Tickets{Of: p.Of, Day: d, Count: p.Count}
	if err := t.Check(all, p.last()); err != nil {
		return err
	}
	before, err := s.Store.PutTickets(ctx, []pilot.Tickets{t})
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d tickets for %s", d, t.Count, whose(t.Of))
	if len(before) > 0 {
		fmt.Printf(", in place of %d", before[0].Count)
	}
	fmt.Println(".")
	return nil
}

func (p pilotTicketsCmd) read(ctx context.Context, s *pilot.Service, pilots []pilot.Pilot) error {
	file, err := os.Open(p.Import)
	if err != nil {
		return err
	}
	defer file.Close()
	if p.Of != "" {
		if err := (pilot.Tickets{Of: p.Of}).Check(pilots, p.last()); err != nil {
			return fmt.Errorf("--of: %w", err)
		}
	}
	all, err := pilot.Sheet{File: p.Import, Of: p.Of, Pilots: pilots, Last: p.last()}.Read(file)
	if err != nil {
		return fmt.Errorf("nothing is imported:\n%w", err)
	}
	before, err := s.Store.PutTickets(ctx, all)
	if err != nil {
		return err
	}
	fmt.Printf("%d days are imported, %d of them in place of a figure that was there.\n", len(all), len(before))
	now := map[pilot.Tickets]int{}
	for _, t := range all {
		now[pilot.Tickets{Of: t.Of, Day: t.Day}] = t.Count
	}
	for _, b := range before {
		if n := now[pilot.Tickets{Of: b.Of, Day: b.Day}]; n != b.Count {
			fmt.Printf("  %s for %s: %d, was %d\n", b.Day, whose(b.Of), n, b.Count)
		}
	}
	return nil
}

func whose(of string) string {
	if of == "" {
		return "the whole help desk"
	}
	return of
}
