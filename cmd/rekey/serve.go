package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"rekey/internal/app"
	"rekey/internal/config"
	"rekey/internal/postgres"
)

type serveCmd struct{}

// Run serves until the process is told to stop.
func (serveCmd) Run(ctx context.Context, c *cli) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	level, _ := cfg.Level() // Load has checked it
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if err := postgres.Migrate(ctx, cfg.Database); err != nil {
		return err
	}
	a, err := app.Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer a.Close()
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

// open gives commands the parts they work on. They log to standard error, warnings and worse only.
func open(ctx context.Context, c *cli) (*app.App, error) {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return app.Open(ctx, cfg, log)
}
