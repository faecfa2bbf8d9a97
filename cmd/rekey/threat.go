package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"rekey/internal/app"
	"rekey/internal/policy"
	"rekey/internal/threat"
)

type threatCmd struct {
	Show    threatShowCmd    `cmd:"" default:"withargs" help:"Show the level in force."`
	Set     threatSetCmd     `cmd:"" help:"Set or extend a level; every replica follows within five seconds, open attempts too."`
	End     threatEndCmd     `cmd:"" help:"End the level in force before its time."`
	History threatHistoryCmd `cmd:"" help:"List the changes."`
}

type threatShowCmd struct {
	JSON bool `help:"Write JSON."`
}

func (t threatShowCmd) Run(ctx context.Context, c *cli) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Threat.Load(ctx); err != nil {
		return err
	}
	return writeThreat(os.Stdout, a.Threat.Now(), t.JSON)
}

type threatSetCmd struct {
	Level  string        `arg:"" enum:"stop,raise,privileged" help:"stop: nothing at all; privileged: nothing for privileged accounts; raise: one factor more for everybody."`
	For    time.Duration `required:"" placeholder:"4h" help:"How long from now, 5m to 720h; it ends by itself."`
	Reason string        `required:"" help:"Why; kept in the history and the audit log."`
	Author string        `help:"Who; the operating system's user without it."`
	JSON   bool          `help:"Write JSON."`
}

func (t threatSetCmd) Run(ctx context.Context, c *cli) error {
	return changeThreat(ctx, c, t.JSON, func(a *app.App) (threat.State, error) {
		return a.Threat.Set(ctx, threat.Change{
			Level: policy.Threat(t.Level), For: t.For, Author: author(t.Author), Reason: t.Reason,
		})
	})
}

type threatEndCmd struct {
	Reason string `required:"" help:"Why; kept in the history and the audit log."`
	Author string `help:"Who; the operating system's user without it."`
	JSON   bool   `help:"Write JSON."`
}

func (t threatEndCmd) Run(ctx context.Context, c *cli) error {
	return changeThreat(ctx, c, t.JSON, func(a *app.App) (threat.State, error) {
		return a.Threat.End(ctx, author(t.Author), t.Reason)
	})
}

// changeThreat shows what holds after a change. It works when the settings do not.
func changeThreat(ctx context.Context, c *cli, asJSON bool, change func(*app.App) (threat.State, error)) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	s, err := change(a)
	if err != nil {
		return err
	}
	return writeThreat(os.Stdout, s, asJSON)
}

type threatHistoryCmd struct {
	Limit int  `default:"20" help:"How many changes to list."`
	JSON  bool `help:"Write JSON."`
}

func (t threatHistoryCmd) Run(ctx context.Context, c *cli) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := a.Threat.History(ctx, t.Limit)
	if err != nil {
		return err
	}
	if t.JSON {
		lines := make([]threatLine, 0, len(all))
		for _, s := range all {
			lines = append(lines, threatLineOf(s))
		}
		return writeJSON(os.Stdout, lines)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "CHANGE\tMADE\tLEVEL\tUNTIL\tAUTHOR\tREASON")
	for _, s := range all {
		until := "-"
		if s.Level != policy.Calm {
			until = moment(s.Until)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", s.Number, moment(s.At), levelWord(s.Level), until, s.Author, s.Reason)
	}
	return w.Flush()
}

// threatLine is a state for programs.
type threatLine struct {
	Change int64      `json:"change"`
	Level  string     `json:"level"` // none, raise, privileged, stop
	Made   *time.Time `json:"made,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
	Author string     `json:"author,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

func threatLineOf(s threat.State) threatLine {
	return threatLine{
		Change: s.Number, Level: levelWord(s.Level), Made: known(s.At), Since: known(s.Since), Until: known(s.Until), Author: s.Author, Reason: s.Reason,
	}
}

func levelWord(t policy.Threat) string {
	if t == policy.Calm {
		return "none"
	}
	return string(t)
}

func writeThreat(w io.Writer, s threat.State, asJSON bool) error {
	if asJSON {
		return writeJSON(w, threatLineOf(s))
	}
	what := map[policy.Threat]string{
		policy.Calm: "No threat level is set: policies alone decide", policy.RaisedByOne: "Everybody proves one factor more",
		policy.PrivilegedStopped: "Everything is stopped for privileged accounts", policy.Stopped: "Everything is stopped",
	}[s.Level]
	if s.Level != policy.Calm {
		what += fmt.Sprintf(", since %s and until %s", moment(s.Since), moment(s.Until))
	} else if !s.Since.IsZero() {
		what += ", since " + moment(s.Since)
	}
	if s.Author != "" {
		what += fmt.Sprintf(" (%s: %s)", s.Author, s.Reason)
	}
	_, err := fmt.Fprintln(w, what+".")
	return err
}

func writeJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
