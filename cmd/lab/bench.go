package main

import (
	"context"
	"os"

	"rekey/internal/lab/bench"
)

type benchCmd struct {
	JSON  string   `name:"json" type:"path" help:"Also write the figures to this file."`
	Only  []string `help:"Parts to measure: decisions, fast, samba, sync, audit, figures." sep:","`
	Quick bool     `help:"A few of everything, to see that it works."`
}

// Run measures and prints.
func (b benchCmd) Run(ctx context.Context) error {
	r, err := bench.Run(ctx, bench.Options{Only: b.Only, Quick: b.Quick, Progress: os.Stderr})
	if err != nil {
		return err
	}
	if b.JSON != "" {
		if err := r.Save(b.JSON); err != nil {
			return err
		}
	}
	return r.Write(os.Stdout)
}
