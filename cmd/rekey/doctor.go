package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"
)

type doctorCmd struct{}

// Run checks every part. Exit status 2: something is wrong.
func (doctorCmd) Run(ctx context.Context, c *cli) error {
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	wrong := 0
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	for _, f := range a.Doctor(ctx) {
		mark := "ok"
		if !f.OK {
			mark = "WRONG"
			wrong++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", mark, f.Name, f.Text)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if wrong > 0 {
		return findings{fmt.Sprintf("%d checks failed", wrong)}
	}
	return nil
}
