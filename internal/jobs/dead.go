package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"rekey/internal/delivery"
)

// Letter is a message that was given up.
type Letter struct {
	ID     string // message.Message.ID
	Queued time.Time
	At     time.Time // when it was given up
	Tries  int
	Error  string // of the last try
}

// Dead lists messages that were given up, the latest first.
func Dead(ctx context.Context, pool *pgxpool.Pool, limit int) ([]Letter, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
	if err != nil {
		return nil, fmt.Errorf("list dead messages: %w", err)
	}
	found, err := client.JobList(ctx, river.NewJobListParams().
		Kinds(delivery.Job{}.Kind()).
		States(rivertype.JobStateCancelled, rivertype.JobStateDiscarded).
		OrderBy(river.JobListOrderByFinalizedAt, river.SortOrderDesc).
		First(limit))
	if err != nil {
		return nil, fmt.Errorf("list dead messages: %w", err)
	}
	letters := make([]Letter, 0, len(found.Jobs))
	for _, row := range found.Jobs {
		letters = append(letters, letter(row))
	}
	return letters, nil
}

func letter(row *rivertype.JobRow) Letter {
	l := Letter{Queued: row.CreatedAt, Tries: row.Attempt}
	var job delivery.Job
	if json.Unmarshal(row.EncodedArgs, &job) == nil {
		l.ID = job.ID
	}
	if row.FinalizedAt != nil {
		l.At = *row.FinalizedAt
	}
	if n := len(row.Errors); n > 0 {
		l.Error = row.Errors[n-1].Error
	}
	return l
}
