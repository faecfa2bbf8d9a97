package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"rekey/internal/lint"
	"rekey/internal/settings"
)

type lintCmd struct {
	File    string       `arg:"" type:"existingfile"`
	Profile lint.Profile `enum:",own,nist,pci,cjis" default:"" help:"own, nist, pci or cjis; the file's without it."`
	JSON    bool         `help:"Write JSON, with what each reset and unlock is called by NIST SP 800-63B-4."`
}

// Run fails on errors only: exit status 1, as for a file that cannot be used.
func (l lintCmd) Run(ctx context.Context, c *cli) error {
	text, err := os.ReadFile(l.File)
	if err != nil {
		return err
	}
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	v, err := a.Settings.Lint(l.File, text, l.Profile)
	if err != nil {
		return err
	}
	if err := writeVerdict(os.Stdout, v, l.JSON); err != nil {
		return err
	}
	if v.Err() != nil {
		return errors.New("the settings have errors")
	}
	return nil
}

func writeVerdict(w io.Writer, v settings.Verdict, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(v)
	}
	for _, f := range v.Findings {
		fmt.Fprintln(w, f)
	}
	for _, l := range v.Labels {
		fmt.Fprintf(w, "%s: %s of %s: %s\n", l.Path, l.Action, l.Policy, l.Label)
	}
	return nil
}

// warn prints the warnings of a document to standard error, and fails where a version with it would be refused.
func warn(m *settings.Manager, name string, text []byte) error {
	v, err := m.Lint(name, text, "")
	if err != nil {
		return err
	}
	for _, f := range v.Findings {
		if f.Level == lint.Warning {
			fmt.Fprintln(os.Stderr, f)
		}
	}
	return v.Err()
}
