package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/audit"
	"rekey/internal/delivery"
)

var (
	_ delivery.Journal  = (*Store)(nil)
	_ delivery.LogStore = (*Store)(nil)
)

// sealRecipient is what addresses in the delivery log are sealed for; the context is the message's id.
const sealRecipient = "delivery-recipient"

// EnterDelivery implements delivery.Journal.
func (s *Store) EnterDelivery(ctx context.Context, e delivery.Entry) error {
	to, err := s.keys.Seal(sealRecipient, []byte(e.To), []byte(e.ID))
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `
		INSERT INTO delivery (id, event, channel, language, masked, recipient, account, others, own, settings, state, reason, error, tries, queued, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $15)
		ON CONFLICT (id) DO UPDATE SET language = excluded.language, own = excluded.own, settings = excluded.settings, state = excluded.state,
			reason = excluded.reason, error = excluded.error, tries = delivery.tries + 1, at = excluded.at`,
		e.ID, string(e.Event), string(e.Channel), e.Language, e.Masked, to, e.Account, e.Others, e.Own, e.Settings, string(e.State), e.Reason, e.Error,
		e.Queued, e.At)
	if err != nil {
		return fmt.Errorf("enter a delivery: %w", err)
	}
	return nil
}

// ofDead finds the job of a message that was given up.
const ofDead = `SELECT j.id FROM river_job j WHERE j.kind = 'deliver' AND j.state IN ('discarded', 'cancelled') AND j.args->>'id' = d.id`

// Deliveries implements delivery.LogStore.
func (s *Store) Deliveries(ctx context.Context, f delivery.Filter) ([]delivery.Record, error) {
	order, beyond := "DESC", "<"
	if f.Oldest {
		order, beyond = "ASC", ">"
	}
	rows, err := s.pool.Query(ctx, `
		SELECT d.number, d.id, d.event, d.channel, d.language, d.masked, d.recipient, d.account, d.others, d.own, d.settings, d.state, d.reason,
			d.error, d.tries, d.queued, d.at, d.state = 'given-up' AND EXISTS (`+ofDead+`)
		FROM delivery d
		WHERE (cardinality($1::text[]) = 0 OR d.event = ANY ($1)) AND (cardinality($2::text[]) = 0 OR d.channel = ANY ($2))
			AND (cardinality($3::text[]) = 0 OR d.state = ANY ($3)) AND ($4 = '' OR d.account = $4)
			AND ($5::timestamptz IS NULL OR d.at >= $5) AND ($6::timestamptz IS NULL OR d.at < $6) AND ($7 = 0 OR d.number `+beyond+` $7)
		ORDER BY d.number `+order+` LIMIT $8`,
		asTexts(f.Events), asTexts(f.Channels), asTexts(f.States), f.Account, zeronull.Timestamptz(f.From), zeronull.Timestamptz(f.To), f.After, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	all, err := pgx.CollectRows(rows, s.deliveryRow)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return all, nil
}

func asTexts[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, t := range all {
		out[i] = string(t)
	}
	return out
}

func (s *Store) deliveryRow(row pgx.CollectableRow) (delivery.Record, error) {
	var r delivery.Record
	var sealed []byte
	err := row.Scan(&r.Number, &r.ID, (*string)(&r.Event), (*string)(&r.Channel), &r.Language, &r.Masked, &sealed, &r.Account, &r.Others, &r.Own,
		&r.Settings, (*string)(&r.State), &r.Reason, &r.Error, &r.Tries, &r.Queued, &r.At, &r.Retry)
	if err != nil {
		return r, err
	}
	to, err := s.keys.Open(sealRecipient, sealed, []byte(r.ID))
	if err != nil {
		return r, err
	}
	r.To, r.Queued, r.At = string(to), r.Queued.UTC(), r.At.UTC()
	return r, nil
}

// RetryDelivery implements delivery.LogStore.
func (s *Store) RetryDelivery(ctx context.Context, number int64, at time.Time, ev audit.Event) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		rows, err := t.exec(ctx, `
			UPDATE river_job SET state = 'available', scheduled_at = $2, finalized_at = NULL, max_attempts = greatest(max_attempts, attempt + 1),
				metadata = metadata - 'cancel_attempted_at'
			WHERE id = (SELECT (`+ofDead+`) FROM delivery d WHERE d.number = $1 AND d.state = 'given-up')`, number, at)
		if err == nil && rows == 0 {
			err = delivery.ErrGone
		}
		if err != nil {
			return err
		}
		t.batch.Queue(`UPDATE delivery SET state = 'waiting' WHERE number = $1`, number)
		return t.record(ctx, []audit.Event{ev})
	})
	if errors.Is(err, delivery.ErrGone) || sqlState(err) == uniqueViolation {
		return delivery.ErrGone
	}
	if err != nil {
		return fmt.Errorf("retry a delivery: %w", err)
	}
	return nil
}

// ForgetDeliveries takes entries out of the delivery log whose last try was before a time.
func (s *Store) ForgetDeliveries(ctx context.Context, before time.Time) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM delivery WHERE at < $1`, before); err != nil {
		return fmt.Errorf("forget deliveries: %w", err)
	}
	return nil
}
