package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"rekey/internal/app"
)

type discoverCmd struct {
	From string `help:"Key of the directory to ask: its domain. Every Active Directory domain of the settings without it."`
	Out  string `help:"Write the proposed settings to this new file." type:"path" placeholder:"FILE"`
	JSON bool   `help:"Write JSON."`
}

// Run changes nothing: what it proposes is accepted with "rekey settings apply". Exit status 2: the settings lack a domain, and the
// proposal was not written to a file.
func (d discoverCmd) Run(ctx context.Context, c *cli) error {
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	found, err := a.Discover(ctx, d.From)
	if err != nil {
		return err
	}
	if err := d.write(found); err != nil {
		return err
	}
	switch {
	case len(found.Added) == 0:
		return nil
	case d.Out == "":
		return findings{"not in the settings: " + strings.Join(found.Added, ", ") + "; --out FILE writes the proposal"}
	}
	if err := create(d.Out, found.Document); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "\nLook through %[1]s, then: rekey settings plan %[1]s, and rekey settings apply %[1]s --reason …\n", d.Out)
	return nil
}

func (d discoverCmd) write(found app.Discovery) error {
	if !d.JSON {
		found.Write(os.Stdout)
		return nil
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(found)
}

// create writes a file that is not there yet: a draft somebody works on is not written over.
func create(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		_ = f.Close() // the first error tells more
		return err
	}
	return f.Close()
}
