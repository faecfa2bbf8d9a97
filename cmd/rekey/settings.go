package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"text/tabwriter"

	"rekey/internal/app"
	"rekey/internal/secret"
	"rekey/internal/settings"
	"rekey/internal/site"
)

type settingsCmd struct {
	Export  exportCmd  `cmd:"" help:"Write the settings in force to standard output."`
	Plan    planCmd    `cmd:"" help:"Check a settings file and show what would change, and for whom. Exit status 2: something would."`
	Apply   applyCmd   `cmd:"" help:"Save a settings file as the next version; every replica switches within seconds. Exit status 2: too many people would become unable to reset."`
	Revert  revertCmd  `cmd:"" help:"Save an earlier version as the next one. Exit status 2: as with apply."`
	Drift   driftCmd   `cmd:"" help:"Compare what is in force with a settings file, whatever it looks like. Exit status 2: they differ."`
	History historyCmd `cmd:"" help:"List the versions."`
	Diff    diffCmd    `cmd:"" help:"Show what differs between two versions."`
	Lint    lintCmd    `cmd:"" help:"Say what is weak or pointless in a settings file, and which standard it breaks. Exit status 1: it has errors."`
	Seal    sealCmd    `cmd:"" help:"Read a secret from standard input and print its sealed form for the settings."`
}

type exportCmd struct {
	Version int64 `help:"Version to write; the newest without it."`
}

func (e exportCmd) Run(ctx context.Context, c *cli) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	v, err := a.SettingsVersion(ctx, e.Version)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(v.Document)
	return err
}

// author names the operator for the records.
func author(given string) string {
	if given != "" {
		return given
	}
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}

type historyCmd struct {
	Limit int  `default:"20" help:"How many versions to list."`
	Diff  bool `help:"Show what each of them changed."`
}

func (h historyCmd) Run(ctx context.Context, c *cli) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	versions, err := a.SettingsHistory(ctx, h.Limit)
	if err != nil {
		return err
	}
	if h.Diff {
		return h.diffs(ctx, a, versions)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tSAVED\tAUTHOR\tREASON")
	for _, v := range versions {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", v.Number, saved(v), v.Author, v.Reason)
	}
	return w.Flush()
}

// diffs shows for each version what turned the one before into it.
func (historyCmd) diffs(ctx context.Context, a *app.App, versions []site.Version) error {
	for _, v := range versions {
		fmt.Printf("Version %d, saved %s by %s: %s\n", v.Number, saved(v), v.Author, v.Reason)
		if v.Number > 1 {
			diff, err := a.SettingsDiff(ctx, v.Number-1, v.Number)
			if err != nil {
				return err
			}
			fmt.Print(diff)
		}
		fmt.Println()
	}
	return nil
}

func saved(v site.Version) string { return v.At.UTC().Format("2006-01-02 15:04:05Z") }

type diffCmd struct {
	From int64 `arg:"" help:"Version to begin with."`
	To   int64 `arg:"" optional:"" help:"Version to end with; the newest without it."`
}

func (d diffCmd) Run(ctx context.Context, c *cli) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	diff, err := a.SettingsDiff(ctx, d.From, d.To)
	if err != nil {
		return err
	}
	fmt.Print(diff)
	return nil
}

type sealCmd struct{}

func (sealCmd) Run(ctx context.Context, c *cli) error {
	in := bufio.NewScanner(os.Stdin)
	if !in.Scan() || in.Text() == "" {
		return errors.New("give the secret on standard input, as one line")
	}
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	sealed, err := settings.Seal(a.Keys, secret.New(in.Text()))
	if err != nil {
		return err
	}
	fmt.Println(sealed)
	return nil
}
