// Command rekey is the self-service password reset portal and its operator's tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // notices name local times; a scratch image has no zones

	"github.com/alecthomas/kong"
)

// cli is the command line: one field per command.
type cli struct {
	Config  string `help:"Process configuration." short:"c" type:"path" env:"REKEY_CONFIG" placeholder:"rekey.yaml"`
	Verbose bool   `help:"Write to standard error what a command does and meets, not errors alone. What \"serve\" logs is configured." short:"v"`

	Serve    serveCmd    `cmd:"" help:"Serve the portal."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database to this version's schema."`
	Doctor   doctorCmd   `cmd:"" help:"Check directories, rights, mail, database and clock, and say what to do."`
	Settings settingsCmd `cmd:"" help:"Settings as code."`
	Discover discoverCmd `cmd:"" help:"Look for further domains, and propose settings that take them in."`
	Explain  explainCmd  `cmd:"" help:"Show which policy a person gets, what it asks, and why."`
	Release  releaseCmd  `cmd:"" help:"Lift a freeze (\"this wasn't me\") or a hold after too many wrong answers."`
	Audit    auditCmd    `cmd:"" help:"Export the audit log and verify an export."`
	Sync     syncCmd     `cmd:"" help:"The copy of the directories: how it stands, read now, confirm deletions."`
	Pilot    pilotCmd    `cmd:"" help:"Policies that are tried on one group: how attempts went, and tickets before and since."`
	SMS      smsCmd      `cmd:"" name:"sms" help:"Text messages: send a test, and see what was spent."`
	Threat   threatCmd   `cmd:"" help:"The switch for times of attack: stop everything, or privileged accounts, or ask one factor more."`
	Admin    adminCmd    `cmd:"" help:"Administrators of the portal's own pages: invite one."`
	Keys     keysCmd     `cmd:"" help:"Rotate the keys that seal what is stored."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rekey:", err)
		os.Exit(exitCode(err))
	}
}

func run(ctx context.Context, args []string) error {
	var c cli
	parser, err := kong.New(&c, kong.Name("rekey"), kong.Description("Self-service password reset for Active Directory."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	parser.FatalIfErrorf(err)
	return k.Run(&c)
}

// findings is a finished check that found something wrong.
type findings struct{ text string }

func (f findings) Error() string { return f.text }

// exitCode is 2 when a command worked and found a difference or a fault, 1 when it could not work.
func exitCode(err error) int {
	if errors.As(err, new(findings)) {
		return 2
	}
	return 1
}
