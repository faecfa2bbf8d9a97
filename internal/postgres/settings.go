package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/audit"
	"rekey/internal/site"
)

// pollEvery is how long a new version may go unnoticed when its notification was lost.
const pollEvery = 4 * time.Second

const settingsChannel = "rekey_settings"

// LatestSettings gives the newest version; NotFound when there is none.
func (s *Store) LatestSettings(ctx context.Context) (site.Version, error) {
	return version(s.pool.QueryRow(ctx, `
		SELECT number, at, author, reason, document FROM settings_version ORDER BY number DESC LIMIT 1`))
}

// SettingsVersion gives one version; NotFound when there is no such.
func (s *Store) SettingsVersion(ctx context.Context, number int64) (site.Version, error) {
	return version(s.pool.QueryRow(ctx, `
		SELECT number, at, author, reason, document FROM settings_version WHERE number = $1`, number))
}

// SettingsHistory lists versions, newest first, without their documents.
func (s *Store) SettingsHistory(ctx context.Context, limit int) ([]site.Version, error) {
	return s.SettingsBefore(ctx, 0, limit)
}

// SettingsBefore lists versions below a number, newest first, without their documents; 0: from the newest on.
func (s *Store) SettingsBefore(ctx context.Context, number int64, limit int) ([]site.Version, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT number, at, author, reason, '' FROM settings_version WHERE $1 = 0 OR number < $1 ORDER BY number DESC LIMIT $2`, number, limit)
	if err != nil {
		return nil, fmt.Errorf("list settings: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (site.Version, error) { return version(row) })
}

func version(row pgx.Row) (site.Version, error) {
	var v site.Version
	err := row.Scan(&v.Number, &v.At, &v.Author, &v.Reason, &v.Document)
	if errors.Is(err, pgx.ErrNoRows) {
		return site.Version{}, notFound(errors.New("no such settings version"))
	}
	if err != nil {
		return site.Version{}, fmt.Errorf("read settings: %w", err)
	}
	v.At = v.At.UTC()
	return v, nil
}

// AppendSettings saves a version as number after+1 and tells the other replicas. Conflict when after is not the newest.
func (s *Store) AppendSettings(ctx context.Context, v site.Version, after int64, ev audit.Event) (int64, error) {
	number := after + 1
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		rows, err := t.exec(ctx, `
			INSERT INTO settings_version (number, at, author, reason, document) SELECT $1, $2, $3, $4, $5
			WHERE (SELECT coalesce(max(number), 0) FROM settings_version) = $6`,
			number, v.At, v.Author, v.Reason, string(v.Document), after)
		if sqlState(err) == uniqueViolation || err == nil && rows == 0 {
			return conflict(fmt.Errorf("version %d is not the newest", after))
		}
		if err != nil {
			return err
		}
		t.batch.Queue(`SELECT pg_notify($1, $2)`, settingsChannel, strconv.FormatInt(number, 10))
		return t.record(ctx, []audit.Event{ev})
	})
	if err != nil {
		return 0, fmt.Errorf("save settings: %w", err)
	}
	return number, nil
}

// WatchSettings calls changed with the newest version number, at first and whenever there is a newer one, until ctx ends.
func (s *Store) WatchSettings(ctx context.Context, changed func(version int64)) error {
	var seen int64
	l := lookout{channel: settingsChannel, every: pollEvery, look: func(ctx context.Context, conn *pgx.Conn) error {
		var newest int64
		if err := conn.QueryRow(ctx, `SELECT coalesce(max(number), 0) FROM settings_version`).Scan(&newest); err != nil {
			return err
		}
		if newest > seen {
			seen = newest
			changed(newest)
		}
		return nil
	}}
	return l.keep(ctx, s.pool.Config().ConnConfig)
}
