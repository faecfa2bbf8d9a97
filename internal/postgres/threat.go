package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/audit"
	"rekey/internal/threat"
)

var _ threat.Store = (*Store)(nil)

// threatEvery is how long a change of the threat level may go unnoticed when its notification was lost.
const threatEvery = 2 * time.Second

const threatChannel = "rekey_threat"

const newestThreat = `SELECT number, level, at, since, until, author, reason FROM threat ORDER BY number DESC LIMIT 1`

// LatestThreat implements threat.Store.
func (s *Store) LatestThreat(ctx context.Context) (threat.State, error) {
	state, err := newestState(s.pool.QueryRow(ctx, newestThreat))
	if err != nil {
		return threat.State{}, fmt.Errorf("read threat level: %w", err)
	}
	return state, nil
}

// ThreatHistory implements threat.Store.
func (s *Store) ThreatHistory(ctx context.Context, limit int) ([]threat.State, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT number, level, at, since, until, author, reason FROM threat ORDER BY number DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list threat levels: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (threat.State, error) { return threatState(row) })
	if err != nil {
		return nil, fmt.Errorf("list threat levels: %w", err)
	}
	return all, nil
}

// newestState gives the zero State where nobody ever changed anything.
func newestState(row pgx.Row) (threat.State, error) {
	state, err := threatState(row)
	if errors.Is(err, pgx.ErrNoRows) {
		return threat.State{}, nil
	}
	return state, err
}

func threatState(row pgx.Row) (threat.State, error) {
	var st threat.State
	err := row.Scan(&st.Number, (*string)(&st.Level), &st.At, &st.Since, orZero{&st.Until}, &st.Author, &st.Reason)
	st.At, st.Since = st.At.UTC(), st.Since.UTC()
	return st, err
}

// UpdateThreat implements threat.Store.
func (s *Store) UpdateThreat(ctx context.Context, change func(newest threat.State) ([]threat.State, []audit.Event, error)) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		newest, err := t.holdThreat(ctx)
		if err != nil {
			return err
		}
		states, events, err := change(newest)
		if err != nil || len(states) == 0 {
			return err
		}
		for _, st := range states {
			t.batch.Queue(`
				INSERT INTO threat (number, level, at, since, until, author, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				st.Number, string(st.Level), st.At, st.Since, orNull(st.Until), clean(st.Author), clean(st.Reason))
		}
		t.batch.Queue(`NOTIFY ` + threatChannel)
		return t.record(ctx, events)
	})
	if err != nil {
		return fmt.Errorf("change threat level: %w", err)
	}
	return nil
}

// holdThreat reads the newest change and lets nobody else make one until the transaction ends; reading goes on.
func (t *tx) holdThreat(ctx context.Context) (newest threat.State, err error) {
	t.batch.Queue(`LOCK TABLE threat IN SHARE ROW EXCLUSIVE MODE`)
	t.batch.Queue(newestThreat).QueryRow(func(row pgx.Row) (err error) {
		newest, err = newestState(row)
		return err
	})
	return newest, t.send(ctx)
}

// WatchThreat implements threat.Store.
func (s *Store) WatchThreat(ctx context.Context, told func(threat.State, error)) error {
	l := lookout{channel: threatChannel, every: threatEvery, look: func(ctx context.Context, conn *pgx.Conn) error {
		state, err := newestState(conn.QueryRow(ctx, newestThreat))
		if err == nil {
			told(state, nil)
		}
		return err
	}, failed: func(err error) { told(threat.State{}, err) }}
	return l.keep(ctx, s.pool.Config().ConnConfig)
}
