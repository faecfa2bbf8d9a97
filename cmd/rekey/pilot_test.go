package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rekey/internal/app"
	"rekey/internal/flow"
	"rekey/internal/lab/portal"
	"rekey/internal/pilot"
	"rekey/internal/policy"
)

// onTrial puts a pilot in force that began on a day.
func onTrial(t *testing.T, p *portal.Portal, began pilot.Day) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.yaml")
	document := command(t, p, "settings", "export") + `
policies:
  - name: Desk
    pilot: true
    scope: {groups: ['CORP\Pilot', 'CORP\Desk']}
    from: ` + began.String() + `
    until: 2099-01-01T00:00:00+01:00
    reset: {count: 1, allowed: [totp]}
`
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, p, "settings", "apply", file, "--yes", "--reason", "a pilot")
}

// went stores attempts under the pilot: so many that were done after a minute, and one that was left.
func went(t *testing.T, p *portal.Portal, began time.Time, done int) {
	t.Helper()
	a, err := app.OpenToRepair(t.Context(), p.Config(), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for i := range done + 1 {
		f := flow.Flow{
			ID: flow.ID(began.String() + string(rune('a'+i))), Action: policy.Reset, Policy: "Desk", Pilot: true, Stage: flow.Done, Left: flow.Applying,
			Started: began, Touched: began, Expires: began.Add(time.Hour), Ended: began.Add(time.Minute),
		}
		if i == done {
			f.Stage, f.Left, f.Why = flow.Expired, flow.Prove, flow.Timeout
		}
		if err := a.Store.CreateFlow(t.Context(), f, [32]byte{byte(i + 1)}, flow.Effects{}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPilotCommand: figures are typed in, imported, replaced and taken back, and the report compares them.
func TestPilotCommand(t *testing.T) {
	p := replicas(t, "one")[0]
	if out := command(t, p, "pilot", "list"); !strings.HasPrefix(out, "There is no pilot") {
		t.Errorf("none yet: %q", out)
	}
	today := pilot.DayAt(time.Now(), 0)
	began := today - 2
	onTrial(t, p, began)
	went(t, p, began.Time().Add(9*time.Hour), 11)
	if out := command(t, p, "pilot", "tickets", "--day", (began - 1).String(), "--count", "41", "--of", "Desk"); out != (began-1).String()+": 41 tickets for Desk." {
		t.Errorf("typed in: %q", out)
	}
	file := filepath.Join(t.TempDir(), "tickets.csv")
	text := "day,tickets,group\n" + (began - 1).String() + ",40,Desk\n" + (began - 2).String() + ",20,Desk\n" + began.String() + ",0,Desk\n" + began.String() + ",300,\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "4 days are imported, 1 of them in place of a figure that was there.\n  " + (began - 1).String() + " for Desk: 40, was 41"
	if out := command(t, p, "pilot", "tickets", "--import", file); out != want {
		t.Errorf("imported: %q", out)
	}
	command(t, p, "pilot", "tickets", "--day", (began + 1).String(), "--count", "9", "--of", "Desk")
	if out := command(t, p, "pilot", "tickets", "--day", (began + 1).String(), "--remove", "--of", "Desk"); !strings.HasSuffix(out, "is forgotten.") {
		t.Errorf("taken back: %q", out)
	}
	if out := command(t, p, "pilot", "list"); !strings.Contains(out, "Desk   running") || !strings.Contains(out, `CORP\Pilot, CORP\Desk`) {
		t.Errorf("list: %q", out)
	}
	out := command(t, p, "pilot", "report", "Desk", "--before-days", "3")
	for _, want := range []string{
		`For members of CORP\Pilot, CORP\Desk.`, "Tickets a day, of its people", "before      30   2 of 3 days have a figure", "since        0   1 of 2 days have a figure",
		"30 fewer a day; a side has fewer than 7 days, which says little.", "No figure for " + (began - 3).String() + ", " + (began + 1).String() + ".",
		"  all       12    11            92 %    1m0s            1m0s            1        0 ", "Dropped out at: prove 1",
		(began - 1).String() + (began - 1).Time().Format(" Mon") + "       40  " + strings.Repeat("█", 30) + "\n", "       20  " + strings.Repeat("█", 15) + "\n",
		"        0                                       12     11  ◂ start\n", "        –                                        0      0  today",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the report does not say %q:\n%s", want, out)
		}
	}
	var r pilot.Report
	if err := json.Unmarshal([]byte(command(t, p, "pilot", "report", "Desk", "--json")), &r); err != nil {
		t.Fatal(err)
	}
	if r.Total.Done != 11 || *r.Total.P90 != 60 || *r.Tickets.Before.Mean != 30 || len(r.Tickets.Before.Missing) != 26 || len(r.Days) != 31 || *r.Days[28].Tickets != 0 {
		t.Errorf("as JSON: %+v", r)
	}
	command(t, p, "settings", "revert", "1", "--yes", "--reason", "the pilot is over")
	if out := command(t, p, "pilot", "report", "Desk"); !strings.HasPrefix(out, "Desk: no pilot in the settings any more") || !strings.Contains(out, "92 %") {
		t.Errorf("without it in the settings: %q", out)
	}
}

// TestPilotCommandRefuses: figures of nobody, of days to come, and files with a bad line, of which nothing is kept.
func TestPilotCommandRefuses(t *testing.T) {
	p := replicas(t, "one")[0]
	onTrial(t, p, pilot.DayAt(time.Now(), 0))
	file := filepath.Join(t.TempDir(), "tickets.csv")
	if err := os.WriteFile(file, []byte("day,tickets\n2026-11-02,41\n2026-11-0x,41\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"report None":                   `no pilot "None"`,
		"report Desk --before-days 401": "want 0 to 400",
		"tickets":                       "--day with --count",
		"tickets --day 2026-11-02":      "--count, or --remove",
		"tickets --count 3":             "--day with --count",
		"tickets --day 2026-11-02 --count 3 --remove":  "--count, or --remove",
		"tickets --day 2026-11-02 --count 3 --of Dask": `no pilot "Dask": there are Desk`,
		"tickets --day 2.11.2026 --count 3":            "want a day such as 2026-11-03",
		"tickets --day 2098-11-02 --count 3":           "is yet to come",
		"tickets --day 2026-11-02 --remove":            "there is no figure of 2026-11-02",
		"tickets --import " + file:                     file + ":3: want a day",
		"tickets --of None --import " + file:           `no pilot "None"`,
		"tickets --count 3 --import " + file:           "brings its own",
		"tickets --day 2026-11-02 --import " + file:    "can't be used together",
	} {
		out, err := p.Command(t.Context(), append([]string{"pilot"}, strings.Fields(args)...)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("rekey pilot %s: %s, %v", args, out, err)
		}
	}
	if out := command(t, p, "pilot", "list", "--json"); !strings.Contains(out, `"ticket_days": 0`) {
		t.Errorf("something is kept: %s", out)
	}
}
