package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// periodicQueue is apart from messages, so that a mail server that hangs holds up nothing else.
const periodicQueue = "periodic"

// due is one turn of periodic work.
type due struct {
	Name string `json:"name" river:"unique"`
}

// Kind implements river.JobArgs.
func (due) Kind() string { return "periodic" }

// InsertOpts implements river.JobArgsWithInsertOpts: a turn that is late or still running takes the place of the next, and one that
// fails is not repeated before its time.
func (due) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: periodicQueue, MaxAttempts: 1,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}

// schedule lists what the elected replica inserts. A newly elected one begins at once.
func schedule(ps []Periodic) []*river.PeriodicJob {
	jobs := make([]*river.PeriodicJob, 0, len(ps))
	for _, p := range ps {
		jobs = append(jobs, river.NewPeriodicJob(
			river.PeriodicInterval(p.Every),
			func() (river.JobArgs, *river.InsertOpts) { return due{p.Name}, nil },
			&river.PeriodicJobOpts{ID: p.Name, RunOnStart: true},
		))
	}
	return jobs
}

// periodicWorker does a turn.
type periodicWorker struct {
	river.WorkerDefaults[due]
	config Config
}

func (w *periodicWorker) Work(ctx context.Context, job *river.Job[due]) error {
	p, ok := w.named(job.Args.Name)
	if !ok {
		return nil // a replica of another version has it
	}
	err := p.Run(ctx)
	logFailure(ctx, p, err, w.config.Log)
	return err
}

// Timeout implements river.Worker.
func (w *periodicWorker) Timeout(job *river.Job[due]) time.Duration {
	p, _ := w.named(job.Args.Name)
	return max(p.Every, time.Minute)
}

func (w *periodicWorker) named(name string) (Periodic, bool) {
	for _, p := range w.config.Periodic {
		if p.Name == name {
			return p, true
		}
	}
	return Periodic{}, false
}

// repeat does local work until ctx ends.
func repeat(ctx context.Context, p Periodic, log *slog.Logger) {
	tick := time.NewTicker(p.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			logFailure(ctx, p, p.Run(ctx), log)
		case <-ctx.Done():
			return
		}
	}
}

func logFailure(ctx context.Context, p Periodic, err error, log *slog.Logger) {
	if err != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, fmt.Sprintf("periodic work %q failed", p.Name), "error", err)
	}
}
