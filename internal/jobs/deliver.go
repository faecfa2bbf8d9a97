package jobs

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"rekey/internal/delivery"
)

const (
	firstRetry = 2 * time.Second
	lastRetry  = 2 * time.Hour
)

// deliverer works on messages.
type deliverer struct {
	river.WorkerDefaults[delivery.Job]
	config Config
}

func (d *deliverer) Work(ctx context.Context, job *river.Job[delivery.Job]) error {
	r := d.config.Deliver(ctx, job.Args, delivery.Attempt{Queued: job.CreatedAt, Last: job.Attempt >= job.MaxAttempts})
	if d.config.Done != nil {
		d.config.Done(string(r.Channel), string(r.Outcome))
	}
	switch {
	case r.Outcome == delivery.Retry && r.After > 0:
		return river.JobSnooze(r.After) // as whoever is busy asked; no try is lost
	case r.Outcome == delivery.Retry:
		return r.Err
	case r.Outcome == delivery.Dead && job.Attempt >= job.MaxAttempts:
		return r.Err // discarded
	case r.Outcome == delivery.Dead:
		return river.JobCancel(r.Err)
	}
	return nil
}

// Timeout implements river.Worker.
func (*deliverer) Timeout(*river.Job[delivery.Job]) time.Duration { return deliverTimeout }

// NextRetry implements river.Worker.
func (*deliverer) NextRetry(job *river.Job[delivery.Job]) time.Time {
	return time.Now().Add(backoff(job.Attempt, rand.Float64()))
}

// backoff is how long to wait after a number of failed tries. The spread, 0 to 1, keeps messages that failed together from coming
// back together.
func backoff(tries int, spread float64) time.Duration {
	wait := lastRetry
	if tries < 13 { // 2 s doubled twelve times is more than two hours
		wait = min(firstRetry<<(max(tries, 1)-1), lastRetry)
	}
	return wait + time.Duration(spread*float64(wait)/10)
}
