package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"rekey/internal/delivery"
	"rekey/internal/recovery"
)

const (
	// deliverWorkers wait for the mail server most of the time.
	deliverWorkers = 8
	signOutWorkers = 4
	// deliverTimeout bounds one try; a mail takes at most a minute (mail.Config.Timeout twice).
	deliverTimeout = 75 * time.Second
	// rescueAfter is when a message whose worker died is tried again.
	rescueAfter = 2 * time.Minute
	// graceToStop is how long work under way may go on after the end was asked for.
	graceToStop = 20 * time.Second

	// fetchCooldown gathers what arrives at once into one fetch.
	fetchCooldown = 5 * time.Millisecond
	// deliverPoll finds messages whose notification was lost, and those that are to be tried again within seconds.
	deliverPoll = time.Second
	// periodicPoll does so for periodic work, which nobody waits for.
	periodicPoll = 10 * time.Second

	keepDelivered = 24 * time.Hour // a message ID is not taken twice for this long
	keepDead      = 90 * 24 * time.Hour
)

// Periodic is work to do every so often.
type Periodic struct {
	Name  string
	Every time.Duration
	Run   func(context.Context) error
}

// Config is what to do.
type Config struct {
	Deliver func(context.Context, delivery.Job, delivery.Attempt) delivery.Report
	// SignOut signs an account out in its directory; last says that there will be no other try.
	SignOut func(ctx context.Context, job recovery.SignOutJob, last bool) error
	// Done is told of every try; may be nil.
	Done func(channel, outcome string)
	// Periodic work runs on one replica at a time, for at most a minute or its interval, whichever is longer.
	Periodic []Periodic
	// Local work runs on this replica.
	Local []Periodic
	Log   *slog.Logger
}

// Run works until ctx ends, then lets work under way finish. The tables must be there.
func Run(ctx context.Context, pool *pgxpool.Pool, c Config) error {
	client, err := newClient(pool, c)
	if err != nil {
		return fmt.Errorf("prepare jobs: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	var local sync.WaitGroup
	for _, p := range c.Local {
		local.Go(func() { repeat(ctx, p, c.Log) })
	}
	<-client.Stopped()
	local.Wait()
	if ctx.Err() == nil {
		return errors.New("jobs ended by themselves")
	}
	return ctx.Err()
}

func newClient(pool *pgxpool.Pool, c Config) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &deliverer{config: c}); err != nil {
		return nil, err
	}
	if err := river.AddWorkerSafely(workers, &signer{config: c}); err != nil {
		return nil, err
	}
	if err := river.AddWorkerSafely(workers, &periodicWorker{config: c}); err != nil {
		return nil, err
	}
	return river.NewClient(riverpgxv5.New(pool), &river.Config{
		Logger:  slog.New(quiet{c.Log.Handler()}),
		Workers: workers,
		Queues: map[string]river.QueueConfig{
			river.QueueDefault:    {MaxWorkers: deliverWorkers, FetchPollInterval: deliverPoll},
			recovery.SignOutQueue: {MaxWorkers: signOutWorkers, FetchPollInterval: deliverPoll},
			periodicQueue:         {MaxWorkers: max(len(c.Periodic), 1), FetchPollInterval: periodicPoll},
		},
		PeriodicJobs:                schedule(c.Periodic),
		FetchCooldown:               fetchCooldown,
		JobTimeout:                  deliverTimeout,
		RescueStuckJobsAfter:        rescueAfter,
		SoftStopTimeout:             graceToStop,
		CompletedJobRetentionPeriod: keepDelivered,
		CancelledJobRetentionPeriod: keepDead,
		DiscardedJobRetentionPeriod: keepDead,
	})
}

// quiet passes on warnings and errors only: River tells of every job and every cleaning at a lower level.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
func (q quiet) WithAttrs(as []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(as)} }
func (q quiet) WithGroup(name string) slog.Handler    { return quiet{q.Handler.WithGroup(name)} }
