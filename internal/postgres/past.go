package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/recovery"
)

const (
	failuresFor = time.Hour            // how far back wrong answers are counted
	placesFor   = 400 * 24 * time.Hour // how long attempts that ended well are kept
	mostPast    = 1000                 // attempts of one account that are looked at
)

// Past implements recovery.Memory, in one round trip.
func (s *Store) Past(ctx context.Context, q recovery.Query) (recovery.Past, error) {
	var past recovery.Past
	var b pgx.Batch
	hour := q.Now.Add(-failuresFor)
	b.Queue(`
		SELECT count(*) FILTER (WHERE key = $1), count(*) FILTER (WHERE key = $2)
		FROM failure WHERE key IN ($1, $2) AND at > $3`, q.Key, q.Source, hour,
	).QueryRow(func(row pgx.Row) error { return row.Scan(&past.AccountFailures, &past.SourceFailures) })
	b.Queue(`
		SELECT action, at, country, latitude, longitude FROM completed
		WHERE directory = $1 AND object = $2 AND at > $3 ORDER BY at DESC LIMIT $4`,
		q.Account.Directory, q.Account.Object, q.Since, mostPast,
	).Query(func(rows pgx.Rows) error {
		var err error
		past.Done, err = pgx.CollectRows(rows, completedRow)
		for i := range past.Done {
			past.Done[i].Account = q.Account
		}
		return err
	})
	b.Queue(`SELECT $1 <> '' AND EXISTS (SELECT FROM completed WHERE country = $1)`, q.Country).QueryRow(func(row pgx.Row) error { return row.Scan(&past.CountryInUse) })
	if err := s.pool.SendBatch(ctx, &b).Close(); err != nil {
		return recovery.Past{}, fmt.Errorf("read the past: %w", err)
	}
	return past, nil
}

func completedRow(row pgx.CollectableRow) (flow.Completed, error) {
	var c flow.Completed
	var action string
	var latitude, longitude *float64
	err := row.Scan(&action, &c.At, &c.Place.Country, &latitude, &longitude)
	c.Action = policy.Action(action)
	if latitude != nil && longitude != nil {
		c.Place.Located, c.Place.Latitude, c.Place.Longitude = true, *latitude, *longitude
	}
	return c, err
}

// remember queues what an event adds to the past.
func (t *tx) remember(e flow.Effects) {
	for _, key := range e.Failed {
		t.batch.Queue(`INSERT INTO failure (key, at) VALUES ($1, $2)`, key, t.store.now())
	}
	c := e.Completed
	if c == nil {
		return
	}
	var latitude, longitude *float64
	if c.Place.Located {
		latitude, longitude = &c.Place.Latitude, &c.Place.Longitude
	}
	t.batch.Queue(`
		INSERT INTO completed (directory, object, action, at, country, latitude, longitude) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.Account.Directory, c.Account.Object, string(c.Action), c.At, c.Place.Country, latitude, longitude)
}

// forgetPast drops what nobody looks back to.
func (s *Store) forgetPast(ctx context.Context, now time.Time) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM failure WHERE at < $1`, now.Add(-failuresFor)); err != nil {
		return fmt.Errorf("forget failures: %w", err)
	}
	if _, err := s.pool.Exec(ctx, `DELETE FROM completed WHERE at < $1`, now.Add(-placesFor)); err != nil {
		return fmt.Errorf("forget attempts: %w", err)
	}
	return nil
}
