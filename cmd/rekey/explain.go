package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"rekey/internal/policy"
	"rekey/internal/site"
	"rekey/internal/whatif"
)

type explainCmd struct {
	User   string `required:"" help:"Name as people type it: jdoe, CORP\\jdoe or an address."`
	Action string `default:"reset" enum:"reset,unlock,change" help:"What they want to do."`
	IP     string `help:"Where they come from."`
	At     string `help:"When (RFC 3339); now without it."`
	JSON   bool   `help:"Write JSON."`

	Country  string   `help:"Suppose the address is in this country (DE), whatever the databases say."`
	Device   []string `enum:"known,managed" help:"Suppose the browser is known, or the device managed."`
	Platform string   `help:"Suppose windows, macos, linux, android, ios, chromeos or other."`
	Failures int      `default:"-1" help:"Suppose so many wrong answers in the last hour, for the account and from the address."`
	Threat   string   `enum:"current,calm,raise,privileged,stop" default:"current" help:"Suppose this threat level."`
}

// suppose changes what is known of the request to what the command line says.
func (e explainCmd) suppose(s *site.Signals) {
	if e.Country != "" {
		s.Location.Country = strings.ToUpper(e.Country)
		s.NewCountry = policy.Unknown // nobody looked the account up with it
	}
	if e.Failures >= 0 {
		n := policy.Count{N: e.Failures, Known: true}
		s.Failures = policy.Failures{Account: n, Source: n}
	}
	switch e.Threat {
	case "current":
	case "calm":
		s.Threat = policy.Calm
	default:
		s.Threat = policy.Threat(e.Threat)
	}
}

// browser is the device that is supposed; without a word it is neither known nor managed.
func (e explainCmd) browser() policy.Device {
	d := policy.Device{Known: policy.No, Managed: policy.No, Platform: e.Platform}
	if slices.Contains(e.Device, string(policy.KnownDevice)) {
		d.Known = policy.Yes
	}
	if slices.Contains(e.Device, string(policy.ManagedDevice)) {
		d.Managed = policy.Yes
	}
	return d
}

// Run gathers the same facts as the live flow and asks the same function.
func (e explainCmd) Run(ctx context.Context, c *cli) error {
	q := whatif.Question{User: e.User, Action: policy.Action(e.Action), At: time.Now(), Suppose: e.suppose, Browser: e.browser()}
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
