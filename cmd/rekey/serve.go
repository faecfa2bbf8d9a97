package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	"rekey/internal/app"
	"rekey/internal/config"
	"rekey/internal/postgres"
)

// garbage is how much new memory, in percent of what is in use, makes the collector run. What the portal holds is small, some 5 MB,
// so Go's 100 would have it run for every fifth reset; this costs about 10 MB under load and nothing at rest.
const garbage = 300

type serveCmd struct{}

// Run serves until the process is told to stop.
func (serveCmd) Run(ctx context.Context, c *cli) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	level, _ := cfg.Level() // Load has checked it
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	a, err := app.OpenToServe(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer a.Close()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	return a.Serve(ctx)
}

type migrateCmd struct{}

// Run applies what is missing and says so.
func (migrateCmd) Run(ctx context.Context, c *cli) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, cfg.Database); err != nil {
		return err
	}
	fmt.Println("The database is up to date.")
	return nil
}

// open gives commands the parts they work on.
func open(ctx context.Context, c *cli) (*app.App, error) { return openWith(ctx, c, app.Open) }

// openToRepair does so for commands that must work when the settings do not.
func openToRepair(ctx context.Context, c *cli) (*app.App, error) {
	return openWith(ctx, c, app.OpenToRepair)
}

// openWith logs to standard error, and errors only unless asked: what a command prints is its own answer.
func openWith(ctx context.Context, c *cli, open func(context.Context, config.Config, *slog.Logger) (*app.App, error)) (*app.App, error) {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return nil, err
	}
	level := slog.LevelError
	if c.Verbose {
		level = slog.LevelInfo
	}
	return open(ctx, cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
}
