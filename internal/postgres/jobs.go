package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/audit"
	"rekey/internal/fault"
	"rekey/internal/operate"
)

var _ operate.JobStore = (*Store)(nil)

// jobColumns never reads a job's arguments as a whole: they hold sealed messages. River keeps a failure of each try in errors.
const jobColumns = `id, kind, CASE state
		WHEN 'retryable' THEN 'failing' WHEN 'running' THEN 'running' WHEN 'completed' THEN 'completed'
		WHEN 'discarded' THEN 'given-up' WHEN 'cancelled' THEN 'given-up' ELSE 'waiting' END,
	` + jobFor + `, created_at,
	CASE WHEN state IN ('available', 'pending', 'retryable', 'scheduled') THEN scheduled_at END, finalized_at, attempt, max_attempts`

const (
	jobFor  = `coalesce(CASE kind WHEN 'deliver' THEN args->>'id' WHEN 'sign-out' THEN (args->>'directory') || '/' || (args->>'object') WHEN 'periodic' THEN args->>'name' END, '')`
	lastTry = `errors[array_upper(errors, 1)]`
)

// statesOf are River's names of a state.
func statesOf(all []operate.State) []string {
	var out []string
	for _, s := range all {
		switch s {
		case operate.Waiting:
			out = append(out, "available", "pending", "scheduled")
		case operate.Failing:
			out = append(out, "retryable")
		case operate.Running:
			out = append(out, "running")
		case operate.GivenUp:
			out = append(out, "discarded", "cancelled")
		case operate.Finished:
			out = append(out, "completed")
		}
	}
	return out
}

// Jobs implements operate.JobStore.
func (s *Store) Jobs(ctx context.Context, f operate.JobFilter) ([]operate.Job, error) {
	order, beyond := "DESC", "<"
	if f.Oldest {
		order, beyond = "ASC", ">"
	}
	kinds := make([]string, len(f.Kinds))
	for i, k := range f.Kinds {
		kinds[i] = string(k)
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+jobColumns+`, array_remove(ARRAY[`+lastTry+`], NULL) FROM river_job
		WHERE state::text = ANY ($1) AND (cardinality($2::text[]) = 0 OR kind = ANY ($2)) AND ($3 = 0 OR id `+beyond+` $3)
			AND ($4 = '' OR position(lower($4) IN lower(coalesce(`+lastTry+`->>'error', ''))) > 0 OR position(lower($4) IN lower(`+jobFor+`)) > 0)
		ORDER BY id `+order+` LIMIT $5`, statesOf(f.States), kinds, f.After, f.Text, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (operate.Job, error) { return job(row) })
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return all, nil
}

// Job implements operate.JobStore.
func (s *Store) Job(ctx context.Context, id int64) (operate.Job, error) {
	j, err := job(s.pool.QueryRow(ctx, `SELECT `+jobColumns+`, coalesce(errors, '{}') FROM river_job WHERE id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return j, operate.ErrNoJob
	}
	return j, err
}

func job(row pgx.Row) (operate.Job, error) {
	var j operate.Job
	var next, ended zeronull.Timestamptz
	var tries []json.RawMessage
	err := row.Scan(&j.ID, (*string)(&j.Kind), (*string)(&j.State), &j.For, &j.Queued, &next, &ended, &j.Tries, &j.Most, &tries)
	if err != nil {
		return operate.Job{}, err
	}
	j.Queued, j.Next, j.Ended = j.Queued.UTC(), utc(next), utc(ended)
	for _, text := range tries {
		var f struct {
			At      time.Time `json:"at"`
			Attempt int       `json:"attempt"`
			Error   string    `json:"error"`
		}
		if err := json.Unmarshal(text, &f); err != nil {
			return operate.Job{}, fmt.Errorf("read job %d: %w", j.ID, err)
		}
		j.Failures = append(j.Failures, operate.Failure{At: f.At.UTC(), Try: f.Attempt, Text: f.Error})
	}
	return j, nil
}

// JobCounts implements operate.JobStore.
func (s *Store) JobCounts(ctx context.Context) (map[operate.State]int64, error) {
	all := map[operate.State]int64{}
	for _, state := range operate.States() {
		var n int64
		if err := s.pool.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE state::text = ANY ($1)`, statesOf([]operate.State{state})).Scan(&n); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		all[state] = n
	}
	return all, nil
}

// RetryJob implements operate.JobStore.
func (s *Store) RetryJob(ctx context.Context, id int64, at time.Time, ev audit.Event) error {
	err := s.changeJob(ctx, ev, `
		UPDATE river_job SET state = 'available', scheduled_at = $2, finalized_at = NULL, max_attempts = greatest(max_attempts, attempt + 1),
			metadata = metadata - 'cancel_attempted_at'
		WHERE id = $1 AND state NOT IN ('running', 'completed')`, id, at)
	if sqlState(err) == uniqueViolation {
		return operate.ErrBusy // the same work was queued anew
	}
	return err
}

// DropJob implements operate.JobStore.
func (s *Store) DropJob(ctx context.Context, id int64, ev audit.Event) error {
	return s.changeJob(ctx, ev, `DELETE FROM river_job WHERE id = $1 AND state NOT IN ('running', 'completed')`, id)
}

func (s *Store) changeJob(ctx context.Context, ev audit.Event, sql string, id int64, more ...any) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		rows, err := t.exec(ctx, sql, append([]any{id}, more...)...)
		if err != nil {
			return err
		}
		if rows == 0 {
			return errNotChanged
		}
		return t.record(ctx, []audit.Event{ev})
	})
	if errors.Is(err, errNotChanged) {
		if _, err := s.Job(ctx, id); err != nil {
			return err
		}
		return operate.ErrBusy
	}
	if err != nil && fault.Of(err).Kind == fault.Internal {
		return fmt.Errorf("change job %d: %w", id, err)
	}
	return err
}

var errNotChanged = errors.New("no job was changed")
