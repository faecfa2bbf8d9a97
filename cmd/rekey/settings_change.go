package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"rekey/internal/app"
	"rekey/internal/audit"
	"rekey/internal/preview"
)

// looking says how to look at people.
type looking struct {
	IP string `help:"Where people are taken to be; without it nothing is known of that."`
	At string `help:"When they are looked at (RFC 3339), for what has dates; now without it."`
}

func (l looking) options(names int) (preview.Options, error) {
	o := preview.Options{Names: names, Progress: progress()}
	if l.At != "" {
		var err error
		if o.At, err = time.Parse(time.RFC3339, l.At); err != nil {
			return o, fmt.Errorf("--at: want a time such as 2026-01-31T23:00:00Z, got %q", l.At)
		}
	}
	if l.IP == "" {
		return o, nil
	}
	at, err := netip.ParseAddr(l.IP)
	if err != nil {
		return o, fmt.Errorf("--ip: want an address, got %q", l.IP)
	}
	o.From = audit.Source{Address: at}
	return o, nil
}

// progress says every few seconds how far a long look has come.
func progress() func(done, all int64) {
	const every = 5 * time.Second
	last := time.Now()
	return func(done, all int64) {
		if time.Since(last) >= every {
			last = time.Now()
			fmt.Fprintf(os.Stderr, "rekey: looked at %d of %d people\n", done, all)
		}
	}
}

type planCmd struct {
	File  string `arg:"" type:"existingfile"`
	Names int    `default:"10" help:"How many people to name in each group."`
	JSON  bool   `help:"Write JSON, with everybody for whom something differs."`
	looking
}

func (p planCmd) Run(ctx context.Context, c *cli) error {
	text, err := os.ReadFile(p.File)
	if err != nil {
		return err
	}
	o, err := p.options(p.Names)
	if err != nil {
		return err
	}
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := warn(a.Settings, p.File, text); err != nil {
		return err
	}
	plan, err := p.write(ctx, a, app.Proposal{Name: p.File, Text: text}, o)
	if err != nil {
		return err
	}
	if plan.Diff == "" {
		return nil
	}
	return findings{"the file differs from the settings in force"}
}

// write plans and prints. As JSON people come one by one, so that memory does not grow with their number.
func (p planCmd) write(ctx context.Context, a *app.App, proposal app.Proposal, o preview.Options) (app.Plan, error) {
	if !p.JSON {
		plan, err := a.Plan(ctx, proposal, o)
		if err == nil {
			writePlan(os.Stdout, plan, time.Now())
		}
		return plan, err
	}
	separator := "{\"people\":[\n"
	o.Each = func(who preview.Person) error {
		line, err := json.Marshal(who)
		if err != nil {
			return err
		}
		_, err = fmt.Print(separator, string(line))
		separator = ",\n"
		return err
	}
	plan, err := a.Plan(ctx, proposal, o)
	if err != nil {
		return plan, err
	}
	if separator != ",\n" {
		fmt.Print(separator)
	}
	summary, err := json.Marshal(plan)
	if err != nil {
		return plan, err
	}
	_, err = fmt.Printf("\n],\"plan\":%s}\n", summary)
	return plan, err
}

// saving is what all commands need that save a version.
type saving struct {
	Reason    string `required:"" help:"Why; kept in the history and the audit log."`
	Author    string `help:"Who; the operating system's user without it."`
	MaxUnable string `xor:"limit" placeholder:"N|N%" help:"How many people may become unable to reset, as a number or a share of those who can. Without it 1%, and of fewer than 1000 people one in ten, at most 10."`
	Yes       bool   `xor:"limit" help:"Do not look who would become unable to reset."`
	looking
}

func (s saving) limit() (preview.Limit, error) {
	switch {
	case s.Yes:
		return nil, nil
	case s.MaxUnable == "":
		return preview.Usual, nil
	}
	l, err := preview.ParseLimit(s.MaxUnable)
	if err != nil {
		return nil, fmt.Errorf("--max-unable: %w", err)
	}
	return l, nil
}

// save puts a proposal in force. who is the command that says who would become unable.
func (s saving) save(ctx context.Context, a *app.App, p app.Proposal, who string) error {
	const sample = 10
	o, err := s.options(sample)
	if err != nil {
		return err
	}
	limit, err := s.limit()
	if err != nil {
		return err
	}
	if err := warn(a.Settings, p.Name, p.Text); err != nil {
		return err
	}
	p.Author, p.Reason = author(s.Author), s.Reason
	n, plan, err := a.ApplySettings(ctx, p, limit, o)
	var many *app.TooManyUnableError
	if errors.As(err, &many) {
		return findings{fmt.Sprintf("not applied: %v\n  among them: %s\n  who, and why: %s\n  to go on all the same: --max-unable %d",
			many, names(many.Unable), who, many.Unable.Count)}
	}
	if err != nil {
		return err
	}
	writeDoubts(os.Stderr, plan, time.Now())
	fmt.Printf("Version %d is in force.\n", n)
	return nil
}

type applyCmd struct {
	File string `arg:"" type:"existingfile"`
	saving
}

func (p applyCmd) Run(ctx context.Context, c *cli) error {
	text, err := os.ReadFile(p.File)
	if err != nil {
		return err
	}
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	return p.save(ctx, a, app.Proposal{Name: p.File, Text: text}, "rekey settings plan "+p.File)
}

type revertCmd struct {
	Version int64 `arg:"" help:"Version whose document to save again."`
	saving
}

func (r revertCmd) Run(ctx context.Context, c *cli) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	p, err := a.Reversion(ctx, r.Version)
	if err != nil {
		return err
	}
	err = r.save(ctx, a, p, fmt.Sprintf("rekey settings export --version %d > FILE; rekey settings plan FILE", r.Version))
	if err == nil && a.Settings.Locked {
		fmt.Fprintln(os.Stderr, "rekey: settings_locked: revert it in version control too, or the next apply undoes this")
	}
	return err
}

type driftCmd struct {
	File string `arg:"" type:"existingfile"`
}

func (d driftCmd) Run(ctx context.Context, c *cli) error {
	text, err := os.ReadFile(d.File)
	if err != nil {
		return err
	}
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	diff, err := a.Drift(ctx, d.File, text)
	if err != nil || diff == "" {
		return err
	}
	fmt.Print(diff)
	return findings{"what is in force differs from the file"}
}
