package jobs

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"rekey/internal/recovery"
)

// signer works on accounts that are to be signed out.
type signer struct {
	river.WorkerDefaults[recovery.SignOutJob]
	config Config
}

func (s *signer) Work(ctx context.Context, job *river.Job[recovery.SignOutJob]) error {
	return s.config.SignOut(ctx, job.Args, job.Attempt >= job.MaxAttempts)
}

// Timeout implements river.Worker.
func (*signer) Timeout(*river.Job[recovery.SignOutJob]) time.Duration { return deliverTimeout }

// NextRetry implements river.Worker.
func (*signer) NextRetry(job *river.Job[recovery.SignOutJob]) time.Time {
	return time.Now().Add(backoff(job.Attempt, rand.Float64()))
}
