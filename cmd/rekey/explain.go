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
	"rekey/internal/policy"
)

type explainCmd struct {
	User   string `required:"" help:"Name as people type it: jdoe, CORP\\jdoe or an address."`
	Action string `default:"reset" enum:"reset,unlock,change" help:"What they want to do."`
	IP     string `help:"Where they come from."`
	At     string `help:"When (RFC 3339); now without it."`
	JSON   bool   `help:"Write JSON."`
}

// Run gathers the same facts as the live flow and asks the same function.
func (e explainCmd) Run(ctx context.Context, c *cli) error {
	q := app.Question{User: e.User, Action: policy.Action(e.Action), At: time.Now()}
	var err error
	if e.At != "" {
		if q.At, err = time.Parse(time.RFC3339, e.At); err != nil {
			return fmt.Errorf("--at: want a time such as 2026-01-31T23:00:00Z, got %q", e.At)
		}
	}
	if e.IP != "" {
		if q.Address, err = netip.ParseAddr(e.IP); err != nil {
			return fmt.Errorf("--ip: want an address, got %q", e.IP)
		}
	}
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	answers, err := a.Explain(ctx, q)
	if err != nil {
		return err
	}
	if len(answers) == 0 {
		return errors.New("nobody is found under this name")
	}
	if e.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(answers)
	}
	for _, answer := range answers {
		answer.Write(os.Stdout)
	}
	return nil
}
