package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/connect"
	"rekey/internal/fault"
)

var _ connect.Store = (*Store)(nil)

const keepTests = 24 * time.Hour

// BeginTest implements connect.Store.
func (s *Store) BeginTest(ctx context.Context, r connect.Run, ev audit.Event) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		var begun int
		t.batch.Queue(lockAccount, r.Owner.String())
		t.batch.Queue(`DELETE FROM directory_test WHERE begun < $1`, r.Begun.Add(-keepTests))
		t.batch.Queue(`SELECT count(*) FROM directory_test WHERE directory = $1 AND object = $2 AND begun > $3`,
			r.Owner.Directory, r.Owner.Object, r.Begun.Add(-connect.Window)).QueryRow(func(row pgx.Row) error { return row.Scan(&begun) })
		if err := t.send(ctx); err != nil {
			return err
		}
		if begun >= connect.Most {
			return connect.ErrOften
		}
		t.batch.Queue(`
			INSERT INTO directory_test (id, directory, object, kind, key, path, draft, test_account, begun)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			r.ID, r.Owner.Directory, r.Owner.Object, r.Kind, r.Directory, r.Path, r.Draft, plain(r.TestAccount), r.Begun)
		return t.record(ctx, []audit.Event{ev})
	})
	if err != nil {
		return fmt.Errorf("begin the test of a directory: %w", err)
	}
	return nil
}

// AddStep implements connect.Store.
func (s *Store) AddStep(ctx context.Context, id string, step connect.Step) error {
	step.Text = plain(step.Text)
	text, err := json.Marshal([]connect.Step{step})
	if err != nil {
		return fmt.Errorf("add a step to a test: %w", err)
	}
	if _, err := s.pool.Exec(ctx, `UPDATE directory_test SET steps = steps || $2::jsonb WHERE id = $1`, id, text); err != nil {
		return fmt.Errorf("add a step to a test: %w", err)
	}
	return nil
}

// EndTest implements connect.Store.
func (s *Store) EndTest(ctx context.Context, id string, at time.Time, ev audit.Event) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`UPDATE directory_test SET ended = $2 WHERE id = $1`, id, at)
		return t.record(ctx, []audit.Event{ev})
	})
	if err != nil {
		return fmt.Errorf("end the test of a directory: %w", err)
	}
	return nil
}

// Test implements connect.Store.
func (s *Store) Test(ctx context.Context, id string, owner account.ID) (connect.Run, error) {
	r := connect.Run{ID: id, Owner: owner}
	var steps []byte
	err := s.pool.QueryRow(ctx, `
		SELECT kind, key, path, draft, test_account, begun, ended, steps FROM directory_test WHERE id = $1 AND directory = $2 AND object = $3`,
		id, owner.Directory, owner.Object).Scan(&r.Kind, &r.Directory, &r.Path, &r.Draft, &r.TestAccount, &r.Begun, orZero{&r.Ended}, &steps)
	if errors.Is(err, pgx.ErrNoRows) {
		return connect.Run{}, fault.New(fault.NotFound, "There is no such test any more. Tests are kept for a day.")
	}
	if err == nil {
		err = json.Unmarshal(steps, &r.Steps)
	}
	if err != nil {
		return connect.Run{}, fmt.Errorf("read the test of a directory: %w", err)
	}
	r.Begun = r.Begun.UTC()
	return r, nil
}
