package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"text/tabwriter"

	"rekey/internal/secret"
	"rekey/internal/settings"
)

type settingsCmd struct {
	Export  exportCmd  `cmd:"" help:"Write the settings in force to standard output."`
	Plan    planCmd    `cmd:"" help:"Check a settings file and show what would change. Exit status 2: something would."`
	Apply   applyCmd   `cmd:"" help:"Save a settings file as the next version; every replica switches within seconds."`
	History historyCmd `cmd:"" help:"List the versions."`
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

type planCmd struct {
	File string `arg:"" type:"existingfile"`
}

func (p planCmd) Run(ctx context.Context, c *cli) error {
	text, err := os.ReadFile(p.File)
	if err != nil {
		return err
	}
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Settings.Check(p.File, text); err != nil {
		return err
	}
	now, err := a.SettingsVersion(ctx, 0)
	if err != nil {
		return err
	}
	diff := settings.Diff(string(now.Document), string(text))
	if diff == "" {
		fmt.Println("Nothing would change.")
		return nil
	}
	fmt.Print(diff)
	return findings{"the file differs from the settings in force"}
}

type applyCmd struct {
	File   string `arg:"" type:"existingfile"`
	Reason string `required:"" help:"Why; kept in the history and the audit log."`
	Author string `help:"Who; the operating system's user without it."`
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
	n, err := a.Settings.Apply(ctx, p.File, text, settings.Change{Author: author(p.Author), Reason: p.Reason})
	if err != nil {
		return err
	}
	fmt.Printf("Version %d is in force.\n", n)
	return nil
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
	Limit int `default:"20" help:"How many versions to list."`
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
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tSAVED\tAUTHOR\tREASON")
	for _, v := range versions {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", v.Number, v.At.UTC().Format("2006-01-02 15:04:05Z"), v.Author, v.Reason)
	}
	return w.Flush()
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
