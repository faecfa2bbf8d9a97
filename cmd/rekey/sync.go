package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"rekey/internal/sync"
)

type syncCmd struct {
	Status  syncStatusCmd  `cmd:"" help:"Show how the copy of every directory stands."`
	Run     syncRunCmd     `cmd:"" help:"Ask the replicas to look for changes now, or to read everything again."`
	Approve syncApproveCmd `cmd:"" help:"Confirm that the people are gone whom a pass that is held found missing."`
}

type syncStatusCmd struct {
	JSON bool `help:"Write JSON."`
}

// status is one directory's, for programs.
type status struct {
	Directory string     `json:"directory"`
	State     string     `json:"state"`
	Told      int64      `json:"told"`
	Total     int64      `json:"total,omitempty"`
	Current   *time.Time `json:"current,omitempty"`
	Full      *time.Time `json:"full,omitempty"`
	People    int64      `json:"people"`
	Gone      int64      `json:"gone"`
	Groups    int64      `json:"groups"`
	Members   int64      `json:"members"`
	Units     int64      `json:"units"`
	Held      int64      `json:"held,omitempty"`
	Failures  int        `json:"failures,omitempty"`
	Error     string     `json:"error,omitempty"`
}

func statusOf(c sync.Census) status {
	s := status{
		Directory: c.Directory, State: "idle", Told: c.Told, Current: known(c.Current), Full: known(c.Full), People: c.People,
		Gone: c.Gone, Groups: c.Groups, Members: c.Members, Units: c.Units, Held: c.Held.Gone, Failures: c.Failures, Error: c.Error,
	}
	switch {
	case !c.Held.At.IsZero():
		s.State = "held"
	case c.Error != "":
		s.State = "failing"
	case c.Kind != sync.Idle:
		s.State = "reading " + string(c.Kind)
	}
	if c.Kind == sync.Full {
		s.Total = c.Total
	}
	return s
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Run prints a line for each directory. Exit status 2: one is held or cannot be read.
func (s syncStatusCmd) Run(ctx context.Context, c *cli) error {
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := a.SyncStatus(ctx)
	if err != nil {
		return err
	}
	lines := make([]status, 0, len(all))
	bad := 0
	for _, c := range all {
		l := statusOf(c)
		if l.State == "held" || l.State == "failing" {
			bad++
		}
		lines = append(lines, l)
	}
	if err := s.write(lines, time.Now()); err != nil {
		return err
	}
	if bad > 0 {
		return findings{fmt.Sprintf("%d directories need a look", bad)}
	}
	return nil
}

func (s syncStatusCmd) write(lines []status, now time.Time) error {
	if s.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(lines)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "DIRECTORY\tSTATE\tAGE\tPEOPLE\tGONE\tGROUPS\tMEMBERS\tUNITS\tTHIS PASS\tREMARKS")
	for _, l := range lines {
		age, pass, remarks := "never", fmt.Sprint(l.Told), l.Error
		if l.Current != nil {
			age = now.Sub(*l.Current).Round(time.Second).String()
		}
		if l.Total > 0 {
			pass += fmt.Sprintf(" of about %d", l.Total)
		}
		if l.State == "held" {
			remarks = fmt.Sprintf("%d people would be gone; if that is right: rekey sync approve --directory %s", l.Held, l.Directory)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", l.Directory, l.State, age, l.People, l.Gone, l.Groups, l.Members, l.Units, pass, remarks)
	}
	return w.Flush()
}

type syncRunCmd struct {
	Directory string `required:"" help:"Key of the directory: its domain."`
	Full      bool   `help:"Read everything again."`
}

// Run leaves a note for the replica that works on the directory.
func (s syncRunCmd) Run(ctx context.Context, c *cli) error {
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	ok, err := a.SyncNow(ctx, s.Directory, s.Full)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("no replica has begun with %s yet; it reads everything when one serves", s.Directory)
	}
	fmt.Println("It is asked for; a replica begins within seconds.")
	return nil
}

type syncApproveCmd struct {
	Directory string `required:"" help:"Key of the directory: its domain."`
	Reason    string `required:"" help:"Why; kept in the audit log."`
	Author    string `help:"Who; the operating system's user without it."`
}

// Run lets the pass that is held go on.
func (s syncApproveCmd) Run(ctx context.Context, c *cli) error {
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	ok, err := a.SyncApprove(ctx, s.Directory, author(s.Author), s.Reason)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("nothing is held for %s", s.Directory)
	}
	fmt.Println("Confirmed; the pass goes on within seconds.")
	return nil
}
